"""The facts of a topic model for its report."""

import hashlib
import platform
import re
from collections.abc import Sequence
from datetime import date as Date
from datetime import timedelta
from importlib.metadata import version
from inspect import signature
from os import PathLike
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

import partwise
from partwise import kernels
from partwise.exceptions import ParameterError, shown
from partwise.matrix import Array
from partwise.parameters import check_kind
from partwise.report import (
    STEPS,
    Document,
    Listed,
    Passage,
    Report,
    Timeline,
    TopicFacts,
    Unexplained,
    Word,
    write_page,
)
from partwise.topics.listing import Topic, explained, typical_rows
from partwise.topics.marking import marked
from partwise.topics.places import group_rows, mean_shares, shares_of, unit_rows
from partwise.topics.timeline import binned
from partwise.topics.words import SEPARATOR, ranked_words, topic_labels, topics_of_words

__all__ = ["report", "report_of"]

N_WORDS = 10
N_EXCLUSIVE = 6
N_PASSAGES = 4
N_CANDIDATES = 24
"""Number of typical documents from which passages of a topic are chosen."""
ALIKE = 0.5
"""Largest share of words in common between two passages; above it, only one of them is shown."""
N_LISTED = 5000
"""Most documents on a page; in a larger collection, each topic lists its share of this number."""
N_UNEXPLAINED = 12
N_MARKED = 50
"""How many words of a topic are marked in passages, most relevant first."""
BEGINNING, LINE = 200, 80
"""Characters shown of a badly explained document or of a title; and of a document without title in a list."""
MOST_BINS, LEAST_DOCUMENTS = 48, 8
"""Most bins of time in a small chart; and fewest documents per bin, on average: with fewer, shares are noise."""
LENGTHS = {"day": 1.0, "week": 7.0, "month": 30.44, "quarter": 91.31, "year": 365.25, "decade": 3652.5}
"""Days in a bin. Bins are taken longer until at least a third of them have documents."""
DAYS = {"day": 1, "week": 7}
MONTHS = {"month": 1, "quarter": 3, "year": 12, "decade": 120}


def report(model: Any, path: str | PathLike[str], *, title: str | None = None) -> None:
    """Write a report: one HTML page with charts and tables that needs no network.

    Parameters
    ----------
    path : str or path-like
        The page to write; an existing file is replaced once the new one is complete.
    title : str, default=None
        Title of the page; by default the numbers of topics and documents.

    Raises
    ------
    ParameterError
        If path is not the name of a file, or title is not a string.
    OSError
        If the page cannot be written; an existing file stays as it was.
    """
    if not isinstance(path, str | PathLike):
        raise ParameterError(f"path must be the name of a file; got {shown(path)}.")
    write_page(report_of(model, check_kind("title", title, str)), path)


def report_of(model: Any, title: str | None = None, command: str | None = None) -> Report:
    """Gather the facts of a fitted topic model for a report.

    Parameters
    ----------
    model : TopicModel
        A fitted model.
    title : str, default=None
        Title of the page; by default the numbers of topics and documents.
    command : str, default=None
        The command that makes the report.

    Returns
    -------
    Report
        Plain values, limited to what fits on a page even for a large collection.
    """
    check_is_fitted(model)
    placed = np.asarray(model.document_topics_.any(axis=1))
    fit = explained(model._now)
    cosines, places, mapped = _map(model._now.components)
    known = sorted(day for day in model.dates_ or () if day)
    figures = [
        (f"{len(model.words_):,}", "words"),
        (_mean(fit[placed]), "mean fit"),
        (_mean(model.stability_), "mean stability"),
        (_mean(model.npmi_), "mean NPMI"),
        (f"{model.diversity_:.0%}", "diversity of words"),
    ]
    return Report(
        title=title or f"{model.n_topics_} topics in {len(model.ids_):,} documents",
        language="" if model.language_ == "none" else model.language_,
        documents=len(model.ids_),
        unplaced=int(np.count_nonzero(~placed)),
        dates=(known[0], known[-1]) if known else None,
        topics=_topics(model, fit, places),
        similarity=cosines.tolist(),
        mapped=mapped,
        timeline=_timeline(model),
        unexplained=_unexplained(model, fit, placed),
        figures=[(value, name) for value, name in figures if value],
        provenance=_provenance(model),
        repeat=_repeat(model, command),
    )


def _topics(model: Any, fit: Array, places: Array) -> list[TopicFacts]:
    H, shares, theta = model._now.components, model.shares_, model.document_topics_
    largest = np.where(theta.any(axis=1), theta.argmax(axis=1), -1)
    held = topics_of_words(H, shares)
    rankings = [ranked_words(H, shares, N_WORDS, step) for step in STEPS]
    exclusive = topic_labels(H, shares, model.words_.tolist(), N_EXCLUSIVE)
    return [
        _topic(
            model,
            record,
            np.flatnonzero(largest == t),
            fit,
            [ranking[t] for ranking in rankings],
            held[t],
            exclusive[t],
            places[t],
        )
        for t, record in enumerate(model.records(N_MARKED))
    ]


def _topic(
    model: Any,
    record: Topic,
    members: Array,
    fit: Array,
    rankings: list[list[int]],
    held: Array,
    exclusive: str,
    place: Array,
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
        fit=float(fit[members].mean()) if len(members) else float("nan"),
        documents=len(members),
        words=[Word(str(model.words_[j]), float(row[j]) / heaviest, float(held[j])) for j in used],
        ranks=[[at[j] for j in ranking] for ranking in rankings],
        exclusive=exclusive.split(SEPARATOR) if exclusive else [],
        passages=_passages(model, record.index, record.words),
        listed=_listed(model, record.index, members),
        place=(float(place[0]), float(place[1])),
    )


def _document(model: Any, row: int, characters: int = 0) -> Document:
    """Return a document as the page shows it, with this many characters of its text."""
    known = {name: values[row] for name, values in model.metadata_.items()}
    return Document(
        id=model.ids_[row],
        date="" if model.dates_ is None else model.dates_[row],
        title=_beginning(known.get("title", ""), BEGINNING),
        url=known.get("url", ""),
        section=_beginning(known.get("section", ""), BEGINNING),
        beginning="" if model.texts_ is None or not characters else _beginning(model.texts_[row], characters),
    )


def _listed(model: Any, topic: int, members: Array) -> list[Listed]:
    """Return the most typical documents whose largest topic is this one, in the order of `typical`."""
    theta = model.document_topics_[members]
    shares = shares_of(theta)[:, topic]
    order = np.argsort(-shares * theta[:, topic], kind="stable")
    if len(model.ids_) > N_LISTED:
        order = order[: max(N_LISTED // model.n_topics_, 1)]
    return [Listed(_document(model, int(members[i]), LINE), float(shares[i])) for i in order]


def _passages(model: Any, topic: int, words: Sequence[str]) -> list[Passage]:
    """Return passages of the most typical documents that differ from one another."""
    chosen: list[tuple[Passage, set[str]]] = []
    analyze = model._now.documents.analyze
    for (row, share), one in zip(
        typical_rows(model._now, topic, N_CANDIDATES), model.typical(topic, N_CANDIDATES), strict=True
    ):
        own = set(analyze(one.passage)) or {one.id}
        if all(len(own & other) <= ALIKE * len(own | other) for _, other in chosen):
            chosen.append((Passage(_document(model, row), share, marked(one.passage, words, analyze)), own))
        if len(chosen) == N_PASSAGES:
            break
    return [passage for passage, _ in chosen]


def _map(components: Array) -> tuple[Array, Array, float]:
    """Return the cosines between topics, their points in two dimensions, and the share of their spread that these show.

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
    for axis in points.T:  # an eigenvector's sign is arbitrary: put the farthest topic to the right, or at the top
        if axis[np.argmax(np.abs(axis.round(9)))] < 0:
            axis *= -1
    total = float(values.sum())
    return cosines, points.round(4) + 0.0, float(values[:2].sum()) / total if total > 0 else 1.0


def _timeline(model: Any) -> Timeline | None:
    """Return shares over time, in the shortest bins that fit into a chart; None if there is nothing to show."""
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
        if whole <= min(MOST_BINS, 3 * len(names)) and len(known) >= LEAST_DOCUMENTS * len(names):
            break
    if len(names) < 2:
        return None
    places, rows_of = model.document_topics_, dict(zip(names, rows, strict=True))
    starts = _starts(Date.fromisoformat(starts[0]), Date.fromisoformat(starts[-1]), bins)
    named = binned(starts, bins, starts)
    return Timeline(
        unit=bins,
        bins=named,
        starts=starts,
        documents=[len(rows_of.get(name, ())) for name in named],
        shares=[mean_shares(places[rows_of[name]]).tolist() if name in rows_of else None for name in named],
    )


def _starts(first: Date, last: Date, bins: str) -> list[str]:
    """Return the first days of all bins from one to another, also of those without documents."""
    if bins in DAYS:
        days = range(0, (last - first).days + 1, DAYS[bins])
        return [(first + timedelta(days=day)).isoformat() for day in days]
    year = first.year - first.year % 10 if bins == "decade" else first.year  # the 0000s begin in the year 1
    months = range(12 * year + first.month - 1, 12 * last.year + last.month, MONTHS[bins])
    return [Date(max(month // 12, 1), month % 12 + 1, 1).isoformat() for month in months]


def _start(name: str) -> str:
    """Return the first day of a bin."""
    year, _, rest = name.partition("-")
    if rest.startswith("Q"):
        rest = f"{3 * int(rest[1]) - 2:02}"
    month, _, day = rest.partition("-")
    return Date(max(int(year[:4]), 1), int(month or 1), int(day or 1)).isoformat()  # the 0000s begin in the year 1


def _unexplained(model: Any, fit: Array, placed: Array) -> list[Unexplained]:
    rows = np.flatnonzero(placed)
    worst = rows[np.argsort(fit[rows].round(9), kind="stable")][:N_UNEXPLAINED]
    largest = model.document_topics_.argmax(axis=1)
    return [Unexplained(_document(model, i, BEGINNING), int(largest[i]), float(fit[i])) for i in worst.tolist()]


def _beginning(text: str, characters: int) -> str:
    line = " ".join(text[: 4 * characters].split())
    return line if len(line) <= characters else line[: characters - 1].rstrip() + "…"


def _provenance(model: Any) -> list[tuple[str, str]]:
    X = model.X_
    wordless = int(np.count_nonzero(~model.document_topics_.any(axis=1)))
    found = [
        ("data", f"{X.shape[0]:,} documents, {X.shape[1]:,} words, {X.nnz:,} entries"),
        ("documents placed in no topic", f"{wordless:,}"),
        ("fingerprint of the data", _fingerprint(X, model.words_)),
        ("language", str(model.language_)),
        ("loss", model._settings.loss_function.name),
        ("seed", str(model.random_state)),
    ]
    if hasattr(model, "n_iter_"):
        ended = "converged" if model.converged_ else "stopped at the limit"
        found += [("iterations", f"{model.n_iter_} ({ended})"), ("relative error", f"{model.relative_error_:.4f}")]
    for name, what in (("rank_reason_", "number of topics"), ("loss_reason_", "choice of loss")):
        if hasattr(model, name):
            found.append((what, getattr(model, name)))
    embedded = model._topics.documents.embedded
    if embedded is not None:
        found.append(("embeddings", "{:,} rows of {:,} numbers".format(*embedded.vectors.shape)))
    given = {name: _plain(value) for name, value in model.get_params(deep=False).items() if name != "embeddings"}
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
    metadata = ", metadata=metadata" if model.metadata_ else ""
    batches = getattr(model, "n_batches_", 0)
    lines = [
        "from partwise.topics import TopicModel",
        "",
        f"model = TopicModel({', '.join(said)})",
        *(
            [f"for texts in batches:  # {batches} of them", f"    model.partial_fit(texts{ids}{dates}{metadata})"]
            if batches
            else [f"model.fit(texts{ids}{dates}{metadata})"]
        ),
        *([f"# {model.n_topics_} topics in the end"] if model.n_topics != model.n_topics_ else []),
        'model.report("report.html")',
    ]
    return [*lines, "", f"# this page: {command}"] if command else lines


def _plain(value: Any) -> str:
    """Return the repr of a value, without the address in memory that some objects show."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def _mean(values: Array) -> str:
    known = values[~np.isnan(values)]
    return f"{known.mean():.2f}" if len(known) else ""
