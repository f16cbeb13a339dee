"""Writing suppressions: which addresses must not be mailed, and since when they may again."""

from collections.abc import Sequence

import sqlalchemy as sa

from nps_portal.contacts.models import Contact, Suppression, SuppressionReason
from nps_portal.foundation.database import insert_for
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record, record_for_all

# What an owner may lift again. The others are a person's word, and only theirs.
LIFTABLE = (SuppressionReason.HARD_BOUNCE, SuppressionReason.BLOCKED_BY_HAND)

# How the source of what a file has told begins; the import's number follows.
FROM_IMPORT = "import:"


class SuppressionStays(PortalError):
    """The address is suppressed for a reason that nobody here may lift."""


def suppress(
    work: Work, email_key: str, reason: SuppressionReason, *, source: str, contact_id: int | None
) -> bool:
    """Keep an address from ever being mailed; True when that changed anything."""
    added = _insert(work, [email_key], reason, source)
    if added:
        record(
            work, "contact.suppressed", contact_id=contact_id, reason=reason.value, source=source
        )
    return bool(added)


def suppress_all(
    work: Work, email_keys: Sequence[str], reason: SuppressionReason, *, source: str
) -> int:
    """Keep addresses from ever being mailed and return for how many that changed anything."""
    added = _insert(work, email_keys, reason, source)
    people = work.session.scalars(sa.select(Contact.id).where(Contact.email_key.in_(added)))
    record_for_all(work, "contact.suppressed", list(people), reason=reason.value, source=source)
    return len(added)


def lift_suppression(work: Work, email_key: str, *, contact_id: int | None) -> bool:
    """Let an address be mailed again; True when it was suppressed.

    :raises SuppressionStays: a person has unsubscribed, complained or asked to be erased.
    """
    lifted = work.session.execute(
        sa.delete(Suppression)
        .where(Suppression.email_key == email_key, Suppression.reason.in_(LIFTABLE))
        .returning(Suppression.reason, Suppression.source)
    ).one_or_none()
    if lifted is None:
        _refuse_what_stays(work, email_key)
        return False
    record(
        work,
        "contact.suppression_lifted",
        contact_id=contact_id,
        reason=lifted.reason.value,
        source=lifted.source,
    )
    return True


def carry_suppression_over(work: Work, former_key: str, contact: Contact) -> None:
    """Suppress a Contact's new address too, unless it mends what was wrong with the former one."""
    former = work.session.scalar(sa.select(Suppression).where(Suppression.email_key == former_key))
    if former is not None and former.reason is not SuppressionReason.HARD_BOUNCE:
        suppress(
            work, contact.email_key, former.reason, source="new address", contact_id=contact.id
        )


def _insert(
    work: Work, email_keys: Sequence[str], reason: SuppressionReason, source: str
) -> list[str]:
    """Suppress addresses and return those that were not yet, or only for a weaker reason.

    The first reason stays, but a person's word takes the place of what could be lifted again, or
    of what a file has told: else lifting a bounce, or an Undo of the import, would undo it.
    """
    stands: sa.ColumnElement[bool] = sa.true()
    if reason not in LIFTABLE:
        # One by one: a list in an IN cannot be written for several rows at once.
        stands = sa.and_(*(Suppression.reason != weaker for weaker in LIFTABLE))
        if not source.startswith(FROM_IMPORT):
            stands = sa.and_(stands, Suppression.source.not_like(f"{FROM_IMPORT}%"))
    known = work.session.scalars(
        sa.select(Suppression.email_key).where(Suppression.email_key.in_(email_keys), stands)
    )
    _take_over(work, email_keys, source)
    added = sorted(set(email_keys) - set(known))
    if added:
        insert = insert_for(work.session)(Suppression)
        new = insert.excluded
        work.session.execute(
            insert.on_conflict_do_update(
                index_elements=["email_key"],
                set_={"reason": new.reason, "source": new.source, "created_at": new.created_at},
                where=~stands,
            ),
            [
                {"email_key": key, "reason": reason, "source": source, "created_at": work.now}
                for key in added
            ],
        )
    return added


def _take_over(work: Work, email_keys: Sequence[str], source: str) -> None:
    """Let what a file has told stand on the word of whoever says it again.

    Else the Undo of that import would lift what is known from elsewhere too.
    """
    work.session.execute(
        sa.update(Suppression)
        .where(Suppression.email_key.in_(email_keys))
        .where(Suppression.source.startswith(FROM_IMPORT), Suppression.source != source)
        .values(source=source)
        .execution_options(synchronize_session=False)
    )


def _refuse_what_stays(work: Work, email_key: str) -> None:
    reason = work.session.scalar(
        sa.select(Suppression.reason).where(Suppression.email_key == email_key)
    )
    if reason is not None:
        raise SuppressionStays(
            f"This address must stay unmailed ({reason.words}): only the person can change that."
        )
