"""What a command is doing is said on a terminal, while it does it."""

from partwise import NMF


def test_reading_counting_finding_judging_and_loading_are_said_in_turn(on_terminal, news):
    out = news.parent / "news.model"
    said, printed = on_terminal("topics", news, "--topics", 2, "--out", out)
    fitting = ["Finding topics"] if hasattr(NMF, "set_callbacks") else []  # a bar needs scikit-learn 1.9
    steps = ["Reading ", "Counting words", *fitting, "Judging the topics"]
    places = [said.find(step) for step in steps]
    assert -1 not in places
    assert places == sorted(places)
    assert printed.startswith("2 topics")
    assert not any(step in printed for step in steps)
    said, printed = on_terminal("similar", out, "sport/01", "--json")
    assert "Loading " in said
    assert printed.startswith("[")
    assert on_terminal("similar", out, "sport/01", "--json", "-q")[0] == "end"
