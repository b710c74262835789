"""The estimators' own work: mini-batches, and weights of new rows."""

import partwise

from .problems import weights


class MiniBatch:
    """A few passes over rows in batches."""

    timeout = 120

    def setup(self) -> None:
        """Make the data outside the clock."""
        self.X = weights()
        self.model = partwise.MiniBatchNMF(
            10, init="random", random_state=0, tol=0, max_no_improvement=None, max_iter=5, batch_size=512
        )

    def time_fit(self) -> None:
        """Seconds."""
        self.model.fit(self.X)

    def peakmem_fit(self) -> None:
        """Peak memory of the process, data included."""
        self.model.fit(self.X)

    def track_error(self) -> float:
        """Norm of the residual."""
        return float(self.model.fit(self.X).reconstruction_err_)

    track_error.unit = "norm"  # type: ignore[attr-defined]


class Transform:
    """One row, as a service asks, and many."""

    params = ([1, 4000],)
    param_names = ("rows",)

    def setup(self, rows: int) -> None:
        """Fit outside the clock."""
        X = weights()
        self.model = partwise.NMF(10, init="random", random_state=0, tol=0, max_iter=20).fit(X)
        self.X = X[:rows]

    def time_transform(self, rows: int) -> None:
        """Seconds."""
        self.model.transform(self.X)
