"""When contacts were last asked, kept beside them: noted when a message is queued, worked out anew
when one turns out to ask nobody, or after all.

An invitation or reminder asks from the moment at which it is queued, unless it failed or was
cancelled; what a restored database has forgotten asks from when it left.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from nps_portal.contacts.chunks import chunks
from nps_portal.contacts.standings import lock_contacts, note_asked, set_last_asked
from nps_portal.foundation.work import Work
from nps_portal.outbox.models import JournalledSend, Message, MessageState

_ASKS_NOBODY = (MessageState.FAILED, MessageState.CANCELLED)


def note_queued(work: Work, contact_ids: Iterable[int]) -> None:
    """Write down that contacts are asked now."""
    for chunk in _chunks(contact_ids):
        note_asked(work, chunk)


def recompute_asked(work: Work, contact_ids: Iterable[int | None]) -> None:
    """Work out anew when contacts were last asked; None among them is nobody."""
    for chunk in _chunks(one for one in contact_ids if one is not None):
        lock_contacts(work, chunk)
        set_last_asked(work, dict.fromkeys(chunk) | _asked_at(work, chunk))


def _asked_at(work: Work, contact_ids: Sequence[int]) -> dict[int, datetime | None]:
    """Return when those of these contacts were last asked who were."""
    known = (
        sa.select(Message.contact_id, Message.created_at.label("at"))
        .where(Message.contact_id.in_(contact_ids), Message.invitation_id.is_not(None))
        .where(Message.state.not_in(_ASKS_NOBODY))
    )
    forgotten = sa.select(JournalledSend.contact_id, JournalledSend.sent_at).where(
        JournalledSend.contact_id.in_(contact_ids)
    )
    asked = sa.union_all(known, forgotten).subquery()
    found = work.session.execute(
        sa.select(asked.c.contact_id, sa.func.max(asked.c.at)).group_by(asked.c.contact_id)
    )
    return dict(found.all())


def _chunks(contact_ids: Iterable[int]) -> Iterator[Sequence[int]]:
    return chunks(sorted(set(contact_ids)))
