"""Hidden pixels and noise: how well parts of images fill in and take away, beside scikit-image and scikit-learn.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.answers.images [TASK ...]

Clothes are 1,000 images of 28 x 28 (fashion_mnist), of which 30 % of the pixels are hidden at random, or a square of
10 x 10 in each. ``ImageParts`` sees the known pixels of all images, as does IterativeImputer, which predicts each pixel
from 30 others, in three rounds; biharmonic equations (scikit-image) see one image at a time. The picture is a
photograph of 213 x 320 in colour that comes with scikit-learn, with 30 % of its pixels hidden, or with noise of
standard deviation 0.1: ``PatchParts`` beside biharmonic equations, and beside non-local means with the standard
deviation given. Printed are the root mean square error, of hidden pixels or of all, and processor seconds. What needs
scikit-image is left out where it is not installed. The clothes are a shared set (`../shared/data`, or the folder that
PARTWISE_SHARED_DATA names).

References
----------
S. B. Damelin and N. S. Hoang, "On surface completion and image inpainting by biharmonic functions", International
Journal of Mathematics and Mathematical Sciences, 2018. A. Buades, B. Coll and J.-M. Morel, "A non-local algorithm for
image denoising", CVPR 2005.
"""

import argparse
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from sklearn.datasets import load_sample_image

from benchmarks.answers.features import clothes
from benchmarks.answers.hidden import iterative, means
from benchmarks.answers.readers import say
from partwise.images import ImageParts, PatchParts
from partwise.matrix import Array

IMAGES, SHARE, SIDE, NOISE = 1000, 0.3, 10, 0.1
SEARCH = "ImageParts('choose')"
Fill = Callable[[Array], Array]


def main() -> None:
    """Print a line for each task and method."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("tasks", nargs="*", default=list(TASKS))
    say("task | method | error | seconds")
    for name in parser.parse_args().tasks:
        whole, given, methods = TASKS[name]()
        judged = np.isnan(given) if np.isnan(given).any() else np.ones(given.shape, bool)
        for method, fill in methods.items():
            if fill is None:
                continue
            began = time.process_time()
            found = fill(given)
            spent = time.process_time() - began
            say(f"{name} | {method} | {np.sqrt(np.mean(np.square(found - whole)[judged])):.4f} | {spent:.1f}")


def speckled() -> tuple[Array, Array, dict[str, Fill | None]]:
    """Return clothes, the same with hidden pixels, and methods that fill these in."""
    whole = clothes()[0][:IMAGES].reshape(-1, 28, 28)
    return whole, np.where(np.random.default_rng(0).random(whole.shape) < SHARE, np.nan, whole), STACKS


def squares() -> tuple[Array, Array, dict[str, Fill | None]]:
    """Return clothes, the same with a square hidden in each, and methods that fill these in."""
    whole = clothes()[0][:IMAGES].reshape(-1, 28, 28)
    given = whole.copy()
    for image, (y, x) in zip(given, np.random.default_rng(0).integers(4, 24 - SIDE, (len(given), 2)), strict=True):
        image[y : y + SIDE, x : x + SIDE] = np.nan
    return whole, given, {name: fill for name, fill in STACKS.items() if name != SEARCH}  # which takes minutes here


def photograph() -> Array:
    """Return a photograph in colour, (213, 320, 3)."""
    large = load_sample_image("china.jpg")[:426] / 255
    return np.asarray(large.reshape(213, 2, 320, 2, 3).mean(axis=(1, 3)))


def holes() -> tuple[Array, Array, dict[str, Fill | None]]:
    """Return a photograph, the same with hidden pixels, and methods that fill these in."""
    whole = photograph()
    hidden = np.random.default_rng(0).random(whole.shape[:2]) < SHARE
    return whole, np.where(hidden[:, :, None], np.nan, whole), {
        **{f"PatchParts({k})": lambda given, k=k: _filled(PatchParts(k), given) for k in (10, 25)},
        "biharmonic": _known(lambda given: _biharmonic(given, channel_axis=-1)),
    }  # fmt: skip


def noise() -> tuple[Array, Array, dict[str, Fill | None]]:
    """Return a photograph, the same with noise, and methods that take it away."""
    whole = photograph()
    noisy = np.clip(whole + np.random.default_rng(0).normal(0, NOISE, whole.shape), 0, 1)
    return whole, noisy, {
        "as it is": lambda given: given,
        **{f"PatchParts({k})": lambda given, k=k: PatchParts(k).fit(given).denoise(given) for k in (10, 25, 40)},
        "non-local means": _known(_non_local),
    }  # fmt: skip


def _filled(model: Any, given: Array) -> Array:
    return np.asarray(model.fit(given).inpaint(given))


def _known(method: Fill) -> Fill | None:
    return method if find_spec("skimage") is not None else None


def _biharmonic(given: Array, **settings: Any) -> Array:
    from skimage.restoration import inpaint_biharmonic

    hidden = np.isnan(given)
    mask = hidden.any(axis=-1) if settings else hidden
    return np.clip(inpaint_biharmonic(np.nan_to_num(given), mask, **settings), 0, 1)


def _non_local(given: Array) -> Array:
    from skimage.restoration import denoise_nl_means

    return np.asarray(denoise_nl_means(given, patch_size=5, patch_distance=6, h=0.6 * NOISE, sigma=NOISE,
                                       channel_axis=-1))  # fmt: skip


def _of_rows(fill: Fill) -> Fill:
    return lambda given: fill(given.reshape(len(given), -1)).reshape(given.shape)


STACKS: dict[str, Fill | None] = {
    "means of pixels": _of_rows(lambda given: np.broadcast_to(means(given), given.shape)),
    "ImageParts(25)": lambda given: _filled(ImageParts(25), given),
    SEARCH: lambda given: _filled(ImageParts("choose"), given),
    "biharmonic": _known(lambda given: np.stack([_biharmonic(image) for image in given])),
    "IterativeImputer": _of_rows(iterative),
}
TASKS: dict[str, Callable[[], tuple[Array, Array, dict[str, Fill | None]]]] = {
    "clothes, 30 % of pixels hidden": speckled,
    "clothes, a square of 10 x 10 hidden": squares,
    "photograph, 30 % of pixels hidden": holes,
    "photograph with noise": noise,
}

if __name__ == "__main__":
    main()
