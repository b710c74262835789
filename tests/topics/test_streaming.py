"""Streams: topics that keep their numbers, words that come up, births and deaths."""

import copy
import gzip
import json
from dataclasses import fields, is_dataclass
from datetime import datetime

import numpy as np
import pytest
import sklearn

import partwise as pw
from partwise.exceptions import DataError, ParameterError
from partwise.topics import TopicModel, streaming
from partwise.topics.memory import Memory

SUBJECTS = {
    "sport": ["cup", "team", "goal", "coach", "league", "referee"],
    "money": ["bank", "rates", "shares", "market", "profit", "loan"],
    "film": ["film", "actor", "oscar", "director", "screen", "script"],
}
# enough words that none is in a fifth of the documents
SUBJECTS = {
    name: [word + end for word in own for end in ("", "al", "ing", "less", "man")] for name, own in SUBJECTS.items()
}


def batch(subjects, seed, n=60):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(SUBJECTS[subjects[i % len(subjects)]], size=8)) for i in range(n)]


def subject(model, topic):
    words = {word for word, _ in model.top_words(topic, 3)}
    return next((name for name, own in SUBJECTS.items() if words <= set(own)), None)


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_a_stream_finds_the_topics_of_one_fit(loss):
    parts = [batch(list(SUBJECTS), seed) for seed in range(4)]
    model = TopicModel(n_topics=3, loss=loss)
    for part in parts:
        model.partial_fit(part)
    full = TopicModel(n_topics=3, loss=loss).fit([text for part in parts for text in part])
    assert (pw.match(model, full).similarity > 0.95).all()
    assert model.document_topics_.shape == (240, 3)
    assert model.events_ == []
    assert (model.drift_ > 0.9).all()
    assert model.shares_.sum() == pytest.approx(1)


def test_topics_are_born_whatever_container_scikit_learn_is_told():
    pytest.importorskip("pandas")
    with sklearn.config_context(transform_output="pandas"):
        model = TopicModel(n_topics=2).partial_fit(batch(["sport", "money"], 0))
        model.partial_fit(batch(["money", "film"], 1))
    assert [(event.kind, event.topic) for event in model.events_] == [("born", 2)]


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_a_new_subject_gives_birth_to_a_topic_and_an_old_one_that_ends_dies_in_its_place(loss):
    model = TopicModel(n_topics=2, loss=loss, forget_factor=0.5).partial_fit(batch(["sport", "money"], 0))
    before = [subject(model, topic) for topic in range(2)]
    model.partial_fit(batch(["money", "film"], 1))
    assert [(event.batch, event.kind, event.topic) for event in model.events_] == [(1, "born", 2)]
    assert subject(model, 2) == "film"
    assert [subject(model, topic) for topic in range(2)] == before
    for seed in range(2, 10):
        model.partial_fit(batch(["money", "film"], seed))
    assert [subject(model, topic) for topic in range(3)] == [*before, "film"]
    assert [(event.kind, event.topic) for event in model.events_[1:]] == [("died", before.index("sport"))]
    model.partial_fit(batch(["sport"], 11))
    assert [(event.kind, event.topic) for event in model.events_[2:]] == [("returned", before.index("sport"))]
    assert model.transform(["actor and director"]).argmax() == 2


def test_words_that_come_up_get_columns_and_old_ones_keep_theirs():
    model = TopicModel(n_topics=2).partial_fit(batch(["sport", "money"], 0))
    before = list(model.words_)
    model.partial_fit([*batch(["sport", "money"], 1), "goal striker", "goal striker cup"])
    assert list(model.words_[: len(before)]) == before
    assert "striker" in model.words_[len(before) :]
    topic = next(t for t in range(2) if subject(model, t) == "sport")
    assert model.transform(["striker"])[0].argmax() == topic


def test_the_documents_of_a_stream_are_found():
    model = TopicModel(n_topics=2).partial_fit(batch(["sport", "money"], 0), dates=["2024"] * 60)
    model.partial_fit(batch(["sport", "money"], 1), dates=["2025"] * 60)
    assert model.ids_[60:62] == ["60", "61"]
    assert {int(name) % 2 for name in model.similar("61", n=10)["id"]} == {1}
    assert model.over_time("year")["bin"].unique().tolist() == ["2024", "2025"]
    assert len(model.document_table()) == 120


def test_a_stream_has_the_same_bits_every_time():
    first, second = (
        TopicModel(n_topics=3, n_jobs=n_jobs)
        .partial_fit(batch(list(SUBJECTS), 0))
        .partial_fit(batch(list(SUBJECTS), 1))
        for n_jobs in (1, 2)
    )
    assert first.components_.tobytes() == second.components_.tobytes()


def test_a_fitted_model_goes_on_with_a_stream_and_an_edited_one_too():
    model = TopicModel(n_topics=3).fit(batch(list(SUBJECTS), 0))
    assert model.partial_fit(batch(list(SUBJECTS), 1)).n_batches_ == 2
    assert model.merge([0, 1]).partial_fit(batch(list(SUBJECTS), 2)).document_topics_.shape[0] == 180


@pytest.mark.parametrize("texts", [[""], ["unheard of"], [""] * 50])
def test_a_batch_without_known_words_changes_no_topic(texts):
    model = TopicModel(n_topics=2).partial_fit(batch(["sport", "money"], 0))
    before = model.components_.copy()
    model.partial_fit(texts)
    np.testing.assert_allclose(model.components_[:, : before.shape[1]], before, atol=0.05)
    assert not model.document_topics_[60:].any()


def test_a_stream_that_cannot_go_on_says_why():
    model = TopicModel(n_topics=2).partial_fit(batch(["sport", "money"], 0))
    with pytest.raises(DataError, match="'5' is that of an earlier document"):
        model.partial_fit(["goal"], ids=["5"])
    with pytest.raises(DataError, match="some batches only"):
        model.partial_fit(["goal"], dates=["2024"])
    with pytest.raises(ParameterError, match="forget_factor must be a number from 0 to 1"):
        TopicModel(forget_factor=2).partial_fit(["goal"])
    with pytest.raises(DataError, match="fitted to a matrix"):
        TopicModel(n_topics=1).fit(np.eye(3)).partial_fit(["goal"])


@pytest.mark.parametrize("squared", [True, False])
def test_memory_does_not_depend_on_the_scale_between_topics_and_places(squared):
    rng = np.random.default_rng(0)
    X, theta, H = rng.random((20, 6)), rng.random((20, 2)), rng.random((2, 6))
    lengths = np.array([2.0, 0.5])
    memory = Memory.empty(squared, 2, 6).with_batch(X, theta, H, 1.0)
    other = Memory.empty(squared, 2, 6).with_batch(X, theta * lengths, H / lengths[:, None], 1.0)
    np.testing.assert_allclose(memory.rescaled(lengths).gram, other.gram)
    np.testing.assert_allclose(memory.rescaled(lengths).cross, other.cross)


def sections(shared_data):
    """Texts of BBC by section, in an order of their own."""
    with gzip.open(shared_data / "bbc_news" / "bbc_news.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    rows = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    return {name: [row["text"] for row in rows if row["label"] == name] for name in sorted({r["label"] for r in rows})}


def test_a_section_that_a_newspaper_adds_is_one_new_topic(shared_data):
    """Four sections in four batches, and a fifth from the third on: one topic is born, in that batch, of its words."""
    texts = sections(shared_data)
    sport, other = texts["sport"], [text for name, own in texts.items() if name != "sport" for text in own]
    model = TopicModel(n_topics=4, stability_runs=0)
    for number in range(4):
        model.partial_fit(other[number::4] + (sport[number - 2 :: 2] if number >= 2 else []))
    assert [(event.batch, event.kind, event.topic) for event in model.events_] == [(2, "born", 4)]
    assert {"game", "match", "win"} <= {word for word, _ in model.top_words(4)}


def test_sections_that_a_newspaper_adds_one_a_batch_are_born_in_these_batches(shared_data):
    texts = sections(shared_data)
    names = ["business", "politics", "sport", "entertainment", "tech"]
    model = TopicModel(n_topics=2, stability_runs=0)
    for number in range(5):
        model.partial_fit([text for name in names[: max(number, 1) + 1] for text in texts[name][number::5]])
    assert [(event.batch, event.kind) for event in model.events_] == [(2, "born"), (3, "born"), (4, "born")]
    for topic, name in enumerate(names[2:], start=2):
        places = model.transform(texts[name])
        assert (places.argmax(axis=1) == topic).mean() > 0.6


def test_sections_in_no_order_have_no_births(shared_data):
    texts = [text for own in sections(shared_data).values() for text in own]
    texts = [texts[i] for i in np.random.default_rng(1).permutation(len(texts))]
    model = TopicModel(n_topics=5, stability_runs=0)
    for number in range(6):
        model.partial_fit(texts[number::6])
    assert model.events_ == []


def test_wires_by_date_have_few_births_of_words_that_have_come_up(shared_data):
    """Every fifth wire of Reuters, two thirds of a year in ten batches: news change, but not all the time."""
    with gzip.open(shared_data / "reuters21578" / "reuters21578.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    rows = [row for row in rows[::5] if len(row["text"]) > 200]
    days = [datetime.strptime(row["date"].split()[0], "%d-%b-%Y") for row in rows]
    order, births = np.argsort(days, kind="stable"), {}
    for name, rows_in_order in (("date", order), ("shuffled", np.random.default_rng(0).permutation(order))):
        model = TopicModel(n_topics=10, stability_runs=0)
        for part in np.array_split(rows_in_order, 10):
            model.partial_fit([f"{rows[i]['title']}. {rows[i]['text']}" for i in part])
        births[name] = [event for event in model.events_ if event.kind == "born"]
    assert len(births["shuffled"]) <= 1
    assert len(births["date"]) <= 3
    assert any("iranian" in event.label for event in births["date"])  # the attack on a platform of October 1987


def group(name, seed, n=80):
    """Posts of one group: half of the words are of the group, and half of one of its four threads."""
    rng = np.random.default_rng(seed)
    own = [f"{name}x{end}" for end in "abcdefghijklmnopqrst"]
    threads = [[f"{name}{thread}{end}" for end in "abcdefghijklmnopqrst"] for thread in "wxyz"]
    return [" ".join([*rng.choice(own, 6), *rng.choice(threads[i % 4], 6)]) for i in range(n)]


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_groups_that_come_one_after_another_are_one_topic_each_whatever_threads_they_have(loss):
    names = ["bikes", "space", "chess", "cooks", "boats"]
    model = TopicModel(n_topics=4, loss=loss, stability_runs=0)
    for seed, name in enumerate(names):
        model.partial_fit(group(name, seed))
    assert [(event.batch, event.kind) for event in model.events_ if event.kind == "born"] == [
        (batch, "born") for batch in range(1, len(names))
    ]
    for topic, name in enumerate(names[1:], start=4):
        assert all(word.startswith(name) for word, _ in model.top_words(topic, 5))


def test_a_shuffled_stream_has_no_births():
    posts = [text for seed, name in enumerate(["bikes", "space", "chess", "cooks"]) for text in group(name, seed)]
    posts = [posts[i] for i in np.random.default_rng(0).permutation(len(posts))]
    model = TopicModel(n_topics=4, stability_runs=0)
    for part in range(4):
        model.partial_fit(posts[part::4])
    assert model.events_ == []


def values(held):
    """Everything that a model holds, to the bit, without what is only remembered for speed."""
    if hasattr(held, "tobytes"):
        return held.tobytes() if held.dtype != object else held.tolist()
    if hasattr(held, "indptr"):
        return [held.shape, *(part.tobytes() for part in (held.data, held.indices, held.indptr))]
    if isinstance(held, dict):
        return {name: values(value) for name, value in held.items()}
    if is_dataclass(held):
        return {field.name: values(getattr(held, field.name)) for field in fields(held) if field.name != "kept"}
    return values(vars(held)) if type(held).__module__.startswith("partwise.topics") else repr(held)


@pytest.mark.parametrize("forget_factor", [0.5, 1.0])
@pytest.mark.parametrize(
    ("texts", "ids", "dates"),
    [
        (["goal striker"] * 2, None, ["2025", "yesterday"]),
        (["goal striker"] * 2, None, ["2025"]),
        (["goal striker"] * 2, ["new", "new"], ["2025"] * 2),
        (["goal striker"] * 2, ["new", "5"], ["2025"] * 2),
        (["goal striker", None], None, ["2025"] * 2),
    ],
    ids=["date", "too few dates", "own id", "earlier id", "text"],
)
def test_a_batch_that_is_refused_leaves_no_trace(texts, ids, dates, forget_factor):
    model = TopicModel(n_topics=2, forget_factor=forget_factor)
    model.partial_fit(batch(["sport", "money"], 0), dates=["2024"] * 60)
    never_failed = copy.deepcopy(model)
    before = values(vars(model))
    with pytest.raises(DataError):
        model.partial_fit(texts, ids, dates)
    assert values(vars(model)) == before
    for one in (model, never_failed):
        one.partial_fit(["goal striker"] * 2, dates=["2025"] * 2)
    assert values(vars(model)) == values(vars(never_failed))


def test_a_failure_in_the_midst_of_a_batch_leaves_no_trace(monkeypatch):
    model = TopicModel(n_topics=2, forget_factor=1.0)
    with pytest.raises(DataError):
        model.partial_fit(["goal"], dates=["yesterday"])
    assert not hasattr(model, "ids_")
    model.partial_fit(batch(["sport", "money"], 0))
    before = values(vars(model))

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(streaming, "_events", interrupted)
        with pytest.raises(KeyboardInterrupt):
            model.partial_fit(["goal striker"] * 2)
    assert values(vars(model)) == before
    assert "striker" in model.partial_fit(["goal striker"] * 2).words_


def test_words_that_wait_stand_in_the_order_of_the_texts():
    common = ["zebra", "apple", "mango", "kiwi", "banana"]  # in all documents, and so without a column
    model = TopicModel(n_topics=2).partial_fit([" ".join([*common, text]) for text in batch(["sport", "money"], 0)])
    assert [*model._stream.vocabulary.held][-5:] == common


def test_a_collection_of_few_words_keeps_them_when_it_grows():
    """From 50 documents on, words in a fifth of them are left out: but not all that there are."""
    texts = ["cup team goal" if i % 2 else "bank rates profit" for i in range(40)]
    model = TopicModel(2, stability_runs=0).fit(texts).partial_fit(texts[:20])
    assert model.document_topics_.any(axis=1).all()
