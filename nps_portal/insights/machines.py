"""What machines opened, and what the score would read if their clicks counted as answers.

A machine click is the opening of a link with a score in it, by what was judged a machine.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from nps_portal.batches.models import Invitation
from nps_portal.insights.estimates import Estimate, estimate
from nps_portal.insights.queries import Window, conditions_of, counts_of, person_of
from nps_portal.nps import SCORES, CategoryCounts
from nps_portal.outbox.models import Message, MessageState
from nps_portal.responses.models import Channel, Response, ResponseState
from nps_portal.responses.periods import Period
from nps_portal.visits.models import Verdict, Visit, VisitKind
from nps_portal.visits.reasons import rule_words

MOST_DOMAINS = 25
# The overview does not add up more than these; the page of the machines takes its time.
MOST_FOR_A_GLANCE = 50_000


@dataclass(frozen=True, kw_only=True)
class DomainClicks:
    """The machine clicks on the links of one mail domain.

    `asked` counts the people there who were asked within the window, `opened` those of them whose
    links a machine opened.
    """

    domain: str
    clicks: int
    asked: int
    opened: int

    @property
    def share(self) -> float | None:
        """Return the share of those asked whose links a machine opened, None for nobody asked."""
        return self.opened / self.asked if self.asked else None


@dataclass(frozen=True, kw_only=True)
class RuleClicks:
    """How many machine clicks a rule applied to; several rules may apply to one."""

    words: str
    clicks: int


@dataclass(frozen=True, kw_only=True)
class HeldAnswers:
    """What became of the answers that were held: in numbers of Responses.

    `changes` wait beside an answer that stands.
    """

    waiting: int
    changes: int
    accepted: int
    rejected: int

    @property
    def total(self) -> int:
        """Return how many there were."""
        return self.waiting + self.changes + self.accepted + self.rejected


@dataclass(frozen=True, kw_only=True)
class MachineEffect:
    """How many machine clicks there were, and the score that they would make of the answers.

    `this_month` counts those of the present calendar month among them. Where there are too many
    to add up at a glance, `clicks` is that limit and `estimate` None.
    """

    clicks: int
    this_month: int
    estimate: Estimate | None


@dataclass(frozen=True, kw_only=True)
class MachineReport:
    """Everything on the page of the machines."""

    clicks: int
    estimate: Estimate
    counterfactual: Estimate
    domains: Sequence[DomainClicks]
    rules: Sequence[RuleClicks]
    held: HeldAnswers


def machine_report(session: Session, window: Window) -> MachineReport:
    """Return what machines did within the window."""
    clicks = machine_clicks(session, window)
    real = estimate(counts_of(session, window))
    return MachineReport(
        clicks=clicks,
        estimate=real,
        counterfactual=_estimate_with(session, window) if clicks else real,
        domains=clicks_by_domain(session, window) if clicks else [],
        rules=clicks_by_rule(session, window) if clicks else [],
        held=held_answers(session, window),
    )


def machine_effect(session: Session, window: Window, month: Period) -> MachineEffect | None:
    """Return what machine clicks would have done, None when there were none."""
    limited = sa.select(Visit.id).where(*_is_machine_click(window)).limit(MOST_FOR_A_GLANCE + 1)
    clicks = session.scalar(sa.select(sa.func.count()).select_from(limited.subquery())) or 0
    if not clicks:
        return None
    if clicks > MOST_FOR_A_GLANCE:
        return MachineEffect(clicks=MOST_FOR_A_GLANCE, this_month=0, estimate=None)
    lately = [month.since, *([window.since] if window.since else [])]
    since = max(instant for instant in lately if instant is not None)
    return MachineEffect(
        clicks=clicks,
        this_month=machine_clicks(session, replace(window, since=since)),
        estimate=_estimate_with(session, window),
    )


def machine_clicks(session: Session, window: Window) -> int:
    """Return how many links with a score machines opened within the window."""
    query = sa.select(sa.func.count()).select_from(Visit).where(*_is_machine_click(window))
    return session.scalar(query) or 0


def counterfactual(session: Session, window: Window) -> list[int]:
    """Return the distribution as a system would have it that takes every click for an answer.

    Each Invitation of which a machine opened a score within the window counts with the score that
    was opened last, by whomever; the other answers stay, and a person counts once, with the latest.
    """
    opened = sa.select(Visit.invitation_id).distinct().where(*_is_machine_click(window))
    # Named once, so that the database goes through the visits once.
    last = (
        sa.select(sa.func.max(Visit.id).label("visit_id"), Visit.invitation_id)
        .where(Visit.invitation_id.in_(opened), *_is_click(window))
        .group_by(Visit.invitation_id)
        .cte("last")
    )
    clicked = (
        sa.select(Invitation.contact_id.label("person"), Visit.at.label("at"), Visit.score)
        .join(last, last.c.visit_id == Visit.id)
        .join(Invitation, Invitation.id == Visit.invitation_id)
    )
    answered = sa.select(person_of(Response), Response.answered_at, Response.score).where(
        Response.state == ResponseState.COUNTED,
        *conditions_of(window),
        sa.or_(
            Response.invitation_id.is_(None),
            Response.invitation_id.not_in(sa.select(last.c.invitation_id)),
        ),
    )
    every = sa.union_all(clicked, answered).subquery()
    place = sa.func.row_number().over(partition_by=every.c.person, order_by=every.c.at.desc())
    latest = sa.select(every.c.score, place.label("place")).subquery()
    rows = session.execute(
        sa.select(latest.c.score, sa.func.count())
        .where(latest.c.place == 1)
        .group_by(latest.c.score)
    )
    counts: dict[int, int] = dict(rows.all())
    return [counts.get(score, 0) for score in SCORES]


def clicks_by_domain(session: Session, window: Window) -> Sequence[DomainClicks]:
    """Return the mail domains with most machine clicks, the most first."""
    clicks = dict(
        session.execute(
            sa.select(Visit.mail_domain, sa.func.count())
            .where(*_is_machine_click(window))
            .group_by(Visit.mail_domain)
            .order_by(sa.func.count().desc(), Visit.mail_domain)
            .limit(MOST_DOMAINS)
        ).all()
    )
    asked = _asked(session, window, list(clicks))
    nobody = _Asked(people=0, opened=0)
    return [
        DomainClicks(
            domain=domain,
            clicks=number,
            asked=asked.get(domain, nobody).people,
            opened=asked.get(domain, nobody).opened,
        )
        for domain, number in clicks.items()
    ]


def clicks_by_rule(session: Session, window: Window) -> list[RuleClicks]:
    """Return how many machine clicks each rule applied to, the most frequent first."""
    # There are few different sets of rules, so the database counts sets and we take them apart.
    rules = Visit.marks["rules"].as_string()
    rows = session.execute(
        sa.select(rules, sa.func.count()).where(*_is_machine_click(window)).group_by(rules)
    )
    clicks: Counter[str] = Counter()
    for names, number in rows:
        clicks.update(dict.fromkeys(json.loads(names or "[]"), number))
    return [RuleClicks(words=rule_words(name), clicks=n) for name, n in clicks.most_common()]


def held_answers(session: Session, window: Window) -> HeldAnswers:
    """Return what became of the answers of the window that were held."""
    is_held = Response.state == ResponseState.HELD
    rejected = Response.marks["rejected"].as_boolean().is_(True)
    changes = sa.and_(~is_held, Response.marks["held_revision"].as_boolean().is_(True))
    accepted = sa.not_(sa.or_(is_held, rejected, changes))
    numbers = [
        sa.func.coalesce(sa.func.sum(sa.case((one, 1), else_=0)), 0)
        for one in (is_held, changes, accepted, rejected)
    ]
    # Whatever was decided or waits beside an answer is marked with a revision.
    marked = sa.cast(Response.marks, sa.Text).contains("_revision")
    row = session.execute(
        sa.select(*numbers).where(*conditions_of(window), sa.or_(is_held, marked))
    ).one()
    return HeldAnswers(waiting=row[0], changes=row[1], accepted=row[2], rejected=row[3])


def _estimate_with(session: Session, window: Window) -> Estimate:
    return estimate(CategoryCounts.of_distribution(counterfactual(session, window)))


@dataclass(frozen=True, kw_only=True)
class _Asked:
    people: int
    opened: int


def _asked(session: Session, window: Window, domains: Sequence[str]) -> dict[str, _Asked]:
    """Return how many people of each domain were asked, and of how many a machine opened a link."""
    domain = _domain_of(Message.email_key, session.get_bind().dialect.name)
    opened = sa.select(Visit.invitation_id).distinct().where(*_is_machine_click(window))
    was_opened = sa.case((Message.invitation_id.in_(opened), Message.contact_id))
    query = (
        sa.select(
            domain,
            sa.func.count(Message.contact_id.distinct()),
            sa.func.count(was_opened.distinct()),
        )
        .where(Message.invitation_id.is_not(None), Message.wave == 0)
        .where(Message.state.in_([MessageState.SENT, MessageState.UNCERTAIN]))
        .where(domain.in_(domains))
        .group_by(domain)
    )
    if window.since is not None:
        query = query.where(Message.committed_at >= window.since)
    if window.until is not None:
        query = query.where(Message.committed_at < window.until)
    return {
        name: _Asked(people=people, opened=opened)
        for name, people, opened in session.execute(query)
    }


def _domain_of(address: orm.InstrumentedAttribute[str], dialect: str) -> sa.ColumnElement[str]:
    """Return what stands behind an address's @; a key has one alone."""
    if dialect == "sqlite":
        return sa.func.substr(address, sa.func.instr(address, "@") + 1)
    return sa.func.split_part(address, "@", 2)


def _is_machine_click(window: Window) -> list[sa.ColumnElement[bool]]:
    found = [Visit.verdict == Verdict.MACHINE, *_is_click(window)]
    if window.since is not None:
        found.append(Visit.at >= window.since)
    # A link in an email leads to no other channel.
    if window.channel not in (None, Channel.EMAIL):
        found.append(sa.false())
    return found


def _is_click(window: Window) -> list[sa.ColumnElement[bool]]:
    found = [Visit.kind == VisitKind.SURVEY_PAGE, Visit.score.is_not(None)]
    if window.until is not None:
        found.append(Visit.at < window.until)
    if window.survey_id is not None:
        asked = sa.select(Invitation.id).where(Invitation.survey_id == window.survey_id)
        found.append(Visit.invitation_id.in_(asked))
    return found
