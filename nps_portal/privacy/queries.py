"""Reading all that is known of a person, to hand it over as it is."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.batches.models import Exclusion, Invitation
from nps_portal.contacts.aliases import ids_of_person
from nps_portal.contacts.models import Contact
from nps_portal.contacts.properties import properties, values_of
from nps_portal.contacts.queries import suppression_of
from nps_portal.contacts.tags import tags_of
from nps_portal.followups.models import Task
from nps_portal.outbox.models import Bounce, Message
from nps_portal.privacy.given_answers import (
    GivenResponse,
    given_response,
    given_responses,
)
from nps_portal.privacy.given_changes import given_changes
from nps_portal.responses.models import ResponseRevision
from nps_portal.visits.models import Visit
from nps_portal.visits.reasons import rule_words

Json = dict[str, Any]


def personal_data(session: Session, contact_id: int) -> Json:
    """Return all that is known of a Contact, ready for JSON.

    The keys are a promise to whoever reads such a file: they stay. Instants are ISO 8601 in UTC.
    """
    # What stayed on records that were merged into this one is of the same person.
    ids = ids_of_person(session, contact_id)
    contact = session.get_one(Contact, ids[0])
    return {
        "contact": _contact(contact),
        "other_addresses": _addresses(session, ids[1:]),
        "companies": [{"name": contact.company.name}] if contact.company else [],
        "tags": [tag.name for tag in tags_of(session, [contact.id])[contact.id]],
        "properties": _properties(session, contact.id),
        "changes": _changes(session, ids),
        "suppression": _suppression(session, contact),
        "invitations": _invitations(session, ids),
        "not_asked": _not_asked(session, ids),
        "answers": [_answer(given) for one in ids for given in given_responses(session, one)],
        "messages": _messages(session, ids),
        "returned_mail": _returned_mail(session, ids),
        "visits": _visits(session, ids),
        "tasks": _tasks(session, Task.contact_id.in_(ids)),
    }


def data_of_answer(session: Session, response_id: int) -> Json:
    """Return all that is known of an answer that belongs to nobody known, under the same keys."""
    return {
        "contact": None,
        "other_addresses": [],
        "companies": [],
        "tags": [],
        "properties": {},
        "changes": [],
        "suppression": None,
        "invitations": [],
        "not_asked": [],
        "answers": [_answer(given) for given in given_response(session, response_id)],
        "messages": [],
        "returned_mail": [],
        "visits": [],
        "tasks": _tasks(session, Task.response_id == response_id),
    }


def _contact(contact: Contact) -> Json:
    return {
        "name": contact.name,
        "first_name": contact.first_name,
        "email": contact.email,
        "language": contact.language,
        "time_zone": contact.time_zone,
        "source": contact.source,
        "created_at": _instant(contact.created_at),
        "changed_at": _instant(contact.changed_at),
        "removed_at": _instant(contact.removed_at),
        "paused_until": _instant(contact.paused_until),
        "parts_in_the_company": list(contact.parts),
        "consent_basis": contact.consent_basis.value if contact.consent_basis else None,
        "consent_on": contact.consent_on.isoformat() if contact.consent_on else None,
        "last_score": contact.last_score,
        "last_answered_at": _instant(contact.last_answered_at),
        "last_asked_at": _instant(contact.last_asked_at),
        "trend": contact.trend.value if contact.trend else None,
    }


def _addresses(session: Session, contact_ids: Sequence[int]) -> list[str]:
    return list(
        session.scalars(
            sa.select(Contact.email).where(Contact.id.in_(contact_ids)).order_by(Contact.id)
        )
    )


def _properties(session: Session, contact_id: int) -> dict[str, str]:
    held = values_of(session, [contact_id])[contact_id]
    return {one.name: held[one.id].text for one in properties(session) if one.id in held}


def _changes(session: Session, contact_ids: Sequence[int]) -> list[Json]:
    return [
        {
            "at": _instant(one.at),
            "by": one.by,
            "field": one.field,
            "before": one.before,
            "after": one.after,
        }
        for one in given_changes(session, contact_ids)
    ]


def _suppression(session: Session, contact: Contact) -> Json | None:
    found = suppression_of(session, contact.email_key)
    if found is None:
        return None
    return {
        "reason": found.reason.value,
        "source": found.source,
        "created_at": _instant(found.created_at),
    }


def _invitations(session: Session, contact_ids: Sequence[int]) -> list[Json]:
    rows = session.scalars(
        sa.select(Invitation).where(Invitation.contact_id.in_(contact_ids)).order_by(Invitation.id)
    )
    return [
        {"id": row.id, "survey": row.survey.title, "created_at": _instant(row.created_at)}
        for row in rows
    ]


def _not_asked(session: Session, contact_ids: Sequence[int]) -> list[Json]:
    rows = session.scalars(
        sa.select(Exclusion).where(Exclusion.contact_id.in_(contact_ids)).order_by(Exclusion.id)
    )
    return [{"because": row.reason.words, "at": _instant(row.created_at)} for row in rows]


def _answer(given: GivenResponse) -> Json:
    response = given.response
    permission = response.quote_permission
    return {
        "invitation_id": response.invitation_id,
        "survey": given.survey.title,
        "score": response.score,
        "category": response.category.value,
        "comment": response.comment,
        "language": response.language,
        "channel": response.channel.value,
        "state": response.state.value,
        "evidence": response.evidence.value,
        "late": response.late,
        "first_clicked_score": response.first_clicked_score,
        "quote_permission": permission.value if permission else None,
        "said_to_be": response.said_to_be,
        "network": response.marks.get("network", ""),
        "doubted_because": [rule_words(rule) for rule in response.marks.get("rules", ())],
        "answered_at": _instant(response.answered_at),
        "changed_at": _instant(response.changed_at),
        "revisions": [_revision(revision) for revision in given.revisions],
        "further_answers": _further(given),
    }


def _revision(revision: ResponseRevision) -> Json:
    return {
        "at": _instant(revision.at),
        "score": revision.score,
        "comment": revision.comment,
        "held": revision.held,
    }


def _further(given: GivenResponse) -> list[Json]:
    languages: Sequence[str] = (given.response.language, given.survey.language)
    return [
        {
            "at": _instant(one.answer.at),
            "question": one.question_in(languages),
            "answer": list(one.words_in(languages)),
        }
        for one in given.further
    ]


def _messages(session: Session, contact_ids: Sequence[int]) -> list[Json]:
    rows = session.scalars(
        sa.select(Message).where(Message.contact_id.in_(contact_ids)).order_by(Message.id)
    )
    return [
        {
            "invitation_id": row.invitation_id,
            "kind": row.content.kind.value,
            "recipient_name": row.recipient_name,
            "recipient_email": row.recipient_email,
            "language": row.language,
            "state": row.state.value,
            "created_at": _instant(row.created_at),
            "sent_at": _instant(row.sent_at),
        }
        for row in rows
    ]


def _returned_mail(session: Session, contact_ids: Sequence[int]) -> list[Json]:
    rows = session.scalars(
        sa.select(Bounce).where(Bounce.contact_id.in_(contact_ids)).order_by(Bounce.id)
    )
    return [
        {
            "email": row.email_key,
            "kind": row.kind.value,
            "status": row.status,
            "reason": row.reason,
            "at": _instant(row.created_at),
        }
        for row in rows
    ]


def _visits(session: Session, contact_ids: Sequence[int]) -> list[Json]:
    rows = session.scalars(
        sa.select(Visit)
        .join(Invitation, Invitation.id == Visit.invitation_id)
        .where(Invitation.contact_id.in_(contact_ids))
        .order_by(Visit.id)
    )
    return [
        {
            "invitation_id": row.invitation_id,
            "at": _instant(row.at),
            "kind": row.kind.value,
            "method": row.method,
            "score": row.score,
            "network": row.network,
            "user_agent": row.user_agent,
            "purpose": row.purpose,
            "mail_domain": row.mail_domain,
            "seconds_since_sent": row.seconds_since_sent,
            "seconds_on_page": row.seconds_on_page,
            "details": row.details,
            "verdict": row.verdict.value if row.verdict else None,
            "marks": row.marks,
        }
        for row in rows
    ]


def _tasks(session: Session, which: sa.ColumnElement[bool]) -> list[Json]:
    return [
        {
            "kind": row.kind.value,
            "title": row.title,
            "state": row.state.value,
            "wishes": row.wishes,
            "outcome": row.outcome,
            "due_at": _instant(row.due_at),
            "created_at": _instant(row.created_at),
            "closed_at": _instant(row.closed_at),
        }
        for row in session.scalars(sa.select(Task).where(which).order_by(Task.id))
    ]


def _instant(at: datetime | None) -> str | None:
    """Return an instant as in 2026-11-22T03:32:51Z."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if at else None
