"""``partwise report``."""

import shlex
from pathlib import Path

import click

from partwise.cli.command import Command, Failure, existing_file, new_file, note
from partwise.persistence import load
from partwise.report import write_page
from partwise.topics import TopicModel
from partwise.topics.reporting import report_of

__all__ = ["command"]


@click.command(cls=Command)
@click.argument("model", type=existing_file)
@new_file("PAGE", show_default="MODEL's name with .html", help="The page to write.")
@click.option("--title", show_default="counts topics and documents", help="Title of the page.")
def command(model: str, out: str | None, title: str | None) -> None:
    """Write a page with the topics of a saved model, to open in a browser.

    MODEL is a file that "partwise topics --out" wrote. The page is one file that needs no network: words of the topics
    and passages about them, which topics are alike, how they change with time, how sure they are, and what they do not
    explain.

    \b
    Example: partwise report news.model --out news.html
    """
    topics = load(model)
    if not isinstance(topics, TopicModel):
        raise Failure(
            f"{model} holds a {type(topics).__name__}, which knows no texts. "
            'Give a model that "partwise topics FILE --out MODEL" saved.',
            exit_code=2,
        )
    path = out or str(Path(model).with_suffix(".html"))
    if Path(path).exists() and Path(path).samefile(model):
        raise Failure(f"{path} is the model itself. Give another name with --out.", exit_code=2)
    made = ["partwise", "report", model, "--out", path, *(["--title", title] if title else [])]
    try:
        write_page(report_of(topics, title, shlex.join(made)), path)
    except OSError as error:
        raise Failure(f"{path} was not written ({error.strerror or error}).", exit_code=1) from error
    note(f"wrote {path}; open it in a browser")
