"""The fall of the loss, the search for a number of parts, and how far runs agree."""

import numpy as np
import pytest

import partwise as pw
from partwise import plot
from partwise.exceptions import ParameterError

pytest.importorskip("matplotlib", reason="pictures need matplotlib")
from matplotlib.colors import to_hex


@pytest.mark.parametrize("by", ["iterations", "seconds"])
def test_the_curve_of_each_fit_is_drawn_in_a_style_of_its_own(X, model, by):
    other = pw.factorize(X, 2, solver="mu", random_state=0)
    ax = plot.convergence(model, other, other.curve, by=by, labels=["hals", "mu", "again"])
    for line, curve in zip(ax.lines, (model.factorization_.curve, other.curve, other.curve), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), curve["iteration" if by == "iterations" else "seconds"])
        np.testing.assert_array_equal(line.get_ydata(), curve["loss"])
    assert len({(line.get_linestyle(), line.get_color()) for line in ax.lines}) == 3
    assert ax.get_xlabel() == ("iteration" if by == "iterations" else "seconds")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["hals", "mu", "again"]


def test_the_loss_is_named_if_all_fits_have_one(X, model, topics):
    assert plot.convergence(model, pw.factorize(X, 2)).get_ylabel() == "loss (frobenius)"
    other = pw.factorize(X, 2, loss="kullback-leibler")
    assert plot.convergence(model, other).get_ylabel() == "loss"
    ax = plot.convergence(topics)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), topics.curve_["loss"])
    assert ax.get_legend() is None


def test_a_loaded_topic_model_has_no_times_to_draw(topics, tmp_path):
    pw.save(topics, tmp_path / "topics.pw")
    loaded = pw.load(tmp_path / "topics.pw")
    with pytest.raises(ParameterError, match=r"fit 1: TopicModel.* Take by='iterations'\."):
        plot.convergence(topics, loaded, by="seconds")
    assert len(plot.convergence(loaded).lines) == 1


@pytest.mark.parametrize(("last", "scale"), [(0.5, "linear"), (0.05, "log"), (0.0, "linear")])
def test_a_loss_that_falls_far_has_a_logarithmic_axis(last, scale):
    curve = np.array([(1, 0.1, 1.0), (2, 0.2, last)], [("iteration", int), ("seconds", float), ("loss", float)])
    assert plot.convergence(curve).get_yscale() == scale


def test_the_error_of_each_number_of_parts_is_drawn_with_its_spread(choice):
    ax = plot.rank(choice)
    line, right = ax.lines[0], ax.figure.axes[1]
    assert line.get_xdata().tolist() == [1, 2, 3, 4]
    np.testing.assert_array_equal(line.get_ydata(), choice.table["error"])
    ends = np.array([segment[:, 1] for segment in ax.containers[0][2][0].get_segments()])
    np.testing.assert_allclose(np.diff(ends)[:, 0], 2 * choice.table["error_se"])
    np.testing.assert_array_equal(right.lines[0].get_ydata(), choice.table["stability"])
    assert right.lines[0].get_linestyle() != line.get_linestyle()
    assert choice.n_components in [line.get_xdata()[0] for line in ax.lines[-1:]]
    assert ax.get_title() == "3 parts"


def test_an_unclear_choice_says_so():
    records = [{"n_components": k, "error": 1.0, "error_se": 0.1, "stability": 1.0} for k in (1, 2)]
    assert plot.rank(pw.RankChoice(1, "No clear answer.", False, records)).get_title() == "1 part, not clear"


def test_a_search_with_penalties_shows_the_lowest_error_of_each_number(X):
    unknown = np.where(np.random.default_rng(0).random(X.shape) < 0.2, np.nan, X)
    choice = pw.choose_rank(unknown, ranks=(2, 3), folds=2, penalties="choose", missing_values=np.nan, random_state=0)
    ax = choice.plot()
    alone = [record for record in choice.records if record["starts"] == 1]
    lowest = [min(r["error"] for r in alone if r["n_components"] == k) for k in ax.lines[0].get_xdata()]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), lowest)
    assert ax.get_xlabel() == "number of parts, one start each"


def test_the_choice_of_a_fitted_model_is_drawn(X):
    model = pw.NMF("choose", random_state=0).fit(X)
    assert plot.rank(model).get_title().startswith(str(model.rank_choice_.n_components))


def test_rows_are_drawn_by_their_groups(agreed):
    ax = plot.consensus(agreed, kind="rows")
    C = agreed.consensus_matrix()
    drawn = np.asarray(ax.images[0].get_array())
    order = [int(text.get_text()) for text in ax.get_yticklabels()]
    np.testing.assert_array_equal(drawn, C[np.ix_(order, order)])
    neighbours = [np.diagonal(matrix, 1).mean() for matrix in (drawn, C)]
    assert neighbours[0] > neighbours[1]
    assert ax.get_xlabel() == "40 rows of X, by average linkage"


def test_reproducibility_has_a_bar_with_its_value_for_each_part(agreed):
    ax = plot.consensus(agreed)
    np.testing.assert_allclose([bar.get_height() for bar in ax.patches], agreed.reproducibility)
    assert [text.get_text() for text in ax.texts] == [f"{value:.2f}" for value in agreed.reproducibility]
    assert {to_hex(bar.get_facecolor()) for bar in ax.patches} == {"#0072b2"}
    assert ax.get_title() == "4 runs"
