"""Topics and the documents they were found in, as one value: every view of a model is a function of it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import scipy.sparse as sp

from partwise.caching import cached_property
from partwise.exceptions import DataError
from partwise.matrix import Array, is_table
from partwise.parameters import check_integer
from partwise.state import PlainState
from partwise.topics.collection import checked_texts, word_counts
from partwise.topics.embedding import Embedded, read_embeddings
from partwise.topics.places import mean_shares, unit_rows
from partwise.topics.settings import Settings
from partwise.topics.stability import topic_stability
from partwise.topics.weights import as_tfidf, inverse_frequency
from partwise.topics.words import diversity, npmi, ranked_words, topic_labels

__all__ = ["Documents", "FittedTopics"]

LISTED = 10
"""How many words of a topic are listed, and are used for coherence and diversity."""


@dataclass(frozen=True, eq=False)
class Documents(PlainState):
    """The documents of a model.

    Parameters
    ----------
    X : csr array of shape (n_documents, n_words)
        Their words.
    words : ndarray of str, shape (n_words,)
        Word of each column.
    vectorizer : scikit-learn vectorizer or None
        What made X from texts.
    language : str
        Language whose stop words were left out.
    ids, texts, dates, periods, metadata
        Facts about each document; see `TopicModel`.
    embedded : Embedded or None
        Their embeddings.
    """

    X: Any
    words: Array
    vectorizer: Any
    language: str
    ids: list[str]
    texts: list[str] | None = None
    dates: list[str] | None = None
    periods: list[str] | None = None
    metadata: dict[str, list[str]] = field(default_factory=dict)
    embedded: Embedded | None = None

    @cached_property
    def data(self) -> Any:
        """The data that topics are fitted to: X, with the words of neighbours if there are embeddings."""
        return self.X if self.embedded is None else self.embedded.smoothed(self.X)

    @cached_property
    def columns(self) -> dict[str, int]:
        """Column of each word."""
        return {str(known): j for j, known in enumerate(self.words)}

    @cached_property
    def rows(self) -> dict[str, int]:
        """Row of each id."""
        return {known: i for i, known in enumerate(self.ids)}

    @cached_property
    def idf(self) -> Array:
        """Inverse document frequency of each word."""
        return inverse_frequency(self.X)

    @cached_property
    def _analyzer(self) -> Callable[[str], Any]:
        if self.vectorizer is None or not hasattr(self.vectorizer, "build_analyzer"):
            return lambda text: text.lower().split()
        return self.vectorizer.build_analyzer()

    def analyze(self, text: str) -> list[str]:
        """Return the words of a text as the vectorizer spells them."""
        return list(self._analyzer(text))

    def vectors(self, texts: Any) -> Any:
        """Return new texts as rows of words."""
        if is_table(texts):
            return word_counts(texts)
        if self.vectorizer is not None:
            return self.vectorizer.transform(checked_texts(texts))
        raise DataError("this model was fitted to a matrix, and cannot read texts. Pass a matrix of the same words.")


@dataclass(frozen=True, eq=False)
class FittedTopics(PlainState):
    """Topics, the places of documents among them, and results derived from both so far.

    A model compares the topics with its own to notice a change. Arrays are read-only.

    Parameters
    ----------
    documents : Documents
        The documents.
    settings : Settings
        How they were fitted.
    components : ndarray of shape (n_topics, n_words)
        The topics.
    places : ndarray of shape (n_documents, n_topics)
        Places of the documents among them.
    shares : ndarray of shape (n_topics,)
        Share of each topic in the collection.
    custom : dict of int to str
        Labels that were set.
    kept : dict of str to object
        The results of `get`.

    Examples
    --------
    >>> documents = Documents(sp.csr_array([[3.0, 4.0]]), np.array(["a", "b"]), None, "none", ["0"])
    >>> settings, H = Settings("frobenius", False, 0, 0, None), np.array([[0.6, 0.8]])
    >>> topics = FittedTopics.of(documents, settings, H)
    >>> H /= 2
    >>> topics.same(H), topics.places.round(9), topics.shares
    (False, array([[5.]]), array([1.]))
    """

    documents: Documents
    settings: Settings
    components: Array
    places: Array
    shares: Array
    custom: dict[int, str] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls, documents: Documents, settings: Settings, components: Array, places: Array | None = None,
        shares: Array | None = None, custom: dict[int, str] | None = None,
    ) -> Self:  # fmt: skip
        """Return topics unchanged; places and shares that are not given are computed, shares as means."""
        if places is None:
            places = settings.projection(components)(documents.data, n_jobs=settings.n_jobs)
        shares = mean_shares(places) if shares is None else shares
        return cls(documents, settings, np.array(components), places, shares, custom or {})

    @classmethod
    def normal(
        cls, documents: Documents, settings: Settings, components: Array, places: Array, shares: Array | None = None,
        custom: dict[int, str] | None = None,
    ) -> Self:  # fmt: skip
        """Return topics at length 1, or at sum 1 if the loss is of counts; places are rescaled to match."""
        places = places * settings.lengths(components)
        return cls.of(documents, settings, settings.normal(components), places, shares, custom)

    def __post_init__(self) -> None:
        for array in (self.components, self.places, self.shares):
            array.flags.writeable = False  # derived results would not follow a change

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"kept": self._slow}  # computing the rest again is faster than loading it

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.__post_init__()

    @property
    def _slow(self) -> dict[str, Any]:
        return {name: value for name, value in self.kept.items() if name == "stability"}

    def __len__(self) -> int:
        return len(self.components)

    def same(self, components: Any) -> bool:
        """Return whether topics equal these."""
        return np.array_equal(self.components, components)

    def get(self, name: str, make: Callable[[], Any]) -> Any:
        """Return a result that depends only on topics and documents, computed at its first use."""
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]

    def under(self, settings: Settings) -> "FittedTopics":
        """Return the same topics under other settings."""
        return self if settings == self.settings else replace(self, settings=settings, kept=self._slow)

    def place(self, X: Any) -> Array:
        """Return the places (n, k) of rows of words: the exact minimum for these topics."""
        projection = self.get("projection", lambda: self.settings.projection(self.components))
        return projection(X, n_jobs=self.settings.n_jobs)

    def rows_of(self, texts: Any, embeddings: Any = None) -> Any:
        """Return new texts as rows of words, with the words of their neighbours if the model has embeddings."""
        rows, known = self.documents.vectors(texts), self.documents.embedded
        given = self.settings.embed if embeddings is None else embeddings
        if known is None:
            if embeddings is not None:
                raise DataError("the model was fitted without embeddings. Leave them out, or fit with them.")
            return rows
        if given is None:
            raise DataError(
                "the model was fitted with embeddings, and these texts have none. Pass theirs as embeddings=..., or "
                "set a function that makes them."
            )
        read = None if is_table(texts) else checked_texts(texts)
        vectors = read_embeddings(given, read, rows.shape[0], known.vectors.shape[1])
        return known.smoothed_new(rows, vectors, self.documents.X, self.settings.n_jobs)

    @property
    def labels(self) -> list[str]:
        """Words of each topic, or the label that was set."""
        own = self.get("labels", lambda: topic_labels(self.components, self.shares, [*self.documents.words]))
        return [self.custom.get(topic, label) for topic, label in enumerate(own)]

    @property
    def npmi(self) -> Array:
        """Coherence of each topic's most relevant words, (n_topics,)."""
        return self.get("npmi", lambda: npmi(self.documents.X, self.top()))

    @property
    def diversity(self) -> float:
        """Share of different words among the most relevant words of all topics."""
        return self.get("diversity", lambda: diversity(self.top()))

    @property
    def stability(self) -> Array:
        """Mean cosine of each topic with its match in fits from other random starts, (n_topics,)."""
        return self.get("stability", self._refitted)

    def _refitted(self) -> Array:
        data, settings = self.documents.data, self.settings
        return topic_stability(
            data, self.components, loss=settings.loss_function, weights=settings.weights(data),
            n_runs=settings.stability_runs, random_state=settings.random_state, n_jobs=settings.n_jobs,
        )  # fmt: skip

    def tfidf(self, X: Any) -> Any:
        """Return rows of words as TF-IDF of unit length."""
        return unit_rows(sp.csr_array(X)) if self.settings.squared else as_tfidf(X, self.documents.idf)

    def top(self, n: int = LISTED, relevance: float = 0.6) -> list[list[int]]:
        """Return the columns of each topic's most relevant words."""
        return self.get(f"top {n}, {relevance}", lambda: ranked_words(self.components, self.shares, n, relevance))

    def words(self, columns: Any) -> list[str]:
        """Return the words of columns."""
        return [str(self.documents.words[j]) for j in columns]

    def checked(self, topic: Any) -> int:
        """Return the number of a topic; raise ParameterError if there is none of that number."""
        last = len(self) - 1
        return int(check_integer("topic", topic, 0, last, hint=f"The model has {last + 1} topics, numbered from 0."))


def checked_components(components: Any, n_words: int) -> Array:
    """Check topics that a user set: float32 stays float32, all else becomes float64.

    Parameters
    ----------
    components : array-like of shape (n_topics, n_words)
        The topics.
    n_words : int
        Number of words of the model.

    Returns
    -------
    ndarray of shape (n_topics, n_words)
        The topics.

    Raises
    ------
    DataError
        If they have another shape, or an entry is negative, infinite or NaN.

    Examples
    --------
    >>> checked_components([[1, 0]], 2)
    array([[1., 0.]])
    """
    try:
        H = np.asarray(components)
        H = H if H.dtype == np.float32 else H.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"components_ is not an array of numbers ({error}). Assign one of shape (n_topics, n_words)."
        ) from error
    if H.ndim != 2 or not len(H) or H.shape[1] != n_words:
        raise DataError(
            f"components_ has shape {H.shape}, but each topic needs a weight for each of the {n_words:,} words. Assign "
            f"an array of shape (n_topics, {n_words})."
        )
    bad = ~(np.isfinite(H) & (H >= 0))
    if bad.any():
        t, j = np.argwhere(bad)[0]
        raise DataError(
            f"components_[{t}, {j}] = {H[t, j]} is not a valid weight ({int(bad.sum()):,} entries are negative or not "
            "finite). Assign finite numbers >= 0."
        )
    return H
