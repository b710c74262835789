"""The passage of a document that says most about a topic."""

import re
from collections.abc import Callable, Iterable, Mapping

__all__ = ["best_passage"]

LONGEST = 240
"""Largest number of characters of a passage."""
END = re.compile(
    "(?P<stop>[.!?\u2026]+[\"'\u201d\u2019\u00bb)\\]]*\\s+)"
    "|[\u3002\uff01\uff1f]+[\u300d\u300f\u201d\u2019]*\\s*"  # full-width punctuation
    "|(?P<line>[ \\t]*\\n\\s*)"
)
"""Where a sentence can end."""
ENDED = re.compile("[.!?\u2026\u3002\uff01\uff1f][\"'\u201d\u2019\u00bb)\\]\u300d\u300f]*$")
MIDDLE, HEADING, SENTENCE = range(3)
"""Where a passage can start, the best last. A worse start is taken only if no passage with a better one has a word."""
SHORT = re.compile(r"(?<!\w)(([^\W\d_]\.)+|(Mr|Mrs|Ms|Dr|Prof|St|Gen|Sen|Rep|Gov|Lt|Col|Sgt|Capt|vs|No|Nr|cf)\.)\s+$")
"""Initials and abbreviations whose full stop does not end a sentence."""


def best_passage(
    text: str, weights: Mapping[str, float], analyze: Callable[[str], Iterable[str]]
) -> tuple[str, list[str]]:
    r"""Return the run of neighbouring sentences with the most weight, and the words that give it.

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
        At most 240 characters from the beginning of a sentence; a longer sentence is cut at a word, with an ellipsis.
    words : list of str
        Its words that have weight, heaviest first.

    Examples
    --------
    >>> weights = {"bank": 0.8, "rates": 0.5}
    >>> best_passage("It rained. The bank cut rates. We left.", weights, re.compile(r"\w+").findall)
    ('The bank cut rates. We left.', ['bank', 'rates'])
    """
    pieces, starts = list[str](), list[int]()
    sentences = _sentences(text)
    for sentence in sentences:
        parts = _pieces(sentence)
        pieces += parts
        starts += [SENTENCE, *[MIDDLE] * (len(parts) - 1)]
    if sentences and not ENDED.search(sentences[0]) and any(map(ENDED.search, sentences)):
        starts[0] = HEADING
    known = [{word for word in analyze(piece) if weights.get(word, 0) > 0} for piece in pieces]
    best: tuple[tuple[int, float], str, set[str]] = ((MIDDLE, 0.0), "", set())
    for first in range(len(pieces)):
        if not known[first] and best[1]:
            continue
        passage, words = "", set[str]()
        for piece, own in zip(pieces[first:], known[first:], strict=True):
            longer = f"{passage} {piece}".strip()
            if passage and len(longer) > LONGEST - (starts[first] == MIDDLE):
                break
            passage, words = longer, words | own
        score = sum(sorted(weights[word] for word in words))
        rank = (starts[first] if score > 0 else MIDDLE, score)
        if rank >= best[0]:  # of two with equal weight, the later one begins with a word of the topic
            best = (rank, f"…{passage}" if starts[first] == MIDDLE else passage, words)
    return best[1], sorted(best[2], key=lambda word: (-weights[word], word))


def _sentences(text: str) -> list[str]:
    """Cut a text into sentences. If lines are wrapped, the end of a line does not end a sentence."""
    ends = [*END.finditer(text)]
    wrapped = any(_is_one_line(end) and text[end.end() : end.end() + 1].islower() for end in ends)
    sentences, start = [], 0
    for end in ends:
        before, after = text[start : end.end()], text[end.end() : end.end() + 1]
        if end["stop"] and (after.islower() or SHORT.search(before)):
            continue
        if wrapped and _is_one_line(end) and not before.isupper():  # a heading in capitals is a line by itself
            continue
        sentences.append(before)
        start = end.end()
    found = [" ".join(sentence.split()) for sentence in [*sentences, text[start:]]]
    return [sentence for sentence in found if sentence]


def _is_one_line(end: re.Match[str]) -> bool:
    """Return whether a line ends here, and not a paragraph."""
    return end["line"] is not None and end["line"].count("\n") == 1


def _pieces(sentence: str) -> list[str]:
    """Cut a sentence that is too long, between words if it has any."""
    pieces = []
    while len(sentence) > LONGEST - 1:  # with room for an ellipsis before it
        end = sentence.rfind(" ", 1, LONGEST - 2)
        end = end if end > LONGEST // 2 else LONGEST - 2
        pieces.append(sentence[:end] + "…")
        sentence = sentence[end:].strip()
    return [*pieces, sentence] if sentence else pieces
