"""Recommendations from a log of who read what, with reasons."""

from partwise.recommend.evaluation import Evaluation, evaluate
from partwise.recommend.recommender import Recommender
from partwise.recommend.tuning import Tuning, tune

__all__ = ["Evaluation", "Recommender", "Tuning", "evaluate", "tune"]
