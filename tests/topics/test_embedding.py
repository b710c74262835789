"""Embeddings: topics of texts that share no words, and a place for texts to come. No language model is needed."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.metrics import normalized_mutual_info_score

import partwise as pw
from partwise.exceptions import DataError, ParameterError
from partwise.topics import TopicModel, embedding
from partwise.topics.embedding import nearest, read_embeddings

FIRST = ("cup", "bank", "star", "farm")
LAST = [a + b for a in "abcdefghij" for b in "klmnop"]
ANY = [f"say{last}" for last in "abcdefghijkl"]


def make_short(n=240, seed=0):
    """Texts of two of the 60 words of their subject and of two that any may have; embeddings that know the subject."""
    rng = np.random.default_rng(seed)
    subject = np.arange(n) % 4
    texts = [" ".join([*(FIRST[s] + last for last in rng.choice(LAST, 2)), *rng.choice(ANY, 2)]) for s in subject]
    return texts, np.eye(4)[subject] + 0.25 * rng.standard_normal((n, 4)), subject


@pytest.fixture(scope="module")
def short():
    return make_short()


@pytest.fixture(scope="module")
def fitted(short):
    texts, E, _ = short
    return TopicModel(4, embeddings=E, stability_runs=0).fit(texts)


def embed(texts):
    """Return numbers by the subject of the first word, without a model."""
    return np.array([[float(text.startswith(w)) + 0.01 for w in FIRST] for text in texts])


def test_short_texts_are_sorted_by_subject(short, fitted):
    texts, _, subject = short
    without = TopicModel(4, stability_runs=0).fit(texts)
    with_them, alone = (
        normalized_mutual_info_score(subject, model.document_topics_.argmax(axis=1)) for model in (fitted, without)
    )
    assert with_them > 0.9 > 0.6 > alone
    for topic in range(4):  # and the words of a topic are of one subject, or of any
        assert len({word[:3] for word, _ in fitted.top_words(topic, 10)} - {"say"}) == 1


def test_neighbours_are_the_nearest_by_cosine(short):
    E = read_embeddings(short[1], None, 240)
    near = nearest(E, E).toarray()
    cosines = E.astype(np.float64) @ E.T.astype(np.float64)
    for i in range(240):
        best = np.argsort(-cosines[i])[: embedding.NEIGHBOURS]
        wanted = np.zeros(240)
        wanted[best] = np.maximum(cosines[i, best], 0)
        np.testing.assert_allclose(near[i], wanted / wanted.sum(), atol=1e-6)


def test_what_is_fitted_stays_sparse(short):
    texts = short[0]
    X = TopicModel(2, stability_runs=0).fit(texts).X_
    E = np.random.default_rng(1).standard_normal((240, 8))
    model = TopicModel(2, embeddings=E, stability_runs=0).fit(texts)
    assert (model.X_ != X).nnz == 0  # what is told of words is of the document's own
    data = model._topics.documents.data
    assert sp.issparse(data)
    assert X.nnz < data.nnz <= embedding.NEIGHBOURS * X.nnz


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_any_number_of_threads_gives_the_same_bits(short, loss, monkeypatch):
    monkeypatch.setattr(embedding, "ROWS", 32)
    texts, E, _ = short
    one, three = (
        TopicModel(4, loss=loss, embeddings=E, n_jobs=n_jobs, stability_runs=0).fit(texts) for n_jobs in (1, 3)
    )
    assert (one.components_ == three.components_).all()
    assert (one.document_topics_ == three.document_topics_).all()
    assert (one.transform(texts[:50], E[:50]) == three.transform(texts[:50], E[:50])).all()


def test_a_fitted_text_is_placed_where_it_was(short, fitted):
    texts, E, _ = short
    places = fitted.transform(texts, embeddings=E)
    assert (places.argmax(axis=1) == fitted.document_topics_.argmax(axis=1)).mean() > 0.98
    np.testing.assert_allclose(places[:7], fitted.transform(texts[:7], E[:7]), atol=1e-5)


def test_new_texts_are_placed_by_their_neighbours(fitted):
    texts, E, subject = make_short(seed=1)
    unknown = ["wordless"] * 240  # the words of neighbours are all there is
    for given in (texts, unknown):
        topic = fitted.transform(given, embeddings=E).argmax(axis=1)
        assert normalized_mutual_info_score(subject, topic) > 0.8


def test_a_function_makes_embeddings_of_texts_old_and_new(short):
    texts, _, _ = short
    model = TopicModel(4, embeddings=embed, stability_runs=0).fit(texts)
    given = TopicModel(4, embeddings=embed(texts), stability_runs=0).fit(texts)
    assert (model.components_ == given.components_).all()
    assert (model.transform(texts[:5]) == given.transform(texts[:5], embed(texts[:5]))).all()
    assert model.similar("cupak unheard", n=1)["score"].tolist()
    assert (clone(model).fit(texts).components_ == model.components_).all()
    streamed = TopicModel(4, embeddings=embed, keep_texts=False, stability_runs=0).fit(iter(texts))
    assert (streamed.components_ == model.components_).all()


def test_a_file_keeps_embeddings_and_no_function(short, tmp_path):
    texts, _, _ = short
    model = TopicModel(4, embeddings=embed, stability_runs=0).fit(texts)
    pw.save(model, tmp_path / "a.model")
    loaded = pw.load(tmp_path / "a.model")
    assert (loaded.document_topics_ == model.document_topics_).all()
    with pytest.raises(DataError, match=r"Pass theirs as embeddings=\.\.\., or set a function"):
        loaded.transform(texts[:3])
    assert loaded.similar("cupak cupbl", n=1)["score"].tolist()  # by its words alone
    placed = model.transform(texts[:3])
    assert (loaded.transform(texts[:3], embed(texts[:3])) == placed).all()
    assert (loaded.set_params(embeddings=embed).transform(texts[:3]) == placed).all()
    assert (loaded.merge([0, 1]).document_topics_ == model.merge([0, 1]).document_topics_).all()
    again = pw.load(tmp_path / "a.model")
    assert (clone(again).fit(texts).components_ == model.components_).all()  # its embeddings are its parameter
    with pytest.raises(DataError, match="embeddings"):
        clone(again).fit(texts[:100])
    pw.save(again, tmp_path / "b.model")
    assert (tmp_path / "a.model").read_bytes() == (tmp_path / "b.model").read_bytes()


def test_edits_stability_and_reports_know_of_neighbours(short, fitted, tmp_path):
    texts, E, subject = short
    merged = fitted.split(0).merge([0, 4])
    assert normalized_mutual_info_score(subject, merged.document_topics_.argmax(axis=1)) > 0.8
    stable = TopicModel(4, embeddings=E, stability_runs=2).fit(texts)
    assert stable.stability_.min() > 0.9
    fitted.report(tmp_path / "report.html")
    assert "240 rows of 4 numbers" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_documents_without_text_or_embedding_are_near_no_other(short):
    texts, E, _ = short
    E = E.copy()
    E[5] = 0
    model = TopicModel(4, embeddings=np.vstack([E, E[:1]]), stability_runs=0).fit([*texts, " "])
    data, X = model._topics.documents.data, model.X_
    assert (data[[5]] != X[[5]]).nnz == 0
    assert not model.document_topics_[-1].any()


def test_a_matrix_of_words_takes_an_array_and_no_function(short):
    texts, E, _ = short
    X = TopicModel(2, stability_runs=0).fit(texts).X_
    model = TopicModel(4, embeddings=E, stability_runs=0).fit(X)
    assert model.transform(X[:3], embeddings=E[:3]).shape == (3, 4)
    with pytest.raises(ParameterError, match="function of texts, and the documents are a matrix"):
        TopicModel(4, embeddings=embed).fit(X)


def test_large_and_tiny_numbers_and_integers_are_taken(short):
    E = short[1]
    unit = read_embeddings(E, None, 240)
    for scale in (1e300, 1e-200):
        np.testing.assert_allclose(read_embeddings(E * scale, None, 240), unit, rtol=1e-5)
    assert read_embeddings(np.array([[3, 4]], dtype=np.int8), None, 1).round(6).tolist() == pytest.approx(
        np.array([[0.6, 0.8]])
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda E: E[:-1], "239 rows for 240 documents"),
        (lambda E: E[:, 0], "not a matrix of numbers"),
        (lambda E: E.astype(str), "not a matrix of numbers"),
        (lambda E: E.astype(complex), "not a matrix of numbers"),
        (lambda E: sp.csr_array(E), "not a matrix of numbers"),
        (lambda E: [[1.0], [1.0, 2.0]], "is not an array of numbers"),
        (lambda E: np.where(E[3, 2] == E, np.nan, E), r"\[3, 2\] is nan, which is not finite"),
        (lambda E: np.zeros_like(E), "has only zeros"),
        (lambda E: E[:, :0], "rows of 0 numbers"),
    ],
)
def test_embeddings_that_do_not_fit_are_refused(short, change, said):
    texts, E, _ = short
    with pytest.raises(DataError, match=said):
        TopicModel(4, embeddings=change(E)).fit(texts)
    with pytest.raises(DataError, match=r"embeddings\(texts\) returned.*" + said):
        TopicModel(4, embeddings=lambda texts: change(E)).fit(texts)


def test_what_does_not_go_with_embeddings_says_the_way_out(short, fitted):
    texts, E, _ = short
    with pytest.raises(ParameterError, match="embeddings must be an array"):
        TopicModel(4, embeddings="minilm").fit(texts)
    with pytest.raises(ParameterError, match="max_memory does not go with embeddings"):
        TopicModel(4, embeddings=E, max_memory="1GiB").fit(texts)
    for model in (TopicModel(4, embeddings=E), clone(fitted), fitted):
        with pytest.raises(ParameterError, match="partial_fit does not work with embeddings"):
            model.partial_fit(texts)
    with pytest.raises(DataError, match="rows of 3 numbers; 4 are needed"):
        fitted.transform(texts, embeddings=E[:, :3])
    with pytest.raises(DataError, match="fitted without embeddings"):
        TopicModel(4).fit(texts).transform(texts, embeddings=E)
