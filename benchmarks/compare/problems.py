"""What the libraries factorise, and from where: data that ships or is generated, and sets that lie beside the
repository (`../shared/data`, or the folder that PARTWISE_SHARED_DATA names)."""

import gzip
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Array = NDArray[Any]
Make = Callable[[Any], Any]


@dataclass(frozen=True)
class Problem:
    """One matrix to factorise.

    Parameters
    ----------
    name : str
        As the command line takes it.
    make : callable
        Returns X of a given dtype.
    source : str
        Where the data come from.
    n_components : int
        Number of parts k.
    loss : {'frobenius', 'kullback-leibler', 'itakura-saito'}
        What is minimised.
    seconds : float
        The longest call of a curve.
    dtypes : tuple of str
        What it is raced in, unless the command line says otherwise.
    """

    name: str
    make: Make
    source: str
    n_components: int = 20
    loss: str = "frobenius"
    seconds: float = 2.0
    dtypes: tuple[str, ...] = ("float32",)


def start(X: Any, k: int, seed: int) -> tuple[Array, Array]:
    """Return W (n, k) and H (k, m) by scikit-learn's rule for random starts, in X's dtype."""
    rng = np.random.RandomState(seed)
    average = np.sqrt(X.mean() / k)
    H = np.abs(average * rng.standard_normal((k, X.shape[1])))
    W = np.abs(average * rng.standard_normal((X.shape[0], k)))
    return W.astype(X.dtype), H.astype(X.dtype)


def speeches(dtype: Any, *, counts: bool = False) -> Any:
    """State of the Union addresses by words that are neither rare nor everywhere."""
    from partwise.datasets import load_state_of_the_union

    return _words(load_state_of_the_union().texts, dtype, counts=counts, max_df=0.2)


def music(dtype: Any) -> Array:
    """The power spectrogram of eight seconds of music, its floor 60 dB below the loudest cell, times by frequencies."""
    from scipy.signal import stft

    from partwise.datasets import load_vibe_ace

    sound = load_vibe_ace()
    power = np.square(np.abs(stft(sound.samples, sound.sample_rate, nperseg=1024, noverlap=768)[2])).T
    return np.maximum(power / power.max(), 1e-6).astype(dtype)


def planted(dtype: Any, n: int = 5000, m: int = 1000, rank: int = 50) -> Array:
    """Products of gamma factors and a tenth of noise, of a rank above the one asked for."""
    rng = np.random.default_rng(1)
    X = rng.gamma(0.5, 1.0, (n, rank)).astype(np.float32) @ rng.gamma(0.5, 1.0, (rank, m)).astype(np.float32)
    X += np.float32(0.1 * X.mean()) * np.abs(rng.standard_normal(X.shape, dtype=np.float32))
    return X.astype(dtype, copy=False)


def large_and_sparse(dtype: Any) -> Any:
    """About ten million entries in 200,000 rows, with twenty planted parts and few popular columns."""
    rng = np.random.default_rng(3)
    n, m, draws = 200_000, 50_000, 10_500_000
    row, part = rng.integers(0, n, draws), rng.integers(0, 20, draws)
    part = np.where(rng.random(draws) < 0.7, row % 20, part)
    column = (m * rng.power(0.35, draws)).astype(np.int64)
    column = (column * (2 * part + 1) + 7919 * part) % m
    return sp.csr_matrix((np.ones(draws, dtype), (row, column)), shape=(n, m))


def faces(dtype: Any) -> Array:
    """400 photographs of faces, 64 x 64."""
    stored = np.load(beside("olivetti_faces/olivetti_faces.npz"))
    return (stored["images"].reshape(400, 4096) / stored["scale"]).astype(dtype)


def reuters(dtype: Any, *, counts: bool = False) -> Any:
    """Newswire stories of Reuters-21578."""
    with gzip.open(beside("reuters21578/reuters21578.jsonl.gz"), "rt", encoding="utf-8") as file:
        texts = [f"{row['title']} {row['text']}" for row in map(json.loads, file)]
    return _words([text for text in texts if len(text) > 60], dtype, counts=counts, max_df=0.5, min_df=2)


def film_ratings(dtype: Any) -> Any:
    """Ratings of films by users, unrated films as zeros."""
    table = np.loadtxt(
        beside("movielens_latest_small/ratings.csv.gz"), delimiter=",", skiprows=1, usecols=(0, 1, 2), dtype=np.float64
    )
    user, item = (np.unique(column, return_inverse=True)[1] for column in table[:, :2].T)
    return sp.csr_matrix((table[:, 2].astype(dtype), (user, item)))


def cells(dtype: Any) -> Any:
    """Counts of gene transcripts in blood cells."""
    return sp.load_npz(beside("pbmc3k/counts_cells_genes.npz")).tocsr().astype(dtype)


def _words(texts: list[str], dtype: Any, *, counts: bool, max_df: float, min_df: int = 3) -> Any:
    from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

    pattern = r"(?u)\b[a-zA-Z][a-zA-Z]+\b"
    X = CountVectorizer(stop_words="english", min_df=min_df, max_df=max_df, token_pattern=pattern).fit_transform(texts)
    X = X[np.asarray(X.sum(axis=1)).ravel() > 0]
    return sp.csr_matrix(X if counts else TfidfTransformer(sublinear_tf=True).fit_transform(X)).astype(dtype)


def beside(name: str) -> Path:
    """Return a file of the data sets beside the repository."""
    root = Path(__file__).resolve().parents[2]
    path = Path(os.environ.get("PARTWISE_SHARED_DATA", root.parent / "shared" / "data")) / name
    if not path.exists():
        raise FileNotFoundError(f"{name} is not there; PARTWISE_SHARED_DATA names the folder that holds it")
    return path


SHIPPED = "State of the Union addresses, shipped with partwise"
NEWS = "Reuters-21578"
BOTH = ("float32", "float64")
PROBLEMS = {
    problem.name: problem
    for problem in (
        Problem("speeches", speeches, f"{SHIPPED}; sublinear TF-IDF", seconds=1, dtypes=BOTH),
        Problem("speeches-k50", speeches, f"{SHIPPED}; sublinear TF-IDF", 50, seconds=6),
        Problem("speeches-kl", partial(speeches, counts=True), f"{SHIPPED}; counts", 20, "kullback-leibler", 2),
        Problem("music-is", music, "eight seconds of music, shipped with partwise", 12, "itakura-saito", 4),
        Problem("planted", planted, "generated: gamma factors of rank 50 and noise", seconds=1.5),
        Problem("large-sparse", large_and_sparse, "generated: twenty parts, popular columns", seconds=8),
        Problem("faces", faces, "Olivetti faces", seconds=4, dtypes=BOTH),
        Problem("faces-k50", faces, "Olivetti faces", 50, seconds=12),
        Problem("reuters", reuters, f"{NEWS}; sublinear TF-IDF", seconds=3, dtypes=BOTH),
        Problem("reuters-k50", reuters, f"{NEWS}; sublinear TF-IDF", 50, seconds=8),
        Problem("reuters-kl", partial(reuters, counts=True), f"{NEWS}; counts", 20, "kullback-leibler", 12),
        Problem("ratings", film_ratings, "MovieLens latest small, unrated as zeros", seconds=1.5),
        Problem("cells-kl", cells, "10x Genomics 3k PBMC counts", 20, "kullback-leibler", 15),
    )
}
SHORT = ("speeches", "speeches-kl", "planted", "music-is")
"""What is raced when nothing is asked for."""
