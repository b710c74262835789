"""The sections of a report: first what was found, last what the model is and how it was made."""

from partwise.report import charts
from partwise.report.cards import cards, relevance
from partwise.report.facts import Report
from partwise.report.findings import findings
from partwise.report.frame import framed, provenance
from partwise.report.html import Html, tag
from partwise.report.pieces import about, bar, decimal, link, note, percent, scrolling, table, twin

__all__ = ["body"]

MOST_PAIRS = 30

Section = list[Html]


def body(report: Report) -> Html:
    """Return the body of the page."""
    found = [
        ("overview", "What was found", _overview(report)),
        ("topics", "Topics", _topics(report)),
        ("map", "Map", _map(report)),
        ("time", "Over time", _time(report)),
        ("similarity", "Similar topics", _similarity(report)),
        ("unexplained", "Explained badly", _unexplained(report)),
        ("model", "The model", _model(report)),
        ("provenance", "How it was made", provenance(report.provenance, report.repeat)),
    ]
    return framed(report.title, found, ("topics", "Skip to the topics"))


def _overview(report: Report) -> Section:
    return [tag("ul", findings(report), class_="findings")]


def _topics(report: Report) -> Section:
    without = tag(
        "noscript",
        note("Scripts are off. Topics, lists and tables are folded and still open; lists have no filter or download."),
    )
    return [
        note("Press a topic to open its words, passages and documents."),
        without,
        relevance(),
        cards(report),
    ]


def _map(report: Report) -> Section | None:
    if len(report.topics) < 3:
        return None
    rows = []
    for topic, row in zip(report.topics, report.similarity, strict=True):
        near = max((j for j in range(len(row)) if report.topics[j] is not topic), key=lambda j: (row[j], -j))
        rows.append([link(report, topic), percent(topic.share), link(report, report.topics[near])])
    return [
        note(
            "Topics lie near each other where they use like words. The area of a disc is its topic's share. Press one "
            f"to open its card. The map shows {report.mapped:.0%} of the spread between topics, and moves discs apart "
            f"where they would hide each other: see similar topics for the rest.{_first(report)}"
        ),
        charts.map_of_topics(report),
        twin("The nearest topic of each", ["topic", "share", "nearest topic"], rows),
    ]


def _time(report: Report) -> Section | None:
    timeline = report.timeline
    if timeline is None:
        return None
    shown = report.topics[: charts.MOST]
    columns = [timeline.unit, "documents", *(f"{topic.index} {topic.label}" for topic in shown)]
    rows = [
        [name, f"{documents:,}", *(["—"] * len(shown) if row is None else map(percent, row[: charts.MOST]))]
        for name, documents, row in zip(timeline.bins, timeline.documents, timeline.shares, strict=True)
    ]
    empty = sum(not documents for documents in timeline.documents)
    breaks = f" Lines break where there are no documents, as in {empty} of {len(rows)}." if empty else ""
    return [
        note(
            f"Share of each topic among the documents of each {timeline.unit}; all charts have the same axes. Above a "
            f"chart stands its highest share; a {timeline.unit} of few documents does not count there."
            f"{breaks}{_first(report)}"
        ),
        tag("p", f"Slide, or press a chart, to read a {timeline.unit}.", class_="note scripted"),
        charts.courses(report, timeline),
        twin("Topics over time", columns, rows),
    ]


def _similarity(report: Report) -> Section | None:
    k = len(report.topics)
    if k < 2:
        return None
    pairs = sorted((-report.similarity[i][j], i, j) for i in range(k) for j in range(i + 1, k))
    rows = [
        [decimal(-cosine), link(report, report.topics[i]), link(report, report.topics[j])]
        for cosine, i, j in pairs[:MOST_PAIRS]
    ]
    told = "All pairs" if len(rows) == len(pairs) else f"The {len(rows)} nearest of {len(pairs):,} pairs"
    return [
        note(
            "How much two topics use the same words: 0 is nothing in common, 100 the same. The stronger the colour, "
            f"the more alike. Topics much alike may be one: fit fewer, or merge them.{_first(report)}"
        ),
        charts.legend(),
        scrolling(charts.heat_map(report), "similarity of topics"),
        twin(f"{told}, as cosines", ["cosine", "topic", "other topic"], rows),
    ]


def _unexplained(report: Report) -> Section:
    language = report.language or None
    documents = [
        tag(
            "li",
            about(one.document, tag("span", f"fit {decimal(one.fit)}"), text=False),
            tag("blockquote", tag("p", one.document.beginning, dir="auto", lang=language))
            if one.document.beginning
            else None,
            tag("p", "mostly ", link(report, report.topics[one.topic]), class_="facts"),
        )
        for one in report.unexplained
    ]
    children = [
        note(
            "Fit is the cosine between the words of a document and what the topics make of it. "
            "Many of one kind are a topic that is missing."
        )
    ]
    if report.unplaced:
        have = "document has" if report.unplaced == 1 else "documents have"
        children.append(note(f"Beside these, {report.unplaced:,} {have} no word that a topic uses."))
    summary = tag("summary", f"The {len(documents)} documents with the lowest fit")
    return [*children, tag("details", summary, tag("ol", documents, class_="passages columns"))]


def _model(report: Report) -> Section:
    figures = tag("dl", [tag("div", tag("dt", name), tag("dd", value)) for value, name in report.figures])
    measured = [topic for topic in report.topics if topic.stability == topic.stability]
    order = sorted(report.topics, key=lambda topic: (topic.stability if measured else 0, topic.index))
    rows = [
        [
            link(report, topic),
            tag("span", bar(topic.stability), decimal(topic.stability), class_="measure") if measured else "—",
            *map(decimal, (topic.npmi, topic.fit)),
        ]
        for topic in order
    ]
    caption = "Least stable first" if measured else "Every topic"
    return [
        figures,
        note(
            "Stability: mean cosine of a topic and its like in fits from other random starts, from 0 to 1. A topic far "
            "below 1 owes much to chance. NPMI: how often its words stand together, from -1 over 0, chance, to 1. Fit: "
            "how like its documents are to what the topics make of them, from 0 to 1."
        ),
        *([] if measured else [note("Stability was not measured: the model was fitted with stability_runs=0.")]),
        tag("details", tag("summary", "How sure each topic is"),
            table(caption, ["topic", "stability", "NPMI", "fit"], rows)),
    ]  # fmt: skip


def _first(report: Report) -> str:
    return f" Shown are the first {charts.MOST} topics." if len(report.topics) > charts.MOST else ""
