"""Writing imports: keep the file, confirm the mapping, bring the rows in chunk by chunk."""

from collections.abc import Sequence
from itertools import islice
from pathlib import PurePath

import sqlalchemy as sa

from nps_portal.contacts.commands import ContactDetails, suppress_all, upsert_contacts
from nps_portal.contacts.models import SuppressionReason
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.imports.drafts import ContactDraft, Rejection, draft
from nps_portal.imports.mapping import Field, Mapping, guess_mapping
from nps_portal.imports.models import Import, ImportRejection, ImportState
from nps_portal.imports.reading import read_table
from nps_portal.imports.tables import Row, Table
from nps_portal.journal.commands import record

SAMPLE_ROWS = 200
CHUNK_ROWS = 1000
LARGEST_UPLOAD_BYTES = 32_000_000
MOST_KEPT_REJECTIONS = 10_000


class NotConfirmable(PortalError):
    """The import has been confirmed or has ended already."""


class NothingToImport(PortalError):
    """The file has headers and no rows."""


class OvertakenImport(PortalError):
    """Another worker has brought these rows in already; nothing was changed here."""


def upload(work: Work, content: bytes, filename: str) -> Import:
    """Keep an uploaded file and propose a mapping; no contact is touched yet.

    :raises UnreadableFile: it is no table that can be read; the sentence says where.
    :raises NothingToImport: it has no rows.
    """
    if len(content) > LARGEST_UPLOAD_BYTES:
        raise NothingToImport(
            f"The file is larger than {LARGEST_UPLOAD_BYTES // 1_000_000} MB: cut it in pieces."
        )
    name = PurePath(filename.replace("\\", "/")).name[:200] or "contacts"
    table = read_table(content, name)
    sample = list(islice(table.rows(), SAMPLE_ROWS))
    if not sample:
        raise NothingToImport("The file has no rows below its headers.")
    started = Import(
        filename=name,
        content=content,
        size_bytes=len(content),
        mapping=stored_mapping(guess_mapping(table.headers, sample)),
        state=ImportState.UPLOADED,
        rows_total=sum(1 for _ in table.rows()),
        created_at=work.now,
        created_by=work.actor.id,
    )
    work.session.add(started)
    work.session.flush()
    record(work, "import.uploaded", import_id=started.id)
    return started


def confirm_import(work: Work, import_id: int, mapping: Mapping) -> None:
    """Let the worker bring the rows in with this mapping.

    :raises NotConfirmable: it was confirmed before.
    :raises BadMapping: no column holds the address.
    """
    found = work.session.execute(
        sa.update(Import)
        .where(Import.id == import_id, Import.state == ImportState.UPLOADED)
        .values(state=ImportState.CONFIRMED, mapping=stored_mapping(mapping))
    )
    if not found.rowcount:
        raise NotConfirmable("This import has been started already.")
    record(work, "import.confirmed", import_id=import_id)


def import_rows(work: Work, import_id: int, rows: Sequence[Row], rows_done: int) -> None:
    """Bring one chunk in: `rows_done` rows were done before it.

    :raises OvertakenImport: another worker did this chunk; the unit of work must be dropped.
    """
    running = work.session.get_one(Import, import_id)
    mapping = mapping_of(running)
    judged = [draft(row, mapping) for row in rows]
    drafts = [one for one in judged if isinstance(one, ContactDraft)]
    rejections = [one for one in judged if isinstance(one, Rejection)]
    moved = work.session.execute(
        sa.update(Import)
        .where(Import.id == import_id, Import.rows_done == rows_done)
        .where(Import.state.in_([ImportState.CONFIRMED, ImportState.RUNNING]))
        .values(
            state=ImportState.RUNNING,
            rows_done=rows_done + len(rows),
            rejected=Import.rejected + len(rejections),
        )
        .execution_options(synchronize_session=False)
    )
    if not moved.rowcount:
        raise OvertakenImport("Another worker is importing this file.")
    _keep_rejections(work, running, rejections)
    _bring_in(work, import_id, drafts)


def finish_import(work: Work, import_id: int) -> None:
    """End an import whose rows are all done; one that brought nobody in has failed, and says so."""
    done = work.session.get_one(Import, import_id, populate_existing=True)
    usable = done.added + done.updated + done.unchanged
    done.state = ImportState.FINISHED if usable else ImportState.FAILED
    done.reason = "" if usable else "No row could be imported; the reasons stand below."
    done.finished_at = work.now
    done.content = None
    record(
        work,
        "contacts.imported",
        import_id=import_id,
        added=done.added,
        updated=done.updated,
        rejected=done.rejected,
    )


def fail_import(work: Work, import_id: int, reason: str) -> None:
    """End an import that cannot go on; what it has brought in stays."""
    failed = work.session.get_one(Import, import_id)
    failed.state, failed.reason, failed.finished_at = ImportState.FAILED, reason[:500], work.now
    failed.content = None
    record(work, "import.failed", import_id=import_id)


def table_of(kept: Import) -> Table:
    """Read a kept file again.

    :raises UnreadableFile: it cannot be read.
    """
    return read_table(kept.content or b"", kept.filename)


def stored_mapping(mapping: Mapping) -> dict[str, object]:
    """Return the form of a mapping that the table keeps."""
    return {
        "headers": list(mapping.headers),
        "columns": {field.value: index for field, index in mapping.columns.items()},
    }


def mapping_of(kept: Import) -> Mapping:
    """Return the mapping that an import was given."""
    return Mapping(
        headers=tuple(kept.mapping["headers"]),
        columns={Field(name): index for name, index in kept.mapping["columns"].items()},
    )


def details_of(one: ContactDraft) -> ContactDetails:
    """Return what a row says about a Contact, as the contacts' commands take it."""
    return ContactDetails(
        email=one.email,
        name=one.name,
        first_name=one.first_name,
        company=one.company,
        language=one.language,
        time_zone=one.time_zone,
    )


def _bring_in(work: Work, import_id: int, drafts: Sequence[ContactDraft]) -> None:
    upserted = upsert_contacts(work, [details_of(one) for one in drafts], source="import")
    suppressed = suppress_all(
        work,
        [one.email.key for one in drafts if one.opted_out],
        SuppressionReason.UNSUBSCRIBED,
        source="import",
    )
    work.session.execute(
        sa.update(Import)
        .where(Import.id == import_id)
        .values(
            added=Import.added + len(upserted.added),
            updated=Import.updated + len(upserted.updated),
            unchanged=Import.unchanged + upserted.unchanged,
            suppressed=Import.suppressed + suppressed,
        )
        .execution_options(synchronize_session=False)
    )


def _keep_rejections(work: Work, running: Import, rejections: Sequence[Rejection]) -> None:
    room = max(0, MOST_KEPT_REJECTIONS - running.rejected)
    if rejections[:room]:
        work.session.execute(
            sa.insert(ImportRejection),
            [
                {
                    "import_id": running.id,
                    "line": one.line,
                    "reason": one.reason[:300],
                    "text": one.text[:300],
                }
                for one in rejections[:room]
            ],
        )
