"""What a release promises: one version, few dependencies, and the right build of the kernels."""

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import partwise
from partwise import kernels

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def tracked_files():
    """Every text file under version control, as (path, text)."""
    if not (ROOT / ".git").exists():
        pytest.skip("needs a git checkout")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, names.stdout.split("\0")):
        content = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b"\0"
        if b"\0" not in content:
            yield name, content.decode(errors="replace")


def import_kernels(build):
    environment = os.environ | {"PARTWISE_KERNELS": build}
    command = [sys.executable, "-c", "from partwise import kernels; print(kernels.ISA)"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_version_is_written_in_one_place():
    assert version("partwise") == partwise.__version__
    assert "version" in PROJECT["dynamic"]
    assignment = re.compile(r"^(__)?version(__)?\s*[=:]\s*[\"']?\d", re.MULTILINE)
    assert [name for name, text in tracked_files() if assignment.search(text)] == ["src/partwise/__init__.py"]


def test_the_installed_package_requires_what_pyproject_says():
    installed = map(Requirement, requires("partwise"))
    base = {str(requirement) for requirement in installed if requirement.marker is None}
    assert base == {str(Requirement(line)) for line in PROJECT["dependencies"]}


def test_every_development_version_is_pinned_exactly():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = [line.split("==")[0] for line in lines if re.fullmatch(r"[a-z0-9-]+==[\w.]+", line)]
    assert all(line.startswith("#") or line.split("==")[0] in pinned for line in lines)
    assert pinned == sorted({*pinned})
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    named = {Requirement(line).name for group in groups for line in group} - {"partwise"}
    assert named <= {*pinned}


def test_every_version_that_users_may_have_is_set_by_a_floor_and_tested_there():
    user = [PROJECT["optional-dependencies"][extra] for extra in ("io", "tables", "plot", "images", "zh", "ja", "th")]
    asked = [Requirement(line) for group in (PROJECT["dependencies"], *user) for line in group]
    command = [sys.executable, ROOT / "tools" / "floors.py"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    lowest = dict(line.split("==") for line in lines)
    assert {one.name: str(one.specifier) for one in asked} == {one.name: f">={lowest[one.name]}" for one in asked}


def test_every_python_that_is_claimed_is_tested():
    claimed = {line.rpartition(" :: ")[2] for line in PROJECT["classifiers"] if re.search(r"Python :: 3\.\d+$", line)}
    tested = re.search(r"^PYTHONS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE).group(1).split()
    assert claimed <= {*tested}
    assert PROJECT["requires-python"] == f">={tested[0]}"


def test_no_file_names_a_package_index_or_a_private_path():
    forbidden = re.compile(
        r"pypi\.org|pythonhosted|npmjs|--(extra-)?index-url\b|--find-links\b|(?<![\w.])/(work|home|root|Users)/\w"
    )
    here = Path(__file__).name
    assert [name for name, text in tracked_files() if not name.endswith(here) and forbidden.search(text)] == []


def test_the_kernels_are_the_newest_that_the_processor_runs():
    assert import_kernels("").stdout.strip() == kernels.supported()[-1]


@pytest.mark.parametrize("build", kernels.supported())
def test_the_environment_picks_a_build_of_the_kernels(build):
    assert import_kernels(build).stdout.strip() == build


def test_an_unknown_build_of_the_kernels_is_refused_by_naming_those_that_run():
    error = import_kernels("v9").stderr.splitlines()[-1]
    assert "PARTWISE_KERNELS='v9'" in error
    assert ", ".join(kernels.supported()) in error
