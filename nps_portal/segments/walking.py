"""The members of a Segment a page at a time: quick at a million contacts, whatever the rules.

Where an index leads to few who may fit, those are gathered, judged and counted. Else the contacts
are walked through in the order in which they were added, until a page is full or so many have been
looked at that it would get slow; the next page goes on from there. Nobody is counted then.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.list_conditions import among, looked_at
from nps_portal.contacts.list_filters import ListPlace
from nps_portal.contacts.models import Contact
from nps_portal.contacts.queries import has_many_contacts
from nps_portal.contacts.walks import PAGE_SIZE, Found, Walk, back, onward
from nps_portal.foundation.paging import place_of
from nps_portal.segments.compiling import Terms, membership
from nps_portal.segments.finding import MOST_JUDGED, few_to_judge
from nps_portal.segments.rules import Rules

# Of most rules a page is full after the first step; together they are what a page may take.
FIRST_STEP = 1_000
FURTHER_STEPS = (9_000, 40_000)


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """The first members by id; `is_all` says that there are no others."""

    ids: Sequence[int]
    is_all: bool


@dataclass(frozen=True, kw_only=True)
class _Stretch:
    """Who was found on a walk, in its direction, and the id up to which all were looked at.

    `is_over` says that there is nothing beyond.
    """

    ids: list[int]
    reached: int
    is_over: bool


def page_of_members(session: Session, rules: Rules, terms: Terms, place: ListPlace) -> Found:
    """Return a page of those who fit and are not removed, in the order they were added."""
    if not has_many_contacts(session):
        return _numbered(_everybody(session, rules, terms), place)
    is_back = place.before is not None
    start = place.before if place.before is not None else place.after or 0
    walk = _Walker(session, rules, terms, is_back=is_back, most=PAGE_SIZE + 1)
    stretch = walk.from_id(start, (FIRST_STEP,))
    if len(stretch.ids) <= PAGE_SIZE and not stretch.is_over:
        few = _few(session, rules, terms)
        if few is not None:
            return _numbered(few, place)
        stretch = walk.from_id(stretch.reached, FURTHER_STEPS, stretch.ids)
    is_full = len(stretch.ids) > PAGE_SIZE
    found = Walk(
        ids=stretch.ids[: PAGE_SIZE + 1],
        place=place,
        end=None if is_full or stretch.is_over else stretch.reached,
        is_started=place.after is not None or is_back,
    )
    return back(found) if is_back else onward(found)


def page_of_all(session: Session, rules: Rules, terms: Terms, place: ListPlace) -> Found:
    """Return the same page after a look at everybody, for as long as that takes.

    They are counted then, unless they are too many to hold: those a walk finds soon enough.
    """
    query = sa.select(Contact.id).where(membership(rules, terms))
    ids = session.scalars(query.limit(MOST_JUDGED + 1)).all()
    if len(ids) > MOST_JUDGED:
        return page_of_members(session, rules, terms, place)
    return _numbered(sorted(ids), place)


def first_members(session: Session, rules: Rules, terms: Terms, most: int) -> Beginning:
    """Return the first members by id, as many as wanted or as can be found quickly."""
    if not has_many_contacts(session):
        ids = _everybody(session, rules, terms)
        return Beginning(ids=ids[:most], is_all=len(ids) <= most)
    walk = _Walker(session, rules, terms, is_back=False, most=most + 1)
    stretch = walk.from_id(0, (FIRST_STEP,))
    if len(stretch.ids) <= most and not stretch.is_over:
        few = _few(session, rules, terms)
        if few is not None:
            return Beginning(ids=few[:most], is_all=len(few) <= most)
        stretch = walk.from_id(stretch.reached, FURTHER_STEPS, stretch.ids)
    is_all = len(stretch.ids) <= most and stretch.is_over
    return Beginning(ids=stretch.ids[:most], is_all=is_all)


class _Walker:
    """Looks at contacts in the order of their ids, or against it, until enough fit."""

    def __init__(
        self, session: Session, rules: Rules, terms: Terms, *, is_back: bool, most: int
    ) -> None:
        self._session = session
        self._fits = looked_at(membership(rules, terms.by_row))
        self._is_back = is_back
        self._most = most
        self._last = session.scalar(sa.select(sa.func.max(Contact.id))) or 0

    def from_id(self, start: int, steps: Sequence[int], found: Sequence[int] = ()) -> _Stretch:
        """Return who fits beyond an id, after those who were found before."""
        ids, reached = list(found), start
        for step in steps:
            if self._is_over(reached):
                break
            beyond = max(reached - step, 1) if self._is_back else reached + step
            within = (
                Contact.id.between(beyond, reached - 1)
                if self._is_back
                else Contact.id.between(reached + 1, beyond)
            )
            order = Contact.id.desc() if self._is_back else Contact.id.asc()
            query = sa.select(Contact.id).where(within, self._fits).order_by(order)
            ids += self._session.scalars(query.limit(self._most - len(ids)))
            reached = beyond
            if len(ids) == self._most:
                break
        return _Stretch(ids=ids, reached=reached, is_over=self._is_over(reached))

    def _is_over(self, reached: int) -> bool:
        return reached <= 1 if self._is_back else reached >= self._last


def _everybody(session: Session, rules: Rules, terms: Terms) -> list[int]:
    return sorted(session.scalars(sa.select(Contact.id).where(membership(rules, terms))))


def _few(session: Session, rules: Rules, terms: Terms) -> list[int] | None:
    """Return all members in order where an index leads to few who may be; else None."""
    few = few_to_judge(session, rules, terms)
    if few is None:
        return None
    fits = looked_at(membership(rules, terms.by_row))
    return sorted(session.scalars(sa.select(Contact.id).where(among(session, few), fits)))


def _numbered(ids: Sequence[int], place: ListPlace) -> Found:
    """Return a page of members who are all known, counted."""
    number = place.page
    if place.after is not None:
        number = bisect_right(ids, place.after) // PAGE_SIZE + 1
    elif place.before is not None:
        number = max(0, bisect_left(ids, place.before) - 1) // PAGE_SIZE + 1
    at = place_of(number, size=PAGE_SIZE, total=len(ids))
    return Found(
        ids=ids[at.offset : at.offset + at.size],
        first=min(at.offset + 1, at.total),
        total=at.total,
        previous=ListPlace(page=at.number - 1) if at.number > 1 else None,
        next=ListPlace(page=at.number + 1) if at.number < at.pages else None,
    )
