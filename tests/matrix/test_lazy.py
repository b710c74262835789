"""Dask arrays: on threads, and on the workers of a cluster, one of which is killed."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest
import scipy.sparse as sp

import partwise as pw
from partwise.exceptions import DataError, DataTypeError

da = pytest.importorskip("dask.array")

RNG = np.random.default_rng(0)
DENSE = RNG.gamma(0.5, 1.0, (700, 5)) @ RNG.gamma(0.5, 1.0, (5, 40)) + 0.1 * RNG.random((700, 40))
ZEROS = np.where(RNG.random(DENSE.shape) < 0.3, DENSE, 0)
OPTIONS = {"init": "random", "random_state": 0, "max_iter": 15, "tol": 0}


def sparse(array):
    return array.map_blocks(sp.csr_matrix, meta=sp.csr_matrix((0, 0)))


@pytest.mark.parametrize("rows", [64, 150, 700])
@pytest.mark.parametrize("more", [{}, {"beta_loss": "kullback-leibler", "solver": "mu"}, {"alpha_W": 0.01}])
def test_parts_are_those_of_the_array_in_memory(rows, more):
    for lazy, X in (
        (da.from_array(DENSE, chunks=(rows, -1)), DENSE),
        (sparse(da.from_array(ZEROS, chunks=(rows, -1))), sp.csr_array(ZEROS)),
    ):
        model, expected = (pw.NMF(4, **OPTIONS, **more).fit(data) for data in (lazy, X))
        np.testing.assert_allclose(model.components_, expected.components_, rtol=1e-8, atol=1e-9)
        assert type(model.components_) is np.ndarray
        W = model.transform(lazy)
        assert isinstance(W, da.Array)
        assert W.chunks == (lazy.chunks[0], (4,))
        np.testing.assert_allclose(W.compute(), expected.transform(X), rtol=1e-6, atol=1e-8)


def test_fit_transform_is_lazy_too():
    lazy = da.from_array(DENSE, chunks=(200, -1))
    W = pw.NMF(4, **OPTIONS).fit_transform(lazy)
    assert W.chunks[0] == lazy.chunks[0]
    np.testing.assert_allclose(W, pw.NMF(4, **OPTIONS).fit_transform(DENSE), rtol=1e-6, atol=1e-8)


def test_nothing_is_computed_before_it_is_asked_for():
    model, seen = pw.NMF(4, **OPTIONS).fit(DENSE), []

    def spy(block):
        seen.append(len(block))
        return block

    W = model.transform(da.from_array(DENSE, chunks=(200, -1)).map_blocks(spy, meta=np.empty((0, 0))))
    assert not seen
    W.compute()
    assert sum(seen) == 700


def test_whole_numbers_and_float32_are_what_they_are_in_memory():
    counts = RNG.poisson(3.0, (300, 20))
    for X in (counts, DENSE.astype(np.float32)):
        model, expected = (pw.NMF(4, **OPTIONS).fit(data) for data in (da.from_array(X, chunks=(100, -1)), X))
        assert model.components_.dtype == expected.components_.dtype
        np.testing.assert_allclose(model.components_, expected.components_, rtol=1e-3, atol=1e-4)


def test_a_frame_is_matched_by_the_names_of_its_columns():
    frames, pd = pytest.importorskip("dask.dataframe"), pytest.importorskip("pandas")
    frame = pd.DataFrame(DENSE, columns=[f"c{j}" for j in range(40)])
    lazy = frames.from_pandas(frame, npartitions=3)
    model = pw.NMF(4, **OPTIONS).fit(lazy)
    assert list(model.feature_names_in_) == list(frame.columns)
    turned = frames.from_pandas(frame[frame.columns[::-1]], npartitions=2)
    np.testing.assert_allclose(model.transform(turned).compute(), model.transform(frame), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("kind", "dtype"), [("Float64", "f8"), ("Float32", "f4"), ("Int64", "f8"), ("boolean", "f8")])
def test_a_frame_with_na_is_what_it_is_in_memory(kind, dtype):
    frames, pd = pytest.importorskip("dask.dataframe"), pytest.importorskip("pandas")
    values = DENSE > 1 if kind == "boolean" else DENSE.round()
    frame = pd.DataFrame(values, columns=[f"c{j}" for j in range(40)]).astype(kind)
    settings = OPTIONS | {"solver": "mu"}
    found, expected = (pw.NMF(4, **settings).fit(X) for X in (frames.from_pandas(frame, npartitions=3), frame))
    assert found.components_.dtype == expected.components_.dtype == dtype
    np.testing.assert_allclose(found.components_, expected.components_, rtol=1e-3, atol=1e-4)
    frame.loc[500, "c7"] = pd.NA
    lazy = frames.from_pandas(frame, npartitions=3)
    with pytest.raises(DataError, match=r"X\[500, 7\] is unknown \(1 of 28,000 .*missing_values=np.nan"):
        pw.NMF(4, **settings).fit(lazy)
    settings["missing_values"] = np.nan
    found, expected = (pw.NMF(4, **settings).fit(X) for X in (lazy, frame))
    np.testing.assert_allclose(found.components_, expected.components_, rtol=1e-3, atol=1e-4)


def test_a_frame_of_words_names_the_column():
    frames, pd = pytest.importorskip("dask.dataframe"), pytest.importorskip("pandas")
    frame = frames.from_pandas(pd.DataFrame({"a": [1.0, 2.0], "b": pd.array(["x", "y"], "string")}), npartitions=1)
    with pytest.raises(DataTypeError, match=r"b' of X|must hold numbers"):
        pw.NMF(1).fit(frame)


def test_unknown_entries_and_weights_of_rows_work():
    X, weights = np.where(RNG.random(DENSE.shape) < 0.2, np.nan, DENSE), RNG.random(700) + 0.5
    settings = OPTIONS | {"solver": "mu", "missing_values": np.nan}
    found, expected = (
        pw.NMF(4, **settings).fit(data, sample_weight=weights) for data in (da.from_array(X, chunks=(200, -1)), X)
    )
    np.testing.assert_allclose(found.components_, expected.components_, rtol=1e-8, atol=1e-9)


def test_columns_in_several_chunks_are_put_together_with_a_warning_of_their_size():
    lazy = da.from_array(DENSE, chunks=(200, 20))
    with pytest.warns(UserWarning, match=r"cut by columns too.* up to 0 MiB"):
        model = pw.NMF(4, **OPTIONS).fit(lazy)
    np.testing.assert_allclose(model.components_, pw.NMF(4, **OPTIONS).fit(DENSE).components_, rtol=1e-8, atol=1e-9)


def test_what_cannot_be_read_says_the_way_out():
    lazy = da.from_array(DENSE, chunks=(200, -1))
    with pytest.raises(DataError, match=r"unknown sizes. Call X.compute_chunk_sizes\(\)"):
        pw.NMF(4).fit(lazy[lazy[:, 0] > 1])
    with pytest.raises(DataTypeError, match="must hold numbers"):
        pw.NMF(4).fit(lazy.astype(str))
    with pytest.raises(DataError, match="needs rows and columns"):
        pw.NMF(4).fit(lazy[:, 0])
    with pytest.raises(DataError, match="was fitted with 40 features"):
        pw.NMF(4, **OPTIONS).fit(DENSE).transform(lazy[:, :7])
    X = DENSE.copy()
    X[555, 7] = np.nan
    with pytest.raises(DataError, match=r"X\[555, 7\] is unknown"):
        pw.NMF(4).fit(da.from_array(X, chunks=(200, -1)))


def on_a_cluster(body):
    """Run lines with a cluster of two workers in a process of their own; they end with print("the same")."""
    code = """
        import os, signal, tempfile, numpy as np, dask.array as da, scipy.sparse as sp, partwise as pw
        from dask.distributed import Client, LocalCluster
        from partwise.matrix.cluster import Cluster
        from partwise.penalties import Penalty

        def main(cluster, client):
            X = np.random.default_rng(0).gamma(0.3, 1.0, (1000, 60))
            lazy = da.from_array(X, chunks=(150, -1))
            options = {"init": "random", "random_state": 0, "max_iter": 12, "tol": 0}
            fetched, fetch = [], Cluster.fetch
            Cluster.fetch = lambda self, pieces: fetched.append(len(pieces)) or fetch(self, pieces)
        BODY

        if __name__ == "__main__":
            with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
                with Client(cluster) as client:
                    main(cluster, client)
    """
    code = textwrap.dedent(code).replace("BODY", textwrap.indent(textwrap.dedent(body), "    "))
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert out.stdout.strip() == "the same", out.stderr[-3000:]


def test_a_cluster_gives_the_same_parts_though_workers_are_killed():
    on_a_cluster("""
        def kill(fit):
            if fit.iteration in (5, 8):
                os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)

        for more in {}, {"loss": 0.5}:
            expected = pw.factorize(X, 4, **options, **more)
            calm = pw.factorize(lazy, 4, **options, **more)
            stormy = pw.factorize(lazy, 4, callback=kill, **options, **more)
            assert np.array_equal(calm.H, stormy.H) and np.array_equal(calm.W, stormy.W)
            assert np.allclose(calm.H, expected.H, rtol=1e-8, atol=1e-9)
        model = pw.NMF(4, **options).fit(X)
        assert np.allclose(model.transform(lazy).compute(), model.transform(X))
        print("the same")
    """)


def test_weights_stay_on_the_workers_and_tasks_of_the_scheduler_stay_as_few():
    on_a_cluster("""
        tasks = []
        count = lambda fit: tasks.append(len(cluster.scheduler.tasks))
        found = pw.factorize(lazy, 4, callback=count, **options | {"max_iter": 60})
        # all that live after ten iterations, and the best pair once more at the end; a pair is iterate and point
        assert len(fetched) <= 2 * 6 + 1, fetched
        assert max(tasks[30:]) <= max(tasks[:30]), tasks
        assert max(tasks) <= 150, tasks  # 5 that stay of each of up to ten iterations, for three arrays at most
        print("the same")
    """)


def test_a_callback_sees_the_weights_and_one_that_looks_away_moves_none():
    on_a_cluster("""
        seen = {}
        here = pw.factorize(X, 4, callback=lambda fit: seen.update({fit.iteration: fit.W.copy()}), **options)
        away = pw.factorize(lazy, 4, callback=lambda fit: len(fit.H) < 0, **options)
        before = len(fetched)

        def look(fit):
            assert np.allclose(fit.W, seen[fit.iteration], rtol=1e-8, atol=1e-9) and not fit.W.flags.writeable
            assert fit.W is fit.W

        there = pw.factorize(lazy, 4, callback=look, **options)
        assert before <= 3 and np.array_equal(there.H, away.H), fetched
        print("the same")
    """)


def test_a_checkpoint_of_a_cluster_goes_on_with_the_bits_of_a_calm_fit():
    on_a_cluster("""
        for more in (
            {}, {"solver": "mu", "init": "nndsvd", "penalty_W": Penalty(0.1, 0.1)}, {"loss": 1.5},
            {"sum_to_one": True, "min_volume": 0.1}, {"sample_weight": np.linspace(0.5, 1, 1000)},
        ):
            calm = pw.factorize(lazy, 4, **options | more)
            with tempfile.TemporaryDirectory() as folder:
                kept = {"checkpoint_dir": folder, "checkpoint_every": 3}
                pw.factorize(lazy, 4, **options | more | {"max_iter": 7}, **kept)
                again = pw.factorize(lazy, 4, **options | more, **kept, resume=True)
            assert np.array_equal(calm.H, again.H) and np.array_equal(calm.W, again.W), more
        print("the same")
    """)


def test_a_chunk_without_unknown_entries_beside_others_counts_as_it_does_in_memory():
    X = DENSE.copy()
    X[:200] *= 30
    X[650, 3] = np.nan
    options = OPTIONS | {"solver": "mu", "missing_values": np.nan}
    found, expected = (pw.NMF(4, **options).fit(data) for data in (da.from_array(X, chunks=(200, -1)), X))
    np.testing.assert_allclose(found.components_, expected.components_, rtol=1e-8, atol=1e-9)
    assert found.n_iter_ == expected.n_iter_


def test_masked_chunks_are_unknown_or_refused_as_in_memory():
    X = np.ma.masked_array(DENSE, mask=RNG.random(DENSE.shape) < 0.1)
    lazy = da.from_array(X, chunks=(200, -1))
    options = OPTIONS | {"solver": "mu", "missing_values": np.nan}
    found, expected = (pw.NMF(4, **options).fit(data) for data in (lazy, X))
    np.testing.assert_allclose(found.components_, expected.components_, rtol=1e-8, atol=1e-9)
    with pytest.raises(DataError, match="is unknown"):
        pw.NMF(4).fit(lazy)


def test_fixed_weights_stay_in_what_fit_transform_returns():
    lazy = da.from_array(DENSE, chunks=(200, -1))
    W = pw.NMF(4, **OPTIONS).fit_transform(lazy, fixed_weights=np.ones((700, 1)))
    assert (W[:, 0].compute() == 1).all()


def test_a_chunk_of_another_shape_than_the_array_says_is_named():
    lazy = da.from_array(DENSE, chunks=(100, -1)).map_blocks(lambda rows: np.vstack([rows, rows]), dtype=float)
    with pytest.raises(DataError, match=r"has shape \(200, 40\), where the array says \(100, 40\)"):
        pw.NMF(4).fit(lazy)


def test_each_chunk_is_computed_once_a_pass_wherever_it_is_cut():
    seen = []

    def spy(block):
        seen.append(len(block))
        return block

    def computed(iterations):
        seen.clear()
        lazy = da.from_array(DENSE, chunks=(100, -1)).map_blocks(spy, dtype=float, meta=np.empty((0, 0)))
        pw.NMF(4, **OPTIONS | {"max_iter": iterations}).fit(lazy)
        return len(seen)

    assert computed(8) - computed(3) == 5 * 7


def test_a_search_for_the_number_of_parts_and_mini_batches_take_it_too():
    lazy = da.from_array(np.where(RNG.random(DENSE.shape) < 0.1, np.nan, DENSE), chunks=(200, -1))
    assert pw.choose_rank(lazy, range(1, 4), missing_values=np.nan, random_state=0).n_components >= 1
    found, expected = (
        pw.MiniBatchNMF(4, random_state=0, batch_size=100).fit(data)
        for data in (da.from_array(DENSE, chunks=(200, -1)), DENSE)
    )
    np.testing.assert_allclose(found.components_, expected.components_, rtol=1e-8, atol=1e-9)
