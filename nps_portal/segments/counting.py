"""How many fit the rules: exact, at every look anew, and from indexes alone where that can be."""

from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.list_conditions import looked_at
from nps_portal.contacts.models import Contact
from nps_portal.contacts.queries import WAS_REMOVED
from nps_portal.segments.compiling import POSITIVE, Terms, fitting
from nps_portal.segments.rules import Condition, Group, Match, Rules


def count_of_members(session: Session, rules: Rules, terms: Terms) -> int:
    """Return how many fit and are not removed.

    Those who were removed are few, and taken away again: to look whether each is there still would
    mean reading each. What is not so is everybody but those of whom it is so.
    """
    if rules.are_lost:
        return 0
    contrary = _contrary(rules)
    if contrary is None:
        return session.scalar(sa.select(_fit(rules, terms))) or 0
    everybody = _number() - _number(WAS_REMOVED)
    return session.scalar(sa.select(everybody - _fit(contrary, terms))) or 0


def _fit(rules: Rules, terms: Terms) -> sa.ColumnElement[int]:
    """Return the number of those who fit, without those of them who were removed."""
    among_removed = (WAS_REMOVED, looked_at(fitting(rules, terms.by_row)))
    return _number(fitting(rules, terms)) - _number(*among_removed)


def _contrary(rules: Rules) -> Rules | None:
    """Return the rules that say the opposite, where a single condition says what is not so."""
    if len(rules.conditions) != 1:
        return None
    [condition] = rules.conditions
    positive = POSITIVE.get(condition.op)
    if positive is None:
        return None
    opposite: Condition = replace(condition, op=positive)
    return Rules(match=Match.ALL, groups=(Group(match=Match.ALL, conditions=(opposite,)),))


def _number(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.select(sa.func.count()).select_from(Contact).where(*conditions).scalar_subquery()
