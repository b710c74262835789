"""Parts that are spectra: of materials, by wavelength, and of sounds, with their course in time."""

from typing import Any

import numpy as np

from partwise.exceptions import DataError, ParameterError, shown
from partwise.matrix import Array, array_of
from partwise.parameters import check_choice, check_flag, check_number
from partwise.plot import values
from partwise.plot.canvas import MAP, SMALL, axes, colour, new_figure, picked, say_left_out, style

LINES, ROWS = 10, 24
"""Parts that are drawn unless the user names them, as lines and as rows of an image."""


def endmembers(
    model: Any,
    wavelengths: Any = None,
    *,
    unit: str = "nm",
    quantity: str = "reflectance",
    scale: bool = True,
    parts: Any = None,
    labels: Any = None,
    ax: Any = None,
) -> Any:
    """Draw parts that are spectra of materials, as lines over the wavelength.

    Parameters
    ----------
    model : fitted model, Factorization, Consensus, or array of shape (n_components, n_bands)
        Whose parts to draw; X has pixels as rows and bands as columns.
    wavelengths : array-like of shape (n_bands,) or None, default=None
        Wavelength of each band, in any order; None draws over the number of the band.
    unit : str, default='nm'
        Unit of the wavelengths.
    quantity : str, default='reflectance'
        What X holds; it names the vertical axis.
    scale : bool, default=True
        Whether each spectrum is divided by its largest entry, because the scale between a part and its weights is
        arbitrary. Pass False for models whose weights sum to one: there it is not.
    parts : list of int or None, default=None
        Numbers of the parts to draw; None: the first 10.
    labels : sequence of str or None, default=None
        Names of all parts; None: their numbers.
    ax : matplotlib Axes or None, default=None
        Where to draw; None: on new ones.

    Returns
    -------
    matplotlib Axes
        What was drawn on.

    Raises
    ------
    DataError
        If the model has no parts.
    MissingExtraError
        If matplotlib is not installed.
    NotFittedError
        If the model is not fitted.
    ParameterError
        If there is not one finite wavelength for each band, the model is one of images, or a parameter has a value that
        nothing accepts.

    Examples
    --------
    >>> import numpy as np
    >>> import partwise as pw
    >>> wavelengths = np.linspace(400, 900, 50)
    >>> spectra = np.exp(-0.5 * ((wavelengths - [[500], [650], [800]]) / 60) ** 2)
    >>> scene = np.random.default_rng(0).dirichlet(np.ones(3), 200) @ spectra
    >>> ax = pw.plot.endmembers(pw.factorize(scene, 3, random_state=0), wavelengths)
    >>> ax.get_xlabel(), len(ax.lines)
    ('wavelength (nm)', 3)
    """
    values.refuse_images(model, "plot.endmembers")
    H = values.parts(model)
    if check_flag("scale", scale):
        highest = np.abs(H).max(axis=1, keepdims=True)
        H = H / np.where(highest > 0, highest, 1.0)
    across = np.arange(H.shape[1]) if wavelengths is None else _checked_wavelengths(wavelengths, H.shape[1])
    order, names = np.argsort(across, kind="stable"), values.labels(model, labels, len(H))
    drawn = picked(parts, len(H), LINES)
    ax = axes(ax, "plot.endmembers")
    for place, t in enumerate(drawn):
        ax.plot(across[order], H[t, order], style(place), color=colour(place), label=names[t])
    ax.set_xlabel("band" if wavelengths is None else f"wavelength ({unit})")
    ax.set_ylabel(f"{quantity}, relative to the largest" if scale else quantity)
    if H[drawn].min() >= 0:
        ax.set_ylim(bottom=0)
    ax.legend(fontsize=SMALL, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.02))
    ax.spines[["top", "right"]].set_visible(False)
    if parts is None and len(drawn) < len(H):
        ax.set_title(f"the first {len(drawn)} of {len(H)} parts; parts=[...] shows others", fontsize=SMALL + 1)
    return ax


def spectrogram(
    model: Any,
    sample_rate: Any = None,
    hop: Any = None,
    *,
    frames: str = "rows",
    power: bool = False,
    floor: float = -60.0,
    parts: Any = None,
    labels: Any = None,
) -> Any:
    """Draw the parts of a spectrogram: the spectrum of each, and how loud it is over time, in decibels.

    Each spectrum is relative to its own largest entry, and loudness to the loudest moment of all parts.

    Parameters
    ----------
    model : fitted NMF, Factorization, Consensus, or pair (W, H)
        A model of a spectrogram whose frequencies go from 0 to half of the sample rate.
    sample_rate : float or None, default=None
        Samples a second, in Hz; None draws over the number of the bin and of the frame.
    hop : int or None, default=None
        Samples from one frame to the next; needed with ``sample_rate``.
    frames : {'rows', 'columns'}, default='rows'
        Whether X has frames as rows and frequencies as columns, or the other way round.
    power : bool, default=False
        Whether X holds powers; else it holds magnitudes. Ten times the power, or 3.16 times the magnitude, are 10 dB.
    floor : float, default=-60
        Decibels below which all is drawn alike; below 0.
    parts : list of int or None, default=None
        Numbers of the parts to draw; None: the first 24.
    labels : sequence of str or None, default=None
        Names of all parts; None: their numbers.

    Returns
    -------
    ndarray of matplotlib Axes, shape (2,)
        Spectra on the left, activations on the right.

    Raises
    ------
    DataError
        If a factor has a negative entry, or one that is not finite.
    MissingExtraError
        If matplotlib is not installed.
    NotFittedError
        If the model is not fitted.
    ParameterError
        If the model does not keep its weights or is one of images, or a parameter has a value that is not accepted.

    Examples
    --------
    >>> import numpy as np
    >>> import partwise as pw
    >>> from scipy.signal import stft
    >>> time = np.arange(16_000) / 8_000
    >>> tones = np.where(time < 1, np.sin(2 * np.pi * 440 * time), np.sin(2 * np.pi * 880 * time))
    >>> X = np.abs(stft(tones, 8_000, nperseg=256)[2]).T
    >>> spectra, activations = pw.plot.spectrogram(pw.factorize(X, 2, random_state=0), 8_000, hop=128)
    >>> spectra.get_ylabel(), activations.get_xlabel()
    ('frequency (kHz)', 'time (s)')
    """
    check_choice("frames", frames, ("rows", "columns"))
    floor = check_number("floor", floor, -300.0, -1.0, hint="It is in decibels below the loudest.")
    rate = check_number("sample_rate", sample_rate, above=True, also=(None,), hint="It is in Hz.")
    hop = check_number("hop", hop, above=True, also=(None,), hint="It is in samples.")
    if (rate is None) != (hop is None):
        raise ParameterError("sample_rate (in Hz) and hop (in samples) go together: give both, or neither.")
    values.refuse_images(model, "plot.spectrogram")
    W, H = values.factors(model)
    W, H = values.checked_weights(W), values.checked_weights(np.asarray(H, np.float64).T)
    if W.shape[1] != H.shape[1]:
        raise DataError(f"W (n, k) and H (k, m) must fit; got shapes {W.shape} and {H.shape[::-1]}.")
    loud, tones = (W, H) if frames == "rows" else (H, W)
    drawn, names = picked(parts, W.shape[1], ROWS), values.labels(model, labels, W.shape[1])
    highest = tones.max(axis=0)
    decibels = 10.0 if check_flag("power", power) else 20.0
    spectra = _decibels(tones[:, drawn] / np.where(highest > 0, highest, 1.0)[drawn], decibels, floor)
    loud = loud * highest
    activations = _decibels(loud[:, drawn].T / (loud.max() or 1.0), decibels, floor)
    figure = new_figure("plot.spectrogram", 3.6)
    left, right = found = figure.subplots(1, 2, width_ratios=[1, 1.8])
    count = len(drawn)
    top = len(spectra) - 0.5 if rate is None else rate / 2000
    end = len(loud) - 0.5 if rate is None else len(loud) * hop / rate
    start = -0.5 if rate is None else 0.0
    options = {"cmap": MAP, "vmin": floor, "vmax": 0.0, "aspect": "auto", "interpolation": "nearest"}
    left.imshow(spectra, origin="lower", extent=(-0.5, count - 0.5, start, top), **options)
    shades = right.imshow(activations, extent=(start, end, count - 0.5, -0.5), **options)
    left.set_xticks(range(count), [str(t) for t in drawn], fontsize=SMALL)
    right.set_yticks(range(count), [names[t] for t in drawn], fontsize=SMALL)
    left.set(xlabel="part", ylabel="bin" if rate is None else "frequency (kHz)", title="spectra")
    right.set(xlabel="frame" if rate is None else "time (s)", title="activations")
    figure.colorbar(shades, ax=right, label="dB below the largest")
    say_left_out(figure, count, W.shape[1], parts)
    return found


def _checked_wavelengths(wavelengths: Any, count: int) -> Array:
    found = array_of(wavelengths, "wavelengths")
    if found.shape != (count,) or not np.isfinite(found).all():
        raise ParameterError(
            f"wavelengths must be {count} finite numbers, one for each band of a part; got {shown(wavelengths)}."
        )
    return found


def _decibels(ratios: Array, decibels: float, floor: float) -> Array:
    """Return ratios to the largest as decibels, at least `floor`."""
    lowest = 10 ** (floor / decibels)
    return decibels * np.log10(np.maximum(ratios, lowest))
