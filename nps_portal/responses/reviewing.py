"""Deciding about a Response: accepting what was held, refusing it, taking it out, counting it."""

import sqlalchemy as sa

from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record
from nps_portal.responses.models import Evidence, Response, ResponseState
from nps_portal.responses.queries import revisions
from nps_portal.responses.revising import announce, locked_response, settle_anew
from nps_portal.responses.standing import counted, said_in
from nps_portal.responses.standings import refresh_standings
from nps_portal.surveys.models import Survey


class NewerAnswer(PortalError):
    """Something was held that whoever decides has not seen."""

    def __init__(self) -> None:
        super().__init__("A newer answer has arrived; look at it first.")


def accept_response(work: Work, response_id: int, *, seen: int | None = None) -> None:
    """Let what was held be in force: a held answer counts, a held change changes the answer.

    Accepting what is not held changes nothing. `seen` is the newest held revision that was shown
    to whoever decides, None for a caller that looks for itself.

    :raises NewerAnswer: a newer one is held.
    """
    response = locked_response(work, response_id)
    said = said_in(response, revisions(work.session, response_id))
    waiting = said.waiting or ([] if said.given or said.clicks else said.held)
    if not waiting:
        return
    _refuse_unseen(waiting[-1].id, seen)
    had_answer = bool(said.given)
    accepted = waiting[-1]
    if not had_answer:
        # The one that was shown to whoever accepts it.
        accepted = next((one for one in reversed(waiting) if one.comment), accepted)
    accepted.held = False
    _review(response, waiting[-1].id)
    settle_anew(work, response)
    announce(work, "response.changed" if had_answer else "response.counted", response)


def reject_response(work: Work, response_id: int, *, seen: int | None = None) -> None:
    """Keep what was held out of the score; an answer that stands beside a held change stays.

    :raises NewerAnswer: one is held that is newer than the `seen` one.
    """
    response = locked_response(work, response_id)
    said = said_in(response, revisions(work.session, response_id))
    if not said.waiting:
        return
    _refuse_unseen(said.waiting[-1].id, seen)
    _review(response, said.waiting[-1].id)
    if response.state is ResponseState.HELD:
        response.marks = {**response.marks, "rejected": True}
    settle_anew(work, response)
    kind = "response.excluded" if response.marks.get("rejected") else "response.change_rejected"
    announce(work, kind, response)


def exclude_response(work: Work, response_id: int) -> None:
    """Take a Response out of the score; it stays visible and can be counted again."""
    response = locked_response(work, response_id)
    if response.state is ResponseState.HELD and revisions(work.session, response_id):
        reject_response(work, response_id)
    elif response.state is not ResponseState.EXCLUDED:
        response.state = ResponseState.EXCLUDED
        announce(work, "response.excluded", response)


def count_response(work: Work, response_id: int, *, seen: int | None = None) -> None:
    """Count a Response that was held or excluded; a click counts as its Survey says.

    :raises NewerAnswer: what would count is held and newer than the `seen` one.
    """
    response = locked_response(work, response_id)
    if response.state not in (ResponseState.HELD, ResponseState.EXCLUDED):
        return
    said = said_in(response, revisions(work.session, response_id))
    if said.held and not (said.given or said.clicks):
        accept_response(work, response_id, seen=seen)
        return
    survey = work.session.get_one(Survey, response.survey_id)
    response.state = counted(response, survey.counting)
    announce(work, "response.counted", response)


def recount_clicks(work: Work, survey_id: int) -> int:
    """Put a Survey's clicks into the score or out of it, as it now says; return how many moved.

    Those that were taken out by hand stay out.
    """
    survey = work.session.get_one(Survey, survey_id)
    probe = Response(evidence=Evidence.CONFIRMED_CLICK)
    wanted = counted(probe, survey.counting)
    other = {ResponseState.CLICKED, ResponseState.COUNTED} - {wanted}
    people = work.session.scalars(
        sa.update(Response)
        .where(Response.survey_id == survey_id)
        .where(Response.evidence == Evidence.CONFIRMED_CLICK, Response.state.in_(other))
        .values(state=wanted)
        .returning(Response.contact_id)
    ).all()
    moved = len(people)
    if moved:
        refresh_standings(work, people)
        record(work, "survey.clicks_recounted", survey_id=survey_id, moved=moved, to=wanted.value)
    return moved


def _refuse_unseen(newest: int, seen: int | None) -> None:
    if seen is not None and newest > seen:
        raise NewerAnswer


def _review(response: Response, revision_id: int) -> None:
    """Remember up to where somebody has decided; nothing of that is held once more."""
    response.marks = {**response.marks, "reviewed_revision": revision_id}
