"""Keeping what a merge decides: the gaps that it fills, and what gives way."""

from collections.abc import Mapping

from nps_portal.contacts.changes import between, note_changes, of_properties, texts_of
from nps_portal.contacts.models import Contact
from nps_portal.contacts.properties import values_of
from nps_portal.contacts.values import value_of
from nps_portal.foundation.work import Work

# Both addresses stay known.
_BOTH_STAY = "email"


def note_merge(work: Work, keep: Contact, drop: Contact, former: Mapping[str, str]) -> None:
    """Keep what the kept Contact said before, and what of the dropped one has given way to it.

    Call it once gaps are filled, and before anything has moved.
    """
    work.session.flush()
    work.session.expire(keep, ["company"])
    kept, dropped = texts_of(keep), texts_of(drop)
    lost = {
        name: text
        for name, text in dropped.items()
        # A role that the dropped one lacks is none that gives way.
        if name != _BOTH_STAY and text not in ("", "no")
    }
    held = values_of(work.session, [keep.id, drop.id])
    winning = {
        property_id: value_of(value.text)
        for property_id, value in held[keep.id].items()
        if property_id in held[drop.id]
    }
    note_changes(
        work,
        [
            *between(keep.id, former, kept),
            *between(drop.id, lost, kept),
            *of_properties(drop.id, held[drop.id], winning),
        ],
    )
