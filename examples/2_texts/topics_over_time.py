"""
Topics over time
================

If texts have dates, ``over_time`` shows when topics rose and fell. The texts are all
State of the Union addresses of the last 120 years, split into passages.
"""

# %%
# ``fit`` takes the dates, and ``over_time`` gives the share of each topic in the
# passages of each decade:
from matplotlib import pyplot as plt

import partwise as pw

passages = pw.datasets.load_state_of_the_union()
model = pw.TopicModel(n_topics=7, random_state=0)
model.fit(
    passages.texts, ids=passages.ids, dates=[str(year) for year in passages.years]
)
table = model.over_time("decade")
shares = table.pivot(index="bin", columns="topic", values="share")

figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
colours = plt.get_cmap("cividis")([t / 6 for t in range(7)])
ax.stackplot(
    shares.index,
    shares.to_numpy().T,
    labels=model.labels_,
    colors=colours,
    edgecolor="white",
)
ax.set(
    title="Topics of the State of the Union by decade",
    ylabel="share of the decade",
    ylim=(0, 1),
)
ax.set_xticks(range(0, len(shares), 2), shares.index[::2])
ax.margins(x=0)
handles, labels = ax.get_legend_handles_labels()
figure.legend(handles[::-1], labels[::-1], loc="outside right center")

# %%
# One chart for each topic shows when it rose and fell:
figure, axes = plt.subplots(
    2, 4, figsize=(8, 3.6), sharex=True, sharey=True, layout="constrained"
)
for topic, ax in zip(shares, axes.flat, strict=False):
    ax.bar(range(len(shares)), shares[topic], color="#0072B2")
    ax.set_title(" · ".join(model.labels_[topic].split(" · ")[:2]), fontsize=9)
    ax.set_xticks(range(0, len(shares), 4), shares.index[::4])
axes.flat[-1].remove()
axes[0, 0].set_ylabel("share")
axes[1, 0].set_ylabel("share")
figure.suptitle("Each topic by decade")

# %%
# The words of a topic change over time. ``words`` has the words of the topic in one
# decade:
topic = next(t for t in shares if "peace" in model.labels_[t])
for row in table[table["topic"] == topic].iloc[::2].itertuples():
    print(row.bin, f"{row.share:.2f}", row.words)
