"""What a command is doing is said on a terminal, while it does it."""

import numpy as np
import pytest

from partwise import NMF
from partwise.cli.progress import IterationBar


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


class Bars:
    """What a bar showed, in turn."""

    def __init__(self):
        self.shown = []

    def reset(self, task, total, completed):
        self.shown.append((completed, total))

    def update(self, task, description, completed, total, at):
        self.shown.append((completed, total))


@pytest.mark.skipif(not hasattr(NMF, "set_callbacks"), reason="a bar needs scikit-learn 1.9")
@pytest.mark.parametrize("n_init", [1, 2])
def test_the_bar_of_a_fit_that_goes_on_counts_from_its_checkpoint(tmp_path, n_init):
    X = np.random.default_rng(0).random((30, 8))
    options = {"random_state": 0, "tol": 0, "n_init": n_init, "init": "random", "checkpoint_dir": tmp_path}
    NMF(2, **options, max_iter=6).set_params(n_init=1).fit(X) if n_init == 1 else None
    bars = Bars()
    model = NMF(2, **options, max_iter=10, resume=True)
    model.set_callbacks(IterationBar(bars, 0, "Factorizing"))
    model.fit(X)
    first = 6 if n_init == 1 else 0
    assert bars.shown == [(done, 10 * n_init) for done in range(first, 10 * n_init + 1)]
