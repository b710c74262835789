"""The built site: links lead somewhere, pictures have a text, nothing is fetched, pages fit, axe finds no fault.

`make docs` builds it; without it these tests are skipped.
"""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[1]
SITE = ROOT / "docs" / "_build" / "html"
AXE = ROOT / "tests" / "report" / "vendor" / "axe.min.js"
LOOKED_AT = (
    "index.html",
    "start/quickstart.html",
    "guide/index.html",
    "guide/moving-over.html",
    "performance/table.html",
    "peers.html",
    "examples/index.html",
    "examples/1_images/digits.html",
    "reference/index.html",
    "reference/generated/partwise.NMF.html",
    "reference/command-line.html",
    "project/architecture.html",
    "search.html",
)
PHONE, DESK = 390, 1280

pytestmark = pytest.mark.skipif(not (SITE / "index.html").exists(), reason="needs the site: make docs")


class Read(HTMLParser):
    """What a page links to, fetches, shows and calls its places."""

    def __init__(self, path):
        super().__init__()
        self.links, self.fetched, self.silent, self.places = [], [], [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.places |= {found[key] for key in ("id", "name") if found.get(key)}
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        if tag in ("script", "img", "iframe") and found.get("src"):
            self.fetched.append(found["src"])
        if tag == "link" and "canonical" not in found.get("rel", ""):
            self.fetched.append(found.get("href") or "")
        beside_its_title = "/thumb/" in found.get("src", "") or "_thumb" in found.get("src", "")
        if tag == "img" and not beside_its_title and not (found.get("alt") or "").strip():
            self.silent.append(found.get("src"))


@pytest.fixture(scope="module")
def pages():
    return {path: Read(path) for path in sorted(SITE.rglob("*.html")) if "_static" not in path.parts}


def test_links_within_the_site_lead_to_a_page_and_a_place(pages):
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            place = unquote(parts.fragment)
            known = place in pages[target].places if place and target in pages else target.exists()
            if not known:
                broken.append((path.name, link))
    assert broken == []


def test_every_picture_has_a_text(pages):
    assert [(path.name, page.silent) for path, page in pages.items() if page.silent] == []


def test_nothing_is_fetched_from_elsewhere(pages):
    outside = {address for page in pages.values() for address in page.fetched if urlsplit(address).netloc}
    assert outside == set()
    styles = "".join(path.read_text(encoding="utf-8") for path in SITE.rglob("*.css"))
    assert re.findall(r"url\(['\"]?https?:", styles) == []


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", LOOKED_AT)
def test_a_page_fits_the_window_and_axe_finds_no_grave_fault(chromium, address, scheme, width):
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
    page = context.new_page()
    page.goto((SITE / address).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    grave = [
        (fault["id"], fault["nodes"][0]["html"][:200]) for fault in found if fault["impact"] in ("serious", "critical")
    ]
    context.close()
    assert grave == []
