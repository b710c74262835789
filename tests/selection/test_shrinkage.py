"""How many parts with which penalty: what predicts held-out entries best, and why, in a sentence."""

import time

import numpy as np
import pytest
from sklearn.datasets import load_digits

import partwise as pw
from partwise import NMF, choose_rank
from partwise.exceptions import ParameterError
from partwise.selection.shrinkage import _Search

RNG = np.random.default_rng(0)
WHOLE = RNG.gamma(0.5, 1.0, (90, 4)) @ RNG.gamma(0.5, 1.0, (4, 50)) + 0.3 * RNG.random((90, 50))
HIDDEN = RNG.random(WHOLE.shape) < 0.4
GAPS = np.where(HIDDEN, np.nan, WHOLE)


def off_by(W, H):
    return float(np.sqrt(np.mean(np.square(W @ H - WHOLE)[HIDDEN])))


@pytest.fixture(scope="module")
def model():
    return NMF("choose", missing_values=np.nan, random_state=0).fit(GAPS)


def test_hidden_entries_are_filled_in_better_than_without_a_penalty(model):
    plain = NMF(8, missing_values=np.nan, random_state=0, max_iter=1000)
    assert off_by(model.transform(GAPS), model.components_) < off_by(plain.fit_transform(GAPS), plain.components_)


def test_a_column_without_a_known_entry_is_the_mean_of_the_others():
    """A penalty alone would leave 0 there, the worst guess."""
    X = GAPS.copy()
    X[:, 7] = np.nan
    H = NMF("choose", missing_values=np.nan, random_state=0).fit(X).components_
    np.testing.assert_allclose(H[:, 7], np.delete(H, 7, axis=1).mean(axis=1), rtol=1e-5)
    assert H[:, 7].max() > 0


def test_the_model_tells_what_was_chosen_and_why(model):
    choice = model.rank_choice_
    assert model.n_components_ == choice.n_components == len(model.components_)
    assert choice.n_components % choice.n_starts == 0
    assert model.alpha_W_ * 50 == pytest.approx(choice.penalty_W.l2)
    assert model.alpha_H_ * 90 == pytest.approx(choice.penalty.l2)
    assert choice.reason.startswith(f"{choice.n_components // choice.n_starts} part")
    assert "penalty" in choice.reason
    assert choice.reason in str(choice)
    assert "l2" in repr(choice)


def test_w_has_a_lighter_penalty_where_that_predicts_better():
    """Digits come in tight groups: the penalty that finds their parts takes too much off the model."""
    whole = load_digits().data
    hidden = np.random.default_rng(3).random(whole.shape) < 0.3
    given = np.where(hidden, np.nan, whole)
    model = NMF("choose", missing_values=np.nan, random_state=0)
    lighter = model.fit_transform(given)
    choice = model.rank_choice_
    assert choice.penalty_W.l2 < choice.penalty.l2
    assert f"{choice.penalty_W.l2:.3g}" in choice.reason
    model.alpha_W_ = choice.penalty.l2 / whole.shape[1]
    errors = [np.linalg.norm((W @ model.components_ - whole)[hidden]) for W in (lighter, model.transform(given))]
    assert errors[0] < 0.98 * errors[1]


def test_transform_has_the_penalty_of_the_fit_after_saving_too(model, tmp_path):
    W = NMF("choose", missing_values=np.nan, random_state=0).fit_transform(GAPS)
    np.testing.assert_allclose(model.transform(GAPS), W, rtol=1e-6, atol=1e-9)
    pw.save(model, tmp_path / "model.partwise")
    np.testing.assert_array_equal(pw.load(tmp_path / "model.partwise").transform(GAPS), model.transform(GAPS))


def test_it_has_the_same_bits_at_any_number_of_jobs(model):
    two = NMF("choose", missing_values=np.nan, random_state=0, n_jobs=2).fit(GAPS)
    np.testing.assert_array_equal(two.components_, model.components_)


@pytest.mark.parametrize("unit", [1e-30, 1e30])
def test_it_goes_with_the_unit_of_x(model, unit):
    scaled = NMF("choose", missing_values=np.nan, random_state=0).fit(GAPS * unit)
    assert scaled.n_components_ == model.n_components_
    assert scaled.rank_choice_.penalty.l2 == pytest.approx(model.rank_choice_.penalty.l2 * unit, rel=1e-3)
    np.testing.assert_allclose(
        scaled.transform(GAPS * unit) @ scaled.components_ / unit, model.transform(GAPS) @ model.components_, rtol=0.02
    )


def test_a_penalty_of_ones_own_is_kept_and_a_choice_without_gaps_has_none():
    own = NMF("choose", alpha_W=0.01, missing_values=np.nan, random_state=0, max_iter=1000).fit(GAPS)
    whole = NMF("choose", random_state=0, max_iter=1000).fit(WHOLE)
    assert not hasattr(own, "alpha_W_")
    assert not hasattr(whole, "alpha_W_")


@pytest.mark.parametrize("X", [WHOLE, GAPS], ids=["whole", "gaps"])
def test_a_penalty_alone_is_chosen_for_a_number_of_parts(X):
    model = NMF(6, alpha_W="choose", missing_values=np.nan, random_state=0).fit(X)
    assert model.n_components_ == 6
    assert model.alpha_W_ > 0
    assert model.rank_choice_.n_starts == 1


def test_the_best_of_penalties_given_is_taken():
    choice = choose_rank(GAPS, ranks=[4, 8], penalties=[0.5, 1e4], missing_values=np.nan, random_state=0)
    assert choice.penalty.l2 == pytest.approx(0.5)
    assert {record["n_components"] for record in choice.records} == {4, 8}


def test_a_limit_of_time_is_kept_and_said():
    choice = choose_rank(GAPS, penalties="choose", missing_values=np.nan, random_state=0, max_time=1e-6)
    assert not choice.clear
    assert "time limit" in choice.reason


@pytest.mark.parametrize(("step", "ranks"), [("lighter", [4]), ("joined", None)])
def test_a_limit_that_comes_late_in_the_search_is_said_too(monkeypatch, step, ranks):
    """A clock that stands still until that step begins."""
    now, whole = [1.0], getattr(_Search, step)

    def begins(*args):
        now[0] += 100.0
        return whole(*args)

    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(_Search, step, begins)
    choice = choose_rank(GAPS, ranks=ranks, penalties=[0.5, 1.0], missing_values=np.nan, random_state=0, max_time=50.0)
    assert not choice.clear
    assert choice.reason.endswith("as far as the time limit let it look.")


@pytest.mark.parametrize(
    ("options", "words"),
    [({"alpha_H": 0.1}, "alpha_W='choose'"), ({"loss": 1}, "squared errors"), ({"upper": 1.0}, "alpha_W='choose'")],
)
def test_what_cannot_go_with_a_chosen_penalty_is_refused(options, words):
    with pytest.raises(ParameterError, match=words):
        NMF(3, alpha_W="choose", missing_values=np.nan, **options).fit(GAPS)


@pytest.mark.parametrize("penalties", ["auto", [], 3, [-1.0]])
def test_penalties_that_are_none_are_refused(penalties):
    with pytest.raises(ParameterError, match="penalties"):
        choose_rank(GAPS, penalties=penalties, missing_values=np.nan, random_state=0)
