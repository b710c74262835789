"""A recommender as plain values and arrays, and back."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partwise.indices import with_short_indices
from partwise.io.held import Held, is_number
from partwise.recommend.interest import PIECES, Blend, Interest
from partwise.recommend.log import Ids, Log
from partwise.recommend.parts import Parts
from partwise.recommend.ratings import Ratings
from partwise.recommend.recommender import Recommender
from partwise.recommend.text import restored

__all__ = ["put_together", "take_apart"]

READS = ("reader", "article", "strength", "time")
TINY = float(np.finfo(np.float64).tiny)
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
        "titles": [model._titles.get(name, "") for name in log.articles.names] if model._titles else [],
    }
    arrays = {f"log.{name}": getattr(log, name) for name in READS if getattr(log, name) is not None}
    if isinstance(held, Ratings):
        header["rated"] = {"mean": held.mean, "price": held.price, "mix": list(held.mix)}
        return header, arrays | {f"rated.{name}": getattr(held, name) for name in RATED}
    header |= {"blend": asdict(held.blend), "text_weight": held.parts.text_weight, "language": model._language}
    places = [field.name for field in fields(Parts) if field.name != "text_weight"]
    arrays |= {f"parts.{name}": getattr(held.parts, name) for name in places}
    arrays |= {"units": held.units, "published": model._published, "pairs": held.pairs.astype(np.float32)}
    if model._texts is not None:
        words = [str(word) for word in model._vectorizer.get_feature_names_out()]
        arrays |= {"texts": model._texts, "words": words, "idf": model._vectorizer.idf_}
    return header, arrays


def put_together(header: Mapping[str, Any], held: Held) -> Recommender:
    """Return the recommender that `take_apart` took apart, with the same bits.

    Parameters
    ----------
    header : mapping
        The header.
    held : Held
        The arrays.

    Returns
    -------
    Recommender
        The model.

    Raises
    ------
    ValueError, TypeError or KeyError
        If the header and the arrays do not belong together, or hold what no model can hold.
    """
    model = Recommender(**header["params"])
    model._check()
    log = _log(header, held)
    model._texts = model._vectorizer = model._language = None
    model._titles = _titles(log, header.get("titles", []))  # files of earlier versions have no titles
    if "rated" in header:
        model._published = np.full(len(log.articles), np.nan)
        model._model = _ratings(log, header["rated"], held)
        return model
    model._published = held.numbers("published", "articles", low=-np.inf, unknown=True)
    if "texts" in held:
        # Files of earlier versions have indices of int64.
        model._texts = with_short_indices(held.sparse("texts", "articles", "words").astype(np.float64, copy=False))
        model._language = header["language"]
        words = held.strings("words", "words", unique=True)
        model._vectorizer = restored(header["language"], words, held.numbers("idf", "words"))
    if not is_number(header["text_weight"], 0):
        raise ValueError(f"text_weight is {header['text_weight']!r}")
    parts = Parts(
        H=held.numbers("parts.H", "articles", "k"),
        R=held.numbers("parts.R", "known readers", "k"),
        V=held.numbers("parts.V", "words" if "texts" in held else 0, "k"),
        text_weight=header["text_weight"],
        reader_scale=held.numbers("parts.reader_scale", "fitted", low=TINY),
        article_scale=held.numbers("parts.article_scale", "articles", low=TINY),
    )
    if len(parts.R) != min(len(parts.reader_scale), len(log.readers)):
        raise ValueError(f"parts.R is of {len(parts.R):,} readers")
    units = held.numbers("units", len(PIECES), low=TINY)
    blend = _blend(**header["blend"])
    pairs = None  # of files of earlier versions
    if "pairs" in held:
        low = 0.0 if model.co_reads == "positive" else -np.inf
        pairs = held.sparse("pairs", "articles", "articles", low=low).astype(np.float64)
    model._model = Interest.restored(log, parts, pairs, model._texts, model._published, blend, units, model.half_life)
    return model


def _log(header: Mapping[str, Any], held: Held) -> Log:
    for what in ("readers", "articles"):
        ids = header[what]
        if not ids or not all(isinstance(one, str | int | float) for one in ids) or len(set(ids)) < len(ids):
            raise ValueError(f"ids of {what} are not a list of different ids")
        held.sizes[what] = len(ids)
    return Log(
        Ids(header["readers"]),
        Ids(header["articles"]),
        reader=held.numbers("log.reader", "reads", high=held.sizes["readers"] - 1, kind="integer"),
        article=held.numbers("log.article", "reads", high=held.sizes["articles"] - 1, kind="integer"),
        strength=held.numbers("log.strength", "reads", low=-np.inf),
        time=held.numbers("log.time", "reads", low=-np.inf) if "log.time" in held else None,
    )


def _titles(log: Log, titles: Any) -> dict[Any, str]:
    if not all(isinstance(title, str) for title in titles) or len(titles) not in (0, len(log.articles)):
        raise ValueError("titles are not one for each article")
    return {name: title for name, title in zip(log.articles.names, titles, strict=False) if title}


def _ratings(log: Log, rated: Mapping[str, Any], held: Held) -> Ratings:
    mean, price, mix = rated["mean"], rated["price"], tuple(rated["mix"])
    if not (is_number(mean) and is_number(price, 0) and len(mix) == 2 and all(map(is_number, mix))):
        raise ValueError("the mean, the price or the mix of ratings is invalid")
    signs = held.numbers("rated.signs", "k", low=-1, high=1)
    if not np.all(np.abs(signs) == 1):
        raise ValueError("rated.signs holds values other than 1 and -1")
    return Ratings.restored(
        log,
        mean=mean,
        price=price,
        mix=mix,
        signs=signs,
        of_reader=held.numbers("rated.of_reader", "readers", low=-np.inf),
        of_article=held.numbers("rated.of_article", "articles", low=-np.inf),
        W=held.numbers("rated.W", "readers", "k"),
        H=held.numbers("rated.H", "articles", "k"),
    )


def _blend(weights: Any, lately: Any, fresh: Any, ridge: Any = Blend.ridge, tilt: Any = 0.0) -> Blend:
    """Return a blend; files of earlier versions have a tilt instead of the ridge, and it is ignored."""
    lives = [half_life for half_life in (lately, fresh) if half_life is not None]
    numbers = len(weights) == len(PIECES) and all(is_number(one) for one in (*weights, ridge, tilt))
    if not (numbers and all(is_number(half_life, TINY) for half_life in lives)):
        raise ValueError("the blend is invalid")
    return Blend(tuple(weights), lately, fresh, ridge)
