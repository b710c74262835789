"""TopicModel: texts in, topics and a place for every document out."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from partwise import NMF
from partwise.exceptions import DataError, ParameterError
from partwise.topics.collection import as_many, checked_ids, checked_texts
from partwise.topics.labels import topic_labels
from partwise.topics.timeline import peak_periods, periods
from partwise.topics.vectorize import fit_vectorizer

__all__ = ["Similar", "Topic", "TopicModel"]


@dataclass(frozen=True)
class Topic:
    """One topic, as `TopicModel.table` lists it.

    Attributes
    ----------
    index : int
        Column of the topic in what `TopicModel.transform` returns.
    label : str
        Its most exclusive heavy words.
    share : float
        Its share of the collection, between 0 and 1.
    words : list of str
        Its heaviest words, heaviest first.
    document : str
        Id of the most typical document; ``""`` if no document has a part in the topic.
    peak : str
        Period in which the topic has its largest share; ``""`` without dates.
    """

    index: int
    label: str
    share: float
    words: list[str]
    document: str
    peak: str


class Similar(NamedTuple):
    """A document similar to another, as `TopicModel.similar` finds it.

    Attributes
    ----------
    id : str
        Id of the document.
    score : float
        Cosine of the angle between the two in topic space: 1 for the same mixture of topics, 0 for nothing in common.
    shared : dict of int to float
        Part of the score that each topic gives, largest first; the parts sum to 1.
    """

    id: str
    score: float
    shared: dict[int, float]


class TopicModel(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    r"""Topics of a collection of texts, by non-negative matrix factorization.

    The document-by-word matrix is factorized as :math:`X \approx \Theta C`, both non-negative: a row of :math:`C`
    (unit length) is a topic, a row of :math:`\Theta` places a document among the topics. The same seed gives the same
    topics, and every document that has words is placed.

    Parameters
    ----------
    n_topics : int, default=10
        Topics to find. A collection with fewer documents or words gets no more topics than it has of these.
    vectorizer : scikit-learn vectorizer, default=None
        Makes the document-by-word matrix. By default sublinear TF-IDF of lower-case words of any script, without
        English stop words; from 50 documents on also without words in more than a fifth of them, from 200 on without
        words in a single one, and from 2,000 on without words in one or two.
    random_state : int, default=0
        Seed of the factorization.
    max_iter : int, default=200
        Most iterations of the factorization.
    n_jobs : int, default=None
        Threads; None leaves it to `partwise.NMF`.

    Attributes
    ----------
    components_ : ndarray of shape (n_topics\_, n_words)
        Weights of the words in each topic, rows of unit length; topics are sorted by share, largest first.
    document_topics_ : ndarray of shape (n_documents, n_topics\_)
        What `fit_transform` returned: the place of each fitted document.
    n_topics_ : int
        Topics found.
    shares_ : ndarray of shape (n_topics\_,)
        Mean share of each topic over the documents that have words; sums to 1.
    labels_ : list of str
        The three most exclusive heavy words of each topic.
    words_ : ndarray of str, shape (n_words,)
        Word of each column of ``components_``.
    ids_ : list of str
        Id of each fitted document.
    periods_ : list of str or None
        Period of each fitted document (see `Topic.peak`); None if it was fitted without dates.
    vectorizer_ : scikit-learn vectorizer
        The fitted vectorizer.
    nmf_ : partwise.NMF
        The fitted factorization.

    Examples
    --------
    >>> from partwise.topics import TopicModel
    >>> texts = ["rates and inflation", "the bank cuts rates", "a cup final", "the cup goes to the home team"]
    >>> model = TopicModel(n_topics=2).fit(texts, ids=["a", "b", "c", "d"])
    >>> sorted(topic.words[0] for topic in model.table())
    ['cup', 'rates']
    >>> model.similar("a", n=1)[0].id
    'b'
    """

    def __init__(
        self,
        n_topics: int = 10,
        *,
        vectorizer: Any = None,
        random_state: int | None = 0,
        max_iter: int = 200,
        n_jobs: int | None = None,
    ) -> None:
        self.n_topics = n_topics
        self.vectorizer = vectorizer
        self.random_state = random_state
        self.max_iter = max_iter
        self.n_jobs = n_jobs

    def set_callbacks(self, *callbacks: Any) -> Self:
        """Hand callbacks to the factorization; needs scikit-learn 1.9.

        Parameters
        ----------
        *callbacks : callback instances
            Objects that follow scikit-learn's callback protocol, such as ``sklearn.callback.ProgressBar()``.

        Returns
        -------
        TopicModel
            The model itself.
        """
        self._callbacks = callbacks
        return self

    def fit(self, texts: Sequence[str], ids: Sequence[str] | None = None, dates: Sequence[str] | None = None) -> Self:
        """Find the topics of a collection.

        Parameters
        ----------
        texts : sequence of str
            The documents; an empty one is kept and placed nowhere.
        ids : sequence of str, default=None
            One id a document, all different; by default their numbers from ``'0'``.
        dates : sequence of str, default=None
            One date a document: ``YYYY``, ``YYYY-MM`` or an ISO 8601 date; ``""`` where unknown.

        Returns
        -------
        TopicModel
            The fitted model.

        Raises
        ------
        DataError
            If there are no texts or no words in them, ids repeat, or a date is not understood.
        """
        self.fit_transform(texts, ids, dates)
        return self

    def fit_transform(
        self, texts: Sequence[str], ids: Sequence[str] | None = None, dates: Sequence[str] | None = None
    ) -> NDArray[np.float64]:
        """Find the topics of a collection and place its documents among them.

        Parameters
        ----------
        texts : sequence of str
            The documents; an empty one is kept and placed nowhere.
        ids : sequence of str, default=None
            One id a document, all different; by default their numbers from ``'0'``.
        dates : sequence of str, default=None
            One date a document: ``YYYY``, ``YYYY-MM`` or an ISO 8601 date; ``""`` where unknown.

        Returns
        -------
        ndarray of shape (n_documents, n_topics\\_)
            Weight of each topic in each document, non-negative; a row of zeros for a document without words.

        Raises
        ------
        DataError
            If there are no texts or no words in them, ids repeat, or a date is not understood.
        """
        texts = checked_texts(texts)
        self.ids_ = checked_ids(ids, len(texts))
        self.periods_ = None if dates is None else periods(as_many(dates, "dates", len(texts)), self.ids_)
        if not isinstance(self.n_topics, int | np.integer) or self.n_topics < 1:
            raise ParameterError(f"n_topics={self.n_topics!r} is no whole number from 1 up.")
        vectorizer = None if self.vectorizer is None else clone(self.vectorizer)
        self.vectorizer_, X = fit_vectorizer(texts, vectorizer)
        self.words_ = self.vectorizer_.get_feature_names_out()
        placed = int(np.count_nonzero(X.getnnz(axis=1)))
        self.n_topics_ = min(int(self.n_topics), placed, X.shape[1])
        self.nmf_ = NMF(self.n_topics_, random_state=self.random_state, max_iter=self.max_iter, n_jobs=self.n_jobs)
        if hasattr(self.nmf_, "set_callbacks"):
            self.nmf_.set_callbacks(*getattr(self, "_callbacks", ()))
        W = self.nmf_.fit_transform(X)
        theta = W * self._lengths()
        self.order_ = np.argsort(-_shares(theta).mean(axis=0), kind="stable")
        self._settle(theta[:, self.order_])
        return self.document_topics_

    def _settle(self, theta: NDArray[np.float64]) -> None:
        """Derive what follows from the factorization and the places of the documents."""
        lengths = self._lengths()
        self.document_topics_ = theta
        self.components_ = (self.nmf_.components_ / np.where(lengths > 0, lengths, 1)[:, None])[self.order_]
        shares = _shares(theta)
        self.shares_ = shares.sum(axis=0) / max(np.count_nonzero(shares.any(axis=1)), 1)
        self.labels_ = topic_labels(self.components_, self.shares_, self.words_)

    def _lengths(self) -> NDArray[np.float64]:
        return np.linalg.norm(self.nmf_.components_, axis=1)

    @property
    def _n_features_out(self) -> int:
        return self.n_topics_

    def transform(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Place texts among the topics found.

        Parameters
        ----------
        texts : sequence of str
            Any texts.

        Returns
        -------
        ndarray of shape (n_documents, n_topics\\_)
            Weight of each topic in each text, non-negative; a row of zeros for a text without known words.
        """
        check_is_fitted(self)
        X = self.vectorizer_.transform(checked_texts(texts))
        return (self.nmf_.transform(X) * self._lengths())[:, self.order_]

    def table(self, n_words: int = 10) -> list[Topic]:
        """List the topics, largest first.

        Parameters
        ----------
        n_words : int, default=10
            Words to list for each topic.

        Returns
        -------
        list of Topic
            One row a topic.
        """
        check_is_fitted(self)
        peaks = [""] * self.n_topics_
        if self.periods_ is not None:
            peaks = peak_periods(_shares(self.document_topics_), self.periods_)
        return [
            Topic(
                index=topic,
                label=self.labels_[topic],
                share=float(self.shares_[topic]),
                words=[word for word, _ in self.top_words(topic, n_words)],
                document=next((name for name, _ in self.documents(topic, 1)), ""),
                peak=peaks[topic],
            )
            for topic in range(self.n_topics_)
        ]

    def top_words(self, topic: int, n: int = 10) -> list[tuple[str, float]]:
        """List the heaviest words of a topic.

        Parameters
        ----------
        topic : int
            Index of the topic.
        n : int, default=10
            Words to list.

        Returns
        -------
        list of (str, float)
            Word and weight, heaviest first; fewer than `n` if the topic has fewer words.
        """
        weights = self.components_[self._checked_topic(topic)]
        best = np.argsort(-weights, kind="stable")[:n]
        return [(str(self.words_[j]), float(weights[j])) for j in best if weights[j] > 0]

    def documents(self, topic: int, n: int = 5) -> list[tuple[str, float]]:
        """List the most typical documents of a topic: much of the topic and little else.

        Parameters
        ----------
        topic : int
            Index of the topic.
        n : int, default=5
            Documents to list.

        Returns
        -------
        list of (str, float)
            Id of a document and the topic's share in it. They are ranked by share times weight, so that a text of few
            words does not come first for being of one topic.
        """
        column = self._checked_topic(topic)
        shares = _shares(self.document_topics_)[:, column]
        score = shares * self.document_topics_[:, column]
        best = np.argsort(-score, kind="stable")[:n]
        return [(self.ids_[i], float(shares[i])) for i in best if score[i] > 0]

    def similar(self, id_or_text: str, n: int = 5) -> list[Similar]:
        """Find the documents most similar to a document or a text, exactly.

        Parameters
        ----------
        id_or_text : str
            Id of a fitted document; anything else is taken as a text.
        n : int, default=5
            Documents to find; the document itself is left out.

        Returns
        -------
        list of Similar
            Most similar first. Documents without words are never among them.

        Raises
        ------
        DataError
            If the document or text has no word that the topics know.
        """
        check_is_fitted(self)
        itself = self.ids_.index(id_or_text) if id_or_text in self.ids_ else None
        profile = self.transform([id_or_text])[0] if itself is None else self.document_topics_[itself]
        if not profile.any():
            near = difflib.get_close_matches(id_or_text, self.ids_, n=3)
            hint = f" Did you mean the id {' or '.join(map(repr, near))}?" if near and itself is None else ""
            what = "is neither an id nor a text with known words" if itself is None else "has no words in any topic"
            raise DataError(f"{id_or_text[:60]!r} {what}, so nothing is similar to it.{hint}")
        terms = _unit_rows(self.document_topics_) * _unit_rows(profile[None])
        scores = np.minimum(terms.sum(axis=1).round(9), 1)
        # Many documents are of one topic alone: of equal scores, the one with more of it comes first.
        order = np.lexsort((-(self.document_topics_ @ profile), -scores))
        found = [i for i in order if i != itself and scores[i] > 0][:n]
        return [Similar(self.ids_[i], float(scores[i]), _parts(terms[i])) for i in found]

    def _checked_topic(self, topic: int) -> int:
        check_is_fitted(self)
        if not 0 <= topic < self.n_topics_:
            raise ParameterError(f"topic={topic} does not exist: topics are numbered 0 to {self.n_topics_ - 1}.")
        return topic


def _shares(theta: NDArray[np.float64]) -> NDArray[np.float64]:
    totals = theta.sum(axis=1, keepdims=True)
    return theta / np.where(totals > 0, totals, 1)


def _unit_rows(theta: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(theta, axis=1, keepdims=True)
    return theta / np.where(lengths > 0, lengths, 1)


def _parts(terms: NDArray[np.float64]) -> dict[int, float]:
    total = terms.sum()
    return {int(t): float(terms[t] / total) for t in np.argsort(-terms, kind="stable") if terms[t] > 0}
