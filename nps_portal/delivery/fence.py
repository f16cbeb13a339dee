"""The restore fence: a database that is older than what is known to have left sends nothing.

Beside the database stand the sending journal and a file with the installation's id. When either
does not fit the database, it was restored from a copy, or belongs to another place, and sending
would reach people twice. The owner decides.
"""

import secrets
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from nps_portal.accounts.portal_settings import process_settings
from nps_portal.contacts.models import Contact
from nps_portal.delivery import ledger
from nps_portal.delivery.ledger import JournalLine
from nps_portal.delivery.mail_server import record_fenced, record_working
from nps_portal.foundation.database import insert_for
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record
from nps_portal.outbox.asked import recompute_asked
from nps_portal.outbox.models import Installation, JournalledSend, Message, MessageState

ID_FILE = "installation-id"
CHUNK = 500
RESTORED = (
    "This database is older than what has left already: it knows nothing of an email of "
    "{at:%d %B %Y, %H:%M} UTC. It was probably restored from a copy."
)
ELSEWHERE = (
    "This database belongs to another installation, or its instance directory was lost. "
    "If that installation is still running, people would be asked twice."
)

_LEFT_BEFORE = "it had left before this database was restored"
_NOT_LEFT = (MessageState.QUEUED, MessageState.CLAIMED, MessageState.FAILED, MessageState.CANCELLED)


def check_fence(work: Work) -> bool:
    """Tell whether the database fits what stands beside it; if not, stop sending and say why."""
    reason = _misfit(work)
    if reason is not None:
        record_fenced(work, reason)
    return reason is None


def reconcile(work: Work) -> int:
    """Take everything in the sending journal for sent, go on, and return how many that changed."""
    digests = {
        ledger.address_digest(email_key): contact_id
        for contact_id, email_key in work.session.execute(sa.select(Contact.id, Contact.email_key))
    }
    changed = 0
    lines = ledger.all_lines()
    while chunk := list(islice(lines, CHUNK)):
        unknown = _unknown(work, chunk)
        asked = [_take_for_sent(work, line, digests) for line in unknown]
        recompute_asked(work, asked)
        changed += len(unknown)
    record(work, "fence.reconciled", messages=changed)
    lift(work)
    return changed


def lift(work: Work) -> None:
    """Go on with the database as it is."""
    for line in _unknown(work, ledger.last_lines()):
        _keep(work, line, None)
    installation = work.session.get(Installation, 1)
    if installation is not None:
        _write_id(installation.public_id)
    record(work, "fence.lifted")
    record_working(work)


def _misfit(work: Work) -> str | None:
    """Return why the database does not fit, or None."""
    path = _id_file()
    kept = path.read_text(encoding="ascii", errors="replace").strip() if path.exists() else ""
    installation = work.session.get(Installation, 1)
    if installation is None:
        _found(work, kept or secrets.token_urlsafe(12))
    elif not kept:
        # Another machine of the same installation has a directory of its own; a SQLite file that
        # has sent before cannot have come here but by being copied.
        if process_settings().is_sqlite and _has_sent(work):
            return ELSEWHERE
        _write_id(installation.public_id)
    elif kept != installation.public_id:
        return ELSEWHERE
    if unknown := _unknown(work, ledger.last_lines()):
        return RESTORED.format(at=max(line.at for line in unknown))
    return None


def _found(work: Work, public_id: str) -> None:
    work.session.execute(
        insert_for(work.session)(Installation)
        .values(id=1, public_id=public_id, created_at=work.now)
        .on_conflict_do_nothing(index_elements=["id"])
    )
    installation = work.session.get_one(Installation, 1)
    _write_id(installation.public_id)


def _has_sent(work: Work) -> bool:
    sent = sa.select(Message.id).where(Message.committed_at.is_not(None)).limit(1)
    return work.session.scalar(sent) is not None


def _unknown(work: Work, lines: Sequence[JournalLine]) -> list[JournalLine]:
    """Return the lines of which the database does not know that they have left, then or later."""
    last = {line.public_id: line for line in lines}
    committed = work.session.execute(
        sa.select(Message.public_id, Message.committed_at).where(
            Message.public_id.in_(last), Message.committed_at.is_not(None)
        )
    )
    known = {public_id for public_id, at in committed if at and at >= last[public_id].at}
    kept = sa.select(JournalledSend.public_id).where(JournalledSend.public_id.in_(last))
    known |= set(work.session.scalars(kept))
    return [line for public_id, line in last.items() if public_id not in known]


def _take_for_sent(work: Work, line: JournalLine, digests: dict[str, int]) -> int | None:
    """Mark the message of a line as sent, or remember whom it reached; return who that is."""
    marked = work.session.scalars(
        sa.update(Message)
        .where(Message.public_id == line.public_id, Message.state.in_(_NOT_LEFT))
        .values(
            state=MessageState.SENT,
            committed_at=line.at,
            sent_at=line.at,
            owner=None,
            lease_until=None,
            reason=_LEFT_BEFORE,
        )
        .returning(Message.contact_id)
        .execution_options(synchronize_session=False)
    ).all()
    if marked:
        return marked[0]
    contact_id = digests.get(line.address_digest)
    _keep(work, line, contact_id)
    return contact_id


def _keep(work: Work, line: JournalLine, contact_id: int | None) -> None:
    work.session.execute(
        insert_for(work.session)(JournalledSend)
        .values(public_id=line.public_id, contact_id=contact_id, sent_at=line.at)
        .on_conflict_do_nothing(index_elements=["public_id"])
    )


def _id_file() -> Path:
    return process_settings().instance_dir / ID_FILE


def _write_id(public_id: str) -> None:
    path = _id_file()
    fresh = path.with_name(f".{ID_FILE}.{secrets.token_hex(4)}")
    fresh.write_text(public_id + "\n", encoding="ascii")
    fresh.replace(path)
