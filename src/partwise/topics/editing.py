"""Topics put together and taken apart by hand."""

import copy
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import scipy.sparse as sp

from partwise.exceptions import DataError, ParameterError
from partwise.factorization import factorize
from partwise.matrix import Array
from partwise.parameters import check_integer
from partwise.tables.cells import listed
from partwise.topics.fitted import FittedTopics

__all__ = ["Editing"]


class Editing(FittedTopics):
    """The part of `TopicModel` that edits; models are copied, not changed."""

    def merge(self, topics: Sequence[int]) -> Self:
        """Return a model in which some topics are one.

        The merged topic takes the place of the first of them, and later ones close up. Every document is placed anew.

        Parameters
        ----------
        topics : sequence of int
            Numbers of two topics or more.

        Returns
        -------
        TopicModel
            A new model of the same documents.

        Raises
        ------
        ParameterError
            If a topic does not exist, or there are fewer than two.

        Examples
        --------
        >>> from partwise.topics import TopicModel
        >>> texts = ["rates and inflation", "bank cuts rates", "a cup final", "the cup goes home", "a film festival"]
        >>> TopicModel(3).fit(texts).merge([0, 1]).n_topics_
        2
        """
        merged = sorted(
            {
                self._checked_topic(topic)
                for topic in listed(list(topics) if isinstance(topics, set) else topics, "topics")
            }
        )
        if len(merged) < 2:
            raise ParameterError(
                "topics must be two different numbers or more: one topic alone is merged with nothing."
            )
        now = self._now
        rest = [t for t in range(len(now.components)) if t not in merged[1:]]
        components = now.components[rest]
        components[rest.index(merged[0])] = now.places[:, merged].sum(axis=0) @ now.components[merged]
        return self._edited(components, rest, touched={merged[0]})

    def split(self, topic: int, n: int = 2) -> Self:
        """Return a model in which a topic is several.

        What the topic explains of each document is factorized by itself. The first part takes the place of the topic,
        the others are put at the end. Every document is placed anew.

        Parameters
        ----------
        topic : int
            Number of the topic.
        n : int, default=2
            Topics to make of it.

        Returns
        -------
        TopicModel
            A new model of the same documents.

        Raises
        ------
        ParameterError
            If the topic does not exist, or n is less than 2.
        DataError
            If too few documents or words have a part in the topic.

        Examples
        --------
        >>> from partwise.topics import TopicModel
        >>> texts = ["rates and inflation", "bank cuts rates", "a cup final", "the cup goes home", "a film festival"]
        >>> TopicModel(1).fit(texts).split(0).n_topics_
        2
        """
        topic = self._checked_topic(topic)
        n = check_integer("n", n, 2)
        self._check_settings()
        own = self._explained_by(topic)
        if min(int(np.count_nonzero(np.diff(own.indptr))), len(np.unique(own.indices))) < n:
            raise DataError(f"topic {topic} has too few documents or words to make {n} topics of it.")
        found = factorize(own, n, loss=self._objective, random_state=self.random_state, n_jobs=self.n_jobs)
        order = np.argsort(-(found.W * self._lengths(found.H)).sum(axis=0), kind="stable")
        parts = self._normal(found.H[order])
        components = np.vstack([self._now.components, parts[1:]])
        components[topic] = parts[0]
        return self._edited(components, list(range(len(components))), touched={topic})

    def _explained_by(self, topic: int) -> Any:
        """Return X (n, m) times the share that the topic has in the model of each entry."""
        X = sp.coo_array(self.X_)
        theta, H = self._now.places, self._now.components
        rows, columns = X.row, X.col
        own = theta[rows, topic] * H[topic, columns]
        model = np.einsum("ij,ij->i", theta[rows], H.T[columns])
        part = X.data * np.divide(own, model, out=np.zeros_like(own), where=model > 0)
        kept = sp.csr_array((part, (rows, columns)), shape=X.shape)
        kept.eliminate_zeros()
        return kept

    def _edited(self, components: Array, rest: list[int], touched: set[int]) -> Self:
        """Return a copy with other topics; labels that were set go along with the topics in `rest` but `touched`."""
        model = copy.copy(self)
        model.custom_labels_ = {
            place: self.custom_labels_[t]
            for place, t in enumerate(rest)
            if t in self.custom_labels_ and t not in touched
        }
        model._memo = {}
        model._forget_fit()
        components = model._normal(components)
        model._settle(components, model._projected(self.X_, model._projection(components)))
        return model
