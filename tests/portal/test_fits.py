"""Fits: one runs at a time, the one put into use last is in use, and one that was killed has failed."""

import threading

import pytest
import sqlalchemy as sa

from partwise.portal import schema
from partwise.portal.fits import (
    beat,
    begin_fit,
    count_fits,
    end_fit,
    find_fit,
    fit_in_use,
    fits_by_use,
    keep_fits,
    list_fits,
    newest_fit,
    usable_fits,
    use_fit,
)


def silence(database, number, seconds):
    with database.write() as connection:
        fits = schema.fits
        connection.execute(sa.update(fits).where(fits.c.number == number).values(beat=fits.c.beat - seconds))


def test_one_fit_runs_at_a_time(database):
    first = begin_fit(database)
    assert first is not None
    assert begin_fit(database) is None
    end_fit(database, first, "ready", {"articles": 3}, use=True)
    second = begin_fit(database)
    assert second > first
    assert [(fit.number, fit.state) for fit in list_fits(database)] == [(second, "running"), (first, "ready")]
    assert find_fit(database, first).facts == {"articles": 3}
    assert find_fit(database, second + 1) is None


def test_some_fits_are_told_without_the_others(database):
    assert (newest_fit(database), count_fits(database), list_fits(database, 2)) == (None, 0, [])
    numbers = []
    for state in ("ready", "failed", "aside", "ready", "removed"):
        numbers.append(begin_fit(database))
        assert newest_fit(database).state == "running"
        end_fit(database, numbers[-1], state, {}, use=state == "ready")
    newest_first = numbers[::-1]
    assert newest_fit(database).number == numbers[-1]
    assert count_fits(database) == 5
    assert [fit.number for fit in list_fits(database)] == newest_first
    assert [fit.number for fit in list_fits(database, 2)] == newest_first[:2]
    assert [fit.number for fit in list_fits(database, 2, 2)] == newest_first[2:4]
    assert [fit.number for fit in list_fits(database, 2, 4)] == newest_first[4:]
    assert [fit.number for fit in usable_fits(database)] == [numbers[3], numbers[2], numbers[0]]
    assert [fit.number for fit in fits_by_use(database)] == [numbers[3], numbers[0]]
    assert fit_in_use(database).number == numbers[3]


def test_of_two_that_begin_at_once_one_begins(database):
    begun = []
    threads = [threading.Thread(target=lambda: begun.append(begin_fit(database))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == 6
    assert begun.count(None) == 5


def test_a_fit_without_a_beat_for_a_minute_was_killed(database):
    first = begin_fit(database)
    silence(database, first, 59)
    assert begin_fit(database) is None
    silence(database, first, 10)
    beat(database, first)
    assert begin_fit(database) is None
    silence(database, first, 61)
    second = begin_fit(database)
    assert second is not None
    assert fit_in_use(database) is None
    killed = find_fit(database, first)
    assert killed.state == "failed"
    assert killed.ended is not None
    assert "killed" in killed.facts["reason"]


def test_a_killed_fit_is_told_as_failed_before_another_begins(database):
    number = begin_fit(database)
    assert list_fits(database)[0].state == "running"
    silence(database, number, 61)
    for told in (list_fits(database)[0], find_fit(database, number)):
        assert (told.state, told.facts) == ("failed", {"reason": "the process of this fit was killed"})
        assert told.ended == pytest.approx(told.started - 61)


def test_the_fit_that_is_put_into_use_while_others_are_removed_is_kept(database, monkeypatch):
    """Between the look at what is in use and the removal, another process puts an old fit into use."""
    numbers = [begin_fit(database)]
    end_fit(database, numbers[0], "ready", {}, use=True)
    for _ in range(2):
        numbers.append(begin_fit(database))
        end_fit(database, numbers[-1], "ready", {}, use=True)
    used, ended = [], threading.Event()
    other = threading.Thread(target=lambda: (used.append(use_fit(database, numbers[0])), ended.set()))
    update = sa.update

    def late(table):
        if not other.ident:
            other.start()
            ended.wait(0.5)
        return update(table)

    monkeypatch.setattr("partwise.portal.fits.sa.update", late)
    kept = keep_fits(database, 1)
    other.join()
    assert fit_in_use(database).number in kept
    assert used == [numbers[0] in kept]


def test_the_fit_put_into_use_last_is_in_use(database):
    numbers = []
    for state, use in (("ready", True), ("ready", True), ("aside", False), ("failed", False)):
        numbers.append(begin_fit(database))
        end_fit(database, numbers[-1], state, {}, use)
    assert fit_in_use(database).number == numbers[1]
    assert use_fit(database, numbers[0])
    assert fit_in_use(database).number == numbers[0]
    assert use_fit(database, numbers[2])
    assert fit_in_use(database).number == numbers[2]
    assert [fit.number for fit in fits_by_use(database)] == [numbers[2], numbers[0], numbers[1]]
    for number in (numbers[3], 999):
        assert not use_fit(database, number)
    assert fit_in_use(database).number == numbers[2]


@pytest.mark.parametrize("back", [0.0, 3600.0])
def test_a_clock_that_was_set_back_does_not_change_which_fit_is_in_use(database, monkeypatch, back):
    first, second = begin_fit(database), None
    end_fit(database, first, "ready", {}, use=True)
    second = begin_fit(database)
    used = fit_in_use(database).used
    monkeypatch.setattr(database, "time", lambda connection: used - back)
    end_fit(database, second, "ready", {}, use=True)
    assert fit_in_use(database).number == second
