"""The end of a process: what begins after its main thread has ended works like all else."""

import subprocess
import sys

import pytest

HEAD = """
import atexit, sys, threading
import partwise as pw  # and nothing that it imports when first used

def late():
    if threading.current_thread() is not threading.main_thread():
        threading.main_thread().join()
    import numpy as np
    import scipy.sparse as sp
    X = np.random.default_rng(0).random((4200, 40))
    for data in (X, sp.csr_array(X * (X > 0.5))):
        pw.factorize(data, 3, n_jobs=2, max_iter=3).transform(data[:9], n_jobs=2)
    X = np.round(9 * X[:60])
    pw.factorize(X, 2, loss="kullback-leibler", n_jobs=2)
    pw.MiniBatchNMF(2, tol=0, max_no_improvement=None, max_iter=2, n_jobs=2, random_state=0).fit(X).transform(X)
    pw.choose_rank(X, ranks=[1, 2], n_jobs=2, random_state=0)
    pw.consensus(X, 2, n_runs=3, n_jobs=2, random_state=0)
    model = pw.NMF(2, tol=0, max_iter=9, n_jobs=2, random_state=0).fit(X)
    pw.save(model, sys.argv[1])
    assert (pw.load(sys.argv[1]).transform(X) == model.transform(X)).all()
    texts = ["one apple and two pears", "red pears and green apples", "cats and dogs", "a dog and its cat"] * 9
    pw.topics.TopicModel(2, n_jobs=2, random_state=0).fit(texts).transform(texts[:2])
    pw.recommend.Recommender(n_jobs=2).fit({"reader": [*"aabbccdd"] * 4, "article": [*"xyzwxxyy"] * 4}).recommend("a")
    print("done")
"""


@pytest.mark.parametrize("how", ["threading.Thread(target=late).start()", "atexit.register(late)"])
def test_a_first_call_after_the_end_of_the_main_thread_works(how, tmp_path):
    ended = subprocess.run(
        [sys.executable, "-c", HEAD + how, tmp_path / "a.model"], capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == ("done\n", "", 0)
