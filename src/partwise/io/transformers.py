"""scikit-learn's transformers of a known set, as plain values and arrays, and back.

A class is found by its name in a table, a parameter by its name in another, and each value is checked: a file cannot
name a function or open another file.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, Normalizer, StandardScaler
from sklearn.utils.validation import check_is_fitted

from partwise.exceptions import ParameterError
from partwise.io.held import Held, is_number, is_strings, is_whole

__all__ = ["TRANSFORMERS", "VECTORIZERS", "put_together", "take_apart"]

VECTORIZERS: dict[str, Any] = {"TfidfVectorizer": TfidfVectorizer, "CountVectorizer": CountVectorizer}
TRANSFORMERS: dict[str, Any] = VECTORIZERS | {
    "TfidfTransformer": TfidfTransformer,
    "StandardScaler": StandardScaler,
    "MaxAbsScaler": MaxAbsScaler,
    "MinMaxScaler": MinMaxScaler,
    "Normalizer": Normalizer,
}
ROWS: dict[str, tuple[str, ...]] = {
    "TfidfVectorizer": ("idf_",),
    "CountVectorizer": (),
    "TfidfTransformer": ("idf_",),
    "StandardScaler": ("mean_", "var_", "scale_"),
    "MaxAbsScaler": ("max_abs_", "scale_"),
    "MinMaxScaler": ("scale_", "min_", "data_min_", "data_max_", "data_range_"),
    "Normalizer": (),
}
"""Fitted attributes of each class, with one number for each feature."""
UNUSED = {"use_idf": ("idf_",), "with_mean": ("mean_",), "with_std": ("var_", "scale_")}
"""Those that a transformer can be without where a parameter is False."""
VOCABULARIES: dict[str, Callable[[list[str]], Any]] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "dict": lambda words: {word: i for i, word in enumerate(words)},
}
"""What a vectorizer's vocabulary may be given as, and how it is made of its words."""
SIGNED = ("mean_", "min_", "data_min_", "data_max_")
COUNTS = ("n_features_in_", "n_samples_seen_")


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except (re.error, TypeError, OverflowError, RecursionError):
        return False
    return True


def _pair(value: Any, test: Callable[[Any], bool]) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(map(test, value)) and value[0] <= value[1]


ALLOWED: dict[str, Callable[[Any], bool]] = {
    "input": lambda value: value == "content",  # others open files that texts name
    "encoding": lambda value: isinstance(value, str),
    "decode_error": lambda value: value in ("strict", "ignore", "replace"),
    "strip_accents": lambda value: value in (None, "ascii", "unicode"),
    "lowercase": _flag,
    "preprocessor": lambda value: value is None,
    "tokenizer": lambda value: value is None,
    "analyzer": lambda value: value in ("word", "char", "char_wb"),
    "stop_words": lambda value: value in (None, "english") or is_strings(value),
    "token_pattern": lambda value: value is None or _pattern(value),
    "ngram_range": lambda value: _pair(value, lambda n: is_whole(n, 1)),
    "max_df": is_number,
    "min_df": is_number,
    "max_features": lambda value: value is None or is_whole(value, 1),
    "norm": lambda value: value in (None, "l1", "l2", "max"),
    "use_idf": _flag,
    "smooth_idf": _flag,
    "sublinear_tf": _flag,
    "binary": _flag,
    "copy": _flag,
    "with_mean": _flag,
    "with_std": _flag,
    "clip": _flag,
    "feature_range": lambda value: _pair(value, is_number),
}
"""Parameters that a transformer in a file may have, and what they may be."""
PAIRS = ("ngram_range", "feature_range")


def take_apart(transformer: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a fitted transformer as a header and a mapping of arrays.

    Parameters
    ----------
    transformer : object of one of the classes in `TRANSFORMERS`
        The transformer, fitted if it has anything to fit.

    Returns
    -------
    header : dict
        Kind, parameters and numbers.
    arrays : dict of str to ndarray or list of str
        Words of a vectorizer, and numbers for each feature.

    Raises
    ------
    ParameterError
        If it has a parameter that is not a plain value, such as a function.
    """
    kind = type(transformer).__name__
    given = transformer.get_params(deep=False)
    params = {name: _plain(value) for name, value in given.items() if name not in ("dtype", "vocabulary")}
    for name, value in params.items():
        if name not in ALLOWED or not ALLOWED[name](value):
            raise ParameterError(
                f"a {kind} with {name}={value!r} cannot be saved: a file keeps plain values only. "
                f"Leave {name} as scikit-learn has it, or transform first, and save what comes after."
            )
    header: dict[str, Any] = {"kind": kind, "params": params, "fitted": {}}
    arrays: dict[str, Any] = {}
    if kind in VECTORIZERS:
        check_is_fitted(transformer, "vocabulary_")
        header["dtype"] = np.dtype(transformer.dtype).name
        arrays["words"] = [str(word) for word in transformer.get_feature_names_out()]
        if given["vocabulary"] is not None:
            header["vocabulary"] = type(given["vocabulary"]).__name__
    elif kind != "Normalizer":
        check_is_fitted(transformer)
    without = _unused(given)
    for name in (*ROWS[kind], *COUNTS):
        # idf_ raises where it is not used
        value = None if name == "idf_" and name in without else getattr(transformer, name, None)
        if isinstance(value, np.ndarray):
            arrays[name] = value
        elif value is not None:
            header["fitted"][name] = value.item() if isinstance(value, np.generic) else value
    if hasattr(transformer, "feature_names_in_"):
        arrays["feature_names_in_"] = [str(name) for name in transformer.feature_names_in_]
    return header, arrays


def put_together(header: Mapping[str, Any], held: Held) -> Any:
    """Return the transformer that `take_apart` took apart.

    Parameters
    ----------
    header : mapping
        The header.
    held : Held
        The arrays.

    Returns
    -------
    transformer
        The transformer, with the same bits.

    Raises
    ------
    ValueError, TypeError or KeyError
        If the parts do not fit each other, or are of no known transformer.
    """
    params = dict(header["params"])
    for name, value in params.items():
        if name not in ALLOWED or not ALLOWED[name](value):
            raise ValueError(f"{name}={value!r} is not a parameter of a transformer in a file")
    params |= {name: tuple(params[name]) for name in PAIRS if name in params}
    kind = header["kind"]
    if kind in VECTORIZERS:
        dtype = np.dtype(header["dtype"])
        if dtype.kind not in "fiu":
            raise ValueError(f"a vectorizer of {header['dtype']!r}")
        words = held.strings("words", "m", unique=True)
        made = fitted_to(VECTORIZERS[kind](**params, dtype=dtype.type, vocabulary=words))
        if "vocabulary" in header:
            made.set_params(vocabulary=VOCABULARIES[header["vocabulary"]](words)).fixed_vocabulary_ = True
    else:
        made = TRANSFORMERS[kind](**params)
    without = _unused(made.get_params(deep=False))
    for name in ROWS[kind]:
        if name in held or name not in without:
            row = held.numbers(name, "m", low=-np.inf if name in SIGNED else 0.0)
            if name == "scale_" and not row.all():
                raise ValueError("scale_ holds 0, which nothing can be divided by")
            setattr(made, name, row)
        elif kind == "StandardScaler":
            setattr(made, name, None)
    if "n_samples_seen_" in held:  # by feature, where some entries were unknown
        made.n_samples_seen_ = held.numbers("n_samples_seen_", "m", kind="number")
    for name, value in header["fitted"].items():
        if name not in COUNTS or not is_number(value, 1):
            raise ValueError(f"{name} is {value!r}")
        if name == "n_features_in_" and value != held.sizes.get("m", value):
            raise ValueError(f"n_features_in_ is {value}, but there are numbers for {held.sizes['m']} features")
        setattr(made, name, value)
    if ROWS[kind] and kind not in VECTORIZERS and not hasattr(made, "n_features_in_"):
        raise ValueError("n_features_in_ is missing")
    if "feature_names_in_" in held:
        made.feature_names_in_ = np.array(held.strings("feature_names_in_", "m"), dtype=object)
    return made


def fitted_to(vectorizer: Any) -> Any:
    """Return a vectorizer that was made with a vocabulary as if it had learned that from texts."""
    vectorizer.fit([""])  # makes it fitted: words are given, and weights are set next
    vectorizer.fixed_vocabulary_ = False
    return vectorizer.set_params(vocabulary=None)


def _unused(params: Mapping[str, Any]) -> set[str]:
    return {name for param, names in UNUSED.items() if params.get(param) is False for name in names}


def _plain(value: Any) -> Any:
    """Return NumPy's numbers and strings as Python's."""
    if type(value) in (list, tuple):
        return type(value)(map(_plain, value))
    return value.item() if isinstance(value, np.generic) else value
