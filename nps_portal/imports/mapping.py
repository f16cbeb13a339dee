"""Which column of a file tells what about a Contact."""

import collections.abc
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from nps_portal.contacts.properties import Habits, PropertySpec, habits_of, property_key
from nps_portal.foundation.errors import PortalError
from nps_portal.imports.tables import Row, holds_address
from nps_portal.imports.vocabulary import FIRST_OR_WHOLE_NAME, HEADERS, Field, comparable

__all__ = ["BadMapping", "Field", "Mapping", "guess_mapping"]


class BadMapping(PortalError):
    """The columns chosen by hand contradict each other or lack the email."""


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """What the columns of a file tell; those that are neither here nor there are not imported.

    `columns` has the column of each field, `properties` what a column's property is to be, and
    `habits` how such a column writes numbers and days.
    """

    headers: tuple[str, ...]
    columns: collections.abc.Mapping[Field, int]
    properties: collections.abc.Mapping[int, PropertySpec] = dataclasses.field(default_factory=dict)
    habits: collections.abc.Mapping[int, Habits] = dataclasses.field(default_factory=dict)

    @classmethod
    def from_choices(
        cls,
        headers: Sequence[str],
        choices: collections.abc.Mapping[int, Field | PropertySpec | None],
    ) -> Self:
        """Take what a person chose: a field or property for each column, or None to leave it out.

        :raises BadMapping: two columns for one thing, no email, or a column that is not there.
        """
        columns: dict[Field, int] = {}
        properties: dict[int, PropertySpec] = {}
        takers: dict[str, int] = {}
        for index, choice in sorted(choices.items()):
            if not 0 <= index < len(headers):
                raise BadMapping(f"The file has no column {index + 1}.")
            if choice is None:
                continue
            what = choice.words if isinstance(choice, Field) else f"property «{choice.name}»"
            if (other := takers.setdefault(property_key(what), index)) != index:
                raise BadMapping(
                    f"Two columns are chosen for the {what}: "
                    f"«{headers[other]}» and «{headers[index]}». Choose one of them."
                )
            if isinstance(choice, Field):
                columns[choice] = index
            else:
                properties[index] = choice
        if Field.EMAIL not in columns:
            raise BadMapping("Choose the column that holds the email address.")
        return cls(headers=tuple(headers), columns=columns, properties=properties)

    def choice_of(self, index: int) -> Field | PropertySpec | None:
        """Return what a column becomes; None when it is not imported."""
        for field, column in self.columns.items():
            if column == index:
                return field
        return self.properties.get(index)

    def with_habits(self, rows: Sequence[Row]) -> Self:
        """Return the mapping with what these rows tell of the ways their columns are written."""
        sound = [row.cells for row in rows if row.fault is None]
        return dataclasses.replace(
            self,
            habits={
                index: habits_of([cells[index] for cells in sound])
                for index in self.written_columns()
            },
        )

    def written_columns(self) -> list[int]:
        """Return the columns with numbers or days that may be written in different ways."""
        dated = [self.columns[Field.CONSENT_ON]] if Field.CONSENT_ON in self.columns else []
        return sorted({*dated, *self.properties})


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
    taken: set[int] = set()
    for field in sorted(columns, key=list(Field).index):
        # One column tells one thing; the email comes first.
        if columns[field] in taken:
            del columns[field]
        else:
            taken.add(columns[field])
    return Mapping(headers=tuple(headers), columns=columns)


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
