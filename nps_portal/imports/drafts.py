"""Rows become drafts of Contacts, or rejections that say which line and why."""

import collections.abc
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from nps_portal.contacts.models import ConsentBasis, SuppressionReason
from nps_portal.contacts.tags import BadTag, tags_in
from nps_portal.contacts.upserting import ContactNews
from nps_portal.contacts.values import NO, Value
from nps_portal.foundation.addresses import BadEmail, EmailAddress, parse_email
from nps_portal.foundation.csv_files import unguarded
from nps_portal.imports.cells import (
    consent_basis,
    language_code,
    one_line,
    says_yes,
    zone_name,
)
from nps_portal.imports.mapping import Mapping
from nps_portal.imports.property_cells import DayColumn, PropertyColumn, Unfit, column_key
from nps_portal.imports.signs import Unclear, said_by, says_gone
from nps_portal.imports.tables import Row
from nps_portal.imports.vocabulary import Field

LONGEST_NAME = 200
LONGEST_COMPANY = 200
LONGEST_REJECTED_TEXT = 200

_Told = TypeVar("_Told")
_ROLES = (Field.DECIDES, Field.PAYS, Field.USES)
_NO_ROLES = (None, None, None)
_GONE = "The file says that this person was removed or merged into another one."
_WEIGHTIEST_FIRST = (
    SuppressionReason.COMPLAINT,
    SuppressionReason.UNSUBSCRIBED,
    SuppressionReason.BLOCKED_BY_HAND,
    SuppressionReason.HARD_BOUNCE,
)
# What Google puts between labels, and before those that it makes itself.
_BETWEEN_LABELS = " ::: "
_LABELS_OF_GOOGLE = frozenset(["* mycontacts", "* my contacts", "* starred"])


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactDraft:
    """What one row tells about a person.

    `stop` is why the other system must not write to them: neither may we. `left_out` says which of
    its cells could not be taken, and why.
    """

    line: int
    news: ContactNews
    stop: SuppressionReason | None = None
    left_out: tuple[str, ...] = ()

    @property
    def opted_out(self) -> bool:
        """Tell whether nobody may write to them."""
        return self.stop is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """A row that is not imported, with the reason and the beginning of its text.

    One that is imported all the same lacks the cells that the reason names. `stop` is why nobody
    may write to the address of `email_key`: that the row tells though it is refused.
    """

    line: int
    reason: str
    text: str
    is_imported: bool = False
    email_key: str = ""
    stop: SuppressionReason | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the portal has already that cells may name: users, and properties by column."""

    owners: collections.abc.Mapping[str, int] = field(default_factory=dict)
    properties: collections.abc.Mapping[int, PropertyColumn] = field(default_factory=dict)


class Judge:
    """Reads rows by one mapping; nothing in them is guessed."""

    def __init__(self, mapping: Mapping, known: Known | None = None) -> None:
        columns = mapping.columns
        self._known = known or Known()
        self._email = columns.get(Field.EMAIL)
        self._texts = [
            (columns.get(one), one.words, LONGEST_COMPANY if one is Field.COMPANY else LONGEST_NAME)
            for one in (Field.FIRST_NAME, Field.NAME, Field.LAST_NAME, Field.COMPANY)
        ]
        self._language = columns.get(Field.LANGUAGE)
        self._zone = columns.get(Field.TIME_ZONE)
        self._second_email = columns.get(Field.SECOND_EMAIL)
        self._signs = [(i, one) for i, one in mapping.signs.items() if one is not Field.REMOVED]
        self._gone = [i for i, one in mapping.signs.items() if one is Field.REMOVED]
        self._roles = [columns.get(role) for role in _ROLES]
        self._has_roles = any(column is not None for column in self._roles)
        self._tags = columns.get(Field.TAGS)
        self._owner = columns.get(Field.OWNER)
        self._basis = columns.get(Field.CONSENT_BASIS)
        self._consent_on = columns.get(Field.CONSENT_ON)
        self._days = DayColumn(habits=mapping.habits.get(self._consent_on or 0))
        self._headers = mapping.headers

    def draft(self, row: Row) -> ContactDraft | Rejection:
        """Read one row."""
        if row.fault is not None:
            return rejection(row, row.fault)
        if self._email is None:
            return rejection(row, "No column is chosen for the email address.")
        is_gone = any(says_gone(row.cells[column]) for column in self._gone)
        try:
            email = parse_email(unguarded(self._address(row.cells)))
        except BadEmail as bad:
            return rejection(row, _GONE if is_gone else str(bad))
        left_out: list[str] = []
        # Whoever is out stays out, whatever else keeps the row from coming in.
        stop = self._stop(row.cells, left_out) if self._signs else None
        try:
            if is_gone:
                raise Unfit(_GONE)
            news = self._news(email, row.cells, left_out)
        except Unfit as unfit:
            refused = rejection(row, str(unfit))
            return replace(refused, email_key=email.key, stop=stop) if stop else refused
        return ContactDraft(line=row.line, news=news, stop=stop, left_out=tuple(left_out))

    def _news(
        self, email: EmailAddress, cells: tuple[str, ...], left_out: list[str]
    ) -> ContactNews:
        first_name, name, last_name, company = [
            _text(cells[column], words, longest) if column is not None and cells[column] else ""
            for column, words, longest in self._texts
        ]
        if not name:
            name = _fitting(f"{first_name} {last_name}".strip(), "name", LONGEST_NAME)
        values = self._values(cells, left_out)
        decides, pays, uses = self._role_cells(cells) if self._has_roles else _NO_ROLES
        return ContactNews(
            email=email,
            name=name,
            first_name=first_name,
            company=company,
            language=language_code(cells[self._language]) if self._language is not None else "",
            time_zone=zone_name(cells[self._zone]) if self._zone is not None else "",
            owner_id=self._taken(self._owner, cells, self._owner_of, left_out),
            consent_basis=self._taken(self._basis, cells, _basis_of, left_out),
            consent_on=self._taken(self._consent_on, cells, self._days.read, left_out),
            decides=decides,
            pays=pays,
            uses=uses,
            tags=self._taken(self._tags, cells, _tags_of, left_out) or (),
            values=values,
        )

    def _values(self, cells: tuple[str, ...], left_out: list[str]) -> dict[int, Value]:
        values = {}
        for index, column in self._known.properties.items():
            if cell := cells[index]:
                try:
                    if (value := column.read(unguarded(cell))) is not None:
                        values[column.property_id] = value
                except Unfit as unfit:
                    left_out.append(f"«{self._headers[index]}»: {unfit}")
        return values

    def _address(self, cells: tuple[str, ...]) -> str:
        """Return the cell of the address: where it is blank, that of the second one."""
        cell = cells[self._email or 0]
        if self._second_email is None or cell.strip():
            return cell
        return cells[self._second_email]

    def _stop(self, cells: tuple[str, ...], left_out: list[str]) -> SuppressionReason | None:
        """Return the weightiest reason that any of the columns tells."""
        told = set()
        for column, sign in self._signs:
            if cell := cells[column]:
                try:
                    told.add(said_by(sign, unguarded(cell)))
                except Unclear as unclear:
                    left_out.append(f"«{self._headers[column]}»: {unclear}")
        return next((reason for reason in _WEIGHTIEST_FIRST if reason in told), None)

    def _taken(
        self,
        column: int | None,
        cells: tuple[str, ...],
        read: Callable[[str], _Told],
        left_out: list[str],
    ) -> _Told | None:
        """Return what a cell says; one that cannot be taken is left out, with the reason."""
        if column is None or not (cell := one_line(unguarded(cells[column]))):
            return None
        try:
            return read(cell)
        except (Unfit, BadTag) as unfit:
            left_out.append(f"«{self._headers[column]}»: {unfit}")
            return None

    def _owner_of(self, cell: str) -> int:
        found = self._known.owners.get(column_key(cell))
        if found is None:
            raise Unfit(f"Nobody who runs the portal is called «{cell[:60]}».")
        return found

    def _role_cells(self, cells: tuple[str, ...]) -> list[bool | None]:
        return [None if column is None else _yes_or_no(cells[column]) for column in self._roles]


def draft(row: Row, mapping: Mapping) -> ContactDraft | Rejection:
    """Read one row by a mapping without properties and owners."""
    return Judge(mapping).draft(row)


def rejection(row: Row, reason: str) -> Rejection:
    """Return the refusal of a row."""
    return Rejection(line=row.line, reason=reason, text=beginning_of(row))


def beginning_of(row: Row) -> str:
    """Return the beginning of a row as a page shows it."""
    # Only the beginning is looked at: a broken cell may hold a hundred thousand characters.
    shown = (one_line(cell[:LONGEST_REJECTED_TEXT]) for cell in row.cells)
    text = " | ".join(cell for cell in shown if cell)
    if len(text) > LONGEST_REJECTED_TEXT:
        text = f"{text[: LONGEST_REJECTED_TEXT - 1]}…"
    return text


def _text(cell: str, words: str, longest: int) -> str:
    return _fitting(one_line(unguarded(cell)), words, longest)


def _fitting(text: str, words: str, longest: int) -> str:
    if len(text) > longest:
        raise Unfit(f"The {words} is longer than {longest} characters.")
    return text


def _yes_or_no(cell: str) -> bool | None:
    """Return what a role's cell says; whatever is neither yes nor no says nothing."""
    if says_yes(cell):
        return True
    return False if cell.strip().casefold() in NO else None


def _basis_of(cell: str) -> ConsentBasis:
    found = consent_basis(cell)
    if found is None:
        raise Unfit(f"«{cell[:60]}» is neither consent, contract nor legitimate interest.")
    return found


def _tags_of(cell: str) -> tuple[str, ...]:
    labels = cell.split(_BETWEEN_LABELS)
    if len(labels) == 1 and not cell.startswith("* "):
        if cell.startswith('"') and cell.endswith('"'):
            # Mailchimp puts quotation marks around each.
            cell = cell.replace('"', "")
        # Our own exports write one backslash as two.
        return tuple(tags_in(cell.replace("\\\\", "\\")))
    kept = [one for one in labels if one.casefold() not in _LABELS_OF_GOOGLE]
    return tuple(tags_in("\n".join(one.removeprefix("* ") for one in kept)))
