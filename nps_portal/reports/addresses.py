"""Email addresses in other people's words."""

import re

# Every repetition is bounded, so a line of a million letters costs no more than its length.
ADDRESS = r"[\w!#$%&'*+/=?^`{|}~.-]{1,64}@(?:[\w-][\w.-]{0,253}[\w]|\[[\d.]{7,15}\])"
_ADDRESS = re.compile(ADDRESS)
_QUOTED = re.compile(rf"<({ADDRESS})>")
_NOBODY = re.compile(
    r"(?:post|host|web|list)master|mailer-?daemon|mail-?(?:er|admin)|abuse|support|help-?(?:desk)?"
    r"|admin(?:istrator)?|security|noc|delist\w*|unblock\w*|removal\w*|spam\w*|no-?reply|it-?support"
)


def first_address(text: str) -> str:
    """Return the first address in a text, one in angle brackets before a bare one."""
    found = _QUOTED.search(text)
    if found:
        return found[1]
    bare = _ADDRESS.search(text)
    return clean(bare[0]) if bare else ""


def clean(address: str) -> str:
    """Return an address found in prose without the punctuation around it."""
    return address.strip("'`*=|.").removeprefix("mailto:").removeprefix("=")


def is_a_machines(address: str) -> bool:
    """Tell whether an address is one to write to for help, not one that mail fails at."""
    return _NOBODY.fullmatch(address.partition("@")[0].lower()) is not None
