"""What the rows of an export name, as ids of the portal that they come into."""

from array import array
from collections.abc import Collection
from dataclasses import dataclass, field

import sqlalchemy as sa

from nps_portal.contacts.models import Contact, PropertyKind
from nps_portal.exports.reader import erased_number
from nps_portal.foundation.addresses import BadEmail, parse_email
from nps_portal.foundation.work import Work


@dataclass(kw_only=True)
class Known:
    """The ids of what has come in so far; of erased people and answers, by their numbers.

    `properties` are in the order of their columns. `reviewed` holds, by the number of an answer,
    the number of its last revision that somebody has looked at.
    """

    users: dict[str, int] = field(default_factory=dict)
    properties: list[tuple[int, PropertyKind]] = field(default_factory=list)
    tags: dict[str, int] = field(default_factory=dict)
    companies: dict[str, int] = field(default_factory=dict)
    surveys: dict[str, int] = field(default_factory=dict)
    questions: dict[tuple[str, int], int] = field(default_factory=dict)
    erased: "array[int]" = field(default_factory=lambda: array("q"))
    responses: "array[int]" = field(default_factory=lambda: array("q"))
    reviewed: dict[int, int] = field(default_factory=dict)

    def user(self, email: str) -> int | None:
        """Return the User of an address; None for none."""
        return self.users[email] if email else None

    def response(self, number: str) -> int:
        """Return the answer of a number.

        :raises IndexError: there is none.
        """
        if int(number) < 1:
            raise IndexError(f"the answer {number}")
        return self.responses[int(number) - 1]

    def people(self, work: Work, names: Collection[str]) -> dict[str, int]:
        """Return the Contacts that are named so, as far as they have come in."""
        found: dict[str, int] = {}
        keys: dict[str, str] = {}
        for name in set(names) - {""}:
            number = erased_number(name)
            if number is None:
                keys[address_key(name)] = name
            elif number <= len(self.erased):
                found[name] = self.erased[number - 1]
        rows = work.session.execute(
            sa.select(Contact.email_key, Contact.id).where(Contact.email_key.in_(keys))
        )
        return found | {keys[key]: contact_id for key, contact_id in rows}


def address_key(email: str) -> str:
    """Return the form in which two spellings of an address are alike."""
    try:
        return parse_email(email).key
    except BadEmail:
        # It was one when it came into the portal that wrote the file.
        return email.casefold()
