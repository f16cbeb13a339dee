"""What the answers of each company's people add up to.

A person counts once, with the latest answer of the last twelve months; a mean is taken over
people, never over answers, so that one who answers often does not speak for all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.list_conditions import looked_at
from nps_portal.contacts.models import Contact
from nps_portal.nps import SCORES, Category, CategoryCounts, category
from nps_portal.responses.models import Response, ResponseState

LATELY = timedelta(days=365)
CONTENT = 7


@dataclass(frozen=True, kw_only=True)
class Voice:
    """One person of a company who decides or pays and is a detractor by the last score."""

    company_id: int
    name: str
    decides: bool
    last_score: int


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
    scores = scores_of(session, company_ids, now)
    means = _means(session, company_ids, now)
    found = _alarms(session, scores, now)
    return {
        company_id: CompanyFigures(
            people=people.get(company_id, 0),
            heard=sum(scores[company_id].values()),
            mean=means.get(company_id),
            counts=counts_of(scores[company_id]),
            alarm=found.get(company_id),
        )
        for company_id in company_ids
    }


def alarms(session: Session, company_ids: Sequence[int], now: datetime) -> dict[int, Alarm]:
    """Return the alarms of those of these companies that have one."""
    return _alarms(session, scores_of(session, company_ids, now), now)


def people_of(session: Session, company_ids: Sequence[int]) -> dict[int, int]:
    """Return how many contacts of each company are not removed."""
    rows = session.execute(
        sa.select(Contact.company_id, sa.func.count())
        .where(Contact.company_id.in_(company_ids), looked_at(Contact.removed_at.is_(None)))
        .group_by(Contact.company_id)
    )
    return {company_id: count for company_id, count in rows if company_id is not None}


def scores_of(
    session: Session, company_ids: Sequence[int], now: datetime
) -> dict[int, dict[int, int]]:
    """Return how many people of each company gave which last score lately; none is left out."""
    found: dict[int, dict[int, int]] = {company_id: {} for company_id in company_ids}
    rows = session.execute(
        sa.select(Contact.company_id, Contact.last_score, sa.func.count())
        .where(*_heard(company_ids, now))
        .group_by(Contact.company_id, Contact.last_score)
    )
    for company_id, score, count in rows:
        found[company_id or 0][score or 0] = count
    return found


def unhappy_with_a_say(
    session: Session, company_ids: Sequence[int], now: datetime
) -> dict[int, list[Voice]]:
    """Return who decides or pays at these companies and is a detractor; none is left out."""
    found: dict[int, list[Voice]] = {company_id: [] for company_id in company_ids}
    rows = session.execute(
        sa.select(
            Contact.company_id, Contact.name, Contact.email, Contact.decides, Contact.last_score
        )
        .where(*_heard(company_ids, now))
        .where(
            looked_at(sa.or_(Contact.decides, Contact.pays)),
            looked_at(Contact.last_score <= HIGHEST_DETRACTOR),
        )
        .order_by(Contact.company_id, Contact.decides.desc(), Contact.last_score, Contact.name)
    )
    for company_id, name, email, decides, score in rows:
        voice = Voice(
            company_id=company_id or 0,
            name=name or email,
            decides=decides,
            last_score=score or 0,
        )
        found[voice.company_id].append(voice)
    return found


def alarm_of(unhappy: Sequence[Voice], people_by_score: Mapping[int, int]) -> Alarm | None:
    """Return the worst alarm: a detractor who decides or pays, beside others who are content.

    One who decides comes before one who pays.
    """
    people = sum(people_by_score.values())
    total = sum(score * count for score, count in people_by_score.items())
    for voice in sorted(unhappy, key=lambda one: (not one.decides, one.last_score)):
        others = people - 1
        if others > 0 and (total - voice.last_score) / others >= CONTENT:
            mean = (total - voice.last_score) / others
            return Alarm(voice=voice, others=others, others_mean=mean)
    return None


def counts_by_company(session: Session, now: datetime) -> dict[int, CategoryCounts]:
    """Return the counts of each company that was heard from lately, a person once.

    Everybody is counted from an index alone, and those who were removed are taken away again:
    to look whether each is there still would mean reading each.
    """
    found = {company_id or 0: counts for company_id, *counts in session.execute(_counted(now))}
    removed = _counted(now).where(Contact.removed_at.is_not(None))
    for company_id, *counts in session.execute(removed):
        kept = zip(found[company_id or 0], counts, strict=True)
        found[company_id or 0] = [all_of_them - gone for all_of_them, gone in kept]
    return {
        company_id: CategoryCounts(detractors=low, passives=middle, promoters=high)
        for company_id, (low, middle, high) in found.items()
        if low or middle or high
    }


def _alarms(
    session: Session, scores: Mapping[int, Mapping[int, int]], now: datetime
) -> dict[int, Alarm]:
    unhappy = unhappy_with_a_say(session, list(scores), now)
    found = {
        one: alarm_of(unhappy[one], people_by_score) for one, people_by_score in scores.items()
    }
    return {one: alarm for one, alarm in found.items() if alarm is not None}


def counts_of(people_by_score: Mapping[int, int]) -> CategoryCounts:
    """Return the counts by category of counts by score."""
    return CategoryCounts.of_distribution([people_by_score.get(score, 0) for score in range(11)])


def _heard(company_ids: Sequence[int], now: datetime) -> list[sa.ColumnElement[bool]]:
    """Return what people of these companies are who have answered lately.

    They are found by their company: of all who have answered lately there are far more.
    """
    return [
        Contact.company_id.in_(company_ids),
        looked_at(Contact.last_answered_at >= now - LATELY),
        looked_at(Contact.removed_at.is_(None)),
    ]


def _means(session: Session, company_ids: Sequence[int], now: datetime) -> dict[int, float]:
    """Return for each company heard from the mean of each person's mean."""
    people = sa.select(Contact.id, Contact.company_id).where(*_heard(company_ids, now)).subquery()
    answers = sa.and_(
        Response.contact_id == people.c.id,
        looked_at(Response.state == ResponseState.COUNTED),
        Response.answered_at >= now - LATELY,
    )
    each = (
        sa.select(people.c.company_id, sa.func.avg(Response.score).label("mean"))
        .join(Response, answers)
        .group_by(people.c.company_id, people.c.id)
        .subquery()
    )
    rows = session.execute(
        sa.select(each.c.company_id, sa.func.avg(each.c.mean)).group_by(each.c.company_id)
    )
    return {company_id: float(mean) for company_id, mean in rows}


def _counted(now: datetime) -> sa.Select[int | None, int, int, int]:
    """Return the query of the people heard from lately by company, in the three categories."""
    low, middle, high = (_how_many(one) for one in _LOWEST_FIRST)
    return (
        sa.select(Contact.company_id, low, middle, high)
        .where(Contact.last_answered_at >= now - LATELY, Contact.company_id.is_not(None))
        .group_by(Contact.company_id)
    )


def _how_many(wanted: Category) -> sa.ColumnElement[int]:
    scores = [score for score in SCORES if category(score) is wanted]
    is_in = Contact.last_score.between(scores[0], scores[-1])
    return sa.func.sum(sa.case((is_in, 1), else_=0))


_LOWEST_FIRST = (Category.DETRACTOR, Category.PASSIVE, Category.PROMOTER)
HIGHEST_DETRACTOR = max(score for score in SCORES if category(score) is Category.DETRACTOR)
