"""``partwise report``: a page from a saved model."""

import errno

import pytest


@pytest.fixture
def model(run, news, tmp_path):
    path = tmp_path / "news.model"
    run("topics", news, "--date", "published", "--topics", 2, "--out", path)
    return path


def test_a_page_is_written_beside_the_model_unless_a_name_is_given(run, model, tmp_path):
    said = run("report", model)
    assert said.stdout == ""
    assert said.stderr == f"! wrote {tmp_path / 'news.html'}; open it in a browser\n"
    run("report", model, "--out", tmp_path / "page.html", "--title", "Sport & money", "--quiet")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert '<h1 dir="auto">Sport &amp; money</h1>' in page
    assert "2 topics in 40 documents" in (tmp_path / "news.html").read_text(encoding="utf-8")


def test_a_page_names_documents_by_the_titles_that_were_carried(run, tmp_path):
    rows = [f"{i},The cup and the team number {i},Cup {i},https://example.org/{i},sport" for i in range(6)]
    (tmp_path / "news.csv").write_text("\n".join(["id,text,headline,link,desk", *rows]))
    columns = ["--title", "headline", "--url", "link", "--section", "desk"]
    run("topics", tmp_path / "news.csv", "--topics", 1, *columns, "--out", tmp_path / "cup.model")
    run("report", tmp_path / "cup.model")
    page = (tmp_path / "cup.html").read_text(encoding="utf-8")
    assert '<a href="https://example.org/3" rel="noopener noreferrer" dir="auto" class="title">Cup 3</a>' in page
    assert '<span class="id" dir="auto">3</span><span class="section" dir="auto">sport</span>' in page


def test_the_page_says_with_what_command_it_was_made(run, model, tmp_path):
    run("report", model, "--title", "Two words")
    page = (tmp_path / "news.html").read_text(encoding="utf-8")
    assert f"partwise report {model} --out {tmp_path / 'news.html'} --title &#x27;Two words&#x27;" in page


def test_the_command_in_the_page_can_be_run_for_any_name_and_title(run, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model.rename("-n.model")
    run("report", "--title", "", "--out", "a.html", "--", "-n.model")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "partwise report ./-n.model --out a.html --title &#x27;&#x27;" in page


def test_a_model_without_texts_has_no_report(run, counts, tmp_path):
    run("fit", counts, "--components", 2, "--out", tmp_path / "parts.model")
    said = run("report", tmp_path / "parts.model", code=2)
    assert "holds a NMF, not a model of texts" in said.stderr
    assert not (tmp_path / "parts.html").exists()


def test_a_model_is_not_written_over(run, model):
    before = model.read_bytes()
    assert "End its name in .html or .htm" in run("report", model, "--out", model, code=2).stderr
    page = model.rename(model.with_suffix(".html"))
    assert "is the file that is read" in run("report", page, "--out", page, code=2).stderr
    model = page
    assert model.read_bytes() == before


def test_a_full_disk_fails_with_1_and_keeps_the_old_page(run, model, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "news.html").write_text("old")
    monkeypatch.setattr("partwise.io.files.os.fsync", full)
    assert "No space left on device" in run("report", model, "--out", tmp_path / "news.html", code=1).stderr
    assert (tmp_path / "news.html").read_text() == "old"


def test_a_page_that_was_never_named_is_not_written_over(run, model, tmp_path):
    (tmp_path / "news.html").write_text("mine")
    assert "news.html exists. Name it with --out" in run("report", model, code=2).stderr
    assert (tmp_path / "news.html").read_text() == "mine"
    run("report", model, "--out", tmp_path / "news.html")
    assert (tmp_path / "news.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("news.2024-05", "news.2024-05.html"),
        ("news.2024-05.model", "news.2024-05.html"),
        ("news.Partwise", "news.html"),
        ("news", "news.html"),
    ],
)
def test_a_page_is_named_after_the_whole_name_of_its_model(run, model, tmp_path, name, page):
    if (tmp_path / name) != model:
        model.rename(tmp_path / name)
    run("report", tmp_path / name)
    assert [path.name for path in tmp_path.glob("*.html")] == [page]
