"""Lists of answers in JSON, one object after the other, however long the list is."""

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from nps_portal.imports.tables import UnreadableFile

LARGEST_OBJECT = 4_000_000
_CHUNK = 262_144
_BETWEEN = " \t\r\n,"


def listed_objects(file: BinaryIO, filename: str) -> Iterator[Any]:
    """Yield what the list holds; it may stand alone or under a name.

    :raises UnreadableFile: there is no list, or it breaks off.
    """
    text = _Text(file)
    text.skip_to_list(filename)
    decoder = json.JSONDecoder()
    while True:
        first = text.next_sign(_BETWEEN)
        if first == "]":
            return
        if not first:
            raise UnreadableFile(f"«{filename}» breaks off in the middle. Nothing was imported.")
        while True:
            try:
                one, text.position = decoder.raw_decode(text.buffer, text.position)
                # A number at the very end may go on in what is still to be read.
                if text.position < len(text.buffer) or not text.read_on():
                    break
            except (ValueError, RecursionError) as fault:
                if text.unread() > LARGEST_OBJECT or not text.read_on():
                    raise UnreadableFile(
                        f"«{filename}» begins like JSON and is none: {fault}. Nothing was imported."
                    ) from fault
        yield one


class _Text:
    """The text of a file as far as it is needed."""

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self.buffer = ""
        self.position = 0

    def read_on(self) -> bool:
        """Read a further piece; False at the end."""
        chunk = self._file.read(_CHUNK)
        self.buffer = self.buffer[self.position :] + self._decoder.decode(chunk, final=not chunk)
        self.position = 0
        return bool(chunk)

    def unread(self) -> int:
        """Return how much was read and is not used yet."""
        return len(self.buffer) - self.position

    def next_sign(self, passed_over: str) -> str:
        """Return the next sign that is none of these; empty at the end."""
        while True:
            while self.position < len(self.buffer):
                if self.buffer[self.position] not in passed_over:
                    return self.buffer[self.position]
                self.position += 1
            if not self.read_on():
                return ""

    def skip_to_list(self, filename: str) -> None:
        """Go behind the bracket that opens the first list."""
        while True:
            found = self.buffer.find("[", self.position)
            if found >= 0:
                self.position = found + 1
                return
            if self.unread() > LARGEST_OBJECT or not self.read_on():
                raise UnreadableFile(
                    f"«{filename}» holds no list of answers. Nothing was imported."
                )
