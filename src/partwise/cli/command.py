"""What every command shares: --quiet and --debug, notes, errors in one line, files checked before work begins."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = [
    "Command",
    "Failure",
    "existing_file",
    "json_option",
    "loss_option",
    "max_time_option",
    "missing_option",
    "new_file",
    "note",
    "quiet",
    "seed_option",
    "with_folder",
]


Decorated = TypeVar("Decorated", bound=Callable[..., Any] | click.Command)


class Failure(click.ClickException):
    """An error told in one line, with the exit code to leave with."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # which Click itself reads off the instance


class Command(click.Command):
    """A command with ``--quiet`` and ``--debug``, kept where `note` and `main` find them."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params += [
            click.Option(
                ["-q", "--quiet"], is_flag=True, expose_value=False, callback=_keep, help="No progress bar, no notes."
            ),
            click.Option(
                ["--debug"], is_flag=True, expose_value=False, callback=_keep, help="Show where an error happened."
            ),
        ]


def quiet() -> bool:
    """Tell whether the command runs with ``--quiet``."""
    return bool(click.get_current_context().meta.get("quiet"))


def note(message: str) -> None:
    """Say something beside the result, on standard error."""
    if not quiet():
        click.echo(f"! {message}", err=True)


def _keep(ctx: click.Context, option: click.Parameter, value: bool) -> None:
    ctx.meta[str(option.name)] = value


def with_folder(ctx: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Refuse a file in a folder that is not there: at once, not after the work is done."""
    if value is not None and not Path(value).parent.is_dir():
        raise click.BadParameter(f"there is no folder {str(Path(value).parent)!r}.", ctx, option)
    return value


existing_file = click.Path(exists=True, dir_okay=False)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
seed_option = click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same result.")
loss_option = click.option(
    "--loss",
    type=click.Choice(["frobenius", "kullback-leibler"]),
    default="frobenius",
    show_default=True,
    help="What a good fit is: kullback-leibler suits counts.",
)
missing_option = click.option(
    "--missing",
    type=click.Choice(["none", "nan", "zero"]),
    default="none",
    show_default=True,
    help="Unknown entries: nan, as are empty cells, or zeros, as are those that a sparse file leaves out.",
)
max_time_option = click.option(
    "--max-time",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    show_default="no limit",
    help="Stop after this time, and tell what is known by then.",
)


def new_file(name: str, **settings: Any) -> Callable[[Decorated], Decorated]:
    """Return an option for a file to write, whose folder has to exist."""
    writable = click.Path(dir_okay=False, writable=True)
    return click.option("--out", metavar=name, type=writable, callback=with_folder, **settings)
