"""Topics with embeddings, judged by known classes, beside k-means, BERTopic and KeyNMF on the same embeddings.

    python -m benchmarks.answers.topic_embeddings [COLLECTION ...] [--embeddings FOLDER] [--model FOLDER]

As many topics are asked for as there are classes, and a document belongs to its heaviest topic. Printed are, for each
collection and as means, the normalized mutual information with the classes (NMI), purity, the coherence of topics (NPMI
of ten words) and the share of these words that differ between topics. Of each collection, 1,000 documents are drawn at
most.

--embeddings is a folder of one array a collection, NAME.npy. Those that are missing are made, and kept there, by the
model of sentence-transformers in --model, of the first 64 tokens. Without a folder, embeddings are the first 100
singular vectors of TF-IDF (LSA): they know nothing but the same words. BERTopic and KeyNMF take part if they are
installed, and are judged by the words that partwise knows; KeyNMF needs --model to embed words. BERTopic is asked for
one topic more, which is that of its outliers.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import normalized_mutual_info_score

from benchmarks.answers.topic_weights import TEXTS, Texts, _rows, say
from partwise.matrix import Array
from partwise.selection.grouping import main_parts
from partwise.topics import TopicModel
from partwise.topics.languages import WORD
from partwise.topics.places import unit_rows
from partwise.topics.words import diversity, npmi

MOST = 1_000
Answer = tuple[Array, list[list[str]]]
"""The topic of each document, and the heaviest words of each topic."""


def _part(name: str, part: Callable[[int, dict[str, Any]], str]) -> Texts:
    rows = _rows(f"{name}/{name}.jsonl.gz")
    return [part(i, row) for i, row in enumerate(rows)], [row["label"] for row in rows]


COLLECTIONS: dict[str, Callable[[], Texts]] = {
    "BBC": TEXTS["BBC"],
    "BBC titles": lambda: _part("bbc_news", lambda _, row: str(row["title"])),
    "BBC, half titles": lambda: _part("bbc_news", lambda i, row: f"{row['title']}. {row['text'] if i % 2 else ''}"),
    "AG": TEXTS["AG"],
    "AG titles": lambda: _part("ag_news_test", lambda _, row: str(row["title"])),
    "addresses by decade": TEXTS["addresses by decade"],
    "Reuters, top 10": TEXTS["Reuters, top 10"],
    "Reuters titles": TEXTS["its titles"],
    "Reuters, half titles": TEXTS["half of them titles"],
    "MIND abstracts": TEXTS["MIND abstracts"],
    "MIND titles": TEXTS["MIND titles"],
}
"""The first six were chosen by, the others only looked at afterwards."""


def main() -> None:
    """Print a table a collection, and one of means."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("collections", nargs="*", default=list(COLLECTIONS))
    parser.add_argument("--embeddings", type=Path)
    parser.add_argument("--model")
    given = parser.parse_args()
    encoder = None if given.model is None else loaded(given.model)
    found: dict[str, list[Any]] = {}
    for name in given.collections:
        texts, y = drawn(*COLLECTIONS[name]())
        say(f"| {name}, {len(texts):,} in {y.max() + 1} | NMI | purity | NPMI | diversity |")
        for who, values in answers(name, texts, y, given.embeddings, encoder):
            found.setdefault(who, []).append(values)
            say(f"| {who} | {' | '.join(f'{value:.3f}' for value in values)} |")
    say("| means | NMI | purity | NPMI | diversity |")
    for who, rows in found.items():
        say(f"| {who} | {' | '.join(f'{value:.3f}' for value in np.mean(rows, axis=0))} |")


def answers(name: str, texts: list[str], y: Array, folder: Path | None, encoder: Any) -> Iterator[tuple[str, Any]]:
    """Yield who answers, and how good that is."""
    k = int(y.max()) + 1
    without = TopicModel(k, stability_runs=0).fit(texts)
    X, words = without.X_, [str(word) for word in without.words_]
    E = embeddings(name, texts, X, folder, encoder)
    column = {word: j for j, word in enumerate(words)}
    ways: dict[str, Callable[[], Answer]] = {
        "partwise": lambda: of_model(without),
        "partwise, embeddings": lambda: of_model(TopicModel(k, embeddings=E, stability_runs=0).fit(texts)),
        "k-means of embeddings": lambda: (KMeans(k, n_init=4, random_state=0).fit_predict(E), []),
        "BERTopic": lambda: bertopic(texts, E, k),
        "KeyNMF": lambda: key_nmf(texts, E, words, k, encoder),
    }
    for who, answer in ways.items():
        try:
            topic, top = answer()
        except ImportError:
            continue
        yield who, judged(y, topic, X, [[column[word] for word in own if word in column] for own in top])


def drawn(texts: list[str], classes: list[Any]) -> tuple[list[str], Array]:
    """Return 1,000 texts at most, and the numbers of their classes."""
    rows = np.sort(np.random.default_rng(0).permutation(len(texts))[:MOST])
    return [texts[i] for i in rows], np.unique([classes[i] for i in rows], return_inverse=True)[1]


def loaded(model: str) -> Any:
    """Return a model of sentence-transformers."""
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(model, device="cpu")
    encoder.max_seq_length = 64
    return encoder


def embeddings(name: str, texts: list[str], X: Any, folder: Path | None, encoder: Any) -> Array:
    """Return the embeddings of texts in rows of unit length."""
    if folder is None:
        return unit_rows(TruncatedSVD(min(100, X.shape[1] - 1), random_state=0).fit_transform(X))
    path = folder / f"{name}.npy"
    if not path.exists():
        np.save(path, encoder.encode(texts, batch_size=64, normalize_embeddings=True))
    return np.load(path)


def of_model(model: TopicModel) -> Answer:
    """Return what a model of ours says."""
    topic = main_parts(model.document_topics_)
    return topic, [[word for word, _ in model.top_words(t, 10)] for t in range(model.n_topics_)]


def bertopic(texts: list[str], E: Array, k: int) -> Answer:
    """Return what BERTopic says, with a seed."""
    from bertopic import BERTopic
    from umap import UMAP

    umap = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=0)
    model = BERTopic(
        umap_model=umap, vectorizer_model=CountVectorizer(stop_words="english"), embedding_model=None, nr_topics=k + 1
    )
    topic, _ = model.fit_transform(texts, E)
    return np.asarray(topic), [[word for word, _ in model.get_topic(t)] for t in sorted({*topic} - {-1})]


def key_nmf(texts: list[str], E: Array, words: list[str], k: int, encoder: Any) -> Answer:
    """Return what KeyNMF says."""
    from turftopic import KeyNMF

    if encoder is None:
        raise ImportError
    model = KeyNMF(k, encoder=encoder, vectorizer=CountVectorizer(vocabulary=words, token_pattern=WORD), random_state=0)
    W, names = model.fit_transform(texts, embeddings=E), model.get_vocab()
    top = [[str(names[j]) for j in np.argsort(-row)[:10]] for row in model.components_]
    return main_parts(W), top


def judged(y: Array, topic: Array, X: Any, top: list[list[int]]) -> tuple[float, float, float, float]:
    """Return NMI with the classes, purity, coherence of the heaviest words and the share of these that differ."""
    pure = sum(np.bincount(y[topic == t]).max() for t in np.unique(topic)) / len(y)
    of_words = (float(np.nanmean(npmi(X, top))), diversity(top)) if top else (np.nan, np.nan)
    return float(normalized_mutual_info_score(y, topic)), float(pure), *of_words


if __name__ == "__main__":
    main()
