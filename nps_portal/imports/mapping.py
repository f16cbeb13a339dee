"""Which column of a file tells what about a Contact."""

import collections.abc
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from nps_portal.foundation.errors import PortalError
from nps_portal.imports.tables import Row, holds_address
from nps_portal.imports.vocabulary import FIRST_OR_WHOLE_NAME, HEADERS, Field, comparable

__all__ = ["BadMapping", "Field", "Mapping", "guess_mapping"]


class BadMapping(PortalError):
    """The columns chosen by hand contradict each other or lack the email."""


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """The column of each field that the file has; the other columns are not imported."""

    headers: tuple[str, ...]
    columns: collections.abc.Mapping[Field, int]

    @classmethod
    def from_choices(
        cls, headers: Sequence[str], choices: collections.abc.Mapping[int, Field | None]
    ) -> Self:
        """Take what a person chose: a field for each column, or None to leave it out.

        :raises BadMapping: two columns for one field, no email, or a column that is not there.
        """
        columns: dict[Field, int] = {}
        for index, field in sorted(choices.items()):
            if not 0 <= index < len(headers):
                raise BadMapping(f"The file has no column {index + 1}.")
            if field is None:
                continue
            if field in columns:
                raise BadMapping(
                    f"Two columns are chosen for the {field.value.replace('_', ' ')}: "
                    f"«{headers[columns[field]]}» and «{headers[index]}». Choose one of them."
                )
            columns[field] = index
        if Field.EMAIL not in columns:
            raise BadMapping("Choose the column that holds the email address.")
        return cls(headers=tuple(headers), columns=columns)


def guess_mapping(headers: Sequence[str], sample_rows: Sequence[Row]) -> Mapping:
    """Propose a mapping from the headers, and from the cells where the headers are silent.

    The proposal may lack the email: then nothing looks like one, and a person must choose.
    """
    words = [comparable(header) for header in headers]
    rows = [row for row in sample_rows if row.fault is None]
    columns: dict[Field, int] = {}
    email = _email_column(words, rows)
    if email is not None:
        columns[Field.EMAIL] = email
    for field in Field:
        if field is not Field.EMAIL and (found := _columns_named(words, field)):
            columns[field] = found[0]
    _tell_names_apart(columns, words, rows)
    taken = columns.get(Field.EMAIL)
    return Mapping(
        headers=tuple(headers),
        columns={
            field: index
            for field, index in columns.items()
            if field is Field.EMAIL or index != taken
        },
    )


def _columns_named(words: list[str], field: Field) -> list[int]:
    """Return the columns with a header of the field, the likeliest first."""
    return [words.index(word) for word in HEADERS[field] if word in words]


def _email_column(words: list[str], rows: list[Row]) -> int | None:
    named = _columns_named(words, Field.EMAIL)
    shares = [_share_of_addresses(rows, column) for column in range(len(words))]
    for column in named:
        if shares[column] > 0:
            return column
    best = max(range(len(words)), key=shares.__getitem__, default=None)
    if best is not None and shares[best] >= 0.5:
        return best
    return named[0] if named else None


def _share_of_addresses(rows: list[Row], column: int) -> float:
    filled = [row.cells[column] for row in rows if row.cells[column].strip()]
    return sum(map(holds_address, filled)) / len(filled) if filled else 0.0


def _tell_names_apart(columns: dict[Field, int], words: list[str], rows: list[Row]) -> None:
    """Settle headers that mean one thing alone and another beside a second name column."""
    first = columns.get(Field.FIRST_NAME)
    name = columns.get(Field.NAME)
    if first is None or Field.LAST_NAME in columns:
        return
    if name is None:
        if words[first] in FIRST_OR_WHOLE_NAME:
            columns[Field.NAME] = columns.pop(Field.FIRST_NAME)
        return
    # «Vorname; Name» is a first and a family name; «First name; Name» may repeat the first name
    # in the whole one. The cells know.
    both = [row.cells for row in rows if row.cells[first].strip() and row.cells[name].strip()]
    repeated = sum(1 for cells in both if cells[first].strip().casefold() in cells[name].casefold())
    if repeated < len(both) / 2 or (not both and words[first] in ("vorname", "voornaam")):
        columns[Field.LAST_NAME] = columns.pop(Field.NAME)
