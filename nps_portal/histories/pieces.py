"""The pieces of a file of past answers: claiming each, bringing it in, ending and stopping."""

from collections.abc import Sequence

import sqlalchemy as sa

from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.histories.bringing import OF_ERASED, Brought, bring_answers
from nps_portal.histories.judging import PastAnswer, Rejection
from nps_portal.histories.models import History
from nps_portal.imports.commands import drop_pieces, locked
from nps_portal.imports.models import ENDED, Import, ImportKind, ImportPiece, ImportState
from nps_portal.imports.refusals import Refusal, keep_refusals
from nps_portal.imports.tables import Row
from nps_portal.journal.commands import record

_GOING = (ImportState.CONFIRMED, ImportState.RUNNING)


class OvertakenHistory(PortalError):
    """Another worker has brought these answers in already, or somebody takes the file back."""


def bring_piece(
    work: Work,
    import_id: int,
    number: int,
    layout: str,
    judged: Sequence[tuple[Row, PastAnswer | Rejection]],
) -> None:
    """Bring one piece of a file in.

    :raises OvertakenHistory: another worker did this piece; the unit of work must be dropped.
    """
    history_id = _claimed(work, import_id, number, len(judged))
    answers = [one for _, one in judged if isinstance(one, PastAnswer)]
    brought = bring_answers(work, history_id, layout, answers)
    rows = {row.line: row for row, _ in judged}
    refused = [one for _, one in judged if isinstance(one, Rejection)]
    refusals = [*refused, *brought.rejections]
    keep_refusals(
        work,
        import_id,
        [
            # What an erased person has said is not kept for the report either.
            Refusal(
                row=Row(one.line, ()) if one.reason == OF_ERASED else rows[one.line],
                reason=one.reason,
                is_imported=False,
            )
            for one in refusals
        ],
    )
    _count(work, import_id, history_id, brought, len(refusals))
    work.session.execute(
        sa.delete(ImportPiece).where(
            ImportPiece.import_id == import_id, ImportPiece.number == number
        )
    )


def finish_history(work: Work, import_id: int) -> bool:
    """End a file whose rows are all done; True when it ended now."""
    done = locked(work, import_id)
    if done.state not in _GOING or done.rows_done < done.rows_total:
        return False
    done.state = ImportState.FINISHED if done.usable else ImportState.FAILED
    done.reason = "" if done.usable else "No row of this file is an answer; each has its reason."
    done.finished_at = work.now
    record(
        work,
        "history.imported",
        history_id=int(done.mapping["history_id"]),
        added=done.added,
        rejected=done.rejected,
    )
    return True


def stop_history(work: Work, history_id: int) -> None:
    """Let no further row of a file come in."""
    going = work.session.scalars(
        sa.select(Import)
        .where(Import.kind == ImportKind.RESPONSES, Import.state.in_(_GOING))
        .order_by(Import.id)
        .with_for_update()
    )
    for one in going:
        if int(one.mapping["history_id"]) == history_id:
            one.state, one.finished_at = ImportState.CANCELLED, work.now
            drop_pieces(work, one.id)


def begin_undo(work: Work, history_id: int) -> bool:
    """Let the worker take a file back; False where nothing is kept that it could go by."""
    stop_history(work, history_id)
    kept = _of_history(work, history_id, *ENDED)
    if kept is not None:
        kept.state = ImportState.UNDOING
    return kept is not None


def end_undo(work: Work, history_id: int) -> None:
    """Write down that a file was taken back."""
    kept = _of_history(work, history_id, *ENDED, ImportState.UNDOING)
    if kept is not None:
        kept.state, kept.undone_at = ImportState.UNDONE, work.now


def _of_history(work: Work, history_id: int, *states: ImportState) -> Import | None:
    found = work.session.scalars(
        sa.select(Import)
        .where(Import.kind == ImportKind.RESPONSES, Import.state.in_(states))
        .order_by(Import.id)
        .with_for_update()
    )
    return next((one for one in found if int(one.mapping["history_id"]) == history_id), None)


def _claimed(work: Work, import_id: int, number: int, rows: int) -> int:
    """Return which History the piece belongs to."""
    moved = work.session.execute(
        sa.update(Import)
        .where(Import.id == import_id, Import.pieces_done == number, Import.state.in_(_GOING))
        .values(
            state=ImportState.RUNNING,
            pieces_done=number + 1,
            rows_done=Import.rows_done + rows,
        )
        .execution_options(synchronize_session=False)
    )
    if not moved.rowcount:  # type: ignore[attr-defined]  # an update has one
        raise OvertakenHistory("Another worker is bringing these answers in.")
    return int(locked(work, import_id).mapping["history_id"])


def _count(work: Work, import_id: int, history_id: int, brought: Brought, rejected: int) -> None:
    for counted in (
        sa.update(History)
        .where(History.id == history_id)
        .values(
            added=History.added + brought.added,
            known=History.known + brought.known,
            rejected=History.rejected + rejected,
        ),
        sa.update(Import)
        .where(Import.id == import_id)
        .values(
            added=Import.added + brought.added,
            unchanged=Import.unchanged + brought.known,
            rejected=Import.rejected + rejected,
        ),
    ):
        work.session.execute(counted.execution_options(synchronize_session=False))
