"""Topics beside those of other libraries, judged by known classes.

    python -m benchmarks.answers.topic_peers [COLLECTION ...]

As many topics are asked for as there are classes, and a document belongs to its heaviest topic. Printed are the
normalized mutual information with the classes (NMI), purity, the coherence of topics (NPMI of ten words) and the share
of these words that differ between topics, for each collection and as means. partwise reads the texts; the others get
the counts of the same words: scikit-learn's and gensim's NMF as TF-IDF, LDA of tomotopy as they are, with 200 passes.
Libraries that are not installed are left out. The data are the shared sets (`../shared/data`, or the folder that
PARTWISE_SHARED_DATA names) and the addresses that partwise ships.
"""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.decomposition import NMF
from sklearn.feature_extraction.text import TfidfTransformer

from benchmarks.answers.topic_embeddings import judged, of_model
from benchmarks.answers.topic_weights import TEXTS, counted, say
from partwise.matrix import Array
from partwise.selection.grouping import main_parts
from partwise.topics import TopicModel

Weights = tuple[Array, Array]
"""Weights of topics (n, k), and words of topics (k, m)."""


def main() -> None:
    """Print a line for each collection and library, and one of means for each library."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("collections", nargs="*", default=list(TEXTS))
    found: dict[str, list[Any]] = {}
    say("| | NMI | purity | NPMI | diversity |")
    for name in parser.parse_args().collections:
        texts, y = TEXTS[name]()
        y = np.unique(y, return_inverse=True)[1]
        model = TopicModel(int(y.max()) + 1, stability_runs=0).fit(texts)
        column = {str(word): j for j, word in enumerate(model.words_)}
        topic, words = of_model(model)
        rows = {"partwise": judged(y, topic, model.X_, [[column[word] for word in own] for own in words])}
        C = counted(texts)
        for who, fit in PEERS.items():
            try:
                W, H = fit(C, model.n_topics_)
            except ImportError:
                continue
            topic = main_parts(W)
            rows[who] = judged(y, topic, C, [[*np.argsort(-row, kind="stable")[:10]] for row in H])
        for who, values in rows.items():
            found.setdefault(who, []).append(values)
            say(f"| {name}, {who} | {' | '.join(f'{value:.3f}' for value in values)} |")
    for who, table in found.items():
        say(f"| mean of {len(table)}, {who} | {' | '.join(f'{value:.3f}' for value in np.mean(table, axis=0))} |")


def scikit_learn(C: Any, k: int) -> Weights:
    """Return what scikit-learn's NMF says of TF-IDF."""
    model = NMF(k, init="nndsvda", random_state=0, max_iter=200)
    W = model.fit_transform(TfidfTransformer(sublinear_tf=True).fit_transform(C))
    return W * np.linalg.norm(model.components_, axis=1), model.components_


def gensim(C: Any, k: int) -> Weights:
    """Return what gensim's NMF says of TF-IDF, after ten passes. A topic of it sums to 1."""
    from gensim.matutils import Sparse2Corpus, corpus2csc
    from gensim.models.nmf import Nmf

    X = TfidfTransformer(sublinear_tf=True).fit_transform(C)
    corpus = Sparse2Corpus(X, documents_columns=False)
    names = {j: str(j) for j in range(C.shape[1])}
    model = Nmf(corpus, num_topics=k, id2word=names, passes=10, random_state=0, minimum_probability=0)
    W = corpus2csc((model[text] for text in corpus), num_terms=k, num_docs=C.shape[0]).T.toarray()
    return W, model.get_topics()


def tomotopy(C: Any, k: int) -> Weights:
    """Return what tomotopy's LDA says of counts."""
    import tomotopy

    model, rows = tomotopy.LDAModel(k=k, seed=1), np.flatnonzero(np.diff(C.indptr))
    for i in rows:
        span = slice(*C.indptr[i : i + 2])
        model.add_doc(np.repeat(C.indices[span], C.data[span].astype(int)).astype(str).tolist())
    model.train(200, workers=1)
    W, H = np.zeros((C.shape[0], k)), np.zeros((k, C.shape[1]))
    W[rows] = [document.get_topic_dist() for document in model.docs]
    H[:, np.array(model.used_vocabs, dtype=int)] = [model.get_topic_word_dist(topic) for topic in range(k)]
    return W, H


PEERS: dict[str, Callable[[sp.csr_array, int], Weights]] = {
    "scikit-learn's NMF": scikit_learn,
    "gensim's NMF": gensim,
    "LDA (tomotopy)": tomotopy,
}

if __name__ == "__main__":
    main()
