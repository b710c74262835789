"""scikit-learn's callback API (1.9 and later) on our estimators. On older versions it is absent and costs nothing."""

from collections.abc import Callable
from typing import Any, TypeVar

from partwise.solvers import Callback, Iteration

Method = TypeVar("Method", bound=Callable[..., Any])

try:
    from sklearn.callback import CallbackSupportMixin
    from sklearn.callback import with_callbacks as _manage
except ImportError:  # scikit-learn < 1.9
    CallbackSupportMixin = type("CallbackSupportMixin", (), {})
    _manage = None


def with_callbacks(method: Method) -> Method:
    """Let scikit-learn set up and remove callbacks around a method, if it has them."""
    return method if _manage is None else _manage(method)


__all__ = ["CallbackSupportMixin", "FitTask", "with_callbacks"]


class FitTask:
    """The task of one fit: tells scikit-learn's callbacks when it begins, after each iteration, and when it ends.

    Parameters
    ----------
    estimator : estimator
        What is fitted.
    X : array or sparse matrix
        Its data.
    max_iter : int
        Most iterations.
    verbose : int
        If not 0, print a line every ten iterations, as scikit-learn does, and for a matrix read by blocks first the
        plan.
    state : callable
        Turns an ``Iteration`` into the attributes of a fitted estimator.
    """

    def __init__(
        self, estimator: Any, X: Any, max_iter: int, verbose: int, state: Callable[[Iteration], dict[str, Any]]
    ) -> None:
        self.estimator, self.X, self.verbose, self.state = estimator, X, verbose, state
        self.context = None
        if verbose and hasattr(X, "plan"):
            print(X.plan)  # noqa: T201  how a matrix larger than memory is read: verbose asks for it
        if getattr(estimator, "_skl_callbacks", None) or hasattr(estimator, "_parent_callback_ctx"):
            self.context = estimator._init_callback_context(max_subtasks=max_iter)
            self.context.call_on_fit_task_begin(estimator=estimator, X=X)

    @property
    def callback(self) -> Callback | None:
        """The callback for the loop; None if nobody uses it."""
        return self._iteration if self.context is not None or self.verbose else None

    def _iteration(self, found: Iteration) -> bool:
        if self.verbose and found.iteration % 10 == 0:
            # verbose asks for it
            print(f"Epoch {found.iteration:02d} reached after {found.seconds:.3f} seconds, loss: {found.loss:g}")  # noqa: T201
        if self.context is None:
            return False
        task = self.context.subcontext(task_name="iteration")
        task.call_on_fit_task_begin(estimator=self.estimator, X=self.X)
        return bool(
            task.call_on_fit_task_end(
                estimator=self.estimator,
                X=self.X,
                metadata={
                    "iteration": found.iteration,
                    "loss": found.loss,
                    "kkt": found.kkt,
                    "seconds": found.seconds,
                },
                reconstruction_attributes=lambda: self.state(found),
            )
        )

    def end(self) -> None:
        """Tell scikit-learn that the fit has ended."""
        if self.context is not None:
            self.context.call_on_fit_task_end(estimator=self.estimator, X=self.X)
