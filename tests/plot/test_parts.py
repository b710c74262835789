"""Parts of a model as images and bars, topics as words, weights as a structure plot."""

import numpy as np
import pytest

import partwise as pw
from partwise import plot

pytest.importorskip("matplotlib", reason="pictures need matplotlib")
from matplotlib.colors import to_hex

H = np.array([[3.0, 0.0, 1.0, 2.0], [0.0, 2.0, 0.0, 1.0]])


def names(ax):
    return [text.get_text() for text in ax.get_yticklabels()]


def widths(ax):
    return [bar.get_width() for bar in ax.patches]


def test_an_image_holds_the_part_row_by_row_on_a_scale_of_its_own():
    first, second = plot.components(H, (2, 2))
    np.testing.assert_array_equal(first.images[0].get_array(), [[3, 0], [1, 2]])
    np.testing.assert_array_equal(second.images[0].get_array(), [[0, 2], [0, 1]])
    assert [ax.images[0].get_clim() for ax in (first, second)] == [(0, 3), (0, 2)]
    assert first.images[0].get_cmap().name == "Greys"
    assert (first.get_title(), second.get_title()) == ("part 0", "part 1")


@pytest.mark.parametrize(("shape", "columns"), [((4, 4), 8), ((4, 12), 4), ((2, 24), 2)])
def test_wide_images_stand_side_by_side_in_fewer_columns(shape, columns):
    found = plot.components(np.ones((16, np.prod(shape))), shape)
    assert found[0].get_gridspec().ncols == columns


def test_a_part_in_colour_is_scaled_to_its_largest_entry():
    (ax,) = plot.components(np.arange(12.0)[None], (2, 2, 3))
    np.testing.assert_allclose(ax.images[0].get_array(), np.arange(12).reshape(2, 2, 3) / 11)


def test_a_part_of_both_signs_has_zero_in_the_middle_of_the_scale():
    (ax,) = plot.components([[-1.0, 4.0]], (1, 2))
    assert ax.images[0].get_clim() == (-4, 4)
    assert ax.figure.get_supxlabel() == "dark blue: below zero, grey: zero, yellow: above zero"


def test_a_part_of_zeros_says_so():
    images = plot.components([[0.0, 0.0], [1.0, 0.0]], (1, 2))
    assert [ax.get_title() for ax in images] == ["part 0", "part 1"]
    assert [[text.get_text() for text in ax.texts] for ax in images] == [["zero"], []]
    bars = plot.components([[0.0, 0.0], [1.0, 0.0]])
    assert [ax.get_title(loc="right") for ax in bars] == ["part 0 (zero)", "part 1"]
    assert widths(bars[0]) == []


def test_bars_are_the_largest_features_in_falling_order_and_none_of_zero():
    first, second = plot.components(H, n_top=2, feature_names=["a", "b", "c", "d"])
    assert (names(first), widths(first)) == (["a", "d"], [3, 2])
    assert (names(second), widths(second)) == (["b", "d"], [2, 1])
    assert len(plot.components(H)[1].patches) == 2
    top, bottom = first.get_ylim()
    assert top > bottom, "the first bar is on top"


def test_features_have_the_names_of_the_data(X):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=[f"gene {j}" for j in range(12)])
    found = plot.components(pw.factorize(frame, 2, random_state=0))
    assert all(name.startswith("gene ") for name in names(found[0]))
    assert names(plot.components(H)[0]) == ["feature 0", "feature 3", "feature 2"]


@pytest.mark.parametrize(("shape", "most"), [((1, 2), 40), (None, 12)])
def test_too_many_parts_say_how_many_are_shown(shape, most):
    many = np.ones((60, 2))
    found = plot.components(many, shape)
    assert len(found) == most
    assert found[0].figure.get_suptitle() == f"the first {most} of 60 parts; parts=[...] shows others"
    asked = plot.components(many, shape, parts=[59, 3])
    assert [ax.get_title(loc="center" if shape else "right") for ax in asked] == ["part 59", "part 3"]
    assert asked[0].figure.get_suptitle() == ""


def test_words_are_those_that_the_topic_model_lists(topics):
    found = plot.words(topics, n_words=5, parts=[2, 0])
    for ax, t in zip(found, (2, 0), strict=True):
        listed = topics.top_words(t, 5)
        assert names(ax) == [word for word, _ in listed]
        np.testing.assert_allclose(widths(ax), [weight for _, weight in listed])
        assert ax.get_title(loc="right").startswith(f"{t}: ")


def test_words_of_another_model_are_those_of_the_largest_weight():
    (_, ax) = plot.words(H, feature_names=["of", "war", "to", "a name of thirty-two letters, $5"])
    assert names(ax) == ["war", "a name of thirty-two letter…"]
    assert ax.get_xlabel() == "weight in the topic"


def test_a_dollar_sign_in_a_name_is_escaped_once():
    assert names(plot.words(H, feature_names=["a", "b", "c", "$5"])[1])[-1] == r"\$5"


def steps(ax):
    """Label: (values, baseline, colour) of each stack."""
    return {
        label: (patch.get_data().values, patch.get_data().baseline, to_hex(patch.get_facecolor()))
        for patch, label in zip(*ax.get_legend_handles_labels(), strict=True)
    }


def test_rows_are_stacked_to_one_sorted_by_their_largest_part():
    W = np.array([[1.0, 3.0], [4.0, 1.0], [0.0, 2.0], [1.0, 1.0]])
    first, second = steps(plot.weights(W)).values()
    np.testing.assert_allclose(first[0], [0.8, 0.5, 0, 0.25])  # rows 1, 3 (part 0), 2, 0 (part 1)
    np.testing.assert_allclose(second[0], 1)
    np.testing.assert_allclose(second[1], first[0])
    assert (first[2], second[2]) == ("#0072b2", "#e69f00")


def test_groups_lie_side_by_side_in_sorted_order_with_their_names_in_the_middle():
    W = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    ax = plot.weights(W, groups=["b", "b", "a", "a", "a"], shares=False)
    np.testing.assert_allclose(steps(ax)["part 0"][0], [1, 1, 0, 1, 0])
    assert [(text.get_text(), text.get_position()[0]) for text in ax.get_xticklabels()] == [("a", 1.5), ("b", 4)]
    assert [line.get_xdata()[0] for line in ax.lines] == [3]
    assert ax.get_ylabel() == "weight"


def test_of_a_model_a_weight_counts_what_it_contributes_to_the_row(X, model):
    found = steps(plot.weights(model, shares=False))
    W, H = model.factorization_.W, model.components_
    np.testing.assert_allclose(np.sort(found["part 2"][0]), np.sort((W @ H).sum(axis=1)))


def test_beyond_eight_parts_the_smaller_ones_are_joined_in_grey():
    W = np.r_[np.eye(10), np.eye(10)[2:]]
    found = steps(plot.weights(W))
    assert [*found] == [*(f"part {t}" for t in range(2, 10)), "2 others"]
    assert found["2 others"][2] == "#bbbbbb"
    np.testing.assert_allclose(found["2 others"][0], 1)
    assert len({colour for _, _, colour in found.values()}) == 9
    assert [*steps(plot.weights(W, parts=[7, 1]))] == ["part 1", "part 7", "8 others"]


def test_few_rows_have_their_names_in_the_order_drawn():
    ax = plot.weights(np.array([[0.0, 1.0], [1.0, 0.0]]), row_names=["x", "y"], labels=["left", "right"])
    assert [text.get_text() for text in ax.get_xticklabels()] == ["y", "x"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["right", "left"]


def test_many_groups_are_counted_and_not_named():
    ax = plot.weights(np.ones((40, 2)), groups=range(40))
    assert ax.get_xlabel() == "40 groups, in sorted order"


def test_a_topic_model_shows_its_documents(topics):
    ax = plot.weights(topics)
    assert ax.get_xlim() == (0, len(topics.ids_))
    assert next(iter(steps(ax))).startswith("0: ")
