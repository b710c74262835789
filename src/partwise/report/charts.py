"""Charts as SVG and HTML, drawn here: they need no script, and take their colours from the page's style sheet."""

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, log10

import numpy as np

from partwise.report.facts import Report, Timeline, TopicFacts
from partwise.report.html import Html, tag
from partwise.report.pieces import link, percent

__all__ = ["MOST", "courses", "heat_map", "legend", "map_of_topics"]

MOST = 60
"""Topics, the largest first, up to which a chart has a row or a picture for each."""

# the map; its unit is a pixel of a telephone
WIDE = 360
NAMED = 30
"""Topics up to which the map has room for a word below each number."""
DISC, LEAST_DISC = 15.0, 8.0
"""Radius of the largest topic's disc and the smallest radius."""
FILLED = 0.42
"""Part of the map that its topics fill."""
GRID = 3.0
"""Steps between the places that a topic is moved to when a larger one has its own."""
LETTERS, MORE_LETTERS = 10, 17
"""Letters of a word on the map, and of the words below it, which only large screens show."""

# courses over time
STEP, TALL = 10, 100
"""Width of a bin and height of a chart; the page stretches them."""

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.5)
"""Cosines at which the heat map takes the next colour."""


def map_of_topics(report: Report) -> Html:
    """Return topics as discs, near where they use like words; the area of a disc is its topic's share."""
    topics = report.topics[:MOST]
    named = len(topics) <= NAMED
    box = (60.0, 46.0) if named else (30.0, 30.0)
    tall = max(200, round(len(topics) * box[0] * box[1] / FILLED / WIDE))
    points = [topic.place for topic in topics]
    while (places := _apart(_fitted(points, box, tall), box, tall)) is None:
        tall += round(box[1])
    largest = max(topic.share for topic in topics) or 1.0
    discs = [
        _disc(report, topic, place, box, max(LEAST_DISC, DISC * (topic.share / largest) ** 0.5), named)
        for topic, place in zip(topics, places, strict=True)
    ]
    label = "Map of the topics; each is a link to its card."
    return tag("svg", discs, viewBox=f"0 0 {WIDE} {tall:g}", class_="map", role="group", aria_label=label)


def _disc(
    report: Report, topic: TopicFacts, place: tuple[float, float], box: tuple[float, float], radius: float, named: bool
) -> Html:
    x, y = place
    top = y - box[1] / 2
    middle = top + DISC + 1 if named else y
    first, _, rest = topic.label.partition(" · ")
    words = (
        tag("text", _cut(first), x=_at(x), y=_at(middle + radius + 10), class_="word"),
        tag("text", _cut(rest, MORE_LETTERS), x=_at(x), y=_at(middle + radius + 14), class_="more") if rest else None,
    )
    about = f"Topic {topic.index} {topic.label}, {percent(topic.share)} of the collection"
    return tag(
        "a",
        tag("title", about),
        tag("rect", x=_at(x - box[0] / 2), y=_at(top), width=f"{box[0]:g}", height=f"{box[1]:g}", class_="touch"),
        tag("circle", cx=_at(x), cy=_at(middle), r=f"{radius:.1f}"),
        tag("text", topic.index, x=_at(x), y=_at(middle), class_="number"),
        words if named else None,
        href=f"#topic-{topic.index}",
    )


def _cut(word: str, letters: int = LETTERS) -> str:
    return word if len(word) <= letters else word[: letters - 1] + "…"


def _at(x: float) -> str:
    return f"{x:.1f}"


def _fitted(points: Sequence[tuple[float, float]], box: tuple[float, float], tall: float) -> list[tuple[float, float]]:
    """Return points in the middle of the map, one unit on both axes; y points down."""
    spans, middles = [], []
    for axis in (0, 1):
        held = [point[axis] for point in points]
        spans.append(max(held) - min(held))
        middles.append((max(held) + min(held)) / 2)
    rooms = (WIDE - box[0], tall - box[1])
    scale = min((room / span for room, span in zip(rooms, spans, strict=True) if span > 0), default=0.0)
    return [(WIDE / 2 + scale * (x - middles[0]), tall / 2 - scale * (y - middles[1])) for x, y in points]


def _apart(
    places: Sequence[tuple[float, float]], box: tuple[float, float], tall: float
) -> list[tuple[float, float]] | None:
    """Move each place to the nearest one where its box hides none before it; None if the map has no room."""
    edges = [np.arange(size / 2, room - size / 2 + 0.1, GRID) for size, room in zip(box, (WIDE, tall), strict=True)]
    free = np.stack(np.meshgrid(*edges), axis=-1).reshape(-1, 2)
    now: list[tuple[float, float]] = []
    for place in places:
        if any(abs(place[0] - x) < box[0] and abs(place[1] - y) < box[1] for x, y in now):
            if not len(free):
                return None
            x, y = free[np.argmin(((free - place) ** 2).sum(axis=1).round(6))]
            place = (float(x), float(y))
        now.append(place)
        free = free[(np.abs(free - place) >= box).any(axis=1)]
    return now


def heat_map(report: Report) -> Html:
    """Return the cosines between the first topics as a table in hundredths."""
    topics = report.topics[:MOST]
    head = [tag("td"), *(tag("th", topic.index, scope="col") for topic in topics)]
    rows = [
        tag(
            "tr",
            tag("th", link(report, topic), scope="row"),
            [
                tag("td", "·") if i == j else tag("td", f"{100 * row[j]:.0f}", class_=f"level-{_level(row[j])}")
                for j in range(len(topics))
            ],
        )
        for i, (topic, row) in enumerate(zip(topics, report.similarity, strict=False))
    ]
    caption = tag("caption", "Cosine between the words of each two topics, in hundredths")
    return tag("table", caption, tag("thead", tag("tr", head)), tag("tbody", rows), class_="heat")


def legend() -> Html:
    """Return the colours of the heat map with their numbers."""
    edges = [0.0, *LEVELS, 1.0]
    swatches = [
        tag("li", tag("span", class_=f"swatch level-{level}"), f"{100 * low:.0f} to {100 * high:.0f}")
        for level, (low, high) in enumerate(pairwise(edges))
    ]
    return tag("ul", swatches, class_="legend", aria_label="Colours of the cosines, in hundredths")


def _level(cosine: float) -> int:
    return sum(cosine >= edge for edge in LEVELS)


def courses(report: Report, timeline: Timeline) -> Html:
    """Return a small chart for each of the first topics, all with the same axes, below a strip of numbers of documents.

    A line breaks where a bin has no documents.
    """
    filled = [shares[:MOST] for shares in timeline.shares if shares is not None]
    top = _round_up(max(max(shares) for shares in filled))
    return tag(
        "div",
        _strip(timeline),
        tag("div", [_course(report, timeline, t, top) for t in range(len(report.topics[:MOST]))], class_="courses"),
    )


def _strip(timeline: Timeline) -> Html:
    most = max(timeline.documents)
    bars = [
        tag("rect", x=STEP * b + 1, width=STEP - 2, y=TALL - round(TALL * n / most), height=round(TALL * n / most))
        for b, n in enumerate(timeline.documents)
        if n
    ]
    slider = tag(
        "input", type="range", id="bin", class_="scripted", min=0, max=len(timeline.bins) - 1, step=1,
        value=len(timeline.bins) - 1, aria_label=timeline.unit.capitalize(),
    )  # fmt: skip
    about = f"Documents by {timeline.unit}, {min(timeline.documents):,} to {most:,}"
    return tag(
        "figure",
        tag("figcaption", tag("strong", f"Documents by {timeline.unit}"), tag("output", for_="bin", id="of-bin")),
        _plot(len(timeline.bins), about, bars, most=f"{most:,}"),
        slider,
        _ends(timeline),
        class_="strip",
    )


def _course(report: Report, timeline: Timeline, t: int, top: float) -> Html:
    topic = report.topics[t]
    shares = [None if row is None else row[t] for row in timeline.shares]
    at, highest = timeline.peak(t)
    lowest = min(share for share in shares if share is not None)
    about = (
        f"{topic.index} {topic.label} by {timeline.unit}: highest {percent(highest)} in {at}, lowest {percent(lowest)}"
    )
    lines, areas = _paths([None if share is None else TALL * (1 - share / top) for share in shares])
    marks = [tag("path", d=areas, class_="area"), tag("path", d=lines, class_="line")]
    return tag(
        "figure",
        tag("figcaption", link(report, topic), tag("span", f"{percent(highest)} · {at}", class_="at", data_topic=t)),
        _plot(len(shares), about, marks, most=f"{100 * top:.3g}%"),
        _ends(timeline),
    )


def _plot(bins: int, about: str, marks: Sequence[Html], most: str) -> Html:
    cursor = tag("path", class_="cursor")
    drawing = tag(
        "svg", marks, cursor, viewBox=f"0 0 {STEP * bins} {TALL}", preserveAspectRatio="none", role="img",
        aria_label=about, class_="plot", data_bins=bins,
    )  # fmt: skip
    return tag("div", tag("span", most, class_="most", aria_hidden="true"), drawing, class_="frame")


def _ends(timeline: Timeline) -> Html:
    return tag("p", tag("span", timeline.bins[0]), tag("span", timeline.bins[-1]), class_="ends", aria_hidden="true")


def _paths(heights: Sequence[float | None]) -> tuple[str, str]:
    """Return a line through heights, and the area below it; both break where there is none.

    A height without neighbours is a short level line.
    """
    lines, areas = [], []
    run: list[tuple[float, float]] = []
    for b, height in enumerate([*heights, None]):
        if height is not None:
            run.append((STEP * (b + 0.5), height))
            continue
        if len(run) == 1:
            (x, y) = run[0]
            run = [(x - 0.3 * STEP, y), (x + 0.3 * STEP, y)]
        if run:
            through = " ".join(f"{x:g} {y:.1f}" for x, y in run)
            lines.append(f"M{through}")
            areas.append(f"M{run[0][0]:g} {TALL} {through} {run[-1][0]:g} {TALL}Z")
        run = []
    return "".join(lines), "".join(areas)


def _round_up(share: float) -> float:
    """Return the next of the round shares 1%, 1.5%, 2%, 2.5%, 3%, 4%, 5%, 6%, 8%, 10% and so on."""
    digit = 10.0 ** -ceil(-log10(max(share, 0.01)))
    return next(min(step * digit, 1.0) for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if step * digit >= share - 1e-9)
