"""What a command is doing, and how far it is: shown on standard error if that is a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import count
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from partwise.cli.command import quiet
from partwise.io.escapes import escaped

__all__ = ["counting", "doing", "progress", "reaching", "reading"]


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Show what is done inside the block, beside a sign that moves; both disappear at the end."""
    if quiet() or not sys.stderr.isatty():
        yield
        return
    told = Text(f"{escaped(what)} ...", overflow="ellipsis", no_wrap=True)
    with Console(stderr=True).status(told, spinner="line"):
        yield


def reading(path: str) -> AbstractContextManager[None]:
    """Show that a file is read inside the block; nothing for standard input, where the user may be typing."""
    return nullcontext() if path == "-" else doing(f"Reading {path}")


@contextmanager
def progress(model: Any, first: str, then: str) -> Iterator[None]:
    """Draw a bar while `model` fits inside the block, and show what it does; both disappear at the end.

    `first` says what the model does before its iterations, `then` what these do. Callbacks report the iterations, and
    need scikit-learn 1.9. There is no bar with an older version, or if standard error is not a terminal.
    """
    if quiet() or not sys.stderr.isatty() or not hasattr(model, "set_callbacks"):
        yield
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[at]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bars:
        model.set_callbacks(IterationBar(bars, bars.add_task(first, total=None, at=""), then))
        try:
            yield
        finally:
            model.set_callbacks()


@contextmanager
def counting(what: str, of: str, total: int) -> Iterator[Callable[[object], None]]:
    """Draw a bar inside the block, and yield a function to call after each of `total` things is done."""
    made = count(1)
    with reaching(what, of, total) as reached:
        yield lambda done: reached(next(made))


@contextmanager
def reaching(what: str, of: str, total: int) -> Iterator[Callable[[int], None]]:
    """Draw a bar inside the block, and yield a function to call with how many of `total` things are done."""
    if quiet() or not sys.stderr.isatty():
        yield lambda done: None
        return
    with Progress(
        TextColumn(what),
        BarColumn(),
        TextColumn(f"{{task.completed}} {of}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bars:
        task = bars.add_task("", total=total)
        yield lambda done: bars.update(task, completed=done)


class IterationBar:
    """scikit-learn callback that moves a bar at each iteration."""

    def __init__(self, bars: Progress, task: TaskID, then: str) -> None:
        self.bars, self.task, self.then = bars, task, then
        self.iteration, self.most = 0, None

    def setup(self, estimator: Any, context: Any) -> None:
        """Keep how many iterations there can be."""
        self.most = context.max_subtasks

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Do nothing: the bar moves at the end of an iteration."""

    def on_fit_task_end(self, estimator: Any, context: Any, *, metadata: Any = None) -> None:
        """Move the bar by one iteration; after a checkpoint, the first iteration has a number above 1."""
        if context.parent is None:
            return
        if not self.iteration:
            self.iteration = (metadata or {}).get("iteration", 1) - 1
            self.bars.reset(
                self.task, total=self.most, completed=self.iteration
            )  # else its time left would count the iterations before the checkpoint
        self.iteration += 1
        at = f"iteration {self.iteration} of at most {self.most}"
        self.bars.update(self.task, description=self.then, completed=self.iteration, total=self.most, at=at)

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing: the block that drew the bar removes it."""
