"""Places of the words of a topic in a passage."""

import re
from collections.abc import Callable, Iterable, Sequence

__all__ = ["marked"]

RUN = re.compile(r"\w+")


def marked(passage: str, words: Sequence[str], analyze: Callable[[str], Iterable[str]]) -> list[tuple[str, bool]]:
    r"""Cut a passage into pieces that are words of a topic and pieces that are not.

    Parameters
    ----------
    passage : str
        The passage.
    words : sequence of str
        The words to mark, as `analyze` spells them; a pair of words marks both.
    analyze : callable
        Takes a text, returns its words.

    Returns
    -------
    list of (str, bool)
        The pieces, which together are the passage, and whether each is a word of the topic.

    Examples
    --------
    >>> marked("The Bank cut rates.", ["bank", "rates"], lambda text: re.findall(r"\w+", text.lower()))
    [('The ', False), ('Bank', True), (' cut ', False), ('rates', True), ('.', False)]
    """
    wanted = {part for word in words for part in (word, *word.split())}
    pieces: list[tuple[str, bool]] = []
    end = 0
    for start, stop in _spans(passage, wanted, analyze):
        pieces += [(passage[end:start], False), (passage[start:stop], True)]
        end = stop
    return [(piece, mark) for piece, mark in [*pieces, (passage[end:], False)] if piece]


def _spans(passage: str, wanted: set[str], analyze: Callable[[str], Iterable[str]]) -> Iterable[tuple[int, int]]:
    for run in RUN.finditer(passage):
        known = list(analyze(run[0]))
        found = wanted.intersection(known)
        if not found:
            continue
        if len(known) == 1:
            yield run.span()
            continue
        # several words without a space between them, as in Chinese
        one_of = "|".join(map(re.escape, sorted(found, key=lambda word: (-len(word), word))))
        for part in re.finditer(one_of, run[0], re.IGNORECASE):
            yield run.start() + part.start(), run.start() + part.end()
