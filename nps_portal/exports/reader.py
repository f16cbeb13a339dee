"""What the tables of an export are read with: one view of the database, and the names in it.

Ids mean nothing in another portal, so no file has them: a person is named by the address, a
company, tag, property or survey by its name, an answer by its number in the file.
"""

import bisect
import re
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.models import User
from nps_portal.contacts.models import Contact
from nps_portal.foundation.database import db

PAGE = 1_000
_ERASED = re.compile(r"erased-([1-9]\d{0,9})@invalid")


@dataclass(frozen=True, kw_only=True)
class Reader:
    """One view of the database, with the names of users and of erased people.

    An erased person has no address: the first in the file is `erased-1@invalid`, and so on.
    """

    session: Session
    users: dict[int, str] = field(default_factory=dict)
    erased: "array[int]" = field(default_factory=lambda: array("q"))

    def user(self, user_id: int | None) -> str:
        """Return the address of a User; nothing for none."""
        return "" if user_id is None else self.users.get(user_id, "")

    def person(self, contact_id: int | None, email: str | None, erased_at: datetime | None) -> str:
        """Return what names a Contact in all files; nothing for none."""
        if contact_id is None:
            return ""
        if erased_at is None:
            return email or ""
        return erased_name(bisect.bisect_left(self.erased, contact_id) + 1)

    def pages(self, query: sa.Select[Any], key: Any) -> Iterator[Sequence[Any]]:
        """Give the rows of a query page by page, by an id that is the first column of it."""
        last = 0
        while rows := self.session.execute(query.where(key > last).order_by(key).limit(PAGE)).all():
            yield rows
            last = rows[-1][0]

    def pages_of(
        self, query: sa.Select[Any], key: Any, chosen: sa.Select[int]
    ) -> Iterator[Sequence[Any]]:
        """Give those rows of a query whose ids another query has found, page by page.

        The ids are found once and held, eight bytes each: found again for each page, they would
        cost a million people a thousand times the search.
        """
        found = self.session.scalars(chosen.order_by(key).execution_options(yield_per=PAGE))
        ids = array("q", found)
        for start in range(0, len(ids), PAGE):
            some = ids[start : start + PAGE].tolist()
            if rows := self.session.execute(query.where(key.in_(some)).order_by(key)).all():
                yield rows


def erased_name(number: int) -> str:
    """Return what names the erased Contact of this number."""
    return f"erased-{number}@invalid"


def erased_number(name: str) -> int | None:
    """Return the number of the erased Contact that is named so; None when it is an address."""
    found = _ERASED.fullmatch(name)
    return int(found[1]) if found else None


@contextmanager
def snapshot() -> Iterator[Reader]:
    """Give a Reader that sees all tables as they are at one instant, whatever changes meanwhile."""
    engine = db.engine
    if engine.dialect.name == "postgresql":
        # SQLite's transactions see one instant anyway.
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with Session(engine) as session:
        users = session.execute(sa.select(User.id, User.email)).all()
        erased = session.scalars(
            sa.select(Contact.id)
            .where(Contact.erased_at.is_not(None))
            .order_by(Contact.id)
            .execution_options(yield_per=PAGE)
        )
        yield Reader(session=session, users=dict(users), erased=array("q", erased))
