"""Reading companies: the list, what all of them add up to, one with its people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.companies.changes import PairedChange, paired_change
from nps_portal.companies.figures import LATELY, CompanyFigures, company_figures, counts_by_company
from nps_portal.companies.walking import CompanyGroup, CompanyOrder, Walk, in_order, walked
from nps_portal.companies.weighting import Weighed, WeightedScore, weighted_score
from nps_portal.contacts.list_conditions import looked_at
from nps_portal.contacts.models import Company, CompanyDomain, Contact
from nps_portal.foundation.paging import Place, place_of
from nps_portal.insights.charts import ShareBar, share_bar
from nps_portal.nps import CategoryCounts, net_promoter_score
from nps_portal.responses.models import Response, ResponseState

PAGE_SIZE = 50
PEOPLE_SHOWN = 100


@dataclass(frozen=True, kw_only=True)
class CompanyFilter:
    """What the list of companies shows; empty text filters nothing.

    `page` counts all companies that are found; a list that is walked through goes on at the place
    `start` among all companies, or goes back from the place `end`.
    """

    text: str = ""
    group: CompanyGroup = CompanyGroup.ALL
    order: CompanyOrder = CompanyOrder.NAME
    page: int = 1
    start: int = 0
    end: int | None = None


@dataclass(frozen=True, kw_only=True)
class CompanyPage:
    """One page of companies with their figures: its place among all, or how it was walked to."""

    companies: Sequence[Company]
    figures: Mapping[int, CompanyFigures]
    place: Place | None
    walk: Walk | None


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
    named = [Company.name.icontains(word, autoescape=True) for word in wanted.text.split()[:8]]
    companies = sa.select(Company).where(*named).order_by(*in_order(wanted.order))
    if wanted.group is not CompanyGroup.ALL:
        walk = walked(session, companies, wanted.group, wanted.start, wanted.end, now)
        return CompanyPage(companies=walk.companies, figures=walk.figures, place=None, walk=walk)
    total = session.scalar(sa.select(sa.func.count(Company.id)).where(*named)) or 0
    place = place_of(wanted.page, size=PAGE_SIZE, total=total)
    shown = session.scalars(companies.limit(place.size).offset(place.offset)).all()
    figures = company_figures(session, [company.id for company in shown], now)
    return CompanyPage(companies=shown, figures=figures, place=place, walk=None)


def company_count(session: Session) -> int:
    """Return how many companies there are."""
    return session.scalar(sa.select(sa.func.count(Company.id))) or 0


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
        companies=company_count(session),
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
            .where(Contact.company_id == company.id, looked_at(Contact.removed_at.is_(None)))
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
    people = sa.select(Contact.id).where(
        Contact.company_id == company_id,
        looked_at(Contact.last_answered_at >= now - LATELY),
        looked_at(Contact.removed_at.is_(None)),
    )
    rows = session.execute(
        sa.select(Response.contact_id, Response.score, Response.answered_at)
        .where(Response.contact_id.in_(people))
        .where(looked_at(Response.state == ResponseState.COUNTED))
        .where(Response.answered_at >= now - LATELY - LATELY, Response.answered_at < now)
        .order_by(Response.answered_at, Response.id)
    )
    before: dict[int, int] = {}
    after: dict[int, int] = {}
    for contact_id, score, answered_at in rows:
        year = after if answered_at >= now - LATELY else before
        year[contact_id or 0] = score
    return [(before[who], after[who]) for who in sorted(before.keys() & after.keys())]
