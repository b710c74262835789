"""Choices of TopicModel: loss, seeds, a matrix of one's own, the number of topics."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.feature_extraction.text import CountVectorizer

import partwise as pw
from partwise.exceptions import DataError, ParameterError
from partwise.topics import TopicModel
from partwise.topics.weights import balancing_weights

SPORT = ["cup", "team", "goal", "coach", "league"]
MONEY = ["bank", "rates", "shares", "market", "profit"]
FILM = ["film", "actor", "oscar", "director", "screen"]


SPORT, MONEY, FILM = ([word + end for word in own for end in ("", "al", "ing", "man")] for own in (SPORT, MONEY, FILM))


def texts_of(*subjects, n=60, seed=0):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(subjects[i % len(subjects)], size=8)) for i in range(n)]


def test_counts_are_modelled_by_their_divergence():
    texts = texts_of(SPORT, MONEY)
    model = TopicModel(n_topics=2, loss="kullback-leibler").fit(texts)
    np.testing.assert_allclose(model.components_.sum(axis=1), 1)
    np.testing.assert_allclose(model.document_topics_.sum(axis=1), model.X_.sum(axis=1), rtol=1e-6)
    np.testing.assert_allclose(model.transform(texts), model.document_topics_, rtol=1e-5, atol=1e-8)


def test_seeded_topics_keep_their_places():
    texts = texts_of(SPORT, MONEY, FILM, FILM)
    model = TopicModel(n_topics=3, seed_words=[["goal"], ["Shares", "unheard"]]).fit(texts)
    for topic, subject in enumerate((SPORT, MONEY, FILM)):
        assert {word for word, _ in model.top_words(topic, 5)} <= set(subject)


@pytest.mark.parametrize(
    ("seeds", "error", "part"),
    [
        ([["unheard"]], DataError, r"seed_words\[0\]"),
        (["goal"], ParameterError, "list of lists"),
        ([["goal"]] * 3, ParameterError, "3 lists for 2 topics"),
    ],
)
def test_seeds_that_make_no_topic_are_refused(seeds, error, part):
    with pytest.raises(error, match=part):
        TopicModel(n_topics=2, seed_words=seeds).fit(texts_of(SPORT, MONEY))


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_matrix, lambda X: pd.DataFrame(X, columns=["a", "b", "c"])])
def test_a_matrix_of_words_is_taken_as_it_is(kind):
    X = np.array([[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 3.0]])
    model = TopicModel(n_topics=2).fit(kind(X), words=["a", "b", "c"])
    assert sorted(word for topic in range(2) for word, _ in model.top_words(topic)) == ["a", "b", "c"]
    np.testing.assert_allclose(model.transform(X), model.document_topics_, atol=1e-9)
    assert model.similar("0", n=1)["id"][0] == "1"
    assert model.find("c", n=1)["score"][0] == pytest.approx(1)
    with pytest.raises(DataError, match="fitted to a matrix"):
        model.transform(["a"])
    with pytest.raises(DataError, match="2 words for 3"):
        TopicModel().fit(kind(X), words=["a", "b"])


def test_a_matrix_without_an_entry_is_refused():
    with pytest.raises(DataError, match="every entry"):
        TopicModel().fit(np.zeros((3, 2)))


def test_a_matrix_of_words_is_checked_as_data_of_any_model_are():
    X = np.array([[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 3.0]])
    one_based, model = sp.csr_array(X), TopicModel(n_topics=2).fit(X)
    one_based.indices += 1
    for take in (TopicModel(n_topics=2).fit, model.transform):
        for bad, words in (
            (one_based, r"texts stores an entry at row 2, column 3, outside its shape \(3, 3\).*subtract 1"),
            (np.ma.masked_array(X, X == 1), r"texts\[0, 1\] is unknown.*masked|X\[0, 1\] is unknown.*masked"),
            (pd.DataFrame(X, columns=["a", "b", "c"]).assign(b="x"), r"texts\[0, 'b'\] = 'x' is of type str"),
            (np.where(X == 2, np.inf, X), "infinity"),
        ):
            with pytest.raises(DataError, match=words):
                take(bad)
    with pytest.raises(DataError, match="texts must be a list"):
        TopicModel().fit(3)


def test_words_are_read_off_whatever_names_its_columns():
    X = np.array([[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 3.0]])
    anndata = pytest.importorskip("anndata")
    names = pd.DataFrame(index=["a", "b", "c"])
    model = TopicModel(n_topics=2).fit(anndata.AnnData(sp.csr_matrix(X), obs=names, var=names))
    assert [*model.words_] == ["a", "b", "c"]


def test_words_name_the_columns_of_a_matrix_alone():
    with pytest.raises(ParameterError, match="Leave it out"):
        TopicModel().fit(["bank"], words=["bank"])


def test_the_number_of_topics_is_chosen_with_a_reason():
    model = TopicModel(n_topics="auto").fit(texts_of(SPORT, MONEY, FILM, n=120))
    assert model.n_topics_ == 3
    assert model.rank_reason_.startswith("3 topics: ")


def test_documents_like_many_others_weigh_less_and_none_more_than_three_times_the_mean():
    X = sp.csr_array(np.vstack([np.tile([1.0, 0.0], (50, 1)), [[0.0, 1.0]]]))
    weights = balancing_weights(X)
    assert weights.mean() == pytest.approx(1)
    assert weights[-1] == weights.max() <= 3 * np.median(weights)
    assert (balancing_weights(sp.csr_array((2, 2))) == 1).all()


def test_where_a_document_is_placed_does_not_depend_on_the_weights_of_a_fit():
    texts = texts_of(SPORT, MONEY)
    plain, balanced = (TopicModel(n_topics=2, balanced=on).fit(texts) for on in (False, True))
    same = pw.match(plain, balanced).pairs[:, 1]  # two topics of one size come in either order
    np.testing.assert_allclose(plain.document_topics_, balanced.document_topics_[:, same], rtol=0.2, atol=0.05)
    np.testing.assert_allclose(balanced.transform(texts), balanced.document_topics_, atol=1e-9)


def words_of(model):
    return {*map(str, model.words_)}


def test_words_of_ones_own_are_left_out_beside_those_of_the_language(tmp_path):
    texts = ["the bank cuts rates", "the cup final", "Rates and the CUP"]
    model = TopicModel(1, stop_words=["Cup", "two words"], bigrams=True, stability_runs=0).fit(texts)
    assert words_of(model) == {"bank", "cuts", "rates", "final", "bank cuts", "cuts rates"}
    pw.save(model, tmp_path / "a.model")
    loaded = pw.load(tmp_path / "a.model").partial_fit(["the cup and new rates"])
    assert words_of(loaded) - words_of(model) == {"new", "new rates"}
    np.testing.assert_array_equal(pw.load(tmp_path / "a.model").transform(texts), model.transform(texts))


@pytest.mark.parametrize(("low", "high"), [(2, 3), (0.4, 0.6), (2, 0.75)])
def test_words_in_too_few_or_too_many_documents_are_left_out(tmp_path, low, high):
    texts = ["all bank rates", "all bank rates", "all cup bank", "all cup"]
    model = TopicModel(1, min_df=low, max_df=high, stability_runs=0).fit(texts)
    expected = {"bank", "rates", "cup"} if high != 0.6 else {"rates", "cup"}
    assert words_of(model) == expected
    pw.save(model, tmp_path / "a.model")
    batch = pw.load(tmp_path / "a.model").partial_fit(["all rare", "all rates"])
    assert words_of(batch) == expected


def test_a_loaded_model_takes_in_the_words_that_the_fitted_one_does(tmp_path):
    texts = [f"{'cup' if i % 2 else 'bank'} word{i % 20} other{i % 15}" for i in range(60)]
    model = TopicModel(2, stability_runs=0).fit(texts)
    pw.save(model, tmp_path / "a.model")
    batch = [f"common fresh{i % 4}" for i in range(40)]
    assert words_of(pw.load(tmp_path / "a.model").partial_fit(batch)) == words_of(model.partial_fit(batch))


@pytest.mark.parametrize(
    ("settings", "error", "part"),
    [
        ({"stop_words": "the"}, ParameterError, "must be a list"),
        ({"stop_words": [1]}, ParameterError, r"stop_words\[0\] must be a string"),
        ({"min_df": 0}, ParameterError, "min_df must be"),
        ({"max_df": 1.5}, ParameterError, "a share of the documents"),
        ({"min_df": 3}, DataError, r"Lower min_df \(--min-df\)"),
        ({"min_df": 2, "max_df": 1}, DataError, "Lower min_df"),
        ({"vectorizer": CountVectorizer(), "min_df": 2}, ParameterError, "chooses its words itself"),
    ],
)
def test_limits_that_leave_nothing_are_refused(settings, error, part):
    with pytest.raises(error, match=part):
        TopicModel(1, **settings).fit(["bank rates", "cup final"])


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_a_matrix_in_float32_gives_topics_in_float32(loss, tmp_path):
    X = sp.csr_array(np.random.default_rng(0).poisson(0.5, (60, 30)).astype(np.float32))
    model = TopicModel(3, loss=loss).fit(X)
    pw.save(model, tmp_path / "a.model")
    for made in (model, model.merge([0, 1]), model.split(0), pw.load(tmp_path / "a.model")):
        found = made.components_, made.document_topics_, made.X_, made.transform(X)
        assert [array.dtype for array in found] == [np.dtype(np.float32)] * 4
        np.testing.assert_allclose(made.shares_.sum(), 1)
    wide = TopicModel(3, loss=loss).fit(X.astype(np.float64))
    np.testing.assert_allclose(model.components_, wide.components_, atol=1e-4)


def test_documents_weigh_in_the_choice_of_a_number_what_they_weigh_in_the_fit():
    """A crowd of like documents, and four small subjects: without weights the crowd is cut."""
    rng = np.random.default_rng(0)
    X = sp.csr_array(np.kron(np.eye(5), rng.gamma(9, 1 / 9, (1, 8)))[np.repeat(range(5), [200, 9, 9, 9, 9])])
    X.data *= rng.gamma(2, 1 / 2, len(X.data))
    assert TopicModel("choose").fit(X).n_topics_ == 5
    assert TopicModel("choose", balanced=False).fit(X).n_topics_ > 5


@pytest.mark.parametrize("texts", [["the bank cut rates"], ["bank", ""], ["bank", "bank"]])
def test_a_single_document_or_word_has_one_topic_and_the_model_tells_why(texts):
    model = TopicModel("choose").fit(texts)
    assert model.n_topics_ == 1
    assert "single document or word" in model.rank_reason_
