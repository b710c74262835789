"""Scores and places are those of the formulas in the docstrings."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import nnls

from partwise.recommend.interest import Blend, Interest, confidences
from partwise.recommend.log import read_log
from partwise.recommend.parts import ARTICLE, READER, find_parts

DAY = 86_400.0


def a_log(n=9, m=7, seed=0):
    rng = np.random.default_rng(seed)
    reader, article = np.nonzero(rng.random((n, m)) < 0.5)
    order = rng.permutation(len(reader))
    return read_log(
        {
            "reader": reader[order],
            "article": article[order],
            "strength": rng.integers(1, 5, len(reader)).astype(float),
            "time": DAY * rng.integers(0, 30, len(reader)).astype(float),
        }
    )


def fitted(blend, half_life=None):
    log = a_log()
    texts = sp.csr_array(np.random.default_rng(1).random((len(log.articles), 4)) * 0.5)
    published = np.full(len(log.articles), np.nan)
    return log, Interest.fit(
        log, texts, published, n_parts=2, half_life=half_life, blend=blend, random_state=0, n_jobs=None
    )


def regressions(x, ridge):
    """Return what each article says for each other: ridge regressions whose ridge grows with an article's reads."""
    v = (x > 0).sum(axis=1) ** -0.5
    gram = x.T @ np.diag(v / v.mean()) @ x
    found = np.zeros_like(gram)
    for i in range(len(gram)):
        N = np.flatnonzero((gram[i] > 0) & (np.arange(len(gram)) != i))
        found[N, i] = np.linalg.solve(gram[np.ix_(N, N)] + np.diag(np.diag(gram)[N] + ridge), gram[N, i])
    return found


def by_hand(log, model, half_life):
    """Return the scores of all readers, written out entry by entry."""
    n, m, blend = len(log.readers), len(log.articles), model.blend
    now, total, first, last = log.time.max(), np.zeros((n, m)), np.full(m, np.inf), {}
    for u, i, strength, time in zip(log.reader, log.article, log.strength, log.time, strict=True):
        total[u, i] += strength * (1 if half_life is None else 0.5 ** ((now - time) / DAY / half_life))
        first[i], last[u, i] = min(first[i], time), max(last.get((u, i), 0.0), time)
    x, read = np.log2(1 + total), total > 0
    of_reader = read.sum(axis=1)
    pairs = regressions(x, blend.ridge) if blend.weights[1] else np.zeros((m, m))
    texts = model.texts.toarray()
    lately = np.zeros(m)
    for (_, i), time in last.items():
        lately[i] += 0.5 ** ((now - time) / DAY / blend.lately)
    p, c, t, r = np.asarray(blend.weights) / model.units
    scores = np.zeros((n, m))
    for u in range(n):
        for i in range(m):
            damped = x[u] / of_reader[u] ** 0.5
            score = p * model.W[u] @ model.parts.H[i] + c * damped @ pairs[:, i]
            score += t * damped @ (texts @ texts[i]) + r * lately[i]
            scores[u, i] = score / (1 + (now - first[i]) / DAY / blend.fresh)
    return scores


@pytest.mark.parametrize("half_life", [None, 3.0])
@pytest.mark.parametrize(
    "weights", [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (0.1, 1.0, 0.3, 0.05)], ids=str
)
def test_a_score_is_the_sum_of_its_pieces(weights, half_life):
    log, model = fitted(Blend(weights, lately=4.0, fresh=9.0, ridge=0.5), half_life)
    expected = by_hand(log, model, half_life)
    rtol = 1e-5 if weights[1] else 1e-10  # co-reads are learned in float32
    np.testing.assert_allclose(model.scores(np.arange(len(log.readers))), expected, rtol=rtol)


def test_without_a_half_life_what_is_read_lately_is_the_number_of_readers():
    log, model = fitted(Blend(), 2.0)
    pairs = {*zip(log.reader.tolist(), log.article.tolist(), strict=True)}
    assert model.lately(None).tolist() == [sum(j == i for _, j in pairs) for i in range(len(log.articles))]


@pytest.mark.parametrize(("lately", "fresh", "fastest"), [(1.0, 50.0, 1.0), (50.0, 2.0, 2.0), (None, 3.0, 3.0)])
def test_a_reader_of_whom_nothing_is_known_gets_what_is_read_by_the_fastest_clock(lately, fresh, fastest):
    log, model = fitted(Blend(lately=lately, fresh=fresh))
    last = {}
    for u, i, time in zip(log.reader, log.article, log.time, strict=True):
        last[u, i] = max(last.get((u, i), 0.0), time)
    expected = np.zeros(len(log.articles))
    for (_, i), time in last.items():
        expected[i] += 0.5 ** ((log.time.max() - time) / DAY / fastest)
    np.testing.assert_allclose(model.scores(np.array([-1]))[0], expected / model.units[-1])


@pytest.mark.parametrize("worded", [False, True])
def test_new_articles_are_placed_by_the_least_squares_of_their_scaled_reads(worded):
    log = a_log(12, 10)
    read, rng = confidences(log, None), np.random.default_rng(2)
    texts = sp.csr_array(rng.random((read.shape[1], 4))) if worded else None
    parts = find_parts(read, 3, texts, 0, None)
    new = sp.csr_array(np.where(rng.random((4, read.shape[0])) < 0.6, rng.random((4, read.shape[0])), 0))
    words = rng.random((4, 4))
    found = parts.with_articles(new, sp.csr_array(words) if worded else None)
    counts, of_readers = np.diff(new.indptr), np.diff(read.indptr)
    np.testing.assert_allclose(parts.reader_scale, of_readers**-READER)
    np.testing.assert_allclose(found.article_scale[-4:], counts**-ARTICLE)
    for row in range(4):
        target, basis = new.toarray()[row] * counts[row] ** -0.25 * of_readers**-0.5, parts.R
        if worded:
            target, basis = np.append(target, parts.text_weight * words[row]), np.vstack([basis, parts.V])
        np.testing.assert_allclose(found.H[len(parts.H) + row], nnls(basis, target)[0], atol=1e-8)


def test_the_strength_of_reads_counts_by_its_logarithm_and_halves_with_time():
    log = read_log({"reader": [0, 0, 0], "article": [0, 0, 1], "strength": [1, 2, 4], "time": [0, 2 * DAY, 4 * DAY]})
    np.testing.assert_allclose(confidences(log, None).toarray(), [[2, np.log2(5)]])
    np.testing.assert_allclose(confidences(log, 2.0).toarray(), [[np.log2(1 + 0.25 + 1), np.log2(5)]])
