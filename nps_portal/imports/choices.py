"""Choices that stand only in later rows of a file: a property that an import made learns them."""

from collections.abc import Sequence

import sqlalchemy as sa

from nps_portal.contacts.models import Property, PropertyKind
from nps_portal.contacts.upserting import ContactNews
from nps_portal.contacts.values import key_of
from nps_portal.foundation.work import Work

# With more of them it was no choice, and becomes a text; its values stay as they are.
MOST_CHOICES = 50


def widen_choices(work: Work, source: str, news: Sequence[ContactNews]) -> None:
    """Give the properties that this import made the choices that these rows bring."""
    made = work.session.scalars(
        sa.select(Property)
        .where(Property.source == source, Property.kind == PropertyKind.CHOICE)
        .order_by(Property.id)
        .with_for_update()
    )
    for one in made.all():
        known = {key_of(choice) for choice in one.choices}
        told = [value for row in news if (value := row.values.get(one.id)) is not None]
        new = {value.key: value.text for value in told if value.key not in known}
        if len(known) + len(new) > MOST_CHOICES:
            one.kind, one.choices = PropertyKind.TEXT, []
        elif new:
            one.choices = [*one.choices, *new.values()]
