"""Claiming messages: the conditional updates that let one worker, and only one, send each.

queued → claimed → committing → sent, failed or uncertain. Every step is one UPDATE that names
the state it comes from and the owner; the rows it returns decide. A lease that runs out gives a
claimed message back to the queue and makes a committing one uncertain.
"""

import os
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import sqlalchemy as sa

from nps_portal.foundation.database import UTCDateTime
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record_facts
from nps_portal.outbox.commands import STOPPED_BY_SUPPRESSION, cancel_stopped
from nps_portal.outbox.models import ContentState, EmailContent, Message, MessageState

LEASE = timedelta(seconds=120)
# The mail server has ten minutes to answer the final dot (RFC 5321, section 4.5.3.2.6).
COMMITTING_LEASE = timedelta(seconds=660)
UNCERTAIN_REASON = "the mail server took the message, but its answer did not reach us"

_BACK_IN_THE_QUEUE = {"state": MessageState.QUEUED, "owner": None, "lease_until": None}

# The rows decide, not the objects in memory: bringing those up to date would cost more than the
# update itself.
_UPDATE = sa.update(Message).execution_options(synchronize_session=False)

_CLAIMED = (
    Message.id.label("message_id"),
    Message.public_id,
    Message.content_id,
    Message.contact_id,
    Message.invitation_id,
    Message.recipient_name,
    Message.recipient_email,
    Message.email_key,
    Message.values,
    Message.language,
    Message.attempts,
)

# Written out, because composing it would take longer than running it, and it runs for every few
# messages. IS TRUE has SQLite look the ids up instead of reading all that is claimed. The last
# condition is that of `commands.unwanted`.
_PASS_COMMIT_POINT = sa.text(
    """
    UPDATE messages
    SET state = 'committing', committed_at = :now, lease_until = :lease_until
    WHERE id IN :ids AND (state = 'claimed') IS TRUE AND owner = :owner AND lease_until > :now
    AND EXISTS (
        SELECT 1 FROM email_contents AS content
        WHERE content.id = messages.content_id AND content.state = 'open'
        AND (content.kind NOT IN :stopped OR NOT (
            EXISTS (SELECT 1 FROM suppressions WHERE email_key = messages.email_key)
            OR EXISTS (
                SELECT 1 FROM contacts
                WHERE id = messages.contact_id AND removed_at IS NOT NULL
            )
        ))
    )
    RETURNING id
    """
).bindparams(
    sa.bindparam("ids", expanding=True),
    sa.bindparam("stopped", [kind.value for kind in STOPPED_BY_SUPPRESSION], expanding=True),
    sa.bindparam("now", type_=UTCDateTime()),
    sa.bindparam("lease_until", type_=UTCDateTime()),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A message in the hands of one worker, as it was when it was claimed.

    `mail` is the kind of its content.
    """

    message_id: int
    public_id: str
    content_id: int
    contact_id: int | None
    invitation_id: int | None
    recipient_name: str
    recipient_email: str
    email_key: str
    values: dict[str, str]
    language: str
    attempts: int
    mail: str
    lease_until: datetime
    owner: str

    @property
    def domain(self) -> str:
        """Return the receiving domain as it stands in the DNS."""
        return self.email_key.rpartition("@")[2]


def new_owner() -> str:
    """Return a name for this process's next claims: the machine, the process, and a nonce."""
    return f"{this_machine()}:{os.getpid()}:{secrets.token_hex(8)}"


@lru_cache(maxsize=1)
def this_machine() -> str:
    """Return where process ids mean what they mean here: the host, and the container on it."""
    try:
        space = str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:
        space = "0"
    return f"{socket.gethostname()[:60]}/{space}"


def claim(work: Work, owner: str, limit: int) -> Sequence[Claim]:
    """Take up to `limit` messages that are due; nobody else can take them before the lease ends."""
    if limit <= 0:
        return []
    due = (
        sa.select(Message.id, EmailContent.kind)
        .join(EmailContent, EmailContent.id == Message.content_id)
        .where(Message.state == MessageState.QUEUED)
        .where(Message.due_at <= work.now)
        .where(EmailContent.state == ContentState.OPEN)
        .order_by(Message.due_at, Message.id)
        .limit(limit)
        .with_for_update(of=Message, skip_locked=True)
    )
    kinds = {message_id: kind.value for message_id, kind in work.session.execute(due)}
    if not kinds:
        return []
    lease_until = work.now + LEASE
    taken = work.session.execute(
        _UPDATE.where(Message.id.in_(kinds))
        # Compared so that SQLite looks the ids up: by its index it would read the whole queue.
        .where((Message.state == MessageState.QUEUED).is_(True))
        .values(state=MessageState.CLAIMED, owner=owner, lease_until=lease_until)
        .returning(*_CLAIMED)
    )
    claims = {
        row.message_id: Claim(
            **row._mapping, mail=kinds[row.message_id], lease_until=lease_until, owner=owner
        )
        for row in taken
    }
    return [claims[message_id] for message_id in kinds if message_id in claims]


def pass_commit_point(work: Work, claims: Sequence[Claim]) -> set[int]:
    """Write down, before the final dot, that messages are leaving, and return whose.

    The dot is forbidden to the others: the lease ran out, the content was held or cancelled, or
    the address was suppressed or the Contact removed since. All claims are of one owner.
    """
    if not claims:
        return set()
    passed = work.session.connection().execute(
        _PASS_COMMIT_POINT,
        {
            "ids": [one.message_id for one in claims],
            "owner": claims[0].owner,
            "now": work.now,
            "lease_until": work.now + COMMITTING_LEASE,
        },
    )
    return set(passed.scalars())


def release(work: Work, claims: Sequence[Claim]) -> None:
    """Give messages back of which no dot was said, or cancel what may not leave any more."""
    if not claims:
        return
    work.session.execute(
        mine(claims)
        .where(Message.state.in_([MessageState.CLAIMED, MessageState.COMMITTING]))
        .values(_BACK_IN_THE_QUEUE)
    )
    cancel_stopped(work, [one.message_id for one in claims])


def postpone(work: Work, claims: Sequence[Claim], due_at: datetime) -> None:
    """Give claimed messages back, to be taken again at `due_at`; it is no attempt."""
    if claims:
        work.session.execute(
            mine(claims)
            .where(Message.state == MessageState.CLAIMED)
            .values({**_BACK_IN_THE_QUEUE, "due_at": due_at})
        )


def recover_leases(work: Work) -> int:
    """Take messages from workers that are gone, and return how many."""
    gone = sa.or_(Message.lease_until <= work.now, Message.owner.in_(_dead_owners(work)))
    requeued = work.session.scalars(
        _UPDATE.where(Message.state == MessageState.CLAIMED, gone)
        .values(_BACK_IN_THE_QUEUE)
        .returning(Message.id)
    ).all()
    cancel_stopped(work, requeued)
    lost = work.session.execute(
        _UPDATE.where(Message.state == MessageState.COMMITTING, gone)
        .values(state=MessageState.UNCERTAIN, lease_until=None, reason=UNCERTAIN_REASON)
        .returning(Message.id, Message.contact_id, Message.invitation_id)
    ).all()
    record_facts(
        work,
        "message.uncertain",
        [
            (contact_id, {"message_id": message_id, "invitation_id": invitation_id})
            for message_id, contact_id, invitation_id in lost
        ],
    )
    return len(requeued) + len(lost)


def mine(claims: Sequence[Claim]) -> sa.Update:
    """Return the update of claimed messages while they are in the hands of their one owner."""
    return _UPDATE.where(
        Message.id.in_([one.message_id for one in claims]), Message.owner == claims[0].owner
    )


def _dead_owners(work: Work) -> list[str]:
    """Return the owners of open leases that were processes of this machine and are no more."""
    owners = work.session.scalars(
        sa.select(Message.owner)
        .where(Message.state.in_([MessageState.CLAIMED, MessageState.COMMITTING]))
        .where(Message.owner.startswith(f"{this_machine()}:", autoescape=True))
        .distinct()
    )
    return [owner for owner in owners if owner and not _is_running(int(owner.split(":")[-2]))]


def _is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
