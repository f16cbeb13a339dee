"""Bytes to rows: whatever a program wrote, and whatever went wrong on the way."""

import csv
import datetime
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from nps_portal.imports.reading import Format, Row, Table, UnreadableFile, read_table

FILES = Path(__file__).parent / "files"


def as_file(content: bytes | str) -> io.BytesIO:
    return io.BytesIO(content.encode() if isinstance(content, str) else content)


def table_of(content: bytes | str) -> Table:
    return read_table(as_file(content), "customers.csv")


def cells_of(content: bytes | str) -> list[tuple[str, ...]]:
    rows = list(table_of(content).rows())
    assert [row.fault for row in rows] == [None] * len(rows)
    return [row.cells for row in rows]


def reason_against(content: bytes | str) -> str:
    with pytest.raises(UnreadableFile) as refusal:
        table_of(content)
    return str(refusal.value)


def workbook(*sheets: Callable[[xlsxwriter.worksheet.Worksheet], object]) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream, {"in_memory": True, "default_date_format": "yyyy-mm-dd", "remove_timezone": True}
    )
    for fill in sheets:
        fill(book.add_worksheet())
    book.close()
    return stream.getvalue()


def spreadsheet(table_rows: str) -> bytes:
    """Make an ODS of the given row elements."""
    namespace = "urn:oasis:names:tc:opendocument:xmlns"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            f'<m:manifest xmlns:m="{namespace}:manifest:1.0"><m:file-entry m:full-path="/" '
            'm:media-type="application/vnd.oasis.opendocument.spreadsheet"/></m:manifest>',
        )
        archive.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{namespace}:office:1.0" '
            f'xmlns:table="{namespace}:table:1.0" xmlns:text="{namespace}:text:1.0">'
            '<office:body><office:spreadsheet><table:table table:name="Kunden">'
            f"{table_rows}</table:table></office:spreadsheet></office:body>"
            "</office:document-content>",
        )
    return stream.getvalue()


def ods_cell(text: str, repeated: int = 1) -> str:
    return (
        f'<table:table-cell table:number-columns-repeated="{repeated}" '
        f'office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
    )


@pytest.mark.parametrize(
    ("file", "encoding", "delimiter", "first_line", "some_cells"),
    [
        ("google_contacts.csv", "utf-8", ",", 2, {"Hanna", "hanna@lindqvist.example.com"}),
        ("google_contacts_old.csv", "utf-8", ",", 2, {"Lindqvist Tak & Fasad", "sv"}),
        ("outlook.csv", "utf-8-sig", ",", 2, {"Nováková Účetnictví s.r.o.", "Brno"}),
        ("hubspot.csv", "utf-8", ",", 2, {"Léa", "Marchand Frères"}),
        ("mailchimp_unsubscribed.csv", "utf-8", ",", 2, {"2025-11-04 07:31:22"}),
        ("workbooks.csv", "utf-8", ",", 2, {"graham@ashby.example.com"}),
        ("keap.csv", "utf-8", ",", 2, {"Single Opt-In"}),
        ("excel_german_cp1252.csv", "cp1252", ";", 2, {"Jörg", "Bäckerei Süß GmbH", "1.250,50 €"}),
        ("excel_german_utf8_bom.csv", "utf-8-sig", ";", 3, {"Dvořák & Söhne"}),
        ("excel_utf16_tab.txt", "utf-16", "\t", 2, {"王小明", "北京科技, 有限公司"}),
    ],
)
def test_exports_of_other_systems_are_read(
    file: str, encoding: str, delimiter: str, first_line: int, some_cells: set[str]
) -> None:
    table = read_table(as_file((FILES / file).read_bytes()), file)
    rows = list(table.rows())

    assert (table.format, table.encoding, table.delimiter) == (Format.CSV, encoding, delimiter)
    assert rows[0].line == first_line
    assert some_cells <= set(rows[0].cells)
    assert all(row.fault is None and len(row.cells) == len(table.headers) for row in rows)


def test_lines_are_counted_through_quoted_line_breaks() -> None:
    table = read_table(as_file((FILES / "google_contacts.csv").read_bytes()), "contacts.csv")

    lines = {row.cells[0]: row.line for row in table.rows()}

    assert lines == {"Hanna": 2, "Tomás": 4, "Ruth": 5, "Oskar": 6}


def test_rows_can_be_read_twice() -> None:
    table = table_of("Email;Name\nanna@example.com;Anna\n")

    assert list(table.rows()) == list(table.rows())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_one(end: str) -> None:
    rows = table_of(f"Email{end}anna@example.com{end}{end}bert@example.com{end}").rows()

    assert list(rows) == [
        Row(line=2, cells=("anna@example.com",)),
        Row(line=4, cells=("bert@example.com",)),
    ]


def test_line_ends_may_be_mixed() -> None:
    assert cells_of("Email,Name\r\na@example.com,A\nb@example.com,B\rc@example.com,C") == [
        ("a@example.com", "A"),
        ("b@example.com", "B"),
        ("c@example.com", "C"),
    ]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Jürgen Groß", "cp1252"),
        ("François Lefèvre", "cp1252"),
        ("Åse Sørensen", "cp1252"),
        ("João Simões", "cp1252"),
        ("Łukasz Wójcik", "cp1250"),
        ("Jiří Dvořák, Tomáš Růžička", "cp1250"),
        ("Işıl Yılmaz, Güneş", "cp1254"),
        ("Анна Иванова, Пётр Сидоров", "cp1251"),
        ("Γιώργος Παπαδόπουλος, Μαρία Νικολάου, Ελένη Γεωργίου, Αθήνα", "cp1253"),
        ("田中太郎 株式会社テスト", "cp932"),
        ("王小明 北京科技有限公司", "gb18030"),
        ("Jürgen Groß", "utf-16-le"),
        ("Jürgen Groß", "utf-16-be"),
    ],
)
def test_encodings_without_a_mark_are_told_by_the_text(text: str, encoding: str) -> None:
    content = f"Email;Name\nanna@example.com;{text}\n".encode(encoding)

    assert cells_of(content) == [("anna@example.com", text)]


def test_lone_carriage_returns_mean_an_old_macintosh() -> None:
    content = "Email;Name\ranna@example.com;Jürgen Groß\r".encode("mac_roman")

    assert cells_of(content) == [("anna@example.com", "Jürgen Groß")]


def test_a_mark_of_byte_order_within_the_data_goes() -> None:
    content = "\ufeffEmail;Name\n\ufeffanna@example.com;Anna\n"

    assert table_of(content).headers == ("Email", "Name")
    assert cells_of(content) == [("anna@example.com", "Anna")]


@pytest.mark.parametrize("damage", [b"Gro\xdf", b"Gro\xc3", b"\xff\xfeGross"])
def test_a_damaged_character_far_down_costs_its_own_row_only(damage: bytes) -> None:
    good = "anna@example.com;Groß\n".encode()
    content = b"Email;Name\n" + good * 30_000 + b"bert@example.com;" + damage + b"\n" + good

    rows = list(table_of(content).rows())

    assert table_of(content).encoding == "utf-8"
    assert [row.line for row in rows if row.fault] == [30_002]
    assert "characters that cannot be read" in (rows[30_000].fault or "")
    assert "\ufffd" in rows[30_000].cells[1]
    assert rows[-1].cells == ("anna@example.com", "Groß")


def test_a_byte_that_the_old_encoding_lacks_costs_its_own_row_only() -> None:
    good = "anna@example.com;Jürgen Groß\n".encode("cp1252")

    rows = list(table_of(b"Email;Name\n" + good * 40 + b"b@example.com;\x81\n" + good).rows())

    assert [row.line for row in rows if row.fault] == [42]
    assert rows[-1].cells == ("anna@example.com", "Jürgen Groß")


def test_the_first_accent_may_stand_far_down() -> None:
    plain = b"anna@example.com;Anna\n" * 60_000

    for encoding in ("utf-8", "cp1252"):
        content = b"Email;Name\n" + plain + "bert@example.com;Jürgen\n".encode(encoding)
        assert list(table_of(content).rows())[-1].cells == ("bert@example.com", "Jürgen")


def test_damage_in_the_headers_is_told_with_its_line() -> None:
    content = b"Email;N\xffme;Stra\xc3\x9fe\n" + "a@example.com;A;Groß\n".encode() * 9

    assert reason_against(content).startswith("Line 1: The row has characters")


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("Name;Amount;Email\nMüller;1,5;a@example.com\nMaier;2,5;b@example.com\n", ";"),
        ("Name, Vorname;Firma;E-Mail\nMüller, Anna;X;a@example.com\n", ";"),
        ("Name\tEmail\nMüller, Anna; Berlin\ta@example.com\n", "\t"),
        ("Email|Name\na@example.com|A;B,C\n", "|"),
        ('Email,Note\na@example.com,"x;y;z"\nb@example.com,"x;y;z"\n', ","),
        ("sep=;\nEmail\na@example.com\n", ";"),
        ('"sep=|"\nEmail|Name\na@example.com|A\n', "|"),
        ("a@example.com;Anna\nb@example.com;Bert, Berlin\n", ";"),
    ],
)
def test_the_delimiter_is_found_by_evidence(content: str, delimiter: str) -> None:
    assert table_of(content).delimiter == delimiter


def test_a_single_column_is_not_cut_at_its_commas() -> None:
    assert cells_of("Kunde\nMüller, Anna\nMaier, Bert\n") == [("Müller, Anna",), ("Maier, Bert",)]


def test_cells_may_be_quoted_after_a_blank() -> None:
    assert cells_of('"Email", "Name"\n"a@example.com", "Berg, Anna"\n') == [
        ("a@example.com", "Berg, Anna")
    ]


def test_quotation_marks_within_cells_are_read() -> None:
    content = 'Email,Note\na@example.com,"She said ""yes""\nand left"\nb@example.com,24" TV\n'

    assert cells_of(content) == [
        ("a@example.com", 'She said "yes"\nand left'),
        ("b@example.com", '24" TV'),
    ]


def test_headers_that_repeat_or_lack_get_names_of_their_own() -> None:
    table = table_of("Email; email ;;Name\na@example.com;b;c;d\n")

    assert table.headers == ("Email", "email (2)", "Column 3", "Name")


def test_a_file_without_headers_keeps_its_first_row() -> None:
    content = "anna@example.com;Anna\nbert@example.com;Bert;Berlin\n"

    assert table_of(content).headers == ("Column 1", "Column 2", "Column 3")
    assert cells_of(content) == [
        ("anna@example.com", "Anna", ""),
        ("bert@example.com", "Bert", "Berlin"),
    ]


def test_short_rows_are_padded_and_blank_ones_skipped() -> None:
    rows = list(table_of("Email;Name;City\na@example.com\n\n;;\n  ;\nb@example.com;B;C;;\n").rows())

    assert rows == [
        Row(line=2, cells=("a@example.com", "", "")),
        Row(line=6, cells=("b@example.com", "B", "C")),
    ]


def test_a_row_with_more_cells_than_headers_is_at_fault() -> None:
    rows = list(table_of("Email;Name\na@example.com;Berg;Anna\nb@example.com;B\n").rows())

    assert rows[0] == Row(
        line=2,
        cells=("a@example.com", "Berg", "Anna"),
        fault="The row has 3 cells under 2 headers.",
    )
    assert rows[1].fault is None


@pytest.mark.parametrize(
    "broken",
    [
        '"a@example.com;Anna',
        'a@example.com;"Anna',
        '"a@example.com;"Anna" Berg',
        '"a@example.com";"Anna "Super" Berg"',
    ],
)
def test_a_lone_quotation_mark_costs_its_own_row_only(broken: str) -> None:
    rows = list(table_of(f"Email;Name\n{broken}\nb@example.com;B\nc@example.com;C\n").rows())

    assert [row.line for row in rows] == [2, 3, 4]
    assert "quotation mark" in (rows[0].fault or "")
    assert rows[0].cells == (broken,)
    assert [row.cells for row in rows[1:]] == [("b@example.com", "B"), ("c@example.com", "C")]


def test_a_lone_quotation_mark_before_many_rows_costs_its_own_row_only() -> None:
    following = "".join(f"person{number}@example.com;P\n" for number in range(20_000))

    rows = list(table_of(f'Email;Name\na@example.com;"A\n{following}').rows())

    assert len(rows) == 20_001
    assert [row.line for row in rows if row.fault] == [2]


def test_rows_swallowed_between_two_lone_quotation_marks_are_named() -> None:
    content = 'Email;Name;City\na@example.com;"A;X\nb@example.com;B;Y\nc@example.com;C";Z\n'

    rows = list(table_of(content).rows())

    assert [row.line for row in rows] == [2]
    assert "quotation mark" in (rows[0].fault or "")
    assert "b@example.com" in "".join(rows[0].cells)


def test_a_row_with_nul_bytes_is_at_fault() -> None:
    rows = list(table_of(b"Email;Name\na@example.com;A\0B\nb@example.com;B\n").rows())

    assert "NUL" in (rows[0].fault or "")
    assert rows[1] == Row(line=3, cells=("b@example.com", "B"))


@pytest.mark.parametrize("length", [100_001, 140_000])
def test_a_cell_beyond_the_limit_costs_its_own_row_only(length: int) -> None:
    rows = list(
        table_of("Email;Note\na@example.com;" + "x" * length + "\nb@example.com;B\n").rows()
    )

    assert [row.line for row in rows] == [2, 3]
    assert rows[0].fault == "A cell is longer than 100,000 characters."
    assert rows[1].cells == ("b@example.com", "B")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "«customers.csv» is empty."),
        (b"\xef\xbb\xbf\r\n", "«customers.csv» is empty."),
        (b";;\n;;\n", "«customers.csv» is empty."),
        (b"Email;Name\n\n", "The file has a header and no rows below it."),
        (b";".join([b"x"] * 5000), "Line 1 has 5,000 columns; 1,000 are the most."),
        (b"Email\n" + b"x" * 20_000_000, "Line 2 does not end; this is not a table of contacts."),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    assert reason_against(content) == reason


def test_a_file_beyond_the_limit_is_refused_before_it_is_read() -> None:
    assert "is larger than 200 MB" in reason_against(bytes(200_000_001))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7", "a PDF"),
        (b"\x89PNG\r\n", "a picture"),
        (b"<html><table>", "a web page"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>', "XML"),
        (b"BEGIN:VCARD\r\n", "business cards"),
        (b'[{"email": "a@example.com"}]', "JSON"),
    ],
)
def test_other_kinds_of_file_are_called_by_their_name(content: bytes, kind: str) -> None:
    assert kind in reason_against(content)


def test_a_workbook_is_read_as_people_see_it() -> None:
    def fill(sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.write_row(1, 0, ["Email", "Number", "Share", "Since", "Seen", "VIP"])
        sheet.write_row(3, 0, ["anna@example.com", 7.0, 0.25])
        sheet.write_datetime(3, 3, datetime.datetime(2026, 3, 1))  # noqa: DTZ001 - sheets know no zone
        sheet.write_datetime(3, 4, datetime.datetime(2026, 3, 1, 9, 30))  # noqa: DTZ001 - as above
        sheet.write_boolean(3, 5, True)

    table = read_table(as_file(workbook(lambda sheet: None, fill)), "whatever.csv")

    assert (table.format, table.sheet) == (Format.XLSX, "Sheet2")
    assert table.headers == ("Email", "Number", "Share", "Since", "Seen", "VIP")
    assert list(table.rows()) == [
        Row(
            line=4,
            cells=("anna@example.com", "7", "0.25", "2026-03-01", "2026-03-01 09:30:00", "TRUE"),
        )
    ]


def test_an_ods_is_read_with_its_row_numbers() -> None:
    content = spreadsheet(
        f"<table:table-row>{ods_cell('Email')}{ods_cell('Name')}</table:table-row>"
        '<table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row>'
        f"<table:table-row>{ods_cell('anna@example.com')}{ods_cell('Anna')}</table:table-row>"
    )

    table = table_of(content)

    assert (table.format, table.sheet) == (Format.ODS, "Kunden")
    assert list(table.rows()) == [Row(line=5, cells=("anna@example.com", "Anna"))]


def test_a_cell_in_a_far_column_is_refused() -> None:
    def fill(sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.write(0, 0, "Email")
        sheet.write(9, 16_383, "x")

    assert "more than 1,000 columns" in reason_against(workbook(fill))


def test_a_cell_in_the_last_row_does_not_fill_the_memory() -> None:
    def fill(sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.write_row(0, 0, ["Email", *["x"] * 99])
        sheet.write(1_048_575, 99, "last")

    [row] = table_of(workbook(fill)).rows()

    assert (row.line, row.cells[0], row.cells[99]) == (1_048_576, "", "last")


def test_a_cell_repeated_without_end_is_refused() -> None:
    content = spreadsheet(f"<table:table-row>{ods_cell('x', 2_000_000_000)}</table:table-row>")

    assert "too large" in reason_against(content)


def test_an_archive_that_unpacks_without_end_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("content.xml", bytes(130_000_000))
    honest = stream.getvalue()
    size = (130_000_000).to_bytes(4, "little")
    assert honest.count(size) == 2
    lying = honest.replace(size, (1000).to_bytes(4, "little"))

    assert "too large" in reason_against(honest)
    assert "too large" in reason_against(lying)


@pytest.mark.parametrize(
    "content",
    [
        workbook(lambda sheet: sheet.write(0, 0, "Email"))[:-200],
        b"PK\x03\x04" + b"nonsense" * 50,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000),
    ],
)
def test_a_damaged_workbook_is_refused(content: bytes) -> None:
    assert reason_against(content).startswith("The workbook is damaged.")


def test_an_empty_workbook_and_a_foreign_archive_are_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("photo.txt", "x")

    assert "no sheet with anything in it" in reason_against(workbook(lambda sheet: None))
    assert "an archive, not a table" in reason_against(stream.getvalue())


_ANY_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff")
    | st.sampled_from(',;\t|"\n\r ='),
    max_size=12,
)
# By whole words, in which the letters stand as they do in the language, cp1252 is told.
_WESTERN_TEXT = st.lists(
    st.sampled_from(
        [*"abc XYZ019,;\t|\"'\n\r", " Jürgen ", " Österreich ", " Größe ", " schön ", " Fußweg "]
    ),
    max_size=12,
).map("".join)


@st.composite
def _written_tables(draw: st.DrawFn) -> tuple[str, str, str, list[list[str]]]:
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    end = draw(st.sampled_from(["\n", "\r\n"] if encoding == "cp1252" else ["\n", "\r\n", "\r"]))
    width = draw(st.integers(2, 5))
    cell = _WESTERN_TEXT if encoding == "cp1252" else _ANY_TEXT
    row = st.lists(cell, min_size=width, max_size=width)
    return encoding, delimiter, end, draw(st.lists(row, min_size=1, max_size=8))


@given(_written_tables())
def test_what_the_csv_module_writes_reads_back_equal(
    written: tuple[str, str, str, list[list[str]]],
) -> None:
    encoding, delimiter, end, rows = written
    headers = ["Email", "Name", "Company", "City", "Note"][: len(rows[0])]
    stream = io.StringIO(newline="")
    # With another line end than CRLF, the writer of Python 3.11 leaves line breaks unquoted.
    if end == "\r\n":
        writer = csv.writer(stream, delimiter=delimiter)
    else:
        writer = csv.writer(stream, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([headers, *rows, headers])

    table = table_of(stream.getvalue().encode(encoding))

    shown = [tuple(row) for row in [*rows, headers] if "".join(row).strip()]
    assert table.headers == tuple(headers)
    assert [row.cells for row in table.rows()] == shown


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ('"Berg" , "Anna" ,a@example.org', ("Berg", "Anna", "a@example.org")),
        ('Berg,"Anna, Eva" ,a@example.org', ("Berg", "Anna, Eva", "a@example.org")),
        ('Berg,"two\nlines" ,a@example.org', ("Berg", "two\nlines", "a@example.org")),
        ('Berg,Anna,"a@example.org"  ', ("Berg", "Anna", "a@example.org")),
    ],
)
def test_blanks_beside_quotation_marks_are_forgiven(row: str, cells: tuple[str, ...]) -> None:
    table = table_of(f"Name,First name,Email\n{row}\nLast,Row,z@example.org\n")

    rows = list(table.rows())

    assert [one.fault for one in rows] == [None, None]
    assert tuple(cell.strip().strip('" ') for cell in rows[0].cells) == cells


def test_quoted_cells_after_comma_and_blank_are_told_from_any_line() -> None:
    table = table_of('Name, Company, Email\nAnna, "Berg, Hill", a@example.org\n')

    assert [row.cells for row in table.rows()] == [("Anna", "Berg, Hill", "a@example.org")]


@pytest.mark.parametrize(
    "above", ["Acme Ltd\n", "Acme Ltd,,\nContacts\n\nAll dates\n", '"Acme; Ltd"\n']
)
def test_titles_above_the_headers_are_passed_over(above: str) -> None:
    table = table_of(f"{above}Name,Email,City\nAnna,a@example.org,Oslo\nBea,b@example.org,Rome\n")

    assert table.headers == ("Name", "Email", "City")
    assert [row.cells[1] for row in table.rows()] == ["a@example.org", "b@example.org"]


def test_what_stands_below_a_table_is_refused_row_by_row() -> None:
    table = table_of("Name,Email,City\nAnna,a@example.org,Oslo\n\nConfidential\n")

    assert [row.cells[0] for row in table.rows()] == ["Anna", "Confidential"]


def test_three_decimals_of_a_workbook_are_no_thousands() -> None:
    content = workbook(
        lambda sheet: (
            sheet.write_row(0, 0, ["Email", "Seats"]),
            sheet.write_row(1, 0, ["a@example.org", 1.234]),
            sheet.write_row(2, 0, ["b@example.org", -1234.5]),
        )
    )

    assert [row.cells[1] for row in table_of(content).rows()] == ["1.2340", "-1234.5"]


# Each is how a program of that system and language writes a list; none is marked.
_OLD_ENCODINGS = [
    ("Jürgen Groß, François Lefèvre, José Ibáñez, João Simões, Åse Sørensen", "cp1252"),
    ("Jürgen Groß, Łukasz Wójcik, Jiří Dvořák, Kovács Győző", "cp1250"),
    ("Łukasz Wójcik, Małgorzata Dąbrowska, Święta Góra", "iso8859_2"),
    ("Łukasz Wójcik, Małgorzata Dąbrowska, Święta Góra", "cp852"),
    ("Příbram, Jiří Dvořák, Tomáš Růžička, Ústí nad Labem", "cp852"),
    ("Jürgen Groß, Bäckerei Süß, Köln, Österreich", "cp850"),
    ("François Lefèvre, Société générale, Besançon", "mac_roman"),
    ("Míkrónesía, Guðrún Jónsdóttir, Þórður", "cp1252"),
    ("Ștefan Ionescu".replace("Ș", "Ş") + ", Bucureşti, Târgu Mureş, Constanţa", "cp1250"),
    ("Vilnius, Žemaitė, Ąžuolas, Šiauliai, Kęstutis", "cp1257"),
    ("Jānis Bērziņš, Rīga, Ķekava, Žanis", "cp1257"),
    ("Анна Иванова, Санкт-Петербург, Пётр Сидоров", "koi8_r"),
    ("Анна Иванова, Санкт-Петербург, Пётр Сидоров", "cp866"),
    ("Анна Иванова, Санкт-Петербург, Пётр Сидоров", "iso8859_5"),
    ("Олена Шевченко, Київ, Львів, Їжак", "koi8_u"),
    ("משה כהן, תל אביב, ירושלים", "cp1255"),
    ("محمد عبد الله, القاهرة, الرياض", "cp1256"),
    ("สมชาย ใจดี, กรุงเทพมหานคร, เชียงใหม่", "cp874"),
    ("東京, 日本, アメリカ合衆国, スペイン", "cp932"),
    ("東京, 日本, アメリカ合衆国, スペイン", "euc_jp"),
    ("東京, 日本, アメリカ合衆国, スペイン", "iso2022_jp"),
    ("北京, 中国, 美国, 西班牙, 澳大利亚", "gb18030"),
    ("台北, 中國, 美國, 西班牙, 澳洲", "big5"),
    ("서울, 대한민국, 미국, 스페인", "cp949"),
]


@pytest.mark.parametrize(("text", "encoding"), _OLD_ENCODINGS)
def test_old_encodings_are_told_by_which_letters_stand_side_by_side(
    text: str, encoding: str
) -> None:
    content = f"Email;Name\nanna@example.com;{text}\n".encode(encoding)

    rows = list(table_of(content).rows())

    assert [row.cells for row in rows] == [("anna@example.com", text)]
