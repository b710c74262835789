"""What a report tells of a model of images."""

import hashlib
import platform
from collections.abc import Sequence
from importlib.metadata import version
from os import PathLike, fspath
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

import partwise
from partwise import kernels
from partwise.exceptions import ParameterError, shown
from partwise.images.model import ImageParts
from partwise.images.pictures import SMALL, picture
from partwise.images.stack import ImageStack, as_stack
from partwise.images.survey import likeness, surveyed
from partwise.io.writing import write_bytes
from partwise.matrix import Array
from partwise.parameters import check_kind
from partwise.report.image_facts import ImageFacts, ImagePair, ImageReport, PartFacts
from partwise.report.images import image_page

__all__ = ["image_report_of", "write_report"]

PARTS, SHOWN, WORST, PAIRS, TYPICAL = 60, 24, 12, 12, 3
"""Most parts, images, badly explained images and pairs on a page, and typical images of a part."""
LARGEST = 4
"""Parts that are listed below an image."""
COMPARED = 4000
"""Images that pairs are looked for in: more are thinned out evenly."""
AT_ONCE = 1000
"""Images whose cosines with all others are held at once."""
MOST_OF = 0.9
"""Share of the brightness that makes most of an image."""
LEAST = 0.005
"""Share from which a part is listed below an image."""


def write_report(
    model: ImageParts, path: str | PathLike[str], images: Any, title: str | None = None, command: str | None = None
) -> ImageReport:
    """Write a report on images to a page, all or nothing, and return what it tells."""
    if not isinstance(path, str | PathLike):
        raise ParameterError(f"path must be the name of a file; got {shown(path)}.")
    report = image_report_of(model, images, title, command)
    write_bytes(fspath(path), image_page(report).encode())
    return report


def image_report_of(
    model: ImageParts, images: Any, title: str | None = None, command: str | None = None
) -> ImageReport:
    """Gather what a report tells of images.

    Parameters
    ----------
    model : ImageParts
        A fitted model.
    images : ImageStack, array or sequence of images
        The images, of the size of the parts.
    title : str, default=None
        Title of the page; by default it counts parts and images.
    command : str, default=None
        The command that makes the report.

    Returns
    -------
    ImageReport
        Plain values: no more than a page has room for, however many images there are.
    """
    check_is_fitted(model)
    check_kind("title", title, str)
    stack = as_stack(images)
    W = model.transform(stack)
    errors, explained, looks = surveyed(stack, model.nmf_, W)
    shares = model.shares_of(W)
    bright = shares.any(axis=1)
    mean = shares[bright].mean(axis=0) if bright.any() else np.zeros(shares.shape[1])
    largest = np.argsort(-mean, kind="stable")[:PARTS]
    rows = _chosen(shares, largest)
    worst = np.argsort(-errors, kind="stable")[:WORST]
    first = _first_of_each(stack)
    compared = first[np.unique(np.linspace(0, len(first) - 1, min(COMPARED, len(first))).astype(int))]
    half = np.sort(shares[bright], axis=1)[:, ::-1].cumsum(axis=1)
    needed = int(np.median((half < MOST_OF).sum(axis=1) + 1)) if bright.any() else 0
    height, width, *colours = stack.shape
    size = f"{height} x {width} pixels{' in colour' if colours else ''}"
    unknown = 0.0 if stack.mask is None else float(np.mean(~stack.mask))
    figures = [
        (f"{len(W[0]):,}", "parts"),
        (f"{explained:.1%}", "explained"),
        (f"{float(np.median(errors)):.2f}", "median error"),
        (f"{unknown:.1%}" if unknown else "", "pixels unknown"),
    ]
    return ImageReport(
        title=title or f"{len(W[0])} part{'s' if len(W[0]) > 1 else ''} of {len(stack):,} images",
        size=size,
        images=len(stack),
        k=len(W[0]),
        unknown=unknown,
        explained=explained,
        typical_error=float(np.median(errors)),
        needed=needed,
        repeated=len(stack) - len(first),
        compared=len(compared),
        parts=_parts(model, stack, shares, mean, largest),
        shown=_images(model, stack, W, shares, errors, rows),
        table=shares[rows].tolist(),
        worst=_images(model, stack, W, shares, errors, [int(i) for i in worst if errors[i] > 0]),
        pairs=_pairs(stack, (W, looks), model.nmf_.components_, compared),
        figures=[(value, name) for value, name in figures if value],
        provenance=_provenance(model, stack, size),
        repeat=_repeat(model, command),
    )


def _parts(model: ImageParts, stack: ImageStack, shares: Array, mean: Array, largest: Array) -> list[PartFacts]:
    found = []
    for t in sorted(int(t) for t in largest):
        part = model.parts_[t] / (model.parts_[t].max() or 1)
        best = [int(i) for i in np.argsort(-shares[:, t], kind="stable")[:TYPICAL] if shares[i, t] > 0]
        like = [(stack.names[i], picture(_image(stack, i), SMALL), float(shares[i, t])) for i in best]
        found.append(PartFacts(t, picture(part), picture(part, SMALL), float(mean[t]), like))
    return found


def _images(
    model: ImageParts, stack: ImageStack, W: Array, shares: Array, errors: Array, rows: Sequence[int]
) -> list[ImageFacts]:
    models = np.clip(W[rows] @ model.nmf_.components_, 0, 1).reshape(-1, *stack.shape)
    found = []
    for i, made in zip(rows, models, strict=True):
        order = np.argsort(-shares[i], kind="stable")[:LARGEST]
        held = [(int(t), float(shares[i, t])) for t in order if shares[i, t] >= LEAST]
        found.append(ImageFacts(stack.names[i], picture(_image(stack, i)), picture(made), float(errors[i]), held))
    return found


def _image(stack: ImageStack, row: int) -> Array:
    return stack.take(np.array([row])).images()[0]


def _chosen(shares: Array, largest: Array) -> list[int]:
    """Return images to show: for each part in turn, the one with most of it that is not shown yet."""
    orders = [iter(np.argsort(-shares[:, t], kind="stable").tolist()) for t in largest]
    chosen: list[int] = []
    wanted = min(SHOWN, len(shares))
    while len(chosen) < wanted:
        for order in orders:
            now = next((i for i in order if i not in chosen), None)
            if now is not None and len(chosen) < wanted:
                chosen.append(now)
    return chosen


def _first_of_each(stack: ImageStack) -> Array:
    """Return the numbers of the images without those that are the same as one before, pixel by pixel."""
    seen: dict[bytes, int] = {}
    for i, image in enumerate(stack.pixels):
        known = b"" if stack.mask is None else stack.mask[i].tobytes()
        seen.setdefault(hashlib.sha256(image.tobytes() + known).digest(), i)
    return np.array([*seen.values()])


def _pairs(stack: ImageStack, told: tuple[Array, Array], H: Array, compared: Array) -> list[ImagePair]:
    """Return the most similar pairs, no image in two of them."""
    W, looks = (rows[compared] for rows in told)
    best: list[tuple[float, int, int]] = []
    for first in range(0, len(W), AT_ONCE):
        now = slice(first, first + AT_ONCE)
        score = likeness((W[now], looks[now]), (W, looks), H)
        here = np.arange(len(score))
        score[here, first + here] = -1
        near = score.argmax(axis=1)
        best += [(-round(float(score[i, j]), 9), first + i, int(j)) for i, j in enumerate(near) if score[i, j] > 0]
    pairs: list[ImagePair] = []
    taken: set[int] = set()
    for distance, i, j in sorted(best):
        if len(pairs) < PAIRS and not {i, j} & taken:
            taken |= {i, j}
            rows = sorted((int(compared[i]), int(compared[j])))
            one, other = (picture(_image(stack, row)) for row in rows)
            pairs.append(ImagePair((stack.names[rows[0]], stack.names[rows[1]]), (one, other), -distance))
    return pairs


def _provenance(model: ImageParts, stack: ImageStack, size: str) -> list[tuple[str, str]]:
    digest = hashlib.sha256(np.ascontiguousarray(stack.pixels).tobytes()).hexdigest()[:16]
    found = [
        ("data", f"{len(stack):,} images of {size}"),
        ("fingerprint of the pixels", f"sha256 {digest}"),
        *[("while they were read", told) for told in stack.notes],
        ("fitted to", f"{len(model.names_):,} images"),
    ]
    nmf = model.nmf_
    if hasattr(nmf, "n_iter_"):
        ended = "converged" if nmf.converged_ else "stopped at the limit"
        found.append(("iterations", f"{nmf.n_iter_} ({ended})"))
    if hasattr(nmf, "rank_choice_"):
        found.append(("number of parts", nmf.rank_choice_.reason))
    given = {name: value for name, value in model.get_params(deep=False).items() if name != "n_jobs"}
    found.append(("parameters", ", ".join(f"{name}={value!r}" for name, value in given.items())))
    libraries = [f"{name} {version(name)}" for name in ("numpy", "scipy", "scikit-learn", "pillow")]
    found.append(("written with", ", ".join([f"partwise {partwise.__version__} ({kernels.ISA} kernels)", *libraries])))
    found.append(("Python", f"{platform.python_version()}, {platform.system()} {platform.machine()}"))
    return found


def _repeat(model: ImageParts, command: str | None) -> list[str]:
    own, usual = model.get_params(deep=False), ImageParts().get_params(deep=False)
    said = [
        f"{name}={value!r}"
        for name, value in own.items()
        if name == "n_components" or (name != "n_jobs" and value != usual[name])
    ]
    lines = [
        "from partwise.images import ImageParts, read_folder",
        "",
        "images = read_folder(folder)",
        f"model = ImageParts({', '.join(said)}).fit(images)",
        'model.report("report.html", images)',
    ]
    return [*lines, "", f"# this page: {command}"] if command else lines
