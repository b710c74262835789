"""Every build of the kernels that runs here, and small CSR matrices with empty rows."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import kernels


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """A build and a number type make a vector's width, which every number of components has to meet."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.pairwise("loops", "dtype"))


@pytest.fixture(params=kernels.supported())
def loops(request):
    """One build of the compiled loops."""
    return import_module(f"partwise.kernels._{request.param}")


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def dtype(request):
    return request.param


@pytest.fixture(params=[np.int32, np.int64], ids=["int32", "int64"])
def index(request):
    return request.param


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def counts(rng, dtype, index):
    """A CSR matrix (23, 19) of small counts, whose first, last and two middle rows are empty."""
    dense = rng.poisson(0.7, (23, 19)).astype(dtype)
    dense[[0, 7, 8, 22]] = 0
    X = sp.csr_array(dense)
    X.indptr, X.indices = X.indptr.astype(index), X.indices.astype(index)
    return X
