"""What the answers of each company's people add up to.

A person counts once, with the latest answer of the last twelve months; a mean is taken over
people, never over answers, so that one who answers often does not speak for all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.models import Contact
from nps_portal.nps import Category, CategoryCounts, category
from nps_portal.responses.models import Response, ResponseState

LATELY = timedelta(days=365)
CONTENT = 7
NO_ANSWERS = CategoryCounts(detractors=0, passives=0, promoters=0)


@dataclass(frozen=True, kw_only=True)
class Voice:
    """One person of a company who has answered lately."""

    contact_id: int
    company_id: int
    name: str
    decides: bool
    pays: bool
    uses: bool
    last_score: int
    mean: float

    @property
    def has_a_say(self) -> bool:
        """Tell whether this person decides or pays."""
        return self.decides or self.pays


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Somebody who decides or pays is a detractor, and the others' mean hides it."""

    voice: Voice
    others: int
    others_mean: float

    @property
    def words(self) -> str:
        """Return the alarm as an owner reads it."""
        act = "decides" if self.voice.decides else "pays"
        who = "the other one" if self.others == 1 else f"the {self.others} others"
        average = "gave" if self.others == 1 else "average"
        return (
            f"{self.voice.name}, who {act}, gave {self.voice.last_score}; "
            f"{who} {average} {self.others_mean:.1f}."
        )


@dataclass(frozen=True, kw_only=True)
class CompanyFigures:
    """How one company stands: its people, those heard from, and what they say.

    `mean` is the mean of each person's mean, 0…10, None while nobody has answered lately.
    """

    people: int
    heard: int
    mean: float | None
    counts: CategoryCounts
    alarm: Alarm | None

    @property
    def coverage(self) -> float | None:
        """Return the share of people heard from, 0…1; None without people."""
        return self.heard / self.people if self.people else None


def company_figures(
    session: Session, company_ids: Sequence[int], now: datetime
) -> dict[int, CompanyFigures]:
    """Return how each of these companies stands; the number of queries is fixed."""
    people = people_of(session, company_ids)
    heard: dict[int, list[Voice]] = {company_id: [] for company_id in company_ids}
    for voice in voices(session, company_ids, now):
        heard[voice.company_id].append(voice)
    return {
        company_id: _figures(people.get(company_id, 0), heard[company_id])
        for company_id in company_ids
    }


def people_of(session: Session, company_ids: Sequence[int]) -> dict[int, int]:
    """Return how many contacts of each company are not removed; none is left out."""
    rows = session.execute(
        sa.select(Contact.company_id, sa.func.count())
        .where(Contact.company_id.in_(company_ids), Contact.removed_at.is_(None))
        .group_by(Contact.company_id)
    )
    return {company_id: count for company_id, count in rows if company_id is not None}


def voices(session: Session, company_ids: Sequence[int], now: datetime) -> list[Voice]:
    """Return who of these companies has answered lately."""
    means = (
        sa.select(Response.contact_id, sa.func.avg(Response.score).label("mean"))
        .join(Contact, Contact.id == Response.contact_id)
        .where(Contact.company_id.in_(company_ids))
        .where(Response.state == ResponseState.COUNTED, Response.answered_at >= now - LATELY)
        .group_by(Response.contact_id)
        .subquery()
    )
    rows = session.execute(
        sa.select(Contact, means.c.mean)
        .join(means, means.c.contact_id == Contact.id)
        .where(Contact.removed_at.is_(None))
        .order_by(Contact.name, Contact.id)
    )
    return [
        Voice(
            contact_id=contact.id,
            company_id=contact.company_id or 0,
            name=contact.shown_name,
            decides=contact.decides,
            pays=contact.pays,
            uses=contact.uses,
            last_score=contact.last_score or 0,
            mean=float(mean),
        )
        for contact, mean in rows
    ]


def counts_by_company(session: Session, now: datetime) -> dict[int, CategoryCounts]:
    """Return the counts of each company that was heard from lately, a person once."""
    rows = session.execute(
        sa.select(Contact.company_id, Contact.last_score, sa.func.count())
        .where(Contact.last_answered_at >= now - LATELY, Contact.company_id.is_not(None))
        .where(Contact.removed_at.is_(None))
        .group_by(Contact.company_id, Contact.last_score)
    )
    scores: dict[int, dict[int, int]] = {}
    for company_id, score, count in rows:
        scores.setdefault(company_id or 0, {})[score or 0] = count
    return {company_id: counts_of(found) for company_id, found in scores.items()}


def counts_of(people_by_score: Mapping[int, int]) -> CategoryCounts:
    """Return the counts by category of counts by score."""
    return CategoryCounts.of_distribution([people_by_score.get(score, 0) for score in range(11)])


def alarm_of(heard: Sequence[Voice]) -> Alarm | None:
    """Return the worst alarm: a detractor who decides or pays, beside others who are content.

    One who decides comes before one who pays.
    """
    unhappy = [
        voice
        for voice in heard
        if voice.has_a_say and category(voice.last_score) is Category.DETRACTOR
    ]
    for voice in sorted(unhappy, key=lambda one: (not one.decides, one.last_score)):
        others = [other.last_score for other in heard if other.contact_id != voice.contact_id]
        if others and sum(others) / len(others) >= CONTENT:
            mean = sum(others) / len(others)
            return Alarm(voice=voice, others=len(others), others_mean=mean)
    return None


def _figures(people: int, heard: Sequence[Voice]) -> CompanyFigures:
    by_score: dict[int, int] = {}
    for voice in heard:
        by_score[voice.last_score] = by_score.get(voice.last_score, 0) + 1
    return CompanyFigures(
        people=people,
        heard=len(heard),
        mean=sum(voice.mean for voice in heard) / len(heard) if heard else None,
        counts=counts_of(by_score),
        alarm=alarm_of(heard),
    )
