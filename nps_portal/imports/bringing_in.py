"""Bringing rows in: a piece is judged before its unit of work, and written within it."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.models import User
from nps_portal.contacts.models import Contact, Property, Suppression, SuppressionReason
from nps_portal.contacts.properties import Habits
from nps_portal.contacts.suppressions import suppress_all
from nps_portal.contacts.upserting import Change, ChangeKind, Upserted, bring_in
from nps_portal.foundation.bulk import insert_rows
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.imports.commands import keep_makings
from nps_portal.imports.drafts import ContactDraft, Judge, Known, Rejection, beginning_of
from nps_portal.imports.keeping import read_mapping
from nps_portal.imports.models import (
    Import,
    ImportChange,
    ImportPiece,
    ImportRejection,
    ImportState,
    Made,
)
from nps_portal.imports.property_cells import PropertyColumn, column_key
from nps_portal.imports.tables import Row

CELL_END = "\x1f"
LONGEST_KEPT_CELL = 2_000
LONGEST_KEPT_ROW = 20_000


class OvertakenImport(PortalError):
    """Another worker has brought these rows in already, or somebody has cancelled the import."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A row for the report: why, and its cells as they stood; one that came in lacks a cell."""

    row: Row
    reason: str
    is_imported: bool


@dataclass(frozen=True, kw_only=True)
class JudgedPiece:
    """The rows of one piece as they would come in."""

    number: int
    rows: int
    drafts: Sequence[ContactDraft]
    refusals: Sequence[Refusal]


def judge_of(session: Session, kept: Import) -> Judge:
    """Return who reads the rows of an import: its mapping, and what cells may name."""
    mapping = read_mapping(kept.mapping)
    ids = {int(index): one for index, one in kept.mapping.get("property_ids", {}).items()}
    known = {
        one.id: one
        for one in session.scalars(sa.select(Property).where(Property.id.in_(ids.values())))
    }
    columns = {
        index: PropertyColumn(
            property_id=property_id,
            spec=known[property_id],
            habits=mapping.habits.get(index, Habits()),
        )
        for index, property_id in ids.items()
        # One that was deleted meanwhile is left out.
        if property_id in known
    }
    return Judge(mapping, Known(owners=owners(session), properties=columns))


def owners(session: Session) -> dict[str, int]:
    """Return the users by what a cell may call them: the address, or a name nobody shares."""
    names: dict[str, set[int]] = {}
    addresses: dict[str, int] = {}
    for user_id, email_key, name in session.execute(sa.select(User.id, User.email_key, User.name)):
        addresses[column_key(email_key)] = user_id
        names.setdefault(column_key(name), set()).add(user_id)
    return {name: min(ids) for name, ids in names.items() if name and len(ids) == 1} | addresses


def judge_piece(judge: Judge, number: int, rows: Sequence[Row]) -> JudgedPiece:
    """Judge the rows of one piece."""
    drafts: list[ContactDraft] = []
    refusals: list[Refusal] = []
    for row in rows:
        judged = judge.draft(row)
        if isinstance(judged, Rejection):
            refusals.append(Refusal(row=row, reason=judged.reason, is_imported=False))
            continue
        drafts.append(judged)
        if judged.left_out:
            reason = " ".join(judged.left_out)
            refusals.append(Refusal(row=row, reason=reason, is_imported=True))
    return JudgedPiece(number=number, rows=len(rows), drafts=drafts, refusals=refusals)


def import_piece(work: Work, import_id: int, piece: JudgedPiece) -> None:
    """Bring one piece in.

    :raises OvertakenImport: another worker did this piece; the unit of work must be dropped.
    """
    refused = sum(1 for one in piece.refusals if not one.is_imported)
    moved = work.session.execute(
        sa.update(Import)
        .where(Import.id == import_id, Import.pieces_done == piece.number)
        .where(Import.state.in_([ImportState.CONFIRMED, ImportState.RUNNING]))
        .values(
            state=ImportState.RUNNING,
            pieces_done=piece.number + 1,
            rows_done=Import.rows_done + piece.rows,
            rejected=Import.rejected + refused,
            incomplete=Import.incomplete + len(piece.refusals) - refused,
        )
        .returning(Import.rule, Import.tags)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if moved is None:
        raise OvertakenImport("Another worker is importing this file.")
    _keep_refusals(work, import_id, piece.refusals)
    source = f"import:{import_id}"
    news = [one.news for one in piece.drafts]
    upserted = bring_in(work, news, source=source, rule=moved.rule, tags=moved.tags)
    suppressed = _suppress(
        work, [one.news.email.key for one in piece.drafts if one.opted_out], source
    )
    _write_down(work, import_id, upserted, suppressed)
    work.session.execute(
        sa.delete(ImportPiece).where(
            ImportPiece.import_id == import_id, ImportPiece.number == piece.number
        )
    )


def _suppress(work: Work, email_keys: Sequence[str], source: str) -> list[Change]:
    """Suppress addresses and return for whom that changed anything, and what stood before."""
    if not email_keys:
        return []
    former = {one["email_key"]: one for one in suppressions_as_json(work, email_keys)}
    if not suppress_all(work, email_keys, SuppressionReason.UNSUBSCRIBED, source=source):
        return []
    changed = {
        one["email_key"]: one
        for one in suppressions_as_json(work, email_keys)
        if one != former.get(one["email_key"])
    }
    people = work.session.execute(
        sa.select(Contact.id, Contact.email_key)
        .where(Contact.email_key.in_(changed))
        .order_by(Contact.id)
    )
    return [
        Change(
            contact_id,
            ChangeKind.SUPPRESSED,
            {"suppression": former.get(email_key)},
            {"suppression": changed[email_key]},
        )
        for contact_id, email_key in people
    ]


def suppressions_as_json(work: Work, email_keys: Sequence[str]) -> list[dict[str, str]]:
    """Return the suppressions of these addresses as a change holds them."""
    found = work.session.execute(
        sa.select(
            Suppression.email_key, Suppression.reason, Suppression.source, Suppression.created_at
        ).where(Suppression.email_key.in_(email_keys))
    )
    return [
        {
            "email_key": one.email_key,
            "reason": one.reason.value,
            "source": one.source,
            "created_at": one.created_at.isoformat(),
        }
        for one in found
    ]


def _write_down(
    work: Work, import_id: int, upserted: Upserted, suppressed: Sequence[Change]
) -> None:
    insert_rows(
        work.session,
        ImportChange,
        ("import_id", "contact_id", "kind", "at", "before", "after"),
        [
            (import_id, one.contact_id, one.kind, work.now, one.before, one.after)
            for one in (*upserted.changes, *suppressed)
        ],
    )
    keep_makings(work, import_id, Made.COMPANY, [str(one) for one in upserted.made.companies])
    keep_makings(work, import_id, Made.DOMAIN, upserted.made.domains)
    keep_makings(work, import_id, Made.TAG, [str(one) for one in upserted.made.tags])
    work.session.execute(
        sa.update(Import)
        .where(Import.id == import_id)
        .values(
            added=Import.added + len(upserted.added),
            updated=Import.updated + len(upserted.updated),
            restored=Import.restored + len(upserted.restored),
            unchanged=Import.unchanged + upserted.unchanged,
            suppressed=Import.suppressed + len(suppressed),
        )
        .execution_options(synchronize_session=False)
    )


def _keep_refusals(work: Work, import_id: int, refusals: Sequence[Refusal]) -> None:
    insert_rows(
        work.session,
        ImportRejection,
        ("import_id", "line", "reason", "text", "cells", "is_imported"),
        [
            (
                *(import_id, one.row.line, _keepable(one.reason)[:300]),
                *(_keepable(beginning_of(one.row)), _cells(one.row), one.is_imported),
            )
            for one in refusals
        ],
    )


def _cells(row: Row) -> str:
    kept = (_keepable(cell[:LONGEST_KEPT_CELL]).replace(CELL_END, " ") for cell in row.cells)
    return CELL_END.join(kept)[:LONGEST_KEPT_ROW]


def _keepable(text: str) -> str:
    """Return a text as every database takes it: without NUL and halves of characters."""
    if text.isascii():
        return text.replace("\0", "\ufffd")
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
