"""Memos: what the portal itself must remember between two duties, kept beside the settings."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from nps_portal.accounts.models import Setting
from nps_portal.foundation.work import Work

# No setting's name has a colon.
_PREFIX = "memo:"


@dataclass(frozen=True, kw_only=True)
class Memo:
    """A sentence, and when it was written."""

    text: str
    at: datetime


def remember(work: Work, name: str, text: str) -> None:
    """Write a sentence down in the place of the former one; an empty one forgets it."""
    work.session.merge(
        Setting(name=_PREFIX + name, value=text, changed_at=work.now, changed_by=work.actor.id)
    )


def memo(session: Session, name: str) -> Memo | None:
    """Return what was remembered under a name."""
    row = session.get(Setting, _PREFIX + name)
    return Memo(text=row.value, at=row.changed_at) if row and row.value else None
