"""Topics and documents as tables."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from partwise.exceptions import ParameterError, shown
from partwise.parameters import check_integer, check_number
from partwise.topics.collection import check_text
from partwise.topics.fitted import LISTED, FittedTopics
from partwise.topics.frames import frame
from partwise.topics.passages import best_passage
from partwise.topics.places import shares_of, unit_rows
from partwise.topics.timeline import peak_periods

__all__ = ["Topic", "Typical"]


@dataclass(frozen=True)
class Topic:
    """One topic, as `TopicModel.table` lists it.

    Parameters
    ----------
    index : int
        Column of the topic in what `TopicModel.transform` returns.
    label : str
        Its heaviest and most exclusive words, or the label that was set.
    share : float
        Its share of the collection, between 0 and 1.
    npmi : float
        How often its words occur together, from -1 to 1, see `partwise.topics.words.npmi`.
    stability : float
        Mean cosine with its match in fits from other random starts, between 0 and 1; NaN if there were none.
    words : list of str
        Its most relevant words, best first.
    document : str
        Id of the most typical document; ``""`` if no document has a part in the topic.
    peak : str
        Period in which the topic has its largest share; ``""`` without dates.

    Examples
    --------
    >>> from partwise.topics import TopicModel
    >>> texts = ["rates and inflation", "the bank cuts rates", "a cup final", "the cup goes to the home team"]
    >>> for topic in TopicModel(2).fit(texts, ids=["a", "b", "c", "d"]).records(n_words=2):
    ...     print(f"{topic.label}: {topic.share:.0%} of the texts, most of all {topic.document}")
    cup · goes · home: 50% of the texts, most of all d
    rates · bank · cuts: 50% of the texts, most of all b
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

    Parameters
    ----------
    id : str
        Id of the document.
    share : float
        Share of the topic in it.
    passage : str
        The passage that says most about the topic; ``""`` if texts were not kept.
    words : list of str
        Words of the topic in that passage, heaviest first.

    Examples
    --------
    >>> from partwise.topics import TopicModel
    >>> texts = ["rates and inflation", "the bank cuts rates", "a cup final", "the cup goes to the home team"]
    >>> model = TopicModel(2).fit(texts, ids=["a", "b", "c", "d"])
    >>> document = model.typical(0)[0]
    >>> document.id, document.passage, document.words
    ('d', 'the cup goes to the home team', ['cup', 'goes', 'home', 'team'])
    """

    id: str
    share: float
    passage: str
    words: list[str]


def records(topics: FittedTopics, n_words: int = LISTED) -> list[Topic]:
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
    n_words, own = check_integer("n_words", n_words), topics.documents
    peaks = [""] * len(topics)
    if own.periods is not None:
        peaks = peak_periods(shares_of(topics.places), own.periods)
    first = [typical_rows(topics, topic, 1) for topic in range(len(topics))]
    labels, npmi, stability = topics.labels, topics.npmi, topics.stability
    return [
        Topic(
            index=topic,
            label=labels[topic],
            share=float(topics.shares[topic]),
            npmi=float(npmi[topic]),
            stability=float(stability[topic]),
            words=topics.words(words),
            document=own.ids[first[topic][0][0]] if first[topic] else "",
            peak=peaks[topic],
        )
        for topic, words in enumerate(topics.top(n_words))
    ]


def table(topics: FittedTopics, n_words: int = LISTED) -> Any:
    """Return a pandas DataFrame with a row for each topic.

    Columns: ``topic``, its number; ``label``; ``share`` of the collection (they sum to 1); ``npmi``, how often its
    words occur together; ``stability`` over random starts; ``words``, the most relevant ones in one string;
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
        If pandas is not installed; `records` does not need it.
    """
    found = records(topics, n_words)
    columns: dict[str, list[Any]] = {
        "topic": [topic.index for topic in found],
        "label": [topic.label for topic in found],
        "share": [topic.share for topic in found],
        "npmi": [topic.npmi for topic in found],
        "stability": [topic.stability for topic in found],
        "words": [", ".join(topic.words) for topic in found],
        "document": [topic.document for topic in found],
    }
    if topics.documents.periods is not None:
        columns["peak"] = [topic.peak for topic in found]
    return frame(columns, "TopicModel.table", "TopicModel.records lists the same without pandas.")


def top_words(topics: FittedTopics, topic: int, n: int = 10, relevance: float = 0.6) -> list[tuple[str, float]]:
    """List the most relevant words of a topic, with their weights in it.

    Parameters
    ----------
    topic : int
        Number of the topic.
    n : int, default=10
        Words to list.
    relevance : float, default=0.6
        How words are ranked: 1 by weight alone, 0 by how exclusive a word is to the topic. In a study by Sievert and
        Shirley (2014), readers identified topics best at 0.6.

    Returns
    -------
    list of (str, float)
        Word and weight (its entry in ``components_``), most relevant first; fewer than `n` if the topic has fewer.

    Raises
    ------
    ParameterError
        If there is no such topic, or relevance is not between 0 and 1.
    """
    row, n = topics.checked(topic), check_integer("n", n)
    relevance = check_number("relevance", relevance, 0, 1, hint="0 ranks exclusive words first, 1 heavy words.")
    columns = topics.top(n, relevance)[row]
    return [*zip(topics.words(columns), map(float, topics.components[row, columns]), strict=True)]


def set_labels(model: Any, labels: Mapping[int, str]) -> Any:
    """Name topics.

    Parameters
    ----------
    labels : mapping of int to str
        Number and label of each topic to name; ``""`` brings back the label made of its words.

    Returns
    -------
    TopicModel
        The model itself.

    Raises
    ------
    ParameterError
        If there is no such topic, or labels are not a mapping.
    DataError
        If a label is not a string.
    """
    if not isinstance(labels, Mapping):
        raise ParameterError(f"labels must be a dict of topic to label, such as {{0: 'sport'}}; got {shown(labels)}.")
    topics = model._now
    given = {topics.checked(topic): check_text(f"labels[{topic}]", label) for topic, label in labels.items()}
    model._topics = replace(topics, custom={t: label for t, label in {**topics.custom, **given}.items() if label})
    return model


def typical_rows(topics: FittedTopics, topic: int, n: int) -> list[tuple[int, float]]:
    """Return the rows of the most typical documents of a topic and its share in them.

    They are ranked by share times weight. By share alone, texts of few words would come first, because they often have
    one topic only.
    """
    shares = topics.get("shares", lambda: shares_of(topics.places))[:, topic]
    score = shares * topics.places[:, topic]
    best = np.argsort(-score, kind="stable")[:n]
    return [(int(i), float(shares[i])) for i in best if score[i] > 0]


def typical(topics: FittedTopics, topic: int, n: int = 5) -> list[Typical]:
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
    topic, n, own = topics.checked(topic), check_integer("n", n), topics.documents
    row = topics.components[topic]
    used = np.flatnonzero(row if own.texts is not None else [])
    weights = dict(zip(topics.words(used), map(float, row[used]), strict=True))
    found = []
    for i, share in typical_rows(topics, topic, n):
        passage, words = "", list[str]()
        if own.texts is not None:
            passage, words = best_passage(own.texts[i], weights, own.analyze)
        found.append(Typical(own.ids[i], share, passage, words))
    return found


def documents(topics: FittedTopics, topic: int, n: int = 5) -> Any:
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
        Columns: ``id``; ``share`` of the topic in the document; ``passage``, which says most about the topic
        (``""`` if texts were not kept); ``words`` of the topic in that passage, heaviest first, in one string.

    Raises
    ------
    ParameterError
        If there is no such topic.
    MissingExtraError
        If pandas is not installed; `typical` does not need it.
    """
    found = typical(topics, topic, n)
    columns: dict[str, list[Any]] = {
        "id": [one.id for one in found],
        "share": [one.share for one in found],
        "passage": [one.passage for one in found],
        "words": [", ".join(one.words) for one in found],
    }
    return frame(columns, "TopicModel.documents", "TopicModel.typical lists the same without pandas.")


def document_table(topics: FittedTopics) -> Any:
    """Return a pandas DataFrame with a row for each document.

    Columns: ``id``; those of ``metadata_``, such as ``title``; ``date``, if there are dates; ``topic``, the number
    of its largest topic, missing for a document without words; ``label`` and ``share`` of that topic; ``fit``, the
    cosine between the document and its reconstruction from the topics: low if they do not explain it.

    Returns
    -------
    pandas.DataFrame
        The documents, in the order they were given.

    Raises
    ------
    MissingExtraError
        If pandas is not installed; `document_columns` does not need it.
    """
    instead = "TopicModel.document_columns lists the same without pandas."
    return frame(document_columns(topics), "TopicModel.document_table", instead).astype({"topic": "Int64"})


def document_columns(topics: FittedTopics) -> dict[str, list[Any]]:
    """List the documents as `document_table` does, without pandas.

    Returns
    -------
    dict of str to list
        Values of each column; the topic of a document without words is None.
    """
    theta, labels, known = topics.places, topics.labels, topics.documents
    shares = shares_of(theta)
    largest = theta.argmax(axis=1)
    placed = np.count_nonzero(theta, axis=1) > 0
    own: dict[str, list[Any]] = {} if known.dates is None else {"date": known.dates}
    own |= {
        "topic": [int(t) if some else None for t, some in zip(largest, placed, strict=True)],
        "label": [labels[t] if some else "" for t, some in zip(largest, placed, strict=True)],
        "share": shares[np.arange(len(shares)), largest].tolist(),
        "fit": explained(topics).tolist(),
    }
    taken = {"id", *own}
    more = {f"{name}_" if name in taken else name: values for name, values in known.metadata.items()}
    return {"id": known.ids, **more, **own}


def explained(topics: FittedTopics) -> Any:
    """Return the cosine between each document and its reconstruction, 0 for a document without words."""
    theta, H = topics.places, topics.components
    crossed = ((unit_rows(topics.documents.X) @ H.T) * theta).sum(axis=1)
    squares = ((theta @ (H @ H.T)) * theta).sum(axis=1)
    return np.divide(crossed, np.sqrt(squares), out=np.zeros(len(theta)), where=squares > 0)
