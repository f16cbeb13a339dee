"""The table of what contacts said before somebody changed them by hand."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from nps_portal.contacts.changes import ContactChange
from nps_portal.contacts.models import Contact, Property
from nps_portal.exports.cells import fields_of
from nps_portal.exports.reader import Reader
from nps_portal.exports.table import Table, cells_of, columns_of
from nps_portal.foundation.work import ActorKind

CHANGE = fields_of(ContactChange, "at", "actor_kind", "field", "former_text", "new_text")


def _change_rows(reader: Reader) -> Iterator[Sequence[str]]:
    query = (
        sa.select(
            ContactChange.id,
            ContactChange.contact_id,
            ContactChange.actor_id,
            *(getattr(ContactChange, one.name) for one in CHANGE),
            Property.name.label("property"),
            Contact.email,
            Contact.erased_at,
        )
        .join(Contact, Contact.id == ContactChange.contact_id)
        .outerjoin(Property, Property.id == ContactChange.property_id)
    )
    for page in reader.pages(query, ContactChange.id):
        for row in page:
            is_user = row.actor_kind is ActorKind.USER
            yield (
                reader.person(row.contact_id, row.email, row.erased_at),
                row.property or "",
                *cells_of(CHANGE, row),
                reader.user(row.actor_id) if is_user else "",
            )


CHANGES = Table(
    name="changes",
    words="What contacts said before",
    columns=lambda reader: [
        *columns_of((), "contact", "property"),
        *columns_of(CHANGE, "actor"),
    ],
    rows=_change_rows,
)
