"""A small collection with dates, in which a document, an id and a label try to be HTML, and a report made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from partwise.report import STEPS, Document, Listed, Passage, Report, Timeline, TopicFacts, Unexplained, Word
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


def topic(index, label, share, **others):
    words = [Word(word, 1 - 0.1 * place, 0.9) for place, word in enumerate(label.split(" · "))]
    document = Document(f"{label[:3]}/{index}", "2024-01-05", f"About {label}", "https://example.org/a", "News")
    return TopicFacts(
        index=index,
        label=label,
        share=share,
        npmi=0.2,
        stability=others.pop("stability", 0.9),
        fit=0.5,
        documents=others.pop("documents", 1),
        words=words,
        ranks=[[*range(len(words))] for _ in STEPS],
        exclusive=label.split(" · ")[:1],
        passages=[Passage(document, 0.8, [("Of the ", False), (words[0].word, True)])],
        listed=others.pop("listed", [Listed(document, 0.8)]),
        place=others.pop("place", (0.1 * index, 0.0)),
        **others,
    )


@pytest.fixture
def told():
    """What a report tells of three topics in 900 documents, of which none are from February."""
    topics = [topic(0, "cup · team", 0.5), topic(1, "bank · rates", 0.3), topic(2, "film · award", 0.2, stability=0.4)]
    return Report(
        title="News",
        language="en",
        documents=900,
        unplaced=1,
        dates=("2024-01-05", "2024-04"),
        topics=topics,
        similarity=[[1, 0.62, 0.04], [0.62, 1, 0.1], [0.04, 0.1, 1]],
        mapped=0.8,
        timeline=Timeline(
            unit="month",
            bins=["2024-01", "2024-02", "2024-03", "2024-04"],
            starts=["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"],
            documents=[400, 0, 300, 200],
            shares=[[0.7, 0.2, 0.1], None, [0.3, 0.4, 0.3], [0.2, 0.3, 0.5]],
        ),
        unexplained=[Unexplained(Document("odd"), 2, 0.01)],
        figures=[("0.50", "mean fit")],
        provenance=[("loss", "frobenius")],
        repeat=["TopicModel(3)"],
    )


@pytest.fixture
def with_document(told):
    """Return that report with another document in the list of its first topic."""

    def with_document(document):
        first = replace(told.topics[0], listed=[Listed(document, 0.8)], documents=1)
        return replace(told, topics=[first, *told.topics[1:]])

    return with_document
