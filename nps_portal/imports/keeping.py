"""Mappings as the tables keep them, and which mapping was chosen for such headers before."""

import hashlib
from typing import Any

from sqlalchemy.orm import Session

from nps_portal.contacts.models import PropertyKind
from nps_portal.contacts.properties import Habits, PropertySpec, properties, property_key
from nps_portal.contacts.upserting import UpdateRule
from nps_portal.foundation.database import insert_for
from nps_portal.foundation.work import Work
from nps_portal.imports.mapping import Field, Mapping
from nps_portal.imports.models import ImportMapping
from nps_portal.imports.signs import SIGNS
from nps_portal.imports.vocabulary import comparable


def stored_mapping(mapping: Mapping) -> dict[str, Any]:
    """Return the form of a mapping that a table keeps."""
    return {
        "headers": list(mapping.headers),
        "columns": {field.value: index for field, index in mapping.columns.items()},
        "signs": {str(index): field.value for index, field in mapping.signs.items()},
        "properties": {str(index): _stored(spec) for index, spec in mapping.properties.items()},
        "habits": {
            str(index): {"day_first": one.day_first, "decimal_mark": one.decimal_mark}
            for index, one in mapping.habits.items()
        },
    }


def read_mapping(stored: dict[str, Any]) -> Mapping:
    """Return a mapping from the form that a table keeps."""
    columns = {Field(name): index for name, index in stored["columns"].items()}
    signs = {int(index): Field(name) for index, name in stored.get("signs", {}).items()}
    # Until there could be several, the one column of opt-outs stood among the others.
    signs |= {index: field for field, index in columns.items() if field in SIGNS}
    return Mapping(
        headers=tuple(stored["headers"]),
        columns={field: index for field, index in columns.items() if field not in SIGNS},
        signs=signs,
        properties={
            int(index): PropertySpec(
                name=spec["name"],
                kind=PropertyKind(spec["kind"]),
                choices=tuple(spec["choices"]),
                currency=spec["currency"],
            )
            for index, spec in stored.get("properties", {}).items()
        },
        habits={
            int(index): Habits(day_first=one["day_first"], decimal_mark=one["decimal_mark"])
            for index, one in stored.get("habits", {}).items()
        },
    )


def remember(work: Work, mapping: Mapping, rule: UpdateRule) -> None:
    """Keep a choice, to be proposed for the next file with the same headers."""
    insert = insert_for(work.session)(ImportMapping)
    new = insert.excluded
    work.session.execute(
        insert.on_conflict_do_update(
            index_elements=["fingerprint"],
            set_={"mapping": new.mapping, "rule": new.rule, "changed_at": new.changed_at},
        ),
        [
            {
                "fingerprint": fingerprint(mapping.headers),
                "mapping": stored_mapping(mapping) | {"habits": {}},
                "rule": rule,
                "changed_at": work.now,
            }
        ],
    )


def remembered(session: Session, headers: tuple[str, ...]) -> tuple[Mapping, UpdateRule] | None:
    """Return what was chosen for these headers the last time, or None.

    A property that was deleted since is not made again unasked: its column is left out.
    """
    kept = session.get(ImportMapping, fingerprint(headers))
    if kept is None:
        return None
    mapping = read_mapping(kept.mapping)
    known = {one.name_key for one in properties(session)}
    return (
        Mapping(
            headers=headers,
            columns=mapping.columns,
            signs=mapping.signs,
            properties={
                index: spec
                for index, spec in mapping.properties.items()
                if property_key(spec.name) in known
            },
        ),
        kept.rule,
    )


def known_specs(session: Session) -> list[PropertySpec]:
    """Return the properties as columns may become them, in the owner's order."""
    return [
        PropertySpec(
            name=one.name, kind=one.kind, choices=tuple(one.choices), currency=one.currency
        )
        for one in properties(session)
    ]


def fingerprint(headers: tuple[str, ...]) -> str:
    """Return what stands for a row of headers, whatever their case and punctuation."""
    return hashlib.sha256("\x1f".join(map(comparable, headers)).encode()).hexdigest()


def _stored(spec: PropertySpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "kind": spec.kind.value,
        "choices": list(spec.choices),
        "currency": spec.currency,
    }
