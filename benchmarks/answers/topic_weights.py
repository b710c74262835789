"""Weights of words and documents, and losses of topics, judged by known classes.

    python -m benchmarks.answers.topic_weights [COLLECTION ...] [--times 1]
    python -m benchmarks.answers.topic_weights [COLLECTION ...] --boilerplate
    python -m benchmarks.answers.topic_weights [COLLECTION ...] --number

Each variant is fitted with as many topics as there are classes (times --times), and a document belongs to its heaviest
topic. Printed are the normalized mutual information with the classes, and means of it, of purity and of the coherence
of topics (NPMI of ten words). The data are the shared sets (`../shared/data`, or the folder that PARTWISE_SHARED_DATA
names) and the addresses that partwise ships.

With --boilerplate, `TopicModel` is fitted to texts as they are and to posts made of them, with headers, quoted lines
and signatures (`posts`), each with and without its boilerplate. With --number, the number of topics that it chooses is
judged beside given ones (`GIVEN`).
"""

import argparse
import gzip
import json
import textwrap
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
from partwise.topics import TopicModel
from partwise.topics.places import mean_shares
from partwise.topics.vectorize import COMMON_SHARE, make_vectorizer, rare
from partwise.topics.weights import balancing_weights, document_weights, inverse_frequency, tfidf_rows
from partwise.topics.words import npmi, ranked_words

Collection = tuple[Any, Array]
"""Counts (n, m) and the class of each document."""
Texts = tuple[list[str], list[Any]]
"""Texts and their classes."""
GIVEN = (10, 15, 20, 30, 40)
"""Numbers of topics that the chosen one is judged beside."""


def main() -> None:
    """Print a line a variant."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("collections", nargs="*", default=list(COLLECTIONS))
    parser.add_argument("--times", type=float, default=1)
    parser.add_argument("--boilerplate", action="store_true")
    parser.add_argument("--number", action="store_true")
    given = parser.parse_args()
    if given.number:
        number([name for name in given.collections if name in TEXTS])
        return
    if given.boilerplate:
        boilerplate([name for name in given.collections if name in TEXTS])
        return
    data = {name: COLLECTIONS[name]() for name in given.collections}
    say(f"| | {' | '.join(data)} | NMI | purity | NPMI |")
    for name, variant in VARIANTS.items():
        found = np.array([judged(C, y, int(given.times * (y.max() + 1)), *variant(C)) for C, y in data.values()])
        say(f"| {name} | {' | '.join(f'{v:.3f}' for v in [*found[:, 0], *found.mean(axis=0)])} |")


def boilerplate(names: list[str]) -> None:
    """Print a line a collection: NMI of texts and posts, with boilerplate and without."""
    say("| | texts, kept | texts | posts, kept | posts | lines found in texts, posts |")
    for name in names:
        texts, classes = TEXTS[name]()
        y = np.unique(classes, return_inverse=True)[1]
        row, lines = [], []
        for given in (texts, posts(texts, y)):
            for keep in (True, False):
                model = TopicModel(y.max() + 1, keep_boilerplate=keep, stability_runs=0)
                row.append(agreement(y, model.fit_transform(given)))
            lines.append(0 if model.boilerplate_ is None else len(model.boilerplate_.lines))
        say(f"| {name} | {' | '.join(f'{v:.3f}' for v in row)} | {lines[0]}, {lines[1]} |")


def number(names: list[str]) -> None:
    """Print a line a collection: topics chosen, for three seeds, their NMI, and that of given numbers."""
    say(f"| | chosen | NMI | {' | '.join(map(str, GIVEN))} |")
    for name in names:
        texts, classes = TEXTS[name]()
        y = np.unique(classes, return_inverse=True)[1]
        X = TopicModel(1, stability_runs=0).fit(texts).X_
        chosen = [TopicModel("auto", random_state=seed, stability_runs=0).fit(X) for seed in range(3)]
        scores = [agreement(y, model.document_topics_) for model in chosen]
        scores += [agreement(y, TopicModel(k, stability_runs=0).fit_transform(X)) for k in GIVEN]
        shown = [f"{score:.3f}" for score in scores]
        say(
            f"| {name} | {', '.join(str(model.n_topics_) for model in chosen)} | {', '.join(shown[:3])} | "
            f"{' | '.join(shown[3:])} |"
        )


def agreement(y: Array, places: Array) -> float:
    """Return the NMI of classes with the heaviest topics; documents placed nowhere are a group of their own."""
    found = np.where(places.any(axis=1), places.argmax(axis=1), -1)
    return float(normalized_mutual_info_score(y, found))


def posts(texts: list[str], y: Array, seed: int = 0) -> list[str]:
    """Return texts as posts: headers, a quoted line of another text of the class, and the signature of its writer.

    A writer has twelve posts or so. Half of them keep to a class, the others write about anything.
    """
    rng = np.random.default_rng(seed)

    def name() -> str:
        return "".join(rng.choice(list("bdfgklmnprstvz")) + rng.choice(list("aeiou")) for _ in range(3))

    n_writers = max(len(texts) // 12, 1)
    hosts = [f"{name()}.{name()}.{end}" for end in ("edu", "com", "org", "edu") for _ in range(10)]
    places = [f"{kind} of {name().title()}" for kind in ("University", "Institute", "Department") for _ in range(15)]
    sayings = [" ".join(name() for _ in range(7)) for _ in range(n_writers)]
    disclaimers = [
        "The opinions expressed here are my own and not those of my employer.",
        "This message is confidential and only for the person it is sent to.",
        "My company knows nothing of what I say here, and does not care.",
    ]
    writers = []
    for i in range(n_writers):
        first, last, host = name().title(), name().title(), rng.choice(hosts)
        signature = ["--", f"{first} {last}    {first.lower()}@{host}", *([sayings[i]] if i % 2 else [])]
        signature += [disclaimers[i % 9]] if i % 9 < len(disclaimers) else []
        writers.append((f"{first.lower()}@{host} ({first} {last})", host, rng.choice(places), signature))
    made = []
    for i, text in enumerate(texts):
        own = rng.integers(n_writers)
        if own % 2 and n_writers > 2 * (y.max() + 1):  # a writer who keeps to a class
            own = own - own % (2 * (y.max() + 1)) + 2 * y[i] + 1
        writer, host, place, signature = writers[min(own, n_writers - 1)]
        other = writers[rng.integers(n_writers)][0]
        quoted = textwrap.wrap(texts[rng.choice(np.flatnonzero(y == y[i]))], 60)[:1]
        head = [f"From: {writer}", f"Subject: Re: {' '.join(text.split()[:4])}", f"Organization: {place}"]
        head += [f"Lines: {rng.integers(5, 60)}", f"Nntp-Posting-Host: {host}", ""]
        reply = [f"In article <{rng.integers(10**6)}@{rng.choice(hosts)}> {other} writes:", *(f"> {q}" for q in quoted)]
        made.append("\n".join([*head, *(reply if rng.random() < 0.6 else []), *textwrap.wrap(text, 70), *signature]))
    return made


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def judged(C: Any, y: Array, k: int, X: Any, weights: Array | None, loss: str) -> tuple[float, float, float]:
    """Return NMI, purity and coherence of the topics of X."""
    found = factorize(X, k, loss=loss, sample_weight=weights, random_state=0)
    sizes = np.linalg.norm(found.H, axis=1) if loss == "frobenius" else found.H.sum(axis=1)
    W, H = found.W * sizes, found.H / np.where(sizes > 0, sizes, 1)[:, None]
    heaviest = np.where(W.any(axis=1), W.argmax(axis=1), -1)
    pure = sum(np.bincount(y[heaviest == topic]).max() for topic in np.unique(heaviest)) / len(y)
    coherence = np.nanmean(npmi(C, ranked_words(H, mean_shares(W), 10)))
    return float(normalized_mutual_info_score(y, heaviest)), float(pure), float(coherence)


def counted(texts: list[str]) -> Any:
    """Return counts (n, m) of the words that partwise knows."""
    vectorizer = make_vectorizer("en", False, True, min_df=rare(len(texts)), max_df=COMMON_SHARE)
    vectorizer.sublinear_tf = False
    return sp.csr_array(vectorizer.fit_transform(texts))


def _collection(named: Texts) -> Collection:
    return counted(named[0]), np.unique(named[1], return_inverse=True)[1]


def _rows(name: str) -> list[dict[str, Any]]:
    with gzip.open(beside(name), "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _reuters(n_classes: int, text: Callable[[int, Any], str], most: int = 10_000) -> Texts:
    rows = [row for row in _rows("reuters21578/reuters21578.jsonl.gz") if len(row["topics"]) == 1]
    named = {topic for topic, _ in Counter(row["topics"][0] for row in rows).most_common(n_classes)}
    rows, taken = [row for row in rows if row["topics"][0] in named and len(row["text"]) > 60], Counter[str]()
    chosen = []
    for i in np.random.default_rng(0).permutation(len(rows)):
        taken[rows[i]["topics"][0]] += 1
        if taken[rows[i]["topics"][0]] <= most:
            chosen.append(rows[i])
    chosen = chosen[:4000]
    return [text(i, row) for i, row in enumerate(chosen)], [row["topics"][0] for row in chosen]


def _addresses() -> Texts:
    passages = load_state_of_the_union()
    return passages.texts, [year // 10 for year in passages.years]


def _headlines(abstracts: bool) -> Texts:
    news = pd.read_csv(beside("mind_small_sample/news.tsv.gz"), sep="\t").fillna("")
    news = news[news["category"].isin(news["category"].value_counts().index[:8])]
    return list(news["title"] + (". " + news["abstract"] if abstracts else "")), list(news["category"])


def _papers() -> Collection:
    words, tags = (sp.load_npz(beside(f"citeulike_t/items_{name}.npz")).tocsc() for name in ("words", "tags"))
    tags.data[:] = 1
    common = tags[:, np.argsort(-np.asarray(tags.sum(axis=0)).ravel())[:16]].toarray()
    alone = common.sum(axis=1) == 1
    C = sp.csr_array(words[alone], dtype=np.float64)
    held = np.bincount(C.indices, minlength=C.shape[1])
    return C[:, (held >= 3) & (held <= COMMON_SHARE * C.shape[0])], common[alone].argmax(axis=1)


def _news(name: str) -> Texts:
    rows = _rows(f"{name}/{name}.jsonl.gz")
    return [f"{row['title']}. {row['text']}" for row in rows], [row["label"] for row in rows]


TEXTS: dict[str, Callable[[], Texts]] = {
    "Reuters, top 10": lambda: _reuters(10, lambda _, row: f"{row['title']} {row['text']}"),
    "its titles": lambda: _reuters(10, lambda _, row: str(row["title"])),
    "half of them titles": lambda: _reuters(10, lambda i, row: f"{row['title']} {row['text'] if i % 2 else ''}"),
    "top 20, even": lambda: _reuters(20, lambda _, row: f"{row['title']} {row['text']}", 120),
    "addresses by decade": _addresses,
    "MIND titles": lambda: _headlines(False),
    "MIND abstracts": lambda: _headlines(True),
    "BBC": lambda: _news("bbc_news"),
    "AG": lambda: _news("ag_news_test"),
}
COLLECTIONS: dict[str, Callable[[], Collection]] = {
    **{name: lambda read=read: _collection(read()) for name, read in [*TEXTS.items()][:7]},
    "citeulike by tag": _papers,
    **{name: lambda read=read: _collection(read()) for name, read in [*TEXTS.items()][7:]},
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
