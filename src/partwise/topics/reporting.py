"""What a report tells of a topic model."""

import hashlib
import platform
import re
from collections.abc import Sequence
from datetime import date as Date
from importlib.metadata import version
from inspect import signature
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

import partwise
from partwise import kernels
from partwise.matrix import Array
from partwise.report import STEPS, Passage, Report, Timeline, TopicFacts, Unexplained, Word
from partwise.topics.listing import Listing, Topic
from partwise.topics.marking import marked
from partwise.topics.places import group_rows, mean_shares, unit_rows
from partwise.topics.timeline import binned
from partwise.topics.words import SEPARATOR, ranked_words, topic_labels, topics_of_words

__all__ = ["report_of"]

N_WORDS = 10
N_EXCLUSIVE = 6
N_PASSAGES = 4
N_UNEXPLAINED = 12
N_MARKED = 50
"""Words of a topic that are marked in passages, most relevant first."""
BEGINNING = 200
"""Characters of a document that the topics explain badly."""
MOST_BINS, LEAST_DOCUMENTS = 48, 8
"""Bins of time that a small chart has room for, and documents in a mean bin below which shares are noise."""
LENGTHS = {"day": 1.0, "week": 7.0, "month": 30.44, "quarter": 91.31, "year": 365.25, "decade": 3652.5}
"""Days in a bin. Bins are taken longer until at least half of them have documents."""


def report_of(model: Listing, title: str | None = None, command: str | None = None) -> Report:
    """Gather what a report tells of a fitted topic model.

    Parameters
    ----------
    model : TopicModel
        A fitted model.
    title : str, default=None
        Title of the page; by default it counts topics and documents.
    command : str, default=None
        The command that makes the report.

    Returns
    -------
    Report
        Plain values: no more than a page has room for, however large the collection.
    """
    check_is_fitted(model)
    placed = np.asarray(model.document_topics_.any(axis=1))
    fit = model._explained()
    cosines, places, mapped = _map(model._now.components)
    sizes = f"{model.n_topics_} topics in {len(model.ids_):,} documents"
    cards = [
        (f"{len(model.ids_):,}", "documents"),
        (str(model.n_topics_), "topics"),
        (f"{len(model.words_):,}", "words"),
        (_mean(fit[placed]), "mean fit"),
        (_mean(model.stability_), "mean stability"),
        (_mean(model.npmi_), "mean NPMI"),
        (f"{model.diversity_:.0%}", "diversity of words"),
    ]
    return Report(
        title=title or sizes,
        language="" if model.language_ == "none" else model.language_,
        cards=[(value, name) for value, name in cards if value],
        topics=_topics(model, fit, places),
        similarity=cosines.tolist(),
        mapped=mapped,
        timeline=_timeline(model),
        unexplained=_unexplained(model, fit, placed),
        unplaced=int(np.count_nonzero(~placed)),
        provenance=_provenance(model),
        repeat=_repeat(model, command),
    )


def _topics(model: Listing, fit: Array, places: Array) -> list[TopicFacts]:
    H, shares, theta = model._now.components, model.shares_, model.document_topics_
    largest = np.where(theta.any(axis=1), theta.argmax(axis=1), -1)
    held = topics_of_words(H, shares)
    rankings = [ranked_words(H, shares, N_WORDS, step) for step in STEPS]
    exclusive = topic_labels(H, shares, model.words_.tolist(), N_EXCLUSIVE)
    return [
        _topic(model, record, fit[largest == t], [ranking[t] for ranking in rankings], held[t], exclusive[t], places[t])
        for t, record in enumerate(model.records(N_MARKED))
    ]


def _topic(
    model: Listing, record: Topic, fit: Array, rankings: list[list[int]], held: Array, exclusive: str, place: Array
) -> TopicFacts:
    row = model._now.components[record.index]
    used = sorted({j for ranking in rankings for j in ranking})
    at = {j: position for position, j in enumerate(used)}
    heaviest = float(row.max()) or 1.0
    return TopicFacts(
        index=record.index,
        label=record.label,
        share=record.share,
        npmi=record.npmi,
        stability=record.stability,
        fit=float(fit.mean()) if len(fit) else float("nan"),
        documents=len(fit),
        peak=record.peak,
        words=[Word(str(model.words_[j]), float(row[j]) / heaviest, float(held[j])) for j in used],
        ranks=[[at[j] for j in ranking] for ranking in rankings],
        exclusive=exclusive.split(SEPARATOR) if exclusive else [],
        passages=_passages(model, record.index, record.words),
        place=(float(place[0]), float(place[1])),
    )


def _passages(model: Listing, topic: int, words: Sequence[str]) -> list[Passage]:
    """Return passages of the most typical documents; of documents that are nearly the same, the first."""
    found = {one.passage or one.id: one for one in reversed(model.typical(topic, 2 * N_PASSAGES))}
    return [
        Passage(one.id, _date(model, one.id), one.share, marked(one.passage, words, model._analyze))
        for one in [*reversed(found.values())][:N_PASSAGES]
    ]


def _map(components: Array) -> tuple[Array, Array, float]:
    """Return the cosines between topics, their points in two dimensions, and the part of their spread that these show.

    Classical scaling of the distances between rows of unit length, which are Euclidean: principal coordinates are the
    best two dimensions. J. C. Gower, Biometrika 53, 1966, doi:10.1093/biomet/53.3-4.325.
    """
    unit = unit_rows(components)
    cosines = np.clip(unit @ unit.T, 0, 1)
    centred = cosines - cosines.mean(axis=0) - cosines.mean(axis=1, keepdims=True) + cosines.mean()
    values, vectors = np.linalg.eigh((centred + centred.T) / 2)
    values, vectors = np.clip(values[::-1], 0, None), vectors[:, ::-1]
    points = np.zeros((len(unit), 2))
    points[:, : len(unit)] = (vectors * np.sqrt(values))[:, :2]
    for axis in points.T:  # an eigenvector's sign is arbitrary: the farthest topic lies to the right, or above
        if axis[np.argmax(np.abs(axis.round(9)))] < 0:
            axis *= -1
    total = float(values.sum())
    return cosines, points.round(4) + 0.0, float(values[:2].sum()) / total if total > 0 else 1.0


def _timeline(model: Listing) -> Timeline | None:
    """Return shares over time, in the shortest bins that a chart has room for; None where there is nothing to show."""
    known = [day for day in model.dates_ or () if day]
    if model.dates_ is None or not known:
        return None
    finest = min(map(len, known))  # of YYYY-MM-DD, what every document has
    for bins, days in LENGTHS.items():
        if finest < {"day": 10, "week": 10, "month": 7, "quarter": 7}.get(bins, 4):
            continue
        names, rows = group_rows(binned(model.dates_, bins, model.ids_))
        starts = [_start(name) for name in names]
        whole = (Date.fromisoformat(starts[-1]) - Date.fromisoformat(starts[0])).days / days + 1
        if whole <= min(MOST_BINS, 2 * len(names)) and len(known) >= LEAST_DOCUMENTS * len(names):
            break
    if len(names) < 2:
        return None
    places = model.document_topics_
    return Timeline(
        unit=bins,
        bins=names,
        starts=starts,
        documents=[len(of_bin) for of_bin in rows],
        shares=[mean_shares(places[of_bin]).tolist() for of_bin in rows],
    )


def _start(name: str) -> str:
    """Return the first day of a bin."""
    year, _, rest = name.partition("-")
    if rest.startswith("Q"):
        rest = f"{3 * int(rest[1]) - 2:02}"
    month, _, day = rest.partition("-")
    return Date(max(int(year[:4]), 1), int(month or 1), int(day or 1)).isoformat()  # the 0000s begin in the year 1


def _unexplained(model: Listing, fit: Array, placed: Array) -> list[Unexplained]:
    rows = np.flatnonzero(placed)
    worst = rows[np.argsort(fit[rows].round(9), kind="stable")][:N_UNEXPLAINED]
    largest, labels = model.document_topics_.argmax(axis=1), model.labels_
    return [
        Unexplained(
            document=model.ids_[i],
            date="" if model.dates_ is None else model.dates_[i],
            label=f"{largest[i]} {labels[largest[i]]}",
            fit=float(fit[i]),
            beginning="" if model.texts_ is None else _beginning(model.texts_[i]),
        )
        for i in worst.tolist()
    ]


def _beginning(text: str) -> str:
    line = " ".join(text[: 4 * BEGINNING].split())
    return line if len(line) <= BEGINNING else line[: BEGINNING - 1].rstrip() + "…"


def _date(model: Listing, name: str) -> str:
    row = model._row(name)
    return "" if model.dates_ is None or row is None else model.dates_[row]


def _provenance(model: Any) -> list[tuple[str, str]]:
    X = model.X_
    wordless = int(np.count_nonzero(~model.document_topics_.any(axis=1)))
    found = [
        ("data", f"{X.shape[0]:,} documents, {X.shape[1]:,} words, {X.nnz:,} entries"),
        ("documents placed in no topic", f"{wordless:,}"),
        ("fingerprint of the data", _fingerprint(X, model.words_)),
        ("language", str(model.language_)),
        ("loss", model._objective.name),
        ("seed", str(model.random_state)),
    ]
    if hasattr(model, "n_iter_"):
        ended = "converged" if model.converged_ else "stopped at the limit"
        found += [("iterations", f"{model.n_iter_} ({ended})"), ("relative error", f"{model.relative_error_:.4f}")]
    if hasattr(model, "rank_reason_"):
        found.append(("number of topics", model.rank_reason_))
    given = {name: _plain(value) for name, value in model.get_params(deep=False).items()}
    # n_jobs changes no bit of the result
    found.append(("parameters", ", ".join(f"{name}={value}" for name, value in given.items() if name != "n_jobs")))
    libraries = [f"{name} {version(name)}" for name in ("numpy", "scipy", "scikit-learn")]
    found.append(("written with", ", ".join([f"partwise {partwise.__version__} ({kernels.ISA} kernels)", *libraries])))
    found.append(("Python", f"{platform.python_version()}, {platform.system()} {platform.machine()}"))
    return found


def _fingerprint(X: Any, words: Sequence[str]) -> str:
    """Return a hash that is the same for the same documents and words in the same order."""
    digest = hashlib.sha256("\n".join(map(str, words)).encode("utf-8", "surrogatepass"))
    for part in (X.indptr.astype("<i8"), X.indices.astype("<i8"), X.data.astype("<f4")):
        digest.update(part.tobytes())
    return f"sha256 {digest.hexdigest()[:16]}"


def _repeat(model: Any, command: str | None) -> list[str]:
    defaults = {name: argument.default for name, argument in signature(type(model)).parameters.items()}
    given = {name: value for name, value in model.get_params(deep=False).items() if name != "n_jobs"}
    said = [
        f"{name}={_plain(value)}"
        for name, value in given.items()
        if name in ("n_topics", "random_state") or _plain(value) != _plain(defaults[name])
    ]
    ids = ", ids=ids" if model.ids_ != [str(i) for i in range(len(model.ids_))] else ""
    dates = ", dates=dates" if model.dates_ is not None else ""
    batches = getattr(model, "n_batches_", 0)
    lines = [
        "from partwise.topics import TopicModel",
        "",
        f"model = TopicModel({', '.join(said)})",
        *(
            [f"for texts in batches:  # {batches} of them", f"    model.partial_fit(texts{ids}{dates})"]
            if batches
            else [f"model.fit(texts{ids}{dates})"]
        ),
        *([f"# {model.n_topics_} topics in the end"] if model.n_topics != model.n_topics_ else []),
        'model.report("report.html")',
    ]
    return [*lines, "", f"# this page: {command}"] if command else lines


def _plain(value: Any) -> str:
    """Return how a value is written, without the address in memory that some objects show."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def _mean(values: Array) -> str:
    known = values[~np.isnan(values)]
    return f"{known.mean():.2f}" if len(known) else ""
