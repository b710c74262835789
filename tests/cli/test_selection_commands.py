"""partwise rank and consensus: how many parts, and how sure each is."""

import builtins
import csv
import inspect
import json
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from rich.cells import cell_len

import partwise as pw
from partwise.cli import consensus as cli_consensus
from partwise.cli import rank as cli_rank
from partwise.selection.consensus import Consensus, consensus
from partwise.selection.rank import choose_rank
from partwise.tables import read_numbers

SETTINGS = ("--runs", "6", "--seed", "1")


@pytest.fixture
def planted(tmp_path):
    """A csv file of a matrix of three parts and little noise."""
    rng = np.random.default_rng(0)
    X = rng.gamma(0.3, 1.0, (40, 3)) @ rng.gamma(0.3, 1.0, (3, 20))
    X *= rng.gamma(100.0, 0.01, X.shape)
    path = tmp_path / "planted.csv"
    lines = [",".join(["sample", *(f"gene_{j}" for j in range(20))])]
    lines += [",".join([f"s{i}", *(f"{x:.6f}" for x in row)]) for i, row in enumerate(X)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def gaps(planted):
    """The same with empty cells."""
    lines = [line.split(",") for line in planted.read_text().splitlines()]
    for i in range(1, 41):
        lines[i][1 + 7 * i % 20] = ""
    path = planted.parent / "gaps.csv"
    path.write_text("\n".join(map(",".join, lines)) + "\n")
    return path


def answer(run, *arguments):
    return json.loads(run(*arguments, "--json").stdout)


def test_the_table_of_numbers_marks_the_choice_and_gives_the_reason_in_80_columns(run, planted):
    result = run("rank", planted, "--max", 5)
    lines = result.stdout.splitlines()
    assert lines[0].startswith("40 x 20 · 5 folds · frobenius · seed 0 · ")
    assert max(map(cell_len, lines)) <= 80
    assert [line.split()[0] for line in lines[2:7]] == ["1", "2", "*", "4", "5"]
    assert " ".join(lines[7:]) == answer(run, "rank", planted, "--max", 5)["reason"]
    assert result.stderr == f"! next: partwise fit {planted} --components 3 --out MODEL\n"
    assert run("rank", planted, "--max", 5, "-q").stderr == ""


@pytest.mark.parametrize(
    ("options", "ranks"),
    [((), None), (("--min", 2, "--max", 4), range(2, 5)), (("--min", 8), [8, 9, 10]), (("--ranks", "4,2,2"), [2, 4])],
)
def test_the_answer_is_that_of_choose_rank(run, planted, options, ranks, six_digits):
    found = answer(run, "rank", planted, "--seed", 3, "--folds", 3, *options)
    choice = choose_rank(read_numbers(planted).X, ranks, folds=3, random_state=3)
    assert (found["n_components"], found["clear"], found["reason"]) == (
        choice.n_components,
        choice.clear,
        choice.reason,
    )
    for ours, theirs in zip(found["tried"], choice.records, strict=True):
        assert {**ours, "seconds": 0} == {**six_digits(theirs), "seconds": 0}
    assert (found["n_samples"], found["n_features"], found["folds"], found["seed"]) == (40, 20, 3, 3)


def test_without_a_clear_answer_no_next_command_is_proposed(run, planted):
    result = run("rank", planted, "--max", 2)
    assert "No clear answer" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--ranks", "2,x"), "'x' is not a positive integer"),
        (("--ranks", "0"), "'0' is not a positive integer"),
        (("--ranks", "2", "--max", 3), "--ranks names all"),
        (("--ranks", "2", "--min", 2), "--ranks names all"),
        (("--min", 4, "--max", 3), "--max 3 is less than --min 4"),
        (("--min", 11), "give --max, too"),
        (("--out", "a.gif"), ".png, .svg or .pdf"),
        (("--resume", "absent/a.json"), "there is no folder 'absent'"),
        (("--folds", 1), "--folds"),
        (("--max-time", 0), "--max-time"),
    ],
)
def test_options_of_rank_that_make_no_sense_are_refused(run, planted, monkeypatch, options, part):
    monkeypatch.chdir(planted.parent)
    result = run("rank", planted, *options, code=2)
    assert part in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("command", [("rank", "--ranks", "2,3"), ("consensus", "--components", 2, "--runs", 3)])
def test_unknown_entries_are_let_through_and_counted_when_asked_for(run, gaps, command):
    name, *options = command
    assert "--missing nan" in run(name, gaps, *options, code=2).stderr
    assert answer(run, name, gaps, *options, "--missing", "nan")["n_unknown"] == 40
    assert "40 unknown" in run(name, gaps, *options, "--missing", "nan").stdout


def test_a_search_goes_on_where_it_was_left(run, planted):
    kept = planted.parent / "search.json"
    first = answer(run, "rank", planted, "--max", 3, "--resume", kept)
    second = answer(run, "rank", planted, "--max", 3, "--resume", kept)
    assert first["tried"] == second["tried"]  # with their seconds: nothing was fitted again
    assert "other data or settings" in run("rank", planted, "--max", 3, "--resume", kept, "--seed", 5, code=2).stderr
    before = planted.read_bytes()
    assert "not a file of" in run("rank", planted, "--max", 3, "--resume", planted, code=2).stderr
    assert planted.read_bytes() == before


def test_a_time_limit_that_leaves_nothing_fails_with_the_way_out(run, planted):
    message = run("rank", planted, "--max-time", "1e-9", code=1).stderr
    assert "Raise --max-time; --resume FILE keeps" in message
    kept = planted.parent / "search.json"
    assert f"--resume {kept} again" in run("rank", planted, "--max-time", "1e-9", "--resume", kept, code=1).stderr


def test_an_interrupt_ends_the_search_in_all_threads(run, planted, monkeypatch):
    calls = []

    @contextmanager
    def interrupting(*about):
        def progress(done):
            calls.append(done)
            if len(calls) == 1:
                raise KeyboardInterrupt

        yield progress

    monkeypatch.setattr(cli_rank, "counting", interrupting)
    assert run("rank", planted, "--folds", 2, "--max", 12, code=130).stderr == "Interrupted.\n"
    assert len(calls) <= 4  # the fit that another thread was at


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_errors_are_drawn_to_a_file(run, planted, monkeypatch, suffix):
    pytest.importorskip("matplotlib")
    monkeypatch.setenv("MPLBACKEND", "agg")
    out = planted.parent / f"errors.{suffix}"
    result = run("rank", planted, "--max", 2, "--out", out)
    assert f"drawn to {out}" in result.stderr
    assert out.read_bytes()[:5] in (b"\x89PNG\r", b"<?xml", b"%PDF-")


def test_without_matplotlib_a_picture_is_refused_before_the_search(run, planted, monkeypatch):
    real = builtins.__import__

    def without(module, *rest):
        if module.startswith("matplotlib"):
            raise ImportError(module)
        return real(module, *rest)

    monkeypatch.setattr("partwise.selection.rank.choose_rank", None)
    monkeypatch.setattr(builtins, "__import__", without)
    assert "needs matplotlib" in run("rank", planted, "--out", planted.parent / "a.png", code=1).stderr


def test_the_parts_that_runs_agree_on_have_a_line_each_in_80_columns(run, planted):
    result = run("consensus", planted, "--components", 3, *SETTINGS)
    lines = result.stdout.splitlines()
    assert lines[0].startswith("3 parts · 40 x 20 · 6 runs · seed 1 · relative error 0.0")
    assert max(map(cell_len, lines)) <= 80
    header = next(i for i, line in enumerate(lines) if line.startswith("part  share  reproducibility  largest entries"))
    assert [line.split()[0] for line in lines[header + 1 :]] == ["0", "1", "2"]
    assert all(" 1.00  gene_" in line and "% (" in line for line in lines[header + 1 :])
    assert result.stderr == ""


def test_json_tells_shares_reproducibility_and_entries_within_their_intervals(run, planted, six_digits):
    options = ["--components", 3, *SETTINGS, "--resample", "bootstrap", "--loss", "kullback-leibler"]
    facts = answer(run, "consensus", planted, *options)
    agreed = consensus(
        read_numbers(planted).X, 3, n_runs=6, resample="bootstrap", loss="kullback-leibler", random_state=1
    )
    assert (facts["runs"], facts["n_kept"], facts["resample"]) == (6, agreed.n_kept, "bootstrap")
    assert facts["cophenetic"] == six_digits(agreed.cophenetic)
    assert [part["reproducibility"] for part in facts["parts"]] == six_digits(agreed.reproducibility.tolist())
    assert sum(part["share"] for part in facts["parts"]) == pytest.approx(1)
    for t, part in enumerate(facts["parts"]):
        values = [entry["value"] for entry in part["entries"]]
        assert len(values) == 10
        assert values == six_digits(sorted(agreed.components_[t].tolist(), reverse=True)[:10])
        assert all(entry["lower"] <= entry["value"] <= entry["upper"] for entry in part["entries"])
        assert all(entry["column"].startswith("gene_") for entry in part["entries"])


def test_runs_that_do_not_count_are_said_with_the_reason(run, planted, monkeypatch):
    one = np.ones((1, 20))
    dropped = [(1, "its error is an outlier"), (2, "its error is an outlier"), (4, "its parts are outliers")]
    found = Consensus(
        one, np.ones((40, 1)), np.ones(1), one, one, 1.0, 1.0, 0.5, 3, dropped, np.arange(40), np.zeros((3, 40), int)
    )
    monkeypatch.setattr("partwise.selection.consensus.consensus", lambda *a, **s: found)
    result = run("consensus", planted, "--components", 1, *SETTINGS)
    assert "3 of 6 runs" in result.stdout
    assert result.stderr == "! runs left out: 1-2 (its error is an outlier); 4 (its parts are outliers)\n"
    facts = answer(run, "consensus", planted, "--components", 1, *SETTINGS)
    assert facts["dropped"] == [{"run": number, "reason": reason} for number, reason in dropped]


def test_a_part_of_zeros_and_columns_without_names_are_shown_too(run, tmp_path, monkeypatch):
    np.save(tmp_path / "a.npy", np.ones((4, 2)))
    parts = np.array([[0.0, 0.0], [0.0, 4.0]])
    found = Consensus(
        parts, np.ones((4, 2)), np.ones(2), parts, parts, 1.0, 1.0, 0.5, 6, [], np.arange(4), np.zeros((6, 4), int)
    )
    monkeypatch.setattr("partwise.selection.consensus.consensus", lambda *a, **s: found)
    lines = run("consensus", tmp_path / "a.npy", "--components", 2, *SETTINGS).stdout.splitlines()
    assert lines[-2].split(maxsplit=3)[3] == "(all zero)"
    assert lines[-1].split(maxsplit=3)[3] == "column 2 100% (100-100)"


def test_counts_drawn_anew_have_to_be_counts(run, planted, tmp_path):
    message = run("consensus", planted, "--components", 2, "--resample", "poisson", code=2).stderr
    assert "row 's0', column 'gene_0' is 0." in message
    assert "--resample bootstrap" in message
    np.save(tmp_path / "a.npy", np.random.default_rng(0).poisson(3.0, (20, 8)))
    assert "· poisson ·" in run("consensus", tmp_path / "a.npy", "--components", 2, "--resample", "poisson").stdout


def test_parts_are_saved_with_their_intervals_as_csv(run, planted):
    out = planted.parent / "parts.csv"
    result = run("consensus", planted, "--components", 3, *SETTINGS, "--out", out)
    assert result.stderr == f"! saved to {out}\n"
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["part"], row["column"]) for row in rows] == [
        (str(t), f"gene_{j}") for t in range(3) for j in range(20)
    ]
    assert all(float(row["lower"]) <= float(row["value"]) <= float(row["upper"]) for row in rows)


@pytest.mark.parametrize("options", [("--loss", "kullback-leibler"), ("--missing", "nan")])
def test_parts_are_saved_as_a_model_that_transforms(run, planted, gaps, options):
    out, source = planted.parent / "agreed.model", gaps if "nan" in options else planted
    facts = answer(run, "consensus", source, "--components", 3, *SETTINGS, *options, "--out", out)
    assert facts["out"] == str(out)
    model = pw.load(out)
    assert model.components_.shape == (3, 20)
    assert run("transform", out, source).stdout.count("\n") == 41
    X, _, names, *_ = read_numbers(planted)
    assert list(model.feature_names_in_) == names
    W = model.transform(pd.DataFrame(X, columns=names))
    assert np.linalg.norm(X - W @ model.components_) < 0.2 * np.linalg.norm(X)


def test_the_same_seed_prints_the_same_parts(run, planted):
    first, second = (answer(run, "consensus", planted, "--components", 4, *SETTINGS) for _ in range(2))
    assert {**first, "seconds": 0} == {**second, "seconds": 0}


def test_the_command_line_makes_as_many_runs_and_folds_as_python_does():
    for function, name, command in (
        (choose_rank, "folds", cli_rank.command),
        (consensus, "n_runs", cli_consensus.command),
    ):
        option = next(option for option in command.params if option.name in (name, name.removeprefix("n_")))
        assert option.default == inspect.signature(function).parameters[name].default


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rank", "--max", "3"], "of at most 15 fits"),
        (["consensus", "--components", "2", "--runs", "20"], "of 20 runs"),
        (["fit", "--components", "choose", "--out", "/dev/null"], "Choosing the number of parts"),
        (["fit", "--components", "3", "--out", "/dev/null"], "Finding a start"),
        (["fit", "--components", "3", "--out", "/dev/null"], "Factorizing"),
    ],
)
def test_a_bar_counts_fits_on_a_terminal_alone(on_terminal, planted, arguments, said):
    name, *options = arguments
    if name == "fit" and not hasattr(pw.NMF, "set_callbacks"):
        pytest.skip("a bar of iterations needs scikit-learn 1.9")
    assert said in on_terminal(name, planted, *options)[0]
