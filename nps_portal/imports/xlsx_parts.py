"""The parts of an XLSX file beside its sheets: their names, the formats of days, shared texts."""

import datetime
import posixpath
import re
import tempfile
import weakref
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Self
from xml.etree import ElementTree
from xml.parsers import expat

from nps_portal.imports.tables import UnreadableFile

# So much may come out of one part; a list of a million people with twenty columns fits.
LARGEST_PART_BYTES = 2_000_000_000
# What names sheets and formats is read as a whole.
_LARGEST_SMALL_PART_BYTES = 20_000_000
_CHUNK = 262_144
_SHARED = "xl/sharedStrings.xml"
# What the archive itself raises when it is damaged.
DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
_DAY_FORMATS = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_NOT_SHOWN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)
_OF_DAYS = re.compile(r"[dmyhs]", re.IGNORECASE)
_TOO_LARGE = "The workbook is too large to open. Save its sheet as “CSV UTF-8” and try that file."
DAMAGED = "The workbook is damaged. Open it in your spreadsheet program and save it again."


@dataclass(frozen=True, kw_only=True)
class Book:
    """What the cells of all sheets need.

    `sheets` has the part of each by its name, in their order; `day_styles` are the formats of days
    and times; `first_day` is the one that cells count from.
    """

    sheets: Mapping[str, str]
    day_styles: frozenset[int]
    first_day: datetime.datetime


class Strings:
    """The texts that cells share, in a file beside: a million of them would fill the memory."""

    def __init__(self, file: BinaryIO, ends: "array[int]") -> None:
        self._file = file
        self._ends = ends
        weakref.finalize(self, file.close)

    @classmethod
    def read(cls, archive: zipfile.ZipFile) -> Self:
        """Read them out of a workbook; it may have none."""
        file, ends = tempfile.TemporaryFile(), array("Q", [0])  # noqa: SIM115 - closed with these
        strings = cls(file, ends)
        if _SHARED in archive.namelist():
            reader = _StringReader()
            for _ in parsed(archive, _SHARED, reader.parser):
                for text in reader.taken():
                    ends.append(ends[-1] + file.write(text.encode("utf-8", "replace")))
        return strings

    def __getitem__(self, number: int) -> str:
        """Return one of them.

        :raises UnreadableFile: a cell names a text that is not there.
        """
        if not 0 <= number < len(self._ends) - 1:
            raise UnreadableFile(DAMAGED)
        start, end = self._ends[number], self._ends[number + 1]
        self._file.seek(start)
        return self._file.read(end - start).decode()


class _StringReader:
    """Takes XML in pieces and gives the texts that are complete."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._parts: list[str] = []
        self._is_text = False
        self._readings = 0
        self.parser = parser_for(self._start, self._end, self._text)

    def taken(self) -> list[str]:
        texts, self._texts = self._texts, []
        return texts

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        if tag == "rPh":
            # How an East Asian text is pronounced, which no cell shows.
            self._readings += 1
        self._is_text = tag == "t" and not self._readings

    def _end(self, name: str) -> None:
        tag = name.rpartition(" ")[2]
        self._is_text = False
        if tag == "rPh":
            self._readings -= 1
        elif tag == "si":
            self._texts.append("".join(self._parts))
            self._parts = []

    def _text(self, text: str) -> None:
        if self._is_text:
            self._parts.append(text)


def parser_for(
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    text: Callable[[str], None],
) -> expat.XMLParserType:
    """Return a parser that calls these; names come with the address of their namespace before."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def parsed(archive: zipfile.ZipFile, part: str, parser: expat.XMLParserType) -> Iterator[None]:
    """Parse a part a piece at a time, and pause after each.

    :raises UnreadableFile: it is too large, damaged, or not there.
    """
    try:
        for chunk in _unpacked(archive, part, LARGEST_PART_BYTES):
            parser.Parse(chunk)
            yield
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError) as error:
        raise UnreadableFile(DAMAGED) from error
    yield


def _refuse_doctype(*_: object) -> None:
    # No spreadsheet program writes one, and it could name parts without end.
    raise UnreadableFile(DAMAGED)


def _unpacked(archive: zipfile.ZipFile, part: str, most: int) -> Iterator[bytes]:
    try:
        entry = archive.getinfo(part)
        # The size that an archive declares may be a lie, and the reading would stop there.
        entry.file_size = most + 2 * _CHUNK
        size = 0
        with archive.open(entry) as stream:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > most:
                    raise UnreadableFile(_TOO_LARGE)
                yield chunk
    except (KeyError, *DAMAGES) as error:
        raise UnreadableFile(DAMAGED) from error


def read_book(archive: zipfile.ZipFile) -> Book:
    """Read the names of the sheets and which formats are of days.

    :raises UnreadableFile: a part is missing or not to be read.
    """
    workbook = _small_part(archive, "xl/workbook.xml")
    targets = {
        one.get("Id"): posixpath.normpath(posixpath.join("/xl", one.get("Target", "")))[1:]
        for one in _small_part(archive, "xl/_rels/workbook.xml.rels")
    }
    sheets = {}
    for sheet in _named(workbook, "sheet"):
        relation = next((v for k, v in sheet.attrib.items() if k.endswith("}id")), None)
        if relation in targets:
            sheets[sheet.get("name", "")] = targets[relation]
    counts_from_1904 = any(
        one.get("date1904") in ("1", "true") for one in _named(workbook, "workbookPr")
    )
    return Book(
        sheets=sheets,
        day_styles=_day_styles(archive),
        # A day that never was, 29 February 1900, is counted; lists of today need not care.
        first_day=datetime.datetime(1904, 1, 1)  # noqa: DTZ001 - sheets know no zone
        if counts_from_1904
        else datetime.datetime(1899, 12, 30),  # noqa: DTZ001 - as above
    )


def _day_styles(archive: zipfile.ZipFile) -> frozenset[int]:
    if "xl/styles.xml" not in archive.namelist():
        return frozenset()
    styles = _small_part(archive, "xl/styles.xml")
    of_days = set(_DAY_FORMATS)
    for one in _named(styles, "numFmt"):
        number = int(one.get("numFmtId", "0"))
        shown = _NOT_SHOWN.sub("", one.get("formatCode", "").partition(";")[0])
        (of_days.add if _OF_DAYS.search(shown) else of_days.discard)(number)
    formats = [one for group in _named(styles, "cellXfs") for one in group]
    return frozenset(
        place for place, one in enumerate(formats) if int(one.get("numFmtId", "0")) in of_days
    )


def _named(root: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return (one for one in root.iter() if one.tag.rpartition("}")[2] == name)


def _small_part(archive: zipfile.ZipFile, part: str) -> ElementTree.Element:
    content = b"".join(_unpacked(archive, part, _LARGEST_SMALL_PART_BYTES))
    if b"<!DOCTYPE" in content:
        raise UnreadableFile(DAMAGED)
    try:
        return ElementTree.fromstring(content)  # noqa: S314 - without a doctype it is harmless
    except ElementTree.ParseError as error:
        raise UnreadableFile(DAMAGED) from error
