"""A mail server's replies, cut from the bytes as they come."""

import re
from collections import deque

_LONGEST_REPLY_BYTES = 65_536
_REPLY_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)


class BadReply(Exception):
    """What came is not SMTP."""


class ReplyReader:
    """Takes bytes in and gives whole replies, each a code and its text, out."""

    def __init__(self) -> None:
        self._unread = b""
        self._lines: list[bytes] = []
        self._size = 0
        self._replies: deque[tuple[int, bytes]] = deque()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has come that was not taken out."""
        return not (self._unread or self._lines or self._replies)

    def feed(self, received: bytes) -> None:
        """Take in what has come.

        :raises BadReply: it is not SMTP, or longer than any reply.
        """
        *lines, self._unread = (self._unread + received).split(b"\n")
        for line in lines:
            self._take(line.removesuffix(b"\r"))
        if self._size + len(self._unread) > _LONGEST_REPLY_BYTES:
            raise BadReply

    def next(self) -> tuple[int, bytes] | None:
        """Return the code and the text of the next reply, or None while it is not whole."""
        return self._replies.popleft() if self._replies else None

    def _take(self, line: bytes) -> None:
        parts = _REPLY_LINE.fullmatch(line)
        self._size += len(line)
        if parts is None or self._size > _LONGEST_REPLY_BYTES:
            raise BadReply
        self._lines.append((parts[3] or b"").strip())
        if parts[2] != b"-":
            self._replies.append((int(parts[1]), b"\n".join(self._lines)))
            self._lines, self._size = [], 0
