"""Files that wait while somebody is erased, and imports that cannot go on: no other is stopped."""

import io
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.contacts.queries import contact_by_key
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import COMMAND_LINE, WORKER
from nps_portal.imports.commands import (
    PUT_AWAY,
    NotConfirmable,
    choice_of,
    confirm_import,
    finish_import,
)
from nps_portal.imports.models import Import, ImportPiece, ImportState
from nps_portal.imports.pieces import PIECE_ROWS
from nps_portal.imports.running import next_import_id, run_import
from nps_portal.imports.taking_in import take_in
from nps_portal.privacy.commands import erase_contact
from nps_portal.worker.duties import run_imports
from nps_portal.worker.loop import run_until_idle
from tests.support import factories

GOING = threading.Event()
OTHERS = "".join(f"c{n}@example.org,Person,{n}\n" for n in range(PIECE_ROWS))


def uploaded(text: str) -> int:
    return take_in(COMMAND_LINE, io.BytesIO(text.encode()), "customers.csv")


def confirm(import_id: int) -> int:
    with factories.work() as work:
        confirm_import(work, import_id, choice_of(work.session.get_one(Import, import_id)))
    return import_id


def found(import_id: int) -> Import:
    reading().rollback()
    return reading().get_one(Import, import_id, populate_existing=True)


def drop_pieces_of(import_id: int, first: int = 0) -> None:
    with factories.work() as work:
        these = (ImportPiece.import_id == import_id, ImportPiece.number >= first)
        work.session.execute(sa.delete(ImportPiece).where(*these))


def spoil_pieces_of(import_id: int) -> None:
    with factories.work() as work:
        these = ImportPiece.import_id == import_id
        work.session.execute(sa.update(ImportPiece).where(these).values(content=b"rubbish"))


def add(email: str, name: str) -> int:
    with factories.work() as work:
        return factories.make_contact(work, email, name=name).id


def erase(contact_id: int) -> None:
    with factories.work() as work:
        erase_contact(work, contact_id)


def test_an_import_whose_file_was_put_away_ends_and_lets_the_next_in(app: Flask) -> None:
    gone = confirm(uploaded("Email,Name\nada@example.org,Ada\n"))
    drop_pieces_of(gone)
    after = confirm(uploaded("Email,Name\nbob@example.org,Bob\n"))

    run_until_idle(app)

    assert (found(gone).state, found(gone).reason) == (ImportState.FAILED, PUT_AWAY)
    assert found(gone).finished_at is not None
    assert found(after).state is ImportState.FINISHED


def test_an_import_whose_file_was_put_away_in_the_middle_keeps_what_came_in(app: Flask) -> None:
    import_id = confirm(uploaded(f"Email,First name,No\n{OTHERS}ada@example.org,Ada,1\n"))
    drop_pieces_of(import_id, first=1)

    run_until_idle(app)

    done = found(import_id)
    assert (done.state, done.reason, done.added) == (ImportState.FAILED, PUT_AWAY, PIECE_ROWS)


def test_an_import_whose_rows_are_there_does_not_end(app: Flask) -> None:
    import_id = confirm(uploaded("Email,Name\nada@example.org,Ada\n"))

    with factories.work() as work:
        assert not finish_import(work, import_id)

    assert next_import_id() == import_id


def test_an_import_that_fails_does_not_stop_the_next_and_is_told_of(app: Flask) -> None:
    broken = confirm(uploaded("Email,Name\nada@example.org,Ada\n"))
    spoil_pieces_of(broken)
    after = confirm(uploaded("Email,Name\nbob@example.org,Bob\n"))

    assert run_imports(app, GOING) == 1

    assert found(after).state is ImportState.FINISHED
    with pytest.raises(Exception, match="decompressing"):
        run_imports(app, GOING)
    assert next_import_id() == broken


@pytest.mark.parametrize(
    "row",
    ["ADA@example.org,Somebody,", "x@example.org,King,Ada", 'x@example.org,"Mr King, ada",'],
)
def test_an_erasure_puts_away_the_unconfirmed_file_that_holds_the_person(
    app: Flask, row: str
) -> None:
    ada = add("ada@example.org", "Ada King")
    hers = uploaded(f"Email,First name,Last name\n{OTHERS}{row}\n")

    erase(ada)

    with pytest.raises(NotConfirmable):
        confirm(hers)


def test_headers_that_name_the_person_are_of_their_file(app: Flask) -> None:
    # Another bears the name too, so texts that name her are not hers for sure.
    ada = add("ada@example.org", "Ada King")
    add("other@example.org", "Ada King")
    hers = uploaded("Email,Ada King\nx@example.org,Somebody\n")

    erase(ada)

    with pytest.raises(NotConfirmable):
        confirm(hers)


@pytest.mark.parametrize("row", ["bob@example.org,Ada,Miller", "xada@example.org,Adam,Kingsley"])
def test_an_erasure_leaves_the_files_of_others(app: Flask, row: str) -> None:
    ada = add("ada@example.org", "Ada King")
    theirs = uploaded(f"Email,First name,Last name\n{OTHERS}{row}\n")

    erase(ada)

    confirm(theirs)
    run_until_idle(app)
    assert found(theirs).state is ImportState.FINISHED
    assert found(theirs).added == PIECE_ROWS + 1


def test_a_file_that_is_being_read_stays_and_its_erased_person_is_left_out(
    app: Flask, while_reading: Callable[[int, str], int]
) -> None:
    ada = add("ada@example.org", "Ada King")

    import_id = while_reading(ada, "Email,Name\nada@example.org,Ada King\nbob@example.org,Bob\n")

    run_import(confirm(import_id), WORKER, GOING)
    done = found(import_id)
    assert (done.state, done.added, done.rejected) == (ImportState.FINISHED, 1, 1)
    assert contact_by_key(reading(), "ada@example.org") is None


@pytest.fixture
def while_reading(app: Flask) -> Callable[[int, str], int]:
    """Return who takes a file in and erases somebody before its reading has ended."""

    def take(contact_id: int, text: str) -> int:
        import_id = uploaded(text)
        with factories.work() as work:
            work.session.get_one(Import, import_id).state = ImportState.READING
        erase(contact_id)
        with factories.work() as work:
            work.session.get_one(Import, import_id).state = ImportState.UPLOADED
        return import_id

    return take
