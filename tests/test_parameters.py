"""One rule for each parameter, whoever is given it: the same values are taken and refused, in the same words."""

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

import partwise as pw
from partwise.exceptions import DomainError, ParameterError, shown
from partwise.losses import BetaDivergence, Huber
from partwise.parameters import LARGEST_SEED, check_choice, check_flag, check_integer, check_number, check_seed

X = np.random.default_rng(0).gamma(1.0, 1.0, (24, 12))
CALLS = {
    "factorize": lambda **given: pw.factorize(X, **{"n_components": 2, **given}),
    "NMF": lambda **given: pw.NMF(**{"n_components": 2, **given}).fit(X),
    "MiniBatchNMF": lambda **given: pw.MiniBatchNMF(**{"n_components": 2, **given}).fit(X),
    "partial_fit": lambda **given: pw.MiniBatchNMF(**{"n_components": 2, **given}).partial_fit(X),
    "non_negative_factorization": lambda **given: pw.non_negative_factorization(X, **{"n_components": 2, **given}),
    "fixed parts": lambda **given: pw.non_negative_factorization(X, H=X[:2], update_H=False, **given),
    "choose_rank": lambda **given: pw.choose_rank(X, [1, 2], **{"folds": 2, **given}),
    "consensus": lambda **given: pw.consensus(X, **{"n_components": 2, "n_runs": 2, **given}),
}
FITS = [*CALLS]
STREAMS = ["MiniBatchNMF", "partial_fit"]
ARRAYS = [np.array(1), np.array([1, 2]), [1]]
NO_INTEGERS = [0, -1, 2.5, 2.0, True, np.True_, "2", "", np.nan, 1j, *ARRAYS]
NO_NUMBERS = [-1e-9, True, np.False_, "1", "small", np.nan, np.inf, -np.inf, 10**400, 1j, *ARRAYS]
NO_FLAGS = [0, 1, "yes", None, *ARRAYS]
NO_SEEDS = [-1, 2**32, 0.5, True, "0", *ARRAYS]
BAD = [
    ("n_components", NO_INTEGERS, ["factorize", "NMF", *STREAMS, "non_negative_factorization", "consensus"]),
    ("n_components", [None], ["factorize", "consensus"]),
    ("max_iter", [*NO_INTEGERS, None, 10**30], FITS),
    ("n_init", [*NO_INTEGERS, None], ["factorize", "NMF", "non_negative_factorization", "consensus"]),
    ("tol", [*NO_NUMBERS, None], FITS),
    ("max_time", [*NO_NUMBERS, 0, "None"], ["factorize", "NMF", "non_negative_factorization", "choose_rank"]),
    ("max_time", [*NO_NUMBERS, 0], ["consensus"]),
    ("random_state", NO_SEEDS, FITS),
    ("init", ["randon", 3, *ARRAYS], ["factorize", "NMF", *STREAMS, "non_negative_factorization", "fixed parts"]),
    ("solver", ["hal", 3, None, *ARRAYS], ["factorize", "NMF", "fixed parts", "choose_rank", "consensus"]),
    ("loss", ["frobenus", 1j, np.nan, 10**400, *ARRAYS], FITS),
    ("beta_loss", ["frobenus", None, np.inf, *ARRAYS], ["NMF", *STREAMS, "fixed parts"]),
    ("sum_to_one", NO_FLAGS, ["factorize", "NMF"]),
    ("min_volume", [*NO_NUMBERS, None], ["factorize", "NMF"]),
    ("shuffle", NO_FLAGS, ["NMF", "fixed parts"]),
    ("fresh_restarts", NO_FLAGS, STREAMS),
    ("update_H", NO_FLAGS, ["non_negative_factorization"]),
    ("verbose", [-1, 0.5, "yes", None, *ARRAYS], ["NMF", *STREAMS, "fixed parts"]),
    ("alpha_W", [*NO_NUMBERS, None, "same"], ["NMF", *STREAMS, "fixed parts"]),
    ("alpha_H", [*NO_NUMBERS, None], ["NMF", *STREAMS, "fixed parts"]),
    ("l1_ratio", [*NO_NUMBERS, None, 1.5], ["NMF", *STREAMS, "fixed parts"]),
    ("forget_factor", [*NO_NUMBERS, None, 1.5], STREAMS),
    ("batch_size", [*NO_INTEGERS, None], STREAMS),
    ("max_no_improvement", NO_INTEGERS, STREAMS),
    ("transform_max_iter", NO_INTEGERS, STREAMS),
    ("folds", [*NO_INTEGERS, None, 1], ["choose_rank"]),
    ("method", ["blocks", None, *ARRAYS], ["choose_rank"]),
    ("n_runs", [*NO_INTEGERS, None, 1], ["consensus"]),
    ("resample", ["jackknife", 1, *ARRAYS], ["consensus"]),
    ("negatives", ["zero", None, *ARRAYS], ["factorize", "NMF", *STREAMS]),
    ("missing_values", ["nan", 1, True, *ARRAYS], ["factorize", "NMF", *STREAMS, "choose_rank", "consensus"]),
    ("penalty_W", [0.5, np.ones(3)], ["factorize"]),
    ("penalty_H", [0.5, np.ones(3)], ["factorize"]),
    ("bounds_W", [0.5, (0, 1)], ["factorize"]),
    ("bounds_H", [0.5, np.ones(3)], ["factorize"]),
    ("callback", [3, "print"], ["factorize"]),
    ("progress", [3, "print"], ["choose_rank", "consensus"]),
]


@pytest.mark.parametrize(
    ("name", "values", "call"),
    [(name, values, call) for name, values, calls in BAD for call in calls],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_no_function_can_use_is_refused_by_name(name, values, call):
    for value in values:
        with pytest.raises(ParameterError) as raised:
            CALLS[call](**{name: value})
        text = str(raised.value)
        assert text.startswith((f"{name} must be", f"{name}=")), text
        assert shown(value) in text, text


def test_the_same_value_is_refused_in_the_same_words_everywhere():
    for name, value in (("tol", np.inf), ("max_iter", "9"), ("random_state", -1), ("max_time", 0)):
        texts = set()
        for call in ("factorize", "NMF", "non_negative_factorization", "choose_rank", "consensus"):
            with pytest.raises(ParameterError) as raised:
                CALLS[call](**{name: value})
            texts.add(str(raised.value))
        assert len(texts) == 1


@pytest.mark.parametrize("call", FITS)
def test_numbers_of_numpy_do_what_python_s_do(call):
    def answer(found):
        parts = getattr(found, "components_", getattr(found, "H", None))
        return found[1] if isinstance(found, tuple) else found.records[-1]["error"] if parts is None else parts

    python = answer(CALLS[call](tol=0.5, max_iter=100, random_state=3))
    for number, integer in ((np.float16, np.int8), (np.longdouble, np.uint64), (Fraction, np.int32)):
        numpy = answer(CALLS[call](tol=number(0.5), max_iter=integer(100), random_state=integer(3)))
        np.testing.assert_array_equal(numpy, python)


def test_a_generator_is_a_seed_that_is_drawn_from():
    first, second = (
        [pw.factorize(X, 2, init="random", tol=0.5, random_state=state).H for _ in range(2)]
        for state in (np.random.default_rng(5), np.random.default_rng(5))
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(*first)


def test_numpy_s_own_seed_counts_where_none_is_given():
    found = []
    for _ in range(2):
        np.random.seed(1)  # noqa: NPY002
        found.append(pw.factorize(X, 2, init="random", tol=0.5).H)
    np.testing.assert_array_equal(*found)


def test_a_number_counts_as_such_by_its_kind_not_by_its_value():
    assert check_integer("n", np.int8(3)) == 3
    assert type(check_integer("n", np.int8(3))) is int
    assert check_number("x", np.float16(0.5)) == 0.5
    assert type(check_number("x", 2)) is float
    assert check_flag("f", np.True_) is True
    assert check_number("x", 0.0) == 0.0
    with pytest.raises(ParameterError, match=r"x must be a finite number above 0; got 0\.0"):
        check_number("x", 0.0, above=True)


def test_a_text_names_what_else_is_taken_and_the_way_out():
    with pytest.raises(
        ParameterError, match=r"^n must be a positive integer, 'auto' or None; got 'aut'\. Did you mean"
    ):
        check_integer("n", "aut", also=("auto", None))
    with pytest.raises(ParameterError, match=r"^n must be an integer from 2 to 5; got 6\. Take fewer\.$"):
        check_integer("n", 6, 2, 5, hint="Take fewer.")
    with pytest.raises(ParameterError, match=r"^how='lef' is not known; choose one of 'left', 'right'\. Did you mean"):
        check_choice("how", "lef", ("left", "right"))
    with pytest.raises(ParameterError, match="random_state must be an integer from 0 to 4294967295, a RandomState"):
        check_seed("random_state", -1)


def test_a_text_never_repeats_a_long_value():
    with pytest.raises(ParameterError, match=r"got ndarray of shape \(3, 4\)\.$"):
        check_integer("n", np.ones((3, 4)))
    with pytest.raises(ParameterError) as raised:
        check_integer("n", list(range(1000)))
    assert len(str(raised.value)) < 120


@pytest.mark.parametrize("make", [pw.Penalty, Huber, BetaDivergence])
def test_objects_of_numbers_are_refused_like_numbers(make):
    for value in (True, "1", np.nan, np.inf, np.array([1.0, 2.0]), None):
        with pytest.raises(ParameterError, match="must be a finite number"):
            make(value)


def test_functions_of_results_refuse_like_fits():
    found = pw.diagnose(X, pw.factorize(X, 2, random_state=0))
    for call in (
        lambda: found.worst_rows(-1),
        lambda: found.worst_columns(2.5),
        lambda: found.worst_rows(2, relative="yes"),
        lambda: pw.compare_with_svd(X, 13),
        lambda: pw.compare_with_svd(X, 2.0),
        lambda: pw.compare_with_svd(X, 2, random_state=-1),
        lambda: pw.choose_rank(X, 3),
        lambda: pw.choose_rank(X, "23"),
        lambda: pw.choose_rank(X, [2.5]),
        lambda: pw.choose_rank(X, [2, "3"]),
        lambda: pw.choose_rank(X, resume="search.json", random_state=None),
    ):
        with pytest.raises(ParameterError):
            call()


def test_the_command_line_refuses_a_seed_within_the_same_limits(tmp_path):
    table = tmp_path / "table.csv"
    np.savetxt(table, X, delimiter=",")
    command = [sys.executable, "-m", "partwise", "fit", str(table), "--components", "2", "--out", str(tmp_path / "m")]
    for seed in (-1, LARGEST_SEED + 1):
        told = subprocess.run([*command, "--seed", str(seed)], capture_output=True, text=True, check=False)
        assert told.returncode != 0
        assert "--seed" in told.stderr
        assert str(LARGEST_SEED) in told.stderr


@pytest.mark.parametrize("count", [2**20 + 1, 2**33, 10**18])
def test_more_parts_than_memory_holds_are_refused_at_once(count):
    for call in ("factorize", "NMF", "MiniBatchNMF", "non_negative_factorization", "consensus"):
        with pytest.raises(ParameterError, match=f"n_components: {count:,} parts"):
            CALLS[call](n_components=count)
    with pytest.raises(ParameterError, match=f"each of ranks: {count:,} parts"):
        pw.choose_rank(X, [2, count])


@pytest.mark.parametrize("beta", [-3000, 3000])
@pytest.mark.parametrize("call", ["factorize", "choose_rank", "consensus"])
def test_a_beta_beyond_numbers_is_refused_by_all_who_fit(call, beta):
    with pytest.raises(DomainError, match="beyond the range of numbers"):
        CALLS[call](loss=beta)
