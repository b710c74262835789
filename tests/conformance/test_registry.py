"""What is found by looking through the package is what users reach by name."""

from registry import BETAS, INIT_NAMES, LOSS_CLASSES, PAIRS, concrete

import partwise.solvers
from partwise.losses import LOSSES
from partwise.solvers import SOLVERS, Solver


def test_every_loss_without_parameters_is_known_by_its_name():
    assert {loss.name: loss for loss in LOSS_CLASSES} == LOSSES


def test_every_solver_is_known_by_its_name():
    assert {solver.name: solver for solver in concrete(partwise.solvers, Solver)} == SOLVERS


def test_every_solver_minimises_something_and_one_minimises_everything():
    assert {solver for solver, _ in PAIRS} == set(SOLVERS.values())
    assert sum(solver.name == "mu" for solver, _ in PAIRS) == len(LOSS_CLASSES) + len(BETAS)


def test_the_starts_of_scikit_learn_are_there():
    assert {"random", "nndsvd", "nndsvda", "nndsvdar"} <= set(INIT_NAMES)
