"""What a Segment can be asked for: the fields of a Contact, their kinds, and what fits each; pure.

A property of the owner's own is the field `property:7`, by its id, so that it may be renamed.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field

from nps_portal.contacts.models import (
    ConsentBasis,
    PropertyKind,
    SuppressionReason,
    Trend,
)
from nps_portal.foundation.languages import LANGUAGES
from nps_portal.nps import Category

PROPERTY = "property:"


class Kind(enum.Enum):
    """What a field holds; a moment is an instant, a day has no time."""

    TEXT = "text"
    NUMBER = "number"
    MOMENT = "moment"
    DAY = "day"
    CHOICE = "choice"
    TAGS = "tags"


class Op(enum.Enum):
    """How a field is compared.

    What is not so includes those without a value; `within` counts days up to today.
    """

    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    BEGINS = "begins"
    LESS = "less"
    GREATER = "greater"
    BETWEEN = "between"
    ON = "on"
    BEFORE = "before"
    AFTER = "after"
    WITHIN = "within"
    NOT_WITHIN = "not_within"
    AGO = "ago"
    ANY_OF = "any_of"
    ALL_OF = "all_of"
    NONE_OF = "none_of"
    EMPTY = "empty"
    FILLED = "filled"


WITHOUT_VALUE = (Op.EMPTY, Op.FILLED)
OF_DAYS = (Op.WITHIN, Op.NOT_WITHIN, Op.AGO)
_MAYBE = (Op.EMPTY, Op.FILLED)
_TEXT = (Op.IS, Op.IS_NOT, Op.CONTAINS, Op.NOT_CONTAINS, Op.BEGINS)
_NUMBER = (Op.IS, Op.IS_NOT, Op.LESS, Op.GREATER, Op.BETWEEN)
_DATE = (Op.WITHIN, Op.NOT_WITHIN, Op.AGO, Op.BEFORE, Op.AFTER, Op.ON)
_CHOICE = (Op.IS, Op.IS_NOT)
OPS = {
    Kind.TEXT: _TEXT,
    Kind.NUMBER: _NUMBER,
    Kind.MOMENT: _DATE,
    Kind.DAY: _DATE,
    Kind.CHOICE: _CHOICE,
    Kind.TAGS: (Op.ANY_OF, Op.ALL_OF, Op.NONE_OF),
}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One value of a choice, as it is stored and in words."""

    value: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Field:
    """One thing about a Contact that can be compared.

    `theme` is the heading under which it stands; `unit` follows its numbers. `property_kind` is
    that of an owner's own property.
    """

    name: str
    label: str
    theme: str
    kind: Kind
    ops: tuple[Op, ...]
    choices: tuple[Choice, ...] = ()
    unit: str = ""
    property_kind: PropertyKind | None = None

    @property
    def is_property(self) -> bool:
        """Tell whether it is a property that an owner has added."""
        return self.name.startswith(PROPERTY)

    @property
    def property_id(self) -> int:
        """Return the id of the property that it is."""
        return int(self.name.removeprefix(PROPERTY))

    def words_of(self, value: str) -> str:
        """Return a choice in words; one that is no longer there stays as it was stored."""
        return next((one.words for one in self.choices if one.value == value), value)


@dataclass(frozen=True, kw_only=True)
class KnownProperty:
    """A property of the owner's own, as far as a Segment needs it."""

    property_id: int
    name: str
    kind: PropertyKind
    choices: tuple[str, ...] = ()
    currency: str = ""


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All fields of one account: those that every portal has, and its own properties."""

    properties: Sequence[KnownProperty] = ()
    users: Sequence[Choice] = ()
    currency: str = ""
    fields: tuple[Field, ...] = field(init=False)

    def __post_init__(self) -> None:
        own = tuple(_property_field(one) for one in self.properties)
        object.__setattr__(self, "fields", _fields(tuple(self.users), self.currency) + own)

    @property
    def by_theme(self) -> dict[str, list[Field]]:
        """Return the fields under the heading of each, in the order in which they are offered."""
        found: dict[str, list[Field]] = {}
        for one in self.fields:
            found.setdefault(one.theme, []).append(one)
        return found

    def field_named(self, name: str) -> Field | None:
        """Return the field of this name, or None when there is none, or none any more."""
        return next((one for one in self.fields if one.name == name), None)


SUPPRESSED = "suppressed"
MAY_BE_MAILED = "may_be_mailed"
PAUSED = "paused"
DELIVERABILITY = (
    Choice(value=MAY_BE_MAILED, words="may be mailed"),
    Choice(value=PAUSED, words="has asked for a pause"),
    Choice(value=SUPPRESSED, words="must not be mailed, whatever the reason"),
    *(Choice(value=reason.value, words=reason.words) for reason in SuppressionReason),
)
ROLES = tuple(Choice(value=role, words=role) for role in ("decides", "pays", "uses"))
YES_NO = (Choice(value="yes", words="yes"), Choice(value="no", words="no"))
_CATEGORIES = tuple(Choice(value=one.value, words=one.value) for one in reversed(Category))
_TRENDS = tuple(Choice(value=one.value, words=one.value.replace("_", " ")) for one in Trend)
_BASES = tuple(Choice(value=one.value, words=one.value.replace("_", " ")) for one in ConsentBasis)
_LANGUAGES = tuple(Choice(value=one.code, words=one.english) for one in LANGUAGES)


def _field(
    theme: str,
    name: str,
    label: str,
    kind: Kind,
    choices: tuple[Choice, ...] = (),
    more: tuple[Op, ...] = (),
    unit: str = "",
) -> Field:
    ops = OPS[kind] + more
    return Field(
        name=name, label=label, theme=theme, kind=kind, ops=ops, choices=choices, unit=unit
    )


def _fields(users: tuple[Choice, ...], currency: str) -> tuple[Field, ...]:
    person, company, answers, sending = "Person", "Company", "Answers", "Sending"
    return (
        _field(answers, "category", "Category", Kind.CHOICE, _CATEGORIES, _MAYBE),
        _field(answers, "last_score", "Last score", Kind.NUMBER, more=_MAYBE),
        _field(answers, "trend", "Trend", Kind.CHOICE, _TRENDS, _MAYBE),
        _field(answers, "last_answered", "Last answered", Kind.MOMENT, more=_MAYBE),
        _field(answers, "answers", "Number of answers", Kind.NUMBER),
        _field(sending, "last_asked", "Last asked", Kind.MOMENT, more=_MAYBE),
        Field(
            name="silent",
            label="Asked and not answered since",
            theme=sending,
            kind=Kind.CHOICE,
            ops=(Op.IS,),
            choices=YES_NO,
        ),
        _field(sending, "deliverability", "Email", Kind.CHOICE, DELIVERABILITY),
        _field(company, "company", "Company", Kind.TEXT, more=_MAYBE),
        _field(company, "company_revenue", "Revenue", Kind.NUMBER, more=_MAYBE, unit=currency),
        _field(company, "company_domain", "Domain of the company", Kind.TEXT, more=_MAYBE),
        _field(person, "tags", "Tags", Kind.TAGS, more=_MAYBE),
        _field(person, "role", "Role", Kind.CHOICE, ROLES, _MAYBE),
        _field(person, "name", "Name", Kind.TEXT, more=_MAYBE),
        _field(person, "email", "Email address", Kind.TEXT),
        _field(person, "mail_domain", "Domain of the address", Kind.TEXT),
        _field(person, "language", "Language", Kind.CHOICE, _LANGUAGES, _MAYBE),
        _field(person, "time_zone", "Time zone", Kind.TEXT, more=_MAYBE),
        _field(person, "owner", "Looked after by", Kind.CHOICE, users, _MAYBE),
        _field(person, "source", "Came by", Kind.TEXT, more=_MAYBE),
        _field(person, "created", "Added", Kind.MOMENT),
        _field(person, "consent_basis", "Ground for asking", Kind.CHOICE, _BASES, _MAYBE),
        _field(person, "consent_date", "Date of the ground", Kind.DAY, more=_MAYBE),
    )


_KINDS = {
    PropertyKind.TEXT: Kind.TEXT,
    PropertyKind.NUMBER: Kind.NUMBER,
    PropertyKind.MONEY: Kind.NUMBER,
    PropertyKind.DATE: Kind.DAY,
    PropertyKind.YES_NO: Kind.CHOICE,
    PropertyKind.CHOICE: Kind.CHOICE,
}


def _property_field(known: KnownProperty) -> Field:
    kind = _KINDS[known.kind]
    choices = tuple(Choice(value=one, words=one) for one in known.choices)
    return Field(
        name=f"{PROPERTY}{known.property_id}",
        label=known.name,
        theme="Your own properties",
        kind=kind,
        ops=OPS[kind] + _MAYBE,
        choices=YES_NO if known.kind is PropertyKind.YES_NO else choices,
        unit=known.currency,
        property_kind=known.kind,
    )
