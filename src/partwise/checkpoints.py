"""Checkpoints: a fit that was stopped or killed goes on from the last one, and ends with the same bits.

A folder holds one file in the format of model files. Each checkpoint replaces the whole file. It says which fit it
belongs to, and holds all that the next iteration needs: the state of a ``Descent``, the state of the random numbers,
and the best outcome of the starts that are done.
"""

import errno
import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from partwise.exceptions import CheckpointError, ModelFileError, ParameterError, shown
from partwise.interrupts import DelayedInterrupt
from partwise.io.held import Held
from partwise.matrix import Array
from partwise.parameters import check_flag, check_integer
from partwise.solvers import Outcome
from partwise.solvers.descent import CURVE, Descent, State
from partwise.stopping import StopReason

NAME = "fit.checkpoint"
"""The file in the folder."""
KIND = "checkpoint"
LAYOUT = 2
"""The version of a checkpoint's contents; one more where `Progress` or `State` changes. Development versions can share
a version of partwise, but not a layout."""
EVERY = 10
"""Iterations from one checkpoint to the next, unless the user says otherwise."""
COLUMNS = CURVE.names or ()
"""Columns of the curve."""
MOST_DIFFERENCES = 3
"""How many differing settings an error names."""


@dataclass
class Progress:
    """How far a fit is.

    Attributes
    ----------
    done : int
        Starts that are done.
    best : Outcome or None
        The best of what they found.
    random : dict or None
        State of the random numbers after the last start that was made.
    state : State or None
        State of the current start; None between two starts.
    weight : float or None
        Weight of the volume, while the current start works with heavier ones; see ``lighten``.
    spent : int
        Iterations of the current start with heavier volumes.
    seconds : float
        Time that the fit has run; the time between a stop and its resumption does not count.
    """

    done: int = 0
    best: Outcome | None = None
    random: Any = None
    state: State | None = None
    weight: float | None = None
    spent: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Checkpoints:
    """Where checkpoints go; see ``factorize`` for the parameters.

    Examples
    --------
    >>> Checkpoints.of("run", 5, True).path
    PosixPath('run/fit.checkpoint')
    """

    folder: Path
    every: int = EVERY
    resume: bool = False

    @classmethod
    def of(cls, checkpoint_dir: Any, checkpoint_every: Any, resume: Any) -> "Checkpoints | None":
        """Return what a user asks for, checked; None without a folder."""
        every, resume = check_integer("checkpoint_every", checkpoint_every), check_flag("resume", resume)
        if checkpoint_dir is not None:
            if not isinstance(checkpoint_dir, str | os.PathLike) or not os.fspath(checkpoint_dir):
                raise ParameterError(f"checkpoint_dir must be the name of a folder; got {shown(checkpoint_dir)}.")
            return cls(Path(os.fsdecode(checkpoint_dir)), every, resume)
        for name, given in (("resume=True", resume), (f"checkpoint_every={every}", every != EVERY)):
            if given:
                raise ParameterError(f"{name} needs checkpoint_dir, the folder that holds the checkpoints.")
        return None

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / NAME

    @contextmanager
    def course(self, fit: Mapping[str, str], sizes: Mapping[str, int], dtype: Any, began: float) -> Iterator["Course"]:
        """Open the folder for a fit until the block ends. Meanwhile a Ctrl-C waits for the next checkpoint.

        Parameters
        ----------
        fit : mapping
            What tells the fit from others; see ``fingerprint``.
        sizes : mapping
            n, m and k.
        dtype : dtype
            Type of the factors in a fit.
        began : float
            ``time.perf_counter()`` when the fit began, if it begins now.

        Raises
        ------
        CheckpointError
            If the folder holds a checkpoint of another fit, or a damaged one, or another fit is writing to it.
        OSError
            If the folder cannot be made.
        """
        try:
            os.makedirs(self.folder, exist_ok=True)
        except FileExistsError:
            raise NotADirectoryError(
                errno.ENOTDIR, "Not a folder; checkpoint_dir must be one", str(self.folder)
            ) from None
        with _alone_in(self.folder), DelayedInterrupt() as interrupt:
            there = self._read(fit, sizes, dtype)
            if there is None or not self.resume:
                yield Course(self, fit, Progress(), began, interrupt)
            else:
                yield Course(self, fit, there, time.perf_counter() - there.seconds, interrupt)

    def _read(self, fit: Mapping[str, str], sizes: Mapping[str, int], dtype: Any) -> Progress | None:
        """Return the progress in the file, or None if there is no file; raise if it is no checkpoint of this fit."""
        from partwise.io import model_file  # a fit without checkpoints loads no safetensors

        if not self.path.exists():
            return None
        try:
            kind, header, arrays = model_file.read(self.path)
            if kind != KIND:
                raise ModelFileError(f"{self.path} holds a {kind!r}, not a checkpoint.")
        except ModelFileError as error:
            raise CheckpointError(
                f"{self.path} cannot be used: it is damaged, or not a checkpoint ({error}) Choose another folder, or "
                f"delete the file to start again."
            ) from error
        self._check_layout(header.get("layout"))
        self._check_fit(header["fit"], fit)
        try:
            return _progress(header, Held(arrays, **sizes), np.dtype(dtype))
        except model_file.UNREADABLE as error:
            raise CheckpointError(
                f"A fit cannot go on from {self.path}: its contents are not valid ({error}). Choose another folder, "
                f"or delete the file to start again."
            ) from error

    def _check_layout(self, there: Any) -> None:
        if there != LAYOUT:
            raise CheckpointError(
                f"{self.path} was written by another version of partwise: its layout is {shown(there)}, and this "
                f"version reads layout {LAYOUT}. Go on with that version, choose another folder, or delete the file to "
                f"start again."
            )

    def _check_fit(self, there: Mapping[str, str], here: Mapping[str, str]) -> None:
        names = [name for name in {**here, **there} if there.get(name) != here.get(name)]
        if names:
            told = [
                f"{name} is {there.get(name, 'not said')} there and {here.get(name, 'not said')} here"
                for name in names[:MOST_DIFFERENCES]
            ]
            raise CheckpointError(
                f"The checkpoint in {self.folder} is of another fit: {'; '.join(told)}. Choose another folder, or "
                f"delete {self.path}."
            )

    def write(self, fit: Mapping[str, str], progress: Progress) -> None:
        """Write the file, whole or not at all."""
        from partwise.io import model_file

        header, arrays = _content(progress)
        try:
            model_file.write(self.path, KIND, {"layout": LAYOUT, "fit": dict(fit), **header}, arrays)
        except OSError as error:
            rest = "the previous one is still there" if self.path.exists() else "there is no previous one"
            raise OSError(
                error.errno,
                f"The checkpoint was not written ({error.strerror or error}); {rest}. Solve this, and go on with "
                f"resume=True",
                str(self.path),
            ) from error


class Course:
    """A running fit, which writes checkpoints.

    Attributes
    ----------
    progress : Progress
        How far it is.
    began : float
        ``time.perf_counter()`` when it began, as if it had never stopped.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        fit: Mapping[str, str],
        progress: Progress,
        began: float,
        interrupt: DelayedInterrupt,
    ) -> None:
        self._checkpoints, self._fit, self._interrupt = checkpoints, fit, interrupt
        self.progress, self.began, self._since = progress, began, 0

    def begin_start(self, random: Mapping[str, Any]) -> None:
        """Note the state of the random numbers after a start was made."""
        self.progress = replace(self.progress, random=random, state=None, weight=None, spent=0)

    def keep(self, descent: Descent, weight: float | None = None, spent: int = 0) -> None:
        """Note an iteration. If a checkpoint is due, write it and then let a Ctrl-C through.

        `weight` and `spent` say with which volume the start works; see ``Progress``.
        """
        if descent.reason is StopReason.BEYOND:  # its numbers are not finite
            return
        self._since += 1
        if self._since >= self._checkpoints.every or descent.reason is not None or self._interrupt.came:
            self._write(replace(self.progress, state=descent.state(), weight=weight, spent=spent))

    def end_start(self, best: Outcome) -> None:
        """Note the best outcome so far, at the end of a start that is not the last."""
        self.progress = Progress(self.progress.done + 1, best, self.progress.random)
        self._write(self.progress)

    def _write(self, progress: Progress) -> None:
        self._checkpoints.write(self._fit, replace(progress, seconds=time.perf_counter() - self.began))
        self._since = 0
        self._interrupt.deliver()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder, which ends with the process; raise if another process holds it."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CheckpointError(
                f"Another fit writes its checkpoints to {folder} now. Choose another folder, or wait until it ends."
            ) from None
        except OSError:  # a file system without locks
            pass
        yield
    finally:
        os.close(opened)


def _content(progress: Progress) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return how far a fit is as plain values and arrays."""
    header: dict[str, Any] = {
        "done": progress.done, "random": progress.random, "weight": progress.weight, "spent": progress.spent,
        "seconds": progress.seconds, "state": None, "best": None,
    }  # fmt: skip
    arrays: dict[str, Array] = {}
    if progress.state is not None:
        own, values = progress.state
        arrays |= {f"state.{name}": array for name, array in own.items()}
        record = {**values["record"]}
        # these grow with each iteration, so they are arrays, not text
        arrays["rows"] = np.array(record.pop("rows"), np.float64).reshape(-1, len(COLUMNS))
        arrays["losses"] = np.array(values["losses"], np.float64)
        header["state"] = {**values, "record": record, "losses": None}
    if progress.best is not None:
        best = progress.best
        header["best"] = {"objective": best.objective, "n_iter": best.n_iter, "reason": best.reason.name}
        curve = np.column_stack([best.curve[name].astype(np.float64) for name in COLUMNS])
        arrays |= {"best.W": best.W, "best.Ht": best.Ht, "best.curve": curve}
    return _plain(header), arrays


def _progress(header: Mapping[str, Any], held: Held, dtype: "np.dtype[Any]") -> Progress:
    """Return how far a fit is, from plain values and arrays; their shapes and types are checked."""
    state = best = None
    if header["state"] is not None:
        own = {name: _factor(held, f"state.{name}", name, dtype) for name in held.under("state.")}
        rows = held.numbers("rows", "iterations", len(COLUMNS), low=-np.inf, finite=False, unknown=True).tolist()
        losses = held.numbers("losses", "losses", low=-np.inf, finite=False, unknown=True).tolist()
        values = header["state"]
        record = {**values["record"], "rows": [[int(row[0]), *row[1:]] for row in rows]}
        state = own, {**values, "record": record, "losses": losses}
    if header["best"] is not None:
        W, Ht = (_factor(held, f"best.{name}", name, dtype) for name in ("W", "Ht"))
        rows = held.numbers("best.curve", "best", len(COLUMNS), low=-np.inf, finite=False, unknown=True)
        curve = np.array([tuple(row) for row in rows.tolist()], CURVE)
        facts = header["best"]
        best = Outcome(W, Ht, facts["objective"], facts["n_iter"], StopReason[facts["reason"]], curve)
    rest = {name: header[name] for name in ("done", "random", "weight", "spent", "seconds")}
    return Progress(best=best, state=state, **rest)


def _factor(held: Held, key: str, name: str, dtype: "np.dtype[Any]") -> Array:
    """Return an array of W, or of Ht, or a Gram matrix."""
    is_gram = name.endswith("gram")
    array = held.numbers(key, "k" if is_gram else "n" if name.startswith("W") else "m", "k", low=-np.inf)
    if array.dtype != dtype and not is_gram:
        raise ValueError(f"{key} is {array.dtype}, but {dtype} is needed")
    return np.array(array)  # at an address of NumPy's own choice


def _plain(value: Any) -> Any:
    """Return a value as JSON knows it; numbers keep their bits."""
    if isinstance(value, Mapping):
        return {str(key): _plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value
