"""How many parts: planted numbers are found, and what is not clear is said."""

import json
import re
import time

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import NMF, choose_rank
from partwise.exceptions import DataError, MissingExtraError, ParameterError
from partwise.selection.choice import judge
from partwise.selection.ledger import Cell, Ledger


def ledger(errors, ranks, parts=None):
    """One whose folds have those errors, an array (folds, ranks)."""
    made = Ledger(None, "")
    for fold, row in enumerate(errors):
        for k, error in zip(ranks, row, strict=True):
            found = np.eye(k, 30) if parts is None else parts(fold, k)
            made.add(Cell(fold, k, float(error), 1.0, 0, 0.0), (np.ones((2, k)), np.ones((k, 2))), found)
    return made


def curve(*mean, spread=0.001, folds=4):
    return np.array(mean) + spread * np.random.default_rng(0).standard_normal((folds, len(mean)))


@pytest.mark.parametrize("store", [np.array, np.asfortranarray, sp.csr_array], ids=["C", "Fortran", "CSR"])
@pytest.mark.parametrize("k", [2, 3, 6])
def test_a_planted_number_of_parts_is_found(planted, store, k):
    choice = choose_rank(store(planted(120, 60, k, seed=k)), ranks=range(1, 9), folds=4, random_state=0)
    assert choice.n_components == k
    assert choice.clear
    assert choice.reason.startswith(f"{k} part")


def test_one_part_is_found():
    rng = np.random.default_rng(0)
    X = np.outer(rng.gamma(1.0, 1.0, 120), rng.gamma(1.0, 1.0, 60)) * rng.gamma(50.0, 0.02, (120, 60))
    choice = choose_rank(X, ranks=range(1, 6), random_state=0)
    assert (choice.n_components, choice.clear) == (1, True)
    assert choice.reason.startswith("1 part:")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_is_found_in_any_units(planted, dtype):
    X = planted(120, 60, 4).astype(dtype)
    whole = choose_rank(X, ranks=range(1, 7), random_state=0)
    for unit in (1e-25, 1e25):
        scaled = choose_rank(X * dtype(unit), ranks=range(1, 7), random_state=0)
        assert scaled.n_components == whole.n_components == 4
        np.testing.assert_allclose([r["error"] for r in scaled.records], [r["error"] for r in whole.records], rtol=0.05)


@pytest.mark.parametrize("store", [np.array, sp.csr_array], ids=["dense", "sparse"])
def test_it_is_found_in_counts(store):
    rng = np.random.default_rng(1)
    rate = rng.gamma(0.2, 1.0, (200, 4)) @ rng.dirichlet(np.full(80, 0.05), 4) * 60
    X = store(rng.poisson(rate).astype(float))
    assert choose_rank(X, ranks=range(1, 8), folds=4, loss="kullback-leibler", random_state=0).n_components == 4


def test_it_is_found_where_entries_are_unknown(planted):
    X = planted(120, 60, 3, noise=0.05)
    X[np.random.default_rng(0).random(X.shape) < 0.4] = np.nan
    choice = choose_rank(X, ranks=range(1, 6), folds=4, random_state=0, missing_values=np.nan)
    assert choice.n_components == 3


def test_noise_has_one_part_or_no_clear_answer():
    X = np.random.default_rng(0).gamma(1.0, 1.0, (120, 60))
    assert choose_rank(X, ranks=range(1, 6), random_state=0).n_components == 1
    among_more = choose_rank(X, ranks=range(2, 6), random_state=0)
    assert not among_more.clear
    assert "no clear answer: one part" in among_more.reason.lower()


@pytest.mark.parametrize("method", ["speckled", "bicross"])
def test_the_choice_has_the_same_bits_at_any_number_of_jobs(planted, method):
    X = planted(80, 50, 3)
    options = {"ranks": range(1, 5), "folds": 3, "method": method, "random_state": 0}
    one, two = (choose_rank(X, n_jobs=n, **options) for n in (1, 2))
    for a, b in zip(one.records, two.records, strict=True):
        assert {**a, "seconds": 0} == {**b, "seconds": 0}


def test_blocks_find_it_too(planted):
    assert choose_rank(planted(120, 80, 3), ranks=range(1, 6), method="bicross", random_state=0).n_components == 3


def test_other_losses_are_judged_too(planted):
    X = planted(60, 40, 2) + 0.1
    for loss in ("itakura-saito", 1.5, "huber"):
        choice = choose_rank(X, ranks=(1, 2), folds=3, loss=loss, random_state=0, max_iter=50)
        assert np.isfinite([record["error"] for record in choice.records]).all()


def test_nothing_said_tries_what_the_data_has_room_for(planted):
    choice = choose_rank(planted(40, 16, 2), random_state=0)
    tried = [record["n_components"] for record in choice.records]
    assert choice.n_components == 2
    assert tried == list(range(1, len(tried) + 1))
    assert len(tried) <= 8


# the rule


def test_more_parts_that_do_not_surely_lower_the_error_are_left_out():
    found = judge(ledger(curve(0.9, 0.5, 0.3, 0.2995, 0.31), range(1, 6)), range(1, 6), late=False)
    assert (found.n_components, found.clear) == (3, True)


def test_more_parts_that_surely_lower_it_by_little_are_left_out_too():
    errors = curve(0.9, 0.5, 0.300, 0.299, 0.31, spread=1e-6)
    found = judge(ledger(errors, range(1, 6)), range(1, 6), late=False)
    assert found.n_components == 3


def test_an_error_that_still_falls_at_the_most_tried_is_no_clear_answer():
    found = judge(ledger(curve(0.9, 0.8, 0.7, 0.6), range(1, 5)), range(1, 5), late=False)
    assert (found.n_components, found.clear) == (4, False)
    assert "no clear answer" in found.reason.lower()
    assert "still falls at 4 parts" in found.reason


def test_a_tie_is_told_as_a_tie():
    """As of passages of text, where a part brings little: 10 parts are not simply where the error is lowest."""
    ranks = (1, 6, 8, 10, 12, 15)
    errors = curve(0.9990, 0.9905, 0.9889, 0.9884, 0.9885, 0.9893, spread=1e-5)
    found = judge(ledger(errors, ranks), ranks, late=False)
    assert found.n_components == 10
    assert found.reason == (
        "10 parts: the error on held-out cells, 0.9884, is a tie with more parts (0.9885 with 12), so the fewest are "
        "taken, and is hardly lower than with fewer (0.9889 with 8)."
    )


@pytest.mark.parametrize("spread", [1e-6, 1e-3, 1e-2])
def test_all_grids_of_one_matrix_tell_one_story(spread):
    """The error falls to 8 parts, and then by less than folds differ: whatever else is tried."""
    mean = [0.9, 0.7, 0.6, 0.53, 0.49, 0.46, 0.44, 0.43, 0.4299, 0.4298, 0.4299, 0.43]
    errors = curve(*mean, spread=spread, folds=5)
    found = [
        judge(ledger(errors[:, [k - 1 for k in ranks]], ranks), ranks, late=False)
        for ranks in ([*range(1, 13)], [*range(1, 11)], [1, 2, 4, 6, 8, 10, 12], [1, 2, 4, 6, 8, 10])
    ]
    assert len({choice.clear for choice in found}) == 1
    assert all("is a tie with more parts" in choice.reason for choice in found)
    assert {choice.n_components for choice in found} <= {8, 9}


def test_numbers_whose_error_is_higher_but_differs_from_fold_to_fold_are_no_tie():
    """As of 21 genomes: 2 parts predict best, and with 4 some folds go wrong."""
    errors = np.array([[1.1, 0.17, 0.18, 0.9], [1.1, 0.18, 0.17, 0.2], [1.1, 0.17, 0.19, 0.2], [1.1, 0.18, 0.18, 0.2]])
    assert (
        "is a tie with more parts (0.18 with 3), so"
        in judge(ledger(errors, range(1, 5)), range(1, 5), late=False).reason
    )
    found = judge(ledger(errors[:, [0, 1, 3]], (1, 2, 4)), (1, 2, 4), late=False)
    assert "lowest there, 0.175, against 1.1 with 1 and 0.375 with 4" in found.reason


def test_a_row_that_makes_one_fold_fail_is_named():
    made = ledger(curve(0.9, 0.3, 0.35), range(1, 4))
    for fold, (error, share) in enumerate([(0.3, 0.1), (0.3, 0.1), (8.0, 0.9), (0.3, 0.1)]):
        made.cells[fold, 2] = Cell(fold, 2, error, 1.0, 5 if share > 0.5 else fold, share)
        made.cells[fold, 1] = Cell(fold, 1, 3 + error, 1.0, 0, 0.0)
        made.cells[fold, 3] = Cell(fold, 3, 1 + error, 1.0, 0, 0.0)
    assert judge(made, range(1, 4), late=False).reason.endswith(
        ". Row 5, counted from 0, makes 81% of the error with 2 parts: leave it out, or weigh it less."
    )


def test_an_error_that_falls_on_by_less_than_folds_differ_is_no_clear_answer_wherever_the_grid_ends():
    rng = np.random.default_rng(0)
    mean = np.array([0.9, 0.8, 0.75, 0.73, 0.72, 0.71, 0.72, 0.73])
    tilt = rng.normal(size=5)
    errors = mean + np.outer(tilt - tilt.mean(), np.linspace(0, 0.3, 8))
    for most in (6, 8):
        ranks = range(1, most + 1)
        found = judge(ledger(errors[:, :most], ranks), ranks, late=False)
        assert not found.clear
        assert "falls on from" in found.reason
        assert ("the most tried" in found.reason) == (most == 6)


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_a_row_that_makes_most_of_the_error_is_named(loss):
    """A genome with a hundred times the mutations of others, and of a kind of its own."""
    rng = np.random.default_rng(0)
    X = rng.poisson(50 * rng.gamma(0.5, 1.0, (40, 3)) @ rng.dirichlet(np.full(30, 0.3), 3)).astype(float)
    options = {"ranks": range(1, 4), "loss": loss, "random_state": 0}
    assert "Row" not in choose_rank(X, **options).reason
    X[17] = rng.poisson(50_000 * rng.dirichlet(np.full(30, 0.3)))
    assert "Row 17, counted from 0, makes" in choose_rank(X, **options).reason


@pytest.mark.parametrize("method", ["speckled", "bicross"])
def test_a_small_row_that_makes_most_of_a_loss_of_ratios_is_named(method):
    """Squared residuals of a row in a millionth of the unit are nothing, and its ratios are far off."""
    rng = np.random.default_rng(0)
    X = rng.gamma(2.0, 1.0, (60, 3)) @ rng.dirichlet(np.full(40, 3.0), 3) * rng.gamma(200, 1 / 200, (60, 40))
    X[33] = 1e-6 * 10 ** rng.uniform(-8, 3, 40)
    reason = choose_rank(X, ranks=range(1, 5), loss="itakura-saito", method=method, random_state=0).reason
    assert "Row 33, counted from 0, makes" in reason


def test_the_fewest_tried_are_no_clear_answer_unless_one_part_is_all_that_is_fewer():
    errors = curve(0.9, 0.3, 0.35, 0.4)
    assert judge(ledger(errors, (1, 2, 3, 4)), (2, 3, 4), late=False).clear
    found = judge(ledger(errors, (1, 4, 5, 6)), (4, 5, 6), late=False)
    assert (found.n_components, found.clear) == (4, False)


def test_parts_that_differ_between_folds_or_are_alike_are_warned_of():
    def shuffled(fold, k):
        return np.random.default_rng(fold).gamma(0.1, 1.0, (k, 30))

    def alike(fold, k):
        return np.ones((k, 30))

    errors = curve(0.9, 0.3, 0.35)
    assert (
        "Parts differ from fold to fold" in judge(ledger(errors, range(1, 4), shuffled), range(1, 4), late=False).reason
    )
    assert (
        "Some parts are nearly the same." in judge(ledger(errors, range(1, 4), alike), range(1, 4), late=False).reason
    )


@pytest.mark.parametrize("errors", [(0.9, 0.3, 0.35), (0.9, 0.5, 0.3), (0.3, 0.5, 0.6)])
def test_the_reason_is_one_sentence(errors):
    reason = judge(ledger(curve(*errors), range(1, 4)), range(1, 4), late=False).reason
    assert re.fullmatch(r"[^.]*(\.\d[^.]*)*\.", reason)


# time, resuming, progress


def test_a_time_limit_is_kept_and_what_is_known_by_then_is_used(planted, monkeypatch):
    """A clock that each fit moves by half of what a fold is given, so that no other load counts."""
    X, now, seen = planted(80, 50, 8), [1.0], []

    def progress(cell):
        seen.append((cell.fold, cell.n_components))
        now[0] += 5.0

    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    choice = choose_rank(X, ranks=range(1, 30), random_state=0, max_time=50.0, progress=progress)
    assert seen == [(fold, k) for fold in range(5) for k in (1, 2)]
    assert [record["n_components"] for record in choice.records] == [1, 2]
    assert "time limit" in choice.reason
    monkeypatch.undo()
    nothing = choose_rank(X, ranks=range(3, 6), random_state=0, max_time=1e-9)
    assert (nothing.n_components, nothing.clear, nothing.records) == (3, False, [])
    assert "no clear answer" in nothing.reason.lower()


@pytest.mark.parametrize("interrupted_after", [1, 4, 7])
def test_a_search_resumed_finds_what_one_never_interrupted_does(planted, tmp_path, interrupted_after):
    X, path, seen = planted(80, 50, 3), tmp_path / "ranks.json", []
    options = {"ranks": range(2, 6), "folds": 2, "loss": 1, "random_state": 0}

    def interrupt(cell):
        seen.append(cell)
        if len(seen) == interrupted_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        choose_rank(X, resume=path, progress=interrupt, **options)
    assert len(json.loads(path.read_text())["cells"]) == interrupted_after
    after = []
    resumed = choose_rank(X, resume=path, progress=after.append, **options)
    assert len(after) == 10 - interrupted_after
    whole = choose_rank(X, **options)
    for a, b in zip(resumed.records, whole.records, strict=True):
        assert {**a, "seconds": 0} == {**b, "seconds": 0}
    again = choose_rank(X, resume=path, progress=lambda cell: pytest.fail("nothing is left to do"), **options)
    assert again.reason == whole.reason


def test_a_fold_whose_factors_are_lost_is_done_again(planted, tmp_path):
    X, path, after = planted(80, 50, 3), tmp_path / "ranks.json", []
    choose_rank(X, ranks=range(1, 4), folds=2, random_state=0, resume=path)
    (tmp_path / "ranks.json.fold1.safetensors").unlink()
    choose_rank(X, ranks=range(1, 4), folds=2, random_state=0, resume=path, progress=after.append)
    assert [(cell.fold, cell.n_components) for cell in after] == [(1, 1), (1, 2), (1, 3)]


def test_a_file_of_other_data_or_settings_or_none_at_all_is_refused(planted, tmp_path):
    X, path = planted(80, 50, 3), tmp_path / "ranks.json"
    options = {"ranks": (1, 2), "folds": 2, "random_state": 0, "resume": path}
    choose_rank(X, **options)
    for other, changed in ((X + 1, {}), (X, {"tol": 1e-3}), (X, {"random_state": 1}), (sp.csr_array(X), {})):
        with pytest.raises(ParameterError, match="other data or settings"):
            choose_rank(other, **{**options, **changed})
    earlier = json.loads(path.read_text())
    for cell in earlier["cells"]:  # a file of before rows were looked at
        del cell["row"], cell["row_share"]
    for content in ("{}", json.dumps(earlier)):
        path.write_text(content)
        with pytest.raises(ParameterError, match="is not a file of choose_rank"):
            choose_rank(X, **options)
    with pytest.raises(ParameterError, match="integer random_state"):
        choose_rank(X, **{**options, "random_state": None})


def test_progress_hears_of_every_fit(planted):
    heard = []
    choose_rank(planted(80, 50, 3), ranks=(2, 3), folds=3, random_state=0, n_jobs=2, progress=heard.append)
    assert sorted((cell.fold, cell.n_components) for cell in heard) == [(f, k) for f in range(3) for k in (1, 2, 3)]


# what it says, and refuses


def test_the_table_has_a_row_for_each_number_and_the_text_marks_the_choice(planted):
    choice = choose_rank(planted(80, 50, 3), ranks=(2, 3, 4), folds=3, random_state=0)
    assert list(choice.table["n_components"]) == [2, 3, 4]
    assert {"error", "error_se", "stability", "seconds"} <= set(choice.table.columns)
    assert choice.table["error"].idxmin() == 1
    marked = [line for line in str(choice).splitlines() if line.endswith("<-")]
    assert [line.split()[0] for line in marked] == ["3"]
    assert " ".join(str(choice).split()).endswith(choice.reason)


def test_an_absent_library_is_named_with_the_extra_that_brings_it(planted, without):
    choice = choose_rank(planted(80, 50, 3), ranks=(2, 3), folds=2, random_state=0)
    for library, use, extra in (("pandas", lambda: choice.table, "tables"), ("matplotlib", choice.plot, "plot")):
        without(library)
        with pytest.raises(MissingExtraError, match=rf"{library}.*partwise\[{extra}\]"):
            use()


def test_a_choice_draws_itself(planted):
    figures = pytest.importorskip("matplotlib.figure", reason="pictures need matplotlib")
    own = figures.Figure().subplots()
    assert choose_rank(planted(80, 50, 3), ranks=(2, 3, 4), folds=2, random_state=0).plot(ax=own) is own
    assert own.get_title() == "3 parts"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ranks": []}, "ranks is empty"),
        ({"ranks": [2, 0]}, "each of ranks .*got 0"),
        ({"folds": 1}, "folds must be an integer of at least 2; got 1"),
        ({"max_time": 0}, "max_time.*got 0"),
        ({"method": "blocks"}, "method='blocks'"),
        ({"solver": "ccd"}, "ccd"),
    ],
)
def test_parameters_that_nothing_accepts_are_refused_by_name(planted, options, words):
    with pytest.raises(ParameterError, match=words):
        choose_rank(planted(30, 20, 2), **options)


def test_data_too_small_for_the_folds_is_refused():
    with pytest.raises(DataError, match="5 folds need"):
        choose_rank(np.ones((3, 3)), random_state=0)


@pytest.mark.parametrize("store", [np.array, sp.csr_array], ids=["dense", "CSR"])
def test_rows_and_columns_of_no_weight_have_no_say_in_the_number(planted, store):
    """Two planted parts in the rows and columns that count, five in the others."""
    X, rows, columns = planted(120, 60, 5, seed=1), np.ones(120), np.ones(60)
    X[:80, :40] = planted(80, 40, 2, seed=2)
    rows[80:], columns[40:] = 0, 0
    options = {"ranks": range(1, 8), "folds": 4, "random_state": 0}
    assert choose_rank(store(X), sample_weight=rows, feature_weight=columns, **options).n_components == 2
    model = NMF("choose", random_state=0).fit(store(X), sample_weight=rows, feature_weight=columns)
    assert model.n_components_ == 2
    assert choose_rank(store(X), **options).n_components > 2
