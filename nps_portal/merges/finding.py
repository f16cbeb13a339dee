"""Finding contacts that are likely one person: suggestions, which somebody has to look at."""

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.chunks import chunks
from nps_portal.contacts.list_conditions import looked_at
from nps_portal.contacts.models import CompanyDomain, Contact
from nps_portal.foundation.paging import Place, place_of
from nps_portal.merges.likeness import address_likeness, name_likeness
from nps_portal.merges.models import DistinctContacts

MOST_COMPARED = 50_000
# So many with one name at one company are hardly one person.
MOST_ALIKE = 20
PAGE_SIZE = 20


class Likeness(enum.Enum):
    """Why two records are suggested as one person."""

    ADDRESS = "the addresses lead to the same mailbox"
    NAME = "the same name at the same company"


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """Two records that are likely one person, and why."""

    first: Contact
    second: Contact
    likeness: Likeness


@dataclass(frozen=True, kw_only=True)
class SuggestionPage:
    """One page of suggestions; `older_before` is the Contact before which older ones lie."""

    suggestions: Sequence[Suggestion]
    place: Place
    older_before: int | None


@dataclass(frozen=True, kw_only=True)
class _Pair:
    first_id: int
    second_id: int
    likeness: Likeness


def suggestions(session: Session, number: int, before: int | None = None) -> SuggestionPage:
    """Return a page of suggestions among the newest contacts, or the newest before one of them.

    So many are compared with each other as one page can; nobody keeps the result.
    """
    query = sa.select(Contact.id, Contact.email_key, Contact.name, Contact.company_id)
    if before is not None:
        query = query.where(Contact.id < before)
    rows = session.execute(
        query.where(looked_at(Contact.removed_at.is_(None)))
        .order_by(Contact.id.desc())
        .limit(MOST_COMPARED)
    ).all()
    pairs = list(_pairs(session, rows[::-1]))
    place = place_of(number, size=PAGE_SIZE, total=len(pairs))
    shown = pairs[place.offset : place.offset + place.size]
    wanted = {one for pair in shown for one in (pair.first_id, pair.second_id)}
    found = session.scalars(sa.select(Contact).where(Contact.id.in_(wanted)))
    by_id = {one.id: one for one in found}
    return SuggestionPage(
        suggestions=[
            Suggestion(
                first=by_id[one.first_id], second=by_id[one.second_id], likeness=one.likeness
            )
            for one in shown
        ],
        place=place,
        older_before=rows[-1].id if len(rows) == MOST_COMPARED else None,
    )


def _pairs(session: Session, rows: Sequence[Any]) -> Iterator[_Pair]:
    """Give the pairs, those of addresses first; of several alike each is paired with one."""
    groups = [
        *((Likeness.ADDRESS, ids) for ids in _alike_by_address(session, rows)),
        *((Likeness.NAME, ids) for ids in _alike_by_name(rows)),
    ]
    distinct = _distinct(session, {one for _, ids in groups for one in ids})
    known: set[tuple[int, int]] = set()
    for likeness, ids in groups:
        for place, second in enumerate(ids):
            for first in ids[:place]:
                if (first, second) not in distinct:
                    if (first, second) not in known:
                        known.add((first, second))
                        yield _Pair(first_id=first, second_id=second, likeness=likeness)
                    break


def _alike_by_address(session: Session, rows: Sequence[Any]) -> list[list[int]]:
    companies = _domains_of_companies_with_several(session)
    return _groups((address_likeness(row.email_key, companies), row.id) for row in rows)


def _alike_by_name(rows: Sequence[Any]) -> list[list[int]]:
    keys = ((name_likeness(row.name), row) for row in rows if row.company_id and row.name)
    return _groups(((row.company_id, key), row.id) for key, row in keys if key)


def _groups(keyed: Iterable[tuple[Any, int]]) -> list[list[int]]:
    """Return those with a key in common, in the order of the first of each."""
    alone: dict[Any, int] = {}
    groups: dict[Any, list[int]] = {}
    # Nearly all are alone, and a list for each would be most of the work.
    for key, contact_id in keyed:
        first = alone.setdefault(key, contact_id)
        if first != contact_id:
            groups.setdefault(key, [first]).append(contact_id)
    few = [ids for ids in groups.values() if len(ids) <= MOST_ALIKE]
    return sorted(few, key=lambda ids: ids[0])


def _domains_of_companies_with_several(session: Session) -> Mapping[str, int]:
    several = (
        sa.select(CompanyDomain.company_id)
        .group_by(CompanyDomain.company_id)
        .having(sa.func.count() > 1)
    )
    rows = session.execute(
        sa.select(CompanyDomain.domain, CompanyDomain.company_id)
        .where(CompanyDomain.company_id.in_(several))
        .limit(MOST_COMPARED)
    )
    return dict(rows.all())


def _distinct(session: Session, contact_ids: set[int]) -> set[tuple[int, int]]:
    """Return the pairs among these of whom somebody has said that they are two people."""
    found: set[tuple[int, int]] = set()
    for some in chunks(sorted(contact_ids)):
        pairs = sa.select(DistinctContacts.first_id, DistinctContacts.second_id).where(
            DistinctContacts.first_id.in_(some)
        )
        found.update((first, second) for first, second in session.execute(pairs))
    return found
