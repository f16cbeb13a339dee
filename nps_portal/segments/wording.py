"""Rules in plain words, as pages, sends and the command line show them; pure."""

from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_decimal

from nps_portal.segments.fields import Catalogue, Field, Kind, Op
from nps_portal.segments.rules import Condition, Group, Match, Rules, Value

_OF_VALUES = {
    Op.IS: "is",
    Op.IS_NOT: "is not",
    Op.CONTAINS: "contains",
    Op.NOT_CONTAINS: "does not contain",
    Op.BEGINS: "begins with",
    Op.LESS: "is less than",
    Op.GREATER: "is greater than",
    Op.BETWEEN: "is from … to",
    Op.ANY_OF: "include any of",
    Op.ALL_OF: "include all of",
    Op.NONE_OF: "include none of",
    Op.EMPTY: "is empty",
    Op.FILLED: "is filled",
}
_OF_DATES = {
    Op.ON: "on",
    Op.BEFORE: "before",
    Op.AFTER: "after",
    Op.WITHIN: "within the last … days",
    Op.NOT_WITHIN: "not within the last … days",
    Op.AGO: "more than … days ago",
    Op.EMPTY: "never",
    Op.FILLED: "at any time",
}
_INCLUDES_NONE = {
    Op.IS_NOT: "or has none",
    Op.NOT_CONTAINS: "or has none",
    Op.NOT_WITHIN: "or never",
}
_JOINED = {Match.ALL: "and", Match.ANY: "or"}
# Whoever is concerned always has these, so that nobody has none.
_ALWAYS = frozenset({"email", "mail_domain", "answers", "deliverability", "created"})


def op_words(field: Field, op: Op) -> str:
    """Return an operator as a list offers it, saying where those without a value are meant too."""
    words = _plain_op(field, op)
    none = "" if field.name in _ALWAYS else _INCLUDES_NONE.get(op, "")
    return f"{words} ({_none(field, none)})" if none else words


def condition_words(condition: Condition, catalogue: Catalogue) -> str:
    """Return one condition as a sentence without its full stop."""
    field = catalogue.field_named(condition.field)
    if field is None:
        return "A property that has been deleted: nobody fits"
    if condition.is_lost:
        return f"{field.label}: a choice that has been deleted, nobody fits"
    if field.name == "silent":
        return "Asked and not answered since" if condition.value == "yes" else "Not waiting"
    op, value = _plain_op(field, condition.op), condition.value
    if value is None:
        return f"{field.label} {op}"
    shown = _value_words(field, value)
    words = op.replace("…", shown, 1) if "…" in op else f"{op} {shown}"
    if condition.op is Op.BETWEEN and isinstance(value, tuple):
        words = f"is {' to '.join(_number(field, one) for one in value)}"
    if value == 1 and isinstance(value, int):
        words = words.replace("1 days", "1 day" if condition.op is Op.AGO else "day")
        words = words.replace("last day", "last 1 day")
    none = "" if field.name in _ALWAYS else _INCLUDES_NONE.get(condition.op, "")
    return f"{field.label} {words}" + (f" ({_none(field, none)})" if none else "")


def group_words(group: Group, catalogue: Catalogue) -> str:
    """Return a group in words, its conditions joined as they must hold."""
    parts = [condition_words(one, catalogue) for one in group.conditions]
    return f" {_JOINED[group.match]} ".join(_lowered(parts))


def rules_words(rules: Rules, catalogue: Catalogue) -> str:
    """Return all rules in one line, with brackets around groups of several conditions."""
    parts = [group_words(group, catalogue) for group in rules.groups]
    if len(parts) > 1:
        parts = [
            f"({words})" if len(group.conditions) > 1 else words
            for group, words in zip(rules.groups, parts, strict=True)
        ]
    return f" {_JOINED[rules.match]} ".join(_lowered(parts))


def _lowered(parts: list[str]) -> list[str]:
    """Return the parts of a sentence: only its first word begins with a capital letter."""
    return parts[:1] + [f"{one[:1].lower()}{one[1:]}" for one in parts[1:]]


def _plain_op(field: Field, op: Op) -> str:
    if field.kind is Kind.MOMENT or (field.kind is Kind.DAY and field.name == "consent_date"):
        return _OF_DATES[op]
    if field.kind is Kind.DAY and op in _OF_DATES and op not in (Op.EMPTY, Op.FILLED):
        return _OF_DATES[op]
    if field.kind is Kind.TAGS and op in (Op.EMPTY, Op.FILLED):
        return "are none" if op is Op.EMPTY else "are any"
    return _OF_VALUES[op]


def _none(field: Field, words: str) -> str:
    return "or none is known" if field.kind is Kind.DAY else words


def _value_words(field: Field, value: Value) -> str:
    if isinstance(value, date):
        return format_date(value, "d MMM y", locale="en_GB")
    if isinstance(value, Decimal):
        return _number(field, value)
    if isinstance(value, tuple):
        return " or ".join(str(one) for one in value)
    return field.words_of(str(value)) if field.kind is Kind.CHOICE else str(value)


def _number(field: Field, value: Decimal | str) -> str:
    words = format_decimal(value, locale="en_GB", decimal_quantization=False)
    return f"{words} {field.unit}".strip()
