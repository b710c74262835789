"""The public names, and what importing them costs."""

import pickle
import pkgutil
import subprocess
import sys
from importlib import import_module

import pytest

import partwise
from partwise import exceptions

PUBLIC = [
    "Bounds",
    "Comparison",
    "Consensus",
    "Diagnostics",
    "Factorization",
    "Match",
    "MiniBatchNMF",
    "NMF",
    "PartFeatures",
    "Penalty",
    "RankChoice",
    "Recommender",
    "TopicModel",
    "choose_rank",
    "compare_with_svd",
    "consensus",
    "convert",
    "diagnose",
    "divergence",
    "explained_fraction",
    "factorize",
    "initialize",
    "load",
    "match",
    "non_negative_factorization",
    "open_blocks",
    "part_order",
    "patch_sklearn",
    "relative_error",
    "save",
    "sparseness",
    "unpatch_sklearn",
]

MODULES = [
    "datasets",
    "exceptions",
    "extend",
    "images",
    "integrations",
    "losses",
    "plot",
    "recommend",
    "terms",
    "topics",
]


def loaded_after(code):
    """Names of the modules that a fresh Python has loaded after `code`."""
    program = f"import sys\n{code}\nprint(*sys.modules)"
    return set(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    )


def test_the_public_names_are_these():
    assert sorted(partwise.__all__) == PUBLIC


def test_a_fit_of_an_array_of_floats_imports_what_it_needs_and_no_more():
    code = "import numpy as np, partwise\npartwise.factorize(np.ones((6, 4)), 2, loss='kullback-leibler')"
    assert not loaded_after(code) & {"sklearn", "joblib", "pandas", "scipy.special", "scipy.linalg", "duckdb"}


def test_nmf_imports_no_search_before_one_is_asked_for():
    packages = {".".join(name.split(".")[:2]) for name in loaded_after("from partwise import NMF")}
    assert not packages & {"partwise.selection", "partwise.plot", "partwise.metrics", "partwise.matching"}


def test_dir_shows_the_public_names_and_no_others():
    from partwise import NMF, topics  # noqa: F401  and with them, a number of modules

    assert dir(partwise) == sorted([*PUBLIC, *MODULES])


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_exists_is_listed_and_documented(name):
    found = getattr(partwise, name)
    assert found.__name__ == name
    assert name in dir(partwise)
    assert len(found.__doc__.splitlines()[0]) > 10
    assert ">>>" in found.__doc__


def test_only_public_modules_list_names():
    modules = [m.name for m in pkgutil.iter_modules(partwise.__path__) if m.name != "__main__"]
    assert [name for name in modules if hasattr(import_module(f"partwise.{name}"), "__all__")] == [
        m for m in MODULES if m != "integrations"
    ]


@pytest.mark.parametrize("kind", [getattr(exceptions, name) for name in exceptions.__all__])
def test_an_error_is_made_of_its_text_and_survives_pickle(kind):
    error = pickle.loads(pickle.dumps(kind("X[0, 1] = -2 is negative.")))
    assert (type(error), str(error)) == (kind, "X[0, 1] = -2 is negative.")


def test_star_import_gives_the_public_names_alone():
    namespace = {}
    exec("from partwise import *", namespace)
    assert sorted(set(namespace) - {"__builtins__"}) == PUBLIC


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nmf'"):
        partwise.nmf  # noqa: B018


def test_importing_partwise_loads_no_heavy_library():
    loaded = loaded_after("import partwise")
    assert not loaded & {"pandas", "sklearn", "scipy", "numpy", "polars", "matplotlib", "duckdb", "partwise.kernels"}


def test_a_fit_loads_no_library_beyond_those_of_scikit_learn_s_own():
    theirs = loaded_after("from sklearn.decomposition import NMF; NMF(1).fit([[1.0, 2.0]])")
    ours = loaded_after("from partwise import NMF; NMF(1).fit([[1.0, 2.0]])")
    extra = {name.partition(".")[0] for name in ours - theirs}
    assert extra <= {"partwise", "nanobind"} | sys.stdlib_module_names


def test_models_of_topics_and_readers_are_reached_from_the_package():
    assert partwise.TopicModel is partwise.topics.TopicModel
    assert partwise.Recommender is partwise.recommend.Recommender


def test_submodules_are_reached_from_the_package():
    for name in MODULES:
        assert getattr(partwise, name) is import_module(f"partwise.{name}")


def test_every_error_is_a_partwise_error_and_is_drawn_in_the_tree():
    for name in exceptions.__all__:
        kind = getattr(exceptions, name)
        assert issubclass(kind, exceptions.PartwiseError)
        assert name in exceptions.__doc__
        if kind is not exceptions.PartwiseError:
            assert issubclass(kind, (ValueError, TypeError, ImportError, RuntimeError))


def test_every_module_says_what_it_is():
    for module in pkgutil.walk_packages(partwise.__path__, "partwise."):
        if not module.name.startswith("partwise.kernels._"):
            assert import_module(module.name).__doc__, module.name
