"""What every command shares: --quiet and --debug, notes, errors in one line, files checked before work begins."""

import math
import os
import re
from collections.abc import Callable, Collection, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from partwise.cli.wording import in_options
from partwise.io.endings import ENDINGS, check_ending
from partwise.io.escapes import escaped, quoted
from partwise.io.writing import descriptor_of

__all__ = [
    "Changing",
    "Command",
    "Failure",
    "FiniteRange",
    "changed_model",
    "data_file",
    "existing_file",
    "json_option",
    "loss_option",
    "max_time_option",
    "missing_option",
    "new_file",
    "next_command",
    "note",
    "number_of_parts",
    "operand",
    "quiet",
    "refuse",
    "same_command",
    "seed_option",
    "table_file",
    "with_folder",
]


Decorated = TypeVar("Decorated", bound=Callable[..., Any] | click.Command)


class FiniteRange(click.FloatRange):
    """A finite number within limits: the check of click itself lets NaN pass."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


class Failure(click.ClickException):
    """An error told in one line, with the exit code to leave with."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(re.sub(r"\s*\n\s*", " ", message))
        self.exit_code = exit_code  # type: ignore[misc]  # Click reads it from the instance


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

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse an option of one value that is given twice: Click would silently take the last."""
        ctx.meta["words"] = [*args]
        if not ctx.resilient_parsing:
            order = self.make_parser(ctx).parse_args(args=list(args))[2]
            for param in order:
                once = isinstance(param, click.Option) and not (param.multiple or param.is_flag or param.count)
                if once and order.count(param) > 1:
                    raise click.UsageError(f"{param.opts[-1]} is given twice. Give it once.", ctx)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, unless it would write over what it reads."""
        self.check_out(ctx)
        return super().invoke(ctx)

    def check_out(self, ctx: click.Context) -> None:
        """Refuse a file to write that is also read."""
        out = ctx.params.get("out")
        read = [ctx.params.get(str(param.name)) for param in self.params if isinstance(param, click.Argument)]
        for path in filter(None, read):
            if out is not None and Path(out).exists() and Path(path).exists() and Path(path).samefile(out):
                raise Failure(f"{out} is the file that is read. Give another name with --out.", exit_code=2)


class Changing(Command):
    """A command that changes a model, which may be written over."""

    def check_out(self, ctx: click.Context) -> None:
        """Allow every file: the model is read whole before it is written."""


def quiet() -> bool:
    """Tell whether the command runs with ``--quiet``."""
    return bool(click.get_current_context().meta.get("quiet"))


def note(message: str) -> None:
    """Say something beside the result, on standard error."""
    if not quiet():
        click.echo(escaped(f"! {in_options(message, click.get_current_context().command)}"), err=True)


def _keep(ctx: click.Context, option: click.Parameter, value: bool) -> None:
    ctx.meta[str(option.name)] = value


def refuse(names: Collection[str], why: str) -> None:
    """Refuse options that are for another kind of model."""
    ctx = click.get_current_context()
    for param in ctx.command.params:
        if param.name in names and ctx.get_parameter_source(param.name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{param.opts[0]}: {why}. Leave it out.", ctx)


def number_of_parts(ctx: click.Context, option: click.Parameter, value: str) -> int | str:
    """Return a number of parts, or the word "choose": the callback of --components."""
    if value == "choose":
        return value
    if not (value.isdecimal() and int(value) > 0):
        raise click.BadParameter(f"{value!r} is neither a positive integer nor the word choose.", ctx, option)
    return int(value)


def with_folder(ctx: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Refuse a file in a folder that does not exist, before the work begins."""
    if value is not None and not Path(value).parent.is_dir():
        raise click.BadParameter(f"there is no folder {str(Path(value).parent)!r}.", ctx, option)
    return value


LARGEST_SEED = 2**32 - 1
"""The same as in `partwise.parameters`; a copy, because that module imports NumPy."""
existing_file = click.Path(exists=True, dir_okay=False)
data_file = click.Path(exists=True, allow_dash=True)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
seed_option = click.option(
    "--seed",
    metavar="INTEGER",
    type=click.IntRange(0, LARGEST_SEED),
    default=0,
    show_default=True,
    help="Seed of random numbers: the same seed gives the same result.",
)
loss_option = click.option(
    "--loss",
    type=click.Choice(["frobenius", "kullback-leibler"]),
    default="frobenius",
    show_default=True,
    help="Loss to minimise; kullback-leibler suits counts.",
)
missing_option = click.option(
    "--missing",
    type=click.Choice(["none", "nan", "zero"]),
    default="none",
    show_default=True,
    help="Which entries are unknown: nan (also empty cells), or zero (also those that a sparse file leaves out).",
)
max_time_option = click.option(
    "--max-time",
    metavar="SECONDS",
    type=FiniteRange(min=0, min_open=True),
    show_default="no limit",
    help="Stop after this time, and report the results until then.",
)


MODELS = (".model", ".partwise")
"""Endings of models."""
PART_OF_NAME = re.compile(r"(\.v?[\d\W_]+)?")
"""Suffixes that are part of a model's name and not an ending, as in news.2024-05 and news.v2."""


def new_file(
    name: str, endings: Sequence[str] = (), *, prints: bool = True, option: str = "--out", **settings: Any
) -> Callable[[Decorated], Decorated]:
    """Return an option for a file to write: its folder must exist, and its name must have one of some endings.

    By default these are the endings of models. A device, a pipe or an open file needs no ending. Standard output is
    refused if the command `prints` to it.
    """

    def checked(ctx: click.Context, option: click.Parameter, value: str | None) -> str | None:
        if value is None:
            return None
        if prints and _is_standard_output(value):
            raise click.BadParameter(
                f"{value} is standard output, where the command prints. Give the name of another file.", ctx, option
            )
        models = MODELS if "MODEL" in name else ()
        ending = Path(value).suffix.lower()
        fits = ending in (*endings, *models) or (models and PART_OF_NAME.fullmatch(ending))
        if not fits and descriptor_of(value) is None and (Path(value).is_file() or not Path(value).exists()):
            usual = [*endings, *models]
            raise click.BadParameter(
                f"{value} {f'ends in {ending!r}' if ending else 'has no ending'}. "
                f"End its name in {', '.join(usual[:-1])} or {usual[-1]}.",
                ctx,
                option,
            )
        check_ending(value)
        return with_folder(ctx, option, value)

    writable = click.Path(dir_okay=False, writable=True)
    return click.option(option, metavar=name, type=writable, callback=checked, **settings)


def table_file(**settings: Any) -> Callable[[Decorated], Decorated]:
    """Return an option for a table to write; the ending of its name gives the format."""
    return new_file("TABLE", ENDINGS, **settings)


def _is_standard_output(path: str) -> bool:
    try:
        there, printed = os.stat(path), os.fstat(1)
    except OSError:
        return False
    return os.path.samestat(there, printed) and not os.path.samestat(there, os.stat(os.devnull))


changed_model = new_file("MODEL", show_default="MODEL itself is replaced", help="Save the changed model here.")


def next_command(name: str, *words: str) -> str:
    """Return a line to paste that runs another command, with those options of this run that both commands have."""
    ctx = click.get_current_context()
    other: click.Command = import_module(f"partwise.cli.{name}").command
    shared = {param.opts[-1] for param in other.params} - {"--out", "--json", "--quiet", "--debug"}
    given: list[str] = []
    for param in ctx.command.params:
        asked = ctx.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE
        if isinstance(param, click.Option) and asked and param.opts[-1] in shared:
            value = ctx.params[str(param.name)]
            for one in value if param.multiple else [value]:
                given += [param.opts[-1], *([] if param.is_flag else [str(one)])]
    return quoted(["partwise", name, *words, *given])


def same_command(*words: str) -> str:
    """Return a line to paste that runs this command again, with some words added."""
    ctx = click.get_current_context()
    given = ctx.meta["words"]
    return quoted(["partwise", str(ctx.info_name), *(word for word in words if word not in given), *given])


def operand(path: str) -> str:
    """Return a path as a word of a command, changed if it could be taken for an option."""
    return f"./{path}" if path.startswith("-") else path
