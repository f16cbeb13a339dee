"""The inbox of a Maildir on this machine."""

import threading
from pathlib import Path

import pytest
from flask import Flask

from nps_portal.accounts.portal_settings import change_settings
from nps_portal.foundation.database import reading
from nps_portal.inbox import maildir
from nps_portal.inbox.places import InboxTrouble
from nps_portal.inbox.queries import inbox_state, inbox_trouble
from nps_portal.inbox.reading import read_inbox, try_inbox
from nps_portal.outbox.models import MessageState
from tests.inbox.returned import asked, asked_one, bounces, letter, now_of, report_on
from tests.support import factories
from tests.support.clock import FixedClock


def read_from(app: Flask, place: Path) -> int:
    with factories.work() as work:
        change_settings(work, {"inbox_url": f"maildir:{place}"})
    return read_inbox(app, threading.Event())


def names(place: Path, folder: str) -> list[str]:
    return sorted(entry.name for entry in (place / folder).iterdir())


def test_what_is_understood_is_marked_as_read_and_nothing_is_deleted(
    app: Flask, tmp_path: Path
) -> None:
    message = asked_one()
    report = maildir.deliver(tmp_path, report_on(message))
    note = maildir.deliver(tmp_path, letter(sender="stranger@example.net"))

    count = read_from(app, tmp_path)

    assert count == 2
    assert names(tmp_path, "new") == []
    assert names(tmp_path, "cur") == sorted([f"{report.name}:2,S", f"{note.name}:2,"])
    assert now_of(message).state is MessageState.FAILED


def test_an_email_that_was_taken_in_before_a_crash_changes_nothing_again(
    app: Flask, tmp_path: Path
) -> None:
    message = asked_one()
    maildir.deliver(tmp_path, report_on(message))
    read_from(app, tmp_path)
    maildir.deliver(tmp_path, report_on(message))

    count = read_from(app, tmp_path)

    assert count == 1
    assert len(bounces()) == 1


def test_many_emails_are_read_in_one_go(app: Flask, tmp_path: Path, clock: FixedClock) -> None:
    people = asked(*(f"person{number}@example.com" for number in range(25)))
    for message in people:
        maildir.deliver(tmp_path, report_on(message))

    count = read_from(app, tmp_path)

    assert count == 25
    assert len(names(tmp_path, "cur")) == 25
    assert inbox_state(reading(), f"maildir:{tmp_path}").read_at == clock.now()


def test_reading_stops_between_two_chunks_when_the_worker_does(app: Flask, tmp_path: Path) -> None:
    maildir.deliver(tmp_path, letter())
    with factories.work() as work:
        change_settings(work, {"inbox_url": f"maildir:{tmp_path}"})
    stopping = threading.Event()
    stopping.set()

    assert read_inbox(app, stopping) == 0
    assert len(names(tmp_path, "new")) == 1


def test_a_folder_that_is_no_maildir_is_told_in_words(app: Flask, tmp_path: Path) -> None:
    count = read_from(app, tmp_path / "nothing")

    assert count == 0
    found = inbox_trouble(reading())
    assert found is not None
    assert found.text == f"{tmp_path}/nothing is not a Maildir that can be written to."
    with pytest.raises(InboxTrouble):
        try_inbox(f"maildir:{tmp_path}/nothing")


def test_trying_counts_and_moves_nothing(app: Flask, tmp_path: Path) -> None:
    maildir.deliver(tmp_path, letter())

    words = try_inbox(f"maildir:{tmp_path}")

    assert words == "The Maildir can be read. New emails in it: 1."
    assert len(names(tmp_path, "new")) == 1


def test_without_an_inbox_there_is_nothing_to_read(app: Flask) -> None:
    assert read_inbox(app, threading.Event()) == 0
    assert inbox_trouble(reading()) is None
