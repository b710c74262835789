"""
Recommendations with reasons
============================

What should a reader read next, and why? Each recommendation comes with reasons, and
their scores add up to the score of the article. **The readers here are simulated**:
each has one interest, and about four of five passages that they read are about it. The
passages are real, from the State of the Union addresses since 1950.
"""

# %%
# The log has 80 readers with 25 reads each. The first passages of an interest are read
# most:
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

import partwise as pw
from partwise.recommend import Recommender

passages = pw.datasets.load_state_of_the_union()
subjects = {}
for interest, word in {
    "arms": "nuclear",
    "schools": "schools",
    "farms": "farm",
    "health": "health",
}.items():
    found = [
        i
        for i, text in enumerate(passages.texts)
        if passages.years[i] >= 1950 and f" {word} " in text
    ]
    subjects[interest] = found[:60]
everything = sorted(set().union(*subjects.values()))
articles = pd.DataFrame(
    {
        "article": [passages.ids[i] for i in everything],
        "text": [passages.texts[i] for i in everything],
    }
)

rng = np.random.default_rng(0)
reads = []
for reader in range(80):
    interest = list(subjects)[reader % 4]
    for _ in range(25):
        choice = subjects[interest] if rng.random() < 0.8 else everything
        reads.append(
            (
                f"{interest}-{reader // 4}",
                passages.ids[choice[int(len(choice) * rng.random() ** 2)]],
            )
        )
log = pd.DataFrame(reads, columns=["reader", "article"])

# %%
# The model learns parts that describe readers and articles, and uses the texts too. A
# list leaves out what the reader has read:
model = Recommender(n_components=8, random_state=0).fit(log, articles)
top = model.recommend(["schools-1"], n=5)
print(top.round(3).to_string(index=False))

# %%
# ``explain`` says why the model lists the first article:
for reason in model.explain("schools-1", top["article"][0]).itertuples():
    print(f"{reason.score:.3f} {reason.because}")

# %%
# The picture shows the reasons for the whole list. The length of a bar is the score,
# and its pieces are the reasons. Most pieces are a part that the article shares with
# articles that the reader read; its words name it.
why = pd.concat(
    model.explain("schools-1", article).assign(article=article)
    for article in top["article"]
)
why["reason"] = why["because"].str.replace("you read .* about ", "", regex=True)
pieces = why.pivot_table(
    index="article", columns="reason", values="score", aggfunc="sum", fill_value=0
)
pieces = pieces.loc[top["article"], pieces.sum().sort_values(ascending=False).index]
assert np.allclose(pieces.sum(axis=1), top["score"])

colours = [
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#F0E442",
    "#D55E00",
    "#56B4E9",
    "#000000",
    "#CC79A7",
]
figure, ax = plt.subplots(figsize=(8, 3.6), layout="constrained")
pieces.plot.barh(stacked=True, color=colours, ax=ax, legend=False)
ax.invert_yaxis()
ax.set(
    xlabel="score",
    ylabel="",
    title="Why these five are recommended to the simulated reader schools-1",
)
figure.legend(loc="outside right center", fontsize=8)
