"""The builder of a Segment: groups and conditions as a form carries them, row by row.

Fields are named by their places, `g0.match`, `g0.c1.field`, `.op`, `.value` and `.to`; which
button was pressed is `act`. Every act but saving gives the same form back, changed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from nps_portal.segments.fields import OF_DAYS, WITHOUT_VALUE, Catalogue, Field, Kind, Op
from nps_portal.segments.reading import MOST_CONDITIONS, MOST_GROUPS, parse
from nps_portal.segments.rules import BadRules, Match, Rules

_COMMA_DECIMALS = re.compile(r"-?\d+,\d{1,2}", re.ASCII)
_FIRST_FIELD = "category"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One condition as it was written; `fault` says what is wrong with it."""

    field: str = _FIRST_FIELD
    op: str = ""
    value: str = ""
    to: str = ""
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class RowGroup:
    """Conditions that stand together."""

    match: str = Match.ALL.value
    rows: tuple[Row, ...] = (Row(),)


@dataclass(frozen=True, kw_only=True)
class Builder:
    """The whole form; `faults` are those of no single condition."""

    name: str = ""
    match: str = Match.ALL.value
    groups: tuple[RowGroup, ...] = (RowGroup(),)
    faults: tuple[str, ...] = ()

    def rules(self, catalogue: Catalogue) -> Rules:
        """Return what is written as rules.

        :raises BadRules: it cannot be used.
        """
        groups = [
            {
                "match": group.match,
                "conditions": [_condition(row, catalogue) for row in group.rows],
            }
            for group in self.groups
        ]
        return parse({"match": self.match, "groups": groups}, catalogue)

    def with_faults(self, error: BadRules) -> "Builder":
        """Return the form with what is wrong beside each condition."""
        of_rows = {(one.group, one.condition): one.words for one in error.faults}
        groups = tuple(
            replace(
                group,
                rows=tuple(
                    replace(row, fault=of_rows.get((number, place), ""))
                    for place, row in enumerate(group.rows)
                ),
            )
            for number, group in enumerate(self.groups)
        )
        whole = [one.words for one in error.faults if one.condition is None]
        if len(whole) < len(error.faults):
            whole.append("Complete the conditions that are marked below.")
        return replace(self, groups=groups, faults=tuple(dict.fromkeys(whole)))

    def after(self, act: str) -> "Builder":
        """Return the form after a button was pressed that adds or removes something."""
        name, *places = act.split(" ")
        numbers = [int(one) for one in places if one.isascii() and one.isdigit() and len(one) < 4]
        if name == "add-group":
            return replace(self, groups=(*self.groups, RowGroup())[:MOST_GROUPS])
        if not numbers or numbers[0] >= len(self.groups):
            return self
        number, group = numbers[0], self.groups[numbers[0]]
        if name == "add-condition":
            return self._with(number, replace(group, rows=(*group.rows, Row())[:MOST_CONDITIONS]))
        if name == "remove-condition" and len(numbers) == 2:
            kept = tuple(row for place, row in enumerate(group.rows) if place != numbers[1])
            return self._with(number, replace(group, rows=kept))
        return self

    def _with(self, number: int, group: RowGroup) -> "Builder":
        groups = [group if place == number else one for place, one in enumerate(self.groups)]
        left = tuple(one for one in groups if one.rows)
        return replace(self, groups=left or (RowGroup(),))


def written(form: MultiDict[str, str]) -> Builder:
    """Return the form as it was sent; what is beyond the most that fits is left out."""
    groups = []
    for number in range(MOST_GROUPS + 1):
        rows = tuple(
            _row(form, f"g{number}.c{place}")
            for place in range(MOST_CONDITIONS + 1)
            if f"g{number}.c{place}.field" in form
        )
        if rows:
            groups.append(RowGroup(match=form.get(f"g{number}.match", "all"), rows=rows))
    return Builder(
        name=form.get("name", ""),
        match=form.get("match", "all"),
        groups=tuple(groups) or (RowGroup(),),
    )


def builder_of(name: str, stored: Mapping[str, Any]) -> Builder:
    """Return the form that shows stored rules."""
    return Builder(
        name=name,
        match=stored["match"],
        groups=tuple(
            RowGroup(
                match=group["match"],
                rows=tuple(_row_of(one) for one in group["conditions"]),
            )
            for group in stored["groups"]
        ),
    )


@dataclass(frozen=True, kw_only=True)
class RowView:
    """One condition as a page shows it.

    `prefix` is what its fields' names begin with; `value_kind` says how a value is written: text,
    tags, number, span, days, date, choice, or none.
    """

    prefix: str
    row: Row
    field: Field
    op: Op
    value_kind: str
    place: str


def row_views(builder: Builder, catalogue: Catalogue) -> list[list[RowView]]:
    """Return the conditions of each group as a page shows them."""
    return [
        [_view(row, number, place, catalogue) for place, row in enumerate(group.rows)]
        for number, group in enumerate(builder.groups)
    ]


def _view(row: Row, number: int, place: int, catalogue: Catalogue) -> RowView:
    field = catalogue.field_named(row.field) or catalogue.fields[0]
    op = _op_of(row, field)
    return RowView(
        prefix=f"g{number}.c{place}",
        row=replace(row, value=_shown_value(row, field)),
        field=field,
        op=op,
        value_kind=_value_kind(field, op),
        place=f"{number} {place}",
    )


def _shown_value(row: Row, field: Field) -> str:
    """Return the value, of a choice the first one where none is chosen: a page shows it so."""
    values = [one.value for one in field.choices]
    return values[0] if values and row.value not in values else row.value


def _op_of(row: Row, field: Field) -> Op:
    """Return the operator, or the field's first where the field has just been changed."""
    return next((one for one in field.ops if one.value == row.op), field.ops[0])


def _value_kind(field: Field, op: Op) -> str:
    if op in WITHOUT_VALUE:
        return "none"
    if op in OF_DAYS:
        return "days"
    if op is Op.BETWEEN:
        return "span"
    return {Kind.MOMENT: "date", Kind.DAY: "date"}.get(field.kind, field.kind.value)


def _row(form: MultiDict[str, str], prefix: str) -> Row:
    return Row(
        field=form.get(f"{prefix}.field", ""),
        op=form.get(f"{prefix}.op", ""),
        value=form.get(f"{prefix}.value", ""),
        to=form.get(f"{prefix}.to", ""),
    )


def _row_of(stored: Mapping[str, Any]) -> Row:
    value = stored.get("value", "")
    op = Op(stored["op"])
    if op is Op.BETWEEN:
        return Row(field=stored["field"], op=op.value, value=value[0], to=value[1])
    words = ", ".join(value) if isinstance(value, list) else str(value)
    return Row(field=stored["field"], op=op.value, value=words)


def _condition(row: Row, catalogue: Catalogue) -> Any:
    field = catalogue.field_named(row.field)
    if field is None:
        return {"field": row.field}
    op, row = _op_of(row, field), replace(row, value=_shown_value(row, field))
    return {"field": field.name, "op": op.value, "value": _value(row, _value_kind(field, op))}


def _value(row: Row, kind: str) -> str | Sequence[str]:
    if kind == "tags":
        return [one.strip() for one in row.value.split(",") if one.strip()]
    if kind == "span":
        return [_with_point(row.value), _with_point(row.to)]
    return _with_point(row.value) if kind == "number" else row.value


def _with_point(text: str) -> str:
    """Return a number with a decimal point; a comma before three digits could mean either."""
    text = text.replace(" ", "").replace("\u00a0", "").replace("\u202f", "")
    return text.replace(",", ".") if _COMMA_DECIMALS.fullmatch(text) else text
