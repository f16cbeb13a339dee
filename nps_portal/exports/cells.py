"""Cells of exported files: how each kind of value is written, and read back; pure."""

import enum
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

import sqlalchemy as sa

from nps_portal.foundation.csv_files import harmless, unguarded
from nps_portal.foundation.database import FixedPoint, Model, UTCDateTime

__all__ = ["Field", "Kind", "fields_of", "harmless", "joined", "parted", "unguarded"]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How values of one kind become cells, and cells values; reading raises ValueError."""

    write: Callable[[Any], str]
    read: Callable[[str], Any]
    is_number: bool = False


@dataclass(frozen=True, kw_only=True)
class Field:
    """One column of a table that is one column of a file."""

    name: str
    kind: Kind


def _instant(cell: str) -> datetime:
    instant = datetime.fromisoformat(cell)
    if instant.tzinfo is None:
        raise ValueError("an instant without a zone")
    return instant


def _yes(cell: str) -> bool:
    return {"yes": True, "no": False}[cell]


def written_instant(instant: datetime) -> str:
    """Return an instant as ISO 8601 in UTC, as in 2026-11-22T09:30:00Z."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def written_json(value: Any) -> str:
    """Return a value as JSON, the same text for the same value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


TEXT = Kind(write=str, read=str)
INTEGER = Kind(write=str, read=int, is_number=True)
DECIMAL = Kind(write=lambda number: f"{number.normalize():f}", read=Decimal, is_number=True)
INSTANT = Kind(write=written_instant, read=_instant)
DAY = Kind(write=lambda day: day.isoformat(), read=date.fromisoformat)
YES_NO = Kind(write=lambda value: "yes" if value else "no", read=_yes)
JSON = Kind(write=written_json, read=json.loads)


def enum_kind(values: type[enum.Enum]) -> Kind:
    """Return the kind of an enum, written by value."""
    return Kind(write=lambda member: str(member.value), read=values)


def optional(kind: Kind) -> Kind:
    """Return a kind that may be missing; the cell is empty then."""
    return Kind(
        write=lambda value: "" if value is None else kind.write(value),
        read=lambda cell: None if cell == "" else kind.read(cell),
        is_number=kind.is_number,
    )


def fields_of(model: type[Model], *names: str) -> tuple[Field, ...]:
    """Return columns of a model as fields, each of the kind that its type asks for."""
    columns = cast("sa.Table", model.__table__).c
    return tuple(
        Field(name=name, kind=_kind_of(columns[name], is_optional=bool(columns[name].nullable)))
        for name in names
    )


def joined(words: Sequence[str]) -> str:
    """Return words in one cell, parted by semicolons; one within a word has a backslash before."""
    return "; ".join(word.replace("\\", "\\\\").replace(";", "\\;") for word in words)


def parted(cell: str) -> list[str]:
    """Return the words that `joined` has put into a cell."""
    words, word, letters = [], "", iter(cell)
    for letter in letters:
        if letter == "\\":
            word += next(letters, "")
        elif letter == ";":
            words.append(word)
            word = ""
            next(letters, "")
        else:
            word += letter
    return [*words, word] if cell else []


_BY_TYPE: tuple[tuple[type[sa.types.TypeEngine[Any]], Kind], ...] = (
    (UTCDateTime, INSTANT),
    (FixedPoint, DECIMAL),
    (sa.Date, DAY),
    (sa.Boolean, YES_NO),
    (sa.Integer, INTEGER),
    (sa.JSON, JSON),
    (sa.String, TEXT),
)


def _kind_of(column: sa.ColumnElement[Any], *, is_optional: bool) -> Kind:
    if isinstance(column.type, sa.Enum) and column.type.enum_class is not None:
        kind = enum_kind(column.type.enum_class)
    else:
        kind = next(kind for kind_of, kind in _BY_TYPE if isinstance(column.type, kind_of))
    return optional(kind) if is_optional else kind
