"""Print pip constraints: the lowest version that pyproject.toml allows of each requirement.

``make test-floors`` runs the tests on these. Where pyproject.toml sets no floor (tools, such as pytest), the version in
constraints.txt stands.
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(>=(?P<floor>[\w.]+))?")


def floors() -> dict[str, str]:
    """Return the version of every requirement, the optional ones included, by its name."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = pyproject["project"]
    groups = [
        pyproject["build-system"]["requires"],
        project["dependencies"],
        *project["optional-dependencies"].values(),
    ]
    pinned = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().split() if "==" in line)
    versions = {}
    for line in sorted(line for group in groups for line in group if "[" not in line):
        asked = REQUIREMENT.fullmatch(line)
        if asked is None:
            raise SystemExit(f"pyproject.toml asks for {line!r}: only 'name' and 'name>=version' have a floor to test")
        versions[asked["name"]] = asked["floor"] or versions.get(asked["name"]) or pinned[asked["name"]]
    return versions


if __name__ == "__main__":
    print("\n".join(f"{name}=={version}" for name, version in floors().items()))
