"""Deleting the emails of a Maildir that name somebody."""

import re
from collections.abc import Collection
from pathlib import Path

_FOLDERS = ("new", "cur", "tmp")
# Quoted-printable ends a line so wherever it likes, within an address too.
_SOFT_BREAK = re.compile(rb"=\r?\n")


def forget_in(maildir: Path, addresses: Collection[str]) -> int:
    """Delete the emails that name one of these addresses, in whatever case, and return how many."""
    wanted = [address.lower().encode() for address in addresses if address]
    gone = 0
    for folder in _FOLDERS if wanted else ():
        for mail in _mails(maildir / folder):
            if _names(mail, wanted):
                mail.unlink(missing_ok=True)
                gone += 1
    return gone


def _mails(folder: Path) -> list[Path]:
    return [one for one in folder.iterdir() if one.is_file()] if folder.is_dir() else []


def _names(mail: Path, wanted: Collection[bytes]) -> bool:
    try:
        content = _SOFT_BREAK.sub(b"", mail.read_bytes()).lower()
    except FileNotFoundError:
        # Another process has moved it; it is read there.
        return False
    return any(address in content for address in wanted)
