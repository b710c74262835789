"""Fits of a fixed number of iterations from a fixed seed, and fits to the default stop."""

from typing import Any

import partwise

from .problems import counts, dense, weights

DATA = {"dense": dense, "counts": counts, "weights": weights}


class FixedIterations:
    """The engine: what an iteration costs, and how far it gets."""

    params = (
        ["dense frobenius", "weights frobenius", "counts kullback-leibler"],
        ["float32", "float64"],
        [1, 2],
    )
    param_names = ("problem", "dtype", "n_jobs")
    timeout = 120
    iterations = 30

    def setup(self, problem: str, dtype: str, n_jobs: int) -> None:
        """Make the data outside the clock."""
        data, self.loss = problem.split()
        self.X = DATA[data](dtype)

    def fit(self, n_jobs: int) -> Any:
        """Fit the one way that all measurements share."""
        return partwise.factorize(
            self.X, 10, loss=self.loss, init="random", random_state=0, tol=0, max_iter=self.iterations, n_jobs=n_jobs
        )

    def time_fit(self, problem: str, dtype: str, n_jobs: int) -> None:
        """Seconds."""
        self.fit(n_jobs)

    def peakmem_fit(self, problem: str, dtype: str, n_jobs: int) -> None:
        """Peak memory of the process, data included."""
        self.fit(n_jobs)

    def track_error(self, problem: str, dtype: str, n_jobs: int) -> float:
        """Final loss over the loss's size of X."""
        return self.fit(n_jobs).relative_error

    track_error.unit = "relative error"  # type: ignore[attr-defined]


class DefaultStop:
    """What users get who set nothing but the number of parts."""

    params = (["dense", "weights"],)
    param_names = ("problem",)
    timeout = 120

    def setup(self, problem: str) -> None:
        """Make the data outside the clock."""
        self.X = DATA[problem]()

    def fit(self) -> Any:
        """Fit with every default."""
        return partwise.factorize(self.X, 10, random_state=0)

    def time_fit(self, problem: str) -> None:
        """Seconds."""
        self.fit()

    def track_error(self, problem: str) -> float:
        """Final loss over the loss's size of X."""
        return self.fit().relative_error

    def track_iterations(self, problem: str) -> int:
        """Iterations until the stop."""
        return self.fit().n_iter

    track_error.unit = "relative error"  # type: ignore[attr-defined]
    track_iterations.unit = "iterations"  # type: ignore[attr-defined]
