"""The suite that asv runs does run, and says numbers."""

from itertools import product

import pytest

from benchmarks.regress import estimators, fits

SUITES = [fits.FixedIterations, fits.DefaultStop, estimators.MiniBatch, estimators.Transform]


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.__name__)
def test_every_measurement_of_a_suite_runs(suite, monkeypatch):
    monkeypatch.setattr(suite, "iterations", 2, raising=False)
    choices = next(iter(product(*getattr(suite, "params", ()))))
    measured = suite()
    measured.setup(*choices)
    for name in dir(suite):
        kind = name.partition("_")[0]
        if kind in ("time", "peakmem", "track"):
            value = getattr(measured, name)(*choices)
            assert (value is None) == (kind != "track")
            assert kind != "track" or value > 0
