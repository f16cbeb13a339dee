"""What a Response says and whether it is in the score, made from its revisions.

A revision that is held changes nothing until somebody accepts it; the rest is of people, and the
worker's are clicks that were confirmed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nps_portal.foundation.work import ActorKind
from nps_portal.responses.models import Evidence, Response, ResponseRevision, ResponseState
from nps_portal.surveys.models import CountingMode
from nps_portal.visits.rules import Rule


@dataclass(frozen=True, kw_only=True)
class Said:
    """The revisions of a Response, sorted by what they are worth; each oldest first."""

    given: Sequence[ResponseRevision]
    clicks: Sequence[ResponseRevision]
    held: Sequence[ResponseRevision]
    waiting: Sequence[ResponseRevision]


def said_in(response: Response, revisions: Sequence[ResponseRevision]) -> Said:
    """Return what a Response has said; waiting are the held ones that nobody has looked at.

    One that is older than the present answer does not wait: the person has spoken since.
    """
    held = [one for one in revisions if one.held]
    clicks = [one for one in revisions if not one.held and _is_click(response, one)]
    given = [one for one in revisions if not one.held and not _is_click(response, one)]
    passed = max(reviewed_revision(response), given[-1].id if given else 0)
    waiting = [one for one in held if one.id > passed]
    return Said(given=given, clicks=clicks, held=held, waiting=waiting)


def settle(
    response: Response,
    revisions: Sequence[ResponseRevision],
    counting: CountingMode,
    rules: Iterable[Rule] = (),
) -> None:
    """Let a Response say what its revisions amount to; `rules` are further reasons of the held.

    One without any, as imports make them, stays as it is.
    """
    said = said_in(response, revisions)
    taken_out = response.state is ResponseState.EXCLUDED and not response.marks.get("rejected")
    if not revisions:
        return
    if said.given:
        _say(response, said.given)
        response.evidence = Evidence.SUBMITTED
    elif said.clicks:
        _say(response, said.clicks)
        response.evidence = Evidence.CONFIRMED_CLICK
    else:
        _say_held(response, said.waiting or said.held)
        response.evidence = Evidence.SUBMITTED
    if said.given or said.clicks:
        response.state = ResponseState.EXCLUDED if taken_out else counted(response, counting)
    else:
        response.state = ResponseState.HELD if said.waiting else ResponseState.EXCLUDED
    _mark(response, said, rules)


def counted(response: Response, counting: CountingMode) -> ResponseState:
    """Return where a Response stands that nobody doubts: a click counts only where it is seen."""
    is_click = response.evidence is Evidence.CONFIRMED_CLICK
    if is_click and counting is CountingMode.SUBMITTED:
        return ResponseState.CLICKED
    return ResponseState.COUNTED


def reviewed_revision(response: Response) -> int:
    """Return the id of the last revision that somebody of the business has decided about."""
    return int(response.marks.get("reviewed_revision", 0))


def _is_click(response: Response, revision: ResponseRevision) -> bool:
    return response.invitation_id is not None and revision.actor_kind is ActorKind.WORKER


def _say(response: Response, revisions: Sequence[ResponseRevision]) -> None:
    """An empty comment keeps the former one, so the last that is not empty is in force."""
    last = revisions[-1]
    comments = [one.comment for one in revisions if one.comment]
    response.score, response.comment = last.score, comments[-1] if comments else ""
    if response.invitation_id is not None:
        response.answered_at = revisions[0].at
    response.changed_at = None if len(revisions) == 1 else last.at


def _say_held(response: Response, held: Sequence[ResponseRevision]) -> None:
    """Show the last that has a comment: people write them, and a machine's burst must not hide one.

    :raises IndexError: there is none.
    """
    shown = next((one for one in reversed(held) if one.comment), held[-1])
    response.score, response.comment = shown.score, shown.comment
    response.answered_at, response.changed_at = shown.at, None


def _mark(response: Response, said: Said, rules: Iterable[Rule]) -> None:
    marks = dict(response.marks)
    former = marks.pop("rules", [])
    had_network = "network" in marks
    marks.pop("held_revision", None)
    if said.given or said.clicks:
        marks.pop("rejected", None)
    if said.waiting:
        marks["rules"] = sorted({*former, *(rule.value for rule in rules)})
        if response.state is not ResponseState.HELD:
            marks["held_revision"] = True
    elif had_network:
        marks["rules"] = []
    response.marks = marks
