"""Charts as Vega-Lite specifications, which are plain dicts; colours are left to the page's style sheet."""

from datetime import UTC, datetime
from typing import Any

from partwise.report.facts import Report, Timeline

__all__ = ["CONFIG", "MOST", "map_of_topics", "names", "over_time", "shares", "similarity", "stability"]

Spec = dict[str, Any]

ACCENT = "var(--accent)"
INK = "currentColor"
CONFIG: Spec = {
    "font": "system-ui, sans-serif",
    "background": "transparent",
    "aria": False,  # the figure is an image with a name, and a table beside it
    "view": {"stroke": None},
    "mark": {"color": ACCENT},
    "text": {"color": INK, "fontSize": 12},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "domainColor": INK,
        "tickColor": INK,
        "gridColor": INK,
        "gridOpacity": 0.15,
        "domainOpacity": 0.4,
        "tickOpacity": 0.4,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
    "header": {"labelColor": INK, "labelFontSize": 12, "labelFontWeight": "bold"},
}
ROW = 22  # pixels
MOST = 60
"""Topics, the largest first, up to which a chart has a row or a picture for each."""
NAMED = 12
"""Topics up to which the map has room for words beside numbers."""


def names(report: Report) -> list[str]:
    """Return number and label of each topic, which no two share."""
    return [f"{topic.index} {topic.label}" for topic in report.topics]


def _named(order: list[str], number: str, name: str) -> Spec:
    """Return a step that puts a topic's name beside its number: many rows of data then hold numbers alone."""
    topics = [{"t": t, name: topic} for t, topic in enumerate(order)]
    return {"lookup": number, "from": {"data": {"values": topics}, "key": "t", "fields": [name]}}


def _wide(height: int) -> Spec:
    return {"width": "container", "height": height, "autosize": {"type": "fit-x", "contains": "padding"}}


def _bars(values: list[Spec], order: list[str], x: Spec, measured: Spec) -> Spec:
    return {
        "data": {"values": values},
        **_wide(ROW * len(values)),
        "mark": {"type": "bar", "cornerRadiusEnd": 2, "height": {"band": 0.7}},
        "encoding": {
            "y": {"field": "topic", "type": "nominal", "sort": order, "axis": {"title": None, "ticks": False}},
            "x": x,
            "tooltip": [{"field": "topic", "type": "nominal"}, measured],
        },
    }


def shares(report: Report) -> Spec:
    """Return bars of the topics' shares."""
    order = names(report)
    values = [{"topic": name, "share": round(t.share, 4)} for name, t in zip(order, report.topics, strict=True)]
    share: Spec = {"field": "share", "type": "quantitative"}
    axis = {"title": "share of the collection", "format": ".0%", "tickCount": 4}
    return _bars(values, order, {**share, "axis": axis}, {**share, "format": ".1%"})


def stability(report: Report) -> Spec | None:
    """Return bars of the topics' stability, None if it was not measured."""
    order = names(report)
    measured = [(name, t.stability) for name, t in zip(order, report.topics, strict=True) if t.stability == t.stability]
    if not measured:
        return None
    values = [{"topic": name, "stability": round(value, 3)} for name, value in measured]
    field: Spec = {"field": "stability", "type": "quantitative"}
    x = {**field, "scale": {"domain": [0, 1]}, "axis": {"title": "stability", "tickCount": 4}}
    return _bars(values, order, x, {**field, "format": ".2f"})


def map_of_topics(report: Report) -> Spec:
    """Return topics as discs, near where they use like words, larger where their share is.

    Both axes have the same unit: the page keeps ``aspect``, the height of the chart relative to its width.
    """
    points = [topic.place for topic in report.topics]
    values = []
    for topic, (x, y) in zip(report.topics, points, strict=True):
        near = min((p for p in points if p != (x, y)), key=lambda p: (p[0] - x) ** 2 + (p[1] - y) ** 2, default=(x, y))
        values.append(
            {
                "topic": f"{topic.index} {topic.label}",
                "index": str(topic.index),
                "word": topic.label.split(" ")[0] if len(points) <= NAMED else "",
                "side": "left" if near[0] > x else "right",  # away from the nearest disc
                "x": round(x, 3),
                "y": round(y, 3),
                "share": round(topic.share, 4),
            }
        )
    lowest, highest = ([side(p[i] for p in points) for i in (0, 1)] for side in (min, max))
    spread = max(high - low for low, high in zip(lowest, highest, strict=True)) or 1.0
    middle = [(low + high) / 2 for low, high in zip(lowest, highest, strict=True)]
    # beside the discs, room for words across; at least half as high as wide
    reach = [0.7 * max(highest[0] - lowest[0], spread / 2), 0.6 * max(highest[1] - lowest[1], spread / 2)]
    x_axis, y_axis = (
        {
            "field": name,
            "type": "quantitative",
            "axis": None,
            "scale": {"domain": [round(centre - far, 3), round(centre + far, 3)], "nice": False, "zero": False},
        }
        for name, centre, far in zip("xy", middle, reach, strict=True)
    )
    tooltip = [{"field": "topic", "type": "nominal"}, {"field": "share", "type": "quantitative", "format": ".1%"}]
    size = {"field": "share", "type": "quantitative", "legend": None, "scale": {"domainMin": 0, "range": [150, 1500]}}
    disc = {"type": "circle", "fillOpacity": 0.3, "strokeOpacity": 1, "stroke": ACCENT, "strokeWidth": 1.5}
    index = {"mark": {"type": "text", "fontWeight": "bold"}, "encoding": {"text": {"field": "index"}}}
    words = [
        {
            "transform": [{"filter": {"field": "side", "equal": side}}],
            "mark": {"type": "text", "align": align, "dx": dx, "limit": 110},
            "encoding": {"text": {"field": "word"}},
        }
        for side, align, dx in (("left", "right", -24), ("right", "left", 24))
    ]
    return {
        "usermeta": {"aspect": round(reach[1] / reach[0], 3)},
        "data": {"values": values},
        **_wide(380),
        "encoding": {"x": x_axis, "y": y_axis, "tooltip": tooltip},
        "layer": [{"mark": disc, "encoding": {"size": size}}, index, *words],
    }


def similarity(report: Report) -> Spec:
    """Return the cosines between the first topics as squares, the darker the more alike."""
    order = names(report)[:MOST]
    values = [
        {"i": i, "j": j, "cosine": round(cosine, 3)}
        for i, row in enumerate(report.similarity[:MOST])
        for j, cosine in enumerate(row[:MOST])
        if i != j
    ]
    return {
        "data": {"values": values},
        **_wide(ROW * len(order)),
        "transform": [_named(order, "i", "topic"), _named(order, "j", "other")],
        "mark": {"type": "rect"},
        "encoding": {
            "y": {"field": "topic", "type": "nominal", "sort": order, "axis": {"title": None, "ticks": False}},
            "x": {
                "field": "j",
                "type": "ordinal",
                "axis": {"title": None, "ticks": False, "labelAngle": 0, "labelOverlap": True},
            },
            "opacity": {
                "field": "cosine",
                "type": "quantitative",
                "legend": None,
                "scale": {"domainMin": 0, "range": [0.05, 1]},
            },
            "tooltip": [
                {"field": "topic", "type": "nominal"},
                {"field": "other", "type": "nominal"},
                {"field": "cosine", "type": "quantitative", "format": ".2f"},
            ],
        },
    }


def over_time(report: Report, timeline: Timeline) -> Spec:
    """Return a small chart for each of the first topics, all with the same axes. The page chooses columns and width."""
    order = names(report)[:MOST]
    values = [
        {"t": t, "start": start, "share": round(share, 4)}
        for start, row in zip(map(_moment, timeline.starts), timeline.shares, strict=True)
        for t, share in enumerate(row[:MOST])
    ]
    bins = [{"start": _moment(start), "bin": name} for start, name in zip(timeline.starts, timeline.bins, strict=True)]
    return {
        "data": {"values": values},
        "transform": [
            _named(order, "t", "topic"),
            {"lookup": "start", "from": {"data": {"values": bins}, "key": "start", "fields": ["bin"]}},
        ],
        "facet": {
            "field": "topic",
            "type": "nominal",
            "sort": order,
            "header": {"title": None, "labelAnchor": "start", "labelLimit": 200},
        },
        "columns": 3,
        "spec": {
            "width": 200,
            "height": 70,
            "mark": {"type": "area", "line": {"color": ACCENT}, "opacity": 0.35},
            "encoding": {
                "x": {
                    "field": "start",
                    "type": "temporal",
                    "scale": {"type": "utc"},
                    "axis": {"title": None, "grid": False, "tickCount": 3, "labelOverlap": True},
                },
                "y": {
                    "field": "share",
                    "type": "quantitative",
                    "axis": {"title": None, "format": ".0%", "tickCount": 2},
                },
                "tooltip": [
                    {"field": "topic", "type": "nominal"},
                    {"field": "bin", "type": "nominal"},
                    {"field": "share", "type": "quantitative", "format": ".1%"},
                ],
            },
        },
    }


def _moment(day: str) -> int:
    """Return a day as milliseconds since 1970, in which no browser's time zone can move it."""
    return round(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)
