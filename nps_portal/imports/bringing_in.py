"""Bringing rows in: a piece is judged before its unit of work, and written within it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.models import User
from nps_portal.contacts.models import Contact, Property, Suppression, SuppressionReason
from nps_portal.contacts.properties import Habits, PropertySpec
from nps_portal.contacts.suppressions import suppress_all
from nps_portal.contacts.upserting import Change, ChangeKind, Upserted, bring_in
from nps_portal.foundation.bulk import insert_rows, spans_of
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.imports.choices import widen_choices
from nps_portal.imports.commands import keep_makings
from nps_portal.imports.drafts import ContactDraft, Judge, Known, Rejection
from nps_portal.imports.keeping import read_mapping
from nps_portal.imports.models import (
    Import,
    ImportChange,
    ImportPiece,
    ImportSpan,
    ImportState,
    Made,
)
from nps_portal.imports.property_cells import PropertyColumn, column_key
from nps_portal.imports.refusals import Refusal, keep_refusals, without_erased
from nps_portal.imports.tables import Row


class OvertakenImport(PortalError):
    """Another worker has brought these rows in already, or somebody has cancelled the import."""


@dataclass(frozen=True, kw_only=True)
class JudgedPiece:
    """The rows of one piece as they would come in.

    `refused_stops` is what refused rows say of addresses that nobody may write to.
    """

    number: int
    rows: int
    drafts: Sequence[ContactDraft]
    refusals: Sequence[Refusal]
    refused_stops: Mapping[str, SuppressionReason]


def judge_of(session: Session, kept: Import) -> Judge:
    """Return who reads the rows of an import: its mapping, and what cells may name."""
    mapping = read_mapping(kept.mapping)
    ids = {int(index): one for index, one in kept.mapping.get("property_ids", {}).items()}
    known = {
        one.id: one
        for one in session.scalars(sa.select(Property).where(Property.id.in_(ids.values())))
    }
    # Not the rows themselves: they would be read anew for each piece, and by another thread.
    specs = {
        one.id: PropertySpec(
            name=one.name, kind=one.kind, choices=tuple(one.choices), currency=one.currency
        )
        for one in known.values()
    }
    columns = {
        index: PropertyColumn(
            property_id=property_id,
            spec=specs[property_id],
            habits=mapping.habits.get(index, Habits()),
            widens=known[property_id].source == kept.source,
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
    stops: dict[str, SuppressionReason] = {}
    for row in rows:
        judged = judge.draft(row)
        if isinstance(judged, Rejection):
            if judged.stop is not None:
                stops[judged.email_key] = judged.stop
            refusals.append(Refusal(row=row, reason=judged.reason, is_imported=False))
            continue
        drafts.append(judged)
        if judged.left_out:
            reason = " ".join(judged.left_out)
            refusals.append(Refusal(row=row, reason=reason, is_imported=True))
    return JudgedPiece(
        number=number, rows=len(rows), drafts=drafts, refusals=refusals, refused_stops=stops
    )


def import_piece(work: Work, import_id: int, piece: JudgedPiece) -> None:
    """Bring one piece in.

    :raises OvertakenImport: another worker did this piece; the unit of work must be dropped.
    """
    claimed = _claim(work, import_id, piece)
    source = f"import:{import_id}"
    news = [one.news for one in piece.drafts]
    widen_choices(work, source, news)
    upserted = bring_in(
        work,
        news,
        source=source,
        rule=claimed.rule,
        tags=claimed.tags,
        known_since=claimed.created_at,
    )
    drafts = [one for one in piece.drafts if one.news.email.key not in upserted.erased]
    stops = _of_known(work, piece.refused_stops)
    stops |= {one.news.email.key: one.stop for one in drafts if one.stop}
    suppressed = _suppress(work, stops, source) if stops else []
    left_out = {one.line for one in piece.drafts} - {one.line for one in drafts}
    refusals = without_erased(work, piece.refusals, left_out, claimed.created_at)
    keep_refusals(work, import_id, refusals)
    _write_down(work, import_id, upserted, suppressed)
    _count(work, import_id, upserted, suppressed, refusals)
    work.session.execute(
        sa.delete(ImportPiece).where(
            ImportPiece.import_id == import_id, ImportPiece.number == piece.number
        )
    )


def _claim(work: Work, import_id: int, piece: JudgedPiece) -> Any:
    """Count a piece as done, and return the import's rule, its tags and when it was uploaded."""
    moved = work.session.execute(
        sa.update(Import)
        .where(Import.id == import_id, Import.pieces_done == piece.number)
        .where(Import.state.in_([ImportState.CONFIRMED, ImportState.RUNNING]))
        .values(
            state=ImportState.RUNNING,
            pieces_done=piece.number + 1,
            rows_done=Import.rows_done + piece.rows,
        )
        .returning(Import.rule, Import.tags, Import.created_at)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if moved is None:
        raise OvertakenImport("Another worker is importing this file.")
    return moved


def _suppress(work: Work, stops: Mapping[str, SuppressionReason], source: str) -> list[Change]:
    """Suppress addresses and return for whom that changed anything, and what stood before."""
    stops = _of_whole_people(work, stops)
    email_keys = sorted(stops)
    former = {one["email_key"]: one for one in suppressions_as_json(work, email_keys)}
    for reason in sorted(set(stops.values()), key=list(SuppressionReason).index):
        suppress_all(
            work, [key for key in email_keys if stops[key] is reason], reason, source=source
        )
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


def _of_known(work: Work, stops: Mapping[str, SuppressionReason]) -> dict[str, SuppressionReason]:
    """Return the stops of those whom this portal knows; a refused row makes nobody known."""
    if not stops:
        return {}
    known = work.session.scalars(sa.select(Contact.email_key).where(Contact.email_key.in_(stops)))
    return {key: stops[key] for key in known}


def _of_whole_people(
    work: Work, stops: Mapping[str, SuppressionReason]
) -> dict[str, SuppressionReason]:
    """Return the stops with those of the other addresses of the same people.

    Who wants no emails wants none at any address; one that does not exist says nothing of another.
    """
    wishes = {
        key: reason for key, reason in stops.items() if reason is not SuppressionReason.HARD_BOUNCE
    }
    person = sa.func.coalesce(Contact.merged_into_id, Contact.id)
    named = sa.select(person, Contact.email_key).where(Contact.email_key.in_(wishes))
    wished = {person_id: wishes[key] for person_id, key in work.session.execute(named)}
    records = sa.select(person, Contact.email_key).where(
        sa.or_(Contact.id.in_(wished), Contact.merged_into_id.in_(wished))
    )
    others = {key: wished[person_id] for person_id, key in work.session.execute(records)}
    return others | dict(stops)


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
    spans = [(Made.CONTACT, one) for one in spans_of(upserted.added)]
    spans += [(Made.COMPANY, one) for one in spans_of(upserted.made.companies)]
    insert_rows(
        work.session,
        ImportSpan,
        ("import_id", "made", "first_id", "last_id", "at"),
        [(import_id, made, one.first, one.last, work.now) for made, one in spans],
    )
    keep_makings(work, import_id, Made.DOMAIN, upserted.made.domains)
    keep_makings(work, import_id, Made.TAG, [str(one) for one in upserted.made.tags])


def _count(
    work: Work,
    import_id: int,
    upserted: Upserted,
    suppressed: Sequence[Change],
    refusals: Sequence[Refusal],
) -> None:
    refused = sum(1 for one in refusals if not one.is_imported)
    work.session.execute(
        sa.update(Import)
        .where(Import.id == import_id)
        .values(
            added=Import.added + len(upserted.added),
            updated=Import.updated + len(upserted.updated),
            restored=Import.restored + len(upserted.restored),
            unchanged=Import.unchanged + upserted.unchanged,
            rejected=Import.rejected + refused,
            incomplete=Import.incomplete + len(refusals) - refused,
            suppressed=Import.suppressed + len(suppressed),
        )
        .execution_options(synchronize_session=False)
    )
