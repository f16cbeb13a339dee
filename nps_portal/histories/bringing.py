"""Writing past answers: counted from the day on which they were given, and nobody is told."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from flask import current_app

from nps_portal.contacts.erasures import erased_key
from nps_portal.contacts.models import Suppression
from nps_portal.contacts.upsert_rows import known_people
from nps_portal.contacts.upserting import ContactNews, UpdateRule, bring_in
from nps_portal.foundation.bulk import insert_rows, next_ids
from nps_portal.foundation.database import lock_for_transaction
from nps_portal.foundation.tokens import new_public_id
from nps_portal.foundation.work import Work
from nps_portal.histories.further import keep_further
from nps_portal.histories.judging import PastAnswer, Rejection
from nps_portal.histories.models import History, HistoryAnswer
from nps_portal.journal.commands import record_facts
from nps_portal.responses.models import (
    Channel,
    Evidence,
    Response,
    ResponseRevision,
    ResponseState,
)
from nps_portal.responses.revising import news_of
from nps_portal.responses.standings import refresh_standings

OF_ERASED = "This person has asked to be erased; nothing of theirs comes back."


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What became of a chunk of answers; `known` were there already."""

    added: int
    known: int
    rejections: Sequence[Rejection]


def begin_history(work: Work, filename: str, layout: str) -> History:
    """Write down that a file of past answers is coming in."""
    history = History(
        filename=filename[:200],
        layout=layout,
        added=0,
        known=0,
        rejected=0,
        created_at=work.now,
        created_by=work.actor.id,
    )
    work.session.add(history)
    work.session.flush()
    return history


def bring_answers(
    work: Work, history_id: int, layout: str, answers: Sequence[PastAnswer]
) -> Brought:
    """Add the answers that are not there yet; contacts that are not known are added, unasked.

    A known Contact stays as it is, and a suppressed one suppressed.
    """
    lock_for_transaction(work.session, "histories")
    history = work.session.get_one(History, history_id)
    source, began_at = history.source, history.created_at
    allowed, rejections = _without_erased(work, answers)
    new = _new(work, layout, allowed)
    people = _people(work, list(new.values()), source)
    ids = next_ids(work.session, Response, len(new))
    rows = list(zip(ids, new.items(), strict=True))
    _insert(work, history_id, rows, people)
    keep_further(work, began_at, [(response_id, one) for response_id, (_, one) in rows])
    news = [
        (
            _whose(answer, people),
            news_of(
                response_id=response_id,
                survey_id=answer.survey_id,
                channel=Channel.IMPORT,
                score=answer.score,
                comment=answer.comment,
            )
            | {"source": source},
        )
        for response_id, (_, answer) in rows
    ]
    record_facts(work, "response.imported", news)
    refresh_standings(work, [contact_id for contact_id, _ in news])
    return Brought(added=len(new), known=len(allowed) - len(new), rejections=rejections)


def _without_erased(
    work: Work, answers: Sequence[PastAnswer]
) -> tuple[list[PastAnswer], list[Rejection]]:
    """Part the answers of people who were erased from the others."""
    secret = str(current_app.secret_key).encode()
    keys = {one.email.key for one in answers if one.email is not None}
    fingerprints = {erased_key(secret, key): key for key in keys}
    found = work.session.scalars(
        sa.select(Suppression.email_key).where(Suppression.email_key.in_(fingerprints))
    )
    erased = {fingerprints[one] for one in found}
    allowed = [one for one in answers if one.email is None or one.email.key not in erased]
    gone = [one for one in answers if one.email is not None and one.email.key in erased]
    return allowed, [Rejection(line=one.line, reason=OF_ERASED) for one in gone]


def _new(work: Work, layout: str, answers: Sequence[PastAnswer]) -> dict[str, PastAnswer]:
    """Return the answers that are not there yet by what tells each from all others."""
    by_key: dict[str, PastAnswer] = {}
    for one in answers:
        by_key.setdefault(_key(layout, one), one)
    there = set(
        work.session.scalars(
            sa.select(Response.submission_key).where(Response.submission_key.in_(by_key))
        )
    )
    return {key: one for key, one in by_key.items() if key not in there}


def _key(layout: str, answer: PastAnswer) -> str:
    """Return what names one answer of another system; nobody can read an address out of it."""
    email = answer.email.key if answer.email else ""
    parts = [str(answer.survey_id), layout, answer.other_id]
    if not answer.other_id:
        parts += [email, answer.at.isoformat(), str(answer.score), answer.comment]
    if not (answer.other_id or email):
        # Two people without a name may have given the same score on the same day.
        parts.append(str(answer.line))
    secret = str(current_app.secret_key).encode()
    return hmac.digest(secret, "\0".join(["history", *parts]).encode(), hashlib.sha256).hex()


def _people(work: Work, answers: Sequence[PastAnswer], source: str) -> dict[str, int]:
    """Return the Contacts who gave these answers by the keys of their addresses."""
    news = [
        ContactNews(email=one.email, name=one.name, first_name=one.first_name, company=one.company)
        for one in answers
        if one.email is not None
    ]
    if not news:
        return {}
    bring_in(work, news, source=source, rule=UpdateRule.KEEP)
    rows = known_people(work, sorted({one.email.key for one in news}))
    return {key: row.id for key, row in rows.items()}


def _whose(answer: PastAnswer, people: Mapping[str, int]) -> int | None:
    return people[answer.email.key] if answer.email else None


def _insert(
    work: Work,
    history_id: int,
    rows: Sequence[tuple[int, tuple[str, PastAnswer]]],
    people: Mapping[str, int],
) -> None:
    insert_rows(
        work.session,
        Response,
        (
            *("id", "contact_id", "survey_id", "score", "comment", "answered_at"),
            *("state", "evidence", "channel", "late", "marks", "public_id", "submission_key"),
        ),
        [
            (
                *(response_id, _whose(one, people), one.survey_id, one.score, one.comment, one.at),
                *(ResponseState.COUNTED, Evidence.SUBMITTED, Channel.IMPORT, False, {}),
                *(new_public_id(), key),
            )
            for response_id, (key, one) in rows
        ],
    )
    insert_rows(
        work.session,
        ResponseRevision,
        ("response_id", "at", "score", "comment", "actor_kind", "actor_id"),
        [
            (response_id, one.at, one.score, one.comment, work.actor.kind, work.actor.id)
            for response_id, (_, one) in rows
        ],
    )
    insert_rows(
        work.session,
        HistoryAnswer,
        ("history_id", "response_id"),
        [(history_id, response_id) for response_id, _ in rows],
    )
