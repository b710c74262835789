"""A record as Markdown: what was measured, on what, and who failed."""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from benchmarks.compare.peers import PEERS
from benchmarks.compare.targets import lowest, seconds_per_iteration, seconds_to

Record = dict[str, Any]
DISTURBED = 0.15
"""Processors busy with other work from which on a measurement is marked."""
QUALITIES = (1.1, 1.01, 1.001)
"""Targets, in multiples of the lowest objective that any library reached from the same seed."""
MEASURE = {"frobenius": "relative error", "kullback-leibler": "mean divergence", "itakura-saito": "mean divergence"}


def table(record: Record) -> str:
    """Return the tables of a record, a section a problem, with a heading of the third level."""
    parts = [_about(record)]
    parts += [_problem(record, problem) for problem in record["problems"]]
    parts += [_failures(record)]
    return "\n\n".join(part for part in parts if part) + "\n"


def best_objectives(record: Record, problem: Record) -> dict[int, float]:
    """Return the lowest objective of each seed, of any library and number of threads."""
    best: dict[int, float] = {}
    for run in runs_of(record, problem):
        if run["curve"]:
            best[run["seed"]] = min(best.get(run["seed"], float("inf")), lowest(run["curve"]))
    return best


def runs_of(record: Record, problem: Record, **having: Any) -> list[Record]:
    """Return the runs on a problem in its dtype, having such a library, seed or number of threads."""
    wanted = {"problem": problem["name"], "dtype": problem["dtype"], **having}
    return [run for run in record["runs"] if all(run[key] == value for key, value in wanted.items())]


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, numbers to the right from the second column on.

    Examples
    --------
    >>> print(markdown(["who", "s"], [["a", "1"]]))
    | who | s |
    |---|--:|
    | a | 1 |
    """
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(
        "| " + " | ".join(line) + " |" if set(line[0]) != {"-"} else f"|{'|'.join(line)}|" for line in lines
    )


def _about(record: Record) -> str:
    on, settings = record["machine"], record["settings"]
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    bound = "each process bound to its processors" if on["pinned"] else "processes not bound to processors"
    memory = f", {on['memory_GB']} GB" if on["memory_GB"] else ""
    return (
        "# Seconds beside other libraries\n\n"
        f"Measured {record['date']} with `{record.get('command', 'python -m benchmarks.compare')}` "
        f"on {on['processor']}, "
        f"{on['cores']} cores{memory}, {on['system']}; {bound}; load at the start {on['load']}. {versions}.\n\n"
        f"Seconds are medians over seeds {', '.join(map(str, settings['seeds']))} of whole calls, to so much above the "
        "lowest objective that any library reached from the same seed; `-` means not in the time allowed. *Lowest* is "
        "the library's own lowest objective over that. *Floor* is the time of the two products and two Gram matrices "
        "of a plain iteration on this machine, and *x floor* an iteration's time over it. *Memory* is what one call "
        f"adds to a process that holds X, at its peak, on {_threads(min(settings['threads']))}."
    )


def _problem(record: Record, problem: Record) -> str:
    n, m = problem["shape"]
    stored = f", {problem['stored']:,} stored" if problem["stored"] is not None else ", dense"
    lines = [
        f"## {problem['name']}, {problem['dtype']}",
        f"{problem['source']}: {n:,} x {m:,}{stored}; k = {problem['n_components']}, {problem['loss']} "
        f"({MEASURE[problem['loss']]}).",
    ]
    best, rows, notes = best_objectives(record, problem), [], {}
    for threads in sorted({run["threads"] for run in runs_of(record, problem)}):
        floor = problem["floor"].get(str(threads))
        floor = sum(floor.values()) if floor else None
        if floor is not None:
            others = problem["floor_others"].get(str(threads))
            rows.append([f"*floor, {_threads(threads)}*{_mark(others)}", "", _milliseconds(floor), "1", *[""] * 5])
        for name in dict.fromkeys(run["library"] for run in runs_of(record, problem)):
            found = [run for run in runs_of(record, problem, library=name, threads=threads) if run["curve"]]
            if found:
                who = f"{name}, {_threads(threads)}{_mark(max(run['others'] or 0 for run in found))}"
                rows.append([who, *_row(name, problem, found, best, floor)])
                notes[name] = PEERS[name].note if name in PEERS else ""
    head = ["Library", "Start", "ms / iteration", "x floor", *(f"s to {100 * (q - 1):.3g} %" for q in QUALITIES)]
    if rows:
        lines.append(markdown([*head, "Lowest", "Memory, MB"], rows))
    if any("(!" in row[0] for row in rows):
        lines.append("(!) So many processors were busy with other work meanwhile: do not compare, measure again.")
    if said := [f"{name}: {note}" for name, note in notes.items() if note]:
        lines.append(" ".join(said))
    if problem["absent"]:
        lines.append("Not in this race: " + "; ".join(f"{who} ({why})" for who, why in problem["absent"].items()) + ".")
    return "\n\n".join(lines)


def _row(name: str, problem: Record, found: list[Record], best: dict[int, float], floor: float | None) -> list[str]:
    slopes = [slope for run in found if (slope := seconds_per_iteration(run["curve"])) is not None]
    each = median(slopes) if slopes else None
    cells = ["same" if name not in PEERS or PEERS[name].same_start else "its own"]
    cells.append(_milliseconds(each) if each is not None else "-")
    cells.append(f"{each / floor:.1f}" if each is not None and floor else "-")
    for quality in QUALITIES:
        times = [seconds_to(run["curve"], quality * best[run["seed"]]) for run in found]
        reached = [seconds for seconds in times if seconds is not None]
        share = f" ({len(reached)} of {len(times)})" if 0 < len(reached) < len(times) else ""
        cells.append(_seconds(median(reached)) + share if reached else "-")
    cells.append(f"{median(lowest(run['curve']) / best[run['seed']] for run in found):.4f}")
    memory = problem.get("memory", {}).get(name)
    cells.append(f"{memory / 1e6:.0f}" if memory is not None else "-")
    return cells


def _failures(record: Record) -> str:
    failed: dict[tuple[str, str], list[str]] = {}
    for failure in record["failures"]:
        where = failed.setdefault((failure["library"], failure["error"]), [])
        where += [failure["problem"]] if failure["problem"] not in where else []
    rows = [
        [who, "`" + error.replace("`", "'").replace("|", "/") + "`", ", ".join(where)]
        for (who, error), where in failed.items()
    ]
    lines = ["## Failing, skipped and left out"] if rows or record["skipped"] or record["left_out"] else []
    if rows:
        lines.append(markdown(["Library", "Says", "On"], rows).replace("--:", "---"))
    bullets = [f"- {skip['what']}: skipped, {skip['why']}." for skip in record["skipped"]]
    bullets += [f"- {who}: left out, {why}." for who, why in record["left_out"].items()]
    return "\n\n".join([*lines, "\n".join(bullets)] if bullets else lines)


def _mark(others: float | None) -> str:
    return f" (!{others:.1f})" if others is not None and others > DISTURBED else ""


def _threads(count: int) -> str:
    return f"{count} thread" if count == 1 else f"{count} threads"


def _seconds(value: float) -> str:
    return f"{value:.2f}" if value >= 0.995 else f"{value:.2g}"


def _milliseconds(value: float) -> str:
    return f"{1e3 * value:.3g}" if value < 1 else f"{1e3 * value:.0f}"
