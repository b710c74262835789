"""Charts show what they are told: places, breaks, colours with numbers."""

import re
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from partwise.report import charts

BOX = (60, 46)


def numbers(pattern, text):
    return [float(found) for found in re.findall(pattern, text)]


def many(told, k):
    """Return that report with k topics, all in one place."""
    topics = [replace(told.topics[0], index=t, share=1 / k, place=(0.0, 0.0)) for t in range(k)]
    return replace(told, topics=topics, similarity=np.eye(k).tolist(), timeline=None)


@pytest.mark.parametrize("k", [3, 20, 30])
def test_no_topic_of_the_map_hides_another_or_leaves_it(told, k):
    drawn = charts.map_of_topics(many(told, k))
    wide, tall = map(float, re.search(r'viewBox="0 0 (\S+) (\S+)"', drawn).groups())
    lefts, tops = numbers('<rect x="([-0-9.]+)"', drawn), numbers('<rect x="[-0-9.]+" y="([-0-9.]+)"', drawn)
    assert len(lefts) == k
    assert -0.1 <= min(lefts) <= max(lefts) + BOX[0] <= wide + 0.1
    assert -0.1 <= min(tops) <= max(tops) + BOX[1] <= tall + 0.1
    for (x, y), (u, v) in combinations(zip(lefts, tops, strict=True), 2):
        assert abs(x - u) > BOX[0] - 1 or abs(y - v) > BOX[1] - 1


def test_a_map_with_room_keeps_places_and_its_discs_have_areas_as_their_shares(told):
    places = [(0.0, 0.0), (1.0, 0.0), (0.5, 0.4)]
    topics = [replace(topic, place=place) for topic, place in zip(told.topics, places, strict=True)]
    drawn = charts.map_of_topics(replace(told, topics=topics))
    x, y = numbers('cx="([-0-9.]+)"', drawn), numbers('cy="([-0-9.]+)"', drawn)
    assert x[1] - x[0] == pytest.approx(2 * (x[2] - x[0]), abs=0.2)
    assert y[0] == y[1] == pytest.approx(y[2] + 0.4 * (x[1] - x[0]), abs=0.2)
    radii = np.array(numbers(' r="([0-9.]+)"', drawn))
    np.testing.assert_allclose((radii / radii[0]) ** 2, [1, 0.6, 0.4], atol=0.02)


def test_every_disc_is_a_link_with_a_name(told):
    drawn = charts.map_of_topics(told)
    for topic in told.topics:
        name = f"Topic {topic.index} {topic.label}, {topic.share:.1%} of the collection"
        assert f'<a href="#topic-{topic.index}"><title>{name}</title>' in drawn


def test_many_topics_have_numbers_alone_on_the_map(told):
    drawn = charts.map_of_topics(many(told, 100))
    assert drawn.count("<circle") == charts.MOST
    assert 'class="word"' not in drawn
    assert drawn.count('class="number"') == charts.MOST


def test_a_line_breaks_where_a_bin_is_empty(told):
    drawn = charts.courses(told, told.timeline)
    lines = re.findall('<path d="([^"]+)" class="line">', drawn)
    assert len(lines) == 3
    for line in lines:
        first, second = line.removeprefix("M").split("M")
        assert set(map(float, first.split()[::2])) == {2, 8}, "one bin alone is a short level line"
        assert set(map(float, second.split()[::2])) == {25, 35}


def test_the_strip_has_a_bar_for_each_bin_that_has_documents(told):
    strip = charts.courses(told, told.timeline).partition("</figure>")[0]
    heights = numbers('<rect x="[0-9]+" width="8" y="[0-9]+" height="([0-9]+)"', strip)
    assert heights == [100, 75, 50]
    assert 'aria-label="Documents by month, 0 to 400"' in strip


def test_courses_have_one_axis_and_tell_their_highest_bin(told):
    drawn = charts.courses(told, told.timeline)
    assert drawn.count('<span class="most" aria-hidden="true">80%</span>') == 3
    assert ">50.0% · 2024-04<" in drawn
    assert "2 film · award by month: highest 50.0% in 2024-04, lowest 10.0%" in drawn


def test_a_bin_with_few_documents_is_no_peak(told):
    timeline = replace(told.timeline, documents=[400, 0, 300, 20])
    assert timeline.peak(2) == ("2024-03", 0.3)
    assert ">30.0% · 2024-03<" in charts.courses(told, timeline)


def test_the_heat_map_is_a_table_whose_colours_have_numbers(told):
    rows = [re.findall('<td class="level-([0-9])">([0-9]+)</td>', row) for row in charts.heat_map(told).split("<tr>")]
    assert rows[2:] == [[("5", "62"), ("0", "4")], [("5", "62"), ("2", "10")], [("0", "4"), ("2", "10")]]
    legend = re.findall(r'level-([0-9])"></span>([0-9]+ to [0-9]+)<', charts.legend())
    edges = ("0 to 5", "5 to 10", "10 to 20", "20 to 30", "30 to 50", "50 to 100")
    assert legend == [(str(level), edge) for level, edge in enumerate(edges)]
