"""A report in a browser, offline: it opens, filters, reads and prints, and a check of accessibility finds nothing."""

import csv
from pathlib import Path

import pytest

from partwise.io.escapes import csv_line
from partwise.report import Document, write_page

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
PHONE, DESK = 390, 1280


@pytest.fixture
def opened(chromium, report):
    """Open the report as a reader would have it; complain of anything the browser says."""
    said, contexts = [], []

    def opened(width=DESK, scheme="light", path=report, **settings):
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True, **settings
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: request.url.startswith((path.as_uri(), "blob:")) or said.append(request.url))
        page.goto(path.as_uri())
        if settings.get("java_script_enabled", True):
            page.wait_for_selector("html[data-scripts]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert said == []


def words(page, topic=0):
    return page.locator(f'ol[data-topic="{topic}"] .word').all_text_contents()


def in_sight(page, selector):
    """Tell whether all of an element is within the window."""
    return page.locator(selector).evaluate(
        "e => { const b = e.getBoundingClientRect(); return b.height > 0 && b.top >= 0 && b.bottom <= innerHeight; }"
    )


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_as_wide_as_the_window_whatever_is_open(opened, width, scheme):
    page = opened(width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("window.broken") is None, "a label ran"


def test_a_folded_page_is_short_on_a_phone(opened):
    page = opened(PHONE)
    assert page.evaluate("document.documentElement.scrollHeight") < 4500
    assert in_sight(page, "#overview .findings li >> nth=0")


def test_facts_of_a_folded_card_stand_beside_each_other(opened):
    page = opened(PHONE)
    boxes = [
        page.locator(f"#topic-0 > summary {part}").bounding_box() for part in ("h3", ".share > span", ".about", ".bar")
    ]
    for i, one in enumerate(boxes):
        for other in boxes[:i]:
            across = one["x"] < other["x"] + other["width"] and other["x"] < one["x"] + one["width"]
            along = one["y"] < other["y"] + other["height"] and other["y"] < one["y"] + one["height"]
            assert not (across and along)


def test_a_card_opens_by_keyboard_and_by_links_to_it(opened):
    page = opened()
    assert not page.locator("#topic-2 .words").is_visible()
    page.locator("#topic-2 > summary").focus()
    page.keyboard.press("Enter")
    assert page.locator("#topic-2 .words").is_visible()
    page.locator(".map a[href='#topic-3']").press("Enter")
    assert page.locator("#topic-3 .words").is_visible()
    assert page.evaluate("document.activeElement.parentElement.id") == "topic-3"
    page.locator("#topic-3 > summary").press("Enter")
    page.locator(".map a[href='#topic-3']").press("Enter")
    assert page.locator("#topic-3 .words").is_visible(), "also a second time"
    page.locator("#open-all").click()
    assert page.locator("details.topic[open]").count() == 5
    page.locator("#fold-all").click()
    assert page.locator("details.topic[open]").count() == 0


def test_an_address_of_a_card_opens_it(opened, report):
    page = opened()
    page.goto(report.as_uri() + "#topic-4")
    assert page.locator("#topic-4 .words").is_visible()


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_contents_stay_in_sight_and_mark_the_section(opened, width):
    page = opened(width)
    for section in ("similarity", "model"):
        page.locator(f"nav a[href='#{section}']").click()
        page.wait_for_selector(f"nav a[href='#{section}'][aria-current]")
        assert in_sight(page, "nav")
        assert page.locator(f"#{section} h2").bounding_box()["y"] >= page.locator("nav").bounding_box()["height"]
    assert page.locator("nav a[aria-current]").count() == 1


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_topics_of_the_map_can_be_tapped(opened, width):
    page = opened(width, has_touch=True)
    for topic in range(5):
        disc = page.locator(f".map a[href='#topic-{topic}']")
        box = disc.bounding_box()
        assert min(box["width"], box["height"]) >= 44
        disc.tap()
        assert page.locator(f"#topic-{topic} .words").is_visible()


def test_the_slider_moves_by_keyboard_and_changes_the_words(opened, model):
    page = opened()
    assert words(page) == [word for word, _ in model.top_words(0, 10, relevance=0.6)]
    page.locator("#relevance").focus()
    page.keyboard.press("Home")
    assert page.locator("#relevance-value").inner_text() == "0.0"
    assert words(page) == [word for word, _ in model.top_words(0, 10, relevance=0.0)]


def test_charts_over_time_are_read_by_keyboard_and_by_touch(opened, model):
    page = opened(PHONE, has_touch=True)
    slider = page.locator("#bin")
    slider.focus()
    page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext") == "2024-01: 24 documents"
    assert page.locator("#of-bin").inner_text() == "2024-01: 24 documents"
    page.locator(".courses .plot").nth(1).tap()
    share = model.over_time(bins="month").set_index(["topic", "bin"]).loc[(1, "2024-03"), "share"]
    assert page.locator(".at").nth(1).inner_text() == f"{share:.1%} · 2024-03"
    assert page.locator("#of-bin").inner_text() == "2024-03: 24 documents"


def test_a_bin_without_documents_is_said_to_have_none(opened, told, tmp_path):
    write_page(told, tmp_path / "told.html")
    page = opened(path=tmp_path / "told.html")
    page.locator("#bin").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.locator("#of-bin").inner_text() == "2024-02: 0 documents"
    assert set(page.locator(".at").all_inner_texts()) == {"no documents · 2024-02"}


def test_a_filter_shows_the_documents_that_have_all_its_words(opened):
    page = opened()
    page.locator("#topic-1 > summary").click()
    page.locator("#topic-1 .members > summary").click()
    lines = page.locator("#topic-1 .documents li")
    texts = lines.all_inner_texts()
    page.locator("#topic-1 input").fill("2024-03 /0")
    wanted = [text for text in texts if "2024-03" in text and "/0" in text]
    assert 0 < len(wanted) < len(texts)
    assert [line.inner_text() for line in lines.all() if line.is_visible()] == wanted
    assert page.locator("#topic-1 .shown").inner_text() == f"{len(wanted)} shown"


def downloaded(page, tmp_path):
    page.locator("#topic-0 > summary").click()
    page.locator("#topic-0 .members > summary").click()
    with page.expect_download() as download:
        page.locator("#topic-0 .download").click()
    assert download.value.suggested_filename == "topic-0.csv"
    download.value.save_as(tmp_path / "topic.csv")
    return (tmp_path / "topic.csv").read_text(encoding="utf-8")


def test_a_download_has_the_documents_of_the_topic(opened, model, tmp_path):
    rows = [*csv.DictReader(downloaded(opened(), tmp_path).removeprefix("\ufeff").splitlines())]
    table = model.document_table().query("topic == 0").set_index("id")
    assert {row["id"]: row["date"] for row in rows} == table["date"].to_dict()
    assert [float(row["share"]) for row in rows] == pytest.approx(table["share"][[row["id"] for row in rows]], abs=6e-4)


@pytest.mark.parametrize(
    "name",
    ["=1+1", "+1", "-1", "-1.5e3", "-2+3", "@SUM(A1)", "'=1", "''tis", "'tis", "a;=1", 'a "b", c', "\uff1d1", "-", "1"],
)
def test_a_download_is_safe_in_spreadsheets(opened, with_document, tmp_path, name):
    write_page(with_document(Document(name, title=f"={name}", url="https://example.org/a,b")), tmp_path / "told.html")
    text = downloaded(opened(path=tmp_path / "told.html"), tmp_path)
    header = ["id", "title", "share", "url"]
    expected = csv_line(header) + csv_line([name, f"={name}", 0.8, "https://example.org/a,b"])
    assert text == "\ufeff" + expected.replace(",0.8,", ",0.800,")


def test_paper_shows_what_is_folded_on_the_screen(opened):
    page = opened()
    hidden = ["#topic-0 .words", "#time table", "#model table"]
    assert not any(page.locator(selector).is_visible() for selector in hidden)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert all(page.locator(selector).is_visible() for selector in hidden)
    assert not page.locator("nav, .tools >> visible=true").count()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert not any(page.locator(selector).is_visible() for selector in hidden)


def test_a_page_without_scripts_still_has_everything_but_filters_and_downloads(opened):
    page = opened(java_script_enabled=False)
    assert page.locator("noscript").is_visible()
    assert page.locator(".map circle").count() == page.locator(".courses svg").count() == 5
    page.locator("#topic-0 > summary").click()
    assert len(page.locator("#topic-0 .word").all_inner_texts()) == 10
    page.locator("#topic-0 .members > summary").click()
    assert page.locator("#topic-0 .documents li").first.is_visible()
    assert not page.locator("input >> visible=true").count()
    assert not page.locator("button >> visible=true").count()


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(opened, width, scheme):
    page = opened(width, scheme)
    page.locator("#topic-0").evaluate("card => (card.open = true)")  # one card: all are alike
    page.evaluate("for (const details of document.querySelectorAll('details:not(.topic)')) details.open = true")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    assert [(fault["id"], fault["nodes"][0]["html"][:600]) for fault in found["violations"]] == []
