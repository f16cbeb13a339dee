"""A table of an export: its columns, and its rows in a stream."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nps_portal.exports.cells import Field, Kind
from nps_portal.exports.reader import Reader


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a file; those of numbers are numbers in a workbook."""

    name: str
    is_number: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """One file of an export; `columns` may depend on the account, by its own properties."""

    name: str
    words: str
    columns: Callable[[Reader], Sequence[Column]]
    rows: Callable[[Reader], Iterator[Sequence[str]]]


def columns_of(fields: Sequence[Field], *more: str) -> list[Column]:
    """Return the columns of fields and, after them, further ones of text."""
    known = [Column(name=one.name, is_number=one.kind.is_number) for one in fields]
    return [*known, *(Column(name=name) for name in more)]


def cells_of(fields: Sequence[Field], row: Any) -> list[str]:
    """Return the cells of a row that has an attribute for each field."""
    return [one.kind.write(getattr(row, one.name)) for one in fields]


def values_of(fields: Sequence[Field], cells: dict[str, str]) -> list[Any]:
    """Return the values that the cells of a file hold for each field.

    :raises ValueError: a cell cannot be one.
    """
    return [_read(one.kind, one.name, cells[one.name]) for one in fields]


def _read(kind: Kind, name: str, cell: str) -> Any:
    try:
        return kind.read(cell)
    except (ValueError, KeyError, ArithmeticError) as fault:
        raise ValueError(f"«{cell[:40]}» cannot be the {name}") from fault
