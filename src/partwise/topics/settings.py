"""The parameters of a topic model: checks, and those that are also used after the fit."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from partwise.exceptions import DataError, ParameterError, shown
from partwise.losses import Loss, get_loss
from partwise.matrix import Array
from partwise.parameters import check_count, check_flag, check_integer, check_memory, check_number, check_seed_kind
from partwise.penalties import Penalty
from partwise.projection import Projection
from partwise.state import PlainState
from partwise.tables.cells import listed
from partwise.topics.collection import check_text
from partwise.topics.languages import check_language
from partwise.topics.weights import document_weights

__all__ = ["Settings", "check_parameters"]

SQUARED = "frobenius"


def check_parameters(model: Any) -> None:
    """Raise for an invalid parameter of a `TopicModel`."""
    check_count("n_topics", model.n_topics, also=("auto", "choose"))
    check_language(model.language)
    Settings.of(model)
    for name in ("bigrams", "keep_texts", "keep_boilerplate"):
        check_flag(name, getattr(model, name))
    check_integer("max_iter", model.max_iter)
    check_number("forget_factor", model.forget_factor, 0, 1, hint="0 forgets earlier batches at once, 1 never.")
    own = model.vectorizer
    if isinstance(model.embeddings, str | bytes | int | float):
        raise ParameterError(
            f"embeddings must be an array with one row per document, a function of a list of texts, or None; got "
            f"{shown(model.embeddings)}."
        )
    if model.max_memory is not None:
        check_memory("max_memory", model.max_memory)
        if model.embeddings is not None:
            raise ParameterError("max_memory does not go with embeddings, which are all in memory: leave one out.")
        if own is not None:
            raise ParameterError(
                "max_memory does not go with a vectorizer of your own, which makes its matrix in memory: leave one out."
            )
    if own is not None and not (model.stop_words is None and model._limits.usual):
        raise ParameterError("a vectorizer chooses its words itself: give it stop_words, min_df and max_df.")
    if model.stop_words is not None:
        try:
            for i, word in enumerate(listed(model.stop_words, "stop_words")):
                check_text(f"stop_words[{i}]", word)
        except DataError as error:  # the check is for data, but these are a parameter
            raise ParameterError(str(error)) from None
    for name in ("min_df", "max_df"):
        value = getattr(model, name)
        if isinstance(value, float):
            check_number(name, value, 0, 1, hint="A float is a share of the documents, an integer counts them.")
        elif value is not None:
            check_integer(name, value)
    if own is not None and (isinstance(own, type) or not all(hasattr(own, f) for f in ("fit_transform", "get_params"))):
        raise ParameterError(f"vectorizer must be a scikit-learn vectorizer, or None; got {shown(own)}.")


@dataclass(frozen=True)
class Settings(PlainState):
    """The parameters of `TopicModel` that are also used after the fit.

    Parameters
    ----------
    loss : str or Loss
        What is minimised.
    balanced : bool
        Whether documents like many others, and those of few words, weigh less in a fit.
    random_state, stability_runs, n_jobs : see `TopicModel`
        Seed and number of the refits that measure stability; threads.
    embed : callable or None
        Function that makes embeddings of new texts.
    """

    loss: Any
    balanced: bool
    random_state: Any
    stability_runs: int
    n_jobs: int | None
    embed: Any = None

    @classmethod
    def of(cls, model: Any) -> "Settings":
        """Return the current settings of a model, checked; the chosen loss replaces 'choose'."""
        chosen = (
            getattr(model, "loss_", SQUARED) if isinstance(model.loss, str) and model.loss == "choose" else model.loss
        )
        embed = model.embeddings if callable(model.embeddings) else None
        return cls(chosen, model.balanced, model.random_state, model.stability_runs, model.n_jobs, embed)

    def __post_init__(self) -> None:
        check_flag("balanced", self.balanced)
        check_seed_kind("random_state", self.random_state)
        check_integer("stability_runs", self.stability_runs, 0)
        get_loss(self.loss)

    @property
    def loss_function(self) -> Loss:
        """What is minimised, as an object."""
        return get_loss(self.loss)

    @property
    def squared(self) -> bool:
        """Whether the loss is squared error, and not the divergence of counts."""
        return self.loss_function.name == SQUARED

    def weights(self, X: Any) -> Array | None:
        """Return the weights of documents (n, m) in a fit, None for equal ones."""
        return document_weights(X) if self.balanced and self.squared else None

    def lengths(self, components: Array) -> Array:
        """Return the lengths of topics (k, m), or their sums if the loss is of counts, (k,)."""
        return np.linalg.norm(components, axis=1) if self.squared else components.sum(axis=1)

    def normal(self, components: Array) -> Array:
        """Return topics (k, m) at length 1; those of zeros stay zero."""
        lengths = self.lengths(components)
        return components / np.where(lengths > 0, lengths, 1)[:, None]

    def projection(self, components: Array) -> Projection:
        """Return the projection that places rows of words among topics: the exact minimum."""
        return Projection(components, self.loss_function, Penalty())
