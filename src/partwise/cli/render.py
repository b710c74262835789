"""Printed results: headline, topics and similar documents, cut at whole words to the width of the terminal."""

import math
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from partwise.io.escapes import UNSAFE, escaped, json_text

if TYPE_CHECKING:
    from partwise.topics import Similar, Topic

__all__ = [
    "as_many",
    "cropped",
    "fit_facts",
    "print_facts",
    "print_json",
    "print_line",
    "print_parts",
    "print_sentence",
    "print_similar",
    "print_text",
    "print_topics",
    "summary",
    "terminal_width",
]

GAP = "  "
NONE: Mapping[str, str] = MappingProxyType({})
DIGITS = 6
"""Significant digits of a number in JSON, as in tables."""
NARROWEST = 40
"""The smallest width that lines are made for: a narrower terminal breaks them."""


def terminal_width() -> int:
    """Return the width of the terminal in columns, or 80 if it is unknown."""
    return max(Console().width or 80, NARROWEST)


def print_json(value: Any) -> None:
    """Print one JSON value, indented; numbers have as many digits as in tables."""
    click.echo(json_text(_rounded(value), getattr(sys.stdout, "encoding", None) or "utf-8"))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(held) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [*map(_rounded, value)]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def fit_facts(model: Any, relative_error: float, seconds: float) -> dict[str, Any]:
    """Return the facts of a model's fit, for JSON and for `summary`."""
    return {
        "seed": model.random_state,
        "iterations": int(model.n_iter_),
        "converged": bool(model.converged_),
        "relative_error": float(relative_error),
        "seconds": round(seconds, 3),
    }


def summary(facts: dict[str, Any]) -> list[str]:
    """Return the facts of a fit as the parts of a headline."""
    ended = "converged" if facts["converged"] else "stopped at the limit"
    return [
        f"seed {facts['seed']}",
        f"{facts['iterations']} iterations ({ended})",
        f"relative error {facts['relative_error']:.4g}",
        f"{facts['seconds']:.1f} s",
    ]


def print_facts(parts: Sequence[str]) -> None:
    """Print the parts of a headline, separated by dots; lines break only between parts."""
    # A no-break space keeps each part on one line.
    joined = " · ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts)
    for line in textwrap.wrap(joined, terminal_width(), break_on_hyphens=False):
        print_line(Text(line.replace("\N{NO-BREAK SPACE}", " ").removesuffix(" ·")))


def print_sentence(sentence: str) -> None:
    """Print a sentence, broken between words."""
    for line in textwrap.wrap(sentence, terminal_width(), break_on_hyphens=False):
        print_line(Text(line))


def print_parts(parts: Sequence[Sequence[str]], shares: Sequence[float] | None = None) -> None:
    """Print number, share if known, and heaviest columns of each part, as many as fit into a line."""
    print_line(Text(f" #{'' if shares is None else f'{GAP}share'}{GAP}heaviest columns", "dim"))
    for part, columns in enumerate(parts):
        line = Text(f"{part:2}{'' if shares is None else f'{GAP}{shares[part]:5.1%}'}{GAP}")
        listed = as_many([*map(escaped, columns)], terminal_width() - line.cell_len, ", ") if columns else "none"
        print_line(line.append(listed, "bold"))


def print_topics(
    topics: "Sequence[Topic]",
    snippets: Mapping[str, str],
    titles: Mapping[str, str] = NONE,
    *,
    all_words: bool = False,
) -> None:
    """Print a line of facts for each topic; below it its words, all or as many as fit into a line.

    A document is shown by its title. Without a title it is shown by its id and the beginning of its text.
    """
    from partwise.topics.words import SEPARATOR

    width = terminal_width()
    topics = [
        replace(one, label=escaped(one.label), document=escaped(one.document), words=[*map(escaped, one.words)])
        for one in topics
    ]
    snippets = {escaped(name): text for name, text in snippets.items()}
    titles = {escaped(name): _one_line(title) for name, title in titles.items()}
    peak_width = max(cell_len(topic.peak) for topic in topics)
    room = width - len(" #  share   npmi  stab  ") - (peak_width + len(GAP) if peak_width else 0)
    # The id of a document is of use only whole. A label can be cut: its first word says most.
    shown = ["most typical document", *(titles.get(topic.document, topic.document) for topic in topics)]
    id_width = min(max(map(cell_len, shown)), room // 2)
    label_width = min(max(cell_len(topic.label) for topic in topics), room - len(GAP) - id_width)
    peak_title = set_cell_size("peak", peak_width) + GAP if peak_width else ""
    print_line(
        Text(
            f" #  share   npmi  stab  {peak_title}{set_cell_size('label', label_width)}{GAP}most typical document",
            "dim",
        )
    )
    for topic in topics:
        line = Text(
            f"{topic.index:2}  {topic.share:5.1%}{GAP}{_short(topic.npmi):>5}{GAP}{_short(topic.stability):>4}{GAP}"
        )
        if peak_width:
            line.append(set_cell_size(topic.peak, peak_width) + GAP)
        line.append(set_cell_size(as_many(topic.label.split(SEPARATOR), label_width, SEPARATOR), label_width), "bold")
        space = width - line.cell_len - len(GAP)
        title = titles.get(topic.document)
        line.append(GAP + (_named(topic.document, snippets, space) if title is None else cropped(title, space)))
        print_line(line)
        lines = Text(", ".join(topic.words), "dim").wrap(Console(), width - 4)
        for words in lines if all_words else lines[:1]:
            words.rstrip()
            if not all_words:
                words.remove_suffix(",")
            words.pad_left(4)
            print_line(words)


def print_similar(
    found: "Sequence[Similar]", labels: Sequence[str], texts: Mapping[str, str], titles: Mapping[str, str] = NONE
) -> None:
    """Print score, id and shared topics of each document; below it its title, or the beginning of its text."""
    width = terminal_width()
    names = [escaped(similar.id) for similar in found]
    labels = [*map(escaped, labels)]
    id_width = min(max(cell_len(name) for name in ["document", *names]), width // 2)
    print_line(Text(f"score  {set_cell_size('document', id_width)}{GAP}shared topics", "dim"))
    for similar, name in zip(found, names, strict=True):
        line = Text(f"{similar.score:5.3f}{GAP}")
        line.append(cropped(name, id_width), "bold")
        shared = [f"{share:.0%} {labels[t]}" for t, share in similar.shared.items() if share >= 0.05]
        line.append(GAP + as_many(shared, width - line.cell_len - len(GAP), ", "))
        print_line(line)
        below = titles.get(similar.id) or texts.get(similar.id)
        if below is not None:
            print_line(Text(" " * 7 + cropped(_one_line(below), width - 7), "dim"))


def print_text(text: str) -> None:
    """Print the first two lines of a text, indented."""
    for line in textwrap.wrap(
        text, terminal_width(), initial_indent=" " * 7, subsequent_indent=" " * 7, max_lines=2, placeholder=" …"
    ):
        print_line(Text(line, "dim"))


def _short(score: float) -> str:
    """Return a score between -1 and 1 with two digits, or a dash if there is none."""
    return "-" if math.isnan(score) else f"{score:.2f}"


def _named(document: str, snippets: Mapping[str, str], width: int) -> str:
    """Return an id and as much of its text as fits."""
    snippet = _one_line(snippets.get(document, ""))
    room = width - cell_len(document) - 3
    if snippet and room >= 12:
        return f"{document} “{cropped(snippet, room).rstrip()}”"
    return cropped(document, width)


def as_many(parts: Sequence[str], width: int, separator: str) -> str:
    """Join as many parts as fit, at least the first."""
    fitting = [separator.join(parts[:n]) for n in range(1, len(parts) + 1)]
    return next((text for text in reversed(fitting) if cell_len(text) <= width), cropped(fitting[0], width))


def _one_line(text: str) -> str:
    return escaped(" ".join(text[:1000].split()))


def cropped(text: str, width: int) -> str:
    """Return text in exactly `width` cells, with an ellipsis if it was cut."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + "…", width)


def print_line(line: Text) -> None:
    """Print a line that fits, without wrapping; control characters in it are shown and have no effect."""
    if UNSAFE.search(line.plain):
        cuts = sorted({cut for found in UNSAFE.finditer(line.plain) for cut in found.span()})
        pieces = line.divide(cuts)
        for piece in pieces:
            piece.plain = escaped(piece.plain)
        line = Text("", line.style).join(pieces)
    line.rstrip()
    Console(highlight=False, width=terminal_width()).print(line, soft_wrap=True)
