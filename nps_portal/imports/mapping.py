"""Which column of a file tells what about a Contact."""

import collections.abc
import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from nps_portal.contacts.properties import (
    LONGEST_NAME,
    Habits,
    PropertySpec,
    guess_kind,
    habits_of,
    property_key,
)
from nps_portal.foundation.csv_files import unguarded
from nps_portal.foundation.errors import PortalError
from nps_portal.imports.signs import SIGNS, Unclear, said_by, sign_of
from nps_portal.imports.tables import Row, holds_address
from nps_portal.imports.vocabulary import (
    FIRST_OR_WHOLE_NAME,
    HEADERS,
    Field,
    comparable,
    squeezed,
)

__all__ = ["BadMapping", "Field", "Mapping", "guess_mapping"]


# What the contacts of our own exports have beside the owner, who is a user here.
_OURS = frozenset(["owner", "mergedinto", "suppressedbecause", "suppressedat"])
# Behind it stand the properties.
_LAST_OF_OURS = "suppressedat"
# A subscription may also be one that is paid for.
_STATUSES = frozenset(
    [
        *("status", "state", "contactstatus", "etat", "estado", "stato"),
        *("subscriptionstatus", "subscriptionstate"),
    ]
)
_OF_MAIL = re.compile(
    r"subscribed|\bbounced\b|\bcleaned\b|block ?listed|opted (out|in)|complained|abgemeldet"
    r"|desabonne"
)


class BadMapping(PortalError):
    """The columns chosen by hand contradict each other or lack the email."""


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """What the columns of a file tell; those that are neither here nor there are not imported.

    `columns` has the column of each field, `signs` those that tell who must not be mailed or is
    gone, of which there may be several, `properties` what a column's property is to be, and
    `habits` how such a column writes numbers and days.
    """

    headers: tuple[str, ...]
    columns: collections.abc.Mapping[Field, int]
    signs: collections.abc.Mapping[int, Field] = dataclasses.field(default_factory=dict)
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
        signs: dict[int, Field] = {}
        properties: dict[int, PropertySpec] = {}
        takers: dict[str, int] = {}
        for index, choice in sorted(choices.items()):
            if not 0 <= index < len(headers):
                raise BadMapping(f"The file has no column {index + 1}.")
            if choice is None:
                continue
            if isinstance(choice, Field) and choice in SIGNS:
                signs[index] = choice
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
        return cls(headers=tuple(headers), columns=columns, signs=signs, properties=properties)

    def choice_of(self, index: int) -> Field | PropertySpec | None:
        """Return what a column becomes; None when it is not imported."""
        for field, column in self.columns.items():
            if column == index:
                return field
        return self.signs.get(index) or self.properties.get(index)

    def left_out(self) -> list[str]:
        """Return the headers of the columns that are not imported."""
        return [
            header for index, header in enumerate(self.headers) if self.choice_of(index) is None
        ]

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


def guess_mapping(
    headers: Sequence[str], sample_rows: Sequence[Row], known: Sequence[PropertySpec] = ()
) -> Mapping:
    """Propose a mapping from the headers, and from the cells where the headers are silent.

    A column that is called like a `known` property becomes it. The proposal may lack the email:
    then nothing looks like one, and a person must choose.
    """
    words = [squeezed(header) for header in headers]
    rows = [row for row in sample_rows if row.fault is None]
    is_ours = set(words) >= _OURS
    columns = _columns(words, rows, is_ours=is_ours)
    free = [place for place in range(len(words)) if place not in columns.values()]
    signs = {place: sign for place in free if (sign := _sign(headers[place], place, rows))}
    left = {place: property_name(headers[place]) for place in free if place not in signs}
    by_name = {property_key(one.name): one for one in known}
    properties = {
        place: by_name[property_key(name)]
        for place, name in left.items()
        if property_key(name) in by_name
    }
    if is_ours:
        own = words.index(_LAST_OF_OURS)
        for place, name in left.items():
            if place > own and place not in properties:
                cells = [unguarded(row.cells[place]) for row in rows]
                properties[place] = guess_kind(name, cells)
    return Mapping(headers=tuple(headers), columns=columns, signs=signs, properties=properties)


def property_name(header: str) -> str:
    """Return how the property of a column is called: without what our own exports put before it."""
    return unguarded(header).removeprefix("property: ")[:LONGEST_NAME]


def _columns(words: list[str], rows: list[Row], *, is_ours: bool) -> dict[Field, int]:
    """Return the column of each field, none of which tells two of them."""
    emails = _email_columns(words, rows)
    columns = dict(zip((Field.EMAIL, Field.SECOND_EMAIL), emails, strict=False))
    for field in Field:
        if field in HEADERS and field is not Field.EMAIL:
            columns |= dict(zip([field], _columns_named(words, field), strict=False))
    if is_ours:
        columns[Field.OWNER] = words.index("owner")
    else:
        _tell_names_apart(columns, words, rows)
    taken: dict[int, Field] = {}
    for field in sorted(columns, key=list(Field).index):
        # The email comes first.
        taken.setdefault(columns[field], field)
    return {field: place for place, field in taken.items()}


def _columns_named(words: list[str], field: Field) -> list[int]:
    """Return the columns with a header of the field, the likeliest first."""
    places = [words.index(word) for word in HEADERS[field] if word in words]
    return list(dict.fromkeys(places))


def _email_columns(words: list[str], rows: list[Row]) -> list[int]:
    """Return the column of addresses, and the one to look into where a row has none there."""
    named = _columns_named(words, Field.EMAIL)
    shares = [_share_of_addresses(rows, column) for column in range(len(words))]
    if holding := [column for column in named if shares[column] > 0]:
        return holding[:2]
    best = max(range(len(words)), key=shares.__getitem__, default=None)
    if best is not None and shares[best] >= 0.5:
        return [best]
    return named[:1]


def _sign(header: str, place: int, rows: list[Row]) -> Field | None:
    """Return what a column is a sign of, if its cells do not speak against it."""
    cells = {row.cells[place] for row in rows} - {""}
    found = sign_of(header)
    if found is None:
        # «Status» may be anything; of mail it speaks where its words do.
        says_so = squeezed(header) in _STATUSES and any(
            map(_OF_MAIL.search, map(comparable, cells))
        )
        return Field.OPTED_OUT if says_so else None
    if found is Field.OPTED_OUT:
        # Whoever is out must not come in for what others wrote there: the report tells of those.
        return found
    unclear = sum(1 for cell in cells if found is not Field.REMOVED and not _is_clear(found, cell))
    return found if 2 * unclear <= len(cells) else None


def _is_clear(sign: Field, cell: str) -> bool:
    try:
        said_by(sign, cell)
    except Unclear:
        return False
    return True


def _share_of_addresses(rows: list[Row], column: int) -> float:
    filled = [row.cells[column] for row in rows if row.cells[column].strip()]
    return sum(map(holds_address, filled)) / len(filled) if filled else 0.0


def _tell_names_apart(columns: dict[Field, int], words: list[str], rows: list[Row]) -> None:
    """Settle headers that mean one thing alone and another beside a second name column."""
    if "poattentionto" in words and Field.NAME in columns:
        # Xero's contact is the firm, and the person stands beside it.
        columns[Field.COMPANY] = columns.pop(Field.NAME)
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
