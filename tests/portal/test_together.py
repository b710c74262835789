"""Lists that are asked for at the same time are computed together, and are those that each gets alone."""

import threading

import pytest

from partwise.exceptions import ParameterError
from partwise.portal import together
from partwise.portal.articles import Article
from partwise.portal.together import MOST, Asked, Together
from partwise.portal.training import articles_table, reads_table
from partwise.recommend import Recommender


@pytest.fixture(scope="module")
def model(news):
    articles = [Article(one.id, one.text, time=one.time) for one in news.articles()]
    return Recommender(4).fit(
        reads_table(news.events(), frozenset(one.id for one in articles), 2e9), articles_table(articles)
    )


def asked_of(model, n, length=5):
    subjects = ("sport-00", "money-01", "health-02")
    return [Asked(model, length, 0.0, 0.0, [(subjects[i % 3], 1.0), (f"sport-{3 * i:02}", 2.0)]) for i in range(n)]


def ask_at_once(asker, asked, monkeypatch):
    """Ask from threads while a first batch is held up; return answers or errors in order, and the sizes of batches."""
    sizes, hold, entered, compute = [], threading.Event(), threading.Event(), together._listed

    def held(batch):
        sizes.append(len(batch))
        if len(sizes) == 1:
            entered.set()
            assert hold.wait(30)
        return compute(batch)

    monkeypatch.setattr(together, "_listed", held)
    answers = [None] * len(asked)

    def ask(number):
        try:
            answers[number] = asker.listed(asked[number])
        except ParameterError as error:
            answers[number] = error

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(asked))]
    threads[0].start()
    assert entered.wait(30)
    for thread in threads[1:]:
        thread.start()
    while len(asker._waiting) < len(asked) - 1:
        pass
    hold.set()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    monkeypatch.setattr(together, "_listed", compute)
    return answers, sizes


def test_lists_are_those_that_each_reader_gets_alone(model, monkeypatch):
    asked = asked_of(model, 2 * MOST + 3)
    answers, sizes = ask_at_once(Together(), asked, monkeypatch)
    assert sizes == [1, MOST, MOST, 2]
    for one, found in zip(asked, answers, strict=True):
        alone = Together().listed(one)
        assert [name for name, _ in found] == [name for name, _ in alone]
        assert [score for _, score in found] == pytest.approx([score for _, score in alone], rel=1e-12)
        assert not {name for name, _ in found} & {name for name, _ in one.reads}


def test_lists_of_other_lengths_or_models_are_not_mixed(model, monkeypatch):
    asked = asked_of(model, 5) + asked_of(model, 3, length=2)
    answers, sizes = ask_at_once(Together(), asked, monkeypatch)
    assert sorted(sizes) == [1, 3, 4]
    assert [len(found) for found in answers] == [5] * 5 + [2] * 3


def test_an_error_reaches_everyone_of_its_batch_and_no_one_else(model, monkeypatch):
    bad = [Asked(model, 5, 0.0, 2.0, []) for _ in range(2)]
    asker = Together()
    answers, _ = ask_at_once(asker, asked_of(model, 3) + bad, monkeypatch)
    assert [isinstance(found, ParameterError) for found in answers] == [False] * 3 + [True] * 2
    assert len(asker.listed(asked_of(model, 1)[0])) == 5
