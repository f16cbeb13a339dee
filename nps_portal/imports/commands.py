"""Writing imports: keep a file's rows, choose what they mean, start, cancel and end."""

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa

from nps_portal.contacts.properties import (
    PropertySpec,
    ensure_properties,
    property_key,
)
from nps_portal.contacts.tags import BadTag, tags_in
from nps_portal.contacts.upserting import UpdateRule
from nps_portal.foundation.bulk import insert_rows
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.imports.keeping import read_mapping, remember, stored_mapping
from nps_portal.imports.mapping import BadMapping, Field, Mapping
from nps_portal.imports.models import (
    Import,
    ImportKind,
    ImportMaking,
    ImportPiece,
    ImportState,
    Made,
)
from nps_portal.imports.pieces import unpacked
from nps_portal.imports.tables import Row
from nps_portal.journal.commands import record

UNCONFIRMED_FOR = timedelta(days=1)
PUT_AWAY = "The file was put away, because somebody was erased meanwhile. Upload it again."
_GOING = (ImportState.CONFIRMED, ImportState.RUNNING)


class NotConfirmable(PortalError):
    """The import has been confirmed or has ended already."""


class NotCancellable(PortalError):
    """The import has ended already."""


class NothingToImport(PortalError):
    """The file has headers and no rows."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What an owner has chosen for a file: its columns, the rule, and tags for everybody in it."""

    mapping: Mapping
    rule: UpdateRule = UpdateRule.FILL
    tags: tuple[str, ...] = field(default=())


def begin_reading(
    work: Work, filename: str, choice: Choice, *, kind: ImportKind = ImportKind.CONTACTS
) -> Import:
    """Begin to keep a file, of which no contact is touched yet.

    Files that nobody confirmed within a day are dropped: they hold people's addresses.
    """
    old = sa.select(Import.id).where(
        Import.state.in_([ImportState.UPLOADED, ImportState.READING]),
        Import.created_at < work.now - UNCONFIRMED_FOR,
    )
    work.session.execute(sa.delete(ImportPiece).where(ImportPiece.import_id.in_(old)))
    started = Import(
        kind=kind,
        filename=filename,
        size_bytes=0,
        mapping=stored_mapping(choice.mapping),
        rule=choice.rule,
        tags=list(choice.tags),
        state=ImportState.READING,
        created_at=work.now,
        created_by=work.actor.id,
    )
    work.session.add(started)
    work.session.flush()
    return started


def keep_pieces(work: Work, import_id: int, pieces: MappingOf[int, tuple[int, bytes]]) -> None:
    """Keep pieces of a file by their numbers, each as its count of rows and packed."""
    insert_rows(
        work.session,
        ImportPiece,
        ("import_id", "number", "rows", "content"),
        [(import_id, number, rows, content) for number, (rows, content) in pieces.items()],
    )


def end_reading(work: Work, import_id: int, *, rows_total: int, size_bytes: int) -> Import:
    """Let a file that is kept whole be looked at and confirmed."""
    read = locked(work, import_id)
    read.rows_total, read.size_bytes, read.state = rows_total, size_bytes, ImportState.UPLOADED
    record(work, "import.uploaded", import_id=import_id)
    return read


def drop_import(work: Work, import_id: int) -> None:
    """Drop a file that could not be read to its end."""
    work.session.execute(sa.delete(ImportPiece).where(ImportPiece.import_id == import_id))
    work.session.execute(sa.delete(Import).where(Import.id == import_id))


def choose(work: Work, import_id: int, choice: Choice) -> None:
    """Keep what was chosen, to be looked at before it is confirmed.

    :raises NotConfirmable: it was confirmed before, or its file was dropped.
    :raises BadMapping: no column holds the address, or a tag is too long.
    """
    _write_choice(_open(work, import_id), choice)


def confirm_import(work: Work, import_id: int, choice: Choice) -> None:
    """Let the worker bring the rows in as chosen; properties are made now.

    :raises NotConfirmable: it was confirmed before, or its file was dropped.
    :raises BadMapping: no column holds the address, or a tag is too long.
    :raises TooManyProperties: there are as many as the portal takes.
    """
    opened = _open(work, import_id)
    mapping = choice.mapping.with_habits(first_rows(work, import_id))
    _write_choice(opened, choice)
    property_ids = _make_properties(work, opened, mapping.properties)
    opened.mapping = stored_mapping(mapping) | {"property_ids": property_ids}
    opened.state = ImportState.CONFIRMED
    remember(work, mapping, choice.rule)
    record(work, "import.confirmed", import_id=import_id)


def first_rows(work: Work, import_id: int) -> list[Row]:
    """Return the rows of the first piece."""
    content = work.session.scalar(
        sa.select(ImportPiece.content)
        .where(ImportPiece.import_id == import_id)
        .order_by(ImportPiece.number)
        .limit(1)
    )
    return unpacked(content) if content else []


def cancel_import(work: Work, import_id: int) -> None:
    """Stop an import; what has come in stays, and can be undone.

    :raises NotCancellable: it has ended already.
    """
    going = locked(work, import_id)
    if going.state not in _GOING:
        raise NotCancellable("This import has ended already; nothing was changed.")
    going.state, going.finished_at = ImportState.CANCELLED, work.now
    going.reason = "It was cancelled. What had come in until then stays."
    drop_pieces(work, import_id)
    record(work, "import.cancelled", import_id=import_id)


def finish_import(work: Work, import_id: int) -> bool:
    """End an import of which nothing is left to do; one that brought nobody in has failed.

    So has one whose file was put away: else it would wait for its rows, and others for it.
    True when it ended now: a second worker that comes to the end too changes nothing.
    """
    done = locked(work, import_id)
    is_whole = done.rows_done >= done.rows_total
    if done.state not in _GOING or not (is_whole or _is_put_away(work, done)):
        return False
    done.state = ImportState.FINISHED if is_whole and done.usable else ImportState.FAILED
    if not is_whole:
        done.reason = PUT_AWAY
    else:
        done.reason = "" if done.usable else "No row could be imported; each has its reason."
    done.finished_at = work.now
    drop_pieces(work, import_id)
    record(
        work,
        "contacts.imported",
        import_id=import_id,
        added=done.added,
        updated=done.updated,
        rejected=done.rejected,
    )
    return True


def _is_put_away(work: Work, kept: Import) -> bool:
    """Tell whether the piece that comes next is not there any more."""
    coming = sa.select(ImportPiece.number).where(
        ImportPiece.import_id == kept.id, ImportPiece.number == kept.pieces_done
    )
    return work.session.scalar(coming) is None


def drop_pieces(work: Work, import_id: int) -> None:
    """Drop what is left of a file; the database uses the room again."""
    work.session.execute(sa.delete(ImportPiece).where(ImportPiece.import_id == import_id))


def locked(work: Work, import_id: int) -> Import:
    """Return an import as it is now; until the end of this work nobody else changes it."""
    return work.session.get_one(Import, import_id, populate_existing=True, with_for_update=True)


def choice_of(kept: Import) -> Choice:
    """Return what was chosen for an import, or proposed as long as nobody has."""
    return Choice(mapping=read_mapping(kept.mapping), rule=kept.rule, tags=tuple(kept.tags))


def read_tags(written: str) -> tuple[str, ...]:
    """Return the tags that a field lists.

    :raises BadMapping: one is too long.
    """
    try:
        return tuple(tags_in(written))
    except BadTag as fault:
        raise BadMapping(str(fault)) from fault


def _open(work: Work, import_id: int) -> Import:
    opened = locked(work, import_id)
    if opened.state is not ImportState.UPLOADED or not first_rows(work, import_id):
        raise NotConfirmable("This import was started already, or its file was put away.")
    return opened


def _write_choice(opened: Import, choice: Choice) -> None:
    if Field.EMAIL not in choice.mapping.columns:
        raise BadMapping("Choose the column that holds the email address.")
    opened.mapping = stored_mapping(choice.mapping)
    opened.rule = choice.rule
    opened.tags = list(choice.tags)


def _make_properties(
    work: Work, opened: Import, specs: MappingOf[int, PropertySpec]
) -> dict[str, int]:
    """Make the properties that are missing and return all ids, by column."""
    found = ensure_properties(work, list(specs.values()), source=opened.source) if specs else {}
    keep_makings(
        work,
        opened.id,
        Made.PROPERTY,
        [str(one.id) for one in found.values() if one.source == opened.source],
    )
    return {str(index): found[property_key(spec.name)].id for index, spec in specs.items()}


def keep_makings(work: Work, import_id: int, made: Made, keys: Sequence[str]) -> None:
    """Write down what an import made on its way, so that an Undo can take it away."""
    insert_rows(
        work.session,
        ImportMaking,
        ("import_id", "made", "key"),
        [(import_id, made, key) for key in keys],
    )
