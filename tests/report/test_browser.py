"""A report in a browser, offline: charts are drawn, the slider works, and a check of accessibility finds nothing."""

import os
import shutil
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'partwise[browser]'")

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
PHONE, DESK = 390, 1280


@pytest.fixture(scope="module")
def chromium():
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"] if root else [])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium, report):
    """Open the report as a reader would have it; complain of anything the browser says."""
    said, contexts = [], []

    def opened(width=DESK, scheme="light", **settings):
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True, **settings
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: request.url == report.as_uri() or said.append(request.url))
        page.goto(report.as_uri())
        if settings.get("java_script_enabled", True):
            page.wait_for_selector("html[data-drawn]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert said == []


def words(page):
    return page.locator("ol[data-topic] .word").all_inner_texts()


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_chart_is_drawn_and_the_page_is_as_wide_as_the_window(opened, width, scheme):
    page = opened(width, scheme)
    charts = page.locator(".chart")
    assert charts.count() == 5
    for i in range(charts.count()):
        box = charts.nth(i).locator("svg").bounding_box()
        assert box["height"] > 40
        assert box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("window.broken") is None, "a label ran"


def test_the_charts_show_every_topic(opened, model):
    page = opened()
    for name in ("overview", "time", "stability"):
        drawn = page.locator(f"#chart-{name} text").all_text_contents()
        assert all(any(text.startswith(f"{topic} ") for text in drawn) for topic in range(model.n_topics_)), name


def test_the_slider_moves_by_keyboard_and_changes_the_words(opened, model):
    page = opened()
    before = words(page)
    assert before[:10] == [word for word, _ in model.top_words(0, 10, relevance=0.6)]
    page.locator("#relevance").focus()
    page.keyboard.press("Home")
    assert page.locator("#relevance-value").inner_text() == "0.0"
    assert words(page) != before
    assert words(page)[:10] == [word for word, _ in model.top_words(0, 10, relevance=0.0)]


def test_charts_are_drawn_anew_when_the_window_changes(opened):
    page = opened(DESK)
    page.set_viewport_size({"width": PHONE, "height": 800})
    page.wait_for_selector("#chart-overview svg[width='358']")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE


def test_paper_shows_the_tables_that_are_shut_on_the_screen(opened):
    page = opened()
    assert not page.locator("#stability table").is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#stability table").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not page.locator("#stability table").is_visible()


def test_a_page_without_scripts_still_has_words_and_tables(opened):
    page = opened(java_script_enabled=False)
    assert len(page.locator("ol[data-topic] .word").all_inner_texts()) == 50
    page.locator("#stability summary").click()
    assert page.locator("#stability table").is_visible()


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(opened, width, scheme):
    page = opened(width, scheme)
    for summary in page.locator("summary").all():
        summary.click()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    assert [(fault["id"], fault["nodes"][0]["html"][:600]) for fault in found["violations"]] == []
