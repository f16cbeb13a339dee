"""Comparing texts without their case, the same on either database.

SQLite folds the case of plain letters only, and PostgreSQL that of the letters its locale knows.
So a text with other letters is looked for by a pattern that names both cases of each.
"""

import re

import sqlalchemy as sa

from nps_portal.segments.fields import Op

_FINAL_SIGMA = "ς"
_ESCAPE = "/"


def spelled(
    column: sa.SQLColumnExpression[str], op: Op, text: str, dialect: str
) -> sa.ColumnElement[bool]:
    """Return the condition that a column of any case is, begins with or contains a text."""
    if text.isascii():
        pattern = _like(op, text)
        if dialect == "sqlite":
            return column.like(pattern, escape=_ESCAPE)
        return column.ilike(pattern, escape=_ESCAPE)
    if dialect == "sqlite":
        # LIKE takes a third of the time; it leaves few whose other letters must be looked at.
        likely = "".join("_" if not one.isascii() else escaped(one) for one in text)
        found = column.op("GLOB", is_comparison=True)(_glob(op, text))
        return sa.and_(column.like(_around(op, likely, "%"), escape=_ESCAPE), found)
    return column.regexp_match(_expression(op, text))


def keyed(column: sa.SQLColumnExpression[str], op: Op, key: str) -> sa.ColumnElement[bool]:
    """Return the condition that a column of folded texts is, begins with or contains a key."""
    return column == key if op is Op.IS else column.like(_like(op, key), escape=_ESCAPE)


def escaped(text: str) -> str:
    """Return a text as a pattern of LIKE that finds itself, with / as its escape."""
    return re.sub(r"([%_/])", r"/\1", text)


def _like(op: Op, text: str) -> str:
    return _around(op, escaped(text), "%")


def _glob(op: Op, text: str) -> str:
    special = {letter: f"[{letter}]" for letter in "*?["}
    return _around(op, "".join(_cases(one, special) for one in text), "*")


def _expression(op: Op, text: str) -> str:
    special = {letter: f"\\{letter}" for letter in r".^$*+?()[]{}|\/-"}
    begin = "" if op is Op.CONTAINS else "^"
    end = "$" if op is Op.IS else ""
    return f"{begin}{''.join(_cases(one, special) for one in text)}{end}"


def _cases(letter: str, special: dict[str, str]) -> str:
    """Return the pattern of a letter in either case."""
    forms = {letter, letter.lower(), letter.upper(), letter.upper().lower()}
    if "σ" in forms:
        forms.add(_FINAL_SIGMA)
    cases = sorted(form for form in forms if len(form) == 1)
    return f"[{''.join(cases)}]" if len(cases) > 1 else special.get(letter, letter)


def _around(op: Op, pattern: str, anything: str) -> str:
    before = anything if op is Op.CONTAINS else ""
    after = "" if op is Op.IS else anything
    return f"{before}{pattern}{after}"
