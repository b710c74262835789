"""Texts from files: the options on their columns, and what is said of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import click

from partwise.cli.command import note
from partwise.io import Texts, read_texts
from partwise.io.markup import without_markup

__all__ = ["date_option", "metadata_options", "plain_texts", "read_documents", "text_options"]

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
METADATA = {
    "title": "Column of titles, shown in place of ids.",
    "url": "Column of addresses, to link to.",
    "section": "Column of sections, such as sport.",
}
"""What is carried with each document, and the help of its option."""


def text_options(function: Decorated) -> Decorated:
    """Add the options on where texts and ids stand."""
    options = [
        click.option(
            "--text",
            metavar="COLUMN",
            show_default="the one called text, body, content, ...",
            help="Column of the texts; several, as in title,body, are joined.",
        ),
        click.option(
            "--id", "id_", metavar="COLUMN", show_default="id if it fits, else row numbers", help="Column of ids."
        ),
        click.option("--encoding", default="utf-8", show_default=True, help="Encoding of the texts."),
    ]
    return _with(options, function)


def metadata_options(function: Decorated) -> Decorated:
    """Add the options on what is carried with each document."""
    return _with(
        [
            click.option(f"--{name}", metavar="COLUMN", show_default="none", help=said)
            for name, said in METADATA.items()
        ],
        function,
    )


date_option = click.option("--date", metavar="COLUMN", show_default="none", help="Column of dates.")


def _with(options: Sequence[Callable[[Any], Any]], function: Decorated) -> Decorated:
    for option in reversed(options):
        function = option(function)
    return function


def read_documents(
    file: str, *, text: str | None, id_: str | None, encoding: str, date: str | None = None, **columns: str | None
) -> Texts:
    """Read texts and what belongs to them as the options say, without tags of HTML, and tell of these and of gaps."""
    asked = {name: column for name, column in columns.items() if column is not None}
    read = read_texts(
        file, text_column=text, id_column=id_, date_column=date, metadata_columns=asked, encoding=encoding
    )
    metadata = {
        name: [*map(without_markup, values)] if name != "url" else values for name, values in read.metadata.items()
    }
    read = replace(read, texts=plain_texts(read.texts, "documents"), metadata=metadata)
    empty = sum(not document.strip() for document in read.texts)
    if empty:
        note(f"{empty:,} of {len(read.texts):,} documents empty: kept, but placed in no topic")
    return read


def plain_texts(texts: list[str], what: str) -> list[str]:
    """Return texts without tags and entities of HTML, and tell how many had them."""
    plain = [*map(without_markup, texts)]
    marked = sum(before != after for before, after in zip(texts, plain, strict=True))
    if marked:
        note(f"{marked:,} of {len(texts):,} {what} had tags or entities of HTML, which were taken out")
    return plain
