"""Workbooks (XLSX) written in a stream: a sheet a table, and no cell that could be a formula."""

import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO
from xml.sax.saxutils import escape, quoteattr

from nps_portal.exports.table import Column
from nps_portal.foundation.csv_files import could_be_formula

# What Excel takes; a table that is longer goes on in another sheet.
MOST_ROWS = 1_048_576
LONGEST_CELL = 32_767
LONGEST_SHEET_NAME = 31
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,4})?")
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_FORMAT = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_HEADER, _TEXT_FOR_SURE = 1, 2
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}">'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1"/></cellXfs>'
    "</styleSheet>"
)
# A control character, and what would be read as the escape of one.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\r\x0e-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


class Workbook:
    """A workbook that is being written; `close` makes it whole."""

    def __init__(self, file: BinaryIO | Path) -> None:
        self._archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self._sheets: list[str] = []

    def add(self, name: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
        """Write a table as a sheet, or as several when it is longer than a sheet may be."""
        remaining = iter(rows)
        part = 1
        while True:
            title = name if part == 1 else f"{name} {part}"
            if not self._sheet(title[:LONGEST_SHEET_NAME], columns, remaining):
                return
            part += 1

    def close(self) -> None:
        """Write what names the sheets."""
        with self._archive:
            numbers = range(1, len(self._sheets) + 1)
            self._part("xl/styles.xml", _STYLES)
            self._part("xl/workbook.xml", self._workbook())
            self._part("xl/_rels/workbook.xml.rels", _relations(numbers))
            self._part("_rels/.rels", _ROOT_RELATIONS)
            self._part("[Content_Types].xml", _content_types(numbers))

    def _sheet(self, name: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> bool:
        """Write a sheet as far as it goes, and tell whether there may be more rows."""
        self._sheets.append(name)
        with self._archive.open(
            f"xl/worksheets/sheet{len(self._sheets)}.xml", "w", force_zip64=True
        ) as sheet:
            sheet.write(_SHEET_HEAD.encode())
            heads = "".join(_text(column.name, _HEADER) for column in columns)
            sheet.write(f"<row>{heads}</row>".encode())
            numeric = [column.is_number for column in columns]
            written = 1
            for row in rows:
                cells = "".join(map(_cell, row, numeric))
                sheet.write(f"<row>{cells}</row>".encode(errors="replace"))
                written += 1
                if written == MOST_ROWS:
                    break
            sheet.write(b"</sheetData></worksheet>")
        return written == MOST_ROWS

    def _part(self, name: str, xml: str) -> None:
        self._archive.writestr(name, _HEAD + xml)

    def _workbook(self) -> str:
        sheets = "".join(
            f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>'
            for number, name in enumerate(self._sheets, start=1)
        )
        return f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'


_SHEET_HEAD = (
    f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    "</sheetView></sheetViews><sheetData>"
)
_ROOT_RELATIONS = (
    f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)


def _relations(numbers: Sequence[int]) -> str:
    sheets = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" '
        f'Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    styles = (
        f'<Relationship Id="rId{len(numbers) + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    )
    return f'<Relationships xmlns="{_RELATIONS}">{sheets}{styles}</Relationships>'


def _content_types(numbers: Sequence[int]) -> str:
    sheets = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" '
        f'ContentType="{_FORMAT}.worksheet+xml"/>'
        for number in numbers
    )
    return (
        f'<Types xmlns="{_TYPES}"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_FORMAT}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_FORMAT}.styles+xml"/>{sheets}</Types>'
    )


def _cell(cell: str, is_number: bool) -> str:
    if not cell:
        return "<c/>"
    if is_number and _NUMBER.fullmatch(cell):
        return f"<c><v>{cell}</v></c>"
    return _text(cell, _TEXT_FOR_SURE if could_be_formula(cell) else 0)


def _text(cell: str, style: int) -> str:
    # A text is never calculated; the style keeps it one when somebody edits the cell.
    shown = escape(_UNWRITABLE.sub(_escaped, cell[:LONGEST_CELL]))
    style_words = f' s="{style}"' if style else ""
    return f'<c{style_words} t="inlineStr"><is><t xml:space="preserve">{shown}</t></is></c>'


def _escaped(found: re.Match[str]) -> str:
    return f"_x{ord(found[0]):04X}_"
