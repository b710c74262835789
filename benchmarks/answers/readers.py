"""Lists for readers beside EASE: how well they predict a hidden fifth of each reader's articles.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.answers.readers [LOG ...]

Readers have five articles or more, and no reads that are nearly another's: accounts kept twice would give hidden reads
away. EASE has the best of four ridges, judged on a tenth of the known reads; partwise has its defaults. Printed are
NDCG@10, recall@20 (means over 1,000 readers, or all) and processor seconds: of fit and lists, and with the choice of
the ridge before them, which partwise makes in its fit. The data are the shared sets
(`../shared/data`, or the folder that PARTWISE_SHARED_DATA names).

References
----------
H. Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019, doi:10.1145/3308558.3313710.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import scipy.linalg
import scipy.sparse as sp

from benchmarks.compare.problems import beside
from partwise.matrix import Array
from partwise.recommend import Recommender
from partwise.recommend.measures import accuracy

LEAST, ALIKE, JUDGED, LONGEST = 5, 0.8, 1000, 20
RIDGES = (5.0, 20.0, 100.0, 300.0)
Lists = Callable[[Any, Array], list[Array]]
"""Returns the best articles for some readers, from who read what."""


def main() -> None:
    """Print a line for each log and model."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("logs", nargs="*", default=list(LOGS))
    say("log (readers x articles) | model | NDCG@10 | recall@20 | seconds | and the choice")
    for name in parser.parse_args().logs:
        known, hidden = cut(cleaned(LOGS[name]()), 0.2, seed=0)
        rows = some(hidden, JUDGED)
        inner, held = cut(known, 0.1, seed=1)
        began = time.process_time()
        chosen = max(RIDGES, key=lambda ridge: sum(judged(ease(ridge), inner, held, some(held, JUDGED // 2))))
        choosing = time.process_time() - began
        models = {
            "partwise": ours("signed"),
            'co_reads="positive"': ours("positive"),
            f"EASE, {chosen:g}": ease(chosen),
        }
        for model, lists in models.items():
            began = time.process_time()
            ndcg, recall = judged(lists, known, hidden, rows)
            spent = time.process_time() - began
            whole = spent + choosing * model.startswith("EASE")
            size = "{:,} x {:,}".format(*known.shape)
            say(f"{name} ({size}) | {model} | {ndcg:.4f} | {recall:.4f} | {spent:.1f} | {whole:.1f}")


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def judged(lists: Lists, known: Any, hidden: Any, rows: Array) -> tuple[float, float]:
    """Return the mean NDCG@10 and recall@20 of lists for some readers."""
    wanted = [hidden.indices[slice(*hidden.indptr[row : row + 2])] for row in rows]
    tops = lists(known, rows)
    return (
        float(np.mean([accuracy(top, own, 10)[0] for top, own in zip(tops, wanted, strict=True)])),
        float(np.mean([accuracy(top, own, 20)[1] for top, own in zip(tops, wanted, strict=True)])),
    )


def ours(co_reads: str) -> Lists:
    """Return the lists of a Recommender."""

    def lists(known: Any, rows: Array) -> list[Array]:
        reader, article = known.nonzero()
        model = Recommender(co_reads=co_reads, random_state=0).fit({"reader": reader, "article": article})
        found = model.recommend(rows.tolist(), n=LONGEST)
        own = {int(row): part["article"].to_numpy() for row, part in found.groupby("reader", sort=False)}
        return [own.get(int(row), np.zeros(0, int)) for row in rows]

    return lists


def ease(ridge: float) -> Lists:
    """Return the lists of EASE: (X' X + ridge)^-1 says all, or, with fewer readers than articles, (X X' + ridge)^-1.

    In float32, by Cholesky factors.
    """
    solve = partial(scipy.linalg.solve, assume_a="pos", check_finite=False)

    def lists(known: Any, rows: Array) -> list[Array]:
        (n, m), known = known.shape, known.astype(np.float32)
        if m <= n:
            inverse = solve(
                (known.T @ known).toarray() + ridge * np.eye(m, dtype=np.float32), np.eye(m, dtype=np.float32)
            )
            told, diagonal = known[rows] @ inverse, inverse.diagonal()
        else:
            weights = solve((known @ known.T).toarray() + ridge * np.eye(n, dtype=np.float32), known.toarray())
            told, diagonal = weights[rows], (1 - known.multiply(weights).sum(axis=0)) / ridge
        scores = -told / diagonal  # but for the read article itself, which is left out
        scores[known[rows].nonzero()] = -np.inf
        return list(np.argsort(-scores, axis=1, kind="stable")[:, :LONGEST])

    return lists


def cut(reads: Any, share: float, seed: int) -> tuple[Any, Any]:
    """Return the reads that stay known, and a share of each reader's, one at least of five or more."""
    rng, row = np.random.default_rng(seed), np.repeat(np.arange(reads.shape[0]), np.diff(reads.indptr))
    order = np.lexsort((rng.random(reads.nnz), row))
    own = np.diff(reads.indptr)
    count = np.maximum((own * share).astype(int), own >= LEAST)
    hidden = np.arange(reads.nnz) - reads.indptr[row] < count[row]
    parts = (order[~hidden], order[hidden])
    return tuple(of_pairs(row[part], reads.indices[part], reads.shape) for part in parts)  # type: ignore[return-value]


def some(hidden: Any, count: int) -> Array:
    """Return readers of whom reads are hidden, at most so many."""
    rows = np.flatnonzero(np.diff(hidden.indptr))
    return np.sort(np.random.default_rng(2).permutation(rows)[:count])


def of_pairs(rows: Any, columns: Any, shape: tuple[int, int] | None = None) -> Any:
    """Return who read what, once each, as CSR."""
    reads = sp.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
    reads.sum_duplicates()
    reads.data[:] = 1
    return reads


def cleaned(reads: Any) -> Any:
    """Return the reads of those who have enough, each unlike those before, and the articles that one of them read."""
    reads = reads[np.diff(reads.indptr) >= LEAST]
    own, kept = np.diff(reads.indptr), []
    for first in range(0, reads.shape[0], 1000):
        both = sp.coo_array(reads[first : first + 1000] @ reads.T)
        row, other = both.row + first, both.col
        twins = (other < row) & (both.data >= ALIKE * (own[row] + own[other] - both.data))
        kept.append(np.setdiff1d(np.arange(first, min(first + 1000, reads.shape[0])), row[twins]))
    reads = reads[np.concatenate(kept)]
    return reads[:, np.flatnonzero(reads.sum(axis=0))]


def _table(file: str, reader: str, article: str) -> Any:
    table = pd.read_csv(beside(file), sep=None, engine="python")
    return of_pairs(*(pd.factorize(table[column])[0] for column in (reader, article)))


LOGS: dict[str, Callable[[], Any]] = {
    "a community's reads": lambda: _table("deskdrop/users_interactions.csv.gz", "personId", "contentId"),
    "films": lambda: _table("movielens_latest_small/ratings.csv.gz", "userId", "movieId"),
    "artists": lambda: _table("lastfm_hetrec2k/user_artists.csv.gz", "userID", "artistID"),
    "papers": lambda: of_pairs(*sp.load_npz(beside("citeulike_t/users_items.npz")).nonzero()),
}

if __name__ == "__main__":
    main()
