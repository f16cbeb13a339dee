"""The list of contacts: filtered, in order, a page at a time, quick at a million.

Two ways lead to a page. Where one condition is met by few, those are gathered, counted and
sorted. Where each is met by many, the contacts are walked through in the order of the list until
a page is full; nobody counts them then, and the walk ends after so many contacts that a page is
never slow: the next page goes on from there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from nps_portal.accounts.queries import user_names
from nps_portal.contacts.list_conditions import (
    MOST_GATHERED,
    Condition,
    among,
    conditions,
    looked_at,
    stands_in,
)
from nps_portal.contacts.list_filters import (
    ContactFilter,
    ContactGroup,
    ContactOrder,
    ListPlace,
)
from nps_portal.contacts.models import Contact, SuppressionReason, Tag
from nps_portal.contacts.queries import contact_count, suppressions
from nps_portal.contacts.tags import tags_of
from nps_portal.contacts.walks import PAGE_SIZE, Found, Walk, back, onward
from nps_portal.foundation.paging import place_of

MOST_WALKED = 30_000
# Where only names that have a word are walked past, the index is read far beyond so many.
MOST_NAMED = 5_000


@dataclass(frozen=True, kw_only=True)
class ContactPage:
    """One page of contacts with what is shown beside them, each by its id or address."""

    contacts: Sequence[Contact]
    found: Found
    suppressed: Mapping[str, SuppressionReason]
    tags: Mapping[int, Sequence[Tag]]
    owners: Mapping[int, str]


@dataclass(frozen=True, kw_only=True)
class _Order:
    """How a list is sorted: by a column, then by id."""

    column: InstrumentedAttribute[Any] | None
    is_descending: bool

    @property
    def columns(self) -> list[InstrumentedAttribute[Any]]:
        return [*([self.column] if self.column is not None else []), Contact.id]

    def by(self) -> list[sa.UnaryExpression[Any]]:
        """Return by what to sort: as the index by name does, among those that are not removed."""
        index = [Contact.removed_at] if self.column is _BY_NAME else []
        columns = [*index, *self.columns]
        return [one.desc() if self.is_descending else one.asc() for one in columns]

    def beyond(self, values: Sequence[Any]) -> sa.ColumnElement[bool]:
        """Return the condition of what comes after a row with these values."""
        here = sa.tuple_(*self.columns)
        there = sa.tuple_(
            *(
                sa.bindparam(None, value, type_=one.type)
                for value, one in zip(values, self.columns, strict=True)
            )
        )
        return here < there if self.is_descending else here > there

    def until(self, values: Sequence[Any]) -> list[sa.ColumnElement[bool]]:
        """Return the conditions of what comes no later than a row with these values.

        The first lets the database stop there; by the second alone it would read on to the end.
        """
        first, value = self.columns[0], values[0]
        return [
            first >= value if self.is_descending else first <= value,
            sa.not_(looked_at(self.beyond(values))),
        ]

    def reversed(self) -> "_Order":
        return replace(self, is_descending=not self.is_descending)


# One object: each look at `Contact.name` makes another.
_BY_NAME: InstrumentedAttribute[Any] = Contact.name

_ORDERS = {
    ContactOrder.NAME: _Order(column=_BY_NAME, is_descending=False),
    ContactOrder.NEWEST: _Order(column=None, is_descending=True),
    ContactOrder.LOWEST_SCORE: _Order(column=Contact.last_score, is_descending=False),
    ContactOrder.HIGHEST_SCORE: _Order(column=Contact.last_score, is_descending=True),
    ContactOrder.LAST_ANSWERED: _Order(column=Contact.last_answered_at, is_descending=True),
}


def contact_page(
    session: Session, wanted: ContactFilter, place: ListPlace, now: datetime
) -> ContactPage:
    """Return a page of contacts."""
    rows = conditions(session, wanted, now)
    way = _way(session, wanted, rows)
    if way.ids is not None:
        found = _gathered(session, wanted, rows, way.ids, place)
    else:
        found = _walked(session, wanted, way, place)
    contacts = {
        contact.id: contact
        for contact in session.scalars(sa.select(Contact).where(Contact.id.in_(found.ids)))
    }
    shown = [contacts[one] for one in found.ids if one in contacts]
    return ContactPage(
        contacts=shown,
        found=found,
        suppressed=suppressions(session, [contact.email_key for contact in shown]),
        tags=tags_of(session, found.ids),
        owners=user_names(session, [one.owner_id for one in shown if one.owner_id is not None]),
    )


@dataclass(frozen=True, kw_only=True)
class _Way:
    """How to come to a page: from few ids, or by a walk on which rows are looked at.

    `names` are conditions that the index by name can tell without the rows.
    """

    ids: Sequence[int] | None = None
    rows: Sequence[sa.ColumnElement[bool]] = ()
    names: Sequence[sa.ColumnElement[bool]] = ()


def _way(session: Session, wanted: ContactFilter, conditions: Sequence[Condition]) -> _Way:
    """Return all who meet one of the conditions if they are few, else what to look at."""
    everybody = Condition(
        row=sa.true(), finds=(sa.select(Contact.id).where(*stands_in(wanted)[:1]),)
    )
    rows: list[sa.ColumnElement[bool]] = []
    names: list[sa.ColumnElement[bool]] = []
    # Whom a word finds by the name, where they are few: all words together find no others.
    few: Sequence[int] | None = None
    for condition in [*conditions, everybody]:
        if condition.at_once and (some := _few(session, condition.at_once)) is not None:
            return _Way(ids=some)
        ids: set[int] = set()
        for number, query in enumerate(condition.finds):
            if number == 1 and condition.in_name is not None:
                few = sorted(ids)
            if number == 0 and not condition.is_whole and few is not None:
                query = query.where(among(session, few))
            ids.update(session.scalars(query.limit(MOST_GATHERED + 1)))
            if len(ids) > MOST_GATHERED:
                is_named = number == 0 and condition.in_name is not None
                break
        else:
            is_named = False
            if condition.finds and (ids or condition.is_whole):
                return _Way(ids=sorted(ids))
        if is_named and condition.in_name is not None:
            names.append(condition.in_name)
        elif condition.is_whole and condition is not everybody:
            rows.append(condition.row)
    return _Way(rows=rows, names=names)


def _few(session: Session, queries: Sequence[sa.Select[int]]) -> list[int] | None:
    """Return everybody whom one of the queries finds, if they are few."""
    ids: set[int] = set()
    for query in queries:
        ids.update(session.scalars(query.limit(MOST_GATHERED + 1)))
        if len(ids) > MOST_GATHERED:
            return None
    return sorted(ids)


def _gathered(
    session: Session,
    wanted: ContactFilter,
    rows: Sequence[Condition],
    ids: Sequence[int],
    place: ListPlace,
) -> Found:
    order = _ORDERS[wanted.order]
    # Who has no score comes last, whichever end of the scores comes first.
    nothing_last = [order.column.is_(None)] if order.column is not None else []
    everybody = session.scalars(
        sa.select(Contact.id)
        .where(
            among(session, ids),
            *(looked_at(one) for one in stands_in(wanted)),
            *(looked_at(one.row) for one in rows),
        )
        .order_by(*nothing_last, *order.by())
    ).all()
    at = place_of(place.page, size=PAGE_SIZE, total=len(everybody))
    return Found(
        ids=everybody[at.offset : at.offset + at.size],
        first=at.offset + 1,
        total=at.total,
        previous=ListPlace(page=at.number - 1) if at.number > 1 else None,
        next=ListPlace(page=at.number + 1) if at.number < at.pages else None,
    )


def _walked(session: Session, wanted: ContactFilter, way: _Way, place: ListPlace) -> Found:
    # The index by name holds those that are not removed together, and the others by when.
    is_by_id = wanted.group is ContactGroup.REMOVED and wanted.order is ContactOrder.NAME
    order = _ORDERS[ContactOrder.NEWEST if is_by_id else wanted.order]
    is_by_name = order.column is _BY_NAME
    is_backwards = place.before is not None
    turned = order.reversed() if is_backwards else order
    stands, names = stands_in(wanted), list(way.names)
    # What the index tells on the way, and what only each row does.
    along = [*stands, *names] if is_by_name else []
    rows = [*way.rows] if is_by_name else [*stands, *names, *way.rows]
    if order.column is not None and not is_by_name:
        along.append(order.column.is_not(None))
    start = _values_at(session, order, place.before if is_backwards else place.after)
    if start is not None:
        along.append(turned.beyond(start))
    most = MOST_NAMED if names and is_by_name else MOST_WALKED
    end = _end_of_walk(session, turned, along, most) if rows else None
    if end is not None:
        along += turned.until(end)
    ids = session.scalars(
        sa.select(Contact.id)
        .where(*along, *(looked_at(one) for one in rows))
        .order_by(*turned.by())
        .limit(PAGE_SIZE + 1)
    ).all()
    walk = Walk(ids=ids, place=place, end=end[-1] if end else None, is_started=start is not None)
    found = back(walk) if is_backwards else onward(walk)
    is_everybody = not way.rows and not names and (order.column is None or is_by_name)
    total = contact_count(session) if is_everybody else None
    return replace(found, total=total, is_by_name=bool(names))


def _values_at(session: Session, order: _Order, contact_id: int | None) -> Sequence[Any] | None:
    """Return where a Contact stands in an order; None for one that is not in it."""
    if contact_id is None:
        return None
    values = session.execute(sa.select(*order.columns).where(Contact.id == contact_id)).first()
    return None if values is None or None in values else tuple(values)


def _end_of_walk(
    session: Session, turned: _Order, along: Sequence[sa.ColumnElement[bool]], most: int
) -> Sequence[Any] | None:
    """Return where a walk ends that goes no further than it may; None if it reaches the end."""
    end = session.execute(
        sa.select(*turned.columns).where(*along).order_by(*turned.by()).offset(most).limit(1)
    ).first()
    return None if end is None else tuple(end)


__all__ = ["MOST_WALKED", "PAGE_SIZE", "ContactPage", "contact_page"]
