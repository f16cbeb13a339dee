"""Judging the visits of one Invitation, once what machines do afterwards has had its time."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.batches.models import Invitation
from nps_portal.foundation.work import Work
from nps_portal.surveys.models import Survey
from nps_portal.visits.crowds import Crowds
from nps_portal.visits.models import Verdict, Visit, VisitKind
from nps_portal.visits.rules import (
    CERTAIN,
    LONGEST_LOOK,
    Company,
    Rule,
    is_trusted_press,
    program_of,
)

MOST_VISITS = 500
SHORTEST_SIGHT_MS = 1500
ONE_SITTING = timedelta(minutes=30)


def due_invitation_ids(session: Session, now: datetime, limit: int) -> list[int]:
    """Return the Invitations whose first visit that is not judged is as old as the hold.

    What came after it is judged with it: a link that is opened again and again would otherwise
    never be, and what comes later still may add to what was found.
    """
    found: list[int] = []
    for hold_minutes in session.scalars(sa.select(Survey.hold_minutes).distinct()).all():
        due = now - timedelta(minutes=hold_minutes)
        query = (
            sa.select(Visit.invitation_id)
            .join(Invitation, Invitation.id == Visit.invitation_id)
            .join(Survey, Survey.id == Invitation.survey_id)
            .where(Visit.verdict.is_(None), Visit.at <= due)
            .where(Survey.hold_minutes == hold_minutes)
            .distinct()
            .limit(limit - len(found))
        )
        found += session.scalars(query)
    return sorted(found)


def judge(work: Work, invitation: Invitation, crowds: Crowds) -> Sequence[Visit]:
    """Write who it was to an Invitation's visits that are not judged, and return those looked at.

    What was judged already may gain a rule from what came later, and never loses one.
    """
    visits = _to_judge(work.session, invitation.id)
    company = Company(visits, invitation.survey.delivery_seconds)
    for visit in visits:
        rules = company.rules(visit, crowd=crowds.get(visit.network, ()))
        names = {rule.value for rule in rules} | set(visit.marks.get("rules", ()))
        if visit.verdict is None or names != set(visit.marks.get("rules", ())):
            visit.marks = {**visit.marks, "rules": sorted(names)}
            visit.verdict = _verdict(visit)
    _recognise_sittings(visits)
    return visits


def rules_on(visit: Visit) -> frozenset[Rule]:
    """Return the rules that a judged visit is marked with."""
    known = {rule.value: rule for rule in Rule}
    return frozenset(known[name] for name in visit.marks.get("rules", ()) if name in known)


def is_machine(visit: Visit, rules: Collection[Rule]) -> bool:
    """Tell whether these rules make it a machine's: one certain, or two probable ones.

    Where a hand pressed Send, probabilities do not outweigh it.
    """
    if not CERTAIN.isdisjoint(rules):
        return True
    return len(rules) >= 2 and not is_trusted_press(visit)


def is_sight(visit: Visit) -> bool:
    """Tell whether the page said that a hand was there, for long enough to have read it."""
    stayed = float(visit.details.get("dwell_ms") or 0)
    gestures = visit.details.get("gestures")
    return visit.kind is VisitKind.SEEN and bool(gestures) and stayed >= SHORTEST_SIGHT_MS


def _to_judge(session: Session, invitation_id: int) -> Sequence[Visit]:
    """Return the oldest visits that are not judged, and those shortly before and among them."""
    first = session.scalar(
        sa.select(sa.func.min(Visit.at)).where(
            Visit.invitation_id == invitation_id, Visit.verdict.is_(None)
        )
    )
    if first is None:
        return []
    near = sa.select(Visit).where(Visit.invitation_id == invitation_id)
    before = session.scalars(
        near.where(Visit.at < first, Visit.at >= first - LONGEST_LOOK)
        .order_by(Visit.at.desc(), Visit.id.desc())
        .limit(MOST_VISITS)
    ).all()
    after = session.scalars(
        near.where(Visit.at >= first).order_by(Visit.at, Visit.id).limit(MOST_VISITS)
    ).all()
    return [*reversed(before), *after]


def _verdict(visit: Visit) -> Verdict:
    rules = rules_on(visit)
    if is_machine(visit, rules):
        return Verdict.MACHINE
    if is_sight(visit) or is_trusted_press(visit):
        return Verdict.PERSON
    if visit.kind is VisitKind.SUBMISSION and not rules:
        return Verdict.PERSON
    return Verdict.UNCLEAR


def _recognise_sittings(visits: Sequence[Visit]) -> None:
    """Give to a person what the same program opened in the half hour before they showed."""
    people = [(program_of(visit), visit.at) for visit in visits if visit.verdict is Verdict.PERSON]
    for visit in visits:
        if visit.verdict is not Verdict.UNCLEAR or visit.kind is VisitKind.SUBMISSION:
            continue
        if any(
            program == program_of(visit) and timedelta(0) <= at - visit.at <= ONE_SITTING
            for program, at in people
        ):
            visit.verdict = Verdict.PERSON
