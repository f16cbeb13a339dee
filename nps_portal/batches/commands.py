"""Writing batches: schedule, start, pause, resume, cancel, finish."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from nps_portal.accounts.portal_settings import PortalSettings, portal_settings
from nps_portal.batches.audience import Audience, forget_members, freeze_members
from nps_portal.batches.contents import content_draft, languages_of
from nps_portal.batches.hiding import refuse_few
from nps_portal.batches.models import LATENESS_LIMIT, Batch, BatchState, Invitation
from nps_portal.contacts.models import Contact
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.languages import best_language
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record
from nps_portal.outbox.commands import (
    cancel_content,
    freeze_content,
    hold_content,
    open_content,
)
from nps_portal.outbox.models import (
    UNFINISHED,
    ContentState,
    EmailContent,
    Message,
    MessageKind,
)
from nps_portal.surveys.models import Survey


class NotReady(PortalError):
    """Something that every email must carry is not set yet; `missing` names each in words."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(f"Before the first send, set {listed(missing)} in the settings.")
        self.missing = missing


class EmptyAudience(PortalError):
    """There is nobody to send to."""


@dataclass(frozen=True, kw_only=True)
class BatchPlan:
    """What somebody has decided to send; `at` None means now."""

    survey_id: int
    audience: Audience
    name: str
    at: datetime | None = None


def missing_settings(settings: PortalSettings) -> list[str]:
    """Return what must be set before anything can be sent, in words."""
    wanted = {
        "the business's name": settings.business_name,
        "the sender's address": settings.mail_from,
        "the postal address": settings.postal_address,
    }
    return [words for words, value in wanted.items() if not value]


def listed(words: Sequence[str]) -> str:
    """Return words as a sentence lists them: a, b and c."""
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def schedule_batch(work: Work, plan: BatchPlan) -> Batch:
    """Decide a send: the email is frozen now, the audience when the time has come.

    :raises NotReady: name, sender or postal address of the business is missing.
    :raises EmptyAudience: contacts were to be chosen and none is.
    :raises TooFewToHide: the Survey is anonymous, and fewer than five would be asked.
    """
    settings = portal_settings(work.session)
    if missing := missing_settings(settings):
        raise NotReady(missing)
    if plan.audience.contact_ids is not None and not plan.audience.contact_ids:
        raise EmptyAudience("Choose at least one contact.")
    survey = work.session.get_one(Survey, plan.survey_id)
    refuse_few(work.session, plan.audience, survey, plan.at or work.now)
    content = freeze_content(
        work,
        content_draft(work.session, survey, settings, languages_of(work.session, plan.audience)),
    )
    at = plan.at or work.now
    day = at.astimezone(settings.zone)
    batch = Batch(
        survey_id=survey.id,
        content_id=content.id,
        # A title alone would make every send of a year look the same.
        name=plan.name or f"{survey.title}, {day.day} {day:%B %Y}",
        audience=plan.audience.stored(),
        state=BatchState.SCHEDULED,
        scheduled_at=at,
        created_at=work.now,
        created_by=work.actor.id,
    )
    work.session.add(batch)
    work.session.flush()
    record(work, "batch.scheduled", batch_id=batch.id)
    return batch


def reminder_content(work: Work, batch_id: int) -> int:
    """Return the content of a Batch's reminders, frozen when the first of them is due."""
    batch = _locked(work, batch_id)
    if batch.reminder_content_id is None:
        settings = portal_settings(work.session)
        readers = work.session.scalars(
            sa.select(Contact.language)
            .join(Invitation, Invitation.contact_id == Contact.id)
            .where(Invitation.batch_id == batch_id, Contact.language != "")
            .distinct()
        )
        draft = content_draft(
            work.session,
            batch.survey,
            settings,
            {best_language(language) for language in readers},
            MessageKind.REMINDER,
        )
        batch.reminder_content_id = freeze_content(work, draft).id
    return batch.reminder_content_id


def start_due_batches(work: Work) -> int:
    """Start every scheduled Batch whose time has come, and return how many.

    One that is found long after its time begins paused: the owner decides.
    """
    late = _begin(work, BatchState.PAUSED, Batch.scheduled_at < work.now - LATENESS_LIMIT)
    for batch_id, content_id, _ in late:
        hold_content(work, content_id)
        record(work, "batch.held_late", batch_id=batch_id)
    started = _begin(work, BatchState.RUNNING, Batch.scheduled_at <= work.now)
    for batch_id, _, _ in started:
        record(work, "batch.started", batch_id=batch_id)
    for batch_id, _, audience in (*late, *started):
        freeze_members(work, batch_id, audience)
    return len(late) + len(started)


def _begin(
    work: Work, state: BatchState, due: sa.ColumnElement[bool]
) -> Sequence[sa.Row[int, int, dict[str, Any]]]:
    return work.session.execute(
        sa.update(Batch)
        .where(Batch.state == BatchState.SCHEDULED, due)
        .values(state=state, started_at=work.now)
        .returning(Batch.id, Batch.content_id, Batch.audience)
        .execution_options(synchronize_session=False)
    ).all()


def pause_blocked_batches(work: Work) -> int:
    """Pause every running Batch whose email the mail server blocks, and return how many.

    The outbox holds the content at once; why stands there, and the Batch shows it.
    """
    paused = work.session.scalars(
        sa.update(Batch)
        .where(Batch.state == BatchState.RUNNING, _blocked())
        .values(state=BatchState.PAUSED)
        .returning(Batch.id)
        .execution_options(synchronize_session=False)
    ).all()
    for batch_id in paused:
        record(work, "batch.blocked", batch_id=batch_id)
    return len(paused)


def _blocked() -> sa.ColumnElement[bool]:
    """Return the condition that the mail server blocks a Batch's email."""
    return (
        sa.select(EmailContent.id)
        .where(EmailContent.id == Batch.content_id)
        .where(EmailContent.state == ContentState.HELD, EmailContent.held_reason != "")
        .exists()
    )


def finish_batches(work: Work) -> int:
    """Finish every running Batch of which nobody and no message is left, and return how many.

    Finished is computed from the rows: no counter can claim it too early. One that the mail server
    blocks is paused instead, even after its last message.
    """
    unfinished = (
        sa.select(Message.id)
        .where(Message.content_id == Batch.content_id)
        .where(Message.state.in_(UNFINISHED))
        .exists()
    )
    finished = work.session.scalars(
        sa.update(Batch)
        .where(Batch.state == BatchState.RUNNING, Batch.planned_at.is_not(None))
        .where(~unfinished, ~_blocked())
        .values(state=BatchState.FINISHED, finished_at=work.now)
        .returning(Batch.id)
        .execution_options(synchronize_session=False)
    ).all()
    for batch_id in finished:
        record(work, "batch.finished", batch_id=batch_id)
    return len(finished)


def pause_batch(work: Work, batch_id: int) -> None:
    """Let nothing more of a Batch leave.

    :raises WrongState: it is not running.
    """
    batch = _locked(work, batch_id)
    batch.pause()
    for content_id in _contents(batch):
        hold_content(work, content_id)
    record(work, "batch.paused", batch_id=batch_id)


def resume_batch(work: Work, batch_id: int) -> None:
    """Let a paused Batch go on where it stood.

    :raises WrongState: it is not paused.
    """
    batch = _locked(work, batch_id)
    batch.resume()
    for content_id in _contents(batch):
        open_content(work, content_id)
    record(work, "batch.resumed", batch_id=batch_id)


def cancel_batch(work: Work, batch_id: int) -> None:
    """End a Batch; messages that wait never leave.

    :raises WrongState: it has ended.
    """
    batch = _locked(work, batch_id)
    batch.cancel(work.now)
    forget_members(work, batch)
    cancelled = sum(
        cancel_content(work, content_id, "the send was cancelled")
        for content_id in _contents(batch)
    )
    record(work, "batch.cancelled", batch_id=batch_id, messages=cancelled)


def _contents(batch: Batch) -> list[int]:
    """Return the contents of a Batch's emails: the first ones, and the reminders."""
    reminder = batch.reminder_content_id
    return [batch.content_id] if reminder is None else [batch.content_id, reminder]


def _locked(work: Work, batch_id: int) -> Batch:
    return work.session.get_one(Batch, batch_id, with_for_update={"of": Batch})
