"""Exports that are made by themselves."""

import threading
import zipfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from nps_portal.exports.duty import UNFINISHED, make_due_export
from nps_portal.exports.models import ExportSchedule, Rhythm
from nps_portal.exports.scheduling import (
    CLAIM,
    TRIED_AGAIN_AFTER,
    Plan,
    UnusableFolder,
    check_folder,
    claim_due,
    folder_of,
    next_time,
    note_made,
    save_schedule,
    schedule,
)
from nps_portal.foundation.database import reading
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

VIENNA = ZoneInfo("Europe/Vienna")
FIELDS = {"folder": "nightly", "rhythm": "daily", "weekday": "0", "hour": "3", "kept": "2"}


def plan(folder: str | Path, kept: int = 2) -> None:
    with factories.work() as work:
        factories.make_business(work)
        save_schedule(
            work,
            Plan(folder=str(folder), rhythm=Rhythm.DAILY, weekday=0, hour=3, kept=kept),
        )


def stored() -> ExportSchedule:
    found = schedule(reading())
    assert found is not None
    reading().refresh(found)
    return found


def make(app: Flask) -> int:
    return make_due_export(app, threading.Event())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder for exports."""
    made = tmp_path / "backups"
    made.mkdir()
    return made


def test_an_export_is_made_when_it_is_due_and_once(
    app: Flask, clock: FixedClock, folder: Path
) -> None:
    plan(folder)
    assert make(app) == 0

    clock.advance(days=1)
    assert [make(app), make(app)] == [1, 0]

    (name,) = names(folder)
    assert stored().last_file == name
    assert stored().next_at.astimezone(VIENNA).hour == 3
    with zipfile.ZipFile(folder / name) as packed:
        assert "manifest.json" in packed.namelist()


def test_only_so_many_are_kept_and_nothing_else_is_touched(
    app: Flask, clock: FixedClock, folder: Path
) -> None:
    (folder / "nps-portal-of-mine.zip").write_text("mine")
    plan(folder, kept=2)

    for _ in range(4):
        clock.advance(days=1)
        assert make(app) == 1

    kept = names(folder)
    assert len(kept) == 3
    assert "nps-portal-of-mine.zip" in kept
    assert stored().last_file in kept


def test_two_workers_make_one_export(app: Flask, clock: FixedClock, folder: Path) -> None:
    plan(folder)
    clock.advance(days=1)
    with factories.work() as work:
        assert claim_due(work) is not None

    assert make(app) == 0
    assert names(folder) == []


def test_a_killed_worker_is_followed_by_another_and_its_half_goes(
    app: Flask, clock: FixedClock, folder: Path
) -> None:
    plan(folder)
    clock.advance(days=1)
    with factories.work() as work:
        dead = claim_due(work)
    assert dead is not None
    (folder / f"{UNFINISHED}abc").mkdir()
    (folder / f"{UNFINISHED}abc" / "contacts.csv").write_text("half")
    clock.advance(minutes=CLAIM.total_seconds() / 60 + 1)

    assert make(app) == 1
    assert len(names(folder)) == 1
    before = stored().last_file
    with factories.work() as work:
        note_made(work, dead, "of the dead.zip")
    assert stored().last_file == before


def test_a_fault_is_told_and_tried_again(
    app: Flask, clock: FixedClock, folder: Path, owner: PortalClient
) -> None:
    plan(folder)
    folder.rmdir()
    clock.advance(days=1)

    assert make(app) == 1

    assert "There is no folder" in stored().fault
    assert stored().next_at == clock.now() + TRIED_AGAIN_AFTER
    owner.sign_in(factories.OWNER, factories.PASSWORD)
    page = owner.get("/settings/data").text
    assert "The last export failed." in page
    folder.mkdir()
    clock.advance(minutes=16)
    assert make(app) == 1
    assert stored().fault == ""
    assert len(names(folder)) == 1


def test_a_worker_that_stops_leaves_the_export_to_the_next(
    app: Flask, clock: FixedClock, folder: Path
) -> None:
    with factories.work() as work:
        for _ in range(3):
            factories.make_contact(work)
    plan(folder)
    clock.advance(days=1)
    stopping = threading.Event()
    stopping.set()

    assert make_due_export(app, stopping) == 1

    assert names(folder) == []
    assert make(app) == 1
    assert len(names(folder)) == 1


def test_an_owner_sets_it_up_and_stops_it(owner: PortalClient, app: Flask) -> None:
    owner.post_form("/settings/data/schedule", FIELDS)

    assert stored().folder == "nightly"
    assert (Path(app.instance_path) / "exports" / "nightly").is_dir()
    page = owner.get("/settings/data").text
    assert "Next export" in page

    owner.post_form("/settings/data/schedule/stop")
    assert schedule(reading()) is None


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("folder", "/nowhere/at/all", "There is no folder"),
        ("folder", "../outside", "lies outside"),
        ("folder", "", "Name a folder."),
        ("kept", "0", "from 1 to 366"),
    ],
)
def test_what_cannot_be_is_refused(owner: PortalClient, field: str, value: str, told: str) -> None:
    answer = owner.post_form("/settings/data/schedule", FIELDS | {field: value})

    assert answer.status_code == 422
    assert told in answer.text
    assert schedule(reading()) is None


def test_a_folder_within_the_instance_is_made(tmp_path: Path) -> None:
    check_folder(tmp_path, "a/b")

    assert (tmp_path / "exports" / "a" / "b").is_dir()
    with pytest.raises(UnusableFolder):
        folder_of(tmp_path, "../../etc")


@pytest.mark.parametrize(
    ("rhythm", "after", "due"),
    [
        (Rhythm.DAILY, "2026-11-22T01:00Z", "2026-11-22T02:00Z"),
        (Rhythm.DAILY, "2026-11-22T02:00Z", "2026-11-23T02:00Z"),
        (Rhythm.DAILY, "2026-07-01T02:00Z", "2026-07-02T01:00Z"),
        (Rhythm.WEEKLY, "2026-11-22T00:00Z", "2026-11-25T02:00Z"),
    ],
)
def test_the_hour_is_that_of_the_accounts_zone(rhythm: Rhythm, after: str, due: str) -> None:
    found = next_time(rhythm, 2, 3, datetime.fromisoformat(after), VIENNA)

    assert found == datetime.fromisoformat(due)
