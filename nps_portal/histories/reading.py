"""Files of past answers as rows of parts, whatever wrote them."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

from nps_portal.foundation.csv_files import unguarded
from nps_portal.histories.layouts import MOST_FURTHER, Columns, Part, columns_of
from nps_portal.histories.listed import listed_objects
from nps_portal.imports.reading import UnreadableFile, read_table
from nps_portal.imports.tables import LARGEST_FILE_BYTES, Row, Table

PARTS = tuple(Part)
_SAMPLE = 200
_MARK = b"\xef\xbb\xbf"
# Of whom an object tells apart from its answer.
_PERSONAL = ("email", "name", "company", "Company")


@dataclass(frozen=True, kw_only=True)
class Cells:
    """One row: what its parts say, or the fault for which none can be trusted.

    `further` is what was asked or known beside, by the words above it.
    """

    line: int
    parts: Mapping[Part, str]
    further: Mapping[str, str] = field(default_factory=dict)
    fault: str | None = None

    def __getitem__(self, part: Part) -> str:
        return self.parts.get(part, "")

    def to_row(self) -> Row:
        """Return the row as it is kept until it comes in."""
        told = json.dumps(dict(self.further), ensure_ascii=False) if self.further else ""
        return Row(self.line, (*(self[part] for part in PARTS), told), self.fault)

    @classmethod
    def of_row(cls, row: Row) -> "Cells":
        """Return what was kept."""
        *parts, told = row.cells
        return cls(
            line=row.line,
            parts=dict(zip(PARTS, parts, strict=True)),
            further=json.loads(told) if told else {},
            fault=row.fault,
        )


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
    file.seek(0)
    start = file.read(64).removeprefix(_MARK).lstrip()
    file.seek(0)
    if start.startswith((b"[", b"{")):
        return _of_json(file, filename)
    table = read_table(file, filename)
    sample = [row.cells for row in islice(table.rows(), _SAMPLE) if row.fault is None]
    columns = columns_of(table.headers, sample, chosen)
    return Source(layout=columns.layout, rows=lambda: _rows(table, columns))


def _rows(table: Table, columns: Columns) -> Iterator[Cells]:
    for row in islice(table.rows(), columns.subheaders, None):
        if row.fault is not None:
            yield Cells(line=row.line, parts={}, fault=row.fault)
            continue
        yield Cells(
            line=row.line,
            parts={part: _cell(row, place) for part, place in columns.places.items()},
            further={
                asked: told
                for place, asked in columns.further.items()
                if (told := _cell(row, place))
            },
        )


def _cell(row: Row, place: int) -> str:
    return unguarded(row.cells[place]).strip()


def _of_json(file: BinaryIO, filename: str) -> Source:
    if file.seek(0, 2) > LARGEST_FILE_BYTES:
        raise UnreadableFile(f"«{filename}» is too large. Nothing was imported.")
    return Source(
        layout="delighted (JSON)",
        rows=lambda: (
            _of_object(number, one)
            for number, one in enumerate(listed_objects(file, filename), start=1)
        ),
    )


def _of_object(number: int, told: Any) -> Cells:
    if not isinstance(told, dict):
        return Cells(line=number, parts={}, fault="This is no answer.")
    properties = _dict(told.get("person_properties"))
    # Unless it was asked for, Delighted names the person by a number only.
    person = _dict(told.get("person"))
    parts = {
        Part.EMAIL: person.get("email") or told.get("email") or properties.get("email"),
        Part.SCORE: told.get("score", told.get("answer")),
        Part.DATE: told.get("created_at", told.get("responded", told.get("createdDate"))),
        Part.COMMENT: told.get("comment", told.get("comments")),
        Part.NAME: person.get("name") or told.get("name"),
        Part.FIRST_NAME: person.get("first_name") or told.get("firstName"),
        Part.LAST_NAME: person.get("last_name") or told.get("lastName"),
        Part.COMPANY: properties.get("company") or properties.get("Company") or told.get("company"),
        Part.KIND: told.get("survey_type", told.get("question_type")),
        Part.ID: told.get("id", told.get("response_id")),
    }
    written = {part: str(value).strip() for part, value in parts.items() if value is not None}
    return Cells(line=number, parts=written, further=_further(told, properties))


def _further(told: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, str]:
    """Return the properties of the time, and the answers to Delighted's further questions."""
    found = {key: value for key, value in properties.items() if key not in _PERSONAL}
    given = told.get("additional_answers")
    for one in given if isinstance(given, list) else ():
        asked, value = _dict(one).get("question"), _dict(one).get("value")
        text = _dict(asked).get("text") or _dict(asked).get("id") or asked
        found[str(text)] = _dict(value).get("text", value)
    written = {key: str(value).strip() for key, value in found.items() if _says_something(value)}
    return dict(list(written.items())[:MOST_FURTHER])


def _says_something(value: Any) -> bool:
    return isinstance(value, str | int | float) and bool(str(value).strip())


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
