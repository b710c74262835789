"""Lists of articles for readers, and the reasons for each article."""

from collections.abc import Callable, Iterable
from os import PathLike
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partwise.exceptions import ParameterError
from partwise.parameters import check_kind, check_number
from partwise.recommend.columns import given_ids
from partwise.recommend.everyone import write_lists
from partwise.recommend.fitted import Fitted
from partwise.recommend.lists import Asked, ranked
from partwise.recommend.ratings import Ratings
from partwise.recommend.reasons import reasons_of_interest, reasons_of_rating
from partwise.topics.frames import frame

__all__ = ["Listing"]


class Listing(Fitted):
    """Lists and reasons of a fitted recommender: a base of `partwise.recommend.Recommender`."""

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
        reads: Any = None,
    ) -> Any:
        """Return the best articles for each reader.

        A reader who is unknown, or has no known read, gets the articles that are read lately; with explicit feedback,
        those that all readers rate best.

        Parameters
        ----------
        readers : iterable of str or int
            Ids of readers; a single one is also taken.
        n : int, default=10
            Articles for each reader; fewer if there are no more.
        exclude_seen : bool, default=True
            Whether to leave out articles that the reader has already read.
        articles : iterable of str or int, default=None
            Ids to choose from; unknown ids are ignored. By default all articles.
        filter : callable, default=None
            Called with an article's id; only articles for which it returns true are recommended.
        diversity : float, default=0.0
            From 0 to 1: how much a list avoids articles that are like earlier ones in it (maximal marginal relevance).
            Scores are not changed, so a later article can have a higher one.
        recency : float, default=0.0
            1 halves a score for each `half_life` (7 days if None) of an article's age, in addition to the freshness
            that the fit found.
        reads : DataFrame or mapping of str to sequence, default=None
            Reads to know the readers by, instead of those of the model: a table as in `Recommender.fit`, which can have
            no rows. The model stays unchanged, so this is the fast way to give a list to one reader whose last reads
            are not in the model. Times are used only if the model has times and a `half_life`. Reads of articles that
            the model does not know are left out, with a warning.

        Returns
        -------
        pandas.DataFrame
            Columns reader, article, score, rank (from 1).

        Raises
        ------
        ParameterError
            If a parameter has an invalid value.
        DataError
            If a reader or article is not an id, which is a string or a number, or `reads` is not a table of reads, or
            is given to a model of explicit feedback.

        Examples
        --------
        >>> from partwise.recommend import Recommender
        >>> log = {"reader": ["ann", "ann", "bob", "bob", "cid"], "article": ["x", "y", "x", "z", "z"]}
        >>> model = Recommender(2).fit(log)
        >>> model.recommend("dan", n=1, reads={"reader": ["dan", "dan"], "article": ["x", "z"]})["article"].tolist()
        ['y']
        """
        columns = self._lists(
            readers, n, exclude_seen=exclude_seen, articles=articles, filter=filter, diversity=diversity,
            recency=recency, reads=reads,
        )  # fmt: skip
        return frame(columns, "Recommender.recommend", "Recommender.recommendations gives the same as a list.")

    def recommendations(self, readers: Iterable[Any], n: int = 10, **options: Any) -> list[dict[str, Any]]:
        """List the best articles for each reader as `recommend` does, without pandas.

        Parameters
        ----------
        readers, n, **options : see `recommend`
            The same.

        Returns
        -------
        list of dict
            One for each article, with reader, article, score and rank.

        Raises
        ------
        ParameterError
            As in `recommend`.
        """
        columns = self._lists(readers, n, **options)
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def write_lists(
        self,
        path: str | PathLike[str],
        n: int = 10,
        *,
        exclude_seen: bool = True,
        diversity: float = 0.0,
        recency: float = 0.0,
        callback: Callable[[int], object] | None = None,
    ) -> int:
        """Write the lists of all readers, as `recommend` returns them, to a table: in batches, on `n_jobs` threads.

        The table is written whole or not at all. Until it is complete, lists go to a file beside it, whose name ends in
        ``.unfinished``. After a kill, the same call goes on from that file, and removes it at the end.

        Parameters
        ----------
        path : str or path-like
            The table: ``.parquet``, ``.csv``, ``.tsv``, ``.jsonl``, ``.json`` or ``.xlsx``. It has columns reader,
            rank, article, score, and title where titles are known.
        n, exclude_seen, diversity, recency : see `recommend`
            The same.
        callback : callable, default=None
            Called with the number of readers whose lists are made: first with the number from an earlier call, or 0,
            then after each batch.

        Returns
        -------
        int
            Rows of the table.

        Raises
        ------
        ParameterError
            As in `recommend`.
        DataError
            If the unfinished file is of another log, model, options or version, or another process writes it.
        OSError
            If the table cannot be written; an existing one stays unchanged.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> from partwise.recommend import Recommender
        >>> log = {"reader": ["ann", "ann", "bob"], "article": ["x", "y", "x"]}
        >>> path = pathlib.Path(tempfile.mkdtemp(), "lists.csv")
        >>> Recommender(1).fit(log).write_lists(path)
        1
        >>> path.read_text().splitlines()[1].rpartition(",")[0]
        'bob,1,y'
        """
        check_is_fitted(self, "_model")
        check_kind("callback", callback, Callable, hint="It is called with a number of readers.")
        asked = Asked(n, exclude_seen, diversity, recency)
        return write_lists(self, path, asked, callback or (lambda done: None))

    def _lists(
        self,
        readers: Any,
        n: int,
        *,
        exclude_seen: bool = True,
        articles: Iterable[Any] | None = None,
        filter: Callable[[Any], bool] | None = None,  # noqa: A002
        diversity: float = 0.0,
        recency: float = 0.0,
        reads: Any = None,
    ) -> dict[str, list[Any]]:
        model = self._known_by(reads)
        names, asked = given_ids(readers, "readers"), Asked(n, exclude_seen, diversity, recency)
        check_kind("filter", filter, Callable, hint="It is called with the id of an article.")
        log, wanted = model._model.log, self._wanted(articles, filter)
        rows = np.array([log.readers.find(name) for name in names], dtype=np.int64)
        columns: dict[str, list[Any]] = {"reader": [], "article": [], "score": [], "rank": []}
        first = 0
        for places, scores in ranked(model, rows, asked, wanted, self.n_jobs):
            reader, rank = np.nonzero(places >= 0)
            columns["reader"] += [names[first + i] for i in reader]
            columns["article"] += [log.articles.names[j] for j in places[reader, rank]]
            columns["score"] += scores[reader, rank].tolist()
            columns["rank"] += (rank + 1).tolist()
            first += len(places)
        return columns

    def explain(self, reader: Any, article: Any, *, recency: float = 0.0, reads: Any = None, labels: Any = None) -> Any:
        """Return why an article is recommended: reasons whose scores sum to the score that `recommend` gives.

        Articles are named by their titles if the model has them, otherwise by their ids.

        Parameters
        ----------
        reader : str or int
            Id of a reader; for an unknown reader, what is read lately is the only reason.
        article : str or int
            Id of an article.
        recency : float, default=0.0
            The value given to `recommend`.
        reads : DataFrame or mapping of str to sequence, default=None
            The table given to `recommend`.
        labels : list of str, default=None
            What parts are called in the reasons, one for each; "" leaves a part unnamed. By default ``labels_``. With
            explicit feedback parts are not named.

        Returns
        -------
        pandas.DataFrame
            Columns because (a sentence), share (of the score) and score, heaviest first. With explicit feedback a score
            can be negative.

        Raises
        ------
        DataError
            If the article was never met, or as in `recommend` for `reads`.
        ParameterError
            If there is not one label for each part.
        """
        rows = self.reasons(reader, article, recency=recency, reads=reads, labels=labels)
        columns = {name: [row[name] for row in rows] for name in ("because", "share", "score")}
        return frame(columns, "Recommender.explain", "Recommender.reasons gives the same as a list.")

    def reasons(
        self, reader: Any, article: Any, *, recency: float = 0.0, reads: Any = None, labels: Any = None
    ) -> list[dict[str, Any]]:
        """List why an article is recommended as `explain` does, without pandas.

        Parameters
        ----------
        reader, article, recency, reads, labels : see `explain`
            The same.

        Returns
        -------
        list of dict
            One for each reason, with because, share and score.

        Raises
        ------
        DataError
            As in `explain`.
        """
        model = self._known_by(reads)._model
        if labels is not None and len(labels) != self.article_parts_.shape[1]:
            raise ParameterError(
                f"there are {len(labels)} labels for {self.article_parts_.shape[1]} parts. Give one for each part."
            )
        recency, place = check_number("recency", recency), self._place(article)
        row = model.log.readers.find(given_ids([reader], "reader")[0])
        if isinstance(model, Ratings):
            reasons = reasons_of_rating(model, row, place, self._named)
        else:
            reasons = reasons_of_interest(model, row, place, self._named, self.labels_ if labels is None else labels)
        factor = float(self._aged(recency)[place]) if recency else 1.0
        scores = [score * factor for _, score in reasons]
        total = sum(scores) or 1.0
        return [
            {"because": text, "share": score / total, "score": score}
            for (text, _), score in zip(reasons, scores, strict=True)
        ]

    def _named(self, places: Iterable[int]) -> list[Any]:
        """Return the titles of articles, or the ids of those without one."""
        ids = self.article_ids_
        return [self._titles.get(ids[place], ids[place]) for place in places]
