"""Deleting the emails of a Maildir that name somebody."""

import re
from collections.abc import Collection
from pathlib import Path

_FOLDERS = ("new", "cur", "tmp")
# Quoted-printable ends a line so wherever it likes, within an address too.
_SOFT_BREAK = re.compile(rb"=\r?\n")
# It writes an equals sign so, as before an address in a link.
_EQUALS = re.compile(rb"=3d", re.IGNORECASE)


def forget_in(maildir: Path, addresses: Collection[str], own: Collection[str] = ()) -> int:
    """Delete the emails that name one of these addresses, in whatever case, and return how many.

    Every email names the account's `own` addresses: for these only what was caught for them goes.
    """
    wanted = _pattern({one.lower() for one in addresses if one}, {one.lower() for one in own})
    gone = 0
    for folder in _FOLDERS if wanted else ():
        for mail in _mails(maildir / folder):
            if wanted and _names(mail, wanted):
                mail.unlink(missing_ok=True)
                gone += 1
    return gone


def _pattern(addresses: set[str], own: set[str]) -> re.Pattern[str] | None:
    """Return what finds an address, but not as a part of a longer one of somebody else."""
    forms = [_whole(one) for one in sorted(addresses - own)]
    # The mailbox notes for whom it has caught an email in a line of its own.
    forms += [rf"^X-Envelope-To:[^\r\n]*?{_whole(one)}" for one in sorted(addresses & own)]
    return re.compile("|".join(forms), re.IGNORECASE | re.MULTILINE) if forms else None


def _whole(address: str) -> str:
    return rf"(?<![\w.%+-]){re.escape(address)}(?![\w-]|\.\w)"


def _mails(folder: Path) -> list[Path]:
    return [one for one in folder.iterdir() if one.is_file()] if folder.is_dir() else []


def _names(mail: Path, wanted: re.Pattern[str]) -> bool:
    try:
        content = mail.read_bytes()
    except FileNotFoundError:
        # Another process has moved it; it is read there.
        return False
    content = _EQUALS.sub(b"=", _SOFT_BREAK.sub(b"", content))
    return wanted.search(content.decode("utf-8", "replace")) is not None
