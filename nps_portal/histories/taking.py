"""Taking a file of past answers in: read to its end in a stream, and kept in pieces."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

import sqlalchemy as sa

from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Actor, Work, unit_of_work
from nps_portal.histories.bringing import begin_history
from nps_portal.histories.dates import reader_of
from nps_portal.histories.layouts import Part
from nps_portal.histories.models import History
from nps_portal.histories.reading import PARTS, Source, read_source
from nps_portal.imports.commands import (
    Choice,
    begin_reading,
    drop_import,
    end_reading,
)
from nps_portal.imports.mapping import Mapping as ColumnMapping
from nps_portal.imports.models import Import, ImportKind, ImportState
from nps_portal.imports.taking_in import keep_rows

HEADERS = (*(part.value for part in PARTS), "further")


class NothingImported(PortalError):
    """No row of the file is an answer; each refused one has been told."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What somebody has said about a file.

    Without `survey_id` each row's own word tells the Survey, and the ready-made one where it has
    none. `day_first` is None where the dates themselves are to tell; `columns` are headers.
    """

    survey_id: int | None = None
    day_first: bool | None = None
    columns: Mapping[Part, str] = field(default_factory=dict)


def take_history(actor: Actor, file: BinaryIO, filename: str, choices: Choices) -> int:
    """Keep a file of past answers, and return the import that will bring it in.

    :raises UnreadableFile: it cannot be read.
    :raises UnknownLayout: its columns do not tell what they hold.
    :raises AmbiguousDates: its dates can be read in two ways.
    :raises NothingImported: it has no rows.
    """
    source = read_source(file, filename, choices.columns)
    zone = portal_settings(reading()).zone
    dates = reader_of((row[Part.DATE] for row in source.rows()), zone, choices.day_first)
    with unit_of_work(actor) as work:
        import_id, history_id = _begin(work, filename, source, choices, dates.day_first)
    try:
        rows = (cells.to_row() for cells in source.rows())
        rows_total = keep_rows(actor, import_id, rows)
        if not rows_total:
            raise NothingImported("0 imported. The file has no rows.")
        with unit_of_work(actor) as work:
            size = file.seek(0, io.SEEK_END)
            kept = end_reading(work, import_id, rows_total=rows_total, size_bytes=size)
            kept.state = ImportState.CONFIRMED
    except BaseException:
        # Whatever it was, half a file must not stay; the fault itself is told as it is.
        with unit_of_work(actor) as work:
            drop_import(work, import_id)
            work.session.execute(sa.delete(History).where(History.id == history_id))
        raise
    return import_id


def history_id_of(kept: Import) -> int:
    """Return the History that an import of answers fills."""
    return int(kept.mapping["history_id"])


def _begin(
    work: Work, filename: str, source: Source, choices: Choices, day_first: bool | None
) -> tuple[int, int]:
    history = begin_history(work, filename, source.layout)
    kept = begin_reading(
        work,
        filename[:200],
        Choice(mapping=ColumnMapping(headers=HEADERS, columns={})),
        kind=ImportKind.RESPONSES,
    )
    kept.mapping = kept.mapping | {
        "history_id": history.id,
        "survey_id": choices.survey_id,
        "day_first": day_first,
    }
    return kept.id, history.id
