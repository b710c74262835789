"""
Recommendations beside simple rules
===================================

Is a list of recommendations better than a list of the most read articles? ``evaluate``
hides the last fifth of a log, and predicts it from what came before. Simple rules get
the same task. **The readers here are simulated.**
"""

# %%
# The log is simulated as follows. 200 readers and 150 articles have shares of five
# subjects. Each reader chooses 20 articles. Popular articles, and articles with the
# reader's subjects, are more likely:
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from partwise.recommend import Recommender, evaluate

rng = np.random.default_rng(0)
liking = (
    rng.dirichlet([0.2] * 5, 200)
    @ rng.dirichlet([0.2] * 5, 150).T
    * rng.gamma(1.0, 1.0, 150)
)
log = pd.DataFrame(
    [
        (f"reader {reader}", f"article {article}", time)
        for reader, weights in enumerate(liking)
        for article, time in zip(
            rng.choice(150, 20, replace=False, p=weights / weights.sum()),
            rng.uniform(0, 60, 20),
            strict=True,
        )
    ],
    columns=["reader", "article", "time"],
)
log["time"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(log["time"], unit="D")

# %%
# ``table`` has a row for each rule and measure, with its 95 % interval:
found = evaluate(Recommender(n_components=5, random_state=0), log, windows=2)
print(found)

# %%
# If intervals overlap widely, the log is too small to say which rule is better. That is
# so for the first three here. All three are far better than a list of the most read
# articles.
table = found.table
figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True, layout="constrained")
for ax, metric in zip(axes, ("recall", "ndcg"), strict=True):
    rows = table[table["metric"] == metric].sort_values("value")
    ours = ["#E69F00" if model == "partwise" else "#0072B2" for model in rows["model"]]
    ax.barh(
        rows["model"],
        rows["value"],
        color=ours,
        xerr=[rows["value"] - rows["low"], rows["high"] - rows["value"]],
        capsize=3,
    )
    ax.set(title=f"{metric} of lists of ten", xlabel=metric)
figure.suptitle("partwise beside simple rules, with intervals for 95 %")
