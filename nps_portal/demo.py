"""A sample business with a year of answers, made through the same commands as a real one.

Every figure is drawn from a seeded generator, so two demos of one day show the same.
"""

import json
import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path

import sqlalchemy as sa

from nps_portal import demo_words
from nps_portal.accounts.commands import add_user
from nps_portal.accounts.models import Role
from nps_portal.accounts.portal_settings import change_settings
from nps_portal.accounts.queries import has_users
from nps_portal.batches.audience import Audience
from nps_portal.batches.commands import (
    BatchPlan,
    finish_batches,
    schedule_batch,
    start_due_batches,
)
from nps_portal.batches.inviting import invite_next
from nps_portal.batches.models import Batch, Invitation
from nps_portal.config import Settings
from nps_portal.contacts.commands import ContactDetails, upsert_contacts
from nps_portal.demo_machines import scan
from nps_portal.demo_people import describe_people
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import COMMAND_LINE, Actor, ActorKind, Work, unit_of_work
from nps_portal.mail.outcomes import Outcome, OutcomeKind, Stage
from nps_portal.mail.parcels import Finished
from nps_portal.nps import Category, category
from nps_portal.outbox import claims
from nps_portal.outbox.settling import record_outcomes
from nps_portal.responses.commands import (
    Answer,
    submit_answer,
    unsubscribe,
)
from nps_portal.surveys.commands import ensure_default_survey
from nps_portal.surveys.models import Survey
from nps_portal.visits.commands import VisitFacts, log_visit
from nps_portal.visits.models import VisitKind

SEED = 20
MONTHS = 12
PEOPLE = 264
ASKED_A_MONTH = 44
ANSWERING = 0.36
EMAIL = "jo@acme.example"
SIGN_IN_FILE = "demo-sign-in.json"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class NotADemo(PortalError):
    """The database belongs to a real business."""


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """How to get into the demo."""

    email: str
    password: str


@dataclass(frozen=True)
class Sample:
    """The chance that draws the sample, the month it draws, and the present it may not pass."""

    chance: random.Random
    month: int
    present: datetime


def ensure_sample(settings: Settings) -> SignIn:
    """Fill an empty database with the sample business, and return how to sign in.

    A second call finds everything as it was left.

    :raises NotADemo: the database is in use, or the portal can be reached from outside.
    """
    if not settings.public_url_is_loopback:
        raise NotADemo("The demo is for this machine only: NPS_PUBLIC_URL names another.")
    kept = settings.instance_dir / SIGN_IN_FILE
    if kept.exists():
        return SignIn(**json.loads(kept.read_text(encoding="utf-8")))
    if has_users(reading()):
        raise NotADemo(
            "This database belongs to a real portal. Give the demo a place of its own: "
            "NPS_INSTANCE_DIR=instance/demo nps-portal demo"
        )
    sign_in = SignIn(email=EMAIL, password=secrets.token_urlsafe(9))
    with unit_of_work(COMMAND_LINE) as work:
        _fill(work, sign_in)
    _keep(kept, sign_in)
    return sign_in


def _keep(path: Path, sign_in: SignIn) -> None:
    path.touch(mode=0o600)
    path.write_text(
        json.dumps({"email": sign_in.email, "password": sign_in.password}), encoding="utf-8"
    )


def _fill(work: Work, sign_in: SignIn) -> None:
    chance = random.Random(SEED)  # noqa: S311 - sample data, no secret
    begin = work.now - timedelta(days=365)
    past = replace(work, now=begin)
    change_settings(
        past,
        {
            "business_name": "Acme Supplies",
            "postal_address": "1 High Street, Anytown",
            "mail_from": "feedback@acme.example",
            "sender_name": "Jo at Acme",
            "reply_to": "jo@acme.example",
            "time_zone": "Europe/Vienna",
        },
    )
    owner = add_user(
        past, email=sign_in.email, name="Jo Baker", password=sign_in.password, role=Role.OWNER
    )
    survey = ensure_default_survey(past)
    contact_ids = _add_people(past, chance)
    describe_people(past, contact_ids, owner.id)
    chance.shuffle(contact_ids)
    groups = [contact_ids[start::6] for start in range(6)]
    for month in range(MONTHS):
        at = work.now - timedelta(days=5 + 30 * (MONTHS - 1 - month), hours=3)
        _one_month(
            replace(work, now=at), survey, groups[month % 6], Sample(chance, month, work.now)
        )
    _ask_a_few_today(work, survey)


def _add_people(work: Work, chance: random.Random) -> list[int]:
    """Add people, about four to a company."""
    details = []
    names = chance.sample(list(product(demo_words.FIRST_NAMES, demo_words.LAST_NAMES)), PEOPLE)
    for number, (first, last) in enumerate(names):
        company = demo_words.COMPANIES[number % len(demo_words.COMPANIES)]
        local = demo_words.ascii_letters(f"{first}.{last}")
        details.append(
            ContactDetails(
                email=parse_email(f"{local}@{demo_words.domain_of(company)}"),
                name=f"{first} {last}",
                first_name=first,
                company=company,
                language=chance.choice(("en", "en", "en", "de", "fr")),
            )
        )
    return list(upsert_contacts(work, details, source="import").added)


def _one_month(work: Work, survey: Survey, contact_ids: Sequence[int], sample: Sample) -> None:
    """Send one batch and let part of the people answer within some days."""
    plan = BatchPlan(
        survey_id=survey.id,
        audience=Audience(contact_ids=tuple(contact_ids)),
        name=f"{work.now:%B} customers",
    )
    schedule_batch(work, plan)
    start_due_batches(work)
    while invite_next(work):
        pass
    _deliver_all(work, sample.chance)
    finish_batches(work)
    invitations = work.session.scalars(
        sa.select(Invitation)
        .join(Batch, Batch.id == Invitation.batch_id)
        .where(Batch.id == sa.select(sa.func.max(Batch.id)).scalar_subquery())
        .order_by(Invitation.id)
    ).all()
    scan(work, invitations)
    for invitation in invitations:
        _maybe_answer(work, invitation, sample)


def _deliver_all(work: Work, chance: random.Random) -> None:
    """Record the messages as delivered, as the worker would; a few addresses do not exist."""
    owner = claims.new_owner()
    accepted = Outcome(kind=OutcomeKind.SENT, stage=Stage.DOT, code=250, reply="2.0.0 accepted")
    unknown = Outcome(
        kind=OutcomeKind.NEVER,
        stage=Stage.RCPT,
        code=550,
        enhanced="5.1.1",
        reply="5.1.1 no such user here",
    )
    while held := claims.claim(work, owner, 100):
        gone = {claim.message_id for claim in held if chance.random() < 0.012}
        leaving = [claim for claim in held if claim.message_id not in gone]
        passed = claims.pass_commit_point(work, leaving)
        record_outcomes(
            work,
            [
                Finished(ticket=claim, outcome=unknown if claim.message_id in gone else accepted)
                for claim in held
                if claim.message_id in gone | passed
            ],
        )


def _maybe_answer(work: Work, invitation: Invitation, sample: Sample) -> None:
    """Let a person answer, unsubscribe, only look, or do nothing."""
    chance = sample.chance
    luck = chance.random()
    at = work.now + timedelta(minutes=chance.expovariate(1 / 900))
    if luck > ANSWERING + 0.1 or at >= sample.present:
        return
    then = replace(work, now=at, actor=Actor(kind=ActorKind.CUSTOMER, id=invitation.contact_id))
    score = _score(chance, sample.month)
    log_visit(then, invitation.id, _visit(VisitKind.SURVEY_PAGE, score))
    if luck > ANSWERING + 0.015:
        return
    if luck > ANSWERING:
        unsubscribe(then, invitation.id)
        return
    later = replace(then, now=min(at + timedelta(seconds=chance.randint(15, 200)), sample.present))
    log_visit(later, invitation.id, _visit(VisitKind.SUBMISSION, score))
    submit_answer(later, invitation.id, Answer(score=score, comment=_comment(chance, score)))


def _visit(kind: VisitKind, score: int) -> VisitFacts:
    return VisitFacts(
        kind=kind,
        method="GET" if kind is VisitKind.SURVEY_PAGE else "POST",
        network="203.0.113.0/24",
        user_agent=BROWSER,
        purpose="",
        score=score,
    )


def _score(chance: random.Random, month: int) -> int:
    """Draw a score; people grow a little happier over the year."""
    happy = 0.50 + 0.012 * month
    luck = chance.random()
    if luck < happy:
        return chance.choice((9, 9, 10, 10, 10))
    if luck < happy + 0.27:
        return chance.choice((7, 8, 8))
    return chance.choice((0, 2, 3, 4, 5, 5, 6, 6))


def _comment(chance: random.Random, score: int) -> str:
    if chance.random() < 0.3:
        return ""
    words = {
        Category.PROMOTER: demo_words.PRAISE,
        Category.PASSIVE: demo_words.WISHES,
        Category.DETRACTOR: demo_words.COMPLAINTS,
    }
    return chance.choice(words[category(score)])


def _ask_a_few_today(work: Work, survey: Survey) -> None:
    """Leave a small batch to the worker, so that the mailbox soon holds real emails."""
    details = [
        ContactDetails(
            email=parse_email(f"{demo_words.ascii_letters(name)}@example.org"),
            name=name,
            first_name=name.split(" ", 1)[0],
        )
        for name in demo_words.NEWCOMERS
    ]
    added = upsert_contacts(work, details, source="by hand").added
    audience = Audience(contact_ids=tuple(added))
    schedule_batch(work, BatchPlan(survey_id=survey.id, audience=audience, name="New customers"))
