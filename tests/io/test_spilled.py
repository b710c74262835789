"""Texts on disk: what went in comes out, as often as it is asked for, and nothing is left behind."""

import errno
import gc
import os

import pytest

from partwise.io import spilled
from partwise.io.spilled import SpilledTexts

TEXTS = ["Rates rise", "", "schön 日本 \U0001f600", "half a character \udc80", "a\nb\0c", "x" * 5000]


@pytest.mark.parametrize("block", [1, 2, 1000])
def test_texts_come_out_as_they_went_in(monkeypatch, block):
    monkeypatch.setattr(spilled, "BLOCK", block)
    with SpilledTexts(iter(TEXTS)) as texts:
        assert [*texts] == [*texts] == TEXTS
        assert [texts[i] for i in range(len(texts))] == TEXTS
        assert texts[-1] == TEXTS[-1]
        assert texts[1::2] == TEXTS[1::2]
        assert len(texts) == len(TEXTS)
        with pytest.raises(IndexError):
            texts[len(TEXTS)]


def test_two_may_read_at_once():
    with SpilledTexts(TEXTS) as texts:
        assert [*zip(texts, texts, strict=True)] == [*zip(TEXTS, TEXTS, strict=True)]


def open_files():
    return len(os.listdir("/proc/self/fd"))


def test_the_file_has_no_name_and_is_gone_with_its_owner(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    gc.collect()
    before = open_files()
    texts = SpilledTexts(TEXTS)
    assert not [*tmp_path.iterdir()]
    assert open_files() == before + 1
    del texts
    assert open_files() == before


def test_an_error_of_the_iterator_passes_and_leaves_no_file():
    def broken():
        yield "a text"
        raise ZeroDivisionError

    gc.collect()
    before = open_files()
    with pytest.raises(ZeroDivisionError):
        SpilledTexts(broken())
    assert open_files() == before


def test_a_full_disk_is_told_with_the_folder_and_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    class Full:
        def write(self, content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def close(self):
            pass

    monkeypatch.setattr("tempfile.TemporaryFile", lambda **settings: Full())
    with pytest.raises(OSError, match=r"No space left on device: .*TMPDIR") as raised:
        SpilledTexts(TEXTS)
    assert raised.value.filename == str(tmp_path)
