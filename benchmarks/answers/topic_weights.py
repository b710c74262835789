"""Weights of words and documents, and losses of topics, judged by known classes.

    python -m benchmarks.answers.topic_weights [COLLECTION ...] [--times 1]

Each variant is fitted with as many topics as there are classes (times --times), and a document belongs to its heaviest
topic. Printed are the normalized mutual information with the classes, and means of it, of purity and of the coherence
of topics (NPMI of ten words). The data are the shared sets (`../shared/data`, or the folder that PARTWISE_SHARED_DATA
names) and the addresses that partwise ships.
"""

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.metrics import normalized_mutual_info_score

from benchmarks.compare.problems import beside
from partwise import factorize
from partwise.datasets import load_state_of_the_union
from partwise.matrix import Array
from partwise.topics.places import mean_shares
from partwise.topics.vectorize import COMMON_SHARE, make_vectorizer, rare
from partwise.topics.weights import balancing_weights, document_weights, inverse_frequency, tfidf_rows
from partwise.topics.words import npmi, ranked_words

Collection = tuple[Any, Array]
"""Counts (n, m) and the class of each document."""


def main() -> None:
    """Print a line a variant."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("collections", nargs="*", default=list(COLLECTIONS))
    parser.add_argument("--times", type=float, default=1)
    given = parser.parse_args()
    data = {name: COLLECTIONS[name]() for name in given.collections}
    say(f"| | {' | '.join(data)} | NMI | purity | NPMI |")
    for name, variant in VARIANTS.items():
        found = np.array([judged(C, y, int(given.times * (y.max() + 1)), *variant(C)) for C, y in data.values()])
        say(f"| {name} | {' | '.join(f'{v:.3f}' for v in [*found[:, 0], *found.mean(axis=0)])} |")


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201


def judged(C: Any, y: Array, k: int, X: Any, weights: Array | None, loss: str) -> tuple[float, float, float]:
    """Return NMI, purity and coherence of the topics of X."""
    found = factorize(X, k, loss=loss, sample_weight=weights, random_state=0)
    sizes = np.linalg.norm(found.H, axis=1) if loss == "frobenius" else found.H.sum(axis=1)
    W, H = found.W * sizes, found.H / np.where(sizes > 0, sizes, 1)[:, None]
    heaviest = np.where(W.any(axis=1), W.argmax(axis=1), -1)
    pure = sum(np.bincount(y[heaviest == topic]).max() for topic in np.unique(heaviest)) / len(y)
    coherence = np.nanmean(npmi(C, ranked_words(H, mean_shares(W), 10)))
    return float(normalized_mutual_info_score(y, heaviest)), float(pure), float(coherence)


def _counted(texts: list[str], classes: list[Any]) -> Collection:
    vectorizer = make_vectorizer("en", False, True, min_df=rare(len(texts)), max_df=COMMON_SHARE)
    vectorizer.sublinear_tf = False
    return sp.csr_array(vectorizer.fit_transform(texts)), np.unique(classes, return_inverse=True)[1]


def _rows(name: str) -> list[dict[str, Any]]:
    with gzip.open(beside(name), "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _reuters(n_classes: int, text: Callable[[int, Any], str], most: int = 10_000) -> Collection:
    rows = [row for row in _rows("reuters21578/reuters21578.jsonl.gz") if len(row["topics"]) == 1]
    named = {topic for topic, _ in Counter(row["topics"][0] for row in rows).most_common(n_classes)}
    rows, taken = [row for row in rows if row["topics"][0] in named and len(row["text"]) > 60], Counter[str]()
    chosen = []
    for i in np.random.default_rng(0).permutation(len(rows)):
        taken[rows[i]["topics"][0]] += 1
        if taken[rows[i]["topics"][0]] <= most:
            chosen.append(rows[i])
    chosen = chosen[:4000]
    return _counted([text(i, row) for i, row in enumerate(chosen)], [row["topics"][0] for row in chosen])


def _addresses() -> Collection:
    passages = load_state_of_the_union()
    return _counted(passages.texts, [year // 10 for year in passages.years])


def _headlines(abstracts: bool) -> Collection:
    news = pd.read_csv(beside("mind_small_sample/news.tsv.gz"), sep="\t").fillna("")
    news = news[news["category"].isin(news["category"].value_counts().index[:8])]
    return _counted(list(news["title"] + (". " + news["abstract"] if abstracts else "")), list(news["category"]))


def _papers() -> Collection:
    words, tags = (sp.load_npz(beside(f"citeulike_t/items_{name}.npz")).tocsc() for name in ("words", "tags"))
    tags.data[:] = 1
    common = tags[:, np.argsort(-np.asarray(tags.sum(axis=0)).ravel())[:16]].toarray()
    alone = common.sum(axis=1) == 1
    C = sp.csr_array(words[alone], dtype=np.float64)
    held = np.bincount(C.indices, minlength=C.shape[1])
    return C[:, (held >= 3) & (held <= COMMON_SHARE * C.shape[0])], common[alone].argmax(axis=1)


def _news(name: str) -> Collection:
    rows = _rows(f"{name}/{name}.jsonl.gz")
    return _counted([f"{row['title']}. {row['text']}" for row in rows], [row["label"] for row in rows])


COLLECTIONS: dict[str, Callable[[], Collection]] = {
    "Reuters, top 10": lambda: _reuters(10, lambda _, row: f"{row['title']} {row['text']}"),
    "its titles": lambda: _reuters(10, lambda _, row: str(row["title"])),
    "half of them titles": lambda: _reuters(10, lambda i, row: f"{row['title']} {row['text'] if i % 2 else ''}"),
    "top 20, even": lambda: _reuters(20, lambda _, row: f"{row['title']} {row['text']}", 120),
    "addresses by decade": _addresses,
    "MIND titles": lambda: _headlines(False),
    "MIND abstracts": lambda: _headlines(True),
    "citeulike by tag": _papers,
    "BBC": lambda: _news("bbc_news"),
    "AG": lambda: _news("ag_news_test"),
}


def _changed(C: Any, change: Callable[[Array], Array]) -> Any:
    return sp.csr_array((change(C.data), C.indices, C.indptr), C.shape)


def _damped(C: Any) -> Any:
    return _changed(C, lambda counts: 1 + np.log(counts))


def _idf_of_sklearn(C: Any) -> Array:
    found: Array = np.log((1 + C.shape[0]) / (1 + np.bincount(C.indices, minlength=C.shape[1]))) + 1
    return found


def _entropy(C: Any) -> Array:
    p = C.data / np.asarray(C.sum(axis=0)).ravel()[C.indices]
    found: Array = 1 + np.bincount(C.indices, p * np.log(p), minlength=C.shape[1]) / np.log(C.shape[0])
    return np.maximum(found, 1e-9)


def _bm25(C: Any, k1: float = 1.2, b: float = 0.75) -> Any:
    lengths = np.asarray(C.sum(axis=1)).ravel()
    pivot = np.repeat(1 - b + b * lengths / lengths.mean(), np.diff(C.indptr))
    return _changed(C, lambda counts: counts * (k1 + 1) / (counts + k1 * pivot))


Variant = Callable[[Any], tuple[Any, Array | None, str]]


def _squared(rows: Callable[[Any], Any], weights: Callable[[Any], Array]) -> Variant:
    def variant(C: Any) -> tuple[Any, Array | None, str]:
        X = rows(C)
        return X, weights(X), "frobenius"

    return variant


def _counts(rows: Callable[[Any], Any]) -> Variant:
    return lambda C: (rows(C), None, "kullback-leibler")


VARIANTS: dict[str, Variant] = {
    "TF-IDF of scikit-learn, rows of length 1, balanced": _squared(
        lambda C: tfidf_rows(_damped(C), _idf_of_sklearn(C)), balancing_weights
    ),
    "BM25, balanced": _squared(lambda C: tfidf_rows(_bm25(C), inverse_frequency(C)), balancing_weights),
    "log-entropy, balanced": _squared(lambda C: tfidf_rows(_changed(C, np.log1p), _entropy(C)), balancing_weights),
    "TF-IDF, balanced": _squared(lambda C: tfidf_rows(_damped(C), inverse_frequency(C)), balancing_weights),
    "BM25, by length": _squared(lambda C: tfidf_rows(_bm25(C), inverse_frequency(C)), document_weights),
    "log-entropy, by length": _squared(lambda C: tfidf_rows(_changed(C, np.log1p), _entropy(C)), document_weights),
    "TF-IDF, by length: the default": _squared(
        lambda C: tfidf_rows(_damped(C), inverse_frequency(C)), document_weights
    ),
    "Kullback-Leibler, damped counts": _counts(_damped),
    "Kullback-Leibler, counts": _counts(lambda C: C),
    "Kullback-Leibler, TF-IDF": _counts(lambda C: tfidf_rows(_damped(C), inverse_frequency(C))),
}

if __name__ == "__main__":
    main()
