"""Topics and documents as tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partwise.exceptions import ParameterError, shown
from partwise.parameters import check_integer, check_number
from partwise.topics.collection import check_text
from partwise.topics.fitted import LISTED, FittedTopics
from partwise.topics.frames import frame
from partwise.topics.passages import best_passage
from partwise.topics.places import shares_of, unit_rows
from partwise.topics.timeline import peak_periods

__all__ = ["Listing", "Topic", "Typical"]


@dataclass(frozen=True)
class Topic:
    """One topic, as `TopicModel.table` lists it.

    Attributes
    ----------
    index : int
        Column of the topic in what `TopicModel.transform` returns.
    label : str
        Its most exclusive heavy words, or the label that was set.
    share : float
        Its share of the collection, between 0 and 1.
    npmi : float
        How often its words stand together, from -1 to 1, see `partwise.topics.words.npmi`.
    stability : float
        Mean cosine with its like in fits from other random starts, between 0 and 1; NaN if there were none.
    words : list of str
        Its most relevant words, best first.
    document : str
        Id of the most typical document; ``""`` if no document has a part in the topic.
    peak : str
        Period in which the topic has its largest share; ``""`` without dates.
    """

    index: int
    label: str
    share: float
    npmi: float
    stability: float
    words: list[str]
    document: str
    peak: str


class Typical(NamedTuple):
    """A typical document of a topic.

    Attributes
    ----------
    id : str
        Id of the document.
    share : float
        Share of the topic in it.
    passage : str
        What in it says most of the topic; ``""`` if texts were not kept.
    words : list of str
        Words of the topic in that passage, heaviest first.
    """

    id: str
    share: float
    passage: str
    words: list[str]


class Listing(FittedTopics):
    """The part of `TopicModel` that lists."""

    def records(self, n_words: int = LISTED) -> list[Topic]:
        """List the topics as `table` does, without pandas.

        Parameters
        ----------
        n_words : int, default=10
            Words to list for each topic.

        Returns
        -------
        list of Topic
            One for each topic, in the order of their numbers.
        """
        now, n_words = self._now, check_integer("n_words", n_words)
        peaks = [""] * len(now.components)
        if self.periods_ is not None:
            peaks = peak_periods(shares_of(now.places), self.periods_)
        typical = [self._typical(topic, 1) for topic in range(len(now.components))]
        labels, npmi, stability = self.labels_, self.npmi_, self.stability_
        return [
            Topic(
                index=topic,
                label=labels[topic],
                share=float(now.shares[topic]),
                npmi=float(npmi[topic]),
                stability=float(stability[topic]),
                words=[str(self.words_[j]) for j in words],
                document=self.ids_[typical[topic][0][0]] if typical[topic] else "",
                peak=peaks[topic],
            )
            for topic, words in enumerate(self._top(n_words))
        ]

    def table(self, n_words: int = LISTED) -> Any:
        """Return a pandas DataFrame with a row for each topic.

        Columns: ``topic``, its number; ``label``; ``share`` of the collection (they sum to 1); ``npmi``, how often its
        words stand together; ``stability`` over random starts; ``words``, the most relevant ones in one string;
        ``document``, the id of the most typical one; with dates also ``peak``, the period of its largest share.

        Parameters
        ----------
        n_words : int, default=10
            Words to list for each topic.

        Returns
        -------
        pandas.DataFrame
            The topics.

        Raises
        ------
        MissingExtraError
            If pandas is not installed; `records` does without.
        """
        found = self.records(n_words)
        columns: dict[str, list[Any]] = {
            "topic": [topic.index for topic in found],
            "label": [topic.label for topic in found],
            "share": [topic.share for topic in found],
            "npmi": [topic.npmi for topic in found],
            "stability": [topic.stability for topic in found],
            "words": [", ".join(topic.words) for topic in found],
            "document": [topic.document for topic in found],
        }
        if self.periods_ is not None:
            columns["peak"] = [topic.peak for topic in found]
        return frame(columns, "TopicModel.table", "TopicModel.records lists the same without.")

    def top_words(self, topic: int, n: int = 10, relevance: float = 0.6) -> list[tuple[str, float]]:
        """List the words that tell most of a topic, with their weights in it.

        Parameters
        ----------
        topic : int
            Number of the topic.
        n : int, default=10
            Words to list.
        relevance : float, default=0.6
            What ranks them: 1 the weight alone, 0 how exclusive a word is of the topic; 0.6 is what readers found most
            telling in a study by Sievert and Shirley (2014).

        Returns
        -------
        list of (str, float)
            Word and weight (its entry in ``components_``), most relevant first; fewer than `n` if the topic has fewer.

        Raises
        ------
        ParameterError
            If there is no such topic, or relevance is not between 0 and 1.
        """
        row, n = self._checked_topic(topic), check_integer("n", n)
        relevance = check_number("relevance", relevance, 0, 1, hint="0 ranks exclusive words first, 1 heavy words.")
        return [(str(self.words_[j]), float(self._now.components[row, j])) for j in self._top(n, relevance)[row]]

    def set_labels(self, labels: Mapping[int, str]) -> Self:
        """Name topics.

        Parameters
        ----------
        labels : mapping of int to str
            Number and label of each topic to name; ``""`` brings the label back that its words make.

        Returns
        -------
        TopicModel
            The model itself.

        Raises
        ------
        ParameterError
            If there is no such topic, or labels are no mapping.
        DataError
            If a label is no string.
        """
        if not isinstance(labels, Mapping):
            raise ParameterError(
                f"labels must be a dict of topic to label, such as {{0: 'sport'}}; got {shown(labels)}."
            )
        given = {self._checked_topic(topic): check_text(f"labels[{topic}]", label) for topic, label in labels.items()}
        self.custom_labels_ = {topic: label for topic, label in {**self.custom_labels_, **given}.items() if label}
        return self

    def _typical(self, topic: int, n: int) -> list[tuple[int, float]]:
        """Return the rows of the most typical documents of a topic and its share in them.

        They are ranked by share times weight, so that a text of few words does not come first for being of one topic.
        """
        now = self._now
        shares = now.get("shares", lambda: shares_of(now.places))[:, topic]
        score = shares * now.places[:, topic]
        best = np.argsort(-score, kind="stable")[:n]
        return [(int(i), float(shares[i])) for i in best if score[i] > 0]

    def typical(self, topic: int, n: int = 5) -> list[Typical]:
        """List the most typical documents of a topic as `documents` does, without pandas.

        Parameters
        ----------
        topic : int
            Number of the topic.
        n : int, default=5
            Documents to list.

        Returns
        -------
        list of Typical
            Most typical first; fewer than `n` if fewer have a part in the topic.
        """
        topic, n = self._checked_topic(topic), check_integer("n", n)
        row = self._now.components[topic]
        weights = {str(self.words_[j]): float(row[j]) for j in np.flatnonzero(row)} if self.texts_ is not None else {}
        found = []
        for i, share in self._typical(topic, n):
            passage, words = "", list[str]()
            if self.texts_ is not None:
                passage, words = best_passage(self.texts_[i], weights, self._analyze)
            found.append(Typical(self.ids_[i], share, passage, words))
        return found

    def documents(self, topic: int, n: int = 5) -> Any:
        """Return the most typical documents of a topic: much of the topic and little else.

        Parameters
        ----------
        topic : int
            Number of the topic.
        n : int, default=5
            Documents to list.

        Returns
        -------
        pandas.DataFrame
            Columns: ``id``; ``share`` of the topic in the document; ``passage``, what in it says most of the topic
            (``""`` if texts were not kept); ``words`` of the topic in that passage, heaviest first, in one string.

        Raises
        ------
        ParameterError
            If there is no such topic.
        MissingExtraError
            If pandas is not installed; `typical` does without.
        """
        found = self.typical(topic, n)
        columns: dict[str, list[Any]] = {
            "id": [one.id for one in found],
            "share": [one.share for one in found],
            "passage": [one.passage for one in found],
            "words": [", ".join(one.words) for one in found],
        }
        return frame(columns, "TopicModel.documents", "TopicModel.typical lists the same without.")

    def document_table(self) -> Any:
        """Return a pandas DataFrame with a row for each document.

        Columns: ``id``; those of ``metadata_``, such as ``title``; ``date``, if there are dates; ``topic``, the number
        of its largest topic, missing for a document without words, ``label`` and ``share`` of that topic; ``fit``, the
        cosine between the document and what the topics make of it: low where they do not explain it.

        Returns
        -------
        pandas.DataFrame
            The documents, in the order they were given.

        Raises
        ------
        MissingExtraError
            If pandas is not installed; `document_columns` does without.
        """
        instead = "TopicModel.document_columns lists the same without."
        return frame(self.document_columns(), "TopicModel.document_table", instead).astype({"topic": "Int64"})

    def document_columns(self) -> dict[str, list[Any]]:
        """List the documents as `document_table` does, without pandas.

        Returns
        -------
        dict of str to list
            Values of each column; the topic of a document without words is None.
        """
        check_is_fitted(self)
        theta, labels = self._now.places, self.labels_
        shares = shares_of(theta)
        largest = theta.argmax(axis=1)
        placed = np.count_nonzero(theta, axis=1) > 0
        own: dict[str, list[Any]] = {} if self.dates_ is None else {"date": self.dates_}
        own |= {
            "topic": [int(t) if known else None for t, known in zip(largest, placed, strict=True)],
            "label": [labels[t] if known else "" for t, known in zip(largest, placed, strict=True)],
            "share": shares[np.arange(len(shares)), largest].tolist(),
            "fit": self._explained().tolist(),
        }
        taken = {"id", *own}
        more = {f"{name}_" if name in taken else name: values for name, values in self.metadata_.items()}
        return {"id": self.ids_, **more, **own}

    def _explained(self) -> Any:
        """Return the cosine between each document and its model, 0 for a document without words."""
        theta, H = self._now.places, self._now.components
        crossed = ((unit_rows(self.X_) @ H.T) * theta).sum(axis=1)
        squares = ((theta @ (H @ H.T)) * theta).sum(axis=1)
        return np.divide(crossed, np.sqrt(squares), out=np.zeros(len(theta)), where=squares > 0)
