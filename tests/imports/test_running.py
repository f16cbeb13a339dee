"""Bringing a confirmed file in: chunk by chunk, once, whatever happens in between."""

import io
import threading
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.contacts.models import Contact, Suppression, SuppressionReason
from nps_portal.contacts.queries import contact_by_key, contact_count, suppression_of
from nps_portal.contacts.suppressions import suppress_all
from nps_portal.foundation.database import Model, reading
from nps_portal.foundation.work import COMMAND_LINE, WORKER
from nps_portal.imports.bringing_in import (
    OvertakenImport,
    import_piece,
    judge_of,
    judge_piece,
)
from nps_portal.imports.commands import (
    Choice,
    NotCancellable,
    NotConfirmable,
    cancel_import,
    choice_of,
    confirm_import,
    finish_import,
)
from nps_portal.imports.mapping import BadMapping, Mapping
from nps_portal.imports.models import (
    Import,
    ImportChange,
    ImportPiece,
    ImportSpan,
    ImportState,
    Made,
)
from nps_portal.imports.pieces import PIECE_ROWS, unpacked
from nps_portal.imports.queries import import_by_id, rejections
from nps_portal.imports.reading import UnreadableFile
from nps_portal.imports.refusals import OF_ERASED
from nps_portal.imports.running import next_import_id, run_import
from nps_portal.imports.taking_in import take_in
from nps_portal.imports.undo_commands import start_undo
from nps_portal.journal.models import Event
from nps_portal.journal.queries import events_of_contact
from nps_portal.merges.commands import merge_contacts
from nps_portal.privacy.commands import erase_contact
from nps_portal.worker.loop import run_until_idle
from tests.support import factories
from tests.support.clock import FixedClock

GOING = threading.Event()


def uploaded(text: str, filename: str = "customers.csv") -> int:
    return take_in(COMMAND_LINE, io.BytesIO(text.encode()), filename)


def confirmed(text: str) -> int:
    import_id = uploaded(text)
    with factories.work() as work:
        confirm_import(work, import_id, choice_of(work.session.get_one(Import, import_id)))
    return import_id


def pieces_of(import_id: int) -> int:
    reading().rollback()
    counted = sa.select(sa.func.count()).where(ImportPiece.import_id == import_id)
    return reading().scalar(counted) or 0


def people(count: int) -> str:
    return "Email,Name\n" + "".join(f"c{n}@example.org,Person {n}\n" for n in range(count))


def found(import_id: int) -> Import:
    reading().rollback()
    kept = import_by_id(reading(), import_id)
    assert kept is not None
    return kept


def test_the_worker_brings_a_confirmed_file_in(app: Flask) -> None:
    import_id = confirmed("Email,Name,Company\nada@example.org,Ada,Analytics\n")

    run_until_idle(app)

    ada = contact_by_key(reading(), "ada@example.org")
    assert ada is not None
    assert (ada.name, ada.company_name, ada.source) == ("Ada", "Analytics", f"import:{import_id}")
    done = found(import_id)
    assert done.state is ImportState.FINISHED
    assert (done.added, done.updated, done.unchanged, done.rejected) == (1, 0, 0, 0)


def test_nothing_is_imported_before_somebody_agrees(app: Flask) -> None:
    uploaded(people(3))

    run_until_idle(app)

    assert contact_count(reading()) == 0


def test_every_row_of_a_file_is_accounted_for(app: Flask) -> None:
    with factories.work() as work:
        factories.make_contact(work, "known@example.org", name="Known")
        factories.make_contact(work, "bare@example.org", name="")
    import_id = confirmed(
        "Email,Name\nnew@example.org,New\nNEW@example.org,New again\nknown@example.org,Other\n"
        "bare@example.org,Filled\nrubbish,Nobody\n"
    )

    run_until_idle(app)

    done = found(import_id)
    assert (done.added, done.updated, done.unchanged, done.rejected) == (1, 1, 2, 1)
    assert done.rows_done == done.rows_total == 5


def test_a_refused_row_names_its_line_and_the_reason(app: Flask) -> None:
    import_id = confirmed("Email,Name\nada@example.org,Ada\n\nbob.example.org,Bob\n")

    run_until_idle(app)

    [refused] = rejections(reading(), import_id)
    assert refused.line == 4
    assert refused.reason == "«bob.example.org» has no @."
    assert refused.text == "bob.example.org | Bob"


def test_a_file_without_a_usable_row_has_failed(app: Flask) -> None:
    import_id = confirmed("Email,Name\nrubbish,Ada\n")

    run_until_idle(app)

    done = found(import_id)
    assert done.state is ImportState.FAILED
    assert done.reason == "No row could be imported; each has its reason."


def test_a_file_of_people_who_are_all_known_has_not_failed(app: Flask) -> None:
    with factories.work() as work:
        factories.make_contact(work, "ada@example.org")
    import_id = confirmed("Email\nada@example.org\n")

    run_until_idle(app)

    assert found(import_id).state is ImportState.FINISHED


def test_the_file_is_not_kept_after_the_import(app: Flask) -> None:
    import_id = confirmed(people(3))

    run_until_idle(app)

    assert pieces_of(import_id) == 0


def test_an_import_goes_on_where_it_was_stopped_and_repeats_nothing(app: Flask) -> None:
    import_id = confirmed(people(2 * PIECE_ROWS + 5))
    stopping = threading.Event()

    done_before = run_import(import_id, WORKER, stopping, lambda _: stopping.set())
    halfway = found(import_id)
    state, rows, added = halfway.state, halfway.rows_done, contact_count(reading())
    done_after = run_import(import_id, WORKER, GOING)

    assert (done_before, rows, added) == (PIECE_ROWS, PIECE_ROWS, PIECE_ROWS)
    assert state is ImportState.RUNNING
    assert done_after == PIECE_ROWS + 5
    assert found(import_id).added == contact_count(reading()) == 2 * PIECE_ROWS + 5
    imported = sa.select(sa.func.count()).where(Event.kind == "contact.imported")
    assert reading().scalar(imported) == 2 * PIECE_ROWS + 5


def test_a_stopped_import_is_the_next_to_be_run(app: Flask) -> None:
    import_id = confirmed(people(PIECE_ROWS + 1))
    stopping = threading.Event()

    run_import(import_id, WORKER, stopping, lambda _: stopping.set())

    assert next_import_id() == import_id


def test_the_second_of_two_workers_is_overtaken_and_changes_nothing(app: Flask) -> None:
    import_id = confirmed("Email,Name\nada@example.org,Ada\nrubbish,Bob\n")
    content = reading().scalars(sa.select(ImportPiece.content)).one()
    piece = judge_piece(judge_of(reading(), found(import_id)), 0, unpacked(content))
    with factories.work() as work:
        import_piece(work, import_id, piece)

    with pytest.raises(OvertakenImport), factories.work() as work:
        import_piece(work, import_id, piece)

    done = found(import_id)
    assert (done.rows_done, done.added, done.rejected) == (2, 1, 1)
    assert len(rejections(reading(), import_id)) == 1


def test_a_cancelled_import_keeps_what_has_come_in_and_takes_no_more(app: Flask) -> None:
    import_id = confirmed(people(2 * PIECE_ROWS))
    stopping = threading.Event()
    run_import(import_id, WORKER, stopping, lambda _: stopping.set())

    with factories.work() as work:
        cancel_import(work, import_id)
    run_until_idle(app)

    done = found(import_id)
    assert (done.state, done.rows_done) == (ImportState.CANCELLED, PIECE_ROWS)
    assert contact_count(reading()) == PIECE_ROWS
    assert pieces_of(import_id) == 0
    with pytest.raises(NotCancellable), factories.work() as work:
        cancel_import(work, import_id)


def test_a_piece_is_dropped_as_soon_as_it_is_in(app: Flask) -> None:
    import_id = confirmed(people(3 * PIECE_ROWS))
    stopping = threading.Event()

    run_import(import_id, WORKER, stopping, lambda _: stopping.set())

    assert pieces_of(import_id) == 2


def test_two_workers_that_come_to_the_end_finish_once(app: Flask) -> None:
    import_id = confirmed(people(2))
    run_import(import_id, WORKER, GOING)

    with factories.work() as work:
        finish_import(work, import_id)
    run_import(import_id, WORKER, GOING)

    assert found(import_id).state is ImportState.FINISHED
    ended = sa.select(sa.func.count()).where(Event.kind.in_(["contacts.imported", "import.failed"]))
    assert reading().scalar(ended) == 1


def test_who_had_opted_out_elsewhere_is_suppressed_here(app: Flask) -> None:
    import_id = confirmed(
        "Email,Name,Unsubscribed\nada@example.org,Ada,yes\nbob@example.org,Bob,\n"
    )

    run_until_idle(app)

    kept = suppression_of(reading(), "ada@example.org")
    assert kept is not None
    assert kept.reason is SuppressionReason.UNSUBSCRIBED
    assert suppression_of(reading(), "bob@example.org") is None
    assert found(import_id).suppressed == 1
    ada = contact_by_key(reading(), "ada@example.org")
    assert ada is not None
    assert [event.kind for event in events_of_contact(reading(), ada.id)] == [
        "contact.suppressed",
        "contact.imported",
    ]


def test_a_refused_row_still_says_that_somebody_wants_no_emails(app: Flask) -> None:
    with factories.work() as work:
        factories.make_contact(work, "ada@example.org")
    text = "Email,Archived,Unsubscribed\nada@example.org,yes,yes\nnew@example.org,yes,yes\n"

    import_id = confirmed(text + "bob@example.org,,\n")
    run_until_idle(app)

    assert found(import_id).rejected == 2
    with factories.work() as work:
        assert work.session.scalars(sa.select(Suppression.email_key)).all() == ["ada@example.org"]


def test_who_has_opted_out_under_a_former_address_is_asked_at_none(app: Flask) -> None:
    with factories.work() as work:
        keep = factories.make_contact(work, "keep@example.org")
        drop = factories.make_contact(work, "drop@example.org")
        merge_contacts(work, keep.id, drop.id)
    import_id = confirmed("Email,Unsubscribed\ndrop@example.org,yes\n")

    run_until_idle(app)

    with factories.work() as work:
        stopped = set(work.session.scalars(sa.select(Suppression.email_key)))
    assert stopped == {"keep@example.org", "drop@example.org"}
    with factories.work() as work:
        start_undo(work, import_id)
    run_until_idle(app)
    with factories.work() as work:
        assert work.session.scalars(sa.select(Suppression.email_key)).all() == []


def test_importing_again_subscribes_nobody_again(app: Flask) -> None:
    with factories.work() as work:
        suppress_all(work, ["ada@example.org"], SuppressionReason.UNSUBSCRIBED, source="link")
    text = "Email,Name,Unsubscribed\nADA@example.org,Ada,no\n"

    for _ in range(2):
        confirmed(text)
        run_until_idle(app)

    assert suppression_of(reading(), "ada@example.org") is not None
    assert reading().scalar(sa.select(sa.func.count(Contact.id))) == 1


def test_an_import_is_confirmed_once(app: Flask) -> None:
    import_id = confirmed(people(1))

    with pytest.raises(NotConfirmable), factories.work() as work:
        confirm_import(work, import_id, choice_of(work.session.get_one(Import, import_id)))


def test_an_import_without_a_column_for_the_email_is_not_confirmed(app: Flask) -> None:
    import_id = uploaded(people(1))

    with pytest.raises(BadMapping), factories.work() as work:
        confirm_import(
            work, import_id, Choice(mapping=Mapping(headers=("Email", "Name"), columns={}))
        )

    assert found(import_id).state is ImportState.UPLOADED


def test_a_file_that_nobody_confirms_is_dropped_after_a_day(app: Flask, clock: FixedClock) -> None:
    forgotten = uploaded(people(1))
    clock.advance(hours=12)
    recent = uploaded(people(1))
    clock.advance(hours=12, seconds=1)

    uploaded(people(1))

    assert pieces_of(forgotten) == 0
    assert pieces_of(recent) == 1
    assert found(forgotten).state is ImportState.UPLOADED
    with pytest.raises(NotConfirmable), factories.work() as work:
        confirm_import(work, forgotten, choice_of(work.session.get_one(Import, forgotten)))


def test_a_running_import_keeps_its_file_however_long_it_takes(
    app: Flask, clock: FixedClock
) -> None:
    import_id = confirmed(people(1))
    clock.at += timedelta(days=3)

    uploaded(people(1))

    assert pieces_of(import_id) == 1


def test_a_file_beyond_the_limit_is_refused_and_not_kept(app: Flask, tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(200_000_001)

    with large.open("rb") as file, pytest.raises(UnreadableFile, match="larger than 200 MB"):
        take_in(COMMAND_LINE, file, "large.csv")

    assert reading().scalar(sa.select(sa.func.count(Import.id))) == 0


def erased_in_the_middle(text: str, email: str) -> int:
    """Bring the first piece of a file in, erase somebody, and bring in the rest."""
    import_id = confirmed(text)
    stopping = threading.Event()
    run_import(import_id, WORKER, stopping, lambda _: stopping.set())
    with factories.work() as work:
        found = contact_by_key(work.session, email)
        assert found is not None
        erase_contact(work, found.id)
    run_import(import_id, WORKER, GOING)
    return import_id


@pytest.mark.parametrize(
    "row",
    [
        "ada@example.org,Ada King,yes",
        "ADA@example.org,Ada King,",
        '"ada@example.org, other@example.org",Ada King,',
        "rubbish,Ada King <ada@example.org>,",
    ],
)
def test_who_is_erased_meanwhile_is_not_brought_back(app: Flask, row: str) -> None:
    with factories.work() as work:
        factories.make_contact(work, "ada@example.org", name="Ada King")
    others = "".join(f"c{n}@example.org,Person {n},\n" for n in range(PIECE_ROWS))

    import_id = erased_in_the_middle(
        f"Email,Name,Unsubscribed\n{others}{row}\nlast@example.org,Last,\n", "ada@example.org"
    )

    done = found(import_id)
    assert (done.state, done.added, done.rejected) == (ImportState.FINISHED, PIECE_ROWS + 1, 1)
    [refused] = rejections(reading(), import_id)
    assert (refused.line, refused.text, refused.cells) == (PIECE_ROWS + 2, "", "")
    assert refused.reason == OF_ERASED
    for table in Model.metadata.sorted_tables:
        rows = reading().execute(sa.select(table)).all()
        assert "ada" not in str(rows).casefold().replace("adapt", ""), table.name


def test_who_comes_twice_in_a_file_and_is_erased_in_between_stays_erased(app: Flask) -> None:
    others = "".join(f"c{n}@example.org,Person {n}\n" for n in range(PIECE_ROWS))

    import_id = erased_in_the_middle(
        f"Email,Name\nada@example.org,Ada\n{others}ada@example.org,Ada\n", "ada@example.org"
    )

    assert contact_by_key(reading(), "ada@example.org") is None
    assert found(import_id).rejected == 1


def test_who_was_erased_before_the_upload_comes_in_unmailed(app: Flask, clock: FixedClock) -> None:
    with factories.work() as work:
        erase_contact(work, factories.make_contact(work, "ada@example.org").id)
    clock.advance(minutes=1)
    import_id = confirmed("Email,Name\nada@example.org,Ada\n")

    run_until_idle(app)

    assert found(import_id).added == 1
    kept = suppression_of(reading(), "ada@example.org")
    assert kept is not None
    assert kept.reason is SuppressionReason.ERASED


def test_who_was_erased_a_second_time_meanwhile_is_not_brought_back(
    app: Flask, clock: FixedClock
) -> None:
    with factories.work() as work:
        erase_contact(work, factories.make_contact(work, "ada@example.org").id)
    clock.advance(minutes=1)
    with factories.work() as work:
        again = factories.make_contact(work, "ada@example.org")
    clock.advance(minutes=1)
    import_id = confirmed("Email,Name\nada@example.org,Ada\nbob@example.org,Bob\n")
    clock.advance(minutes=1)
    with factories.work() as work:
        erase_contact(work, again.id)

    run_until_idle(app)

    assert contact_by_key(reading(), "ada@example.org") is None
    assert (found(import_id).added, found(import_id).rejected) == (1, 1)


def test_what_was_added_is_kept_as_spans(app: Flask) -> None:
    import_id = confirmed(people(2 * PIECE_ROWS))

    run_until_idle(app)

    spans = reading().execute(
        sa.select(ImportSpan.made, ImportSpan.last_id - ImportSpan.first_id + 1)
        .where(ImportSpan.import_id == import_id)
        .order_by(ImportSpan.id)
    )
    assert [tuple(one) for one in spans] == [(Made.CONTACT, PIECE_ROWS), (Made.CONTACT, PIECE_ROWS)]
    assert reading().scalar(sa.select(sa.func.count(ImportChange.id))) == 0
