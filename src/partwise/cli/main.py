"""The ``partwise`` program: finds commands by name, and turns every error into one line and an exit code.

Exit codes: 0 done, 1 failed, 2 bad usage or input, 130 interrupted.
"""

import errno
import io
import sys
import traceback
import warnings
from importlib import import_module
from typing import Any

import click

import partwise
from partwise.cli import streams
from partwise.cli.command import Failure, note
from partwise.cli.wording import in_options
from partwise.exceptions import MissingExtraError, PartwiseError, likely
from partwise.io.escapes import escaped_lines

__all__ = ["group", "main"]

# Each command is `command` in the module of its name, imported only when it runs: so --help and --version are fast.
COMMANDS = {
    "topics": "Find the topics of a collection of texts.",
    "similar": "Find the documents most similar to one.",
    "update": "Add new documents or reads to a saved model.",
    "label": "Name a topic of a saved model.",
    "merge": "Merge topics of a saved model into one.",
    "split": "Split a topic of a saved model into several.",
    "find": "Find the topics and documents that match a few words.",
    "over-time": "Show how the topics of a saved model change with time.",
    "report": "Write the topics of a saved model to a page for the browser.",
    "export": "Write the topics and documents of a saved model as tables.",
    "recommend": "Recommend articles to readers, from a log of who read what.",
    "explain": "Show why an article is recommended: reasons that add up to its score.",
    "evaluate": "Measure how well recommendations predict what readers read next.",
    "images": "Find the parts that images share, and show them on a page.",
    "fit": "Factorize a matrix of numbers into parts.",
    "convert": "Write a matrix in a form that can be read a block of rows at a time.",
    "parts": "Show the parts of a saved model, or write them to a table.",
    "transform": "Apply a saved model to the rows of a file.",
    "rank": "Choose the number of parts of a matrix of numbers.",
    "consensus": "Find the parts that many fits of a matrix of numbers agree on.",
    "serve": "Serve topics, similar articles and lists for readers as pages and an interface.",
    "portal": "Look after a portal: its keys, fits, database and editors.",
    "demo": "Show topics and similar passages of a collection that comes with partwise.",
    "doctor": "Show what partwise runs on: versions, kernels, BLAS, threads.",
}
ELSEWHERE = {"serve": "partwise.portal.serve", "portal": "partwise.portal.commands"}
"""Commands of packages above this one, known by name only."""
BAD_PATH = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)


class Commands(click.Group):
    """A group whose commands are modules, imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table above."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        if cmd_name not in COMMANDS:
            return None
        module = ELSEWHERE.get(cmd_name, f"partwise.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = import_module(module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(self, *arguments: Any, **settings: Any) -> Any:
        """Run a command; report errors of usage and of standard output without a traceback."""
        try:
            sys.exit(super().main(*arguments, **settings | {"standalone_mode": False}))
        except click.ClickException as error:
            said = io.StringIO()
            error.show(file=said)
            click.echo(escaped_lines(said.getvalue()), err=True, nl=False)
            sys.exit(error.exit_code)
        except click.Abort:
            click.echo("Interrupted.", err=True)
            sys.exit(130)
        except OSError as error:  # standard output failed: `invoke` reports the errors of commands
            if error.errno != errno.EPIPE:
                click.echo(f"Error: standard output: {error.strerror}.", err=True)
            sys.exit(1)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command and report its errors."""
        try:
            with warnings.catch_warnings():
                warnings.showwarning = lambda message, *where, **settings: note(str(message))
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(130)
        except Exception as error:
            if ctx.meta.get("debug"):
                click.echo(escaped_lines(traceback.format_exc()), err=True, nl=False)
            command = self.get_command(ctx, ctx.invoked_subcommand) if ctx.invoked_subcommand else None
            raise _failure(error, command) from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or fail and suggest one with a similar name."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"there is no command {args[0]!r}.{likely(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)


def _failure(error: Exception, command: click.Command | None) -> Failure:
    if isinstance(error, PartwiseError):
        return Failure(in_options(str(error), command), exit_code=1 if isinstance(error, MissingExtraError) else 2)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        said = in_options(f"{where}{error.strerror or error}.", command)
        return Failure(said, exit_code=2 if isinstance(error, BAD_PATH) else 1)
    if isinstance(error, MemoryError):
        return Failure(f"not enough memory ({error}). Give a smaller file, or fewer components.", exit_code=1)
    return Failure(f"{type(error).__name__}: {error}. Add --debug to see where it happened.", exit_code=1)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(partwise.__version__, prog_name="partwise", message="%(prog)s %(version)s")
def group() -> None:
    """Find the parts that make up your data: topics of texts, parts of matrices.

    \b
    Try:  partwise demo
    Then: partwise topics news.csv --text body
    """


def main() -> None:
    """Run the command line."""
    if not streams.ready():
        click.echo("Error: standard output is closed. Send it to a file, or to /dev/null.", err=True)
        sys.exit(1)
    try:
        group(prog_name="partwise")
    finally:
        if not streams.flushed():
            sys.exit(1)
