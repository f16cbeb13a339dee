"""Large XLSX sheets, read row by row: as the reader of small ones reads them."""

import datetime
import io
import zipfile

import pytest
import xlsxwriter

from nps_portal.imports.sheets import MOST_CELLS, Sheet, open_sheet
from nps_portal.imports.tables import Format, Record, UnreadableFile
from nps_portal.imports.xlsx_streams import open_streamed

DAY = datetime.datetime(2026, 3, 1)  # noqa: DTZ001 - sheets know no zone
MOMENT = datetime.datetime(2026, 3, 1, 9, 30, 15)  # noqa: DTZ001 - as above
CELLS = [
    "Anna",
    " Ä ß 漢字 😀 ",
    "two\nlines",
    "<&>\"'",
    7,
    -1234567.25,
    0.1,
    1e20,
    True,
    False,
    None,
    "",
]
FORMATS = ["yyyy-mm-dd", "dd.mm.yyyy hh:mm", "[$-407]d. mmm yyyy", 'd "of" mmmm']


def sheet_of(content: bytes) -> Sheet:
    """Read it row by row, however small it is."""
    streamed = open_streamed(io.BytesIO(content))
    assert streamed is not None
    return Sheet(format=Format.XLSX, name=streamed.name, open_rows=streamed.rows)


def trimmed(sheet: Sheet) -> list[Record]:
    """Return the rows without the blank cells at their ends, of which one reader has more."""
    rows = []
    for number, cells, *_ in sheet.records():
        while cells and not cells[-1]:
            cells.pop()
        rows.append(Record(number, cells))
    return rows


@pytest.mark.parametrize("options", [{}, {"constant_memory": True}, {"date_1904": True}])
def test_every_kind_of_cell_is_read_as_in_a_small_workbook(options: dict[str, bool]) -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, **options}) as book:
        book.add_worksheet("Empty")
        sheet = book.add_worksheet("People")
        sheet.write_row(1, 0, ["Email", "Name"])
        sheet.write_row(3, 2, CELLS)
        for column, code in enumerate(FORMATS):
            sheet.write_datetime(4, column, DAY, book.add_format({"num_format": code}))
            sheet.write_datetime(5, column, MOMENT, book.add_format({"num_format": code}))
        sheet.write_number(6, 0, 12.5, book.add_format({"num_format": '0.00 "days"'}))
        sheet.write_number(6, 1, 12.5, book.add_format({"num_format": "[Red]#,##0.00"}))
        sheet.write_number(6, 2, 45_000, book.add_format({"num_format": 14}))
        sheet.write_formula(7, 0, "=A1&B1", value="said")
        sheet.write_formula(7, 1, "=1+1", value=2)
        sheet.write_formula(7, 2, "=1=1", value="TRUE")
        sheet.write_rich_string(8, 0, "a ", book.add_format({"bold": True}), "bold", " word")
    content = stream.getvalue()

    ours = sheet_of(content)

    assert ours.name == "People"
    assert trimmed(ours) == trimmed(open_sheet(io.BytesIO(content)))


def test_a_sheet_that_is_too_large_to_hold_is_read_row_by_row() -> None:
    rows, columns = 20_000, 80
    assert rows * columns > MOST_CELLS
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for number in range(rows):
            sheet.write(number, 0, f"c{number}@example.org")
            sheet.write(number, columns - 1, number)

    records = open_sheet(io.BytesIO(stream.getvalue())).records()

    first, *_, last = records
    assert (first.cells[0], first.cells[-1]) == ("c0@example.org", "0")
    assert (last.line, last.cells[0], last.cells[-1]) == (rows, f"c{rows - 1}@example.org", "19999")
    assert len(last.cells) == columns


def test_a_workbook_without_anything_in_it_has_no_sheet() -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        book.add_worksheet()

    assert open_streamed(io.BytesIO(stream.getvalue())) is None


@pytest.mark.parametrize(
    ("part", "former", "new"),
    [
        ("xl/worksheets/sheet1.xml", b"</sheetData>", b""),
        ("xl/worksheets/sheet1.xml", b"<v>0</v>", b"<v>99</v>"),
        ("xl/worksheets/sheet1.xml", b"<v>0</v>", b"<v>first</v>"),
        ("xl/worksheets/sheet1.xml", b"<worksheet ", b"<!DOCTYPE x><worksheet "),
        ("xl/workbook.xml", b"<workbook ", b"<!DOCTYPE x><workbook "),
        ("xl/sharedStrings.xml", b"</sst>", b"<si>"),
    ],
)
def test_a_part_that_cannot_be_read_is_a_damaged_workbook(
    part: str, former: bytes, new: bytes
) -> None:
    stream, damaged = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        book.add_worksheet().write_row(0, 0, ["Email", "Name"])
    with zipfile.ZipFile(stream) as whole, zipfile.ZipFile(damaged, "w") as archive:
        for name in whole.namelist():
            content = whole.read(name)
            if name == part:
                assert former in content
                content = content.replace(former, new)
            archive.writestr(name, content)

    with pytest.raises(UnreadableFile, match="damaged"):
        list(sheet_of(damaged.getvalue()).records())
