"""Taking an import back: each change by what was there before it, then whom it has added.

What somebody has done since stays as it is, and is named with its reason.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from nps_portal.contacts.details import CONTACTS_LOCK
from nps_portal.contacts.upserting import ChangeKind
from nps_portal.foundation.database import lock_for_transaction
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.imports.commands import locked
from nps_portal.imports.models import (
    ENDED,
    Import,
    ImportChange,
    ImportSpan,
    ImportState,
    Made,
)
from nps_portal.imports.undo_added import remove_some_added
from nps_portal.imports.undo_makings import remove_some_makings
from nps_portal.imports.undo_people import Undone, take_back
from nps_portal.journal.commands import record

UNDO_CHANGES = 500


class NotUndoable(PortalError):
    """The import is still running, or was undone already."""


class OvertakenUndo(PortalError):
    """Another worker has undone these changes already; nothing was changed here."""


def start_undo(work: Work, import_id: int) -> None:
    """Let the worker take an import back.

    :raises NotUndoable: it has not ended, or is being undone already.
    """
    ended = locked(work, import_id)
    if ended.state not in ENDED:
        raise NotUndoable("Only an import that has ended can be undone, and only once.")
    of_people = ImportChange.kind != ChangeKind.SUPPRESSED
    last, changed = work.session.execute(
        sa.select(sa.func.max(ImportChange.id), sa.func.count().filter(of_people)).where(
            ImportChange.import_id == import_id
        )
    ).one()
    added = work.session.scalar(
        sa.select(sa.func.sum(ImportSpan.last_id - ImportSpan.first_id + 1)).where(
            ImportSpan.import_id == import_id, ImportSpan.made == Made.CONTACT
        )
    )
    ended.state = ImportState.UNDOING
    ended.undo_total, ended.undo_below = changed + (added or 0), (last or 0) + 1
    record(work, "import.undo_started", import_id=import_id)


def undo_some(work: Work, import_id: int) -> int:
    """Take the last changes back that are left, and return how many those were.

    :raises OvertakenUndo: another worker did these; the unit of work must be dropped.
    """
    # Whoever changes many contacts waits for the others, as an import does.
    lock_for_transaction(work.session, CONTACTS_LOCK)
    undone = locked(work, import_id)
    if undone.state is not ImportState.UNDOING:
        raise OvertakenUndo("This import has been undone already.")
    changes = work.session.scalars(
        sa.select(ImportChange)
        .where(
            ImportChange.import_id == import_id,
            ImportChange.id < undone.undo_below,
            ImportChange.left_because == "",
        )
        .order_by(ImportChange.id.desc())
        .limit(UNDO_CHANGES)
    ).all()
    if not changes:
        return remove_some_added(work, undone) or remove_some_makings(work, undone)
    undone.undo_below = changes[-1].id
    _count(undone, take_back(work, changes, undone.source), changes)
    return len(changes)


def finish_undo(work: Work, import_id: int) -> bool:
    """End an Undo whose changes are all done; True when it ended now."""
    done = locked(work, import_id)
    if done.state is not ImportState.UNDOING:
        return False
    done.state, done.undone_at = ImportState.UNDONE, work.now
    record(
        work,
        "import.undone",
        import_id=import_id,
        taken_back=done.taken_back,
        left=done.left_alone,
    )
    return True


def _count(undone: Import, results: Undone, changes: Sequence[ImportChange]) -> None:
    """Count people, and not the suppressions beside them."""
    of_people = [one for one in changes if one.kind is not ChangeKind.SUPPRESSED]
    left = sum(1 for one in of_people if one.id in results.left)
    undone.taken_back += len(of_people) - left
    undone.left_alone += left
