"""Whom an index finds who may fit the rules: a way in, where it leads to few."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.companies import name_key
from nps_portal.contacts.models import Contact, ContactTag, Suppression, Tag
from nps_portal.contacts.tags import LONGEST_TAG
from nps_portal.segments.compiling import Terms, condition_of, values_query
from nps_portal.segments.fields import MAY_BE_MAILED, PAUSED, Op
from nps_portal.segments.rules import Condition, Group, Match, Rules, Value

MOST_JUDGED = 5_000
# So many ways in are tried: each costs a look into an index.
MOST_TRIED = 4

# With these, what an index finds is what fits; nothing is looked at in vain.
_INDEXED = frozenset(
    {
        *("category", "last_score", "trend", "owner", "last_answered", "last_asked"),
        *("company", "company_domain", "company_revenue"),
    }
)
_POSITIVE = frozenset(
    {
        *(Op.IS, Op.LESS, Op.GREATER, Op.BETWEEN, Op.ON, Op.BEFORE, Op.AFTER),
        *(Op.WITHIN, Op.AGO, Op.FILLED),
    }
)

Way = Sequence[sa.Select[int]]


def few_to_judge(session: Session, rules: Rules, terms: Terms) -> list[int] | None:
    """Return everybody who may fit where an index leads to few of them; None where none does."""
    if rules.are_lost:
        return []
    for tried, way in enumerate(_ways(session, rules, terms)):
        if tried == MOST_TRIED:
            break
        ids: set[int] = set()
        for query in way:
            ids.update(session.scalars(query.limit(MOST_JUDGED + 1)))
            if len(ids) > MOST_JUDGED:
                break
        else:
            return sorted(ids)
    return None


def _ways(session: Session, rules: Rules, terms: Terms) -> Iterator[Way]:
    """Give queries that together find everybody who may fit, in one way after another."""
    of_groups = (_ways_of_group(session, group, terms) for group in rules.groups)
    if rules.match is Match.ALL:
        for ways in of_groups:
            yield from ways
        return
    first = [next(ways, None) for ways in of_groups]
    if None not in first:
        yield [query for way in first for query in way or ()]


def _ways_of_group(session: Session, group: Group, terms: Terms) -> Iterator[Way]:
    finds = [_find(session, one, terms) for one in group.conditions]
    if group.match is Match.ALL:
        for find in finds:
            if find is not None:
                yield [find]
        return
    if None not in finds:
        yield [find for find in finds if find is not None]


def _find(session: Session, condition: Condition, terms: Terms) -> sa.Select[int] | None:
    """Return the query by which an index finds who fits a condition; None without one."""
    field = terms.catalogue.field_named(condition.field)
    if field is None:
        return sa.select(Contact.id).where(sa.false())
    op, value = condition.op, condition.value
    if field.is_property:
        return values_query(field, op, value, terms) if op in _POSITIVE else None
    by_index = sa.select(Contact.id).where(condition_of(condition, terms))
    match field.name:
        case "tags":
            return _tagged(op, value)
        case "deliverability" if value == PAUSED and op is Op.IS:
            return by_index
        case "deliverability" if value != MAY_BE_MAILED and op is Op.IS:
            return by_index if _few_suppressed(session) else None
        case "email" if op is Op.IS:
            return by_index
        case name if name in _INDEXED and op in _POSITIVE:
            return by_index
    return None


def _tagged(op: Op, value: Value) -> sa.Select[int] | None:
    """Return the query of who has one of the tags, or the first of all that are wanted."""
    if op not in (Op.ANY_OF, Op.ALL_OF) or not isinstance(value, tuple):
        return None
    keys = [name_key(str(one))[:LONGEST_TAG] for one in value]
    meant = sa.select(Tag.id).where(Tag.name_key.in_(keys if op is Op.ANY_OF else keys[:1]))
    return sa.select(ContactTag.contact_id).where(ContactTag.tag_id.in_(meant))


def _few_suppressed(session: Session) -> bool:
    """Tell whether so few addresses are suppressed that their people can be looked up."""
    some = sa.select(Suppression.id).limit(MOST_JUDGED + 1).subquery()
    return (session.scalar(sa.select(sa.func.count()).select_from(some)) or 0) <= MOST_JUDGED
