"""
Similar articles
================

Which articles are like this one, and what do they have in common? ``similar`` gives a
score for each, and the topics that make up the score.
"""

# %%
# Here is a passage of President Clinton's address of 1996, and the passages that are
# most like it:
import textwrap

import pandas as pd

import partwise as pw

passages = pw.datasets.load_state_of_the_union()
recent = [i for i, year in enumerate(passages.years) if year >= 1950]
text_of = {passages.ids[i]: passages.texts[i] for i in recent}
model = pw.TopicModel(n_topics=12, random_state=0, stability_runs=0)
model.fit([*text_of.values()], ids=[*text_of])

asked = "1996-william-j-clinton-020"
found = model.similar(asked, n=6, duplicates=False)
print(textwrap.shorten(text_of[asked], 300))
print(found[["id", "score"]].round(2).to_string())

# %%
# ``shared`` splits each score into the topics that both passages have:
parts = pd.DataFrame(
    [
        {t: share * row.score for t, share in row.shared.items()}
        for row in found.itertuples()
    ]
).fillna(0)
parts = parts[parts.sum().sort_values(ascending=False).index[:4]]
parts.columns = [model.labels_[topic] for topic in parts]
parts["other topics"] = found["score"] - parts.sum(axis=1)
colours = ["#0072B2", "#E69F00", "#009E73", "#F0E442", "#BBBBBB"]
ax = parts.set_axis(found["id"]).plot.barh(
    stacked=True, color=colours, figsize=(8, 3.6)
)
ax.invert_yaxis()
ax.set(xlabel="score", ylabel="", title=f"What passages share with {asked}")
ax.legend(title="shared topic", loc="upper left", bbox_to_anchor=(1, 1))
ax.figure.set_layout_engine("constrained")

# %%
# You can also ask about a text that is not in the collection:
question = "Gasoline is expensive. We import too much oil, and should save energy."
best = model.similar(question, n=3)
for row in best.itertuples():
    print(f"{row.score:.2f} {row.id}: {textwrap.shorten(text_of[row.id], 200)}")
