"""The command line of the races: `python -m benchmarks.compare --help`."""

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from benchmarks.compare.peers import PEERS
from benchmarks.compare.picture import picture
from benchmarks.compare.problems import PROBLEMS, SHORT
from benchmarks.compare.race import ROOT, Settings, races
from benchmarks.compare.table import table

CURVES, TABLE, PICTURE = "curves.json", "table.md", "quality.svg"


@click.command(context_settings={"show_default": True})
@click.option(
    "-p", "--problem", "problems", multiple=True, type=click.Choice(["all", *PROBLEMS]), default=SHORT, help="What."
)
@click.option("-l", "--library", "libraries", multiple=True, type=click.Choice(list(PEERS)), help="Who; else all.")
@click.option("-s", "--seed", "seeds", multiple=True, type=int, default=(0, 1), help="Seeds of the starts.")
@click.option("-t", "--threads", multiple=True, type=click.IntRange(1), default=(1, 2), help="Numbers of threads.")
@click.option(
    "-d", "--dtype", "dtypes", multiple=True, type=click.Choice(["float32", "float64"]), help="Else each problem's own."
)
@click.option("--seconds", type=float, help="Longest call of a curve; else each problem's own.")
@click.option("--memory/--no-memory", default=True, help="Measure peak memory too.")
@click.option(
    "-o", "--output", type=click.Path(file_okay=False, path_type=Path), default=ROOT / "docs" / "performance",
    show_default="docs/performance", help="Folder for the curves, the table and the picture.",
)  # fmt: skip
@click.option("--redraw", is_flag=True, help="Race nothing: make table and picture of the curves in the folder.")
def main(output: Path, redraw: bool, problems: tuple[str, ...], libraries: tuple[str, ...], **settings: Any) -> None:
    """Race partwise against other libraries: seconds to a given quality from the same start.

    Example: python -m benchmarks.compare -p speeches -l partwise -l "scikit-learn cd" -t 1 --seconds 1
    """
    output.mkdir(parents=True, exist_ok=True)
    path = output / CURVES
    if redraw:
        record = json.loads(path.read_text())
    else:
        arguments = {**settings, "dtypes": settings["dtypes"] or None, "libraries": libraries or tuple(PEERS)}
        command = shlex.join(["python", "-m", "benchmarks.compare", *sys.argv[1:]])
        names = list(PROBLEMS) if "all" in problems else problems

        def save(record: dict[str, Any]) -> None:
            path.write_text(_lines({**record, "command": command}))

        races([PROBLEMS[name] for name in names], Settings(**arguments), click.echo, save)
        record = json.loads(path.read_text())
    (output / TABLE).write_text(table(record))
    try:
        picture(record, output / PICTURE)
    except ImportError as error:
        click.echo(f"no picture: {error}. `make bench` installs what it needs.")
    click.echo(f"{path.name}, {TABLE} and {PICTURE} are in {output}")


def _lines(record: dict[str, Any]) -> str:
    """Return a record as JSON with a line a run, so that two records can be compared by eye."""
    runs = ",\n    ".join(json.dumps(run) for run in record["runs"])
    rest = json.dumps({**record, "runs": []}, indent=2, ensure_ascii=False)
    return rest.replace('"runs": []', f'"runs": [\n    {runs}\n  ]') + "\n"


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.compare")
