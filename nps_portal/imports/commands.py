"""Writing imports: keep the file, confirm the mapping, bring the rows in chunk by chunk."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from pathlib import PurePath

import sqlalchemy as sa

from nps_portal.contacts.commands import ContactDetails, upsert_contacts
from nps_portal.contacts.models import SuppressionReason
from nps_portal.contacts.suppressions import suppress_all
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.imports.drafts import ContactDraft, Rejection, draft
from nps_portal.imports.mapping import BadMapping, Field, Mapping, guess_mapping
from nps_portal.imports.models import Import, ImportRejection, ImportState
from nps_portal.imports.reading import read_table
from nps_portal.imports.tables import Row, Table
from nps_portal.journal.commands import record

SAMPLE_ROWS = 200
CHUNK_ROWS = 1000
LARGEST_UPLOAD_BYTES = 32_000_000
MOST_KEPT_REJECTIONS = 10_000
UNCONFIRMED_FOR = timedelta(days=1)
ENDED = (ImportState.FINISHED, ImportState.FAILED)


class NotConfirmable(PortalError):
    """The import has been confirmed or has ended already."""


class NothingToImport(PortalError):
    """The file has headers and no rows."""


class OvertakenImport(PortalError):
    """Another worker has brought these rows in already; nothing was changed here."""


@dataclass(frozen=True, kw_only=True)
class ReadUpload:
    """A file that was read to its end, with the mapping that its columns suggest."""

    filename: str
    content: bytes = field(repr=False)
    mapping: Mapping
    rows_total: int


def read_upload(content: bytes, filename: str) -> ReadUpload:
    """Read a file before it is kept: no transaction waits while a large one is read.

    :raises UnreadableFile: it is no table that can be read; the sentence says where.
    :raises NothingToImport: it has no rows, or is too large.
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
    return ReadUpload(
        filename=name,
        content=content,
        mapping=guess_mapping(table.headers, sample),
        rows_total=sum(1 for _ in table.rows()),
    )


def upload(work: Work, read: ReadUpload) -> Import:
    """Keep a file until it is confirmed; no contact is touched yet.

    Files that nobody confirmed within a day are dropped: they hold people's addresses.
    """
    work.session.execute(
        sa.update(Import)
        .where(Import.state == ImportState.UPLOADED, Import.content.is_not(None))
        .where(Import.created_at < work.now - UNCONFIRMED_FOR)
        .values(content=None)
    )
    started = Import(
        filename=read.filename,
        content=read.content,
        size_bytes=len(read.content),
        mapping=stored_mapping(read.mapping),
        state=ImportState.UPLOADED,
        rows_total=read.rows_total,
        created_at=work.now,
        created_by=work.actor.id,
    )
    work.session.add(started)
    work.session.flush()
    record(work, "import.uploaded", import_id=started.id)
    return started


def confirm_import(work: Work, import_id: int, mapping: Mapping) -> None:
    """Let the worker bring the rows in with this mapping.

    :raises NotConfirmable: it was confirmed before, or its file was dropped.
    :raises BadMapping: no column holds the address.
    """
    if Field.EMAIL not in mapping.columns:
        raise BadMapping("Choose the column that holds the email address.")
    found = work.session.scalar(
        sa.update(Import)
        .where(Import.id == import_id, Import.state == ImportState.UPLOADED)
        .where(Import.content.is_not(None))
        .values(state=ImportState.CONFIRMED, mapping=stored_mapping(mapping))
        .returning(Import.id)
    )
    if found is None:
        raise NotConfirmable("This import was started already, or its file was put away.")
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
    moved = work.session.scalar(
        sa.update(Import)
        .where(Import.id == import_id, Import.rows_done == rows_done)
        .where(Import.state.in_([ImportState.CONFIRMED, ImportState.RUNNING]))
        .values(
            state=ImportState.RUNNING,
            rows_done=rows_done + len(rows),
            rejected=Import.rejected + len(rejections),
        )
        .returning(Import.id)
        .execution_options(synchronize_session=False)
    )
    if moved is None:
        raise OvertakenImport("Another worker is importing this file.")
    _keep_rejections(work, running, rejections)
    _bring_in(work, import_id, drafts)


def finish_import(work: Work, import_id: int) -> None:
    """End an import whose rows are all done; one that brought nobody in has failed, and says so.

    A second worker that comes to the end too changes nothing.
    """
    done = _locked(work, import_id)
    if done.state in ENDED:
        return
    done.state = ImportState.FINISHED if done.usable else ImportState.FAILED
    done.reason = "" if done.usable else "No row could be imported; each has its reason."
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
    failed = _locked(work, import_id)
    if failed.state in ENDED:
        return
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


def _locked(work: Work, import_id: int) -> Import:
    return work.session.get_one(Import, import_id, populate_existing=True, with_for_update=True)


def _bring_in(work: Work, import_id: int, drafts: Sequence[ContactDraft]) -> None:
    source = f"import:{import_id}"
    upserted = upsert_contacts(work, [details_of(one) for one in drafts], source=source)
    suppressed = suppress_all(
        work,
        [one.email.key for one in drafts if one.opted_out],
        SuppressionReason.UNSUBSCRIBED,
        source=source,
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
