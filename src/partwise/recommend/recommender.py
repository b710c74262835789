"""Recommender: who read what in, articles for each reader out, with reasons."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from numbers import Real
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from partwise.exceptions import DataError, ParameterError, unknown_name
from partwise.recommend.blending import choose_blend
from partwise.recommend.fitted import CELLS, Fitted
from partwise.recommend.interest import Blend, Interest
from partwise.recommend.log import Articles, Log, plain_id, read_articles, read_log
from partwise.recommend.ranking import best, diversified, unit_rows
from partwise.recommend.ratings import Ratings
from partwise.recommend.reasons import reasons_of_interest, reasons_of_rating
from partwise.recommend.text import fit_texts, text_rows
from partwise.topics.frames import frame

__all__ = ["Recommender"]

Array = NDArray[Any]


class Recommender(Fitted):
    r"""Recommend articles to readers, from who read what.

    With implicit feedback, a read says that a reader wanted an article, and no read says little. The score is a sum of
    non-negative pieces: parts that readers and articles share, articles that the same readers read, texts like those he
    read, and what is read lately; where the log has times, new articles count more. How much each piece counts is found
    by foretelling the end of the log from what came before. With explicit feedback, strengths are ratings, and the
    score is the rating foretold.

    Parameters
    ----------
    n_components : int, default=32
        Parts of readers and articles; no more than there are of these.
    feedback : {'implicit', 'explicit'}, default='implicit'
        Whether a strength says how much a read counts, or is a rating, of which absent ones are unknown.
    half_life : float, default=None
        Days in which what a reader read comes to count half; None: it always counts the same.
    content_weight : float or 'auto', default='auto'
        How much texts count, in units of what the best articles get from them; co-reads usually count 1. 'auto' finds
        it with the rest.
    random_state : int, default=0
        Seed: same seed, same bits, at any `n_jobs`.
    n_jobs : int, default=None
        Threads; None means 1 unless in a ``joblib.parallel_config`` context, -1 all cores.

    Attributes
    ----------
    reader_ids_, article_ids_ : list of str or int
        Ids as they came, in the order of the rows below.
    reader_parts_ : ndarray of shape (n_readers, n_parts)
        Place of each reader among the parts, non-negative.
    article_parts_ : ndarray of shape (n_articles, n_parts)
        Place of each article.
    labels_ : list of str
        The most exclusive heavy words of each part; empty without texts.
    weights_ : dict of str to float
        With implicit feedback: how much each piece of the score counts.

    See Also
    --------
    partwise.recommend.evaluate : How good the recommendations are, beside simple rules.

    Notes
    -----
    A reader without known reads gets what is read lately; with explicit feedback, what all readers like. Ids that were
    never met are never an error in `recommend`, `explain` of a reader, and `predict`.

    References
    ----------
    Y. Hu, Y. Koren and C. Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008,
    doi:10.1109/ICDM.2008.22; R. Bell and Y. Koren, "Scalable collaborative filtering with jointly derived neighborhood
    interpolation weights", ICDM 2007, doi:10.1109/ICDM.2007.90.

    Examples
    --------
    >>> from partwise.recommend import Recommender
    >>> log = {"reader": ["ann", "ann", "bob", "bob", "bob", "cid"], "article": [1, 2, 1, 2, 3, 1]}
    >>> model = Recommender(n_components=2).fit(log)
    >>> model.recommend(["ann"])["article"].tolist()
    [3]
    >>> model.explain("ann", 3)["because"].iloc[0]
    'you read ...'
    """

    def __init__(
        self,
        n_components: int = 32,
        *,
        feedback: str = "implicit",
        half_life: float | None = None,
        content_weight: Any = "auto",
        random_state: int | None = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.feedback = feedback
        self.half_life = half_life
        self.content_weight = content_weight
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, interactions: Any, articles: Any = None) -> Self:
        """Learn from a log.

        Parameters
        ----------
        interactions : DataFrame or mapping of str to sequence
            Columns ``reader`` and ``article``, ids of any kind; perhaps ``strength``, a number from 0 up (1 by
            default), and ``time`` (a datetime, an ISO 8601 string, or seconds). Repeated reads add up; of repeated
            ratings the latest counts.
        articles : DataFrame or mapping of str to sequence, default=None
            Columns ``article`` and ``text``, perhaps ``time`` of publication. Those that nobody read yet can be
            recommended for their texts. With explicit feedback texts are not used.

        Returns
        -------
        Recommender
            The fitted model.

        Raises
        ------
        DataError
            If a column is missing, a value is not what it should be, or there are no rows.
        ParameterError
            If a parameter has a value that nothing accepts.
        """
        return self._fit(read_log(interactions), None if articles is None else read_articles(articles))

    def _fit(self, log: Log, articles: Articles | None) -> Self:
        self._check()
        self._texts = self._vectorizer = self._language = None
        self._published = np.full(len(log.articles), np.nan)
        if self.feedback == "explicit":
            self._model = Ratings.fit(log, int(self.n_components), self.random_state)
            return self
        if articles is not None:
            self._vectorizer, self._language, rows = fit_texts(articles.texts)
            self._join(log, articles, rows)
        auto = self.content_weight == "auto"
        blend = choose_blend(
            log,
            self._texts,
            self._published,
            self._interest,
            text_weight=None if auto else float(self.content_weight),
            random_state=self.random_state,
        )
        self._model = self._interest(log, None, blend)
        return self

    def _interest(self, log: Log, now: float | None, blend: Blend | None = None) -> Interest:
        return Interest.fit(
            log,
            self._texts,
            self._published,
            n_parts=int(self.n_components),
            half_life=self.half_life,
            blend=blend or Blend(),
            random_state=self.random_state,
            n_jobs=self.n_jobs,
            now=now,
        )

    def _join(self, log: Log, articles: Articles, rows: Any) -> None:
        """Put rows of texts, and times of publication, in the places of their articles, the last being new ones."""
        places = log.articles.add(articles.ids)
        m = len(log.articles)
        published = np.full(m, np.nan)
        published[: len(self._published)] = self._published
        if articles.time is not None:
            published[places] = articles.time
        into = sp.csr_array((np.ones(len(places)), (places, np.arange(len(places)))), shape=(m, len(places)))
        texts = sp.csr_array(into @ rows)
        if self._texts is not None:
            kept = np.setdiff1d(np.arange(self._texts.shape[0]), places)
            old = sp.csr_array((np.ones(len(kept)), (kept, kept)), shape=(m, self._texts.shape[0]))
            texts = sp.csr_array(texts + old @ self._texts)
        self._texts, self._published = texts, published

    def update(self, interactions: Any) -> Self:
        """Take more reads into account without a new fit: parts stay, and place new readers and articles.

        Parameters
        ----------
        interactions : DataFrame or mapping of str to sequence
            As in `fit`; with a column ``time`` if the log of the fit had one.

        Returns
        -------
        Recommender
            The model itself.

        Raises
        ------
        DataError
            As in `fit`, or if one log has times and the other has none.
        """
        check_is_fitted(self, "_model")
        before = self._model.log
        more = read_log(interactions, before=before)
        if (more.time is None) != (before.time is None):
            have, lack = ("the fit", "the update") if more.time is None else ("the update", "the fit")
            raise DataError(
                f"interactions of {have} have times, those of {lack} have none. Pass times in both, or none."
            )
        time = None
        if more.time is not None and before.time is not None:
            time = np.append(before.time, more.time)
        log = replace(
            more,
            reader=np.append(before.reader, more.reader),
            article=np.append(before.article, more.article),
            strength=np.append(before.strength, more.strength),
            time=time,
        )
        self._settle(log)
        return self

    def add_articles(self, articles: Any) -> Self:
        """Make new articles known by their texts, so that they can be recommended before anyone reads them.

        Parameters
        ----------
        articles : DataFrame or mapping of str to sequence
            As in `fit`. The text of an article that is known already takes the place of the old one.

        Returns
        -------
        Recommender
            The model itself.

        Raises
        ------
        DataError
            As in `fit`, or if the model was fitted without texts.
        """
        check_is_fitted(self, "_model")
        if self._vectorizer is None:
            raise DataError(
                "this model was fitted without texts, and cannot place articles by them. Pass articles to fit."
            )
        new = read_articles(articles)
        log = replace(self._model.log, articles=self._model.log.articles.copy())
        self._join(log, new, text_rows(self._vectorizer, new.texts))
        self._settle(log)
        return self

    def _settle(self, log: Log) -> None:
        if isinstance(self._model, Ratings):
            self._model = self._model.updated(log)
            return
        more = len(log.articles) - len(self._published)
        if more:
            self._published = np.append(self._published, np.full(more, np.nan))
        if self._texts is not None and self._texts.shape[0] < len(log.articles):
            self._texts = self._texts.copy()
            self._texts.resize((len(log.articles), self._texts.shape[1]))
        self._model = self._model.updated(log, self._texts, self._published, self.half_life)

    def recommend(
        self,
        readers: Iterable[Any],
        n: int = 10,
        *,
        exclude_seen: bool = True,
        articles: Iterable[Any] | None = None,
        filter: Callable[[Any], bool] | None = None,  # noqa: A002
        diversity: float = 0.0,
        recency: float = 0.0,
    ) -> Any:
        """Return the best articles for each reader.

        A reader who was never met, or of whom no read is known, gets the articles that are read lately; with explicit
        feedback those that all readers rate best.

        Parameters
        ----------
        readers : iterable of str or int
            Ids of readers; a single one is also taken.
        n : int, default=10
            Articles for each; fewer if there are no more.
        exclude_seen : bool, default=True
            Whether to leave out what the reader read already.
        articles : iterable of str or int, default=None
            Ids to choose from; those never met are left out. By default all articles.
        filter : callable, default=None
            Called with an article's id; only those it returns true for are recommended.
        diversity : float, default=0.0
            From 0 to 1: how much a list avoids articles like those before (maximal marginal relevance). The score
            stays what it is, so that it may rise down the list.
        recency : float, default=0.0
            1 halves a score for each `half_life` (7 days if None) of an article's age, beyond what the fit found.

        Returns
        -------
        pandas.DataFrame
            Columns reader, article, score, rank (from 1).

        Raises
        ------
        ParameterError
            If `n`, `diversity` or `recency` is out of range.
        """
        check_is_fitted(self, "_model")
        if isinstance(readers, str | int | np.generic):
            readers = [plain_id(readers)]
        names = [plain_id(name) for name in readers]
        if not isinstance(n, int | np.integer) or n < 1:
            raise ParameterError(f"n={n!r} is no whole number from 1 up.")
        if not 0 <= diversity <= 1:
            raise ParameterError(f"diversity={diversity!r} is not between 0 and 1.")
        if not recency >= 0:
            raise ParameterError(f"recency={recency!r} is below 0.")
        log = self._model.log
        rows = np.array([log.readers.find(name) for name in names], dtype=np.int64)
        wanted = self._wanted(articles, filter)
        columns: dict[str, list[Any]] = {"reader": [], "article": [], "score": [], "rank": []}
        places = unit_rows(self.article_parts_) if diversity else self.article_parts_
        step = max(1, CELLS // max(len(log.articles), 1))
        for first in range(0, len(names), step):
            block = rows[first : first + step]
            scores = self._scores(block, recency)
            if wanted is not None:
                scores[:, ~wanted] = -np.inf
            for i, (row, name) in enumerate(zip(block, names[first : first + step], strict=True)):
                if exclude_seen and row >= 0:
                    scores[i, self._seen(row)] = -np.inf
                top = diversified(scores[i], places, n, diversity) if diversity else best(scores[i], n)
                columns["reader"] += [name] * len(top)
                columns["article"] += [log.articles.names[j] for j in top]
                columns["score"] += scores[i, top].tolist()
                columns["rank"] += range(1, len(top) + 1)
        return frame(columns, "Recommender.recommend")

    def explain(self, reader: Any, article: Any, *, recency: float = 0.0) -> Any:
        """Return why an article is recommended: reasons whose scores sum to the score that `recommend` gives.

        Parameters
        ----------
        reader : str or int
            Id of a reader; of one never met, what is read lately is the only reason.
        article : str or int
            Id of an article.
        recency : float, default=0.0
            What `recommend` was given.

        Returns
        -------
        pandas.DataFrame
            Columns because (a sentence), share (of the score) and score, heaviest first. With explicit feedback a score
            may be negative.

        Raises
        ------
        DataError
            If the article was never met.
        """
        check_is_fitted(self, "_model")
        place = self._place(article)
        row = self._model.log.readers.find(reader)
        names = self.article_ids_
        if isinstance(self._model, Ratings):
            reasons = reasons_of_rating(self._model, row, place, names)
        else:
            reasons = reasons_of_interest(self._model, row, place, names, self.labels_)
        factor = float(self._aged(recency)[place]) if recency else 1.0
        scores = [score * factor for _, score in reasons]
        total = sum(scores) or 1.0
        because, share = [text for text, _ in reasons], [score / total for score in scores]
        return frame({"because": because, "share": share, "score": scores}, "Recommender.explain")

    def _check(self) -> None:
        if self.feedback not in ("implicit", "explicit"):
            raise unknown_name("feedback", self.feedback, ("implicit", "explicit"))
        if not isinstance(self.n_components, int | np.integer) or self.n_components < 1:
            raise ParameterError(f"n_components={self.n_components!r} is no whole number from 1 up.")
        if self.half_life is not None and not (isinstance(self.half_life, Real) and float(self.half_life) > 0):
            raise ParameterError(f"half_life={self.half_life!r} is no number of days above 0. Pass one, or None.")
        weight = self.content_weight
        if weight != "auto" and not (isinstance(weight, Real) and 0 <= float(weight) < np.inf):
            raise ParameterError(f"content_weight={weight!r} is neither 'auto' nor a number from 0 up.")
