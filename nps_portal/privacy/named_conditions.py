"""Conditions of segments that ask for a person: they ask for nobody once the person is erased."""

from collections.abc import Callable, Collection
from typing import Any

import sqlalchemy as sa

from nps_portal.contacts.models import Contact
from nps_portal.foundation.work import Work
from nps_portal.privacy.known_words import KnownWords
from nps_portal.segments.fields import Op
from nps_portal.segments.queries import catalogue, member_query
from nps_portal.segments.reading import read

Neutral = Callable[[Any], Any]

_POSITIVE = {
    Op.IS_NOT.value: Op.IS.value,
    Op.NOT_CONTAINS.value: Op.CONTAINS.value,
    Op.NONE_OF.value: Op.ANY_OF.value,
}


def is_condition(value: Any) -> bool:
    """Tell whether a part of stored rules is one condition."""
    return isinstance(value, dict) and {"field", "op", "value"} <= value.keys()


def neutral_condition(
    work: Work,
    stored: dict[str, Any],
    words: KnownWords,
    contact_ids: Collection[int],
    neutral: Neutral,
) -> dict[str, Any]:
    """Return a condition that does not name the person; one that finds others too stays.

    «Department is Customer Service» is not about a contact who is called so, and a segment must
    not lose its people because one of them goes.
    """
    nameless = KnownWords(addresses=words.addresses, names=frozenset(), single=frozenset())

    def judged(asked: Any, alone: Any) -> Any:
        value = neutral(asked)
        if value == asked or nameless.are_in(str(asked)):
            return value
        return asked if _finds_others(work, stored | {"value": alone}, contact_ids) else value

    asked = stored["value"]
    if isinstance(asked, list):
        # Each is judged for itself: a tag of hers goes from among those of others.
        return stored | {"value": [judged(one, [one]) for one in asked]}
    return stored | {"value": judged(asked, asked) if isinstance(asked, str) else neutral(asked)}


def _finds_others(work: Work, stored: dict[str, Any], contact_ids: Collection[int]) -> bool:
    asked = stored | {"op": _POSITIVE.get(stored["op"], stored["op"])}
    group = {"match": "all", "conditions": [asked]}
    rules = read({"match": "all", "groups": [group]}, catalogue(work.session))
    if rules.are_lost:
        return False
    others = member_query(work.session, rules, work.now).where(Contact.id.not_in(contact_ids))
    return work.session.scalar(sa.select(others.exists())) is True
