"""The sections of a report, each a heading, a sentence on how to read it, a chart and its table."""

import re
from collections.abc import Sequence
from typing import Any

from partwise.report import charts
from partwise.report.facts import STEPS, Passage, Report, TopicFacts
from partwise.report.html import Html, tag

__all__ = ["body"]

START = STEPS.index(0.6)
"""Relevance that a report opens with; see Sievert and Shirley (2014)."""
MOST_PAIRS = 200
NUMBER = re.compile("[-0-9.,%]+")
"""Numbers and dates, which are not broken."""


def body(report: Report) -> tuple[Html, dict[str, charts.Spec]]:
    """Return the body of the page, and the specification of each chart by the id of its element."""
    found = [
        ("overview", "Overview", _overview(report)),
        ("topics", "Topics", _topics(report)),
        ("map", "Map of topics", _map(report)),
        ("time", "Topics over time", _time(report)),
        ("similarity", "Similar topics", _similarity(report)),
        ("stability", "Stability", _stability(report)),
        ("unexplained", "Documents explained badly", _unexplained(report)),
        ("provenance", "Provenance", _provenance(report)),
    ]
    specs: dict[str, charts.Spec] = {}
    sections = []
    shown = [(name, title, content) for name, title, content in found if content is not None]
    for name, title, (children, spec) in shown:
        heading = tag("h2", title, id=f"{name}-title")
        sections.append(tag("section", heading, children, id=name, aria_labelledby=f"{name}-title"))
        if spec is not None:
            specs[f"chart-{name}"] = spec
    links = [tag("li", tag("a", title, href=f"#{name}")) for name, title, _ in shown]
    return Html(
        tag("a", "Skip to the topics", class_="skip", href="#topics")
        + tag("header", tag("h1", report.title, dir="auto"), tag("nav", tag("ul", links), aria_label="Sections"))
        + tag("main", sections)
        + tag("footer", tag("p", "Made with partwise. This page loads nothing from elsewhere."))
    ), specs


Section = tuple[list[Html], charts.Spec | None]


def _overview(report: Report) -> Section:
    dated = any(topic.peak for topic in report.topics)
    cards = [tag("div", tag("dt", name), tag("dd", value)) for value, name in report.cards]
    columns = [
        "topic",
        "label",
        "share",
        "documents",
        "NPMI",
        "stability",
        "fit",
        *(["peak"] if dated else []),
        "words",
    ]
    rows = []
    for topic in report.topics:
        best = ", ".join(topic.words[j].word for j in topic.ranks[START])
        numbers = [
            _percent(topic.share),
            f"{topic.documents:,}",
            *map(_decimal, (topic.npmi, topic.stability, topic.fit)),
        ]
        rows.append([_link(topic), topic.label, *numbers, *([topic.peak] if dated else []), best])
    return [
        tag("dl", cards, class_="cards"),
        _figure("chart-overview", "Share of each topic in the collection"),
        _table("The topics", columns, rows),
        _note(
            "Share: mean over documents. Documents: those of which it is the largest topic. NPMI: how often its words "
            "stand together, from -1 over 0, chance, to 1. Stability: likeness of the topic in fits from other random "
            "starts, from 0 to 1. Fit: how like its documents are to what the topics make of them, from 0 to 1."
        ),
    ], charts.shares(report)


def _topics(report: Report) -> Section:
    slider = tag(
        "div",
        tag("label", "Relevance of words", for_="relevance"),
        tag("span", "exclusive", class_="end", aria_hidden="true"),
        tag(
            "input", type="range", id="relevance", min=0, max=len(STEPS) - 1, step=1, value=START,
            aria_valuetext=f"{STEPS[START]:.1f}", aria_describedby="relevance-note",
        ),
        tag("span", "heavy", class_="end", aria_hidden="true"),
        tag("output", f"{STEPS[START]:.1f}", for_="relevance", id="relevance-value"),
        class_="slider",
    )  # fmt: skip
    note = tag(
        "p",
        "At 1, words are ranked by their weight in the topic; at 0, by how exclusive they are of it. The bar is a "
        "word's weight, the number the part of all its use that is of this topic.",
        class_="note",
        id="relevance-note",
    )
    return [note, slider, tag("div", [_card(report, topic) for topic in report.topics], class_="topics")], None


def _card(report: Report, topic: TopicFacts) -> Html:
    language = report.language or None
    facts = [f"{_percent(topic.share)} of the collection", f"{topic.documents:,} documents"]
    facts += [f"stability {_decimal(topic.stability)}", f"NPMI {_decimal(topic.npmi)}"]
    facts += [f"peak {topic.peak}"] if topic.peak else []
    words = [_word(topic, j, language) for j in topic.ranks[START]]
    exclusive = [tag("strong", "Exclusive: "), tag("span", ", ".join(topic.exclusive), dir="auto", lang=language)]
    passages = [_passage(passage, language) for passage in topic.passages]
    return tag(
        "article",
        tag("h3", tag("span", topic.index, class_="index"), " ", tag("span", topic.label, dir="auto", lang=language)),
        tag("p", " · ".join(facts), class_="facts"),
        tag("ol", words, class_="words", data_topic=topic.index, aria_label=f"Words of topic {topic.index}"),
        tag("p", exclusive, class_="exclusive") if topic.exclusive else None,
        [tag("h4", "Typical documents"), tag("ul", passages, class_="passages")] if passages else None,
        id=f"topic-{topic.index}",
    )


def _word(topic: TopicFacts, j: int, language: str | None) -> Html:
    word = topic.words[j]
    bar = tag("rect", width=f"{word.weight:.0%}", height="100%")
    return tag(
        "li",
        tag("span", word.word, dir="auto", lang=language, class_="word"),
        tag("svg", bar, class_="bar", aria_hidden="true"),
        tag("span", f"{word.held:.0%}", class_="held"),
    )


def _passage(passage: Passage, language: str | None) -> Html:
    text = [tag("mark", piece) if marked else piece for piece, marked in passage.pieces]
    about = [tag("span", passage.document, class_="id"), f" · {_percent(passage.share)}"]
    about += [f" · {passage.date}"] if passage.date else []
    return tag(
        "li",
        tag("blockquote", tag("p", text, dir="auto", lang=language)) if text else None,
        tag("p", about, class_="facts"),
    )


def _map(report: Report) -> Section | None:
    if len(report.topics) < 3:
        return None
    rows = []
    for topic, row in zip(report.topics, report.similarity, strict=True):
        near = max((j for j in range(len(row)) if report.topics[j] is not topic), key=lambda j: (row[j], -j))
        place = [_decimal(x) for x in topic.place]
        rows.append([topic.index, topic.label, _percent(topic.share), *place, f"{near} {report.topics[near].label}"])
    return [
        _note(
            "Topics lie near each other where they use like words; the larger a topic's share, the larger its disc. "
            f"Two dimensions show {report.mapped:.0%} of the spread between topics; see similar topics for the rest."
        ),
        _figure("chart-map", "Map of the topics"),
        _twin("The map", ["topic", "label", "share", "x", "y", "nearest topic"], rows),
    ], charts.map_of_topics(report)


def _time(report: Report) -> Section | None:
    if report.timeline is None:
        return None
    timeline = report.timeline
    columns = [timeline.unit, "documents", *charts.names(report)[: charts.MOST]]
    rows = [
        [name, f"{documents:,}", *map(_percent, row[: charts.MOST])]
        for name, documents, row in zip(timeline.bins, timeline.documents, timeline.shares, strict=True)
    ]
    return [
        _note(
            f"Share of each topic among the documents of each {timeline.unit}; all charts have the same axes."
            + _first(report)
        ),
        _figure("chart-time", "Share of each topic over time"),
        _twin("Topics over time", columns, rows),
    ], charts.over_time(report, timeline)


def _similarity(report: Report) -> Section | None:
    k = len(report.topics)
    if k < 2:
        return None
    pairs = sorted((-report.similarity[i][j], i, j) for i in range(k) for j in range(i + 1, k))
    named = charts.names(report)
    rows = [[_decimal(-cosine), named[i], named[j]] for cosine, i, j in pairs[:MOST_PAIRS]]
    told = "All pairs" if len(rows) == len(pairs) else f"The {len(rows)} nearest of {len(pairs):,} pairs"
    cosine, i, j = -pairs[0][0], *pairs[0][1:]
    return [
        _note(
            f"Cosines between the words of topics, the darker the more alike. Nearest are {named[i]} and {named[j]}, "
            f"at {cosine:.2f}. Topics much alike may be one: fit fewer, or merge them." + _first(report)
        ),
        _figure("chart-similarity", "Similarity between topics"),
        _twin(told, ["cosine", "topic", "other topic"], rows),
    ], charts.similarity(report)


def _stability(report: Report) -> Section:
    spec = charts.stability(report)
    if spec is None:
        return [_note("Stability was not measured: the model was fitted with stability_runs=0.")], None
    order = sorted(report.topics, key=lambda topic: (topic.stability, topic.index))
    rows = [[topic.index, topic.label, _decimal(topic.stability), _decimal(topic.npmi)] for topic in order]
    return [
        _note(
            "Mean cosine of each topic and its like in fits from other random starts. A topic far below 1 owes much to "
            "chance: other starts find it otherwise, or not at all."
        ),
        _figure("chart-stability", "Stability of each topic"),
        _twin("Least stable first", ["topic", "label", "stability", "NPMI"], rows),
    ], spec


def _unexplained(report: Report) -> Section:
    language = report.language or None
    documents = [
        tag(
            "li",
            tag("p", tag("span", one.document, class_="id"), f" · fit {_decimal(one.fit)}", class_="facts"),
            tag("blockquote", tag("p", one.beginning, dir="auto", lang=language)) if one.beginning else None,
            tag(
                "p",
                " · ".join([f"mostly topic {one.label}", *([one.date] if one.date else [])]),
                class_="facts",
                dir="auto",
            ),
        )
        for one in report.unexplained
    ]
    children = [
        _note(
            "Fit is the cosine between the words of a document and what the topics make of it; these have the lowest. "
            "Many of one kind are a topic that is missing."
        )
    ]
    if report.unplaced:
        children.append(_note(f"Beside these, {report.unplaced:,} documents have no word that a topic uses."))
    return [*children, tag("ol", documents, class_="passages columns")], None


def _provenance(report: Report) -> Section:
    rows = [tag("tr", tag("th", name, scope="row"), tag("td", value)) for name, value in report.provenance]
    table = tag("table", tag("caption", "What was fitted, to what, and with what"), tag("tbody", rows))
    code = tag("pre", tag("code", "\n".join(report.repeat)), tabindex=0, role="region", aria_label="Code to repeat it")
    return [_scrolling(table, "Provenance"), tag("h3", "To repeat it"), code], None


def _first(report: Report) -> str:
    return f" Shown are the first {charts.MOST} topics." if len(report.topics) > charts.MOST else ""


def _figure(name: str, label: str) -> Html:
    return tag("div", id=name, class_="chart", role="img", aria_label=f"{label}. The table has the numbers.")


def _twin(caption: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Html:
    return tag("details", tag("summary", "Table"), _table(caption, columns, rows))


def _table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Html:
    head = tag("tr", [tag("th", column, scope="col", dir="auto") for column in columns])
    lines = [tag("tr", [_cell(cell) for cell in row]) for row in rows]
    return _scrolling(tag("table", tag("caption", caption), tag("thead", head), tag("tbody", lines)), caption)


def _cell(value: Any) -> Html:
    number = not isinstance(value, Html) and NUMBER.fullmatch(str(value))
    return tag("td", value, dir="auto", class_="number" if number else None)


def _scrolling(table: Html, label: str) -> Html:
    """Let a table that is too wide scroll by itself, also by keyboard."""
    return tag("div", table, class_="scroll", tabindex=0, role="region", aria_label=f"Table: {label}")


def _link(topic: TopicFacts) -> Html:
    return tag("a", topic.index, href=f"#topic-{topic.index}", aria_label=f"Topic {topic.index}")


def _note(text: str) -> Html:
    return tag("p", text, class_="note")


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _decimal(value: float) -> str:
    return f"{value:.2f}" if value == value else "—"
