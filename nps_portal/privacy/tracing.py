"""Tracing who looked at whose data: written before the page is shown, kept for a year."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.models import User
from nps_portal.contacts.models import Contact
from nps_portal.followups.models import Task
from nps_portal.foundation.paging import Place, place_of
from nps_portal.foundation.work import Work
from nps_portal.outbox.models import Message
from nps_portal.privacy.models import PersonalView
from nps_portal.responses.models import Response

KEPT_FOR = timedelta(days=365)
PAGE_SIZE = 50
LONGEST_ASKED = 500

# Pages and files that show people, in words; what is not here shows none.
PAGES = {
    "overview.index": "the overview",
    "contact_pages.show": "the record",
    "contacts.index": "the list of contacts",
    "contacts.edit": "the form of the record",
    "merges.duplicates": "who may be there twice",
    "merges.search": "the search for a second record",
    "merges.compare": "two records side by side",
    "companies.index": "the list of companies",
    "companies.show": "the people of a company",
    "segments.edit": "the sample of a segment",
    "segments.found": "the sample of a segment",
    "segments.create": "the sample of a segment",
    "segments.update": "the sample of a segment",
    "segments.show": "the members of a segment",
    "responses.index": "the list of answers",
    "responses.show": "an answer",
    "responses.download": "the file of answers",
    "phone_answers.new": "the form for an answer by phone",
    "tasks.index": "the list of tasks",
    "tasks.show": "a task",
    "batches.new": "who a send would go to",
    "batches.not_asked_now": "the file of who would not be asked",
    "batches.show": "a send",
    "batches.not_asked": "the file of who was not asked",
    "messages.index": "the list of emails",
    "messages.show": "an email",
    "messages.download": "the file of emails",
    "bounces.index": "the returned mail",
    "bounces.edit": "the form for a new address",
    "imports.show": "an import",
    "imports.report": "the refused rows of an import",
    "histories.index": "the files of past answers",
    "histories.refused": "the refused rows of past answers",
    "mailbox.index": "the mailbox of this machine",
    "mailbox.show": "an email in the mailbox",
    "mailbox.download": "a file of an email in the mailbox",
    "privacy.take_out": "the file with all data",
    "privacy.who_looked": "the list of who looked",
    "exports.csv": "a table of all data",
    "exports.workbook": "a table of all data",
    "exports.archive": "the ZIP of all data",
    "bulk.csv": "a file of chosen contacts",
    "bulk.workbook": "a file of chosen contacts",
}


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look, ready to be shown; `contact` is None for a list of many."""

    at: datetime
    user: str
    page: str
    contact_id: int | None
    contact: str
    asked: str


@dataclass(frozen=True, kw_only=True)
class LookPage:
    """One page of looks, newest first, and its place among all."""

    looks: Sequence[Look]
    place: Place


def note_view(work: Work, user_id: int, page: str, ids: Mapping[str, int], asked: str = "") -> None:
    """Write down that a User looks at a page; `ids` are those in its address."""
    work.session.add(
        PersonalView(
            at=work.now,
            user_id=user_id,
            page=page,
            contact_id=_whose(work.session, ids),
            asked=asked[:LONGEST_ASKED],
        )
    )


def looks(session: Session, page: int, contact_id: int | None = None) -> LookPage:
    """Return who looked, at one Contact or at anything, newest first."""
    which = [] if contact_id is None else [PersonalView.contact_id == contact_id]
    total = session.scalar(sa.select(sa.func.count(PersonalView.id)).where(*which)) or 0
    place = place_of(page, size=PAGE_SIZE, total=total)
    rows = session.execute(
        sa.select(PersonalView, User.name, Contact.name, Contact.email)
        .join(User, User.id == PersonalView.user_id)
        .outerjoin(Contact, Contact.id == PersonalView.contact_id)
        .where(*which)
        .order_by(PersonalView.at.desc(), PersonalView.id.desc())
        .limit(place.size)
        .offset(place.offset)
    )
    found = [
        Look(
            at=view.at,
            user=user,
            page=PAGES.get(view.page, view.page),
            contact_id=view.contact_id,
            contact=name or email or "",
            asked=view.asked,
        )
        for view, user, name, email in rows
    ]
    return LookPage(looks=found, place=place)


def forget_in_looks(work: Work, contact_id: int, words: Iterable[str]) -> None:
    """Forget what lists were asked for where that may name an erased person.

    Who looked when stays. Too much goes rather than too little: a word may mean somebody else.
    """
    # SQLite folds the case of ASCII letters alone.
    spelled = {form for word in words for form in (word, word.casefold()) if len(word) > 2}
    named = [PersonalView.asked.icontains(word, autoescape=True) for word in sorted(spelled)]
    work.session.execute(
        sa.update(PersonalView)
        .where(PersonalView.asked != "")
        .where(sa.or_(PersonalView.contact_id == contact_id, *named))
        .values(asked="")
        .execution_options(synchronize_session=False)
    )


def forget_old_looks(work: Work) -> int:
    """Drop what was written down more than a year ago."""
    gone = work.session.execute(
        sa.delete(PersonalView)
        .where(PersonalView.at < work.now - KEPT_FOR)
        .execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]  # a DELETE has it


def _whose(session: Session, ids: Mapping[str, int]) -> int | None:
    """Return the Contact that a page is about, from the ids in its address."""
    if "contact_id" in ids:
        return session.scalar(sa.select(Contact.id).where(Contact.id == ids["contact_id"]))
    for name, table in (("response_id", Response), ("task_id", Task), ("message_id", Message)):
        if name in ids:
            return session.scalar(sa.select(table.contact_id).where(table.id == ids[name]))
    return None
