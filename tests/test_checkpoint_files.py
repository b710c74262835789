"""The file of a checkpoint: what is refused, what is never written over, and what stays where it cannot be written."""

import os
from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import NMF, Bounds, Penalty, factorize
from partwise.checkpoints import LAYOUT, NAME
from partwise.exceptions import CheckpointError, DataError
from partwise.extend import ByBlocks
from partwise.io import model_file
from partwise.persistence import load
from partwise.terms import GraphSmoothness

RNG = np.random.default_rng(0)
X = RNG.gamma(0.5, 1.0, (300, 5)) @ RNG.gamma(0.5, 1.0, (5, 40)) + 0.1 * RNG.random((300, 40))
CHAIN = sp.diags_array([np.ones(39), np.ones(39)], offsets=[-1, 1])
OPTIONS = {"init": "random", "random_state": 0, "max_iter": 12, "tol": 0}


class Rows(ByBlocks):
    """An array that is read a block of rows at a time."""

    def __init__(self, array, edges=(0, 64, 128, 300)):
        self.array, self.shape, self.dtype, self.blocks = array, array.shape, array.dtype, tuple(pairwise(edges))

    def block(self, first, last):
        return self.array[first:last]


def fit(X=X, n_components=4, **options):
    return factorize(X, n_components, **OPTIONS | options)


@pytest.mark.parametrize("keywords", [{"resume": True}, {"checkpoint_every": 5}], ids=["resume", "every"])
def test_a_folder_is_needed(keywords):
    with pytest.raises(ValueError, match="needs checkpoint_dir"):
        fit(**keywords)
    with pytest.raises(ValueError, match="needs checkpoint_dir"):
        NMF(4, **keywords).fit(X)


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"checkpoint_dir": 3}, "checkpoint_dir must be the name of a folder; got 3"),
        ({"checkpoint_dir": ""}, "checkpoint_dir must be the name of a folder; got ''"),
        ({"checkpoint_dir": "a", "checkpoint_every": 0}, "checkpoint_every must be a positive integer; got 0"),
        ({"checkpoint_dir": "a", "resume": "yes"}, "resume must be True or False; got 'yes'"),
    ],
)
def test_what_is_no_folder_number_or_flag_is_refused(keywords, said):
    with pytest.raises(ValueError, match=said):
        fit(**keywords)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(NotADirectoryError, match="Not a folder"):
        fit(checkpoint_dir=tmp_path / "file")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The folder with the checkpoint of a fit."""
    folder = tmp_path_factory.mktemp("run")
    fit(checkpoint_dir=folder)
    return folder


OTHERS = {
    "n_components": {"n_components": 5},
    "shape of X": {"X": X[:200]},
    "checksum of X": {"X": np.where(X[7, 7] == X, 0.5, X)},
    "type of X": {"X": sp.csr_array(X)},
    "loss": {"loss": "kullback-leibler"},
    "solver": {"solver": "mu"},
    "init": {"init": "nndsvda"},
    "n_init": {"n_init": 2},
    "random_state": {"random_state": 1},
    "seed_components": {"seed_components": X[:1]},
    "penalty_W": {"penalty_W": Penalty(0.1)},
    "penalty_H": {"penalty_H": Penalty(0.0, 0.1)},
    "bounds_W": {"bounds_W": Bounds(0.0, np.full((300, 4), 9.0))},
    "bounds_H": {"bounds_H": Bounds(0.0, 9.0)},
    "sample_weight": {"sample_weight": np.arange(1.0, 301.0)},
    "feature_weight": {"feature_weight": np.arange(1.0, 41.0)},
    "sum_to_one": {"sum_to_one": True},
    "min_volume": {"sum_to_one": True, "min_volume": 0.1},
    "terms_H": {"terms_H": [GraphSmoothness(CHAIN, 0.1)]},
    "H": {"init": "custom", "H": X[:4]},
}


@pytest.mark.parametrize("resume", [True, False])
@pytest.mark.parametrize("name", OTHERS)
def test_a_checkpoint_of_another_fit_is_refused_and_stays(written, name, resume):
    before = (written / NAME).read_bytes()
    with pytest.raises(
        CheckpointError, match=rf"is of another fit: .*\b{name} is .* there and .* here.*another folder"
    ):
        fit(**OTHERS[name], checkpoint_dir=written, resume=resume)
    assert (written / NAME).read_bytes() == before


def test_unknown_entries_and_row_blocks_are_told_apart(tmp_path):
    fit(np.where(X > 5, np.nan, X), missing_values=np.nan, checkpoint_dir=tmp_path / "a")
    with pytest.raises(CheckpointError, match="type of X is float64, Observed with unknown entries there"):
        fit(checkpoint_dir=tmp_path / "a")
    fit(Rows(X), checkpoint_dir=tmp_path / "b")
    with pytest.raises(CheckpointError, match=r"row blocks of X is \[\[0, 64\], .* there and \[\[0, 128\], "):
        fit(Rows(X, (0, 128, 300)), checkpoint_dir=tmp_path / "b")
    with pytest.raises(CheckpointError, match="checksum of X is"):
        fit(Rows(X + 1), checkpoint_dir=tmp_path / "b")


def test_another_version_is_refused(written, monkeypatch):
    monkeypatch.setattr("partwise.__version__", "99.0")
    with pytest.raises(CheckpointError, match=r"partwise is .* there and 99\.0 here"):
        fit(checkpoint_dir=written, resume=True)


@pytest.mark.parametrize("resume", [True, False])
@pytest.mark.parametrize("layout", [None, LAYOUT + 1])
def test_another_layout_is_refused_and_stays(tmp_path, written, layout, resume):
    """Development versions share a version; what one of them wrote has no number, or another."""
    kind, header, arrays = model_file.read(written / NAME)
    del header["layout"], header["state"]["onward"]
    model_file.write(tmp_path / NAME, kind, header if layout is None else {**header, "layout": layout}, arrays)
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(CheckpointError, match=rf"its layout is {layout}, and this version reads layout {LAYOUT}"):
        fit(checkpoint_dir=tmp_path, resume=resume)
    assert (tmp_path / NAME).read_bytes() == before


def test_a_layout_holds_these_values(tmp_path):
    """If this fails, what a checkpoint holds has changed: give LAYOUT another number, and these names."""
    fit(solver="hals", checkpoint_dir=tmp_path, checkpoint_every=5, max_iter=7)
    _, header, arrays = model_file.read(tmp_path / NAME)
    state = header["state"]
    assert LAYOUT == 2
    assert sorted(header) == ["best", "done", "fit", "layout", "random", "seconds", "spent", "state", "weight"]
    assert sorted(state) == [
        "H", "W", "extrapolation", "iteration", "lags", "lead", "losses", "onward", "paid", "record", "rejected",
        "revivals", "seconds",
    ]  # fmt: skip
    assert {name: sorted(state[name]) for name in ("W", "H", "extrapolation", "onward", "record")} == {
        "W": ["best", "iterate", "point", "previous"], "H": ["best", "iterate", "point", "previous"],
        "extrapolation": ["before", "cap", "momentum"], "onward": ["pace"],
        "record": ["best", "kept", "residual"],
    }  # fmt: skip
    assert {name.rstrip("0123456789") for name in arrays} == {
        "losses", "rows", "state.H", "state.Hgram", "state.W", "state.Wgram"
    }  # fmt: skip


@pytest.mark.parametrize("resume", [True, False])
@pytest.mark.parametrize("damage", ["truncated", "flipped", "emptied", "foreign", "a model"])
def test_a_damaged_checkpoint_is_refused_and_stays(tmp_path, written, damage, resume):
    path, whole = tmp_path / NAME, (written / NAME).read_bytes()
    middle = len(whole) // 2
    contents = {
        "truncated": whole[:-100],
        "flipped": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        "emptied": b"",
        "foreign": b"my notes",
    }
    if damage == "a model":
        model_file.write(path, "NMF", {}, {})
    else:
        path.write_bytes(contents[damage])
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match=r"it is damaged, or not a checkpoint .* delete the file to start again"):
        fit(checkpoint_dir=tmp_path, resume=resume)
    assert path.read_bytes() == before


def test_no_flipped_byte_is_ever_loaded(tmp_path, written):
    whole, path = (written / NAME).read_bytes(), tmp_path / NAME
    calm = fit()
    for place in np.random.default_rng(0).integers(0, len(whole), 60):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << place % 8)]) + whole[place + 1 :])
        try:
            found = fit(checkpoint_dir=tmp_path, resume=True)
        except CheckpointError:
            continue
        assert np.array_equal(found.H, calm.H)  # a byte that means nothing


@pytest.mark.parametrize("change", ["shape", "type", "gap"])
def test_a_checkpoint_whose_arrays_do_not_fit_is_refused(tmp_path, written, change):
    kind, header, arrays = model_file.read(written / NAME)
    name = next(name for name in arrays if name.startswith("state.W"))
    made = {"shape": arrays[name][:-1], "type": arrays[name].astype(np.float32), "gap": arrays[name] * np.nan}
    model_file.write(tmp_path / NAME, kind, header, {**arrays, name: made[change]})
    with pytest.raises(CheckpointError, match=rf"A fit cannot go on from .*: its contents are not valid \({name}"):
        fit(checkpoint_dir=tmp_path, resume=True)


def test_a_checkpoint_is_no_model(written):
    with pytest.raises(ValueError, match="holds a 'checkpoint'"):
        load(written / NAME)


def test_without_space_the_last_checkpoint_stays_and_the_fit_goes_on_later(tmp_path, monkeypatch):
    write, times = os.fsync, [0]

    def full(file):
        times[0] += 1
        if times[0] > 4:  # a file and its folder, twice
            raise OSError(28, "No space left on device")
        write(file)

    monkeypatch.setattr("partwise.io.writing.os.fsync", full)
    with pytest.raises(
        OSError, match=r"not written \(No space left on device\); the previous one is still there"
    ) as error:
        fit(checkpoint_dir=tmp_path, max_iter=40)
    assert (error.value.errno, error.value.filename) == (28, str(tmp_path / NAME))
    assert os.listdir(tmp_path) == [NAME]
    monkeypatch.undo()
    seen = []
    found = fit(checkpoint_dir=tmp_path, resume=True, max_iter=40, callback=lambda at: seen.append(at.iteration))
    assert seen[0] == 21
    assert np.array_equal(found.H, fit(max_iter=40).H)


def test_two_fits_do_not_share_a_folder(tmp_path):
    def other(at):
        fit(checkpoint_dir=tmp_path)

    with pytest.raises(CheckpointError, match=r"Another fit writes its checkpoints to .* now"):
        fit(checkpoint_dir=tmp_path, callback=other)
    fit(checkpoint_dir=tmp_path)


def test_bad_data_leave_the_folder_alone(tmp_path):
    with pytest.raises(DataError):
        fit(np.full((3, 3), np.nan), checkpoint_dir=tmp_path / "run")
    assert not (tmp_path / "run").exists()
