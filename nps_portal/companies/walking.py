"""Companies that only a look at their people can tell, found by a walk that ends before it is slow.

Nobody counts them: a page is filled from so many companies, and the next one goes on from there.
"""

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.companies.figures import (
    HIGHEST_DETRACTOR,
    LATELY,
    CompanyFigures,
    alarms,
    company_figures,
)
from nps_portal.contacts.list_conditions import looked_at
from nps_portal.contacts.models import Company, Contact

PAGE_SIZE = 50
# So many companies are looked at for one page, and so many of them at once.
MOST_WALKED = 1_000
STEP = 500
# Of those that may belong to the group, so many are judged for one page by all their people.
MOST_JUDGED = 150


class CompanyGroup(enum.Enum):
    """Which companies the list shows: all, those with an alarm, those that were not heard from."""

    ALL = "all"
    ALARM = "alarm"
    SILENT = "silent"


class CompanyOrder(enum.Enum):
    """In which order: by name, or those with most revenue first."""

    NAME = "name"
    REVENUE = "revenue"


@dataclass(frozen=True, kw_only=True)
class Walk:
    """What a walk has found, in order, from the place `start` to before the place `end`.

    `end` is None where the list ends. `is_cut` says that the walk ended before the page was full.
    """

    companies: Sequence[Company]
    figures: Mapping[int, CompanyFigures]
    start: int
    end: int | None
    is_cut: bool


@dataclass(frozen=True, kw_only=True)
class _Looked:
    """One company that was looked at, at its place among all; it may be wanted, or really is."""

    place: int
    company: Company
    may_be: bool
    is_wanted: bool


def in_order(order: CompanyOrder) -> list[sa.ColumnElement[Any]]:
    """Return by what companies are sorted."""
    by_name: list[sa.ColumnElement[Any]] = [Company.name_key.asc(), Company.id.asc()]
    if order is CompanyOrder.NAME:
        return by_name
    return [Company.revenue.desc().nulls_last(), *by_name]


def walked(
    session: Session,
    companies: sa.Select[Company],
    group: CompanyGroup,
    start: int,
    end: int | None,
    now: datetime,
) -> Walk:
    """Return a page of a group, from a place among all companies on, or back from another."""
    total = session.scalar(sa.select(sa.func.count()).select_from(companies.subquery())) or 0
    is_back = end is not None
    first = min(start, total) if end is None else min(end, total)
    found: list[Company] = []
    reached, judged = first, 0
    for places in _steps(first, total, is_back=is_back):
        step = _looked(session, companies, group, places, now, is_back=is_back)
        for one in step:
            if len(found) == PAGE_SIZE or judged == MOST_JUDGED:
                break
            reached = one.place if is_back else one.place + 1
            judged += one.may_be
            if one.is_wanted:
                found.append(one.company)
        if len(found) == PAGE_SIZE or judged == MOST_JUDGED:
            break
    shown = found[::-1] if is_back else found
    begin, stop = (reached, first) if is_back else (first, reached)
    return Walk(
        companies=shown,
        figures=company_figures(session, [company.id for company in shown], now),
        start=begin,
        end=stop if stop < total else None,
        is_cut=len(found) < PAGE_SIZE and (begin > 0 if is_back else stop < total),
    )


def _steps(first: int, total: int, *, is_back: bool) -> Iterator[range]:
    """Give the places that are looked at at once, one range after another."""
    for done in range(0, MOST_WALKED, STEP):
        if is_back:
            places = range(max(0, first - done - STEP), max(0, first - done))
        else:
            places = range(first + done, min(total, first + done + STEP))
        if not places:
            return
        yield places


def _looked(
    session: Session,
    companies: sa.Select[Company],
    group: CompanyGroup,
    places: range,
    now: datetime,
    *,
    is_back: bool,
) -> list[_Looked]:
    """Return the companies at some places as they are walked past."""
    rows = session.execute(
        companies.add_columns(_may_be(group, now).label("may_be"))
        .offset(places.start)
        .limit(len(places))
    ).all()
    walk = list(zip(places, rows, strict=False))
    if is_back:
        walk.reverse()
    wanted = {company.id for _, (company, may_be) in walk if may_be}
    if group is CompanyGroup.ALARM:
        likely = [company.id for _, (company, may_be) in walk if may_be][:MOST_JUDGED]
        wanted = set(alarms(session, likely, now))
    return [
        _Looked(place=place, company=company, may_be=may_be, is_wanted=company.id in wanted)
        for place, (company, may_be) in walk
    ]


def _may_be(group: CompanyGroup, now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that a company may belong to a group; only its figures tell an alarm."""
    lately = now - LATELY
    people = sa.select(sa.literal(1)).where(Contact.company_id == Company.id)
    if group is CompanyGroup.SILENT:
        heard = people.where(Contact.last_answered_at >= lately)
        return sa.not_(heard.where(looked_at(Contact.removed_at.is_(None))).exists())
    return (
        people.where(
            HAS_A_SAY,
            Contact.last_score <= HIGHEST_DETRACTOR,
            looked_at(Contact.last_answered_at >= lately),
            looked_at(Contact.removed_at.is_(None)),
        )
        .correlate(Company)
        .exists()
    )


# As the index over those who have a say is written.
HAS_A_SAY = sa.or_(Contact.decides, Contact.pays)
