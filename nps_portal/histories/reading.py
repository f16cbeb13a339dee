"""Files of past answers as rows of parts, whatever wrote them."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

from nps_portal.foundation.csv_files import unguarded
from nps_portal.histories.layouts import Columns, Part, columns_of
from nps_portal.imports.reading import UnreadableFile, read_table
from nps_portal.imports.tables import LARGEST_FILE_BYTES, Table

_SAMPLE = 200
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True)
class Cells:
    """One row: what its parts say, or the fault for which none can be trusted."""

    line: int
    parts: Mapping[Part, str]
    fault: str | None = None

    def __getitem__(self, part: Part) -> str:
        return self.parts.get(part, "")


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file of past answers; each call of `rows` begins at the first."""

    layout: str
    rows: Callable[[], Iterator[Cells]]


def read_source(file: BinaryIO, filename: str, chosen: Mapping[Part, str]) -> Source:
    """Read the head of a file; rows follow when they are asked for.

    :raises UnreadableFile: it is neither a table nor a list in JSON.
    :raises UnknownLayout: no column is recognised as the score or the date.
    """
    start = file.read(64).removeprefix(_MARK).lstrip()
    file.seek(0)
    if start.startswith((b"[", b"{")):
        return _of_json(file, filename)
    table = read_table(file, filename)
    sample = [row.cells for row in islice(table.rows(), _SAMPLE) if row.fault is None]
    columns = columns_of(table.headers, sample, chosen)
    return Source(layout=columns.layout.name, rows=lambda: _rows(table, columns))


def _rows(table: Table, columns: Columns) -> Iterator[Cells]:
    for place, row in enumerate(table.rows()):
        if row.fault is not None:
            yield Cells(line=row.line, parts={}, fault=row.fault)
            continue
        parts = {
            part: unguarded(row.cells[column]).strip() for part, column in columns.places.items()
        }
        if place == 0 and columns.layout.subheaders and not parts.get(Part.ID):
            continue
        yield Cells(line=row.line, parts=parts)


def _of_json(file: BinaryIO, filename: str) -> Source:
    if file.seek(0, 2) > LARGEST_FILE_BYTES:
        raise UnreadableFile(f"«{filename}» is too large. Nothing was imported.")
    file.seek(0)
    try:
        told = json.loads(file.read().decode("utf-8-sig"))
    except ValueError as fault:
        raise UnreadableFile(
            f"«{filename}» begins like JSON and is none: {fault}. Nothing was imported."
        ) from fault
    if isinstance(told, dict):
        # AskNicely and others put the list under a name.
        told = next((one for one in told.values() if isinstance(one, list)), None)
    if not isinstance(told, list):
        raise UnreadableFile(f"«{filename}» holds no list of answers. Nothing was imported.")
    return Source(
        layout="delighted (JSON)",
        rows=lambda: (_of_object(number, one) for number, one in enumerate(told, start=1)),
    )


def _of_object(number: int, told: Any) -> Cells:
    if not isinstance(told, dict):
        return Cells(line=number, parts={}, fault="This is no answer.")
    properties = told.get("person_properties")
    properties = properties if isinstance(properties, dict) else {}
    # Unless it was asked for, Delighted names the person by a number only.
    person = told.get("person")
    person = person if isinstance(person, dict) else {}
    parts = {
        Part.EMAIL: person.get("email") or told.get("email") or properties.get("email"),
        Part.SCORE: told.get("score", told.get("answer")),
        Part.DATE: told.get("created_at", told.get("responded", told.get("createdDate"))),
        Part.COMMENT: told.get("comment", told.get("comments")),
        Part.NAME: person.get("name") or told.get("name"),
        Part.COMPANY: properties.get("company") or properties.get("Company"),
        Part.KIND: told.get("survey_type", told.get("question_type")),
        Part.ID: told.get("id", told.get("response_id")),
    }
    written = {part: str(value).strip() for part, value in parts.items() if value is not None}
    return Cells(line=number, parts=written)
