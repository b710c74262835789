"""Pages: each answers, with data and without, shows texts as texts, and its forms do what they say."""

import re
from html.parser import HTMLParser
from urllib.parse import quote, urlsplit

import pytest

from partwise.portal import lists
from partwise.portal.articles import Article, add_articles, article, newest_articles
from partwise.portal.edits import add_edit
from partwise.portal.events import count_events, history
from partwise.portal.fits import begin_fit, end_fit, fit_in_use, list_fits
from partwise.portal.models import Models
from partwise.portal.readers import preferences

ADDRESSES = [
    "/", "/?query=war", "/?page=2", "/articles", "/articles?query=war", "/articles?query=%25&section=x", "/upload",
    "/fits", "/fits?page=2", "/readers", "/reader?id=r1", "/reader?id=nobody", "/reader/how?id=r1",
    "/reader/data?id=r1", "/reader/delete?id=r1",
]  # fmt: skip


class Read(HTMLParser):
    """The tags of a page, and its texts."""

    def __init__(self, answer):
        super().__init__()
        self.tags, self.texts, self.within = [], [], []
        self.feed(answer.text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.within.append(tag)

    def handle_endtag(self, tag):
        while self.within and self.within.pop() != tag:
            pass

    def handle_data(self, data):
        self.texts.append(data)
        assert not (self.within and self.within[-1] in ("script", "style") and data.strip()), data

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def of_data(client):
    """Return the addresses of pages about one thing."""
    key = topics(client)[0]
    other = quote(newest_articles(client.db, 1)[0].id)
    return [
        f"/topics/{key}", f"/article?id={quote(client.hostile.id)}", f"/article?id={other}", "/fits/compare?a=1&b=2",
        f"/reader?id={quote(client.hostile.id)}",
    ]  # fmt: skip


def topics(client):
    """Return the keys of the topics, in the order of the page."""
    return re.findall(r'href="/topics/([^"/]+)"', client.get("/").text)


def said(answer):
    """Return what a page says was done."""
    found = re.search(r'<p class="said" role="status">([^<]*)</p>', answer.text)
    return found[1] if found else ""


def check(answer):
    """Check what every page promises."""
    page = Read(answer)
    assert len(answer.content) < 300_000
    assert answer.headers["cache-control"] == "private, no-store"
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    for tag, attrs in page.tags:
        assert "style" not in attrs, (tag, attrs)
        assert not [name for name in attrs if name.startswith("on")], (tag, attrs)
        fetched = attrs.get("src") or (attrs.get("href") if tag == "link" else None)
        assert not (fetched and urlsplit(fetched).netloc), (tag, attrs)
        assert not (attrs.get("href") or "").startswith("javascript"), (tag, attrs)
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    labelled = {attrs["for"] for attrs in page.all("label")}
    controls = [a for a in [*page.all("input"), *page.all("select")] if a.get("type") != "hidden"]
    assert labelled >= {control.get("id") for control in controls}
    assert len(page.all("h1")) == 1
    assert page.all("html")[0]["lang"] == "en"
    assert "Demonstration" in answer.text


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_answers_with_data_and_without(portal, empty, address):
    for client in (portal, empty):
        answer = client.get(address)
        assert answer.status_code == 200
        check(answer)


def test_pages_about_one_thing_answer(portal):
    for address in of_data(portal):
        answer = portal.get(address)
        assert answer.status_code == 200, address
        check(answer)


def test_pages_name_their_twins_in_the_interface(portal):
    for address in ["/", "/articles", "/fits", "/reader?id=r1", "/reader/data?id=r1", *of_data(portal)]:
        links = [tag["href"] for tag in Read(portal.get(address)).all("link") if tag["rel"] == "alternate"]
        assert len(links) == 1, address
        answer = portal.get(links[0], headers={"accept": "*/*"})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "address",
    ["/topics/t999", "/topics/%00", "/article?id=none", "/article?id=%00", "/article", "/fits/compare?a=8&b=9"],
)
def test_what_is_not_there_is_said_not_to_be(portal, empty, address):
    for client in (portal, empty):
        answer = client.get(address)
        assert answer.status_code == 404
        assert "There is no" in answer.text


@pytest.mark.parametrize("address", ["/reader", "/reader?id=", "/reader?id=%0a", f"/reader?id={'x' * 201}", "/?page=0"])
def test_addresses_with_bad_values_are_refused(portal, address):
    assert portal.get(address).status_code == 422


def test_an_empty_portal_says_what_to_do_next(empty):
    assert "There are no articles yet" in empty.get("/").text
    assert 'href="/upload"' in empty.get("/").text
    assert "There is no fit yet" in empty.get("/fits").text
    assert "There are no articles yet" in empty.get("/articles").text


def test_articles_without_a_fit_lead_to_one(serve, tmp_path):
    with serve(tmp_path, filled=False) as client:
        add_articles(client.db, [Article("a", "text")])
        assert "The portal has 1 article, and no topics yet" in client.get("/").text
        assert "Start a fit" in client.get("/").text
        assert client.get("/article?id=a").status_code == 200


def test_hostile_texts_are_shown_as_texts(portal):
    for address in [*of_data(portal), "/articles", "/articles?query=onerror", "/reader/data?id=r0"]:
        page = portal.get(address).text
        assert "<script>window" not in page
        assert "<img" not in page
        assert "{{" not in page or "{{ 7 * 7 }}" in page
        assert "49 " not in page or "<b onmouseover" not in page
    shown = portal.get(f"/article?id={quote(portal.hostile.id)}")
    assert "&lt;script&gt;window.broken" in shown.text
    assert portal.hostile.text[:2000] in "".join(Read(shown).texts)


def test_links_to_a_hostile_id_lead_to_its_article(portal):
    answer = portal.get("/articles?query=onerror")
    link = next(a["href"] for a in Read(answer).all("a") if a.get("href", "").startswith("/article?id="))
    assert portal.get(link).status_code == 200
    assert article(portal.db, portal.hostile.id).title[:20] in "".join(Read(portal.get(link)).texts)


def test_a_topic_is_renamed_and_the_change_undone(portal):
    key = topics(portal)[0]
    before = Read(portal.get(f"/topics/{key}")).texts
    label = "<script>window.broken=1</script> \u202e\"quoted\" 'label'"
    answer = portal.post(f"/topics/{key}/rename", data={"label": label})
    assert said(answer) == "The topic has its new label."
    assert "<script>window" not in answer.text
    assert label in Read(answer).texts
    for address in ["/", "/fits", f"/topics/{topics(portal)[1]}"]:
        check(portal.get(address))
    assert label in Read(portal.get("/")).texts
    answer = portal.post(f"/topics/{key}/rename", data={"label": " "})
    assert said(answer) == "The label of the topic is made of its words again."
    assert label not in Read(answer).texts
    assert label in Read(portal.post("/topics/undo")).texts
    assert said(portal.post("/topics/undo")) == "The last change is undone."
    assert Read(portal.get(f"/topics/{key}")).texts == before
    assert "no change to undo" in said(portal.post("/topics/undo"))


def test_a_page_shows_the_change_that_another_process_made_just_now(portal):
    key = topics(portal)[0]
    edit = add_edit(portal.db, fit_in_use(portal.db).number, "rename", {"topic": key, "label": "made elsewhere"})
    assert edit.kind == "rename"
    assert "made elsewhere" in portal.get("/?done=renamed").text
    portal.post("/topics/undo")


def test_a_label_of_more_than_200_characters_is_refused(portal):
    answer = portal.post(f"/topics/{topics(portal)[0]}/rename", data={"label": "x" * 201})
    assert said(answer) == "A label has at most 200 characters."


def test_topics_are_merged_and_split_and_that_is_undone(portal):
    before = topics(portal)
    answer = portal.post("/topics/merge", data={"topics": before[:2]})
    assert said(answer) == "The topics are now one."
    assert len(topics(portal)) == len(before) - 1
    portal.post("/topics/undo")
    assert topics(portal) == before
    answer = portal.post(f"/topics/{before[0]}/split")
    assert said(answer) == "The topic is now two."
    assert len(topics(portal)) == len(before) + 1
    portal.post("/topics/undo")
    assert topics(portal) == before


def test_changes_of_what_is_not_there_are_refused_with_a_sentence(portal):
    assert "at least two topics" in said(portal.post("/topics/merge", data={"topics": topics(portal)[:1]}))
    assert "at least two topics" in said(portal.post("/topics/merge"))
    for path, data in [
        ("/topics/merge", {"topics": ["t998", "t999"]}),
        ("/topics/t999/split", {}),
        ("/topics/%00/rename", {"label": "x"}),
    ]:
        assert "not there any more" in said(portal.post(path, data=data))


def test_a_search_finds_articles_by_words(portal):
    answer = portal.get("/articles?query=ONERROR")
    assert "1 article of 401 found" in answer.text
    assert "No article has all of these words" in portal.get("/articles?query=zzzz").text


def test_an_upload_tells_what_was_refused_and_keeps_good_rows_only_if_asked(portal):
    rows = "id,text\nnew-1,fine\nnew-2,one,more\n<b>,html\n"
    answer = portal.post("/upload", files={"file": ("<img src=x>.csv", rows)}, data={"kind": "articles"})
    assert answer.status_code == 422
    check(answer)
    assert "Nothing was taken" in answer.text
    assert "line 3" in answer.text
    assert article(portal.db, "new-1") is None
    answer = portal.post("/upload", files={"file": ("n.csv", rows)}, data={"kind": "articles", "keep": "yes"})
    assert answer.status_code == 200
    assert "2 articles of n.csv taken" in answer.text
    assert article(portal.db, "new-1").text == "fine"
    assert article(portal.db, "new-2") is None


def test_a_log_is_uploaded_once(portal):
    before = count_events(portal.db)
    log = '{"reader": "new", "article": "new-1", "time": "2025-01-01"}\n'
    for duplicates in (False, True):
        answer = portal.post("/upload", files={"file": ("log.jsonl", log)}, data={"kind": "events"})
        assert answer.status_code == 200
        assert ("1 read were there already" in answer.text or "was there already" in answer.text) == duplicates
    assert count_events(portal.db) == before + 1


def test_an_upload_without_a_file_is_refused(portal):
    assert portal.post("/upload", data={"kind": "articles"}).status_code == 422
    answer = portal.post("/upload", files={"file": ("", b"")}, data={"kind": "articles"})
    assert answer.status_code == 422


def test_an_earlier_fit_is_used_by_one_click(portal):
    latest = fit_in_use(portal.db).number
    earlier = next(fit.number for fit in list_fits(portal.db) if fit.state == "ready" and fit.number != latest)
    answer = portal.post(f"/fits/{earlier}/use")
    assert said(answer) == "The fit is now in use."
    assert fit_in_use(portal.db).number == earlier
    assert f"fit {earlier}" in portal.get("/").text
    portal.post(f"/fits/{latest}/use")
    assert "cannot be used" in said(portal.post("/fits/99/use"))


def test_a_fit_that_cannot_be_loaded_is_not_used_and_notes_are_told(serve, tmp_path):
    with serve(tmp_path, filled=True) as client:
        for number in (1, 2):
            (tmp_path / "fits" / str(number) / "topics.partwise").write_text("hello")
        answer = client.post("/fits/1/use")
        assert "cannot be used" in said(answer)
        assert client.post("/api/fits/1/use").status_code == 409
        assert fit_in_use(client.db).number == 2
        client.app.state.models = Models(client.db, tmp_path)
        client.app.state.models.look()
        assert "the models of fit 2 cannot be loaded" in client.get("/fits").text


def test_fits_show_how_good_they_are_beside_simple_rules(portal):
    page = portal.get("/fits").text
    assert "in use" in page
    assert "most read" in portal.get("/fits/compare?a=1&b=2").text


def test_a_fit_is_started_once(portal, monkeypatch):
    answers = [True, False]
    monkeypatch.setattr(portal.app.state, "start_fit", lambda: answers.pop(0))
    assert "A fit has started" in said(portal.post("/fits"))
    assert "already running" in said(portal.post("/fits"))


def test_a_running_fit_is_told_and_looked_at_again(serve, tmp_path):
    with serve(tmp_path, filled=False) as client:
        add_articles(client.db, [Article("a", "text")])
        number = begin_fit(client.db)
        for address in ("/", "/fits"):
            answer = client.get(address)
            assert "running</strong> since" in answer.text
            assert any("every" in tag.get("hx-trigger", "") for tag in Read(answer).all("div"))
            check(answer)
        end_fit(client.db, number, "failed", {"reason": "<b>no words</b>"}, use=False)
        for address in ("/", "/fits"):
            assert "&lt;b&gt;no words" in client.get(address).text


def test_many_topics_with_long_labels_are_cut_into_pages(portal, monkeypatch):
    points = [{"period": str(year), "share": 0.01} for year in range(1000, 2000)]
    topic = {"label": "<" * 10_000, "share": 0.01, "words": ["&" * 10_000] * 10, "trend": points, "articles": 3}
    topics = [topic | {"topic": f"t{i}"} for i in range(150)]
    monkeypatch.setattr(lists, "topics", lambda models: {"fit": 1, "topics": topics})
    for page, shown in ((1, 60), (3, 30), (4, 0)):
        answer = portal.get(f"/?page={page}")
        check(answer)
        assert len(re.findall('name="topics"', answer.text)) == shown


def listed(client, reader="r2"):
    """Return the ids of a reader's list."""
    page = client.get(f"/reader?id={reader}").text
    return re.findall(r'action="/reader/less".*?name="article" value="([^"]*)"', page)


def test_less_and_more_change_a_list_and_are_forgotten(portal):
    first = listed(portal)
    assert len(first) == 10
    answer = portal.post("/reader/less", data={"id": "r2", "article": first[0]})
    assert said(answer) == "The article is no longer in your list. If you read it, that no longer counts."
    assert "0 articles, and took 1 article out of the list" in answer.text
    assert first[0] not in listed(portal)
    portal.post("/reader/more", data={"id": "r2", "article": first[1]})
    assert preferences(portal.db, "r2").more == (first[1],)
    portal.post("/reader/less", data={"id": "r2", "article": first[1]})
    assert preferences(portal.db, "r2").more == ()
    portal.post("/reader/forget", data={"id": "r2"})
    assert listed(portal) == first


def test_a_muted_topic_leaves_the_list_and_comes_back(portal):
    page = portal.get("/reader?id=r2").text
    key = re.search(r'action="/reader/mute".*?name="topic" value="([^"]*)"', page)[1]
    answer = portal.post("/reader/mute", data={"id": "r2", "topic": key})
    assert "muted" in said(answer)
    mutes = re.findall(r'action="/reader/mute".*?name="topic" value="([^"]*)"', answer.text)
    assert key not in mutes
    answer = portal.post("/reader/unmute", data={"id": "r2", "topic": key})
    assert "back in your list" in said(answer)
    assert preferences(portal.db, "r2").muted == ()


def test_settings_are_kept_and_a_list_can_be_impersonal(portal):
    answer = portal.post("/reader/settings", data={"id": "r2", "fresh": "1", "broad": "0.5", "impersonal": "yes"})
    assert "not personalised" in answer.text
    held = preferences(portal.db, "r2")
    assert (held.fresh, held.broad, held.personal) == (1.0, 0.5, False)
    assert "much more" in portal.get("/reader/how?id=r2").text
    portal.post("/reader/settings", data={"id": "r2"})
    assert preferences(portal.db, "r2").personal
    for value in ("2", "x", "nan"):
        assert portal.post("/reader/settings", data={"id": "r2", "fresh": value}).status_code == 422


def test_a_read_leaves_the_list_at_once(portal):
    first = listed(portal, "r3")[0]
    portal.post("/reader/read", data={"id": "r3", "article": first})
    assert first not in listed(portal, "r3")


def test_data_are_exported_and_deleted_after_a_confirmation(portal):
    answer = portal.get("/reader/data.json?id=r4")
    assert "attachment" in answer.headers["content-disposition"]
    assert len(answer.json()["events"]) == 20
    assert answer.json()["reader"] == "r4"
    assert "Nothing is deleted" in said(portal.post("/reader/delete", data={"id": "r4"}))
    assert len(history(portal.db, "r4")) == 20
    answer = portal.post("/reader/delete", data={"id": "r4", "sure": "yes"})
    assert "deleted" in said(answer)
    assert history(portal.db, "r4") == []
    assert "Nothing is known of your reads" in portal.get("/reader?id=r4").text


@pytest.mark.parametrize("address", ["/fits", "/fits/compare?a=1&b=2", "/reader/how?id=r1"])
def test_pages_use_no_words_of_those_who_made_the_portal(portal, address):
    text = " ".join(Read(portal.get(address)).texts).lower()
    assert "fit" in text or "list" in text
    assert not re.search("ndcg|factori[sz]", text)


def test_an_address_cannot_put_words_on_a_page(portal):
    assert said(portal.get("/?done=Send your password to x")) == ""


def test_pages_of_other_sites_cannot_send_forms(portal):
    answer = portal.post("/topics/undo", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
