"""Taking away whom an import added, as if they had never been."""

import sqlalchemy as sa

from nps_portal.contacts.models import Contact, ContactTag, PropertyValue
from nps_portal.contacts.upserting import ChangeKind
from nps_portal.foundation.bulk import Span, insert_rows
from nps_portal.foundation.work import Work
from nps_portal.imports.models import Import, ImportChange, ImportSpan, Made
from nps_portal.imports.undo_traces import touched
from nps_portal.journal.models import Event

UNDO_PEOPLE = 500


def remove_some_added(work: Work, undone: Import) -> int:
    """Remove the last people that an import added, but whom others have touched; say how many."""
    done = 0
    while done < UNDO_PEOPLE and (kept := last_span(work, undone.id, Made.CONTACT)) is not None:
        span = Span(max(kept.first_id, kept.last_id - UNDO_PEOPLE + done + 1), kept.last_id)
        left = _remove(work, undone, kept, span)
        size = span.last - span.first + 1
        undone.left_alone += left
        undone.taken_back += size - left
        done += size
        shorten(work, kept, span)
    return done


def last_span(work: Work, import_id: int, made: Made) -> ImportSpan | None:
    """Return the last span of what an import made, of those that are left."""
    return work.session.scalar(
        sa.select(ImportSpan)
        .where(ImportSpan.import_id == import_id, ImportSpan.made == made)
        .order_by(ImportSpan.id.desc())
        .limit(1)
    )


def shorten(work: Work, kept: ImportSpan, done: Span) -> None:
    """Take the end of a span off, which is undone."""
    if done.first == kept.first_id:
        work.session.delete(kept)
    else:
        kept.last_id = done.first - 1
    work.session.flush()


def _remove(work: Work, undone: Import, kept: ImportSpan, span: Span) -> int:
    """Remove the people of a span, and return how many had to be left."""
    people = work.session.execute(
        sa.select(Contact.id, Contact.changed_at, Contact.erased_at)
        .where(Contact.id.between(*span))
        .order_by(Contact.id)
        .with_for_update()
    ).all()
    left = touched(work, span, source=undone.source, import_id=undone.id)
    for one in people:
        if one.erased_at is not None:
            left[one.id] = "The person was erased since."
        elif one.changed_at != kept.at:
            left.setdefault(one.id, "The record was changed since.")
    for table in (PropertyValue, ContactTag, Event):
        work.session.execute(
            sa.delete(table)
            .where(table.contact_id.between(*span), table.contact_id.not_in(left))
            .execution_options(synchronize_session=False)
        )
    work.session.execute(
        sa.delete(Contact)
        .where(Contact.id.between(*span), Contact.id.not_in(left))
        .execution_options(synchronize_session=False)
    )
    insert_rows(
        work.session,
        ImportChange,
        ("import_id", "contact_id", "kind", "at", "left_because"),
        [
            (undone.id, contact_id, ChangeKind.ADDED, kept.at, why)
            for contact_id, why in sorted(left.items())
        ],
    )
    return len(left)
