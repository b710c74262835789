"""A record as a picture: how far above the lowest objective, over seconds, both on logarithmic scales."""

from pathlib import Path
from typing import Any

from benchmarks.compare.table import best_objectives, runs_of

Record = dict[str, Any]
CLOSEST = 1e-5
"""Where the axis ends: the lowest objective itself has no place on a logarithmic scale."""


def picture(record: Record, path: Path) -> None:
    """Draw a panel for each problem and number of threads, a line for each run."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "partwise"  # the same record makes the same file
    from matplotlib import pyplot as plt
    from matplotlib.ticker import LogLocator, NullFormatter

    problems = [problem for problem in record["problems"] if best_objectives(record, problem)]
    counts = sorted({run["threads"] for run in record["runs"]})
    names = list(dict.fromkeys(run["library"] for run in record["runs"] if run["curve"]))
    colours = {name: f"C{number}" if number < 10 else "0.5" for number, name in enumerate(names)}
    size = (3.6 * max(len(problems), 1), 3.2 * max(len(counts), 1) + 0.8)
    figure, axes = plt.subplots(
        max(len(counts), 1), max(len(problems), 1), figsize=size, squeeze=False, sharey=True, layout="constrained"
    )
    for row, threads in zip(axes, counts, strict=False):
        for panel, problem in zip(row, problems, strict=True):
            best = best_objectives(record, problem)
            for run in runs_of(record, problem, threads=threads):
                points = [(s, max(value / best[run["seed"]] - 1, CLOSEST)) for _, s, value in run["curve"]]
                if points:
                    width = 2.0 if run["library"] == "partwise" else 1.0
                    panel.loglog(*zip(*points, strict=True), color=colours[run["library"]], linewidth=width, marker=".")
            title = f"{problem['name']}, {problem['dtype']}, {threads} thread{'s' if threads > 1 else ''}"
            panel.set_title(title, fontsize="medium")
            panel.set_ylim(CLOSEST, 10)
            panel.grid(alpha=0.3)
            panel.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
            panel.xaxis.set_major_formatter("{x:g}")
            panel.xaxis.set_minor_formatter(NullFormatter())
    for panel in axes[-1]:
        panel.set_xlabel("seconds of a whole call")
    for row in axes:
        row[0].set_ylabel("objective / lowest - 1")
    handles = [plt.Line2D([], [], color=colours[name], label=name) for name in names]
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 6), fontsize="small")
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)
