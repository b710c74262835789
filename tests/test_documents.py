"""The Markdown keeps its word: examples run and print what it says, links lead somewhere, and every name is in it."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import warnings
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import partwise
from partwise import kernels
from partwise.cli.main import COMMANDS, group

ROOT = Path(__file__).parents[1]
FOLDERS = ("", "start", "guide", "how-to", "project", "reference")
DOCS = [path for folder in FOLDERS for path in sorted((ROOT / "docs" / folder).glob("*.md"))]
FRAGMENTS = sorted((ROOT / "changelog.d").glob("*.md"))  # none in a source distribution
PAGES = [*sorted(ROOT.glob("*.md")), *DOCS, *(path for path in FRAGMENTS if path.name == "README.md")]
RUN = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *DOCS]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
LONGEST = 400
page = pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


def blocks(path):
    """Fenced blocks of a page, as (language, text), in order."""
    return FENCE.findall(path.read_text())


def prose(path):
    """A page without its fenced blocks and inline code."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", path.read_text()))


def assert_same_output(found, expected):
    """The words are the same, and the numbers nearly: another processor may differ in late digits.

    Which sign of convergence comes first is a matter of late digits too.
    """
    found, expected = (re.sub(r"Converged: .*?\.", "Converged.", text) for text in (found, expected))
    assert NUMBER.sub("#", found).split() == NUMBER.sub("#", expected).split(), found
    numbers = [[float(number) for number in NUMBER.findall(text)] for text in (found, expected)]
    np.testing.assert_allclose(*numbers, rtol=0.03, err_msg=found)


def run_commands(text):
    """Run the `partwise` commands of a block in this process; others (make, git) are looked at by another test."""
    for line in text.splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["partwise"]:
            with warnings.catch_warnings():
                warnings.simplefilter("default")  # a command says what is no error
                done = CliRunner().invoke(group, words[1:])
            assert done.exit_code == 0, f"{line}\n{done.output}"
            assert done.stdout or any(word.startswith("--out") for word in words), line


@pytest.mark.parametrize("path", RUN, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_examples_of_a_page_run_in_order_and_print_what_it_says(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace, printed = {"__name__": "example"}, None
    for language, text in blocks(path):
        if language == "python":
            with redirect_stdout(StringIO()) as output:
                exec(compile(text, str(path), "exec"), namespace)
            printed = output.getvalue()
        elif language == "text" and printed:
            assert_same_output(printed, text)
            printed = None
        elif language == "sh":
            run_commands(text)


def test_the_recipe_for_a_loss_works_to_the_letter(tmp_path, nested_environment):
    """One file more in a copy of the package, then the tests that every loss has to pass."""
    recipe = (ROOT / "docs" / "extending.md").read_text().partition("## Add a loss")[2]
    file = Path(re.search(r"`src/(partwise/losses/\w+\.py)`", recipe).group(1))
    package = Path(partwise.__file__).parent
    shutil.copytree(package, tmp_path / "partwise", ignore=shutil.ignore_patterns("__pycache__", "*.so", "data"))
    for build in Path(kernels._build.__file__).parent.glob("*.so"):
        shutil.copy(build, tmp_path / "partwise" / "kernels")
    (tmp_path / file).write_text(FENCE.search(recipe).group(2))

    conformance = [ROOT / "tests" / "conformance" / name for name in ("test_losses.py", "test_solvers.py")]
    # -S leaves out the hook of an editable install, so that the copy is what gets imported
    paths = [str(tmp_path), *(path for path in sys.path if path.endswith("-packages"))]
    done = subprocess.run(
        [sys.executable, "-S", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", file.stem, *conformance],
        cwd=ROOT,
        env=nested_environment | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout).group(1)) > 50

    program = (
        "import numpy as np, scipy.sparse as sp, partwise\n"
        "X = np.random.default_rng(0).poisson(2.0, (30, 20)).astype(float)\n"
        f"fits = [partwise.factorize(x, 3, loss={file.stem!r}, solver='mu', tol=1e-3) for x in (X, sp.csr_array(X))]\n"
        "print(partwise.__file__, *(found.converged for found in fits))"
    )
    said = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.split() == [str(tmp_path / "partwise" / "__init__.py"), "True", "True"]


@page
def test_links_lead_to_a_file_and_to_a_heading(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        linked = page.parent / name if name else page
        assert linked.exists(), f"{page.name}: {target}"
        if anchor:
            titles = re.findall(r"^#+ (.+)$", FENCE.sub("", linked.read_text()), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}, target


@page
def test_every_make_target_that_is_named_exists(page):
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = "\n".join([*(text for _, text in blocks(page)), *re.findall(r"`(make [^`\n]*)`", page.read_text())])
    assert set(re.findall(r"^make ([\w-]+)", code, re.MULTILINE)) <= targets


def test_the_readme_tests_as_the_checks_of_a_clone_do():
    if not (ROOT / ".ci").exists():
        pytest.skip("needs the repository: a source distribution holds no .ci")
    assert "\nmake test\n" in (ROOT / ".ci" / "run").read_text()
    assert "```sh\nmake test\n```" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", partwise.__all__)
def test_every_public_name_is_in_the_readme_or_the_docs(name):
    pages = [ROOT / "README.md", *DOCS]
    assert any(re.search(rf"\b{name}\b", path.read_text()) for path in pages)


def test_every_command_is_in_the_readme():
    text = (ROOT / "README.md").read_text()
    assert [name for name in COMMANDS if f"partwise {name}" not in text] == []


def test_every_module_is_in_the_architecture():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    names = {path.stem for path in (ROOT / "src" / "partwise").iterdir() if not path.name.startswith(("_", "py.typed"))}
    assert [name for name in sorted(names) if not re.search(rf"`{name}(/|\.py)`", text)] == []
    headers = {path.stem for path in (ROOT / "native").glob("*.hpp")}
    assert [name for name in sorted(headers) if f"`{name}`" not in text] == []


def test_no_file_is_so_long_that_it_holds_two_concepts():
    files = [path for folder in ("src", "tests", "native") for path in (ROOT / folder).rglob("*") if path.is_file()]
    code = [path for path in files if path.suffix in (".py", ".hpp", ".cpp")]
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in code}
    assert {name: lines for name, lines in long.items() if lines > LONGEST} == {}


@pytest.mark.parametrize(
    "fragment", [path for path in FRAGMENTS if path.name != "README.md"], ids=lambda path: path.name
)
def test_a_changelog_fragment_is_one_sentence_of_a_known_type(fragment):
    text = fragment.read_text().strip()
    assert fragment.suffixes[0][1:] in ("feature", "performance", "fix", "removal", "doc")
    assert text.endswith(".")
    assert "\n\n" not in text
    assert len(re.findall(r"[.!?](?:\s|$)", text)) == 1


def test_the_tests_that_back_the_page_of_peers_are_there():
    rows = [line.split("|") for line in (ROOT / "docs" / "peers.md").read_text().splitlines() if line.startswith("| ")]
    named = [test for row in rows for test in re.findall(r"`([^`]+)`", row[3])]
    assert len(named) > 30
    assert [test for test in named if not (ROOT / "tests" / test).exists()] == []
