"""A comment as it was sent, made fit to be kept."""

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def clean_comment(text: str | None) -> str:
    """Return a comment with its line breaks, without the characters that cannot be shown.

    A browser sends line ends as CR LF, which would count twice towards the length.
    """
    lines = (text or "").replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return _CONTROL.sub("", lines).strip()
