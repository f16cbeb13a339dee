"""Where a person goes on to after signing in: a page of this site, never another site."""

from urllib.parse import urlsplit


def local_path(wanted: str | None) -> str | None:
    """Return the wanted path with its query if it stays on this site, else None.

    Browsers read a backslash as a slash and drop tabs and line breaks, so that `/\\evil` and
    `/<tab>/evil` would lead to another host.
    """
    if not wanted or not wanted.startswith("/") or wanted.startswith("//"):
        return None
    if "\\" in wanted or any(ord(character) <= 0x20 for character in wanted) or "\x7f" in wanted:
        return None
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return None
    return None if parts.scheme or parts.netloc else wanted
