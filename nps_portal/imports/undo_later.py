"""What other imports have changed after the one that is undone: theirs stays, and forgets it.

What a later import keeps as the state before it is then the state before the undone one, so that
taking both back, in whichever order, leaves what was there before either.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from nps_portal.foundation.bulk import among
from nps_portal.foundation.work import Work
from nps_portal.imports.models import ImportChange


@dataclass(frozen=True, kw_only=True)
class Heir:
    """The first change after the undone one that has replaced the same thing."""

    change: ImportChange

    def inherit(self, section: str, key: str, ours: Any, former: Any) -> bool:
        """Take over what was there before us; False when something came between."""
        before = deepcopy(self.change.before or {})
        if before[section][key] != ours:
            return False
        before[section][key] = former
        # A new object: the change within the old one would not be seen.
        self.change.before = before
        return True


@dataclass(frozen=True, kw_only=True)
class LaterChanges:
    """Changes of other imports that are not undone, by contact, the first of them first."""

    by_contact: Mapping[int, Sequence[ImportChange]]

    def of(self, change: ImportChange, section: str, key: str) -> Heir | None:
        """Return who has replaced what this change wrote, or None when nobody has."""
        for other in self._after(change):
            if key in (other.before or {}).get(section, {}):
                return Heir(change=other)
        return None

    def suppression_after(self, change: ImportChange) -> ImportChange | None:
        """Return the change that found the suppression that this one has brought."""
        ours = (change.after or {})["suppression"]
        for other in self._after(change):
            if (other.before or {}).get("suppression") == ours:
                return other
        return None

    def gives_tag(self, change: ImportChange, tag: int) -> bool:
        """Tell whether a later import has given a tag that had been taken off again."""
        return any(tag in (one.after or {}).get("tags", []) for one in self._after(change))

    def _after(self, change: ImportChange) -> list[ImportChange]:
        found = self.by_contact.get(change.contact_id, ())
        return [one for one in found if one.id > change.id and one.import_id != change.import_id]


def later_changes(work: Work, changes: Sequence[ImportChange]) -> LaterChanges:
    """Return what later imports have done to the contacts of these changes."""
    by_contact: dict[int, list[ImportChange]] = {}
    rows = work.session.scalars(
        sa.select(ImportChange)
        .where(
            among(work.session, ImportChange.contact_id, {one.contact_id for one in changes}),
            ImportChange.import_id != changes[0].import_id,
            ImportChange.id > changes[-1].id,
            ImportChange.left_because == "",
        )
        .order_by(ImportChange.id)
    )
    for one in rows:
        by_contact.setdefault(one.contact_id, []).append(one)
    return LaterChanges(by_contact=by_contact)
