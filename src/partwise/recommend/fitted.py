"""A fitted recommender: ids, places among the parts, predictions, and similar articles and readers."""

import difflib
from collections.abc import Callable, Iterable
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from partwise.exceptions import DataError, ParameterError, shown
from partwise.matrix import Array
from partwise.parameters import check_integer
from partwise.recommend.columns import given_ids, is_id
from partwise.recommend.given import GivenReads
from partwise.recommend.interest import PIECES, Interest, in_half_lives
from partwise.recommend.log import reads_of_known
from partwise.recommend.ranking import CELLS, best
from partwise.recommend.ratings import Ratings
from partwise.state import PlainState
from partwise.topics.frames import frame
from partwise.topics.places import unit_rows
from partwise.topics.words import topic_labels

__all__ = ["Fitted"]

WEEK = 7.0


class Fitted(PlainState, BaseEstimator):
    """A fitted recommender without its lists: a base of `partwise.recommend.Recommender`."""

    half_life: float | None
    n_jobs: int | None
    _model: Interest | Ratings
    _texts: Any
    _vectorizer: Any
    _language: str | None
    _published: Array
    _titles: dict[Any, str]
    _labelled: tuple[Any, list[str]]

    def predict(self, reader: Any, article: Any) -> Any:
        """Return scores of pairs; with explicit feedback, predicted ratings within the range of the given ones.

        Parameters
        ----------
        reader, article : str or int, or sequences of these
            Ids. For an unknown id, ratings are predicted from the means. With implicit feedback, an unknown reader gets
            the scores of what is read lately.

        Returns
        -------
        float or ndarray of shape (n_pairs,)
            One score per pair.

        Raises
        ------
        DataError
            If the numbers of readers and articles differ, or one is a single id and the other a sequence.
        """
        check_is_fitted(self, "_model")
        single = is_id(reader)
        if single != is_id(article):
            raise DataError(
                f"predict got reader={shown(reader)} with article={shown(article)}: one id with several. Pass two "
                "ids, or two sequences of one length."
            )
        readers, articles = given_ids(reader, "reader"), given_ids(article, "article")
        if len(readers) != len(articles):
            raise DataError(f"there are {len(readers):,} readers for {len(articles):,} articles. Pass one for each.")
        log = self._model.log
        rows = np.array([log.readers.find(name) for name in readers], dtype=np.int64)
        columns = np.array([log.articles.find(name) for name in articles], dtype=np.int64)
        if isinstance(self._model, Ratings):
            found = self._model.predict(rows, columns)
        else:
            found = np.zeros(len(rows))
            some, place = np.unique(rows, return_inverse=True)
            step = max(1, CELLS // max(len(log.articles), 1))
            for first in range(0, len(some), step):
                scores = self._model.scores(some[first : first + step])
                here = np.flatnonzero((place >= first) & (place < first + step) & (columns >= 0))
                found[here] = scores[place[here] - first, columns[here]]
        return float(found[0]) if single else found

    def similar_articles(self, article: Any, n: int = 10) -> Any:
        """Return the articles most similar to one, by their parts and, if known, by their texts.

        Parameters
        ----------
        article : str or int
            Id of an article.
        n : int, default=10
            Articles to find.

        Returns
        -------
        pandas.DataFrame
            Columns article, score (mean of the cosines between parts and between texts) and shared (a dict: share of
            each part in the first cosine, heaviest first).

        Raises
        ------
        DataError
            If the article was never met.
        """
        check_is_fitted(self, "_model")
        n, place = check_integer("n", n), self._place(article)
        H = unit_rows(self.article_parts_)
        scores = H @ H[place]
        if self._texts is not None:
            scores = (scores + self._texts @ self._texts[[place]].toarray()[0]) / 2
        return self._nearest(scores, place, H, self.article_ids_, n, "article")

    def similar_readers(self, reader: Any, n: int = 10) -> Any:
        """Return the readers most similar to one, by the parts that they read.

        Parameters
        ----------
        reader : str or int
            Id of a reader.
        n : int, default=10
            Readers to find.

        Returns
        -------
        pandas.DataFrame
            Columns reader, score (cosine between parts) and shared (a dict: share of each part, heaviest first).

        Raises
        ------
        DataError
            If the reader was never met.
        """
        check_is_fitted(self, "_model")
        n, place = check_integer("n", n), self._model.log.readers.find(reader)
        if place < 0:
            raise DataError(self._never_met("reader", reader, self.reader_ids_))
        W = unit_rows(self.reader_parts_)
        return self._nearest(W @ W[place], place, W, self.reader_ids_, n, "reader")

    def _nearest(self, scores: Array, place: int, rows: Array, names: list[Any], n: int, what: str) -> Any:
        scores = scores.copy()
        scores[place] = -np.inf
        scores[scores <= 0] = -np.inf
        top = best(scores, n)
        columns: dict[str, list[Any]] = {what: [names[i] for i in top], "score": scores[top].tolist(), "shared": []}
        for i in top:
            terms = rows[i] * rows[place]
            total = terms.sum() or 1.0
            heavy = [t for t in np.argsort(-terms, kind="stable") if terms[t] > 0]
            columns["shared"].append({self._label(int(t)): float(terms[t] / total) for t in heavy})
        return frame(columns, f"Recommender.similar_{what}s")

    def _label(self, part: int) -> Any:
        return self.labels_[part] if self.labels_ and self.labels_[part] else part

    @property
    def reader_ids_(self) -> list[Any]:
        """Ids of readers."""
        return self._model.log.readers.names

    @property
    def article_ids_(self) -> list[Any]:
        """Ids of articles."""
        return self._model.log.articles.names

    @property
    def titles_(self) -> dict[Any, str]:
        """Titles of articles by id."""
        return dict(self._titles)

    @property
    def n_reads_(self) -> int:
        """Number of reads."""
        return len(self._model.log)

    @property
    def reader_parts_(self) -> Array:
        """Place of each reader among the parts."""
        return self._model.W

    @property
    def article_parts_(self) -> Array:
        """Place of each article among the parts."""
        return self._model.H if isinstance(self._model, Ratings) else self._model.parts.H

    @property
    def labels_(self) -> list[str]:
        """Words of each part; empty without texts."""
        if isinstance(self._model, Ratings) or not len(self._model.parts.V):
            return []
        parts = self._model.parts
        of, labels = getattr(self, "_labelled", (None, []))
        if of is not parts:
            shares = parts.H.sum(axis=0) / (parts.H.sum() or 1.0)
            labels = topic_labels(parts.V.T, shares, self._vectorizer.get_feature_names_out())
            self._labelled = parts, labels
        return labels

    @property
    def weights_(self) -> dict[str, float]:
        """How much each piece of the score counts."""
        if isinstance(self._model, Ratings):
            return {"parts": self._model.mix[0], "similar articles": self._model.mix[1]}
        return dict(zip(PIECES, self._model.blend.weights, strict=True))

    def _known_by(self, reads: Any) -> Self:
        """Return the recommender for readers who are known by a table of reads alone; itself without one."""
        check_is_fitted(self, "_model")
        if reads is None:
            return self
        if isinstance(self._model, Ratings):
            raise DataError("reads= needs feedback='implicit'. With explicit feedback, pass ratings to update.")
        made: Self = object.__new__(type(self))
        made.__dict__.update(vars(self))
        made._model = GivenReads.of(self._model, reads_of_known(reads, self._model.log.articles), self.half_life)
        return made

    def _scores(self, rows: Array, recency: float = 0.0) -> Array:
        scores = self._model.scores(rows)
        return scores * self._aged(recency) if recency else scores

    def _aged(self, recency: float) -> Array:
        if isinstance(self._model, Ratings):
            return np.ones(len(self._model.log.articles))
        age = in_half_lives(self._model.now - self._model.first, self.half_life or WEEK)
        with np.errstate(over="ignore", invalid="ignore"):  # an age of 0 stays 0 for any recency
            return np.where(age > 0, 0.5 ** (recency * age), 1.0)

    def _read_by(self, rows: Array) -> Any:
        """Return the reads of some readers, as a csr array (n_rows, n_articles)."""
        return (self._model.given if isinstance(self._model, Ratings) else self._model.read)[rows]

    def _wanted(self, articles: Iterable[Any] | None, keep: Callable[[Any], bool] | None) -> Array | None:
        if articles is None and keep is None:
            return None
        ids = self._model.log.articles
        wanted = np.ones(len(ids), dtype=bool)
        if articles is not None:
            if is_id(articles):
                raise ParameterError(f"articles must be a list of ids; got the single id {shown(articles)}.")
            places = np.array([ids.find(name) for name in given_ids(articles, "articles")], dtype=np.int64)
            wanted[:] = False
            wanted[places[places >= 0]] = True
        if keep is not None:
            wanted &= np.array([bool(keep(name)) for name in ids.names])
        return wanted

    def _place(self, article: Any) -> int:
        place = self._model.log.articles.find(article)
        if place < 0:
            raise DataError(self._never_met("article", article, self.article_ids_))
        return place

    @staticmethod
    def _never_met(what: str, name: Any, names: list[Any]) -> str:
        near = difflib.get_close_matches(str(name), [str(other) for other in names], n=3)
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        found = f"there is no {what} {shown(name)} in the log ({len(names):,} are)."
        return f"{found}{hint} Ids keep their type: 7 is not '7'."
