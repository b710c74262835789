"""Uploads that cannot be taken: the disk is full, the form breaks off, or the name of the file is odd."""

import errno
import html
import os
import shutil

import pytest
from starlette.datastructures import UploadFile

from partwise.portal import uploads
from partwise.portal.articles import count_articles

FORM = {"content-type": "multipart/form-data; boundary=x"}


def send(client, name=b"news.csv"):
    """Send a file of one article, whose name goes out as it is given."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="' + name + b'"\r\n\r\n'
    return client.post("/upload", content=head + b"id,text\na,text\r\n--x--\r\n", headers=FORM)


@pytest.mark.parametrize("place", [(UploadFile, "write"), (shutil, "copyfileobj"), (uploads, "rows_of")])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_and_logged(empty, monkeypatch, caplog, place, number):
    def full(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(*place, full)
    answer = send(empty)
    assert answer.status_code == 503
    assert "<p>The disk of the portal is full. Try again later.</p>" in answer.text
    assert count_articles(empty.db) == 0
    logged = next(record.msg for record in caplog.records if record.msg.get("event") == "disk")
    assert (logged["error"], logged["said"]) == ("OSError", os.strerror(number))


@pytest.mark.parametrize("place", [(UploadFile, "write"), (shutil, "copyfileobj"), (uploads, "rows_of")])
def test_a_disk_that_fails_is_a_fault_of_the_portal(empty, monkeypatch, place):
    def fail(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(*place, fail)
    answer = send(empty)
    assert answer.status_code == 500
    assert "The portal failed here. Its log says where." in answer.text


def test_a_file_that_cannot_be_decoded_is_refused(empty, monkeypatch):
    def undecoded(*_):
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

    monkeypatch.setattr(uploads, "rows_of", undecoded)
    answer = send(empty)
    assert answer.status_code == 422
    assert "the file cannot be read (UnicodeDecodeError). Write it again as UTF-8." in answer.text


def test_a_form_that_breaks_off_is_refused_as_a_form(empty, monkeypatch):
    def broken(*_):
        raise ValueError

    monkeypatch.setattr(UploadFile, "write", broken)
    answer = send(empty)
    assert answer.status_code == 422
    assert "<p>The body cannot be read as JSON or as a form.</p>" in answer.text


@pytest.mark.parametrize("name", [b"news.c\0sv", b"news.csv\0"])
def test_a_file_with_a_null_byte_in_its_ending_is_refused_by_its_ending(empty, name):
    answer = send(empty, name)
    assert answer.status_code == 422
    ending = name.decode().removeprefix("news")
    said = f"the file ends in {ending}. Give one that ends in .csv, .tsv, .jsonl, .json or .parquet."
    assert said in html.unescape(answer.text)


def test_a_file_of_another_ending_is_refused_by_its_ending(empty):
    answer = send(empty, b"news.exe")
    assert answer.status_code == 422
    assert "the file ends in .exe. Give one that ends in .csv" in answer.text
