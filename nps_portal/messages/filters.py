"""Which messages are wanted, and the ids of one page of them.

A list stays fast at any number of messages: each page begins where the one before ended, and its
rows come off the end of an index, one state at a time. So a list by fate is ordered by when its
messages were due, one of a send or of people by when they were made.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.models import Contact
from nps_portal.foundation.addresses import BadEmail, parse_email
from nps_portal.foundation.shown_pages import Turn
from nps_portal.messages.fates import Fate, states_of
from nps_portal.outbox.models import Bounce, Message, MessageState
from nps_portal.reports.models import ReportKind

# A search for words looks for people first; with more of them a list would be of no use.
MOST_PEOPLE = 500


@dataclass(frozen=True, kw_only=True)
class MessageFilter:
    """What the list shows; None and empty text filter nothing.

    `text` is a name, an address, or a Message-ID.
    """

    fate: Fate | None = None
    content_id: int | None = None
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Conditions that together find the wanted messages, each off the end of an index.

    `by_due` is the order that these indexes have, else by id. `is_cut`: the words fit more people
    than are looked at.
    """

    parts: Sequence[sa.ColumnElement[bool]]
    by_due: bool
    is_cut: bool


def selection(session: Session, wanted: MessageFilter) -> Selection:
    """Return the conditions of a filter; words are looked up among the people at once."""
    parts = _fates(wanted.fate)
    is_cut = False
    if wanted.text:
        mentions, is_cut = _mentions(session, wanted.text)
        parts = [sa.and_(mentions, sa.or_(*parts))]
    if wanted.content_id is not None:
        parts = [sa.and_(Message.content_id == wanted.content_id, part) for part in parts]
    by_due = not (wanted.text or wanted.content_id or wanted.fate is Fate.CAME_BACK)
    return Selection(parts=parts, by_due=by_due, is_cut=is_cut)


def page_ids(session: Session, chosen: Selection, turn: Turn) -> Sequence[int]:
    """Return the ids of a page's messages, newest first."""
    key = [Message.due_at, Message.id] if chosen.by_due else [Message.id]
    edge = session.get(Message, turn.edge) if turn.edge else None
    backwards = edge is not None and turn.is_newer
    heads = []
    for part in chosen.parts:
        head = sa.select(*key).where(part)
        if edge is not None:
            here = sa.tuple_(*key)
            there = sa.tuple_(*(sa.literal(getattr(edge, one.key), one.type) for one in key))
            head = head.where(here > there if backwards else here < there)
        head = head.order_by(*(one.asc() if backwards else one.desc() for one in key))
        heads.append(sa.select(head.limit(turn.limit).subquery()))
    both = sa.union_all(*heads).subquery()
    ordered = (one.asc() if backwards else one.desc() for one in both.c)
    ids = session.scalars(sa.select(both.c.id).order_by(*ordered).limit(turn.limit)).all()
    return ids[::-1] if backwards else ids


def _fates(fate: Fate | None) -> list[sa.ColumnElement[bool]]:
    if fate is not Fate.CAME_BACK:
        return [Message.state == state for state in states_of(fate)]
    complaints = sa.select(Bounce.message_id).where(Bounce.kind == ReportKind.COMPLAINT)
    return [
        sa.and_(Message.state == MessageState.FAILED, Message.sent_at.is_not(None)),
        sa.and_(
            Message.state == MessageState.SENT,
            Message.id.in_(complaints.where(Bounce.message_id.is_not(None))),
        ),
    ]


def _mentions(session: Session, text: str) -> tuple[sa.ColumnElement[bool], bool]:
    """Return the condition that a message is for these people, and whether they are too many.

    A Message-ID and a whole address are found without looking through the people.
    """
    name = text.strip("<>")
    if name.startswith("o-"):
        return Message.public_id == name.removeprefix("o-").partition("@")[0], False
    try:
        key = parse_email(text).key
    except BadEmail:
        people = _people(session, text)
        return Message.contact_id.in_(people[:MOST_PEOPLE]), len(people) > MOST_PEOPLE
    person = sa.select(Contact.id).where(Contact.email_key == key)
    return sa.or_(Message.email_key == key, Message.contact_id.in_(person)), False


def _people(session: Session, text: str) -> Sequence[int]:
    words = [
        sa.or_(
            Contact.name.icontains(word, autoescape=True),
            Contact.email.icontains(word, autoescape=True),
        )
        for word in text.split()[:8]
    ]
    query = sa.select(Contact.id).where(*words).order_by(Contact.id.desc())
    return session.scalars(query.limit(MOST_PEOPLE + 1)).all()
