"""
Topics of a stream
==================

``partial_fit`` adds new texts to a model without a new fit. Topics keep their numbers,
and a new subject becomes a topic of its own. Here the texts are the State of the Union
addresses since 1950.
"""

# %%
# The first batch has the texts of 31 years, and each later batch those of one term of
# four years. ``events_`` lists the topics that were born, died or returned:
import numpy as np
from matplotlib import pyplot as plt

import partwise as pw

passages = pw.datasets.load_state_of_the_union()
years = np.asarray(passages.years)
starts = [1950, *range(1981, 2022, 4)]
batch_of = np.searchsorted(starts, years, side="right") - 1  # -1: before 1950

stream = pw.TopicModel(n_topics=8, random_state=0, stability_runs=0)
for batch in range(len(starts)):
    rows = np.flatnonzero(batch_of == batch)
    stream.partial_fit(
        [passages.texts[i] for i in rows], ids=[passages.ids[i] for i in rows]
    )
for event in stream.events_:
    print(
        f"topic {event.topic} was {event.kind} in the batch of {starts[event.batch]}: "
        f"{event.label}"
    )

# %%
# A label has the present words of a topic, so it can differ from the label at birth.
# The picture shows the share of each topic in each batch. Documents keep their first
# topic weights, so a topic has no documents before its birth:
seen = np.concatenate(
    [np.full((batch_of == batch).sum(), batch) for batch in range(len(starts))]
)
shares = np.stack(
    [stream.document_topics_[seen == batch].sum(axis=0) for batch in range(len(starts))]
)
shares /= shares.sum(axis=1, keepdims=True)

figure, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
shades = ax.imshow(shares.T, cmap="cividis", aspect="auto", vmin=0)
born = [(event.batch, event.topic) for event in stream.events_ if event.kind == "born"]
ax.plot(*np.transpose(born), "w*", markersize=12)
ax.set_yticks(range(stream.n_topics_), stream.labels_)
ax.set_xticks(range(len(starts)), starts)
ax.set(
    xlabel="first year of the batch; the first batch ends in 1980",
    title="Share of each topic in each batch; a star is a birth",
)
figure.colorbar(shades, label="share of the batch")

# %%
# Read the texts of a new topic before you trust it. The topic of 2021 is about the
# pandemic, but also about the transcript, which notes each applause.
