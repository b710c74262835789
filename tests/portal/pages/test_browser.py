"""Pages in a browser: they fit the window, axe finds no grave fault, no text runs, forms work without scripts too."""

import re
import threading
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import uvicorn

AXE = Path(__file__).parents[2] / "report" / "vendor" / "axe.min.js"
PHONE, DESK = 390, 1280


@pytest.fixture(scope="module")
def site(portal):
    """Yield the address of the portal on a port of its own."""
    server = uvicorn.Server(uvicorn.Config(portal.app, port=0, lifespan="off", log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def opened(chromium, site):
    """Open a page; complain of all that the browser says, and of all that is fetched from elsewhere."""
    said, contexts = [], []

    def opened(address="/", width=DESK, scheme="light", **settings):
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: request.url.startswith(site) or said.append(request.url))
        page.goto(site + address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert said == []


def addresses(portal):
    """Return the addresses of one page of each kind, and of those that show hostile texts."""
    key = re.search(r'href="/topics/([^"/]+)"', portal.get("/").text)[1]
    return [
        "/", f"/topics/{key}", "/articles", f"/article?id={quote(portal.hostile.id)}", "/upload", "/fits",
        "/fits/compare?a=1&b=2", "/readers", "/reader?id=r0", "/reader/how?id=r1", "/reader/data?id=r0",
        "/reader/delete?id=r1", f"/reader?id={quote(portal.hostile.id)}",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_the_window_and_axe_finds_no_grave_fault(opened, portal, width, scheme):
    page = opened(width=width, scheme=scheme)
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
    rules = "axe.run()" if scheme == "light" else "axe.run({runOnly: ['color-contrast']})"  # else both are alike
    faults = []
    for address in addresses(portal):
        page.goto(origin + address)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            faults.append((address, "wider than the window"))
        if page.evaluate("window.broken") is not None:
            faults.append((address, "a text ran"))
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate(rules)["violations"]
        faults += [(address, one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] != "minor"]
    assert faults == []


@pytest.mark.parametrize("scripts", [True, False])
def test_a_list_changes_with_scripts_and_without(opened, scripts):
    page = opened("/reader?id=r5", java_script_enabled=scripts)
    first = page.locator(".numbered h2").first.inner_text()
    page.get_by_role("button", name="Less like this").first.click()
    page.wait_for_selector(".said")
    assert "no longer in your list" in page.locator(".said").inner_text()
    assert page.locator(".numbered h2").first.inner_text() != first
    assert ("done" in page.url) != scripts
    page.get_by_role("button", name="Forget").click()
    page.locator(".said", has_text="forgotten").wait_for()
    assert page.locator(".numbered h2").first.inner_text() == first


def test_a_list_that_changes_stays_where_it_was_on_the_screen(opened):
    page = opened("/reader?id=r7", PHONE)
    button = page.get_by_role("button", name="Less like this").nth(4)
    button.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    assert before > 0
    button.press("Enter")
    page.locator(".said", has_text="no longer in your list").wait_for()
    assert page.evaluate("scrollY") == before
    assert page.evaluate("document.activeElement.id") == "less-5"
    assert 0 <= page.locator(".said").bounding_box()["y"] < 100


def test_a_search_finds_while_words_are_typed(opened):
    page = opened("/articles")
    page.get_by_label("Words in the title").press_sequentially("onerror")
    page.locator("#found", has_text="1 article of").wait_for()
    assert page.locator("#found li").count() == 1
    assert "query=onerror" in page.url


def test_the_keyboard_reaches_the_content_and_its_focus_is_seen(opened):
    page = opened("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_topics_are_merged_by_keyboard(opened):
    page = opened("/")
    before = page.locator(".card").count()
    for box in page.get_by_role("checkbox").all()[:2]:
        box.focus()
        page.keyboard.press("Space")
    page.get_by_role("button", name="Merge the chosen").press("Enter")
    page.wait_for_selector(".said")
    assert page.locator(".card").count() == before - 1
    page.get_by_role("button", name="Undo").press("Enter")
    page.locator(".said", has_text="undone").wait_for()
    assert page.locator(".card").count() == before


def test_data_are_downloaded_as_a_file(opened):
    page = opened("/reader/data?id=r6")
    with page.expect_download() as download:
        page.get_by_role("link", name="Take my data").click()
    assert download.value.suggested_filename == "my-data.json"
