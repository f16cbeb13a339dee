"""What a timeline tells of changes beside their kind: what each field said, before and after."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.queries import user_names
from nps_portal.contacts.changes import PROPERTY, ContactChange, text_of
from nps_portal.contacts.models import Company, Property, Tag
from nps_portal.foundation.languages import LANGUAGES
from nps_portal.foundation.work import ActorKind
from nps_portal.imports.models import ImportChange
from nps_portal.insights.timeline import TimelineEntry, import_id_of, origin_of
from nps_portal.insights.timeline_words import words_of
from nps_portal.journal.models import Event

_EDITED, _ASSIGNED, _MERGED = "contact.edited", "contact.assigned", "contact.merged"
_BY_HAND = (_EDITED, _MERGED, "contact.restored")
_BY_IMPORT = ("contact.updated", "contact.restored")
_JOINED = "contact.joined_company"
_TAGGED = ("contact.tagged", "contact.untagged")
_LABELS = {
    "email": "Address",
    "company_id": "Company",
    "owner_id": "Looked after by",
    "consent_basis": "Ground for asking",
    "consent_on": "Ground since",
}
_ORDER = ("name", "first_name", "email", "company", "decides", "pays", "uses", "language")
# These follow from the change and say nothing by themselves.
_UNTOLD = ("changed_at", "removed_at")
_ENGLISH = {one.code: one.english for one in LANGUAGES}


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is told beside the kinds of events: texts by their ids, and entries without an event."""

    texts: Mapping[int, str]
    entries: Sequence[TimelineEntry]


def told_of(session: Session, events: Sequence[Event], changes: Sequence[ContactChange]) -> Told:
    """Put into words what is known of these events and changes."""
    imported = _imported(session, events)
    names = _Names(session, events, changes, imported)
    groups: dict[tuple[object, ...], list[ContactChange]] = defaultdict(list)
    for change in sorted(changes, key=lambda one: one.id):
        groups[_act(change)].append(change)
    texts: dict[int, str] = {}
    for event in events:
        by_import = imported.get((event.contact_id or 0, import_id_of(event.facts.get("source"))))
        if event.kind in _BY_HAND and _act(event) in groups:
            lines = names.lines(groups.pop(_act(event)))
            said = words_of(_MERGED, {}).text if event.kind == _MERGED else ""
            texts[event.id] = f"{said} {lines}".strip()
        elif event.kind in _BY_IMPORT and by_import is not None:
            texts[event.id] = names.of_import(by_import)
        elif event.kind == _ASSIGNED:
            texts[event.id] = names.assignment(event.facts)
        elif event.kind in _TAGGED:
            texts[event.id] = names.tagged(event.facts)
        elif event.kind == _JOINED:
            texts[event.id] = names.joined(event.facts)
    return Told(
        texts=texts,
        entries=[names.entry(group) for group in groups.values()],
    )


class _Names:
    """The names of what changes and events name by id."""

    def __init__(
        self,
        session: Session,
        events: Sequence[Event],
        changes: Sequence[ContactChange],
        imported: Mapping[Any, ImportChange],
    ) -> None:
        sides = [side or {} for one in imported.values() for side in (one.before, one.after)]
        fields = [side.get("fields", {}) for side in sides]
        of_import = [int(key) for side in sides for key in side.get("properties", {})]
        facts = [event.facts for event in events]
        self._properties = _by_id(
            session, Property, [*(change.property_id for change in changes), *of_import]
        )
        self._companies = _by_id(
            session, Company, [one.get("company_id") for one in (*fields, *facts)]
        )
        self._tags = _by_id(session, Tag, [one for fact in facts for one in fact.get("tags", ())])
        owners = [fact.get(name) for fact in facts for name in ("owner_id", "former_owner_id")]
        owners += [one.get("owner_id") for one in fields]
        owners += [one.actor_id for one in changes if one.actor_kind is ActorKind.USER]
        self._users = user_names(session, sorted({one for one in owners if one}))

    def lines(self, changes: Iterable[ContactChange]) -> str:
        """Return what each field said, and what it says since."""
        return _sentence(
            _line(
                self._label(one.field, one.property_id),
                _shown(one.field, one.former_text),
                _shown(one.field, one.new_text),
            )
            for one in sorted(changes, key=_place)
        )

    def entry(self, changes: Sequence[ContactChange]) -> TimelineEntry:
        """Return changes that no event tells of: choices of a property that were taken away."""
        words, first = words_of(_EDITED, {}), changes[0]
        origin = origin_of(first.actor_kind, first.actor_id, self._users)
        return TimelineEntry(
            icon=words.icon,
            at=first.at,
            title=words.title,
            text=" ".join(filter(None, [self.lines(changes), origin])),
        )

    def of_import(self, change: ImportChange) -> str:
        """Return what an import has changed of a Contact."""
        before, after = change.before or {}, change.after or {}
        told = [
            _line(
                self._label(name, None),
                self._value(name, before.get("fields", {}).get(name)),
                self._value(name, value),
            )
            for name, value in after.get("fields", {}).items()
            if name not in _UNTOLD
        ]
        told += [
            _line(self._label(PROPERTY, int(key)), before.get("properties", {}).get(key), value)
            for key, value in after.get("properties", {}).items()
        ]
        return _sentence(told)

    def assignment(self, facts: Mapping[str, Any]) -> str:
        """Return who looks after somebody, and who did before."""
        now = self._users.get(facts.get("owner_id") or 0, "nobody")
        if "former_owner_id" not in facts:
            return f"{now[:1].upper()}{now[1:]}."
        before = self._users.get(facts.get("former_owner_id") or 0, "nobody")
        return f"{before[:1].upper()}{before[1:]} → {now}."

    def tagged(self, facts: Mapping[str, Any]) -> str:
        """Return which tags, as far as they are still there."""
        names = [self._tags[one] for one in facts.get("tags", ()) if one in self._tags]
        return f"{', '.join(sorted(names))}." if names else ""

    def joined(self, facts: Mapping[str, Any]) -> str:
        """Return which Company the address's domain has told, as far as it is still there."""
        name = self._companies.get(facts.get("company_id") or 0, "")
        return f"{name}, by the address's domain." if name else ""

    def _label(self, field: str, property_id: int | None) -> str:
        if field == PROPERTY:
            return self._properties.get(property_id or 0, "A deleted property")
        return _LABELS.get(field, field.replace("_", " ").capitalize())

    def _value(self, name: str, value: Any) -> str:
        if name == "company_id":
            return self._companies.get(value or 0, "")
        if name == "owner_id":
            return self._users.get(value or 0, "")
        return _shown(name, text_of(value))


def _imported(
    session: Session, events: Sequence[Event]
) -> dict[tuple[int, int | None], ImportChange]:
    """Return what imports have changed, by the Contact and the import of an event."""
    wanted = {
        (event.contact_id, import_id)
        for event in events
        if event.kind in _BY_IMPORT
        and (import_id := import_id_of(event.facts.get("source"))) is not None
    }
    if not wanted:
        return {}
    rows = session.scalars(
        sa.select(ImportChange)
        .where(
            ImportChange.contact_id.in_({contact_id for contact_id, _ in wanted}),
            ImportChange.import_id.in_({import_id for _, import_id in wanted}),
            ImportChange.after.is_not(None),
        )
        .order_by(ImportChange.id)
        .limit(len(events))
    )
    return {(one.contact_id, one.import_id): one for one in rows}


def _by_id(
    session: Session, table: type[Property] | type[Company] | type[Tag], ids: Iterable[Any]
) -> dict[int, str]:
    wanted = sorted({int(one) for one in ids if one})
    if not wanted:
        return {}
    return dict(session.execute(sa.select(table.id, table.name).where(table.id.in_(wanted))).all())


def _place(change: ContactChange) -> int:
    """Return where a field stands among others; properties come last."""
    if change.field == PROPERTY:
        return len(_ORDER) + 1
    return _ORDER.index(change.field) if change.field in _ORDER else len(_ORDER)


def _act(one: ContactChange | Event) -> tuple[object, ...]:
    """Return what tells one act from another; a merge moves changes to another record."""
    return one.at, one.actor_kind, one.actor_id


def _shown(field: str, text: str) -> str:
    if field == "language":
        return _ENGLISH.get(text, text)
    return text.replace("_", " ") if field == "consent_basis" else text


def _line(label: str, former: str | None, new: str | None) -> str:
    return f"{label}: {former or '–'} → {new or '–'}"


def _sentence(parts: Iterable[str]) -> str:
    told = "; ".join(parts)
    return f"{told}." if told else ""
