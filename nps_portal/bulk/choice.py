"""To whom an act is done: chosen rows, everybody whom a filter finds, or a Segment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.list_conditions import conditions, stands_in
from nps_portal.contacts.list_filters import ContactAddress
from nps_portal.contacts.models import Contact
from nps_portal.foundation.errors import PortalError
from nps_portal.segments.queries import member_query, rules_of, segment_by_id

MOST_CHOSEN = 5_000


class BadChoice(PortalError):
    """Nobody can be read out of what was chosen."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Contacts by id, or those of a Segment, or with neither whom the filter of a list finds."""

    contact_ids: tuple[int, ...] | None = None
    segment_id: int | None = None
    filter: Mapping[str, str] = field(default_factory=dict)

    def query(self) -> dict[str, Any]:
        """Return what a form or an address needs to mean the same."""
        if self.contact_ids is not None:
            return {"contact_ids": ",".join(map(str, self.contact_ids))}
        if self.segment_id is not None:
            return {"segment_id": str(self.segment_id)}
        return {"all": "1", **self.filter}

    def stored(self) -> dict[str, Any]:
        """Return the form that the table keeps."""
        return dict(self.query())

    @classmethod
    def of(cls, given: Mapping[str, str], contact_ids: list[str]) -> Self:
        """Read a choice from the fields of a form or an address.

        :raises BadChoice: nobody was chosen, or too many, or an id cannot be read.
        """
        words = [word for text in contact_ids for word in text.split(",") if word]
        if words:
            if len(words) > MOST_CHOSEN:
                raise BadChoice(f"Choose at most {MOST_CHOSEN:,} rows, or all that a filter finds.")
            return cls(contact_ids=tuple(dict.fromkeys(_id(word) for word in words)))
        if segment := given.get("segment_id", ""):
            return cls(segment_id=_id(segment))
        if given.get("all") == "1":
            return cls(filter=ContactAddress.of(given).at())
        raise BadChoice("Choose at least one contact.")


def chosen(session: Session, choice: Choice, now: datetime) -> sa.Select[int]:
    """Return the query of the ids of everybody who is chosen; erased ones never are.

    :raises BadChoice: the Segment has been deleted.
    """
    if choice.segment_id is not None:
        segment = segment_by_id(session, choice.segment_id)
        if segment is None:
            raise BadChoice("This segment has been deleted; nothing was changed.")
        return member_query(session, rules_of(session, segment), now)
    if choice.contact_ids is not None:
        wanted = [Contact.id.in_(choice.contact_ids), Contact.removed_at.is_(None)]
        return sa.select(Contact.id).where(*wanted)
    filtered = ContactAddress.of(choice.filter).to_filter()
    rows = [one.row for one in conditions(session, filtered, now)]
    # What is done to an alias would be done to the Contact that it stands for, unseen.
    itself = Contact.merged_into_id.is_(None)
    return sa.select(Contact.id).where(*stands_in(filtered), itself, *rows)


def chosen_count(session: Session, choice: Choice, now: datetime) -> int:
    """Return how many are chosen.

    :raises BadChoice: the Segment has been deleted.
    """
    found = chosen(session, choice, now).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(found)) or 0


def _id(text: str) -> int:
    word = text.strip()
    if not (word.isascii() and word.isdigit() and len(word) < 10):
        raise BadChoice("One of the chosen contacts cannot be read.")
    return int(word)
