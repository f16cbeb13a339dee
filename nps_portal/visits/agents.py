"""What a program calls itself: known machines, and the family of a browser."""

import re
from functools import cache, lru_cache

from crawleruseragents import is_crawler  # type: ignore[import-untyped]  # it ships no types

from nps_portal.visits.known import Certainty, Known, known_machines

REMEMBERED = 4096

_CRAWLER = Known(
    label="a known crawler or program",
    certainty=Certainty.CERTAIN,
    source="github.com/monperrus/crawler-user-agents",
    date="2026",
)
# The first that fits; browsers name their forebears, so the order matters.
_SYSTEMS = ("iPhone", "iPad", "Android", "Windows", "CrOS", "Macintosh", "Linux")
_BROWSERS = ("Edg", "OPR", "SamsungBrowser", "Firefox", "FxiOS", "CriOS", "Chrome", "Safari")


@lru_cache(maxsize=REMEMBERED)
def known_agent(user_agent: str) -> Known | None:
    """Return the machine that names itself so, or None for what may be a person's browser.

    Our own list goes first: it says less than the library about what people also use.
    """
    for pattern, known in _own_list():
        if pattern.search(user_agent):
            return known
    return _CRAWLER if is_crawler(user_agent) else None


@lru_cache(maxsize=REMEMBERED)
def family(user_agent: str) -> str:
    """Return the kind of program, as `Windows Chrome`; versions do not matter."""
    system = next((name for name in _SYSTEMS if name in user_agent), "")
    browser = next((name for name in _BROWSERS if name in user_agent), "")
    return f"{system} {browser}".strip() or user_agent.partition("/")[0]


@cache
def _own_list() -> list[tuple[re.Pattern[str], Known]]:
    return [
        (re.compile(pattern), known) for pattern, known in known_machines("agents.csv", "pattern")
    ]
