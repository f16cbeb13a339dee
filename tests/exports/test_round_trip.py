"""An export comes back into an empty portal without loss."""

import csv
import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from python_calamine import CalamineWorkbook

from nps_portal.accounts.commands import reset_password
from nps_portal.accounts.passwords import WrongCredentials, recognise
from nps_portal.batches.eligibility import may_be_asked
from nps_portal.batches.models import Reason
from nps_portal.config import load_settings
from nps_portal.contacts.models import Contact, PropertyValue
from nps_portal.exports.archive import BadArchive
from nps_portal.exports.cells import joined, parted
from nps_portal.exports.making import export_all, long_cells
from nps_portal.exports.people_tables import CONTACTS
from nps_portal.exports.reader import snapshot
from nps_portal.exports.restoring import NotEmpty, Restored, restore
from nps_portal.exports.tables import TABLES
from nps_portal.exports.workbook import Workbook
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.csv_files import harmless, unguarded
from nps_portal.foundation.database import db, reading
from nps_portal.foundation.work import COMMAND_LINE
from nps_portal.imports.commands import choice_of, confirm_import
from nps_portal.imports.models import Import
from nps_portal.imports.running import run_import
from nps_portal.imports.taking_in import take_in
from nps_portal.responses.models import Response, ResponseRevision
from nps_portal.segments.models import Segment
from nps_portal.surveys.queries import survey_by_name
from tests.conftest import SECRET, MakeDatabase, environment
from tests.exports.filled import FORMULA, HOSTILE, fill
from tests.support import factories
from tests.support.clock import FixedClock
from tests.support.standing import furnished

FILES = [f"{table.name}.csv" for table in TABLES]


@pytest.fixture
def exported(app: Flask, tmp_path: Path) -> Path:
    """Give the folder of an export of a portal that holds everything."""
    with factories.work() as work:
        user = factories.make_owner(work)
        factories.make_survey(work)
        fill(work, user)
    return export_all(tmp_path / "out", current_clock().now(), "first")


@contextmanager
def other_portal(
    app: Flask, make_database: MakeDatabase, place: Path, clock: FixedClock
) -> Iterator[None]:
    """Furnish an empty portal beside the first."""
    place.mkdir()
    settings = load_settings(environment(place, make_database(place, "other")))
    with furnished(app, settings, clock) as made, made.app_context():
        with factories.work() as work:
            # Its ids are others: nobody has added people in the same order twice.
            factories.make_owner(work, "first@acme.example")
            factories.make_survey(work)
            work.session.execute(sa.text("DELETE FROM users"))
        yield
        db.session.remove()


def bring_in(file: Path) -> Restored:
    with factories.work() as work:
        return restore(work, file)


def rows_of(folder: Path, table: str) -> list[dict[str, str]]:
    text = (folder / f"{table}.csv").read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_what_comes_back_is_exported_byte_for_byte_the_same(
    exported: Path, app: Flask, make_database: MakeDatabase, tmp_path: Path, clock: FixedClock
) -> None:
    clock.advance(days=400)
    with other_portal(app, make_database, tmp_path / "other", clock):
        restored = bring_in(exported / "nps-portal.zip")
        again = export_all(tmp_path / "out", current_clock().now(), "second")

    assert restored == Restored(
        contacts=len(HOSTILE), responses=len(HOSTILE), foreign_fingerprints=0
    )
    for name in FILES:
        assert (again / name).read_bytes() == (exported / name).read_bytes(), name
        assert len((again / name).read_bytes().splitlines()) > 1, name


def test_what_comes_back_means_the_same(
    exported: Path, app: Flask, make_database: MakeDatabase, tmp_path: Path, clock: FixedClock
) -> None:
    with other_portal(app, make_database, tmp_path / "other", clock):
        bring_in(exported / "nps-portal.zip")
        session = reading()
        people = session.scalars(sa.select(Contact).order_by(Contact.id)).all()
        merged, erased = people[3], people[7]
        number = session.scalars(
            sa.select(PropertyValue).where(PropertyValue.number < Decimal(0))
        ).first()
        segment = session.scalars(sa.select(Segment)).one()
        reviewed = session.scalars(sa.select(Response).where(Response.score == 2)).first()
        assert reviewed is not None
        revisions = session.scalars(
            sa.select(ResponseRevision.id)
            .where(ResponseRevision.response_id == reviewed.id)
            .order_by(ResponseRevision.id)
        ).all()

        assert merged.merged_into_id == people[5].id
        assert erased.email == f"erased-{erased.id}@invalid"
        assert number is not None
        assert (number.text, str(number.number)) == ("-1234.5", "-1234.5")
        assert reviewed.marks["reviewed_revision"] == revisions[1]
        owner = segment.rules["groups"][0]["conditions"][2]
        assert owner["value"] == str(people[0].owner_id)


def test_who_was_asked_lately_is_not_asked_again_because_of_a_new_portal(
    exported: Path, app: Flask, make_database: MakeDatabase, tmp_path: Path, clock: FixedClock
) -> None:
    with other_portal(app, make_database, tmp_path / "other", clock):
        bring_in(exported / "nps-portal.zip")
        session = reading()
        asked = session.scalars(sa.select(Contact).where(Contact.last_asked_at.is_not(None))).one()
        survey = survey_by_name(session, "default")
        assert survey is not None
        assert asked.last_asked_at is not None
        then = asked.last_asked_at + timedelta(hours=23)
        (decision,) = may_be_asked(session, [asked.id], survey, then)
        (later,) = may_be_asked(session, [asked.id], survey, then + timedelta(days=90))

    assert (decision.reason, later.reason) == (Reason.ASKED_TODAY, None)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_contacts_alone_come_back_through_the_import_of_contacts(
    app: Flask,
    exported: Path,
    make_database: MakeDatabase,
    tmp_path: Path,
    clock: FixedClock,
    form: str,
) -> None:
    before = {row["email"]: row for row in rows_of(exported, "contacts")}
    file = exported / "contacts.csv" if form == "csv" else contacts_workbook(tmp_path)

    with other_portal(app, make_database, tmp_path / "other", clock):
        with factories.work() as work:
            factories.make_owner(work)
        import_contacts(file)
        after_folder = export_all(tmp_path / "again", current_clock().now(), "second")

    after = {row["email"]: row for row in rows_of(after_folder, "contacts")}
    gone = {email for email, row in before.items() if row["removed_at"] or row["erased_at"]}
    assert set(after) == set(before) - gone
    for email, row in after.items():
        for column in ("language", "decides", "pays", "uses", "consent_basis", "consent_on"):
            assert row[column] == before[email][column]
        name = before[email]["name"]
        # A name is one line of signs that show, and a workbook has no guards to be taken off.
        if name.isprintable() and not (form == "xlsx" and name.startswith("'")):
            assert row["name"] == name
        assert row["suppressed_because"] == before[email]["suppressed_because"]
        for own in ("Seats", "Since", "Member", "Plan"):
            assert row[own] == before[email][own]
    assert after["person0@example.org"]["owner"] == before["person0@example.org"]["owner"]


def contacts_workbook(place: Path) -> Path:
    """Write the contacts as the page hands them out."""
    file = place / "contacts.xlsx"
    with file.open("wb") as target, snapshot() as reader, closing(Workbook(target)) as book:
        book.add(CONTACTS.name, CONTACTS.columns(reader), CONTACTS.rows(reader))
    return file


def import_contacts(file: Path) -> None:
    """Bring a file in as the command does, with the columns as they are proposed."""
    with file.open("rb") as stream:
        import_id = take_in(COMMAND_LINE, stream, file.name)
    with factories.work() as work:
        confirm_import(work, import_id, choice_of(work.session.get_one(Import, import_id)))
    run_import(import_id, COMMAND_LINE, threading.Event())


def test_users_come_without_a_password_and_sign_in_with_a_new_one(
    exported: Path, app: Flask, make_database: MakeDatabase, tmp_path: Path, clock: FixedClock
) -> None:
    with other_portal(app, make_database, tmp_path / "other", clock):
        bring_in(exported / "nps-portal.zip")
        with pytest.raises(WrongCredentials):
            recognise(reading(), email=factories.OWNER, password=factories.PASSWORD)
        with factories.work() as work:
            reset_password(work, email=factories.OWNER, password="another long sentence")

        found = recognise(reading(), email=factories.OWNER, password="another long sentence")
        assert found.is_owner


def test_no_file_holds_a_cell_or_header_that_runs(exported: Path) -> None:
    for name in FILES:
        text = (exported / name).read_bytes().decode("utf-8-sig")
        with long_cells():
            cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
        for cell in cells:
            is_number = cell.lstrip("-").replace(".", "").isdecimal()
            assert is_number or cell[:1] not in tuple("=+-@\t\r\n＝"), (name, cell)


def test_the_workbook_shows_the_very_cells_and_no_formula(exported: Path) -> None:
    book = CalamineWorkbook.from_path(str(exported / "nps-portal.xlsx"))
    contacts = book.get_sheet_by_name("contacts").to_python()
    answers = book.get_sheet_by_name("responses").to_python()
    comment = answers[0].index("comment")

    assert book.sheet_names == [table.name for table in TABLES]
    assert FORMULA in contacts[0]
    assert contacts[1][contacts[0].index("name")] == FORMULA
    assert contacts[3][contacts[0].index("Seats")] == -1234.5
    assert [row[comment] for row in answers[1:5]] == list(HOSTILE[:4])
    assert answers[1][answers[0].index("score")] == 0
    with zipfile.ZipFile(exported / "nps-portal.xlsx") as packed:
        assert all(b"<f>" not in packed.read(name) for name in packed.namelist())


def test_no_secret_leaves(exported: Path) -> None:
    everything = b"".join((exported / name).read_bytes() for name in FILES)

    assert b"never in a file" not in everything
    assert b"$argon2" not in everything
    assert SECRET.encode() not in everything + (exported / "nps-portal.zip").read_bytes()


def test_erased_people_are_numbered_and_named_nowhere(exported: Path) -> None:
    people = rows_of(exported, "contacts")
    suppressed = [row["email_key"] for row in rows_of(exported, "suppressions")]

    assert [row["email"] for row in people if row["erased_at"]] == [
        "erased-1@invalid",
        "erased-2@invalid",
    ]
    assert sum(key.startswith("erased:") for key in suppressed) == 2
    assert not {"person7@example.org", "person9@example.org"} & {*suppressed}


def test_an_export_comes_only_into_an_empty_portal(exported: Path) -> None:
    with pytest.raises(NotEmpty, match="contacts already, so nothing was imported"):
        bring_in(exported / "nps-portal.zip")


def test_another_secret_key_is_told(
    exported: Path, app: Flask, make_database: MakeDatabase, tmp_path: Path, clock: FixedClock
) -> None:
    with other_portal(app, make_database, tmp_path / "other", clock):
        app.secret_key = "another one, 0123456789"
        assert bring_in(exported / "nps-portal.zip").foreign_fingerprints == 2


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("contacts.csv", b"person4@", b"person5@", "not as it was when the export was made"),
        ("manifest.json", b'"version": 1', b'"version": 99', "has the format 99"),
        ("manifest.json", b"{", b"", "no manifest.json that can be read"),
    ],
)
def test_a_changed_archive_brings_nothing_in(
    exported: Path,
    app: Flask,
    make_database: MakeDatabase,
    tmp_path: Path,
    clock: FixedClock,
    name: str,
    old: bytes,
    new: bytes,
    told: str,
) -> None:
    spoilt = _spoilt(exported / "nps-portal.zip", name, old, new)

    with other_portal(app, make_database, tmp_path / "other", clock):
        with pytest.raises(BadArchive, match=told):
            bring_in(spoilt)
        assert reading().scalar(sa.select(sa.func.count(Contact.id))) == 0


def test_a_cell_that_cannot_be_is_told_by_its_row_and_undoes_everything(
    exported: Path, app: Flask, make_database: MakeDatabase, tmp_path: Path, clock: FixedClock
) -> None:
    file = exported / "nps-portal.zip"
    with zipfile.ZipFile(file) as packed:
        tasks = packed.read("tasks.csv")
        digest = json.loads(packed.read("manifest.json"))["files"]["tasks.csv"]["sha256"]
    wrong = tasks.replace(b'"closed"', b'"done"')
    spoilt = _spoilt(file, "tasks.csv", tasks, wrong)
    new_digest = hashlib.sha256(wrong).hexdigest()
    spoilt = _spoilt(spoilt, "manifest.json", digest.encode(), new_digest.encode())

    with other_portal(app, make_database, tmp_path / "other", clock):
        with pytest.raises(BadArchive, match=r"tasks.csv, row 1: «done» cannot be the state"):
            bring_in(spoilt)
        assert reading().scalar(sa.select(sa.func.count(Contact.id))) == 0


def test_an_export_never_replaces_another_and_leaves_no_half(app: Flask, tmp_path: Path) -> None:
    made = [export_all(tmp_path / "out", current_clock().now(), "same") for _ in range(2)]

    assert [one.name for one in made] == ["same", "same-2"]
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == ["same", "same-2"]


@pytest.mark.parametrize("cell", [*HOSTILE, "", "-5", "-5.25", "'-5", "+5", "'", "''", "\0x"])
def test_a_guard_is_taken_off_again(cell: str) -> None:
    assert unguarded(harmless(cell)) == cell


def test_lists_in_a_cell_are_parted_as_they_were_joined() -> None:
    words = ["plain", "a; b", "back\\slash", "\\;", "  "]

    assert parted(joined(words)) == words
    assert parted(joined([])) == []


def _spoilt(file: Path, name: str, old: bytes, new: bytes) -> Path:
    """Return a copy of an archive in which one file is another."""
    target = file.with_name(f"spoilt-{name}.zip")
    with zipfile.ZipFile(file) as packed, zipfile.ZipFile(target, "w") as copy:
        for one in packed.namelist():
            content = packed.read(one)
            if one == name:
                assert old in content
                content = content.replace(old, new, 1)
            copy.writestr(one, content)
    return target
