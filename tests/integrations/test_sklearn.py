"""Programs that use scikit-learn's factorizations, while partwise takes their place."""

import subprocess
import sys
import types

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.decomposition
import sklearn.decomposition._nmf as private

import partwise as pw

NAMES = ("NMF", "MiniBatchNMF", "non_negative_factorization")
PRIVATE = ("_initialize_nmf", "_update_coordinate_descent")
THEIRS = {name: getattr(private, name) for name in NAMES + PRIVATE}


@pytest.fixture
def patched():
    pw.patch_sklearn()
    yield
    pw.unpatch_sklearn()


@pytest.mark.usefixtures("patched")
@pytest.mark.parametrize("name", NAMES)
def test_names_of_scikit_learn_are_ours(name):
    assert getattr(sklearn.decomposition, name) is getattr(private, name) is getattr(pw, name)


def test_the_function_gives_arrays_whatever_container_is_told():
    X = np.random.default_rng(0).random((8, 5))
    plain = pw.non_negative_factorization(X, n_components=2, random_state=0)[0]
    pytest.importorskip("pandas")
    with sklearn.config_context(transform_output="pandas"):
        told = pw.non_negative_factorization(X, n_components=2, random_state=0)[0]
    assert isinstance(told, np.ndarray)
    np.testing.assert_array_equal(told, plain)


def test_every_name_comes_back():
    pw.patch_sklearn()
    pw.patch_sklearn()  # twice is once
    pw.unpatch_sklearn()
    assert {name: getattr(private, name) for name in THEIRS} == THEIRS
    assert {name: getattr(sklearn.decomposition, name) for name in NAMES} == {name: THEIRS[name] for name in NAMES}
    pw.unpatch_sklearn()  # and nothing happens where there is nothing to give back


def test_a_module_that_took_a_name_before_gets_ours_and_theirs_again(monkeypatch):
    client = types.ModuleType("a_client")
    client.Model, client.own = THEIRS["NMF"], pw.NMF
    monkeypatch.setitem(sys.modules, "a_client", client)
    pw.patch_sklearn()
    assert client.Model is pw.NMF
    pw.unpatch_sklearn()
    assert client.Model is THEIRS["NMF"]
    assert client.own is pw.NMF, "what took ours by itself keeps it"


@pytest.mark.usefixtures("patched")
@pytest.mark.parametrize("init", [None, "random", "nndsvd", "nndsvda", "nndsvdar"])
@pytest.mark.parametrize("make", [np.asarray, sp.csr_array], ids=["dense", "sparse"])
def test_the_start_has_the_shapes_and_quality_of_theirs(init, make):
    X = np.random.default_rng(0).gamma(0.5, size=(30, 12))
    W, H = private._initialize_nmf(make(X), 4, init, random_state=0)
    theirs = THEIRS["_initialize_nmf"](make(X), 4, init, random_state=0)
    assert (W.shape, H.shape) == (theirs[0].shape, theirs[1].shape)
    assert min(W.min(), H.min()) >= 0
    if init == "random":
        assert np.allclose(W, theirs[0])
        assert np.allclose(H, theirs[1])


@pytest.mark.usefixtures("patched")
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("make", [np.asarray, sp.csr_array], ids=["dense", "sparse"])
@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.3, 0.2)])
def test_a_sweep_takes_the_steps_of_theirs(make, dtype, order, l1, l2):
    rng = np.random.default_rng(0)
    X, W, Ht = rng.gamma(0.5, size=(30, 12)), rng.gamma(0.5, size=(30, 4)), rng.gamma(0.5, size=(12, 4))
    X, Ht = make(X.astype(dtype)), Ht.astype(dtype)
    ours, theirs = W.astype(dtype, order=order), W.astype(dtype)  # theirs takes C order alone
    violation = private._update_coordinate_descent(X, ours, Ht, l1, l2, False, None)
    expected = THEIRS["_update_coordinate_descent"](X, theirs, Ht, l1, l2, False, None)
    assert np.allclose(ours, theirs, rtol=1e-4 if dtype == np.float32 else 1e-10, atol=1e-6)
    assert violation > 0
    assert expected > 0
    for _ in range(300):
        violation = private._update_coordinate_descent(X, ours, Ht, l1, l2, False, None)
    assert violation < 1e-2, "at the minimum no gradient is left"


def test_a_program_runs_unchanged_in_a_process_that_patches_first():
    program = (
        "import partwise; partwise.patch_sklearn()\n"
        "from sklearn.decomposition import NMF, non_negative_factorization\n"
        "from sklearn.datasets import load_digits\n"
        "X = load_digits().data[:200]\n"
        "model = NMF(n_components=2, init='random', random_state=0)\n"
        "W = model.fit_transform(X)\n"
        "print(type(model).__module__, W.shape, non_negative_factorization(X, n_components=3)[2] > 0)\n"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.split(maxsplit=1) == ["partwise.estimators.nmf", "(200, 2) True\n"]


@pytest.mark.usefixtures("patched")
def test_the_private_method_that_others_call_gives_weights_parts_and_iterations():
    X = sp.csr_matrix(np.random.default_rng(0).gamma(0.5, size=(30, 12)))
    start = private._initialize_nmf(X, 4, random_state=0)
    model = private.NMF(4, init="custom", random_state=0)
    W, H, iterations = model._fit_transform(X, W=start[0], H=start[1], update_H=True)
    assert iterations == model.n_iter_ > 0
    assert np.array_equal(H, model.components_)
    again, same, _ = private.NMF(4, init="custom")._fit_transform(X, W=None, H=H, update_H=False)
    assert same is H
    assert np.allclose(again, W)


def test_weights_are_arrays_where_scikit_learn_is_set_to_give_frames(patched):
    X = np.random.default_rng(0).gamma(0.5, size=(30, 12))
    with sklearn.config_context(transform_output="pandas"):
        W = sklearn.decomposition.non_negative_factorization(X, n_components=3)[0]
        again = private.NMF(3)._fit_transform(X)[0]
    assert type(W) is type(again) is np.ndarray


def test_a_class_without_a_hash_is_passed_by(monkeypatch):
    class Kind(type):
        def __eq__(cls, other):
            return NotImplemented

    client = types.ModuleType("a_client")
    client.Odd, client.Model = Kind("Odd", (), {}), THEIRS["NMF"]
    monkeypatch.setitem(sys.modules, "a_client", client)
    pw.patch_sklearn()
    assert client.Model is pw.NMF
    pw.unpatch_sklearn()
    assert client.Model is THEIRS["NMF"]
