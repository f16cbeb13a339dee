"""Reading companies: the list, what all of them add up to, one with its people."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.companies.changes import PairedChange, paired_change
from nps_portal.companies.figures import (
    LATELY,
    CompanyFigures,
    company_figures,
    counts_by_company,
)
from nps_portal.companies.weighting import Weighed, WeightedScore, weighted_score
from nps_portal.contacts.models import Company, CompanyDomain, Contact
from nps_portal.foundation.paging import Place, place_of
from nps_portal.insights.charts import ShareBar, share_bar
from nps_portal.nps import CategoryCounts, net_promoter_score
from nps_portal.responses.models import Response, ResponseState

PAGE_SIZE = 50
PEOPLE_SHOWN = 100
# An alarm is looked for among so many companies with an unhappy decider at once.
MOST_SUSPECTS = 1000


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
class CompanyFilter:
    """What the list of companies shows; empty text filters nothing."""

    text: str = ""
    group: CompanyGroup = CompanyGroup.ALL
    order: CompanyOrder = CompanyOrder.NAME
    page: int = 1


@dataclass(frozen=True, kw_only=True)
class CompanyPage:
    """One page of companies with their figures, and its place among all that are found."""

    companies: Sequence[Company]
    figures: Mapping[int, CompanyFigures]
    place: Place


@dataclass(frozen=True, kw_only=True)
class CompanyTotals:
    """What all companies add up to; revenue is that of the companies where it is known.

    `weighted` is the score in which a company weighs as much as its revenue.
    """

    companies: int
    heard: int
    revenue: Decimal
    revenue_heard: Decimal
    weighted: WeightedScore | None

    @property
    def coverage(self) -> float | None:
        """Return the share of companies heard from, 0…1; None without companies."""
        return self.heard / self.companies if self.companies else None

    @property
    def revenue_coverage(self) -> float | None:
        """Return the share of revenue heard from, 0…1; None where none is known."""
        return float(self.revenue_heard / self.revenue) if self.revenue else None


@dataclass(frozen=True, kw_only=True)
class CompanyRecord:
    """One company's page; `change` compares people who answered in both of the last two years."""

    company: Company
    domains: Sequence[str]
    figures: CompanyFigures
    people: Sequence[Contact]
    shares: ShareBar
    change: PairedChange | None

    @property
    def change_words(self) -> str:
        """Return how people moved who answered in both years, and whether that means anything."""
        found = self.change
        if found is None:
            return "Nobody has answered both in the last twelve months and in the year before."
        moved = (
            f"Of {found.people} who answered in both years, the average went "
            f"from {found.before:.1f} to {found.after:.1f}: "
        )
        return moved + ("more than chance." if found.is_real else "no more than chance.")


def company_page(session: Session, wanted: CompanyFilter, now: datetime) -> CompanyPage:
    """Return a page of companies."""
    which = _which(session, wanted, now)
    total = session.scalar(sa.select(sa.func.count(Company.id)).where(*which)) or 0
    place = place_of(wanted.page, size=PAGE_SIZE, total=total)
    by_name = (Company.name_key, Company.id)
    order = by_name if wanted.order is CompanyOrder.NAME else (_revenue_first(), *by_name)
    companies = session.scalars(
        sa.select(Company).where(*which).order_by(*order).limit(place.size).offset(place.offset)
    ).all()
    return CompanyPage(
        companies=companies,
        figures=company_figures(session, [company.id for company in companies], now),
        place=place,
    )


def company_totals(session: Session, now: datetime) -> CompanyTotals:
    """Return what all companies add up to."""
    counts = counts_by_company(session, now)
    revenues: dict[int, Decimal] = {
        company_id: revenue
        for company_id, revenue in session.execute(
            sa.select(Company.id, Company.revenue).where(Company.revenue.is_not(None))
        )
        if revenue is not None
    }
    heard = {company_id: money for company_id, money in revenues.items() if company_id in counts}
    return CompanyTotals(
        companies=session.scalar(sa.select(sa.func.count(Company.id))) or 0,
        heard=len(counts),
        revenue=sum(revenues.values(), Decimal()),
        revenue_heard=sum(heard.values(), Decimal()),
        weighted=_weighted(counts, heard),
    )


def company_by_id(session: Session, company_id: int) -> Company | None:
    """Return a Company."""
    return session.get(Company, company_id)


def company_record(session: Session, company: Company, now: datetime) -> CompanyRecord:
    """Gather what is known of a Company."""
    figures = company_figures(session, [company.id], now)[company.id]
    return CompanyRecord(
        company=company,
        domains=domains_of(session, company.id),
        figures=figures,
        shares=share_bar(figures.counts),
        people=session.scalars(
            sa.select(Contact)
            .where(Contact.company_id == company.id, Contact.removed_at.is_(None))
            .order_by(Contact.decides.desc(), Contact.pays.desc(), Contact.name, Contact.id)
            .limit(PEOPLE_SHOWN)
        ).all(),
        change=paired_change(_pairs(session, company.id, now)),
    )


def domains_of(session: Session, company_id: int) -> Sequence[str]:
    """Return the domains by which a Company's people are known."""
    return session.scalars(
        sa.select(CompanyDomain.domain)
        .where(CompanyDomain.company_id == company_id)
        .order_by(CompanyDomain.domain)
    ).all()


def _which(session: Session, wanted: CompanyFilter, now: datetime) -> list[sa.ColumnElement[bool]]:
    conditions = [Company.name.icontains(word, autoescape=True) for word in wanted.text.split()[:8]]
    lately = now - LATELY
    if wanted.group is CompanyGroup.ALARM:
        conditions.append(Company.id.in_(_alarmed(session, lately, now)))
    if wanted.group is CompanyGroup.SILENT:
        heard = sa.select(Contact.company_id).where(
            Contact.last_answered_at >= lately, Contact.company_id.is_not(None)
        )
        conditions.append(Company.id.not_in(heard))
    return conditions


def _alarmed(session: Session, lately: datetime, now: datetime) -> list[int]:
    suspects = session.scalars(
        sa.select(Contact.company_id)
        .where(sa.or_(Contact.decides, Contact.pays), Contact.last_score <= _HIGHEST_DETRACTOR)
        .where(Contact.last_answered_at >= lately, Contact.company_id.is_not(None))
        .where(Contact.removed_at.is_(None))
        .distinct()
        .order_by(Contact.company_id)
        .limit(MOST_SUSPECTS)
    ).all()
    figures = company_figures(session, [found for found in suspects if found], now)
    return [company_id for company_id, found in figures.items() if found.alarm]


_HIGHEST_DETRACTOR = 6


def _revenue_first() -> sa.ColumnElement[Decimal | None]:
    return Company.revenue.desc().nulls_last()


def _weighted(
    counts: Mapping[int, CategoryCounts], revenues: Mapping[int, Decimal]
) -> WeightedScore | None:
    return weighted_score(
        [
            Weighed(score=net_promoter_score(counts[company_id]), weight=float(revenue))
            for company_id, revenue in revenues.items()
        ]
    )


def _pairs(session: Session, company_id: int, now: datetime) -> list[tuple[int, int]]:
    """Return each person's latest score of the year before the last twelve months, and since."""
    rows = session.execute(
        sa.select(Response.contact_id, Response.score, Response.answered_at)
        .join(Contact, Contact.id == Response.contact_id)
        .where(Contact.company_id == company_id, Contact.removed_at.is_(None))
        .where(Response.state == ResponseState.COUNTED)
        .where(Response.answered_at >= now - LATELY - LATELY, Response.answered_at < now)
        .order_by(Response.answered_at, Response.id)
    )
    before: dict[int, int] = {}
    after: dict[int, int] = {}
    for contact_id, score, answered_at in rows:
        year = after if answered_at >= now - LATELY else before
        year[contact_id or 0] = score
    return [(before[who], after[who]) for who in sorted(before.keys() & after.keys())]
