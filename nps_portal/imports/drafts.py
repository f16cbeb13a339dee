"""Rows become drafts of Contacts, or rejections that say which line and why."""

from dataclasses import dataclass

from nps_portal.foundation.addresses import BadEmail, EmailAddress, parse_email
from nps_portal.imports.cells import (
    language_code,
    one_line,
    says_opted_out,
    unguarded,
    zone_name,
)
from nps_portal.imports.mapping import Mapping
from nps_portal.imports.tables import Row
from nps_portal.imports.vocabulary import Field

LONGEST_NAME = 200
LONGEST_COMPANY = 200
LONGEST_REJECTED_TEXT = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactDraft:
    """What one row tells about a person; a text that is not told is empty.

    `opted_out` means that the other system must not write to them: neither may we.
    """

    line: int
    email: EmailAddress
    name: str
    first_name: str
    company: str
    language: str
    time_zone: str
    opted_out: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """A row that is not imported, with the reason and the beginning of its text."""

    line: int
    reason: str
    text: str


class _Unfit(Exception):
    """A cell cannot be kept; the message says why."""


def draft(row: Row, mapping: Mapping) -> ContactDraft | Rejection:
    """Read the row by the mapping; nothing in it is guessed."""
    if row.fault is not None:
        return _rejection(row, row.fault)
    if Field.EMAIL not in mapping.columns:
        return _rejection(row, "No column is chosen for the email address.")
    try:
        return _contact(row, mapping)
    except (BadEmail, _Unfit) as unfit:
        return _rejection(row, str(unfit))


def _contact(row: Row, mapping: Mapping) -> ContactDraft:
    told = {field: row.cells[column] for field, column in mapping.columns.items()}
    email = parse_email(unguarded(told[Field.EMAIL]))
    first_name = _text(told, Field.FIRST_NAME, LONGEST_NAME)
    name = _text(told, Field.NAME, LONGEST_NAME)
    if not name:
        last_name = _text(told, Field.LAST_NAME, LONGEST_NAME)
        name = _fitting(f"{first_name} {last_name}".strip(), Field.NAME, LONGEST_NAME)
    return ContactDraft(
        line=row.line,
        email=email,
        name=name,
        first_name=first_name,
        company=_text(told, Field.COMPANY, LONGEST_COMPANY),
        language=language_code(told.get(Field.LANGUAGE, "")),
        time_zone=zone_name(told.get(Field.TIME_ZONE, "")),
        opted_out=says_opted_out(told.get(Field.OPTED_OUT, "")),
    )


def _text(told: dict[Field, str], field: Field, longest: int) -> str:
    cell = told.get(field)
    return _fitting(one_line(unguarded(cell)), field, longest) if cell else ""


def _fitting(text: str, field: Field, longest: int) -> str:
    if len(text) > longest:
        what = field.value.replace("_", " ")
        raise _Unfit(f"The {what} is longer than {longest} characters.")
    return text


def _rejection(row: Row, reason: str) -> Rejection:
    # Only the beginning is looked at: a broken cell may hold a hundred thousand characters.
    shown = (one_line(cell[:LONGEST_REJECTED_TEXT]) for cell in row.cells)
    text = " | ".join(cell for cell in shown if cell)
    if len(text) > LONGEST_REJECTED_TEXT:
        text = f"{text[: LONGEST_REJECTED_TEXT - 1]}…"
    return Rejection(line=row.line, reason=reason, text=text)
