"""``partwise report``."""

from pathlib import Path

import click

from partwise.cli.command import MODELS, Command, Failure, existing_file, new_file, note, operand
from partwise.cli.models import load_topics
from partwise.cli.progress import doing
from partwise.io.escapes import quoted

__all__ = ["command"]


@click.command(cls=Command)
@click.argument("model", type=existing_file)
@new_file(
    "PAGE",
    (".html", ".htm"),
    prints=False,
    show_default="MODEL's name with .html",
    help="Page to write; an existing page is replaced only if it is named here.",
)
@click.option("--title", show_default="numbers of topics and documents", help="Title of the page.")
def command(model: str, out: str | None, title: str | None) -> None:
    """Write the topics of a saved model to a page for the browser.

    MODEL is a file that "partwise topics --out" wrote. The page is one file that needs no network. It shows the words
    of the topics and passages about them, which topics are alike, how they change with time, how sure they are, and
    which documents they do not explain.

    \b
    Example: partwise report news.model --out news.html
    """
    from partwise.report import write_page
    from partwise.topics.reporting import report_of

    path = out or _page_of(model)
    if out is None and Path(path).exists():
        raise Failure(f"{path} exists. Name it with --out to replace it, or give another name.", exit_code=2)
    topics = load_topics(model)
    made = ["partwise", "report", operand(model), "--out", path, *([] if title is None else ["--title", title])]
    try:
        with doing(f"Writing {path}"):
            write_page(report_of(topics, title, quoted(made)), path)
    except OSError as error:
        raise Failure(f"{path} was not written ({error.strerror or error}).", exit_code=1) from error
    note(f"wrote {path}; open it in a browser")


def _page_of(model: str) -> str:
    path = Path(model)
    return str(path.with_name((path.stem if path.suffix.lower() in MODELS else path.name) + ".html"))
