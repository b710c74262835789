"""Topics as cards that fold: one line of each is always in sight; its words, passages and documents open below."""

from partwise.report.facts import STEPS, Passage, Report, TopicFacts
from partwise.report.html import Html, tag
from partwise.report.pieces import about, bar, name_of, note, percent

__all__ = ["START", "cards", "relevance"]

START = STEPS.index(0.6)
"""Relevance that a report opens with; see Sievert and Shirley (2014)."""
IN_LINE = 7
"""Words in the line of a folded card, beside those of its label."""


def relevance() -> Html:
    """Return the slider that ranks the words of all cards."""
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
        tag("button", "Open all", type="button", id="open-all"),
        tag("button", "Fold all", type="button", id="fold-all"),
        class_="slider scripted",
    )  # fmt: skip
    explained = tag(
        "p",
        "The slider ranks words: at 1 by their weight in the topic, at 0 by how exclusive they are of it. The bar is a "
        "word's weight, the number the part of all its use that is of this topic.",
        class_="note scripted",
        id="relevance-note",
    )
    return Html(slider + explained)


def cards(report: Report) -> Html:
    """Return a card for each topic."""
    largest = max((topic.share for topic in report.topics), default=0) or 1.0
    return tag("div", [_card(report, topic, largest) for topic in report.topics], class_="topics")


def _card(report: Report, topic: TopicFacts, largest: float) -> Html:
    language = report.language or None
    facts = [tag("span", _documents(topic)), _peak(report, topic)]
    others = [topic.words[j].word for j in topic.ranks[START] if topic.words[j].word not in topic.label.split(" · ")]
    summary = tag(
        "summary",
        tag("h3", tag("span", topic.index, class_="index"), " ", name_of(report, topic)),
        tag("span", bar(topic.share / largest), tag("span", percent(topic.share)), class_="share"),
        tag("span", facts, class_="about"),
        tag("span", ", ".join(others[:IN_LINE]), class_="best", dir="auto", lang=language),
    )
    words = [_word(topic, j, language) for j in topic.ranks[START]]
    exclusive = [tag("strong", "Exclusive: "), tag("span", ", ".join(topic.exclusive), dir="auto", lang=language)]
    passages = [_passage(passage, language) for passage in topic.passages]
    inside = tag(
        "div",
        tag(
            "div",
            tag("h4", "Words"),
            tag("ol", words, class_="words", data_topic=topic.index, aria_label=f"Words of topic {topic.index}"),
            tag("p", exclusive, class_="exclusive") if topic.exclusive else None,
        ),
        tag("div", tag("h4", "Typical documents"), tag("ul", passages, class_="passages")) if passages else None,
        _list(topic, language) if topic.listed else None,
        class_="inside",
    )
    return tag("details", summary, inside, id=f"topic-{topic.index}", class_="topic")


def _peak(report: Report, topic: TopicFacts) -> Html | None:
    if report.timeline is None:
        return None
    return tag("span", f"peak {report.timeline.unit} {report.timeline.peak(topic.index)[0]}")


def _documents(topic: TopicFacts) -> str:
    return f"{topic.documents:,} document{'' if topic.documents == 1 else 's'}"


def _word(topic: TopicFacts, j: int, language: str | None) -> Html:
    word = topic.words[j]
    return tag(
        "li",
        tag("span", word.word, dir="auto", lang=language, class_="word"),
        bar(word.weight),
        tag("span", f"{word.held:.0%}", class_="held"),
    )


def _passage(passage: Passage, language: str | None) -> Html:
    text = [tag("mark", piece) if marked else piece for piece, marked in passage.pieces]
    return tag(
        "li",
        about(passage.document, tag("span", percent(passage.share), class_="share"), text=False),
        tag("blockquote", tag("p", text, dir="auto", lang=language)) if text else None,
    )


def _list(topic: TopicFacts, language: str | None) -> Html:
    """Return the documents of a topic, folded; with scripts they have a filter and can be downloaded."""
    number = topic.index
    lines = [
        tag("li", about(one.document, tag("span", percent(one.share), class_="share")), lang=language)
        for one in topic.listed
    ]
    tools = tag(
        "div",
        tag("input", type="search", placeholder="Filter", aria_label=f"Filter the documents of topic {number}"),
        tag("button", "Download csv", type="button", class_="download", data_name=f"topic-{number}.csv"),
        tag("output", f"{len(lines):,} shown", class_="shown"),
        class_="tools scripted",
    )
    missing = topic.documents - len(lines)
    left_out = (
        f"These are the {len(lines):,} most typical of {topic.documents:,}; partwise export writes all to tables."
    )
    return tag(
        "details",
        tag("summary", f"All {_documents(topic)}" if not missing else f"{len(lines):,} of {_documents(topic)}"),
        note("Documents whose largest topic this is, the most typical first, with its share in each.",
             f" {left_out}" if missing else None),
        tools,
        tag("ol", lines, class_="documents", tabindex=0, aria_label=f"Documents of topic {number}"),
        class_="members",
    )  # fmt: skip
