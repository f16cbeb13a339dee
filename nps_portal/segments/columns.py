"""Conditions on the columns of Contact and of what hangs on it, each with its contrary."""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from nps_portal.contacts.companies import name_key
from nps_portal.contacts.models import (
    Company,
    CompanyDomain,
    Contact,
    ContactTag,
    Suppression,
    SuppressionReason,
    Tag,
)
from nps_portal.foundation.addresses import BadEmail, parse_email
from nps_portal.foundation.languages import LANGUAGES
from nps_portal.nps import SCORES
from nps_portal.nps import category as category_of
from nps_portal.segments.fields import MAY_BE_MAILED, PAUSED, SUPPRESSED, Op
from nps_portal.segments.rules import Value
from nps_portal.segments.spelling import escaped, keyed, spelled

# What stands in lists of customers for a language that has another code today.
_OTHER_CODES = {"nb": ("no", "nn"), "he": ("iw",)}


@dataclass(frozen=True, kw_only=True)
class Both:
    """Who fits and who does not; whoever has no value does not fit. Neither is ever unknown."""

    fits: sa.ColumnElement[bool]
    fits_not: sa.ColumnElement[bool]


def plain(fits: sa.ColumnElement[bool]) -> Both:
    """Return both of a condition that is never unknown."""
    return Both(fits=fits, fits_not=sa.not_(fits))


def nullable(column: sa.SQLColumnExpression[Any], fits: sa.ColumnElement[bool]) -> Both:
    """Return both of a condition on a column that may have no value."""
    return Both(fits=fits, fits_not=sa.or_(column.is_(None), sa.not_(fits)))


class Lookup(enum.Enum):
    """How rows of another table are found: all who fit as a list, or those of each Contact."""

    LIST = "list"
    EACH = "each"


def listed(
    column: sa.SQLColumnExpression[Any],
    other: sa.SQLColumnExpression[Any],
    conditions: Sequence[sa.ColumnElement[bool]],
    lookup: Lookup,
) -> Both:
    """Return both of the condition that another table has a row for a Contact."""
    if lookup is Lookup.LIST:
        among = sa.select(other).where(*conditions)
        outside = sa.or_(column.is_(None), column.not_in(among))
        return Both(fits=column.in_(among), fits_not=outside)
    there = sa.select(sa.literal(1)).where(other == column, *conditions).correlate(Contact).exists()
    return Both(fits=there, fits_not=~there)


def between(column: Any, since: object | None, until: object | None) -> sa.ColumnElement[bool]:
    """Return the condition that a value is in a half-open span."""
    parts = []
    if since is not None:
        parts.append(column >= since)
    if until is not None:
        parts.append(column < until)
    return sa.and_(*parts)


def category(op: Op, value: str) -> Both:
    """Return both of: the last score is in a category, or there is one."""
    score = Contact.last_score
    if op is Op.FILLED:
        return nullable(score, score.is_not(None))
    among = [one for one in SCORES if category_of(one).value == value]
    return nullable(score, score.between(among[0], among[-1]))


def silent(value: str) -> Both:
    """Return both of: they were asked and have not answered since."""
    answered = Contact.last_answered_at
    waits = sa.and_(
        Contact.last_asked_at.is_not(None),
        sa.or_(answered.is_(None), answered < Contact.last_asked_at),
    )
    both = nullable(Contact.last_asked_at, waits)
    return both if value == "yes" else Both(fits=both.fits_not, fits_not=both.fits)


def deliverability(value: str, now: datetime, lookup: Lookup) -> Both:
    """Return both of: they may be mailed now, or may not for a reason."""
    until = Contact.paused_until
    paused = nullable(until, until > now)
    reasons = [] if value in (MAY_BE_MAILED, SUPPRESSED) else [Suppression.reason == _reason(value)]
    if value == PAUSED:
        return paused
    suppressed = listed(Contact.email_key, Suppression.email_key, reasons, lookup)
    if value != MAY_BE_MAILED:
        return suppressed
    return Both(
        fits=sa.and_(suppressed.fits_not, paused.fits_not),
        fits_not=sa.or_(suppressed.fits, paused.fits),
    )


def _reason(value: str) -> SuppressionReason | None:
    return next((one for one in SuppressionReason if one.value == value), None)


def company(op: Op, text: str, lookup: Lookup) -> Both:
    """Return both of: they have a company, or one of a name."""
    if op is Op.FILLED:
        return nullable(Contact.company_id, Contact.company_id.is_not(None))
    named = [keyed(Company.name_key, op, name_key(text))]
    return listed(Contact.company_id, Company.id, named, lookup)


def of_company(condition: Callable[[Any], sa.ColumnElement[bool]], lookup: Lookup) -> Both:
    """Return both of a condition on the company's revenue."""
    return listed(Contact.company_id, Company.id, [condition(Company.revenue)], lookup)


def company_domain(op: Op, text: str, lookup: Lookup) -> Both:
    """Return both of: the company has a domain, or a certain one."""
    owns = CompanyDomain.company_id
    if op is Op.FILLED:
        return listed(Contact.company_id, owns, [], lookup)
    key = _domain_key(text) if op is Op.IS else text.casefold()
    return listed(Contact.company_id, owns, [keyed(CompanyDomain.domain, op, key)], lookup)


def tags(op: Op, value: Value, lookup: Lookup) -> Both:
    """Return both of: they have a tag, one of these, or all of these."""
    if op is Op.FILLED:
        return listed(Contact.id, ContactTag.contact_id, [], lookup)
    keys = [name_key(str(one))[:80] for one in value] if isinstance(value, tuple) else []
    if op is Op.ANY_OF:
        return _tagged(keys, lookup)
    every = [_tagged([key], lookup) for key in keys]
    return Both(
        fits=sa.and_(*(one.fits for one in every)),
        fits_not=sa.or_(*(one.fits_not for one in every)),
    )


def _tagged(keys: Sequence[str], lookup: Lookup) -> Both:
    meant = sa.select(Tag.id).where(Tag.name_key.in_(keys))
    return listed(Contact.id, ContactTag.contact_id, [ContactTag.tag_id.in_(meant)], lookup)


def role(op: Op, value: str) -> Both:
    """Return both of: they have a role, or a certain one."""
    roles = {"decides": Contact.decides, "pays": Contact.pays, "uses": Contact.uses}
    return plain(sa.or_(*roles.values()) if op is Op.FILLED else sa.and_(roles[value]))


def email(op: Op, text: str) -> Both:
    """Return both of a condition on the address."""
    key = text.casefold()
    if op is Op.IS:
        try:
            key = parse_email(text).key
        except BadEmail:
            # What is no address is nobody's.
            return plain(sa.false())
    return plain(keyed(Contact.email_key, op, key))


def mail_domain(op: Op, text: str) -> Both:
    """Return both of a condition on what stands behind the @ of the address."""
    key = escaped(_domain_key(text) if op is Op.IS else text.casefold().removeprefix("@"))
    pattern = {Op.IS: f"%@{key}", Op.BEGINS: f"%@{key}%"}.get(op, f"%@%{key}%")
    return plain(Contact.email_key.like(pattern, escape="/"))


def language(op: Op, code: str, dialect: str) -> Both:
    """Return both of: they have a language, or read a certain one, whatever the country."""
    column = Contact.language
    if op is Op.FILLED:
        return plain(column != "")
    of_its_own = [one.code for one in LANGUAGES if one.code.startswith(f"{code}-")]
    found = sa.or_(
        *(
            sa.or_(
                spelled(column, Op.IS, one, dialect), spelled(column, Op.BEGINS, f"{one}-", dialect)
            )
            for one in (code, *_OTHER_CODES.get(code, ()))
        )
    )
    others = [sa.not_(spelled(column, Op.BEGINS, one, dialect)) for one in of_its_own]
    return plain(sa.and_(found, *others))


def _domain_key(text: str) -> str:
    """Return a domain as it stands in an address that is compared."""
    try:
        return parse_email(f"x@{text.removeprefix('@')}").key.rpartition("@")[2]
    except BadEmail:
        return text.casefold()
