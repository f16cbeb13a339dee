"""XLSX sheets of any length, row by row: for those that are too large to be held whole.

Only what a list needs is read: texts, numbers, days and yes or no, as their cells show them.
"""

import datetime
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from nps_portal.imports.tables import MOST_COLUMNS, UnreadableFile
from nps_portal.imports.xlsx_parts import Book, Strings, parsed, parser_for, read_book

_PLACE = re.compile(r"([A-Z]{1,3})[0-9]+")
_SECONDS_A_DAY = 86_400

Values = list[object]


@dataclass(frozen=True, kw_only=True)
class StreamedSheet:
    """The first sheet of a workbook with at least one filled cell."""

    name: str
    file: BinaryIO
    part: str
    book: Book
    strings: Strings

    def rows(self) -> Iterator[tuple[int, Values]]:
        """Yield the rows with their numbers; their cells are texts, numbers or days."""
        return _rows(self.file, self.part, self.book, self.strings)


def open_streamed(file: BinaryIO) -> StreamedSheet | None:
    """Open the first sheet of a workbook that is not empty; None when all of them are.

    :raises UnreadableFile: it is too large even for this, or no workbook that can be read.
    """
    with zipfile.ZipFile(file) as archive:
        book, strings = read_book(archive), Strings.read(archive)
    for name, part in book.sheets.items():
        sheet = StreamedSheet(name=name, file=file, part=part, book=book, strings=strings)
        if any(value != "" for _, values in sheet.rows() for value in values):
            return sheet
    return None


def _rows(file: BinaryIO, part: str, book: Book, strings: Strings) -> Iterator[tuple[int, Values]]:
    with zipfile.ZipFile(file) as archive:
        reader = _SheetReader(book, strings)
        for _ in parsed(archive, part, reader.parser):
            yield from reader.taken()


class _SheetReader:
    """Takes XML in pieces and gives the rows that are complete."""

    def __init__(self, book: Book, strings: Strings) -> None:
        self._book = book
        self._strings = strings
        self._rows: list[tuple[int, Values]] = []
        self._number = 0
        self._values: Values = []
        self._kind, self._style, self._texts = "n", 0, list[str]()
        self._is_text = self._is_reading = False
        self.parser = parser_for(self._start, self._end, self._text)
        self._makers: Mapping[str, Callable[[str], object]] = {
            "s": lambda text: strings[int(text)],
            "b": lambda text: text.strip() == "1",
            "n": self._number_or_day,
            "d": lambda text: datetime.datetime.fromisoformat(text),
        }

    def taken(self) -> list[tuple[int, Values]]:
        rows, self._rows = self._rows, []
        return rows

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        if tag == "c":
            place = _PLACE.match(attributes.get("r", ""))
            column = _column_number(place[1]) if place else len(self._values)
            if column >= MOST_COLUMNS:
                raise UnreadableFile(f"The sheet has more than {MOST_COLUMNS:,} columns.")
            self._values += [""] * (column - len(self._values))
            self._kind, self._style = attributes.get("t", "n"), int(attributes.get("s", "0"))
            self._texts = []
            self._is_reading = True
        elif tag in ("v", "t"):
            self._is_text = self._is_reading
        elif tag == "rPh":
            self._is_reading = False
        elif tag == "row":
            self._number = int(attributes.get("r", self._number + 1))
            self._values = []

    def _end(self, name: str) -> None:
        tag = name.rpartition(" ")[2]
        if tag in ("v", "t"):
            self._is_text = False
        elif tag == "rPh":
            self._is_reading = True
        elif tag == "c":
            self._is_reading = False
            self._values.append(self._value())
        elif tag == "row":
            self._rows.append((self._number, self._values))

    def _text(self, text: str) -> None:
        if self._is_text:
            self._texts.append(text)

    def _value(self) -> object:
        text = "".join(self._texts)
        if not text:
            return ""
        make = self._makers.get(self._kind)
        return make(text) if make is not None else text

    def _number_or_day(self, text: str) -> object:
        number = float(text)
        if self._style not in self._book.day_styles:
            return number
        return _day(number, self._book.first_day)


def _day(number: float, first_day: datetime.datetime) -> object:
    """Return what a cell with the format of a day or a time shows."""
    days, seconds = divmod(round(number * _SECONDS_A_DAY), _SECONDS_A_DAY)
    try:
        at = first_day + datetime.timedelta(days=days, seconds=seconds)
    except OverflowError:
        return number
    return at.time() if 0 <= number < 1 else at


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
