"""A report is one file that needs no network, and nothing that it tells of can break it."""

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from partwise.report import STEPS, Document, page
from partwise.report.html import data, tag
from partwise.topics import TopicModel
from partwise.topics.reporting import report_of

VOID = {"meta", "input", "link", "br", "img"}


class Outline(HTMLParser):
    """The elements of a page, with their attributes, and the text of those that run or style it."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.texts = [], [], {"script": [], "style": []}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in self.texts:
            self.texts[tag].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in self.texts:
            self.texts[self.open[-1]][-1] += data

    def all(self, name):
        return [attributes for tag, attributes in self.elements if tag == name]


@pytest.fixture(scope="module")
def text(report):
    return report.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def outline(text):
    return Outline(text)


def blocks(outline):
    kinds = [attributes.get("id") for attributes in outline.all("script")]
    return {name: json.loads(text) for name, text in zip(kinds, outline.texts["script"], strict=True) if name}


def test_every_section_is_there_once_and_every_link_leads_to_one(outline):
    ids = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    sections = [attributes["id"] for attributes in outline.all("section")]
    assert sections == ["overview", "topics", "map", "time", "similarity", "unexplained", "model", "provenance"]
    assert {attributes["href"].removeprefix("#") for attributes in outline.all("a")} <= set(ids)
    assert outline.open == []
    assert len(outline.all("h1")) == len(outline.all("main")) == 1


def section_of(text, name):
    return re.search(rf'<section id="{name}".*?</section>', text, re.DOTALL)[0]


@pytest.mark.parametrize("name", ["map", "time", "similarity"])
def test_every_chart_has_a_table_in_its_section(text, name):
    assert "<table>" in section_of(text, name).partition("<details")[2]


def test_what_was_found_comes_first_and_figures_of_the_model_near_the_end(text):
    first = section_of(text, "overview")
    assert "<li>The collection of 120 documents, dated from 1 January 2024 to 24 May 2024, has 5 topics." in first
    assert not re.search("NPMI|stability|mean fit|<table|<dl", first)
    assert "mean NPMI" in section_of(text, "model")


def test_cards_lists_and_tables_are_folded_and_a_page_without_scripts_says_so(text, outline):
    assert outline.all("details")
    assert not any("open" in attributes for attributes in outline.all("details"))
    cards = [attributes["id"] for attributes in outline.all("details") if attributes.get("class") == "topic"]
    assert cards == [f"topic-{topic}" for topic in range(5)]
    assert "Scripts are off. Topics, lists and tables are folded" in re.search("<noscript>.*?</noscript>", text)[0]


def test_every_document_is_in_the_list_of_its_largest_topic(text, model):
    rows = model.document_table()
    lists = re.findall('<ol class="documents".*?</ol>', text, re.DOTALL)
    for topic, found in enumerate(lists):
        of_topic = rows[rows["topic"] == topic]
        assert found.count("<li") == len(of_topic)
        assert all(html.escape(name) in found for name in of_topic["id"])


def test_a_document_is_called_by_its_title_and_its_link_leads_to_it(told):
    text = page(told)
    name = '<a href="https://example.org/a" rel="noopener noreferrer" dir="auto" class="title">About cup · team</a>'
    about = '<span class="id" dir="auto">cup/0</span><span class="section" dir="auto">News</span>'
    assert text.count(name) == 2, "its passage and its line in the list"
    assert name + '<span class="about">' + about in text


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        " https://example.org",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "//example.org",
        "ftp://example.org",
        "https://",
        "https://example.org/a b",
        "https:\\\\example.org",
    ],
)
def test_an_address_that_is_not_of_the_web_is_no_link(with_document, address):
    text = page(with_document(Document("a", title="Title", url=address)))
    assert '<span dir="auto" class="title">Title</span>' in text


def test_an_address_can_not_end_its_attribute(with_document):
    text = page(with_document(Document("a", title="Title", url='https://example.org/"onclick=alert(1)//')))
    assert 'href="https://example.org/&quot;onclick=alert(1)//"' in text


def test_a_page_asks_nothing_of_the_network(text, outline):
    assert not re.search(r"""src=["']""", text)
    assert not any("href" in attributes for name, attributes in outline.elements if name != "a")
    assert not any({"src", "srcset", "style"} & set(attributes) for _, attributes in outline.elements)
    assert not any(name.startswith("on") for _, attributes in outline.elements for name in attributes)
    assert not outline.all("link")
    assert "@import" not in outline.texts["style"][0]
    assert "url(" not in outline.texts["style"][0]


def test_the_policy_allows_the_page_s_own_scripts_and_style_and_nothing_else(outline):
    policy = next(a["content"] for a in outline.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert "unsafe" not in policy

    def hashes(texts):
        digests = (hashlib.sha256(text.encode()).digest() for text in texts)
        return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]

    kinds = [attributes.get("type") for attributes in outline.all("script")]
    scripts = [text for kind, text in zip(kinds, outline.texts["script"], strict=True) if kind is None]
    assert rules["script-src"].split() == hashes(scripts)
    assert rules["style-src"].split() == hashes(outline.texts["style"])
    assert set(kinds) == {None, "application/json"}


def test_what_documents_ids_and_labels_say_is_text(text, outline):
    assert "&lt;script&gt;" in text
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "<script>id" not in text
    assert "window.broken = true</script>" not in text
    kinds = [attributes.get("type") for attributes in outline.all("script")]
    assert kinds.count(None) == 1


def test_words_of_a_topic_are_marked_in_its_passages(text):
    assert re.search(r'<blockquote><p dir="auto" lang="en">[^/]*<mark>(bank|rates|market|stock)</mark>', text)


def test_the_slider_has_the_words_that_the_model_ranks(model, outline):
    words = blocks(outline)["words"]
    assert words["steps"] == [f"{step:.1f}" for step in STEPS]
    for topic, found in enumerate(words["topics"]):
        for step, ranks in zip(STEPS, found["ranks"], strict=True):
            ranked = [found["words"][place][0] for place in ranks]
            assert ranked == [word for word, _ in model.top_words(topic, 10, relevance=step)]


def test_the_same_model_gives_the_same_bytes(model, collection, report, tmp_path):
    texts, ids, dates = collection
    labels = dict(enumerate(model.labels_))
    again = TopicModel(5, random_state=0, stability_runs=2).fit(texts, ids, dates).set_labels(labels)
    again.report(tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == report.read_bytes()


def test_a_page_is_as_large_as_its_topics_not_as_its_collection(model, collection):
    texts, ids, dates = (part * 100 for part in collection)
    large = page(report_of(TopicModel(5, stability_runs=0).fit(texts, range(len(ids)), dates)))
    assert len(page(report_of(model))) < 2e5
    assert len(large) < 2e6
    assert re.findall("<summary>(1,000 of [0-9,]+ documents)</summary>", large)
    assert "These are the 1,000 most typical of" in large


def test_a_model_of_one_topic_without_dates_texts_or_stability_has_a_report(collection):
    bare = TopicModel(1, stability_runs=0, keep_texts=False).fit(collection[0])
    outline = Outline(page(report_of(bare)))
    sections = [attributes["id"] for attributes in outline.all("section")]
    assert sections == ["overview", "topics", "unexplained", "model", "provenance"]
    assert not outline.all("mark")


def test_many_topics_fit_a_page():
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.3, (400, 300))
    many = TopicModel(100, stability_runs=0).fit(counts)
    text = page(report_of(many))
    assert len(text) < 1e6
    assert "Shown are the first 60 topics." in text


def test_an_element_escapes_all_but_elements():
    assert tag("p", "<b>", tag("i", 1), None, ["&"], title='"') == '<p title="&quot;">&lt;b&gt;<i>1</i>&amp;</p>'


def test_data_can_not_end_its_element_or_hold_nan():
    value = {"a": "</script><!-- '&"}
    element = data("x", value)
    assert json.loads(element.partition(">")[2].rpartition("</script>")[0]) == value
    assert not re.search("[<>'&]", element.partition(">")[2].rpartition("</script>")[0])
    with pytest.raises(ValueError, match="not JSON compliant"):
        data("x", float("nan"))


def test_half_a_character_in_a_text_an_id_or_a_label_stops_no_report(tmp_path):
    texts = ["bank cuts \ud800 rates", "bank rates rise", "cup goes to the team", "team wins the cup \udfff"]
    model = TopicModel(2, seed_words=[["cup"]]).fit(texts, ids=["\ud800", "b", "c", "d"]).set_labels({0: "\udc00"})
    model.report(tmp_path / "page.html", title="\ud83d")
    text = re.sub("</?mark>", "", (tmp_path / "page.html").read_text(encoding="utf-8"))
    assert r"bank cuts \ud800 rates" in text
    assert tag("p", "\ud800", title="\udfff") == r'<p title="\udfff">\ud800</p>'
    assert r'["\\ud800"]' in data("x", ["\ud800"])


def test_what_a_browser_would_obey_is_shown_wherever_it_stands(tmp_path):
    odd = "a\x1b[31m\x07\x9b\u202eb\u2066\u200fc\x00"
    counts = np.eye(3)
    model = TopicModel(3, stability_runs=0).fit(counts, words=[odd, "bank", "cup"], ids=[odd, "b", "c"])
    model.set_labels({0: odd}).report(tmp_path / "page.html", title=odd)
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    own = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", own)
    for place in ("<title>", "<h1", 'class="id"', 'class="word"'):
        assert any(r"a\x1b[31m" in part[:99] for part in own.split(place)[1:]), place
    matrix = TopicModel(1).fit(np.ones((3, 2)), words=["\ud800", "b"])
    matrix.report(tmp_path / "page.html")
