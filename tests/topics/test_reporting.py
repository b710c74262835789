"""What a report tells agrees with the model's own tables."""

import re
from itertools import combinations

import numpy as np
import pytest

from partwise.exceptions import PartwiseError
from partwise.topics import TopicModel
from partwise.topics.marking import marked
from partwise.topics.reporting import report_of

SUBJECTS = (
    "cup team goal coach league match",
    "bank rates shares market profit trade",
    "rain wind storm snow sun cloud",
)


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    texts = [f"The {' '.join(rng.choice(SUBJECTS[i % 3].split(), 5))} on day {i}." for i in range(48)] + ["", "1 2"]
    dates = [f"2024-{1 + i // 10:02}-{1 + i % 10:02}" for i in range(49)] + [""]
    return TopicModel(3, random_state=0, stability_runs=2).fit(texts, [f"d{i}" for i in range(50)], dates)


@pytest.fixture(scope="module")
def report(model):
    return report_of(model, "News", "partwise report news.model")


def test_topics_are_those_of_the_table(model, report):
    table = model.table()
    for name in ("label", "share", "npmi", "stability"):
        assert [getattr(topic, name) for topic in report.topics] == table[name].tolist()
    documents = model.document_table()
    assert [topic.documents for topic in report.topics] == documents["topic"].value_counts().sort_index().tolist()
    means = documents.dropna().groupby("topic")["fit"].mean()
    np.testing.assert_allclose([topic.fit for topic in report.topics], means)


def test_the_timeline_is_that_of_over_time(model, report):
    expected = model.over_time(bins="month").pivot(index="bin", columns="topic", values="share")
    assert report.timeline.unit == "month"
    assert report.timeline.bins == expected.index.tolist()
    assert report.timeline.starts[0] == "2024-01-01"
    np.testing.assert_allclose(report.timeline.shares, expected)


@pytest.mark.parametrize(
    ("first", "step", "unit"),
    [
        ("2024-01-01", 1, "day"),
        ("2024-01-01", 7, "week"),
        ("2024-01", 1, "month"),
        ("2021-10", 3, "quarter"),
        ("2011", 1, "year"),
        ("1890", 10, "decade"),
    ],
)
def test_a_bin_without_documents_has_its_place_and_no_shares(first, step, unit):
    """Of twelve bins in a row the fifth holds nothing."""
    days = np.delete(np.datetime64(first) + step * np.arange(12), 4)
    dated = TopicModel(2, stability_runs=0).fit(np.eye(11)[np.arange(110) % 11] + 0.1, dates=np.repeat(days, 10))
    timeline = report_of(dated).timeline
    assert timeline.unit == unit
    assert len(timeline.bins) == len(set(timeline.bins)) == 12
    assert [b for b, shares in enumerate(timeline.shares) if shares is None] == [4]
    assert timeline.documents[4] == 0
    assert sum(timeline.documents) == 110


@pytest.mark.parametrize(
    ("first", "step", "unit"),
    [
        ("2024-01-01", 1, "day"),
        ("2024-01-01", 7, "week"),
        ("2020-01-01", 31, "month"),
        ("2010-01-01", 92, "quarter"),
        ("1950-01-01", 400, "year"),
        ("1600-01-01", 3650, "decade"),
    ],
)
def test_bins_of_time_are_as_short_as_a_chart_has_room_for(first, step, unit):
    days = np.datetime64(first) + step * (np.arange(480) // 12)
    dated = TopicModel(2, stability_runs=0).fit(np.eye(12)[np.arange(480) % 12] + 0.1, dates=days.astype(str))
    timeline = report_of(dated).timeline
    assert timeline.unit == unit
    assert len(timeline.bins) <= 48
    assert timeline.starts == sorted(timeline.starts)


def test_the_map_keeps_the_distances_of_three_topics_exactly(model, report):
    """Three points lie in a plane, so that two dimensions show everything."""
    assert report.mapped == pytest.approx(1)
    unit = model.components_ / np.linalg.norm(model.components_, axis=1, keepdims=True)
    places = np.array([topic.place for topic in report.topics])
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert np.linalg.norm(places[a] - places[b]) == pytest.approx(np.linalg.norm(unit[a] - unit[b]), abs=1e-3)


def test_documents_explained_worst_come_first_and_those_without_words_are_counted(model, report):
    fit = model.document_table().set_index("id")["fit"]
    worst = [one.document.id for one in report.unexplained]
    assert fit[worst].tolist() == sorted(fit[:48])[: len(worst)]
    assert report.unplaced == 2


def test_passages_have_words_of_their_topic_and_differ_in_half_their_words(model):
    for topic in report_of(model).topics:
        passages = ["".join(piece for piece, _ in passage.pieces) for passage in topic.passages]
        assert 2 <= len(passages) <= 4
        assert all(any(mark for _, mark in passage.pieces) for passage in topic.passages)
        words = [set(model._topics.documents.analyze(passage)) for passage in passages]
        assert all(len(a & b) <= len(a | b) / 2 for a, b in combinations(words, 2))


def test_the_list_of_a_topic_has_its_documents_most_typical_first(model, report):
    table = model.document_table()
    for topic in report.topics:
        assert topic.listed[0].document.id == model.documents(topic.index, 1)["id"][0]
        own = table[table["topic"] == topic.index].set_index("id")
        assert {one.document.id: pytest.approx(one.share) for one in topic.listed} == own["share"].to_dict()
        assert topic.listed[0].document.beginning.startswith("The ")


def test_the_code_to_repeat_a_model_makes_the_same_model(model, report):
    code = "\n".join(report.repeat)
    assert "partwise report news.model" in code
    made = eval(re.search(r"model = (TopicModel\(.*\))", code)[1], {"TopicModel": TopicModel})
    assert made.get_params() == model.get_params()
    assert "model.fit(texts, ids=ids, dates=dates)" in code


def test_documents_have_the_titles_addresses_and_sections_that_were_fitted_with_them():
    texts = ["a cup final", "the cup match", "bank rates", "rates rise"]
    metadata = {"title": ["A", "B", "C", ""], "url": ["https://example.org", "", "", ""], "desk": ["x"] * 4}
    report = report_of(TopicModel(2, stability_runs=0).fit(texts, metadata=metadata))
    found = {one.document.id: one.document for topic in report.topics for one in topic.listed}
    assert [(found[i].title, found[i].url, found[i].section) for i in "0123"] == [
        ("A", "https://example.org", ""),
        ("B", "", ""),
        ("C", "", ""),
        ("", "", ""),
    ]
    passages = [passage.document for topic in report.topics for passage in topic.passages]
    assert {document.title for document in passages} >= {"A", "C"}
    assert "model.fit(texts, metadata=metadata)" in report.repeat


def test_a_long_title_is_cut():
    model = TopicModel(1).fit(["a cup final", "the cup match"], metadata={"title": ["long " * 99, "short"]})
    titles = {one.document.id: one.document.title for one in report_of(model).topics[0].listed}
    assert titles == {"0": "long " * 39 + "long…", "1": "short"}


def test_the_code_to_repeat_a_stream_has_its_batches():
    model = TopicModel(2, stability_runs=0)
    for texts in (["a cup final", "the cup match"], ["bank rates", "rates rise"]):
        model.partial_fit(texts)
    assert "for texts in batches:  # 2 of them\n    model.partial_fit(texts)" in "\n".join(report_of(model).repeat)


def test_a_model_without_a_fit_has_no_report(tmp_path):
    with pytest.raises(ValueError, match="not fitted yet"):
        TopicModel().report(tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_cannot_be_written_is_the_system_s_own_error(model, tmp_path):
    with pytest.raises(OSError, match="No such file") as raised:
        model.report(tmp_path / "nowhere" / "report.html")
    assert not isinstance(raised.value, PartwiseError)


def test_marks_find_words_whatever_their_case_and_in_pairs():
    words = re.compile(r"\w+").findall
    found = marked("Prime minister: PRIME time", ["prime minister"], lambda text: words(text.lower()))
    assert [piece for piece, mark in found if mark] == ["Prime", "minister", "PRIME"]
    assert "".join(piece for piece, _ in found) == "Prime minister: PRIME time"


def test_marks_find_words_that_no_space_divides():
    def pairs(text):
        return [text[i : i + 2] for i in range(0, len(text), 2)]

    assert marked("经济增长。", ["增长"], pairs) == [("经济", False), ("增长", True), ("。", False)]
