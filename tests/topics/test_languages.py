"""Languages: told by script or common words, stop words without a download, words where there are no spaces."""

import builtins

import pytest

from partwise.exceptions import MissingExtraError, ParameterError
from partwise.topics import TopicModel, languages
from partwise.topics.languages import COMMON, LANGUAGES, detect, segmenter, stop_words
from partwise.topics.vectorize import fit_vectorizer

TEXTS = {
    "en": "The committee said that it was ready to look at the plan and to vote in the spring.",
    "de": "Der Ausschuss sagte, dass er den Plan prüfen und im Frühjahr über ihn abstimmen wird.",
    "fr": "Le comité a dit qu'il était prêt à examiner le plan et à voter dans les mois à venir.",
    "es": "El comité dijo que estaba listo para estudiar el plan y votar en la primavera.",
    "it": "Il comitato ha detto che è pronto a esaminare il piano e a votare in primavera.",
    "pt": "O comité disse que está pronto para analisar o plano e votar na primavera com uma maioria.",
    "nl": "Het comité zei dat het klaar is om het plan te bekijken en in de lente te stemmen.",
    "sv": "Kommittén sade att den är redo att se på planen och att rösta om den på våren.",
    "pl": "Komitet powiedział, że jest gotowy do zbadania planu i że zagłosuje na wiosnę.",
    "cs": "Výbor řekl, že je připraven posoudit plán a že o něm bude na jaře hlasovat.",
    "fi": "Komitea sanoi, että se on valmis tutkimaan suunnitelmaa ja että se äänestää keväällä.",
    "tr": "Komite planı incelemeye hazır olduğunu ve bu bahar bir oylama için toplanacağını söyledi.",
    "ru": "Комитет заявил, что он готов изучить план и что он проголосует за него весной.",
    "uk": "Комітет заявив, що він готовий вивчити план і що за нього проголосують до весни.",
    "el": "Η επιτροπή είπε ότι είναι έτοιμη να εξετάσει το σχέδιο.",
    "ar": "قالت اللجنة إنها مستعدة لدراسة الخطة",
    "zh": "委员会表示准备审查该计划并在春天投票。",
    "ja": "委員会は計画を検討し、春に投票する用意があると述べた。",
    "ko": "위원회는 계획을 검토할 준비가 되었다고 말했다.",
    "th": "คณะกรรมการกล่าวว่าพร้อมที่จะพิจารณาแผน",
}


@pytest.mark.parametrize("language", TEXTS)
def test_the_language_of_a_sentence_is_told(language):
    assert detect([TEXTS[language]]) == language


@pytest.mark.parametrize("texts", [[""], ["zzz qqq"], ["42"], ["cup goal team", "bank rates"]])
def test_what_speaks_for_no_language_is_taken_for_english(texts):
    assert detect(texts) == "en"


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"zh", "ja", "th"}))
def test_every_language_has_stop_words_and_its_commonest_words_are_among_them(language):
    words = set(stop_words(language))
    assert len(words) > 20
    common = [word for word in COMMON.get(language, "").split() if len(word) > 1]
    assert sum(word in words for word in common) >= 0.5 * len(common)


def test_stop_words_of_the_language_are_left_out():
    texts = [TEXTS["de"], "Die Bank senkt den Zins"]
    assert set(fit_vectorizer(texts, language="de")[0].get_feature_names_out()) >= {"ausschuss", "plan", "bank", "zins"}
    assert not {"der", "dass", "und", "die"} & set(fit_vectorizer(texts, language="de")[0].get_feature_names_out())
    assert "dass" in fit_vectorizer(texts, language="none")[0].get_feature_names_out()


def test_the_language_is_told_unless_it_is_said():
    texts = ["Die Bank senkt den Zins für das Geld", "Der Pokal geht an die Mannschaft und nicht an den Gast"]
    assert TopicModel(n_topics=2).fit(texts).language_ == "de"
    assert TopicModel(n_topics=2, language="en").fit(texts).language_ == "en"
    with pytest.raises(ParameterError, match=r"language='dee'.*Did you mean 'de'"):
        TopicModel(language="dee").fit(texts)


def test_pairs_of_words_are_words_on_request():
    words = fit_vectorizer(["prime minister", "prime rate"], bigrams=True)[0].get_feature_names_out()
    assert {"prime minister", "prime rate", "prime"} <= set(words)


@pytest.mark.parametrize(
    ("language", "package", "text", "word"),
    [
        ("zh", "rjieba", "央行宣布加息以抑制通货膨胀", "通货膨胀"),
        ("ja", "fugashi", "日本銀行は金利を引き上げると発表した", "金利"),
        ("th", "pythainlp", "ธนาคารแห่งประเทศไทยขึ้นอัตราดอกเบี้ย", "อัตราดอกเบี้ย"),
    ],
)
def test_words_are_found_where_there_are_no_spaces(language, package, text, word):
    pytest.importorskip(package)
    model = TopicModel(n_topics=1).fit([text, text])
    assert model.language_ == language
    assert word in model.words_


@pytest.mark.parametrize(("language", "package"), [("zh", "rjieba"), ("ja", "fugashi"), ("th", "pythainlp")])
def test_without_its_package_a_language_names_the_extra(monkeypatch, language, package):
    real = builtins.__import__

    def without(name, *arguments, **settings):
        if name.split(".")[0] == package:
            raise ImportError(name)
        return real(name, *arguments, **settings)

    languages._cutter.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=rf"{package}.*partwise\[{language}\]"):
        segmenter(language)
