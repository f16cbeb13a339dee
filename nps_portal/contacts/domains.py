"""Which domains of email addresses tell a company, and which belong to a mail provider."""

from functools import cache
from importlib import resources


def company_domain(email: str) -> str | None:
    """Return the domain of an address in lower case, or None when anybody can have one there."""
    domain = email.partition("@")[2].lower()
    return None if not domain or domain in _free_mail_domains() else domain


@cache
def _free_mail_domains() -> frozenset[str]:
    text = resources.files(__package__).joinpath("data/free_mail_domains.txt")
    lines = text.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
