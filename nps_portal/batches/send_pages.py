"""What the pages of sends show, gathered from the queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request, url_for

from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.accounts.queries import user_names
from nps_portal.batches.audience import Audience, segment_rules
from nps_portal.batches.commands import listed, missing_settings
from nps_portal.batches.forms import SendForm, SendTerms
from nps_portal.batches.models import Batch, BatchState
from nps_portal.batches.queries import (
    DryRun,
    Pace,
    Progress,
    chosen_contacts,
    chosen_count,
    pace,
    progress,
)
from nps_portal.batches.reckoning import Beginning, all_judged, first_judged
from nps_portal.contacts.models import Contact
from nps_portal.contacts.queries import contact_count
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.heartbeats import WORKER_NAME, is_alive
from nps_portal.mailbox.views import is_open as mailbox_is_open
from nps_portal.outbox.models import EmailContent
from nps_portal.outbox.queries import OutboxHealth, outbox_health
from nps_portal.segments.queries import catalogue, segments
from nps_portal.segments.wording import rules_words
from nps_portal.surveys.email import EmailSource
from nps_portal.surveys.email_page import (
    EmailPreview,
    PreviewedEmail,
    email_preview,
    filled,
    previewed,
)
from nps_portal.surveys.queries import active_surveys

MOVING = (BatchState.SCHEDULED, BatchState.RUNNING)
SHOWN_STATES = (
    ("sent", "sent", "green"),
    ("uncertain", "uncertain", "amber"),
    ("failed", "failed", "red"),
    ("cancelled", "cancelled", "neutral"),
)


@dataclass(frozen=True, kw_only=True)
class StateCount:
    """How many stand in one state, as the progress shows it."""

    text: str
    kind: str
    n: int


@dataclass(frozen=True, kw_only=True)
class SendPage:
    """The send in four steps; `dry` is None while the form has a fault.

    `is_partial`: `dry` is of the first of very many, and `whole_url` leads to all.
    `rules` are those of the chosen Segment in words, empty for any other audience.
    `stays_here`: no mail server is set, so the local mailbox catches everything.
    """

    form: SendForm
    chosen: Sequence[Contact]
    everybody: int
    rules: str
    missing: str
    dry: DryRun | None
    is_partial: bool
    whole_url: str
    preview: EmailPreview | None
    fault: str
    stays_here: bool
    mailbox_is_open: bool

    @property
    def query(self) -> dict[str, str]:
        """Return what another address or form needs to describe the same send."""
        return self.form.as_query()

    @property
    def obstacle(self) -> str:
        """Return why nothing can be sent now; empty when it can."""
        if self.missing:
            return f"Set {self.missing} first."
        if self.dry is None:
            return "Mend the fault above first."
        if self.is_partial:
            return "Everybody is counted first, so that you know how many emails leave."
        if not self.dry.total:
            return self._nobody
        if not self.dry.asked:
            return "Nobody of them may be asked at this time; the reasons stand above."
        return self.fault

    @property
    def _nobody(self) -> str:
        if self.rules:
            return "Nobody is in this segment now."
        return "There is nobody to send to yet: add or import contacts first."


@dataclass(frozen=True, kw_only=True)
class BatchPage:
    """Where one Batch stands, and what may hold it up.

    `segment` is the name of the Segment that it goes to and `rules` its rules in words, as they
    were when the send was decided. `is_due`: it is scheduled and its time has come.
    `stays_here`: no mail server is set.
    `blocked_because`: why it was stopped when the mail server blocks its email, else empty.
    """

    batch: Batch
    progress: Progress
    pace: Pace | None
    health: OutboxHealth
    worker_is_alive: bool
    chosen: int | None
    segment: str
    rules: str
    scheduled_by: str
    is_due: bool
    stays_here: bool
    mailbox_is_open: bool
    blocked_because: str

    @property
    def moving(self) -> bool:
        """Tell whether it goes on by itself."""
        return self.batch.state in MOVING

    @property
    def stage(self) -> str:
        """Return a word that changes when more than the counts must be shown anew."""
        planned = "planned" if self.batch.planned_at else "deciding"
        return f"{self.batch.state.value}-{planned}"

    @property
    def total(self) -> int:
        """Return how many emails there are or may be."""
        return self.progress.invited + self.progress.undecided

    @property
    def states(self) -> list[StateCount]:
        """Return the counts by state, without the empty ones."""
        by_state = [
            StateCount(text=text, kind=kind, n=self.progress.count(state))
            for state, text, kind in SHOWN_STATES
        ]
        others = [
            StateCount(text="waiting", kind="blue", n=self.progress.waiting),
            StateCount(text="not asked", kind="neutral", n=self.progress.not_asked),
        ]
        return [one for one in by_state + others if one.n]


def terms() -> SendTerms:
    """Return what a form of a send is judged by."""
    return SendTerms(
        surveys=active_surveys(reading()),
        segments=segments(reading()),
        zone=portal_settings(reading()).zone,
        now=current_clock().now(),
    )


def missing() -> str:
    """Return what must be set before anything can be sent, as a sentence lists it."""
    return listed(missing_settings(portal_settings(reading())))


def send_page(form: SendForm) -> SendPage:
    """Return what the send in four steps shows for a form that was judged."""
    session = reading()
    at = form.leaves_at or form.terms.now
    email, fault = _email(form)
    query = form.as_query()
    judged = None if form.errors else _judged(form, at)
    frame = url_for("surveys.email", survey_id=form.survey.id)
    return SendPage(
        form=form,
        chosen=chosen_contacts(session, form.audience),
        everybody=contact_count(session),
        rules=_rules_in_words(form.audience),
        missing=missing(),
        dry=judged.dry if judged else None,
        is_partial=judged is not None and not judged.is_all,
        whole_url=_whole_url(form),
        preview=email_preview(email, frame, "batches.new", query) if email else None,
        fault=fault,
        stays_here=portal_settings(session).uses_local_mailbox,
        mailbox_is_open=mailbox_is_open(),
    )


def send_url(form: SendForm) -> str:
    """Return the address of the page that describes the same send."""
    values: dict[str, Any] = {**form.as_query(), "_anchor": "check"}
    return url_for("batches.new", **values)


def batch_page(batch: Batch) -> BatchPage:
    """Return where a Batch stands now, from the rows."""
    session, now = reading(), current_clock().now()
    stands, meant = progress(session, batch, now), Audience.of(batch.audience)
    return BatchPage(
        batch=batch,
        progress=stands,
        pace=pace(session, stands, now),
        health=outbox_health(session),
        worker_is_alive=is_alive(session, WORKER_NAME, now),
        chosen=chosen_count(batch),
        segment=meant.segment_name,
        rules=_rules_in_words(meant),
        scheduled_by=user_names(session, [batch.created_by or 0]).get(batch.created_by or 0, ""),
        is_due=batch.state is BatchState.SCHEDULED and batch.scheduled_at <= now,
        stays_here=portal_settings(session).uses_local_mailbox,
        mailbox_is_open=mailbox_is_open(),
        blocked_because=session.get_one(EmailContent, batch.content_id).held_reason,
    )


def frozen_preview(batch: Batch) -> EmailPreview:
    """Return the preview of the email that a Batch sends."""
    frame = url_for("batches.email", batch_id=batch.id)
    return email_preview(frozen_email(batch), frame, "batches.show", {"batch_id": batch.id})


def frozen_email(batch: Batch) -> PreviewedEmail:
    """Return a Batch's email as it was frozen."""
    content = reading().get_one(EmailContent, batch.content_id)
    source = EmailSource(subject=content.subject, html=content.html, text=content.text)
    return filled(source)


def _whole_url(form: SendForm) -> str:
    values: dict[str, Any] = {**form.as_query(), "whole": 1}
    return url_for("batches.new", **values)


def _judged(form: SendForm, at: datetime) -> Beginning:
    """Judge an audience: of very many only the first, until the whole is asked for."""
    session = reading()
    first = first_judged(session, form.audience, form.survey, at)
    if first.is_all or "whole" not in request.args:
        return first
    whole = all_judged(session, form.audience, form.survey, at)
    return Beginning(dry=whole, is_all=True)


def _rules_in_words(audience: Audience) -> str:
    if audience.segment is None:
        return ""
    session = reading()
    return rules_words(segment_rules(session, audience.segment), catalogue(session))


def _email(form: SendForm) -> tuple[PreviewedEmail | None, str]:
    try:
        return previewed(form.survey.wording(), portal_settings(reading()), form.survey), ""
    except PortalError as error:
        return None, str(error)
