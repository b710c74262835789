"""A recommender as plain values and arrays, and back."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partwise.exceptions import DataError
from partwise.recommend.interest import PIECES, Blend, Interest
from partwise.recommend.log import Ids, Log
from partwise.recommend.parts import Parts
from partwise.recommend.ratings import Ratings
from partwise.recommend.recommender import Recommender
from partwise.recommend.text import restored

__all__ = ["put_together", "take_apart"]

READS = ("reader", "article", "strength", "time")
RATED = ("of_reader", "of_article", "W", "H", "signs")


def take_apart(model: Recommender) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a fitted recommender as a header of plain values and a mapping of arrays.

    Counts, and the places of readers, follow from the log and are made again.

    Parameters
    ----------
    model : Recommender
        The model.

    Returns
    -------
    header : dict
        Parameters, ids and numbers.
    arrays : dict of str to ndarray, sparse array or list of str
        All else.
    """
    check_is_fitted(model, "_model")
    held = model._model
    log = held.log
    header: dict[str, Any] = {
        "params": model.get_params(deep=False),
        "readers": log.readers.names,
        "articles": log.articles.names,
    }
    arrays = {f"log.{name}": getattr(log, name) for name in READS if getattr(log, name) is not None}
    if isinstance(held, Ratings):
        header["rated"] = {"mean": held.mean, "price": held.price, "mix": list(held.mix)}
        return header, arrays | {f"rated.{name}": getattr(held, name) for name in RATED}
    header |= {"blend": asdict(held.blend), "text_weight": held.parts.text_weight, "language": model._language}
    places = [field.name for field in fields(Parts) if field.name != "text_weight"]
    arrays |= {f"parts.{name}": getattr(held.parts, name) for name in places}
    arrays |= {"units": held.units, "published": model._published}
    if model._texts is not None:
        words = [str(word) for word in model._vectorizer.get_feature_names_out()]
        arrays |= {"texts": model._texts, "words": words, "idf": model._vectorizer.idf_}
    return header, arrays


def put_together(header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Recommender:
    """Return the recommender that `take_apart` took apart, with the same bits.

    Parameters
    ----------
    header, arrays : mapping
        What it returned.

    Returns
    -------
    Recommender
        The model.

    Raises
    ------
    DataError
        If ids stand twice, or an array has not the shape that the ids ask for.
    """
    model = Recommender(**header["params"])
    reads = {name: arrays.get(f"log.{name}") for name in READS}
    log = Log(Ids(header["readers"]), Ids(header["articles"]), **reads)  # type: ignore[arg-type]
    _check_log(log, header)
    model._texts = model._vectorizer = model._language = None
    n, m = len(log.readers), len(log.articles)
    if "rated" in header:
        numbers = header["rated"] | {"mix": tuple(header["rated"]["mix"])}
        rated = {name: arrays[f"rated.{name}"] for name in RATED}
        k = len(rated["signs"])
        _check_shapes(
            rated,
            {"of_reader": (n,), "of_article": (m,), "W": (n, k), "H": (m, k), "signs": (k,)},
        )
        model._published = np.full(m, np.nan)
        model._model = Ratings.restored(log, **numbers, **rated)
        return model
    blend = Blend(**header["blend"] | {"weights": tuple(header["blend"]["weights"])})
    places = {name.removeprefix("parts."): array for name, array in arrays.items() if name.startswith("parts.")}
    k, fitted = places["H"].shape[1], len(places["R"])
    words = arrays["texts"].shape[1] if "texts" in arrays else 0
    _check_shapes(
        {**places, **{name: arrays[name] for name in ("units", "published", "texts") if name in arrays}},
        {
            "H": (m, k),
            "R": (min(fitted, n), k),
            "V": (words, k),
            "reader_scale": (fitted,),
            "article_scale": (m,),
            "units": (len(PIECES),),
            "published": (m,),
            "texts": (m, words),
        },
    )
    if "texts" in arrays and not len(arrays["words"]) == len(arrays["idf"]) == words:
        raise DataError(f"there are {len(arrays['words'])} words for texts of {words}.")
    if len(blend.weights) != len(PIECES):
        raise DataError(f"there are {len(blend.weights)} weights for {len(PIECES)} pieces.")
    parts = Parts(**places, text_weight=header["text_weight"])
    model._published = arrays["published"]
    if "texts" in arrays:
        model._texts, model._language = arrays["texts"], header["language"]
        model._vectorizer = restored(header["language"], arrays["words"], arrays["idf"])
    model._model = Interest.restored(
        log, parts, model._texts, model._published, blend, arrays["units"], model.half_life
    )
    return model


def _check_log(log: Log, header: Mapping[str, Any]) -> None:
    for what, ids, places in (("readers", log.readers, log.reader), ("articles", log.articles, log.article)):
        if len(ids) != len(header[what]):
            raise DataError(f"ids of {what} stand twice.")
        if places.ndim != 1 or places.dtype.kind not in "iu" or not len(places):
            raise DataError(f"places of {what} are no whole numbers.")
        if places.min() < 0 or places.max() >= len(ids):
            raise DataError(f"places of {what} are outside of the {len(ids):,} ids.")
    shape = (len(log),)
    kept = {"article": log.article, "strength": log.strength} | ({} if log.time is None else {"time": log.time})
    _check_shapes(kept, dict.fromkeys(kept, shape))


def _check_shapes(arrays: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> None:
    for name, array in arrays.items():
        if tuple(array.shape) != shapes[name]:
            raise DataError(f"{name} has shape {tuple(array.shape)}, where the ids ask for {shapes[name]}.")
