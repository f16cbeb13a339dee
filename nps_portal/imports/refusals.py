"""Rows that an import refuses, or that lack a cell, as its report keeps them."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from nps_portal.contacts.erasures import erased_since
from nps_portal.contacts.upsert_rows import any_erased
from nps_portal.foundation.addresses import BadEmail, parse_email
from nps_portal.foundation.bulk import insert_rows
from nps_portal.foundation.work import Work
from nps_portal.imports.drafts import beginning_of
from nps_portal.imports.models import ImportRejection
from nps_portal.imports.tables import Row

CELL_END = "\x1f"
LONGEST_KEPT_CELL = 2_000
LONGEST_KEPT_ROW = 20_000
OF_ERASED = "The person was erased after this file was uploaded. The row was left out."

_ADDRESS = re.compile(r"[^\s,;:<>()\[\]\"|/@]{1,64}@[^\s,;:<>()\[\]\"|/@]{1,255}")


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A row for the report: why, and its cells as they stood; one that came in lacks a cell."""

    row: Row
    reason: str
    is_imported: bool


def without_erased(
    work: Work, refusals: Sequence[Refusal], lines: Collection[int], known_since: datetime
) -> list[Refusal]:
    """Return refusals with nothing of who was erased since but that there was a row.

    `lines` are those of rows that were left out for it; others only name such a person.
    """
    if not (refusals or lines) or not any_erased(work):
        return list(refusals)
    named = {one.row.line: set(_addresses_in(one.row)) for one in refusals}
    erased = erased_since(work, sorted(set().union(*named.values())), known_since)
    blank = {line for line, addresses in named.items() if addresses & erased} | set(lines)
    kept = [one for one in refusals if one.row.line not in blank]
    kept += [
        Refusal(row=Row(line, ()), reason=OF_ERASED, is_imported=False) for line in sorted(blank)
    ]
    return kept


def keep_refusals(work: Work, import_id: int, refusals: Sequence[Refusal]) -> None:
    """Keep rows for the report."""
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


def _addresses_in(row: Row) -> Iterator[str]:
    for cell in row.cells:
        for found in _ADDRESS.findall(cell[:LONGEST_KEPT_ROW]):
            try:
                yield parse_email(found).key
            except BadEmail:
                continue


def _cells(row: Row) -> str:
    kept = (_keepable(cell[:LONGEST_KEPT_CELL]).replace(CELL_END, " ") for cell in row.cells)
    return CELL_END.join(kept)[:LONGEST_KEPT_ROW]


def _keepable(text: str) -> str:
    """Return a text as every database takes it: without NUL and halves of characters."""
    if text.isascii():
        return text.replace("\0", "\ufffd")
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
