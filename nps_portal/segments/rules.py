"""The rules of a Segment: groups of conditions, and their stored form; pure.

Stored, they are `{"match": "all", "groups": [{"match": "any", "conditions": [{"field": "company",
"op": "is", "value": "Acme"}]}]}`. All or any of the groups must hold, and of each group all or any
of its conditions.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from nps_portal.foundation.errors import PortalError
from nps_portal.segments.fields import Op

Value = str | int | Decimal | date | tuple[Decimal, Decimal] | tuple[str, ...] | None


class Match(enum.Enum):
    """How many of several must hold."""

    ALL = "all"
    ANY = "any"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One field compared.

    The value is a text or choice (str), a number (Decimal), a count of days (int), a date, the two
    ends of a span, or tags; None where nothing is compared with. `is_lost`: the property or the
    choice has been deleted, so that nobody can fit any more.
    """

    field: str
    op: Op
    value: Value = None
    is_lost: bool = False


@dataclass(frozen=True, kw_only=True)
class Group:
    """Conditions of which all, or any, must hold."""

    match: Match
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Groups of which all, or any, must hold."""

    match: Match
    groups: tuple[Group, ...]

    @property
    def conditions(self) -> list[Condition]:
        """Return every condition."""
        return [one for group in self.groups for one in group.conditions]

    @property
    def are_lost(self) -> bool:
        """Tell whether they name what has been deleted; then they find nobody."""
        return any(one.is_lost for one in self.conditions)

    def stored(self) -> dict[str, Any]:
        """Return the form that the table keeps and programs read."""
        return {
            "match": self.match.value,
            "groups": [
                {
                    "match": group.match.value,
                    "conditions": [_stored(one) for one in group.conditions],
                }
                for group in self.groups
            ],
        }


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong, in a sentence, and where: group and condition, from 0; None for the whole."""

    words: str
    group: int | None = None
    condition: int | None = None


class BadRules(PortalError):
    """The rules cannot be used; `faults` has everything that is wrong with them."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(" ".join(dict.fromkeys(fault.words for fault in faults)))
        self.faults = tuple(faults)


def _stored(condition: Condition) -> dict[str, Any]:
    stored: dict[str, Any] = {"field": condition.field, "op": condition.op.value}
    if condition.value is not None:
        stored["value"] = _stored_value(condition.value)
    return stored


def _stored_value(value: Value) -> Any:
    """Return a value as JSON carries it; a number is a text, so that it stays exact."""
    if isinstance(value, tuple):
        return [_stored_value(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else value
