"""A progress bar on standard error, as long as that is a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from partwise.cli.command import quiet

__all__ = ["counting", "progress"]


@contextmanager
def progress(model: Any, doing: str) -> Iterator[None]:
    """Draw a bar while `model` fits inside the block; it disappears at the end.

    Callbacks need scikit-learn 1.9: before, and where nobody watches, there is no bar.
    """
    if quiet() or not sys.stderr.isatty() or not hasattr(model, "set_callbacks"):
        yield
        return
    with Progress(
        TextColumn(doing),
        BarColumn(),
        TextColumn("iteration {task.completed} of at most {task.total}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bars:
        model.set_callbacks(IterationBar(bars))
        try:
            yield
        finally:
            model.set_callbacks()


@contextmanager
def counting(doing: str, of: str, total: int) -> Iterator[Callable[[object], None]]:
    """Draw a bar inside the block, and give it what to call after each thing that is done, of `total`."""
    if quiet() or not sys.stderr.isatty():
        yield lambda done: None
        return
    with Progress(
        TextColumn(doing),
        BarColumn(),
        TextColumn(f"{{task.completed}} {of}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bars:
        task = bars.add_task("", total=total)
        yield lambda done: bars.advance(task)


class IterationBar:
    """scikit-learn callback that moves a bar at each iteration."""

    def __init__(self, bars: Progress) -> None:
        self.bars = bars

    def setup(self, estimator: Any, context: Any) -> None:
        """Add the bar."""
        self.task = self.bars.add_task("", total=context.max_subtasks)

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Wait for the end."""

    def on_fit_task_end(self, estimator: Any, context: Any) -> None:
        """Move the bar by one iteration."""
        if context.parent is not None:
            self.bars.advance(self.task)

    def teardown(self, estimator: Any, context: Any) -> None:
        """Leave the bar to the block that drew it."""
