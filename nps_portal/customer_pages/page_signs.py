"""What the survey page tells of whoever uses it; a page without scripts tells nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

from nps_portal.nps import SCORES
from nps_portal.visits.agents import known_agent
from nps_portal.visits.commands import VisitFacts
from nps_portal.visits.known import Certainty
from nps_portal.visits.networks import known_network

GESTURES = ("pointer", "touch", "key", "scroll", "move", "pick")
LEAST_DWELL_MS = 1500
_PRESSES = ("trusted", "untrusted")
_SCORES = {str(score): score for score in SCORES}
_LONGEST_DWELL_MS = 24 * 3600 * 1000


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """A hand that was there: what it did, for how long the page was seen, the score chosen then."""

    gestures: list[str]
    dwell_ms: int
    score: int | None


def press_told(hand: str) -> dict[str, object]:
    """Return how Send was pressed and what the hand did before; nothing of what is not ours."""
    pressed, *gestures = hand.split(",")
    return {"pressed": pressed, "gestures": _known(gestures)} if pressed in _PRESSES else {}


def is_untrusted(hand: str) -> bool:
    """Tell whether the page says that no hand has pressed; without scripts it says nothing."""
    return press_told(hand).get("pressed") == "untrusted"


def is_surely_machine(hand: str, facts: VisitFacts) -> bool:
    """Tell whether the page says so, or the program by its name or by its network."""
    known = known_agent(facts.user_agent), known_network(facts.network)
    return is_untrusted(hand) or any(
        one is not None and one.certainty is Certainty.CERTAIN for one in known
    )


def sighting_told(sent: Mapping[str, str], seconds_on_page: float) -> Sighting | None:
    """Return what the page has seen, None when it is no sign of a hand.

    A page cannot have been looked at for longer than it has existed.
    """
    gestures = _known(sent.get("gestures", "").split(","))
    dwell = sent.get("dwell", "")
    dwell_ms = int(dwell) if dwell.isascii() and dwell.isdigit() and len(dwell) < 12 else 0
    seen_ms = min(dwell_ms, _LONGEST_DWELL_MS)
    if not gestures or min(seen_ms, seconds_on_page * 1000) < LEAST_DWELL_MS:
        return None
    return Sighting(gestures=gestures, dwell_ms=seen_ms, score=_SCORES.get(sent.get("score", "")))


def _known(gestures: list[str]) -> list[str]:
    return [gesture for gesture in GESTURES if gesture in gestures]
