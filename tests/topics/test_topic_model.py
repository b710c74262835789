"""TopicModel: topics of known collections, and a place for every document."""

import gzip
import json

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from partwise.exceptions import DataError, MissingExtraError, ParameterError
from partwise.topics import TopicModel

SPORT = ["cup", "team", "goal", "coach", "league"]
MONEY = ["bank", "rates", "shares", "market", "profit"]


def collection(seed=0, n=30):
    """Texts of two subjects, ids that tell the subject."""
    rng = np.random.default_rng(seed)
    subjects = [SPORT if i % 2 else MONEY for i in range(n)]
    texts = [" ".join(rng.choice(subject, size=8)) for subject in subjects]
    return texts, [f"{'sport' if i % 2 else 'money'}{i}" for i in range(n)]


@pytest.fixture(scope="module")
def fitted():
    texts, ids = collection()
    return TopicModel(n_topics=2).fit([*texts, ""], [*ids, "empty"], ["2021", "2022"] * 15 + [""])


@pytest.fixture(scope="module")
def bbc(shared_data):
    with gzip.open(shared_data / "bbc_news" / "bbc_news.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def test_the_sections_of_a_newspaper_are_found(bbc):
    """Each topic stands for the section most of its articles are of: at least 95 of 100 articles are in theirs."""
    theta = TopicModel(n_topics=5).fit_transform([row["text"] for row in bbc])
    sections, section = np.unique([row["label"] for row in bbc], return_inverse=True)
    topic = theta.argmax(axis=1)
    right = sum(np.bincount(section[topic == t]).max() for t in range(5))
    assert right / len(bbc) >= 0.95
    assert len({np.bincount(section[topic == t]).argmax() for t in range(5)}) == len(sections)


def test_the_container_that_scikit_learn_is_told_is_that_of_the_answer_only():
    pd = pytest.importorskip("pandas")
    texts, ids = collection()
    plain = TopicModel(n_topics=2).fit_transform(texts, ids)
    with sklearn.config_context(transform_output="pandas"):
        model = TopicModel(n_topics=2)
        frame = model.fit_transform(texts, ids)
    assert isinstance(frame, pd.DataFrame)
    np.testing.assert_array_equal(frame.to_numpy(), plain)
    np.testing.assert_array_equal(model.document_topics_, plain)


def test_a_fit_that_fails_leaves_the_topics_that_were_found_before():
    texts, ids = collection()
    model = TopicModel(n_topics=2).fit(texts, ids)
    before, found = model.records(), model.similar("sport1", 3)["id"].tolist()
    with pytest.raises(DataError, match="no document has a word"):
        model.fit(np.zeros((3, 2)), ["a", "b", "c"])
    assert model.ids_ == ids
    assert model.records() == before
    assert model.similar("sport1", 3)["id"].tolist() == found


def test_two_subjects_are_told_apart(fitted):
    words = [{word for word, _ in fitted.top_words(topic, 5)} for topic in range(2)]
    assert [word for word, _ in fitted.top_words(0, 5, relevance=1)] == [
        fitted.words_[j] for j in np.argsort(-fitted.components_[0], kind="stable")[:5]
    ]
    with pytest.raises(ParameterError, match="relevance"):
        fitted.top_words(0, relevance=2)
    assert sorted(words, key=sorted) == sorted([set(SPORT), set(MONEY)], key=sorted)
    topic = fitted.document_topics_[:30].argmax(axis=1)
    assert set(topic[::2]).isdisjoint(topic[1::2])


def test_the_same_seed_gives_the_same_bits():
    texts, _ = collection()
    first, second = (TopicModel(n_topics=2).fit_transform(texts) for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_the_product_of_places_and_components_models_the_documents(fitted):
    texts, _ = collection()
    X = fitted.vectorizer_.transform([*texts, ""]).toarray()
    np.testing.assert_allclose(np.linalg.norm(fitted.components_, axis=1), 1)
    error = np.linalg.norm(X - fitted.document_topics_ @ fitted.components_) / np.linalg.norm(X)
    plain = TopicModel(n_topics=2, balanced=False).fit([*texts, ""])
    assert error == pytest.approx(plain.relative_error_, rel=1e-3)


@pytest.mark.parametrize("kind", [sp.csr_array, sp.csr_matrix, sp.coo_array, lambda X: X.toarray()])
def test_rows_of_words_are_placed_as_their_texts_are(fitted, kind):
    """Tools for scikit-learn's models, such as pyLDAvis, hand over the document-by-word matrix."""
    texts = collection()[0]
    X = fitted.vectorizer_.transform(texts)
    np.testing.assert_array_equal(fitted.transform(kind(X)), fitted.transform(texts))
    with pytest.raises(DataError, match=f"fitted with {X.shape[1]} features"):
        fitted.transform(kind(X[:, 1:]))


def test_fitted_documents_are_placed_where_transform_places_them(fitted):
    texts, _ = collection()
    np.testing.assert_allclose(fitted.transform([*texts, ""]), fitted.document_topics_, rtol=1e-6, atol=1e-9)


def test_topics_are_sorted_by_share_and_shares_sum_to_one(fitted):
    assert fitted.shares_.sum() == pytest.approx(1)
    assert list(fitted.shares_) == sorted(fitted.shares_, reverse=True)


def test_an_empty_document_is_kept_and_placed_nowhere(fitted):
    assert fitted.ids_[-1] == "empty"
    assert not fitted.document_topics_[-1].any()
    assert "empty" not in set(fitted.similar("sport1", n=100)["id"])


def test_the_table_lists_what_the_other_methods_give(fitted):
    for topic, row in zip(fitted.records(n_words=3), fitted.table(n_words=3).itertuples(), strict=True):
        assert topic.index == row.topic
        assert topic.label == row.label == fitted.labels_[topic.index]
        assert topic.words == row.words.split(", ") == [word for word, _ in fitted.top_words(topic.index, 3)]
        assert topic.document == row.document == fitted.documents(topic.index, 1)["id"][0]
        assert topic.peak == row.peak == ("2022" if topic.document.startswith("sport") else "2021")
        assert (topic.share, topic.npmi, topic.stability) == (row.share, row.npmi, row.stability)
    assert (fitted.stability_ > 0.99).all()
    assert fitted.diversity_ == 1


def test_without_dates_topics_have_no_peak():
    texts, _ = collection()
    model = TopicModel(n_topics=2).fit(texts)
    assert {topic.peak for topic in model.records()} == {""}
    assert "peak" not in model.table()


def test_the_table_is_the_same_at_any_number_of_threads():
    texts, _ = collection(n=300)
    first, second = (TopicModel(n_topics=3, n_jobs=n_jobs).fit(texts).table() for n_jobs in (1, 2))
    assert first.equals(second)


def test_without_refits_stability_is_not_known():
    texts, _ = collection()
    assert np.isnan(TopicModel(n_topics=2, stability_runs=0).fit(texts).stability_).all()


def test_labels_can_be_set_and_taken_back():
    texts, _ = collection()
    model = TopicModel(n_topics=2).fit(texts)
    before = list(model.labels_)
    assert model.set_labels({1: "Sport"}).labels_ == [before[0], "Sport"]
    assert model.table()["label"].tolist() == model.labels_
    assert model.set_labels({1: ""}).labels_ == before
    with pytest.raises(ParameterError, match="from 0 to 1"):
        model.set_labels({2: "x"})


def test_documents_show_the_passage_that_says_most_of_the_topic():
    filler = "Nothing is said here that anybody will remember tomorrow or on any later day of the week. " * 3
    texts, _ = collection()
    texts = [filler + text.capitalize() + ". " + filler for text in texts]
    model = TopicModel(n_topics=2).fit(texts)
    for topic in range(2):
        for found in model.typical(topic, 3):
            assert len(found.passage) <= 240
            assert found.words
            assert set(found.words) <= set(found.passage.lower().replace(".", "").split())
            assert found.passage.lower().split()[0] in (*SPORT, *MONEY)
    assert TopicModel(n_topics=2, keep_texts=False).fit(texts).typical(0, 1)[0].passage == ""


def test_the_document_table_tells_where_each_document_is_and_how_well_it_fits(fitted):
    table = fitted.document_table()
    assert table["id"].tolist() == fitted.ids_
    assert table["topic"].isna().tolist() == [False] * 30 + [True]
    X = fitted.vectorizer_.transform([collection()[0][4]]).toarray()[0]
    model = fitted.document_topics_[4] @ fitted.components_
    assert table["fit"][4] == pytest.approx(X @ model / np.linalg.norm(X) / np.linalg.norm(model))
    assert table["fit"][30] == 0
    assert list(table["date"][:2]) == ["2021", "2022"]


def test_words_in_a_topic_are_found_by_them(fitted):
    found = fitted.find("Goal, coach, unheard", n=5)
    assert len(found) == 1
    assert set(fitted.documents(found["topic"][0], 3)["id"].str[:5]) == {"sport"}
    assert set(found["words"][0].split(", ")) == {"goal", "coach"}
    assert 0 < found["score"][0] <= 1
    with pytest.raises(DataError, match=r"no word that any topic uses.*'coach'"):
        fitted.find("coahc")


def test_typical_documents_are_of_the_topic_and_ranked(fitted):
    for topic in range(2):
        found = fitted.documents(topic, 10)
        assert len(set(found["id"].str[:5])) == 1
        assert found["share"].between(0, 1).all()


@pytest.mark.parametrize(("asked", "part"), [("sport", "Did you mean"), ("empty", "no words in any topic")])
def test_nothing_is_similar_to_what_has_no_known_words(fitted, asked, part):
    with pytest.raises(DataError, match=part):
        fitted.similar(asked)


@pytest.mark.parametrize("topic", [-1, 2])
def test_a_topic_that_does_not_exist_is_refused(fitted, topic):
    with pytest.raises(ParameterError, match="from 0 to 1"):
        fitted.top_words(topic)
    with pytest.raises(ParameterError, match="from 0 to 1"):
        fitted.documents(topic)


@pytest.mark.parametrize(
    ("texts", "n_topics"),
    [(["one lone document"], 1), (["bank rates", "cup team", "film star"], 3), (["word"] * 3, 1), (["a word", ""], 1)],
)
def test_a_small_collection_has_no_more_topics_than_documents_or_words(texts, n_topics):
    model = TopicModel(n_topics=10)
    assert model.fit_transform(texts).shape == (len(texts), n_topics)
    assert model.n_topics_ == n_topics == len(model.table())


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"texts": []}, "no texts"),
        ({"texts": "one string"}, "single string"),
        ({"texts": ["a", None]}, r"texts\[1\] is NoneType"),
        ({"texts": ["", " "]}, "none of the 2 documents"),
        ({"texts": ["a", "b"], "ids": ["x"]}, "1 ids for 2 texts"),
        ({"texts": ["a", "b"], "dates": ["2021"]}, "1 dates for 2 texts"),
        ({"texts": ["a", "b"], "ids": ["x", "x"]}, r"ids\[0\] and ids\[1\] are both 'x'"),
        ({"texts": ["a", "b"], "dates": ["2021", "soon"]}, "document '1': 'soon' is not a date"),
    ],
)
def test_data_that_cannot_be_fitted_is_refused_with_the_place(arguments, part):
    with pytest.raises(DataError, match=part):
        TopicModel().fit(**arguments)


@pytest.mark.parametrize("n_topics", [0, -1, 2.5, "many"])
def test_a_number_of_topics_that_makes_no_sense_is_refused(n_topics):
    with pytest.raises(ParameterError, match="n_topics"):
        TopicModel(n_topics=n_topics).fit(["some words"])


def test_an_unfitted_model_says_so():
    for use in (lambda model: model.transform(["x"]), lambda model: model.table(), lambda model: model.similar("x")):
        with pytest.raises(NotFittedError):
            use(TopicModel())


def test_it_is_a_scikit_learn_transformer():
    texts, _ = collection()
    vectorizer = CountVectorizer()
    model = clone(TopicModel(n_topics=2, vectorizer=vectorizer))
    assert make_pipeline(model, Normalizer()).fit_transform(texts).shape == (30, 2)
    assert list(model.get_feature_names_out()) == ["topicmodel0", "topicmodel1"]
    assert not hasattr(vectorizer, "vocabulary_")


def test_callbacks_follow_the_factorization():
    pytest.importorskip("sklearn.callback", reason="needs scikit-learn 1.9")
    texts, _ = collection()
    steps = []
    model = TopicModel(n_topics=2).set_callbacks(Recorder(steps)).fit(texts)
    assert 0 < steps.count("iteration") <= model.n_iter_


class Recorder:
    """Keeps the name of every task that ends."""

    def __init__(self, steps):
        self.steps = steps

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        self.steps.append(context.task_name)


@pytest.mark.parametrize(
    "use",
    [
        lambda model: model.table(),
        lambda model: model.documents(0),
        lambda model: model.document_table(),
        lambda model: model.similar("sport1"),
        lambda model: model.find("goal"),
        lambda model: model.per_class([1] * 31),
    ],
)
def test_without_pandas_tables_name_the_extra_and_records_do_without(fitted, without, use):
    without("pandas")
    with pytest.raises(MissingExtraError, match=r"pandas.*partwise\[tables\]"):
        use(fitted)
    assert len(fitted.records()) == 2
    assert fitted.typical(0)
    assert fitted.neighbours("sport1")
