"""The loss that topics are fitted by, chosen by what the halves of documents agree on."""

import numpy as np
import pytest
import scipy.sparse as sp

import partwise as pw
from partwise.topics import TopicModel, loss_choice
from partwise.topics.loss_choice import choose_loss


def made(n=400, seed=0):
    """Return damped counts of documents of four topics of forty words each, with ten words that all use."""
    rng = np.random.default_rng(seed)
    topics = np.kron(np.eye(4), np.ones(40)) + 0.1
    counts = np.stack([rng.poisson(30 * topics[i % 4] / topics[i % 4].sum()) for i in range(n)])
    X = sp.csr_array(counts.astype(float))
    X.data = 1 + np.log(X.data)
    return X


def test_counts_drawn_as_kullback_leibler_supposes_are_fitted_by_it():
    loss, reason = choose_loss(made(), 4)
    assert loss == "kullback-leibler"
    assert reason.startswith("Kullback-Leibler: halves of the words of 200 documents held out agree")


@pytest.mark.parametrize(("squared", "counts", "loss"), [(0.5, 0.52, "frobenius"), (0.5, 0.53, "kullback-leibler")])
def test_the_loss_that_halves_of_documents_agree_on_is_chosen(monkeypatch, squared, counts, loss):
    monkeypatch.setattr(loss_choice, "_agreement", lambda loss, *_: squared if loss == "frobenius" else counts)
    chosen, reason = choose_loss(made(), 4)
    assert chosen == loss
    assert ("not clearly more" in reason) == (loss == "frobenius")


def test_halves_of_a_document_hold_each_word_of_it_once():
    X = made(20)
    first, second = loss_choice._halves(X, np.random.default_rng(0))

    def count(part):
        return np.where(part.toarray() > 0, np.exp(part.toarray() - 1), 0)

    np.testing.assert_allclose(count(first) + count(second), count(X))


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_a_model_with_a_chosen_loss_is_as_one_that_was_told_it_and_is_saved(monkeypatch, tmp_path, loss):
    monkeypatch.setattr(loss_choice, "choose_loss", lambda *_: (loss, "Because."))
    texts = ["rates and inflation", "the bank cuts rates", "a cup final", "the cup goes to the home team"]
    model, told = TopicModel(2, loss="choose").fit(texts), TopicModel(2, loss=loss).fit(texts)
    assert (model.loss_, model.loss_reason_) == (loss, "Because.")
    assert model.components_.tobytes() == told.components_.tobytes()
    pw.save(model, tmp_path / "m.model")
    loaded = pw.load(tmp_path / "m.model")
    assert (loaded.loss_, loaded.loss_reason_) == (loss, "Because.")
    assert loaded.transform(texts).tobytes() == told.transform(texts).tobytes()
    assert not hasattr(model.set_params(loss=loss).fit(texts), "loss_")


def test_few_texts_and_a_matrix_are_fitted_by_squared_errors():
    assert "too few" in TopicModel(1, loss="choose").fit(["a cup final", "the bank"]).loss_reason_
    assert not hasattr(TopicModel(1, loss="choose").fit(np.eye(3)), "loss_")
