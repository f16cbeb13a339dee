"""The portal's side of the bench: its invitations, the passing of time, and what was made of it.

Each function opens the portal that an environment names; none needs the web server.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from nps_portal import create_app
from nps_portal.accounts.portal_settings import change_settings
from nps_portal.batches.audience import Audience
from nps_portal.batches.commands import BatchPlan, schedule_batch, start_due_batches
from nps_portal.batches.inviting import invite_next
from nps_portal.batches.models import Invitation
from nps_portal.config import load_settings
from nps_portal.contacts.commands import ContactDetails, upsert_contacts
from nps_portal.contacts.models import Contact, Suppression
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.clock import SystemClock
from nps_portal.foundation.database import db, reading
from nps_portal.foundation.tokens import Purpose, make_token
from nps_portal.foundation.work import COMMAND_LINE, WORKER, unit_of_work
from nps_portal.journal.models import Event
from nps_portal.outbox.models import Message, MessageState
from nps_portal.responses.commands import recount_clicks
from nps_portal.responses.judging import judge_visits
from nps_portal.responses.models import Response
from nps_portal.surveys.commands import CountingRules, change_counting, ensure_default_survey
from nps_portal.surveys.models import CountingMode
from nps_portal.visits.models import Visit

DECOY = 11
# What the journal tells whoever listens when an answer counts at once.
COUNTED_NEWS = ("response.submitted", "response.counted")

Environment = Mapping[str, str]


class SomeClock:
    """A clock that stands so much ahead."""

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        """Return the present instant of the machine, and the lead."""
        return SystemClock().now() + self._ahead


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """Somebody with an email; the links are the twelve of its HTML part, by score, decoy last."""

    persona: str
    number: int
    invitation_id: int
    links: tuple[str, ...]
    unsubscribe: str

    @property
    def survey(self) -> str:
        """Return the path of the survey without a score."""
        return self.links[0].rpartition("/")[0]


@dataclass(frozen=True, kw_only=True)
class Found:
    """What became of one recipient; without a Response, state and evidence are empty.

    `told` says that an answer of theirs was announced as counting, which alerts cannot take back.
    """

    state: str = ""
    evidence: str = ""
    score: int | None = None
    told: bool = False
    unsubscribed: bool = False


def schedule(environment: Environment, personas: Mapping[str, int]) -> None:
    """Decide to ask so many people of each persona: a batch and a mail domain each."""
    with _portal(environment), unit_of_work(COMMAND_LINE) as work:
        change_settings(
            work,
            {
                "business_name": "Acme Supplies",
                "postal_address": "1 High Street, Anytown",
                "mail_from": "feedback@acme.example",
                "sender_name": "Jo at Acme",
            },
        )
        survey = ensure_default_survey(work)
        for persona, count in personas.items():
            details = [
                ContactDetails(email=parse_email(email_of(persona, number)))
                for number in range(count)
            ]
            added = upsert_contacts(work, details, source="bench").added
            audience = Audience(contact_ids=tuple(added))
            schedule_batch(work, BatchPlan(survey_id=survey.id, audience=audience, name=persona))


def plan(environment: Environment) -> None:
    """Invite everybody who is to be asked, up to the queued messages."""
    with _portal(environment):
        with unit_of_work(WORKER) as work:
            start_due_batches(work)
        planned = 1
        while planned:
            with unit_of_work(WORKER) as work:
                planned = invite_next(work)


def email_of(persona: str, number: int) -> str:
    """Return the address of one of a persona's people."""
    return f"person.{number}@{persona.lower()}.example"


def recipients(environment: Environment) -> list[Recipient]:
    """Return everybody whose email has left, with its links, in the order of their invitations."""
    with _portal(environment):
        rows = reading().execute(
            sa.select(Invitation.id, Invitation.public_id, Contact.email_key)
            .join(Contact, Contact.id == Invitation.contact_id)
            .join(Message, Message.invitation_id == Invitation.id)
            .where(Message.state == MessageState.SENT)
            .order_by(Invitation.id)
        )
        return [_recipient(*row) for row in rows]


def set_deliveries(environment: Environment, delivered: Mapping[int, datetime]) -> None:
    """Say when the email of each of these invitations was taken by the mail server."""
    with _portal(environment), unit_of_work(COMMAND_LINE) as work:
        work.session.execute(
            sa.update(Message.__table__)  # type: ignore[arg-type]  # a declared table is a Table
            .where(Message.__table__.c.invitation_id == sa.bindparam("invited"))
            .values(sent_at=sa.bindparam("instant")),
            [{"invited": one, "instant": instant} for one, instant in delivered.items()],
        )


def judge(environment: Environment, ahead: timedelta) -> int:
    """Judge what the worker would judge so much later; return of how many invitations."""
    total = 0
    with _portal(environment, ahead):
        done = 1
        while done:
            with unit_of_work(WORKER) as work:
                done = judge_visits(work)
            total += done
    return total


def count_what_was_seen(environment: Environment) -> None:
    """Let the survey count scores that were chosen and not sent, as an owner may decide."""
    with _portal(environment), unit_of_work(COMMAND_LINE) as work:
        survey = ensure_default_survey(work)
        rules = CountingRules(
            counting=CountingMode.SEEN,
            hold_minutes=survey.hold_minutes,
            delivery_seconds=survey.delivery_seconds,
            decoy_link=survey.decoy_link,
        )
        change_counting(work, survey.id, rules)
        recount_clicks(work, survey.id)


def outcomes(environment: Environment) -> dict[int, Found]:
    """Return what has become of every Invitation."""
    with _portal(environment):
        session = reading()
        stopped = set(session.scalars(sa.select(Suppression.email_key)))
        told = set(session.scalars(sa.select(Event.contact_id).where(Event.kind.in_(COUNTED_NEWS))))
        rows = session.execute(
            sa.select(Invitation.id, Invitation.contact_id, Contact.email_key, Response)
            .join(Contact, Contact.id == Invitation.contact_id)
            .outerjoin(Response, Response.invitation_id == Invitation.id)
        )
        return {
            invitation_id: Found(
                state=response.state.value if response else "",
                evidence=response.evidence.value if response else "",
                score=response.score if response else None,
                told=contact_id in told,
                unsubscribed=email_key in stopped,
            )
            for invitation_id, contact_id, email_key, response in rows
        }


def visit_rows(environment: Environment, invitation_ids: Sequence[int]) -> list[str]:
    """Return the visits of these invitations with their marks, a line each, to look for a fault."""
    with _portal(environment):
        rows = reading().scalars(
            sa.select(Visit).where(Visit.invitation_id.in_(invitation_ids)).order_by(Visit.id)
        )
        return [_line(visit) for visit in rows]


@contextmanager
def _portal(environment: Environment, ahead: timedelta = timedelta()) -> Iterator[None]:
    app = create_app(load_settings(environment), SomeClock(ahead))
    with app.app_context():
        try:
            yield
        finally:
            db.session.remove()
            db.engine.dispose()


def _recipient(invitation_id: int, public_id: str, email_key: str) -> Recipient:
    person, _, domain = email_key.partition("@")
    survey = f"/s/{make_token(Purpose.SURVEY, public_id)}"
    return Recipient(
        persona=domain.removesuffix(".example").upper(),
        number=int(person.rpartition(".")[2]),
        invitation_id=invitation_id,
        links=tuple(f"{survey}/{score}" for score in range(DECOY + 1)),
        unsubscribe=f"/u/{make_token(Purpose.UNSUBSCRIBE, public_id)}",
    )


def _line(visit: Visit) -> str:
    verdict = visit.verdict.value if visit.verdict else "unjudged"
    facts: Iterable[object] = (
        visit.invitation_id,
        f"{visit.at:%H:%M:%S.%f}"[:-3],
        visit.kind.value,
        visit.method,
        f"score={visit.score}",
        visit.network,
        f"since_sent={visit.seconds_since_sent}",
        f"on_page={visit.seconds_on_page}",
        visit.details,
        verdict,
        visit.marks,
        visit.user_agent,
    )
    return " ".join(str(fact) for fact in facts)
