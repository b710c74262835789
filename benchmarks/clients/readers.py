"""LensKit: NMFScorer on 2,000 simulated readers of 1,500 articles. Quality: recall of hidden reads in lists of 20."""

import sys
import warnings
from time import perf_counter

import numpy as np
import pandas as pd
from lenskit.data import from_interactions_df
from lenskit.sklearn.nmf import NMFScorer

warnings.simplefilter("ignore")
rng = np.random.default_rng(0)
interest, subject = rng.integers(0, 20, 2000), rng.integers(0, 20, 1500)
popular = rng.pareto(1.5, 1500) + 0.1
reads = []
for reader in range(2000):
    chance = popular * np.where(subject == interest[reader], 20.0, 1.0)
    reads += [(reader, article) for article in rng.choice(1500, 30, replace=False, p=chance / chance.sum())]
log = pd.DataFrame(reads, columns=["user_id", "item_id"])
hidden = log.groupby("user_id").sample(5, random_state=0).index
train = from_interactions_df(log.drop(hidden))
scorer = NMFScorer(embedding_size=30)
np.random.seed(0)  # noqa: NPY002  the scorer gives no seed to scikit-learn, which takes NumPy's
begun = perf_counter()
scorer.train(train)
seconds = perf_counter() - begun
scores = scorer.user_components @ scorer.item_components.T
known = train.interactions().matrix().scipy(layout="csr", legacy=True)
scores[known.nonzero()] = -np.inf
lists = np.argsort(-scores, axis=1)[:, :20]
of = log.loc[hidden]
users, items = train.users.numbers(of["user_id"]), train.items.numbers(of["item_id"], missing="negative")
quality = np.mean([item in lists[user] for user, item in zip(users, items, strict=True)])
print(seconds, quality, file=sys.stdout)
