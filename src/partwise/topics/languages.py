"""Languages of texts: detection, stop words, and words of languages written without spaces."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from partwise.exceptions import MissingExtraError
from partwise.parameters import check_choice

__all__ = ["LANGUAGES", "Segmenter", "check_language", "detect", "segmenter", "stop_words"]

MARKS = "\u0300-\u036f\u0591-\u05bd\u064b-\u0652\u0900-\u0dff\u200c\u200d"
"""Vowel signs and combining accents, which Python does not count as letters."""
WORD = rf"(?u)\b[^\W\d_][\w{MARKS}]+"
"""A word: letters and digits that begin with a letter, two characters or longer."""

# Words end at an apostrophe, so these are cut into two: don and t, they and ve.
CONTRACTIONS = (
    "couldn't didn't doesn't don't hadn't hasn't haven't isn't shouldn't they'll they've wasn't weren't wouldn't"
)
TITLES = ("mr", "mrs", "ms")
ENGLISH = sorted({*ENGLISH_STOP_WORDS, *CONTRACTIONS.replace("'", " ").split(), *TITLES})

SAMPLE, LENGTH = 200, 2_000
"""How many documents are used to detect the language, and how many characters of each."""
LEAST = 0.05
"""Smallest share of the commonest words of a language among all words; in running text it is 0.2 or more."""

# The dozen commonest words of running text, by which languages with the same script are distinguished.
COMMON = {
    "bg": "на и да за от се не по че като това са",
    "ca": "de la el que els les amb per una dels més però",
    "cs": "a se v na je že s z do to i ve pro byl",
    "da": "og i at er det en til på af med der ikke",
    "de": "der die und das den von zu mit ist nicht ein dem",
    "en": "the of and to in a is that for it was with",
    "es": "de la que el en y los se del las por con",
    "et": "ja on ei et see oli kui ka ning mis oma aga",
    "fi": "ja on ei se oli että hän mutta myös kun ovat joka",
    "fr": "de la le et les des en un une est que dans",
    "hr": "i je u na se da za od su koji što će",
    "hu": "a az és hogy nem is egy van volt meg ez csak",
    "id": "yang dan di untuk dengan ini dari itu pada tidak dalam akan",
    "it": "di e il la che in un per del non è della",
    "lt": "ir kad su yra tai iš bet kaip buvo jo apie nuo",
    "lv": "un ir no ar ka par uz bet kas tas viņš arī",
    "nl": "de van het een en in is dat op te zijn met",
    "no": "og i det er på som til en av ikke har for",
    "pl": "w i na z się nie do to jest że o jak",
    "pt": "de a o que e do da em um para não uma",
    "ro": "de și în la a cu că pe o nu din care",
    "ru": "в и на не что с по как это он из от",
    "sk": "a sa na je že v s z do to aj ako",
    "sl": "in je v na da se za so ki z pa bi",
    "sv": "och i att det som en är på för av med den",
    "tr": "ve bir bu da için ile olarak çok daha olan gibi ne",
    "uk": "і в на не що з до та як у це за",
    "vi": "và của là có các trong được cho một không với người",
}
# Scripts that each belong to one language. Kana comes before Han, because Japanese uses Han, too.
SCRIPTS = {
    "ja": "\u3041-\u30ff",
    "ko": "\uac00-\ud7a3",
    "zh": "\u4e00-\u9fff",
    "th": "\u0e01-\u0e5b",
    "el": "\u0370-\u03ff",
    "he": "\u0590-\u05ff",
    "hi": "\u0900-\u097f",
    "bn": "\u0980-\u09ff",
    "hy": "\u0530-\u058f",
    "ar": "\u0600-\u06ff",
}
LANGUAGES = tuple(sorted({*COMMON, *SCRIPTS, "fa", "eu", "gl", "ga", "ms", "af", "sw", "eo", "la", "ur"}))
"""Languages with stop words, as ISO 639-1 codes."""
EXTRAS = {"zh": ("rjieba", "Chinese"), "ja": ("fugashi", "Japanese"), "th": ("pythainlp", "Thai")}
"""Languages written without spaces: the package that finds their words, installed by the extra of the same name."""
CONTENT = ("名詞", "動詞", "形容詞", "形状詞")
"""Japanese parts of speech that show the subject of a text: nouns, verbs, adjectives, adjectival nouns."""


def check_language(language: str) -> None:
    """Raise unless `language` is 'auto', 'none' or a known code."""
    check_choice("language", language, ("auto", "none", *LANGUAGES))


def detect(texts: Sequence[str]) -> str:
    """Detect the language of texts by its script, or by its dozen commonest words.

    A script decides if a third of all letters belong to it. Otherwise it is the language whose commonest words have the
    largest share of all words, if this share is at least a twentieth. If there is none, it is English: its stop words
    do no harm in texts of other languages.

    Parameters
    ----------
    texts : sequence of str
        The texts; 200 of them, evenly spread, are used.

    Returns
    -------
    str
        ISO 639-1 code.

    Examples
    --------
    >>> detect(["Die Bank hat den Zins nicht gesenkt", "Der Pokal geht an die Mannschaft"])
    'de'
    """
    step = max(len(texts) // SAMPLE, 1)
    sample = " ".join(text[:LENGTH] for text in texts[::step]).lower()
    letters = sum(1 for character in sample if character.isalpha())
    for language, script in SCRIPTS.items():
        enough = 0.1 if language == "ja" else 0.33  # kana are at least a tenth of Japanese
        if letters and len(re.findall(f"[{script}]", sample)) > enough * letters:
            return language
    counts = Counter(re.findall(r"[^\W\d_]+", sample))
    total = max(counts.total(), 1)
    shares = {language: sum(counts[word] for word in words.split()) / total for language, words in COMMON.items()}
    best = max(shares, key=lambda language: (shares[language], language == "en"))
    return best if shares[best] >= LEAST else "en"


@cache
def stop_words(language: str) -> list[str]:
    """Return the stop words of a language, cut into words like texts.

    The English ones are those of scikit-learn, and the pieces of contractions. The others are from the package
    stopwordsiso.

    Parameters
    ----------
    language : str
        ISO 639-1 code, or 'none' for no stop words.

    Returns
    -------
    list of str
        Words in lower case, sorted.

    Examples
    --------
    >>> "und" in stop_words("de"), stop_words("none")
    (True, [])
    """
    if language == "none":
        return []
    if language == "en":
        return ENGLISH
    import stopwordsiso

    given = [word.lower() for word in stopwordsiso.stopwords(language)]
    cut = segmenter(language) or re.compile(WORD).findall
    return sorted({part for word in given for part in (word, *cut(word))})


@dataclass(frozen=True)
class Segmenter:
    """Cuts texts that have no spaces between words.

    Parameters
    ----------
    language : str
        'zh', 'ja' or 'th'.
    """

    language: str

    def __call__(self, text: str) -> list[str]:
        """Return the words of a text, two characters or longer."""
        return [word for word in _cutter(self.language)(text) if len(word) > 1 and word[0].isalpha()]


def segmenter(language: str) -> Segmenter | None:
    """Return the function that cuts texts of a language into words, or None if spaces do.

    Parameters
    ----------
    language : str
        ISO 639-1 code.

    Returns
    -------
    Segmenter or None
        Takes a text, returns its words.

    Raises
    ------
    MissingExtraError
        If the package that knows the language is not installed.

    Examples
    --------
    >>> segmenter("de") is None
    True
    """
    if language not in EXTRAS:
        return None
    _cutter(language)
    return Segmenter(language)


@cache
def _cutter(language: str) -> Callable[[str], Iterable[str]]:
    """Load the dictionary of a language, once."""
    package, name = EXTRAS[language]
    try:
        if language == "zh":
            import rjieba

            return rjieba.cut
        if language == "ja":
            import fugashi

            tagger: Any = fugashi.Tagger()
            return lambda text: [word.surface for word in tagger(text) if word.feature.pos1 in CONTENT]
        from pythainlp.tokenize import word_tokenize
    except ImportError as error:
        raise MissingExtraError(
            f"{name} texts need {package} to find their words, which is not installed: pip install "
            f"'partwise[{language}]'. Or pass a vectorizer of your own."
        ) from error
    return lambda text: word_tokenize(text, engine="newmm", keep_whitespace=False)
