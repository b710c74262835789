"""The passage of a document that says most of a topic."""

import re
from collections.abc import Callable, Iterable, Mapping

__all__ = ["best_passage"]

LONGEST = 240
"""Characters of a passage."""
SENTENCE = re.compile("(?<=[.!?])\\s+|(?<=[\u3002\uff01\uff1f])|\n+")  # also full stops as wide as a character


def best_passage(
    text: str, weights: Mapping[str, float], analyze: Callable[[str], Iterable[str]]
) -> tuple[str, list[str]]:
    r"""Return the stretch of neighbouring sentences that holds the most weight, and the words that gave it.

    Parameters
    ----------
    text : str
        The document.
    weights : mapping of str to float
        Weight of each word.
    analyze : callable
        Takes a text, returns its words as the weights spell them.

    Returns
    -------
    passage : str
        At most 240 characters; a longer sentence is cut at a word, with an ellipsis.
    words : list of str
        Its words that have weight, heaviest first.

    Examples
    --------
    >>> weights = {"bank": 0.8, "rates": 0.5}
    >>> best_passage("It rained. The bank cut rates. We left.", weights, re.compile(r"\w+").findall)
    ('The bank cut rates. We left.', ['bank', 'rates'])
    """
    sentences = [" ".join(sentence.split()) for sentence in SENTENCE.split(text)]
    pieces = [piece for sentence in sentences if sentence for piece in _pieces(sentence)]
    known = [{word for word in analyze(piece) if weights.get(word, 0) > 0} for piece in pieces]
    best: tuple[float, str, set[str]] = (0.0, "", set())
    for first in range(len(pieces)):
        if not known[first] and best[1]:
            continue
        passage, words = "", set[str]()
        for piece, own in zip(pieces[first:], known[first:], strict=True):
            longer = f"{passage} {piece}".strip()
            if passage and len(longer) > LONGEST:
                break
            passage, words = longer, words | own
        score = sum(sorted(weights[word] for word in words))
        if score >= best[0]:  # of two that hold as much, the later one begins with what matters
            best = (score, passage, words)
    return best[1], sorted(best[2], key=lambda word: (-weights[word], word))


def _pieces(sentence: str) -> list[str]:
    """Cut a sentence that is too long, at words where it has any."""
    pieces = []
    while len(sentence) > LONGEST:
        end = sentence.rfind(" ", 1, LONGEST - 1)
        end = end if end > LONGEST // 2 else LONGEST - 1
        pieces.append(sentence[:end] + "…")
        sentence = sentence[end:].strip()
    return [*pieces, sentence] if sentence else pieces
