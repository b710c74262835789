"""Texts from files: the options for their columns, and notes about them."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from partwise.cli.command import existing_file, note
from partwise.cli.formats import say
from partwise.io.markup import without_markup

if TYPE_CHECKING:
    from partwise.tables import Format, Texts

__all__ = [
    "count_empty",
    "date_option",
    "embeddings_option",
    "metadata_options",
    "plain_texts",
    "read_documents",
    "text_options",
    "word_options",
]

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
METADATA = {
    "title": "Column of titles, shown instead of ids.",
    "url": "Column of web addresses to link to.",
    "section": "Column of sections, such as sport.",
}
"""Columns that are kept with each document, and the help of their options."""


def text_options(function: Decorated) -> Decorated:
    """Add the options for the columns of texts and ids."""
    options = [
        click.option(
            "--text",
            metavar="COLUMN",
            multiple=True,
            show_default="the one called text, body, content, ...",
            help="Column of the texts, or several to join, as in title,body; can be repeated.",
        ),
        click.option(
            "--id", "id_", metavar="COLUMN", show_default="id if it fits, else row numbers", help="Column of ids."
        ),
    ]
    return _with(options, function)


def metadata_options(function: Decorated) -> Decorated:
    """Add the options for columns that are kept with each document."""
    return _with(
        [
            click.option(f"--{name}", metavar="COLUMN", show_default="none", help=said)
            for name, said in METADATA.items()
        ],
        function,
    )


class Frequency(click.ParamType):  # type: ignore[type-arg]  # generic only in new versions
    """A number of documents, or a share of them below 1."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | float:
        """Return the number as an integer, or the share as a float."""
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if 0 < number < 1:
            return number
        if not (1 <= number < 2**31 and number == int(number)):
            self.fail(f"{value} is neither a number of documents (1 or more) nor a share below 1.", param, ctx)
        return int(number)


def _words(ctx: click.Context, option: click.Parameter, value: str | None) -> list[str] | None:
    """Read words from a file, separated by spaces, commas or line breaks."""
    if value is None:
        return None
    from partwise.tables import Format, file_text

    notes: list[str] = []
    lines = file_text(value, Format(), notes).splitlines()
    say(notes)
    return [word for line in lines if not line.startswith("#") for word in line.replace(",", " ").split()]


def word_options(function: Decorated) -> Decorated:
    """Add the options that choose which words count."""
    limits = [
        click.option(
            "--min-df",
            metavar="NUMBER",
            type=Frequency(),
            show_default="1; from 200 documents on 2; from 2,000 on 3",
            help="Leave out words of fewer documents: a number, or a share such as 0.01.",
        ),
        click.option(
            "--max-df",
            metavar="NUMBER",
            type=Frequency(),
            show_default="no limit; from 50 documents on 0.2",
            help="Leave out words of more documents: a number, or a share.",
        ),
    ]
    stop_words = click.option(
        "--stop-words",
        metavar="FILE",
        type=existing_file,
        callback=_words,
        show_default="only those of the language",
        help="Text file of more words to leave out.",
    )
    return _with([stop_words, *limits], function)


date_option = click.option("--date", metavar="COLUMN", show_default="none", help="Column of dates.")


def _numbers(ctx: click.Context, option: click.Parameter, value: str | None) -> Any:
    """Read an array of numbers."""
    if value is None:
        return None
    import numpy as np

    try:
        return np.load(value, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise click.BadParameter(f"{value} is not an .npy file of numbers ({error}).", ctx, option) from error


embeddings_option = click.option(
    "--embeddings",
    metavar="FILE.npy",
    type=existing_file,
    callback=_numbers,
    show_default="only words count",
    help="Embeddings: a row for each text, in the same order; words of similar texts then count too.",
)


def _with(options: Sequence[Callable[[Any], Any]], function: Decorated) -> Decorated:
    for option in reversed(options):
        function = option(function)
    return function


def read_documents(
    file: str,
    *,
    text: Sequence[str],
    id_: str | None,
    format: "Format",
    date: str | None = None,
    spill: bool = False,
    **columns: str | None,
) -> "Texts":
    """Read texts and their columns as the options say, take out HTML tags, and note tags and empty texts.

    With `spill` texts go to a temporary file, a piece at a time.
    """
    from partwise.tables import read_texts

    asked = {name: column for name, column in columns.items() if column is not None}
    joined = ",".join(text) or None
    read = read_texts(
        file, text_column=joined, id_column=id_, date_column=date, metadata_columns=asked, format=format, spill=spill
    )
    say(read.notes)
    metadata = {
        name: [*map(without_markup, values)] if name != "url" else values for name, values in read.metadata.items()
    }
    read = replace(read, texts=plain_texts(read.texts, "documents"), metadata=metadata)
    empty = count_empty(read.texts)
    if empty:
        note(f"empty documents: {empty:,} of {len(read.texts):,}, kept but placed in no topic")
    return read


def count_empty(texts: Sequence[str]) -> int:
    """Return how many texts are empty or hold only white space."""
    return sum(not text.strip() for text in texts)


def plain_texts(texts: Sequence[str], what: str) -> Sequence[str]:
    """Return texts without tags and entities of HTML, and note how many had some; texts on disk stay on disk."""
    from partwise.io.spilled import SpilledTexts

    marked = 0

    def plain() -> Iterator[str]:
        nonlocal marked
        for text in texts:
            bare = without_markup(text)
            marked += bare != text
            yield bare

    made = SpilledTexts(plain()) if isinstance(texts, SpilledTexts) else [*plain()]
    if marked:
        note(f"{marked:,} of {len(texts):,} {what} had tags or entities of HTML, which were taken out")
    return made
