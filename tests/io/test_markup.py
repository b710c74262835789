"""Tags and entities of HTML leave a text, and what only looks like them stays."""

import pytest

from partwise.io.markup import without_markup


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<p>Rates</p><p>rise", "Rates\nrise"),
        ('one<br/>two <a href="http://x.org/?a=1>2">three</a>', "one\ntwo three"),
        ("AT&amp;T&nbsp;&#8220;rose&#x201d;", "AT&T\N{NO-BREAK SPACE}\N{LEFT DOUBLE QUOTATION MARK}rose\u201d"),
        ("<script>if (a < b) { p = '<p>' }</script><style>p { }</style>text", "text"),
        ("before <!-- <p>not this</p> --> after", "before  after"),
        ("<p>5 < 6 and <unk> stay", "5 < 6 and <unk> stay"),
        ("&lt;b&gt; is bold", "<b> is bold"),
    ],
)
def test_markup_is_taken_out(text, plain):
    assert without_markup(text) == plain


@pytest.mark.parametrize(
    "text", ["", "AT&T", "a < b > c", "a<b and b>c", "R&D; x", "<unk> of\n\n <3", "x <y and so on", "  as it is  "]
)
def test_a_text_without_markup_is_returned_as_it_is(text):
    assert without_markup(text) is text or without_markup(text) == text


def test_a_script_that_does_not_end_hides_the_rest():
    assert without_markup("text<script>var a = 1") == "text"
