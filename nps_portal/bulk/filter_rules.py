"""The filter of the list as the rules of a Segment, so that whom it finds can be asked."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.list_conditions import MOST_WORDS
from nps_portal.contacts.list_filters import ContactFilter, ContactGroup
from nps_portal.contacts.models import Tag
from nps_portal.segments.queries import catalogue
from nps_portal.segments.reading import parse
from nps_portal.segments.rules import BadRules, Rules

_GROUPS = {ContactGroup.SUPPRESSED: "suppressed", ContactGroup.PAUSED: "paused"}


def rules_of_filter(session: Session, wanted: ContactFilter) -> Rules | None:
    """Return rules that find whom a filter finds; None where no rules can.

    Who was removed is in no Segment, and a language that the portal has no name for can be asked
    for by none.
    """
    if wanted.group is ContactGroup.REMOVED:
        return None
    conditions = [*_of_columns(wanted), *_of_marks(session, wanted)]
    groups = [{"match": "all", "conditions": conditions}] if conditions else []
    groups += [_mentions(word) for word in wanted.text.split()[:MOST_WORDS]]
    try:
        rules = parse({"match": "all", "groups": groups}, catalogue(session))
    except BadRules:
        return None
    return None if rules.are_lost else rules


def _of_columns(wanted: ContactFilter) -> list[dict[str, Any]]:
    asked = {
        "company": wanted.company,
        "category": wanted.category.value if wanted.category else "",
        "trend": wanted.trend.value if wanted.trend else "",
        "language": wanted.language,
        "owner": str(wanted.owner_id or ""),
        "deliverability": _GROUPS.get(wanted.group, ""),
    }
    lacking = {"owner": wanted.is_unowned, "category": wanted.is_unscored}
    return [
        *({"field": name, "op": "is", "value": value} for name, value in asked.items() if value),
        *({"field": name, "op": "empty"} for name, is_wanted in lacking.items() if is_wanted),
    ]


def _of_marks(session: Session, wanted: ContactFilter) -> list[dict[str, Any]]:
    if wanted.tag_id is None:
        return []
    name = session.scalar(sa.select(Tag.name).where(Tag.id == wanted.tag_id))
    # Without a name the rules are refused: nobody has a tag that is gone.
    return [{"field": "tags", "op": "any_of", "value": [name] if name else []}]


def _mentions(word: str) -> dict[str, Any]:
    """Return the group of a word that stands in the name, the address or the company's name."""
    return {
        "match": "any",
        "conditions": [
            {"field": field, "op": "contains", "value": word}
            for field in ("name", "email", "company")
        ],
    }
