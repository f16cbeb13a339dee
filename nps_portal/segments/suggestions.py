"""Segments that most businesses want, ready to be made with one click; pure."""

from dataclasses import dataclass

from nps_portal.segments.fields import Op
from nps_portal.segments.rules import Condition, Group, Match, Rules


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A ready-made Segment, and in a sentence what it is good for."""

    key: str
    name: str
    purpose: str
    rules: Rules


def _rules(*conditions: Condition) -> Rules:
    return Rules(match=Match.ALL, groups=(Group(match=Match.ALL, conditions=conditions),))


SUGGESTIONS = (
    Suggestion(
        key="detractors",
        name="Detractors of the last 90 days",
        purpose="Whom to call: they gave 0 to 6, and it is fresh.",
        rules=_rules(
            Condition(field="category", op=Op.IS, value="detractor"),
            Condition(field="last_answered", op=Op.WITHIN, value=90),
        ),
    ),
    Suggestion(
        key="promoters",
        name="Promoters",
        purpose="Whom to ask for a review or a referral.",
        rules=_rules(Condition(field="category", op=Op.IS, value="promoter")),
    ),
    Suggestion(
        key="never-asked",
        name="Never asked",
        purpose="Who has not had the chance to answer yet.",
        rules=_rules(Condition(field="last_asked", op=Op.EMPTY, value=None)),
    ),
    Suggestion(
        key="silent",
        name="Asked and silent",
        purpose="Who has had an email and has said nothing since.",
        rules=_rules(Condition(field="silent", op=Op.IS, value="yes")),
    ),
    Suggestion(
        key="deteriorating",
        name="Deteriorating",
        purpose="Whose scores have fallen by more than chance.",
        rules=_rules(Condition(field="trend", op=Op.IS, value="deteriorating")),
    ),
)


def suggestion(key: str) -> Suggestion | None:
    """Return the suggestion of a key."""
    return next((one for one in SUGGESTIONS if one.key == key), None)
