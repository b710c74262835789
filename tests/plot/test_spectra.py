"""Signatures of mutations, spectra of materials, and sounds."""

import numpy as np
import pytest

import partwise as pw
from partwise import plot

pytest.importorskip("matplotlib", reason="pictures need matplotlib")
from matplotlib.colors import to_hex

FIRST = ["A[C>A]A", "A[C>A]C", "A[C>A]G", "A[C>A]T", "C[C>A]A"]
"""The first contexts in COSMIC's order."""
BASES = "ACGT"
BY_BASE = [f"{a}[{c}]{b}" for a in BASES for c in ("C>A", "C>G", "C>T", "T>A", "T>C", "T>G") for b in BASES]
"""The order of many tables of counts."""


def percent(ax):
    return [bar.get_height() for bar in ax.containers[0]]


def test_bars_are_shares_in_the_order_and_the_colours_of_cosmic():
    part = np.arange(96.0)
    (ax,) = plot.signature(part[None])
    np.testing.assert_allclose(percent(ax), 100 * part / part.sum())
    colours = [to_hex(bar.get_facecolor()) for bar in ax.containers[0]]
    assert colours[::16] == ["#03bcee", "#010101", "#e32926", "#cac9c9", "#a1ce63", "#ebc6c4"]
    assert colours[15] == colours[0]
    assert [text.get_text() for text in ax.texts] == ["C>A", "C>G", "C>T", "T>A", "T>C", "T>G"]
    assert [text.get_text() for text in ax.get_xticklabels()] == [*BASES] * 6


def test_columns_in_another_order_are_sorted_by_their_names():
    part = np.arange(96.0) + 1
    places = [BY_BASE.index(context) for context in FIRST]
    assert places == [0, 1, 2, 3, 24]
    (ax,) = plot.signature(part[None], contexts=BY_BASE)
    np.testing.assert_allclose(percent(ax)[:5], 100 * part[places] / part.sum())


def test_names_of_the_data_say_which_context_is_which():
    pd = pytest.importorskip("pandas")
    counts = pd.DataFrame(np.random.default_rng(0).poisson(4.0, (20, 96)), columns=BY_BASE)
    found = pw.factorize(counts, 2, random_state=0)
    named, plain = plot.signature(found), plot.signature(found.H, contexts=BY_BASE)
    np.testing.assert_array_equal(percent(named[1]), percent(plain[1]))


def test_too_many_signatures_say_how_many_are_shown():
    found = plot.signature(np.ones((10, 96)))
    assert len(found) == 8
    assert found[0].figure.get_suptitle().startswith("the first 8 of 10 parts")
    assert plot.signature(np.ones((10, 96)), parts=[9], labels=[f"SBS{t}" for t in range(10)])[0].get_ylabel() == (
        "% of SBS9"
    )


def test_spectra_are_lines_over_the_wavelength_in_rising_order():
    H = np.array([[1.0, 2.0, 4.0], [3.0, 6.0, 0.0]])
    ax = plot.endmembers(H, [900, 400, 650], labels=["tree", "rock"])
    np.testing.assert_allclose(ax.lines[0].get_xdata(), [400, 650, 900])
    np.testing.assert_allclose([line.get_ydata() for line in ax.lines], [[0.5, 1, 0.25], [1, 0, 0.5]])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("wavelength (nm)", "reflectance, relative to the largest")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["tree", "rock"]


def test_spectra_keep_their_scale_where_it_means_something():
    ax = plot.endmembers([[1.0, 2.0]], scale=False, quantity="radiance")
    assert ax.lines[0].get_ydata().tolist() == [1, 2]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("band", "radiance")
    assert plot.endmembers([[1.0, 2.0]], [1, 2], unit="µm").get_xlabel() == "wavelength (µm)"


def test_lines_differ_in_colour_or_style_and_too_many_are_counted():
    ax = plot.endmembers(np.eye(32), parts=range(32))
    assert len({(line.get_color(), line.get_linestyle()) for line in ax.lines}) == 32
    first = plot.endmembers(np.eye(12))
    assert len(first.lines) == 10
    assert first.get_title().startswith("the first 10 of 12 parts")


W, H = np.array([[1.0, 0.0], [0.1, 2.0], [1e-9, 0.2]]), np.array([[10.0, 1.0, 0.0], [0.0, 0.05, 0.5]])
"""Weights of two sounds in three frames, and their spectra in three bins."""


@pytest.mark.parametrize(("pair", "frames"), [((W, H), "rows"), ((H.T, W.T), "columns")])
def test_spectra_and_loudness_are_decibels_below_the_largest(pair, frames):
    spectra, activations = plot.spectrogram(pair, 8000, 400, frames=frames)
    np.testing.assert_allclose(spectra.images[0].get_array(), [[0, -60], [-20, -20], [-60, 0]])
    np.testing.assert_allclose(activations.images[0].get_array(), [[0, -20, -60], [-60, -20, -40]], atol=1e-9)
    assert spectra.images[0].get_extent()[2:] == [0, 4]
    assert activations.images[0].get_extent()[:2] == [0, 0.15]
    assert (spectra.get_ylabel(), activations.get_xlabel()) == ("frequency (kHz)", "time (s)")
    assert spectra.images[0].get_clim() == (-60, 0)


def test_powers_have_half_as_many_decibels():
    _, activations = plot.spectrogram((W, H), power=True, floor=-30)
    np.testing.assert_allclose(activations.images[0].get_array()[0], [0, -10, -30])
    assert activations.get_xlabel() == "frame"


def test_a_loud_spectrum_and_small_weights_are_the_same_sound(model):
    first, second = (
        plot.spectrogram((found_W, found_H))[1].images[0].get_array()
        for found_W, found_H in ((W, H), (W * [1e3, 1e-3], H / [[1e3], [1e-3]]))
    )
    np.testing.assert_allclose(first, second)
    assert plot.spectrogram(model)[0].images[0].get_array().shape == (12, 3)
