"""
Topics of articles
==================

What is a collection of texts about? ``TopicModel`` finds its topics, their words, and
the share of each topic in each passage. The texts are passages of the State of the
Union addresses since 1950, which come with partwise.
"""

# %%
# ``share`` is a topic's share of the collection, and the largest topic comes first.
# ``stability`` shows whether other random starts find the topic again: doubt a topic
# below 0.6.
import numpy as np

import partwise as pw

passages = pw.datasets.load_state_of_the_union()
recent = np.flatnonzero(np.asarray(passages.years) >= 1950)
texts = [passages.texts[i] for i in recent]
model = pw.TopicModel(n_topics=8, random_state=0).fit(
    texts, ids=[passages.ids[i] for i in recent]
)
print(model.table(n_words=5)[["label", "share", "stability"]].round(2).to_string())

found = pw.plot.words(model)
found[0].figure.suptitle("The words that describe each topic best")

# %%
# A passage can be about several topics. Each column of this picture is a passage, and
# its colours are the shares of its topics. The topics of presidents differ:
president = ["-".join(passages.ids[i].split("-")[1:-1]) for i in recent]
some = ["dwight-d-eisenhower", "lyndon-b-johnson", "ronald-reagan", "barack-obama"]
rows = np.flatnonzero(np.isin(president, some))
ax = pw.plot.weights(
    model.document_topics_[rows],
    [president[i].split("-")[-1].title() for i in rows],
    labels=model.labels_,
)
ax.set_title("Topics of the passages of four presidents")

# %%
# The most typical passage of each topic shows what its words mean:
for topic in model.table().itertuples():
    print(f"{topic.label}: {texts[model.ids_.index(topic.document)][:90]}...")
