"""turftopic: KeyNMF of the shipped passages, with vectors of words that need no model. Quality: coherence (NPMI)."""

import warnings
from time import perf_counter

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from turftopic import KeyNMF

from partwise.datasets import load_state_of_the_union

warnings.simplefilter("ignore")
texts = load_state_of_the_union().texts[::2]
count = CountVectorizer(stop_words="english", min_df=10)


class Hashed:
    """Encodes a text by random signs of its words."""

    def __init__(self) -> None:
        self.words = HashingVectorizer(n_features=512, norm="l2")

    def encode(self, texts, **_):
        """Return vectors (n, 512)."""
        return self.words.transform(list(texts)).toarray()


model = KeyNMF(20, encoder=Hashed(), vectorizer=count, random_state=0)
keywords = model.extract_keywords(texts)
begun = perf_counter()
model.fit(texts, keywords=keywords)

seconds = perf_counter() - begun
there = (count.fit_transform(texts) > 0).astype(float)
place = {word: column for column, word in enumerate(count.get_feature_names_out())}
values = []
for _, words in model.get_topics(top_k=10):
    columns = [place[word] for word, _ in words if word in place]
    both = (there[:, columns].T @ there[:, columns]).toarray() / len(texts)
    one = np.diag(both)
    for i in range(len(columns)):
        for j in range(i):
            if both[i, j] > 0:
                values.append(np.log(both[i, j] / (one[i] * one[j])) / -np.log(both[i, j]))
            else:
                values.append(-1.0)
print(seconds, np.mean(values))
