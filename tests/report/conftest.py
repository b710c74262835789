"""A small collection with dates, in which a document, an id and a label try to be HTML."""

import numpy as np
import pytest

from partwise.topics import TopicModel

SUBJECTS = {
    "sport": "cup team goal coach league match final win season player",
    "money": "bank rates shares market profit trade growth economy stock prices",
    "film": "film actor oscar award director comedy script cinema drama premiere",
    "weather": "rain wind storm snow cold sun cloud forecast degrees flood",
    "science": "planet star telescope orbit mission probe moon comet space rocket",
}
HOSTILE = (
    "The cup team <script>alert('goal')</script> and the coach & league <img src='https://example.org/x.png'> match."
)


@pytest.fixture(scope="session")
def collection():
    """120 texts, their ids and dates."""
    rng = np.random.default_rng(0)
    texts, ids, dates = [], [], []
    for i in range(120):
        subject = list(SUBJECTS)[i % 5]
        words = rng.choice(SUBJECTS[subject].split(), size=12)
        texts.append(f"The {' '.join(words[:6])}. Then the {' '.join(words[6:])}!")
        ids.append(f"{subject}/{i:03}")
        dates.append(f"2024-{1 + i // 24:02}-{1 + i % 24:02}")
    texts[0], ids[0] = HOSTILE, '"><script>id</script>'
    return texts, ids, dates


@pytest.fixture(scope="session")
def model(collection):
    """Five topics, of which two have labels that try to be HTML."""
    texts, ids, dates = collection
    labels = {0: "</script><script>window.broken = true</script>", 1: "href='https://example.org'"}
    return TopicModel(5, random_state=0, stability_runs=2).fit(texts, ids, dates).set_labels(labels)


@pytest.fixture(scope="session")
def report(model, tmp_path_factory):
    """The file of its report."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    model.report(path)
    return path
