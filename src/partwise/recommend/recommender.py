"""Recommender: from who read what to articles for each reader, with reasons."""

import warnings
from contextlib import suppress
from dataclasses import replace
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from sklearn.utils.validation import check_is_fitted

from partwise.atomic import rebuilt
from partwise.exceptions import DataError
from partwise.indices import with_short_indices
from partwise.parameters import check_choice, check_count, check_flag, check_number, check_seed
from partwise.recommend.blending import choose_blend
from partwise.recommend.interest import Blend, Interest
from partwise.recommend.listing import Listing
from partwise.recommend.log import Articles, Log, check_join, read_articles, read_log
from partwise.recommend.ratings import Ratings
from partwise.recommend.splits import plain_seed
from partwise.recommend.text import fit_texts, text_rows

__all__ = ["Recommender"]

MOST_WEIGHT = 1e6
"""Largest weight of texts: with it only texts count, and scores stay finite."""


class Recommender(Listing):
    r"""Recommend articles to readers, from who read what.

    With implicit feedback, a read shows that a reader wanted an article, and a missing read shows little. The score is
    a sum of four pieces: parts that readers and articles share; co-reads, that is, how much reads of other articles
    speak for or against this one; texts like those that the reader read; and what is read lately. If the log has times,
    new articles count more. The weights of the pieces are found by predicting the end of the log from the reads before
    it. With explicit feedback, strengths are ratings, and the score is the predicted rating.

    Parameters
    ----------
    n_components : int, default=32
        Number of parts, at most the number of readers and of articles.
    feedback : {'implicit', 'explicit'}, default='implicit'
        'implicit': a strength says how much a read counts. 'explicit': it is a rating, and absent ratings are unknown.
    half_life : float, default=None
        Days after which a read counts half for its reader; None: all reads count the same.
    content_weight : float or 'auto', default='auto'
        Weight of texts, from 0 to 1e6, in units of the score that the best articles get from them; the weight of
        co-reads is usually 1. 'auto' finds it together with the other weights.
    co_reads : {'signed', 'positive'}, default='signed'
        Whether a read of one article can count against another. 'positive' keeps all reasons non-negative; its lists
        are about as good or slightly worse. Not used with explicit feedback.
    random_state : int, default=0
        Seed: the same seed gives the same bits, at any `n_jobs`.
    n_jobs : int, default=None
        Threads; None means 1 unless in a ``joblib.parallel_config`` context, -1 all cores.

    Attributes
    ----------
    reader_ids_, article_ids_ : list of str or int
        Ids in order of first appearance, which is the order of the rows below.
    reader_parts_ : ndarray of shape (n_readers, n_parts)
        Place of each reader among the parts, non-negative.
    article_parts_ : ndarray of shape (n_articles, n_parts)
        Place of each article.
    labels_ : list of str
        The heaviest and most exclusive words of each part; empty without texts.
    titles_ : dict of str or int to str
        Titles by id, for articles that have one; reasons show them instead of ids.
    n_reads_ : int
        Number of reads of the model.
    weights_ : dict of str to float
        With implicit feedback: the weight of each piece of the score.

    See Also
    --------
    partwise.recommend.evaluate : Measure the recommendations, compared with simple rules.

    Notes
    -----
    A reader without known reads gets what is read lately; with explicit feedback, what all readers like. Unknown ids
    are not an error in `recommend` and `predict`, nor an unknown reader in `explain`.

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
        co_reads: str = "signed",
        random_state: int | None = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.feedback = feedback
        self.half_life = half_life
        self.content_weight = content_weight
        self.co_reads = co_reads
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, interactions: Any, articles: Any = None) -> Self:
        """Learn from a log.

        If a call fails or is interrupted, the model stays unchanged. This also holds for `update` and `add_articles`.

        Parameters
        ----------
        interactions : DataFrame, mapping of str to sequence, iterator of these, str or path-like
            Columns ``reader`` and ``article``, strings or numbers; optionally ``strength``, a number >= 0 (1 by
            default), and ``time`` (a datetime, an ISO 8601 string, or seconds). Repeated reads add up; of repeated
            ratings the latest counts. An iterator gives the log piece by piece, in order. It is read once, and pieces
            are not kept. A path is that of a table with these columns: ``.parquet``, ``.csv`` or another format that
            `partwise.tables.open_table` reads. Its ids are text, and rows without one are left out, with a warning.
        articles : DataFrame or mapping of str to sequence, default=None
            Columns ``article`` and ``text``, optionally ``time`` of publication and ``title``. Articles that nobody has
            read yet can be recommended by their texts. An article without a time gets the median age. With explicit
            feedback texts are not used.

        Returns
        -------
        Recommender
            The fitted model.

        Raises
        ------
        DataError
            If a column is missing, a value is invalid, there are no rows, pieces of an iterator have different columns,
            or ids of articles are strings in one table and numbers in the other.
        ParameterError
            If a parameter has an invalid value.
        """
        log, texts = read_log(interactions), None if articles is None else read_articles(articles)
        if texts is not None:
            check_join(log.articles.names, texts.ids)
        with rebuilt(self) as made:
            made._fit(log, texts)
        return self

    def _fit(self, log: Log, articles: Articles | None) -> Self:
        self._check()
        seed = plain_seed("random_state", self.random_state)
        self._texts = self._vectorizer = self._language = None
        self._titles = {}
        self._entitle(articles)
        self._published = np.full(len(log.articles), np.nan)
        if self.feedback == "explicit":
            self._model = Ratings.fit(log, int(self.n_components), seed)
            return self
        if articles is not None:
            rows = None
            with suppress(DataError):  # if no text has a usable word, ids and times are still used
                self._vectorizer, self._language, rows = fit_texts(articles.texts)
            self._join(log, articles, rows)
        auto = isinstance(self.content_weight, str)
        blend = choose_blend(
            log,
            self._texts,
            self._published,
            self._interest,
            text_weight=None if auto else float(self.content_weight),
            positive=self.co_reads == "positive",
            random_state=seed,
            n_jobs=self.n_jobs,
        )
        self._model = self._interest(log, None, blend)
        return self

    def _entitle(self, articles: Articles | None) -> None:
        """Store the titles of articles that have one."""
        if articles is not None and articles.titles is not None:
            new = {name: title for name, title in zip(articles.ids, articles.titles, strict=True) if title}
            self._titles = self._titles | new

    def _interest(self, log: Log, now: float | None, blend: Blend) -> Interest:
        return Interest.fit(
            log,
            self._texts,
            self._published,
            n_parts=int(self.n_components),
            half_life=self.half_life,
            blend=blend,
            random_state=self.random_state,
            n_jobs=self.n_jobs,
            positive=self.co_reads == "positive",
            now=now,
        )

    def _join(self, log: Log, articles: Articles, rows: Any) -> None:
        """Put rows of texts, and times of publication, in the places of their articles; new articles come last.

        Rows are None if no text has words.
        """
        places = log.articles.add(articles.ids)
        m = len(log.articles)
        published = np.full(m, np.nan)
        published[: len(self._published)] = self._published
        if articles.time is not None:
            published[places] = articles.time
        self._published = published
        if rows is None:
            return
        into = sp.csr_array((np.ones(len(places)), (places, np.arange(len(places)))), shape=(m, len(places)))
        texts = sp.csr_array(into @ rows)
        if self._texts is not None:
            kept = np.setdiff1d(np.arange(self._texts.shape[0]), places)
            old = sp.csr_array((np.ones(len(kept)), (kept, kept)), shape=(m, self._texts.shape[0]))
            texts = sp.csr_array(texts + old @ self._texts)
        self._texts = with_short_indices(texts)

    def update(self, interactions: Any, *, skip_known: bool = False) -> Self:
        """Add reads without a new fit: the parts stay, and new readers and articles are placed among them.

        Parameters
        ----------
        interactions : DataFrame or mapping of str to sequence
            As in `fit`; with a column ``time`` if the log of the fit had one.
        skip_known : bool, default=False
            Whether to leave out reads that the log already holds, with the same reader, article, strength and time.
            Then a log that overlaps the earlier one counts no read twice. Without times nothing is left out, because
            the same read can happen again. A read that differs only in strength is added, with a warning.

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
        skip_known = check_flag("skip_known", skip_known)
        more = read_log(interactions, before=before)
        if (more.time is None) != (before.time is None):
            have, lack = ("the fit", "the update") if more.time is None else ("the update", "the fit")
            raise DataError(
                f"interactions of {have} have times, those of {lack} have none. Pass times in both, or none."
            )
        if skip_known:
            more = more.part(~more.among(before))
            changed = int(more.among(before, ("reader", "article")).sum())
            if changed:
                warnings.warn(
                    f"{changed:,} reads are already in the log, at the same time with another strength, and count "
                    "again. If they are the same reads, give them the strengths that they had.",
                    stacklevel=2,
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
        with rebuilt(self) as made:
            made._settle(log)
        return self

    def add_articles(self, articles: Any) -> Self:
        """Add new articles by their texts, so that they can be recommended before anyone reads them.

        Parameters
        ----------
        articles : DataFrame or mapping of str to sequence
            As in `fit`. The text of a known article replaces its old text.

        Returns
        -------
        Recommender
            The model itself.

        Raises
        ------
        DataError
            As in `fit`, or if the model uses no texts: with explicit feedback, or fitted without them.
        """
        check_is_fitted(self, "_model")
        if isinstance(self._model, Ratings):
            raise DataError(
                "explicit feedback uses no texts, so an article without ratings cannot be placed. Pass its ratings to "
                "update, or fit with feedback='implicit'."
            )
        if self._vectorizer is None:
            raise DataError(
                "this model was fitted without texts, and cannot place articles by them. Pass articles to fit."
            )
        new = read_articles(articles)
        check_join(self.article_ids_, new.ids)
        log = replace(self._model.log, articles=self._model.log.articles.copy())
        with rebuilt(self) as made:
            made._join(log, new, text_rows(self._vectorizer, new.texts))
            made._entitle(new)
            made._settle(log)
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
        self._model = self._model.updated(
            log, self._texts, self._published, self.half_life, self.co_reads == "positive"
        )

    def _check(self) -> None:
        """Raise for an invalid parameter."""
        check_choice("feedback", self.feedback, ("implicit", "explicit"))
        check_count("n_components", self.n_components)
        check_number("half_life", self.half_life, above=True, also=(None,), hint="It is in days.")
        check_choice("co_reads", self.co_reads, ("signed", "positive"))
        check_number("content_weight", self.content_weight, 0, MOST_WEIGHT, also=("auto",))
        check_seed("random_state", self.random_state)
