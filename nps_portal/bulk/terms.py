"""What exactly an act does: read from a form, judged, and put into words.

Only what is listed here can be set for many at once; an address, a source, a standing, a
suppression and the dates of the portal itself cannot.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from nps_portal.accounts.queries import active_users
from nps_portal.bulk.models import BulkKind
from nps_portal.contacts.models import ConsentBasis, Property
from nps_portal.contacts.properties import properties, property_by_id
from nps_portal.contacts.tags import tags_in
from nps_portal.contacts.values import Habits, one_line, parse_value
from nps_portal.contacts.written_dates import NotADay, read_day
from nps_portal.foundation.errors import PortalError

ROLES = {
    "decides": "Decides what is bought",
    "pays": "Pays the invoices",
    "uses": "Uses what is bought",
}
FIELDS = {
    "company": "Company",
    "language": "Language",
    **ROLES,
    "consent_basis": "Ground for asking",
}
LONGEST_COMPANY = 200
_PROPERTY = "property_"
_BROWSER = Habits(decimal_mark=".")


class BadTerms(PortalError):
    """What was to be done cannot be done; nothing was changed."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is done, as the table keeps it, and in words that follow «N people: »."""

    kind: BulkKind
    stored: Mapping[str, Any]
    words: str


def fields_to_set(session: Session) -> list[tuple[str, str]]:
    """Return the fields that can be set for many at once, with their names."""
    own = [(f"{_PROPERTY}{one.id}", one.name) for one in properties(session)]
    return [*FIELDS.items(), *own]


def property_of(session: Session, name: str) -> Property | None:
    """Return the property that a field means."""
    number = name.removeprefix(_PROPERTY)
    if number == name or not number.isascii() or not number.isdigit() or len(number) > 9:
        return None
    return property_by_id(session, int(number))


def read_terms(session: Session, given: Mapping[str, str], languages: Mapping[str, str]) -> Terms:
    """Read what a form asks for; `languages` are those that can be chosen, with their names.

    :raises BadTerms: it is nothing that can be done to many at once, or a value does not fit.
    """
    kind = {one.value: one for one in BulkKind}.get(given.get("kind", ""))
    match kind:
        case BulkKind.TAG | BulkKind.UNTAG:
            return _tags(kind, given.get("tags", ""))
        case BulkKind.ASSIGN:
            return _owner(session, given.get("owner_id", ""))
        case BulkKind.SET_FIELD:
            return _field(session, given, languages)
        case BulkKind.REMOVE:
            return Terms(kind=kind, stored={}, words="remove from your contacts")
        case BulkKind.ERASE:
            return Terms(kind=kind, stored={}, words="erase for good")
    raise BadTerms("Choose what shall be done.")


def _tags(kind: BulkKind, written: str) -> Terms:
    try:
        names = tags_in(written)
    except PortalError as fault:
        raise BadTerms(str(fault)) from fault
    if not names:
        raise BadTerms("Write at least one tag.")
    verb = "add" if kind is BulkKind.TAG else "take away"
    what = "the tag" if len(names) == 1 else "the tags"
    return Terms(kind=kind, stored={"tags": names}, words=f"{verb} {what} {', '.join(names)}")


def _owner(session: Session, written: str) -> Terms:
    if written == "":
        return Terms(
            kind=BulkKind.ASSIGN, stored={"owner_id": None}, words="let nobody look after them"
        )
    found = next((one for one in active_users(session) if str(one.id) == written), None)
    if found is None:
        raise BadTerms("Choose somebody who works here.")
    return Terms(
        kind=BulkKind.ASSIGN,
        stored={"owner_id": found.id},
        words=f"{found.name} looks after them",
    )


def _field(session: Session, given: Mapping[str, str], languages: Mapping[str, str]) -> Terms:
    name, value = given.get("field", ""), one_line(given.get("value", ""))
    if name == "company":
        if len(value) > LONGEST_COMPANY:
            raise BadTerms(f"A company's name has at most {LONGEST_COMPANY} characters.")
        return _set(name, value, value)
    if name == "language":
        if value and value not in languages:
            raise BadTerms("Choose a language from the list.")
        return _set(name, value, languages.get(value, ""))
    if name in ROLES:
        if value not in ("yes", "no"):
            raise BadTerms("Choose yes or no.")
        return _set(name, value, value)
    if name == "consent_basis":
        return _consent(value, one_line(given.get("since", "")))
    one = property_of(session, name)
    if one is None:
        raise BadTerms("This field cannot be set for many at once.")
    try:
        parsed = parse_value(one, value, _BROWSER)
    except PortalError as fault:
        raise BadTerms(str(fault)) from fault
    text = parsed.text if parsed else ""
    return _set(name, text, f"{text} {one.currency}".strip(), one.name)


def _consent(value: str, since: str) -> Terms:
    known = {one.value: one for one in ConsentBasis}
    if value and value not in known:
        raise BadTerms("Choose a ground from the list.")
    if since and not value:
        raise BadTerms("Choose also why they may be written to since then.")
    try:
        day = read_day(since).isoformat() if since else ""
    except NotADay as fault:
        raise BadTerms(str(fault)) from fault
    terms = _set("consent_basis", value, value.replace("_", " ") + (f", {day}" if day else ""))
    return Terms(kind=terms.kind, stored={**terms.stored, "since": day}, words=terms.words)


def _set(field: str, value: str, shown: str, label: str = "") -> Terms:
    name = label or FIELDS[field]
    words = f"set “{name}” to “{shown}”" if value else f"empty “{name}”"
    return Terms(kind=BulkKind.SET_FIELD, stored={"field": field, "value": value}, words=words)


def is_property(field: str) -> bool:
    """Tell whether a field is one of the account's own."""
    return field.startswith(_PROPERTY)


__all__ = [
    "FIELDS",
    "ROLES",
    "BadTerms",
    "Terms",
    "fields_to_set",
    "is_property",
    "property_of",
    "read_terms",
]
