"""What a model leaves, and two models side by side."""

import numpy as np
import pytest
import scipy.sparse as sp

import partwise as pw
from partwise import plot

pytest.importorskip("matplotlib", reason="pictures need matplotlib")


@pytest.mark.parametrize("by", ["rows", "columns"])
@pytest.mark.parametrize("relative", [True, False])
def test_errors_are_those_of_diagnose_and_the_largest_have_names(X, model, by, relative):
    found, one = pw.diagnose(X, model), by[:-1]
    errors = getattr(found, f"{one}_relative_error" if relative else f"{one}_error")
    ax = plot.residuals(X, model, by=by, relative=relative)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), errors)
    assert [int(text.get_text()) for text in ax.texts] == np.argsort(-errors)[:5].tolist()
    assert ax.get_xlabel() == f"{one} of X"
    if relative:
        assert ax.lines[1].get_ydata()[0] == pytest.approx(found.relative_error)


def test_rows_of_zeros_have_no_relative_error_and_are_counted():
    X = np.array([[1.0, 2.0], [0.0, 0.0], [2.0, 3.0]])
    ax = plot.residuals(X, (np.ones((3, 1)), np.ones((1, 2))), names=["a", "b", "c"])
    assert ax.lines[0].get_xdata().tolist() == [0, 2]
    assert ax.get_xlabel() == "row of X (1 of zeros left out)"
    assert {text.get_text() for text in ax.texts} == {"a", "c"}


@pytest.mark.parametrize("store", [np.array, sp.csr_array, sp.coo_array], ids=["dense", "CSR", "COO"])
def test_images_are_the_row_the_model_and_the_difference(X, model, store):
    W, H = model.transform(X), model.components_
    found = plot.residuals(store(X), model, (3, 4), rows=[5, 2])
    for column, i in enumerate((5, 2)):
        shown = [ax.images[0].get_array() for ax in found[:, column]]
        for image, row in zip(shown, (X[i], W[i] @ H, X[i] - W[i] @ H), strict=True):
            np.testing.assert_allclose(image, row.reshape(3, 4), atol=1e-6)
    assert found[0, 0].get_title().startswith("row 5\nerror ")
    low, high = found[2, 0].images[0].get_clim()
    assert low == -high == found[2, 1].images[0].get_clim()[0]
    assert [ax.get_ylabel() for ax in found[:, 0]] == ["X", "W H", "X - W H"]


def test_images_are_of_the_worst_rows_unless_rows_are_named(X, model):
    found = plot.residuals(X, model, (2, 2, 3), relative=False)
    worst = np.argsort(-pw.diagnose(X, model).row_error)[:6]
    assert [ax.get_title() for ax in found[0]] == [f"row {i}" for i in worst]
    assert found[0, 0].images[0].get_array().shape == (2, 2, 3)
    assert found[2, 0].images[0].get_array().shape == (2, 2)


def test_unknown_entries_stay_blank(X):
    unknown = X.copy()
    unknown[0, 3] = np.nan
    model = pw.NMF(2, solver="mu", missing_values=np.nan, random_state=0).fit(unknown)
    found = plot.residuals(unknown, model, (3, 4), rows=[0])
    assert np.ma.getmaskarray(found[0, 0].images[0].get_array())[0, 3]


def test_cosines_are_in_matched_order_with_parts_left_over_behind():
    a = np.eye(4)[[0, 1]] + 0.01
    b = np.eye(4)[[3, 1, 0]] + 0.01
    ax = plot.comparison(a, b, names=("left", "right"))
    drawn = ax.images[0].get_array()
    np.testing.assert_allclose(np.diag(drawn), 1)
    assert drawn[:, 2].max() < 0.1
    assert [text.get_text() for text in ax.get_xticklabels()] == ["2", "1", "0"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["0", "1"]
    assert [text.get_text() for text in ax.texts] == [f"{value:.2f}" for value in drawn.ravel()]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("parts of right", "parts of left")
    assert ax.images[0].get_cmap().name == "cividis"
    assert ax.images[0].get_clim() == (0, 1)
    assert [line.get_xdata() for line in ax.lines] == [[1.5, 1.5]]


def test_many_parts_have_neither_numbers_in_cells_nor_on_the_axis():
    ax = plot.comparison(np.eye(45), np.eye(45))
    assert len(ax.texts) == len(ax.get_xticks()) == 0


def test_images_of_a_pair_stand_one_above_the_other_at_the_same_length():
    a = np.array([[0.0, 4.0], [2.0, 0.0]])
    found = plot.comparison(a, 7 * a[::-1], (1, 2), kind="pairs", parts=[1])
    assert found.shape == (2, 1)
    for ax in found[:, 0]:
        np.testing.assert_allclose(ax.images[0].get_array(), [[1, 0]])
    assert found[0, 0].get_title() == "1 and 0\ncosine 1.00"
    assert [ax.get_ylabel() for ax in found[:, 0]] == ["a", "b"]


def test_bars_of_a_pair_share_the_largest_features_of_both():
    a, b = np.array([[3.0, 4.0, 0.0]]), np.array([[0.0, 4.0, 3.0]])
    (ax,) = plot.comparison(a, b, kind="pairs", feature_names=["x", "y", "z"])
    assert [text.get_text() for text in ax.get_yticklabels()] == ["y", "x", "z"]
    first, second = ([bar.get_width() for bar in bars] for bars in ax.containers)
    np.testing.assert_allclose([first, second], [[0.8, 0.6, 0], [0.8, 0, 0.6]])
    assert ax.get_title(loc="right") == "0 and 0, cosine 0.64"
    assert [text.get_text() for text in ax.figure.legends[0].get_texts()] == ["a", "b"]


def test_topic_models_are_compared_by_word(topics):
    texts = pw.datasets.load_state_of_the_union().texts
    other = pw.TopicModel(4, random_state=0).fit(texts[10::30])
    found = pw.match(topics, other)
    ax = plot.comparison(topics, other)
    np.testing.assert_allclose(np.diag(ax.images[0].get_array()), found.similarity)
    drawn = plot.comparison(topics, other, kind="pairs")
    words = {*map(str, topics.words_), *map(str, other.words_)}
    assert {text.get_text() for ax in drawn for text in ax.get_yticklabels()} <= words


def test_too_many_pairs_say_how_many_are_shown():
    found = plot.comparison(np.eye(12), np.eye(12), kind="pairs")
    assert found.shape == (9,)
    assert found[0].figure.get_suptitle().startswith("the first 9 of 12 parts")
