"""What every view of a fitted topic model rests on."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from partwise.atomic import rebuilt
from partwise.exceptions import DataError, ParameterError, shown
from partwise.losses import Loss, get_loss
from partwise.matrix import Array, is_table
from partwise.parameters import check_count, check_flag, check_integer, check_number, check_seed
from partwise.penalties import Penalty
from partwise.projection import Projection
from partwise.state import PlainState
from partwise.tables.cells import listed
from partwise.topics.collection import check_text, checked_texts, word_counts
from partwise.topics.languages import check_language
from partwise.topics.places import unit_rows
from partwise.topics.settled import Settled, checked_components
from partwise.topics.stability import topic_stability
from partwise.topics.vectorize import Limits, as_tfidf, balancing_weights, inverse_frequency
from partwise.topics.words import diversity, npmi, ranked_words, topic_labels

__all__ = ["FittedTopics"]

LISTED = 10
"""Words of a topic that are listed, and that coherence and diversity are of."""


class FittedTopics(PlainState, BaseEstimator):
    """Topics, the documents they were found in, and what follows from both. `TopicModel` says what each name holds."""

    n_topics: Any
    loss: Any
    language: str
    bigrams: bool
    vectorizer: Any
    stop_words: Sequence[str] | None
    min_df: int | float | None
    max_df: int | float | None
    max_iter: int
    forget_factor: float
    keep_texts: bool
    random_state: Any
    n_jobs: int | None
    stability_runs: int
    balanced: bool

    components_: Array
    custom_labels_: dict[int, str]
    words_: Array
    ids_: list[str]
    texts_: list[str] | None
    dates_: list[str] | None
    metadata_: dict[str, list[str]]
    periods_: list[str] | None
    vectorizer_: Any
    X_: Any
    _settled: Settled
    _memo: dict[str, Any]

    def _check_settings(self) -> None:
        """Raise for an invalid parameter."""
        check_count("n_topics", self.n_topics, also=("auto", "choose"))
        get_loss(self.loss)
        check_language(self.language)
        for name in ("bigrams", "balanced", "keep_texts"):
            check_flag(name, getattr(self, name))
        check_seed("random_state", self.random_state)
        check_integer("max_iter", self.max_iter)
        check_integer("stability_runs", self.stability_runs, 0)
        check_number("forget_factor", self.forget_factor, 0, 1, hint="0 forgets earlier batches at once, 1 never.")
        own = self.vectorizer
        if own is not None and not (self.stop_words is None and self._limits.usual):
            raise ParameterError("a vectorizer chooses its words itself: give it stop_words, min_df and max_df.")
        if self.stop_words is not None:
            try:
                for i, word in enumerate(listed(self.stop_words, "stop_words")):
                    check_text(f"stop_words[{i}]", word)
            except DataError as error:  # said of data, but these are a setting
                raise ParameterError(str(error)) from None
        for name in ("min_df", "max_df"):
            value = getattr(self, name)
            if isinstance(value, float):
                check_number(name, value, 0, 1, hint="A float is a share of the documents, an integer counts them.")
            elif value is not None:
                check_integer(name, value)
        if own is not None and (
            isinstance(own, type) or not all(hasattr(own, f) for f in ("fit_transform", "get_params"))
        ):
            raise ParameterError(f"vectorizer must be a scikit-learn vectorizer, or None; got {shown(own)}.")

    @property
    def _limits(self) -> Limits:
        return Limits(self.min_df, self.max_df)

    def _settle(self, components: Array, theta: Array, shares: Array | None = None) -> None:
        """Take in topics (k, m) and places (n, k).

        Topics get rows of unit length, or of unit sum where the loss is of counts; places take up the difference.
        """
        self.components_ = self._normal(components)
        self._settled = Settled.of(self.components_, theta * self._lengths(components), shares)

    def _restore(self, components: Array, theta: Array, shares: Array, stability: Array) -> None:
        """Take in what was saved, bit by bit."""
        self.components_ = components
        self._settled = Settled.of(components, theta, shares)
        self._settled.kept["stability"] = stability
        self._memo = {}

    @property
    def _now(self) -> Settled:
        """Topics and places that belong together: documents are placed anew if ``components_`` was changed.

        A change by hand is an edit: the stream is forgotten, and labels that were set stay with their numbers.
        """
        check_is_fitted(self)
        if not self._settled.same(self.components_):
            components = checked_components(self.components_, len(self.words_))
            with rebuilt(self) as made:
                made._forget_fit()
                made._settled = Settled.of(components, self._projected(self.X_, self._projection(components)))
        return self._settled

    def _forget_fit(self) -> None:
        """Forget what is of the topics of the fit alone; a stream goes on from the topics there are."""
        for name in ("_memory", "_vocabulary", "_activity", "_was_dead", "drift_"):
            self.__dict__.pop(name, None)
        self.events_: list[Any] = []
        self.n_batches_ = 0

    @property
    def document_topics_(self) -> Array:
        """Places of the fitted documents, (n_documents, n_topics)."""
        return self._now.places

    @property
    def n_topics_(self) -> int:
        """Number of topics."""
        return len(self._now.components)

    @property
    def shares_(self) -> Array:
        """Mean share of each topic over the documents that have words, (n_topics,)."""
        return self._now.shares

    @property
    def labels_(self) -> list[str]:
        """Words of each topic, or the label that was set."""
        now, custom = self._now, self.custom_labels_
        own = now.get("labels", lambda: topic_labels(now.components, now.shares, [*self.words_]))
        return [custom.get(topic, label) for topic, label in enumerate(own)]

    @property
    def npmi_(self) -> Array:
        """Coherence of each topic's most relevant words, (n_topics,)."""
        return self._now.get("npmi", lambda: npmi(self.X_, self._top()))

    @property
    def diversity_(self) -> float:
        """Share of these words that differ between topics."""
        return self._now.get("diversity", lambda: diversity(self._top()))

    @property
    def stability_(self) -> Array:
        """Mean cosine of each topic with its like in fits from other random starts, (n_topics,)."""
        return self._now.get("stability", self._refitted)

    def _refitted(self) -> Array:
        self._check_settings()
        return topic_stability(
            self.X_,
            self.components_,
            loss=self._objective,
            weights=self._weights(self.X_),
            n_runs=self.stability_runs,
            random_state=self.random_state,
            n_jobs=self.n_jobs,
        )

    def _weights(self, X: Any) -> Array | None:
        """Return the weights of documents in a fit, None for equal ones."""
        return balancing_weights(X) if self.balanced and self._objective.name == "frobenius" else None

    def _lengths(self, components: Array) -> Array:
        return np.linalg.norm(components, axis=1) if self._objective.name == "frobenius" else components.sum(axis=1)

    def _normal(self, components: Array) -> Array:
        """Return topics (k, m) in rows of unit length, or of unit sum where the loss is of counts."""
        lengths = self._lengths(components)
        return components / np.where(lengths > 0, lengths, 1)[:, None]

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        if "_memo" in state:
            state["_memo"] = {}  # made anew when needed
        return state

    @property
    def _objective(self) -> Loss:
        return get_loss(self.loss)

    def _places(self, X: Any) -> Array:
        """Return the places (n, k) of rows of words: the exact minimum for these topics."""
        now, loss = self._now, self._objective
        return self._projected(X, now.get(f"projection {loss.name}", lambda: self._projection(now.components)))

    def _projection(self, components: Array) -> Projection:
        return Projection(components, self._objective, Penalty())

    def _projected(self, X: Any, projection: Projection) -> Array:
        return projection(X, n_jobs=self.n_jobs)

    def _vectors(self, texts: Any) -> Any:
        """Return new texts as rows of words."""
        if is_table(texts):
            return word_counts(texts)
        if self.vectorizer_ is not None:
            return self.vectorizer_.transform(checked_texts(texts))
        raise DataError("this model was fitted to a matrix, and knows no texts. Pass a matrix of the same words.")

    def transform(self, texts: Sequence[str]) -> Array:
        """Place texts among the topics found.

        Parameters
        ----------
        texts : sequence of str
            Any texts; or a matrix (n_documents, n_words) of the same words, as ``vectorizer_`` makes it.

        Returns
        -------
        ndarray of shape (n_documents, n_topics\\_)
            Weight of each topic in each text, non-negative; a row of zeros for a text without known words.

        Raises
        ------
        DataError
            If the texts are no list of strings, or the matrix has other columns.
        """
        check_is_fitted(self)
        return self._places(self._vectors(texts))

    def _kept(self, name: str, make: Any) -> Any:
        """Return what depends on documents and words alone, made once; what depends on topics is kept by `Settled`."""
        if name not in self._memo:
            self._memo[name] = make()
        return self._memo[name]

    def _tfidf(self, X: Any) -> Any:
        """Return rows of words as TF-IDF of unit length."""
        if self._objective.name == "frobenius":
            return unit_rows(sp.csr_array(X))
        return as_tfidf(X, self._kept("idf", lambda: inverse_frequency(self.X_)))

    def _column(self, word: str) -> int | None:
        """Return the column of a word, None if no topic knows it."""
        columns = self._kept("columns", lambda: {str(known): j for j, known in enumerate(self.words_)})
        return columns.get(word)

    def _row(self, name: str) -> int | None:
        """Return the row of a document, None if there is none of that id."""
        return self._kept("rows", lambda: {known: i for i, known in enumerate(self.ids_)}).get(name)

    def _analyze(self, text: str) -> list[str]:
        """Return the words of a text as the vectorizer spells them."""
        if self.vectorizer_ is None or not hasattr(self.vectorizer_, "build_analyzer"):
            return text.lower().split()
        return list(self._kept("analyze", self.vectorizer_.build_analyzer)(text))

    def _top(self, n: int = LISTED, relevance: float = 0.6) -> list[list[int]]:
        now = self._now
        return ranked_words(now.components, now.shares, n, relevance)

    def _checked_topic(self, topic: Any) -> int:
        check_is_fitted(self)
        last = self.n_topics_ - 1
        return int(check_integer("topic", topic, 0, last, hint=f"The model has {last + 1} topics, numbered from 0."))
