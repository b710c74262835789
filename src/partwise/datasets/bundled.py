"""Collections shipped inside the package: loading them needs no network."""

import gzip
import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from partwise.summary import Summary, spread

__all__ = ["StateOfTheUnion", "load_state_of_the_union"]


@dataclass(frozen=True, repr=False)
class StateOfTheUnion(Summary):
    """Passages of the State of the Union addresses, in the order they were given.

    Attributes
    ----------
    texts : list of str
        Passages of about 150 words, cut at the ends of sentences.
    ids : list of str
        Year, speaker and number of the passage, such as ``'1961-john-f-kennedy-001'``.
    titles : list of str
        The same for people to read, such as ``'John F. Kennedy, 1961 (1 of 39)'``.
    years : list of int
        Year of the address.
    speakers : list of str
        Name of the president.
    parties : list of str
        Party of the president.
    """

    texts: list[str]
    ids: list[str]
    titles: list[str]
    years: list[int]
    speakers: list[str]
    parties: list[str]

    def _facts(self) -> dict[str, Any]:
        return {
            "passages": f"{len(self.texts):,}",
            "addresses": f"{len({*zip(self.years, self.speakers, strict=True)}):,}",
            "speakers": len({*self.speakers}),
            "years": spread(self.years, ".0f"),
        }


def load_state_of_the_union() -> StateOfTheUnion:
    """Load 5,360 passages of the addresses of the presidents of the United States, 1900 to 2021.

    The addresses have no copyright protection in the United States; ``NOTICE.txt`` beside the data says where they
    were taken from.

    Returns
    -------
    StateOfTheUnion
        The passages and what is known of each.

    Examples
    --------
    >>> passages = load_state_of_the_union()
    >>> len(passages.texts), passages.years[0], passages.years[-1]
    (5360, 1900, 2021)
    >>> passages.speakers[0]
    'William McKinley'
    """
    packed = files("partwise.datasets").joinpath("data", "state_of_the_union", "passages.jsonl.gz").read_bytes()
    rows = [json.loads(line) for line in gzip.decompress(packed).splitlines()]
    return StateOfTheUnion(
        texts=[row["text"] for row in rows],
        ids=[row["id"] for row in rows],
        titles=[row["title"] for row in rows],
        years=[row["year"] for row in rows],
        speakers=[row["speaker"] for row in rows],
        parties=[row["party"] for row in rows],
    )
