"""Shared units of work: many wait for one commit, and nobody returns before it."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Connection

from nps_portal.accounts.models import Setting
from nps_portal.foundation.database import DatabaseUnavailable, db, reading
from nps_portal.foundation.shared_work import MOST_TOGETHER, SharedWork, SharedWorkFailed
from nps_portal.foundation.work import COMMAND_LINE, Work

BRINGERS = 24


class Slow:
    """Writes settings; the first time it waits until it may go on."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.has_begun = threading.Event()
        self.may_go_on = threading.Event()

    def write(self, work: Work, names: Sequence[str]) -> None:
        """Keep each name as a setting."""
        self.sizes.append(len(names))
        self.has_begun.set()
        assert self.may_go_on.wait(30)
        for name in names:
            work.session.add(Setting(name=name, value="", changed_at=work.now))
            work.session.flush()


def names_stored() -> list[str]:
    reading().rollback()
    return sorted(reading().scalars(sa.select(Setting.name)))


def bring(app: Flask, shared: SharedWork[str], name: str) -> bool:
    """Return whether it was stored when the bringer went on."""
    with app.app_context():
        shared.add(name)
        return name in names_stored()


def wait_until_waiting(shared: SharedWork[str], count: int) -> None:
    while len(shared._waiting) < count:
        threading.Event().wait(0.01)


def test_all_who_come_while_one_is_written_are_written_together_and_are_stored_on_return(
    app: Flask,
) -> None:
    slow, commits = Slow(), list[Connection]()
    shared = SharedWork(COMMAND_LINE, slow.write)
    event.listen(db.engine, "commit", commits.append)
    with ThreadPoolExecutor(BRINGERS + 1) as bringers:
        first = bringers.submit(bring, app, shared, "first")
        slow.has_begun.wait(30)
        others = [bringers.submit(bring, app, shared, f"n{n:02}") for n in range(BRINGERS)]
        wait_until_waiting(shared, BRINGERS)
        slow.may_go_on.set()
        stored = [first.result(), *(one.result() for one in others)]

    assert stored == [True] * (BRINGERS + 1)
    assert slow.sizes == [1, BRINGERS]
    assert len(commits) == 2


def test_more_than_fit_into_one_unit_are_written_in_the_next(app: Flask) -> None:
    slow = Slow()
    shared = SharedWork(COMMAND_LINE, slow.write)
    with ThreadPoolExecutor(MOST_TOGETHER + 6) as bringers:
        first = bringers.submit(bring, app, shared, "first")
        slow.has_begun.wait(30)
        others = [
            bringers.submit(bring, app, shared, f"n{number}") for number in range(MOST_TOGETHER + 5)
        ]
        wait_until_waiting(shared, MOST_TOGETHER + 5)
        slow.may_go_on.set()
        assert first.result()
        assert all(one.result() for one in others)

    assert slow.sizes == [1, MOST_TOGETHER, 5]


def test_an_error_undoes_what_was_written_with_it_and_everybody_is_told(app: Flask) -> None:
    slow = Slow()
    shared = SharedWork(COMMAND_LINE, slow.write)
    with ThreadPoolExecutor(4) as bringers:
        first = bringers.submit(bring, app, shared, "first")
        slow.has_begun.wait(30)
        others = [bringers.submit(bring, app, shared, name) for name in ("a", "first", "b")]
        wait_until_waiting(shared, 3)
        slow.may_go_on.set()
        assert first.result()
        for one in others:
            with pytest.raises(SharedWorkFailed):
                one.result()

    assert names_stored() == ["first"]
    assert bring(app, shared, "c")


def test_who_comes_after_an_error_is_told_of_the_next(app: Flask) -> None:
    def lose(work: Work, names: Sequence[str]) -> None:
        work.session.execute(sa.text("SELECT * FROM lost"))

    shared = SharedWork(COMMAND_LINE, lose)

    with pytest.raises(DatabaseUnavailable):
        shared.add("a")
    with pytest.raises(DatabaseUnavailable):
        shared.add("b")
