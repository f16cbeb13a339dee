"""Writing answers."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import sqlalchemy as sa

from nps_portal.batches.models import Invitation
from nps_portal.contacts.models import SuppressionReason
from nps_portal.foundation.work import Work
from nps_portal.nps import category
from nps_portal.outbox.bounces import resolve_uncertain
from nps_portal.outbox.models import Message
from nps_portal.outbox.stopping import stop_person
from nps_portal.responses.evidence import (
    PublicFacts,
    reasons_to_hold,
    reasons_to_hold_public,
)
from nps_portal.responses.models import (
    Channel,
    Evidence,
    Response,
    ResponseRevision,
    ResponseState,
)
from nps_portal.responses.public_answers import take_public_answer
from nps_portal.responses.queries import is_late, revisions
from nps_portal.responses.reviewing import (
    accept_response,
    count_response,
    exclude_response,
    recount_clicks,
    reject_response,
)
from nps_portal.responses.revising import (
    COMMENT_LENGTH,
    Answer,
    add_revision,
    announce,
    locked_invitation,
    locked_response,
    response_for_update,
)
from nps_portal.responses.standing import reviewed_revision, said_in, settle
from nps_portal.surveys.models import Survey
from nps_portal.visits.models import Visit
from nps_portal.visits.queries import first_opened_score, visits_around
from nps_portal.visits.rules import Company, Rule

__all__ = [
    "COMMENT_LENGTH",
    "Answer",
    "PublicFacts",
    "accept_response",
    "change_answer",
    "count_response",
    "exclude_response",
    "recount_clicks",
    "reject_response",
    "submit_answer",
    "take_public_answer",
    "unsubscribe",
]


def submit_answer(
    work: Work, invitation_id: int, answer: Answer, visit: Visit | None = None
) -> Response:
    """Take an answer: the first makes the Response, later ones revise it.

    `visit` is the submission that was just logged in the same unit; it decides whether the answer
    counts or waits for a look. Without it, the answer counts. Sending the same again changes
    nothing, so a retry after a lost connection is safe.

    :raises NotAScore: the score is not a whole number from 0 to 10.
    """
    invitation = locked_invitation(work, invitation_id)
    category(answer.score)
    resolve_uncertain(work, invitation_id)
    rules, burst = _doubts(work, invitation, visit)
    response = response_for_update(work, invitation_id)
    if response is None:
        response = _new_response(work, invitation, answer)
        former = ResponseState.HELD
        said: Sequence[ResponseRevision] = []
    else:
        former = response.state
        said = revisions(work.session, response.id)
        if not rules and _is_known(response, said, answer):
            return response
        if rules and _is_held_already(said, answer):
            return response
    had_answer = bool(said_in(response, said).given)
    _hold_burst(response, said, burst)
    added = add_revision(work, response, answer, held=bool(rules))
    settle(response, [*said, added], invitation.survey.counting, rules)
    if not rules and not had_answer:
        response.late = is_late(work.session, invitation, work.now)
        response.first_clicked_score = first_opened_score(work.session, invitation_id, visit)
    kind = _news(response, is_first=not said, had_answer=had_answer, held=bool(rules))
    if kind and not (kind == "response.held" and said and former is ResponseState.HELD):
        announce(work, kind, response)
    return response


def change_answer(
    work: Work, response_id: int, answer: Answer, facts: PublicFacts | None = None
) -> Response:
    """Revise an answer that was given without an Invitation; what is held stays so.

    `facts` tell of whoever sends it through a link: a doubtful change waits for a look, and the
    answer stays. Without them, nobody doubts it.

    :raises NotAScore: the score is not a whole number from 0 to 10.
    """
    category(answer.score)
    response = locked_response(work, response_id)
    said = revisions(work.session, response_id)
    answer = replace(answer, comment=answer.comment or response.comment)
    rules = reasons_to_hold_public(Channel.LINK, facts, 0) if facts else frozenset()
    is_known = (response.score, response.comment) == (answer.score, answer.comment)
    if is_known or (rules and _is_held_already(said, answer)):
        return response
    was_held = response.state is ResponseState.HELD or bool(response.marks.get("rejected"))
    added = add_revision(work, response, answer, held=was_held or bool(rules))
    survey = work.session.get_one(Survey, response.survey_id)
    settle(response, [*said, added], survey.counting, rules)
    if was_held or not rules:
        response.changed_at = work.now
    if not was_held:
        announce(work, "response.change_held" if rules else "response.changed", response)
    return response


def unsubscribe(work: Work, invitation_id: int) -> None:
    """Stop all surveys to whom an Invitation went to, for ever; doing it twice is harmless."""
    invitation = work.session.get_one(Invitation, invitation_id)
    written_to = work.session.scalars(
        sa.select(Message.email_key).where(Message.invitation_id == invitation_id)
    )
    stop_person(
        work,
        written_to,
        SuppressionReason.UNSUBSCRIBED,
        source="link",
        contact_id=invitation.contact_id,
    )


def _doubts(
    work: Work, invitation: Invitation, visit: Visit | None
) -> tuple[frozenset[Rule], Sequence[Visit]]:
    """Return what speaks against an answer, and the earlier ones of the same burst."""
    if visit is None:
        return frozenset(), ()
    work.session.flush()
    visits = visits_around(work.session, visit)
    delivery_seconds = invitation.survey.delivery_seconds
    rules = reasons_to_hold(visit, visits, delivery_seconds)
    if Rule.MANY_ANSWERS not in rules:
        return rules, ()
    return rules, Company(visits, delivery_seconds).partners(visit)


def _new_response(work: Work, invitation: Invitation, answer: Answer) -> Response:
    response = Response(
        invitation_id=invitation.id,
        contact_id=invitation.contact_id,
        survey_id=invitation.survey_id,
        score=answer.score,
        comment=answer.comment,
        state=ResponseState.HELD,
        evidence=Evidence.SUBMITTED,
        channel=Channel.EMAIL,
        late=is_late(work.session, invitation, work.now),
        first_clicked_score=None,
        marks={},
        answered_at=work.now,
    )
    work.session.add(response)
    return response


def _is_known(response: Response, said: Sequence[ResponseRevision], answer: Answer) -> bool:
    """Tell whether a person's answer says what is in force already."""
    same = (response.score, response.comment) == (
        answer.score,
        answer.comment or response.comment,
    )
    return same and bool(said_in(response, said).given)


def _is_held_already(said: Sequence[ResponseRevision], answer: Answer) -> bool:
    """Tell whether a doubtful answer says what the last one said, doubtful or not."""
    return bool(said) and (said[-1].score, said[-1].comment) == (answer.score, answer.comment)


def _hold_burst(
    response: Response, said: Sequence[ResponseRevision], burst: Iterable[Visit]
) -> None:
    """Doubt what was counted and turns out to be of the burst that has just gone on."""
    sent = {(visit.at, visit.score) for visit in burst}
    for revision in said:
        if (revision.at, revision.score) in sent and revision.id > reviewed_revision(response):
            revision.held = True


def _news(response: Response, *, is_first: bool, had_answer: bool, held: bool) -> str:
    """Return what the journal says of an answer that was taken."""
    if not held:
        return "response.changed" if had_answer else "response.submitted"
    if response.state is ResponseState.HELD:
        return "response.held"
    return "response.change_held"
