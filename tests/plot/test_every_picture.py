"""What holds for every function of partwise.plot."""

import io
import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

import partwise as pw
from partwise import plot
from partwise.exceptions import DataError, DataTypeError, MissingExtraError, ParameterError

matplotlib = pytest.importorskip("matplotlib", reason="pictures need matplotlib")
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.image import imread  # noqa: E402

H = np.array([[3.0, 0.0, 1.0, 2.0], [0.0, 2.0, 0.0, 1.0]])
W = np.array([[1.0, 3.0], [2.0, 0.0], [0.0, 1.0]])

RIGHT = {
    "components": lambda of: plot.components(of("model"), (3, 4)),
    "words": lambda of: plot.words(of("topics")),
    "weights": lambda of: plot.weights(of("model")),
    "convergence": lambda of: plot.convergence(of("model")),
    "rank": lambda of: plot.rank(of("choice")),
    "consensus": lambda of: plot.consensus(of("agreed")),
    "residuals": lambda of: plot.residuals(of("X"), of("model")),
    "comparison": lambda of: plot.comparison(of("model"), of("agreed")),
    "signature": lambda of: plot.signature(np.random.default_rng(0).random((2, 96))),
    "endmembers": lambda of: plot.endmembers(of("model"), np.linspace(400, 900, 12)),
    "spectrogram": lambda of: plot.spectrogram(of("model"), 8000, 128),
}
"""A call of each function; `of` returns the fixture of that name."""

ONE_AXES = {
    "weights": lambda of, ax: plot.weights(of("model"), ax=ax),
    "convergence": lambda of, ax: plot.convergence(of("model"), ax=ax),
    "rank": lambda of, ax: plot.rank(of("choice"), ax),
    "consensus": lambda of, ax: plot.consensus(of("agreed"), ax),
    "residuals": lambda of, ax: plot.residuals(of("X"), of("model"), ax=ax),
    "comparison": lambda of, ax: plot.comparison(of("model"), of("agreed"), ax=ax),
    "endmembers": lambda of, ax: plot.endmembers(of("model"), ax=ax),
}
"""A call of each function that draws on Axes of the user."""

WRONG = [
    ("components", lambda: plot.components(H, (3, 4)), ParameterError, r"makes 3 x 4 = 12.*4 features\. \(2, 2\) fits"),
    ("components", lambda: plot.components(H, 4), ParameterError, r"\(height, width\).*got 4"),
    ("components", lambda: plot.components(H, (1, 1, 4)), ParameterError, r"\(height, width, 3\)"),
    ("components", lambda: plot.components(-H[:, :3], (1, 1, 3)), DataError, "red, green and blue are at least 0"),
    ("components", lambda: plot.components(H, parts=[2]), ParameterError, "each of parts .*got 2.*There are 2 parts"),
    ("components", lambda: plot.components(H, parts=[0, 0]), ParameterError, "each part once; got"),
    ("weights", lambda: plot.weights(W, parts=[0, 0]), ParameterError, "each part once; got"),
    ("components", lambda: plot.components(H, parts=1), ParameterError, "list of numbers of parts"),
    ("components", lambda: plot.components(H, labels=["a"]), ParameterError, "labels must be a list of 2 names"),
    ("components", lambda: plot.components(H, feature_names="abcd"), ParameterError, "list of 4 names; got 'abcd'"),
    ("components", lambda: plot.components(pw.NMF(2)), NotFittedError, "NMF instance is not fitted"),
    ("components", lambda: plot.components("model"), DataTypeError, "model"),
    ("components", lambda: plot.components(H[:0]), DataError, "has no parts"),
    ("words", lambda: plot.words(H), ParameterError, "needs the words: give feature_names="),
    ("words", lambda: plot.words(H, feature_names="a"), ParameterError, "feature_names"),
    ("words", lambda: plot.words(pw.TopicModel(2)), NotFittedError, "TopicModel instance is not fitted"),
    ("weights", lambda: plot.weights(-W), DataError, r"W\[0, 0\] = -1"),
    ("weights", lambda: plot.weights(W[0]), DataError, r"\(n_samples, n_components\)"),
    ("weights", lambda: plot.weights(W, groups=[1]), ParameterError, r"each of the 3 rows; got shape \(1,\)"),
    ("weights", lambda: plot.weights(W, row_names=["a"]), ParameterError, "row_names must be a list of 3"),
    ("weights", lambda: plot.weights(W, shares="no"), ParameterError, "shares must be True or False"),
    ("weights", lambda: plot.weights(np.ones((2, 9)), parts=range(9)), ParameterError, "9 parts, and there are 8"),
    ("weights", lambda: plot.weights(pw.NMF(2)), NotFittedError, "not fitted"),
    ("weights", lambda: plot.weights(pw.MiniBatchNMF(2).fit(W @ H)), ParameterError, r"W = model\.transform\(X\)"),
    ("convergence", lambda: plot.convergence(), ParameterError, "at least one fit"),
    ("convergence", lambda: plot.convergence(H), ParameterError, "fit 0: .*no curve"),
    ("convergence", lambda: plot.convergence(pw.NMF(2)), NotFittedError, "not fitted"),
    ("convergence", lambda: plot.convergence(pw.factorize(H, 1), by="time"), ParameterError, "iterations"),
    ("convergence", lambda: plot.convergence(pw.factorize(H, 1), labels=[]), ParameterError, "list of 1 names"),
    ("rank", lambda: plot.rank(3), ParameterError, "RankChoice.*got 3"),
    ("rank", lambda: plot.rank(pw.RankChoice(2, "Time was up.", False, [])), DataError, "nothing to draw. Time was up"),
    ("consensus", lambda: plot.consensus(H), ParameterError, "must be a Consensus"),
    ("consensus", lambda: plot.consensus(H, kind="row"), ParameterError, "Did you mean 'rows'"),
    ("residuals", lambda: plot.residuals(W @ H, pw.NMF(2)), NotFittedError, "not fitted"),
    ("residuals", lambda: plot.residuals(W @ H, (W, H[:, :3])), DataError, r"H of shape \(k, 4\)"),
    ("residuals", lambda: plot.residuals(W @ H, H), ParameterError, "has no parts; give a Factorization"),
    ("residuals", lambda: plot.residuals(W @ H, (W, H), by="cells"), ParameterError, "'columns'"),
    ("residuals", lambda: plot.residuals(W @ H, (W, H), (3, 4)), ParameterError, "parts have 4 features"),
    ("residuals", lambda: plot.residuals(W @ H, (W, H), (2, 2), by="columns"), ParameterError, "leave out by="),
    ("residuals", lambda: plot.residuals(W @ H, (W, H), (2, 2), rows=[3]), ParameterError, "X has 3 rows"),
    ("residuals", lambda: plot.residuals(W @ H, (W, H), (2, 2), rows=0), ParameterError, "list of numbers of rows"),
    ("residuals", lambda: plot.residuals(W @ H, (W, H), rows=[0]), ParameterError, "give shape="),
    ("residuals", lambda: plot.residuals(W @ H, (W, H), names=["a"]), ParameterError, "names must be a list of 3"),
    ("comparison", lambda: plot.comparison(H, H[:, :3]), DataError, "4 features and b has parts of 3"),
    ("comparison", lambda: plot.comparison(H, pw.NMF(2)), NotFittedError, "not fitted"),
    ("comparison", lambda: plot.comparison(H, H, kind="pair"), ParameterError, "Did you mean 'pairs'"),
    ("comparison", lambda: plot.comparison(H, H, (2, 2)), ParameterError, "are for kind='pairs'"),
    ("comparison", lambda: plot.comparison(H, H, (2, 3), kind="pairs"), ParameterError, r"\(2, 2\) fits"),
    ("comparison", lambda: plot.comparison(H, H, kind="pairs", ax=3), ParameterError, "leave out ax="),
    ("comparison", lambda: plot.comparison(H, H[:1], kind="pairs", parts=[1]), ParameterError, "part 1 of a has no"),
    ("comparison", lambda: plot.comparison(H, H, names="ab"), ParameterError, "names must be a list of 2"),
    ("signature", lambda: plot.signature(H), ParameterError, "96 contexts; these have 4"),
    ("signature", lambda: plot.signature(np.ones((1, 96)), ["A[C>A]A"]), ParameterError, "got 1 of them"),
    ("signature", lambda: plot.signature(np.ones((1, 96)), ["A[G>A]A"] * 96), ParameterError, "is not a context"),
    ("signature", lambda: plot.signature(np.ones((1, 96)), ["A[C>A]A"] * 96), ParameterError, "95 of 96"),
    ("endmembers", lambda: plot.endmembers(H, [1, 2]), ParameterError, "wavelengths must be 4 finite numbers"),
    ("endmembers", lambda: plot.endmembers(H, [1, 2, 3, np.inf]), ParameterError, "wavelengths must be 4 finite"),
    ("endmembers", lambda: plot.endmembers(pw.NMF(2)), NotFittedError, "not fitted"),
    ("spectrogram", lambda: plot.spectrogram(H), ParameterError, r"or a pair \(W, H\); got ndarray"),
    ("spectrogram", lambda: plot.spectrogram((W, H), 8000), ParameterError, "sample_rate .* hop .* go together"),
    ("spectrogram", lambda: plot.spectrogram((W, H), -1, 2), ParameterError, "sample_rate.*in Hz"),
    ("spectrogram", lambda: plot.spectrogram((W, H), floor=60), ParameterError, "floor.*in decibels"),
    ("spectrogram", lambda: plot.spectrogram((W, -H)), DataError, "at least 0"),
    ("spectrogram", lambda: plot.spectrogram((W, H[:1])), DataError, "must fit"),
    ("spectrogram", lambda: plot.spectrogram(pw.NMF(2)), NotFittedError, "not fitted"),
]
"""Calls that are refused, with the error and what it says."""


@pytest.fixture
def of(request):
    return request.getfixturevalue


def png(axes):
    """Bytes of the PNG that holds the Axes."""
    picture = io.BytesIO()
    np.ravel(axes)[0].figure.savefig(picture, format="png")
    return picture.getvalue()


def test_every_public_function_is_tested_here():
    assert {*RIGHT} == {*plot.__all__}
    assert {name for name, *_ in WRONG} == {*plot.__all__}


@pytest.mark.parametrize("name", RIGHT)
def test_axes_come_back_and_their_figure_makes_a_picture(name, of):
    found = RIGHT[name](of)
    assert all(isinstance(ax, Axes) for ax in np.ravel(found))
    content = png(found)
    assert content.startswith(b"\x89PNG")
    assert np.ptp(imread(io.BytesIO(content))[..., :3]) > 0.5  # something is drawn on the white ground


@pytest.mark.parametrize("name", ONE_AXES)
def test_a_picture_on_axes_of_the_user_is_drawn_there(name, of):
    own = Figure().subplots()
    assert ONE_AXES[name](of, own) is own
    assert own.has_data()


@pytest.mark.parametrize("name", ONE_AXES)
def test_axes_have_a_label_on_each_side(name, of):
    ax = RIGHT[name](of)
    assert ax.get_xlabel()
    assert ax.get_ylabel()


@pytest.mark.parametrize("name", ONE_AXES)
def test_what_is_no_axes_is_refused(name, of):
    with pytest.raises(ParameterError, match=r"ax must be one matplotlib Axes.*got 3"):
        ONE_AXES[name](of, 3)


@pytest.mark.parametrize(("name", "call", "error", "words"), WRONG)
def test_wrong_input_is_refused_with_the_way_out(name, call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize("name", RIGHT)
def test_without_matplotlib_the_extra_is_named(name, of, without):
    without("matplotlib")
    with pytest.raises(MissingExtraError, match=rf"plot\.{name}.*pip install 'partwise\[plot\]'"):
        RIGHT[name](of)


def test_a_figure_is_no_state_of_pyplot_where_nobody_uses_it():
    program = (
        "import sys, numpy, partwise\n"
        "ax = partwise.plot.weights(numpy.eye(3))\n"
        "ax.figure.savefig(sys.stdout.buffer, format='png')\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout[:4] == b"\x89PNG"


def test_a_figure_is_one_of_pyplot_where_pyplot_is_imported():
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure = plot.weights(W).figure
    assert pyplot.gcf() is figure


def test_a_figure_is_one_of_pyplot_in_a_notebook_which_shows_those():
    program = (
        "import sys, numpy, partwise\n"
        "from unittest.mock import MagicMock\n"
        "sys.modules['IPython'] = MagicMock(version_info=(9, 0))\n"
        "sys.modules['IPython.core'] = sys.modules['IPython.core.pylabtools'] = MagicMock()\n"  # matplotlib 3.8 asks
        "figure = partwise.plot.weights(numpy.eye(3)).figure\n"
        "print(sys.modules['matplotlib.pyplot'].gcf() is figure)"
    )
    environment = os.environ | {"MPLBACKEND": "agg"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "True"


def test_importing_the_module_imports_no_matplotlib():
    program = "import sys, partwise.plot\nprint('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
