"""The foot of a list that is shown a page at a time."""

from collections.abc import Callable
from dataclasses import dataclass

PAGE_SIZE = 25
# Far behind the end of every list, and a number that the database can count to.
LAST_PAGE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class ShownPage:
    """Which rows a page shows, of how many (None: not counted), and where its neighbours are."""

    first: int
    last: int
    total: int | None
    previous_url: str | None
    next_url: str | None


def offset_of(page: int) -> int:
    """Return how many rows stand before a page; pages count from 1."""
    return (_shown(page) - 1) * PAGE_SIZE


def shown_page(
    page: int, found: int, total: int | None, url_of_page: Callable[[int], str]
) -> ShownPage:
    """Return the foot of a page for which up to one row more than its size was looked up."""
    number = _shown(page)
    offset = offset_of(number)
    return ShownPage(
        first=offset + 1,
        last=offset + min(found, PAGE_SIZE),
        total=total,
        previous_url=url_of_page(number - 1) if number > 1 else None,
        next_url=url_of_page(number + 1) if found > PAGE_SIZE else None,
    )


def _shown(page: int) -> int:
    """Return the page that can be shown for one that was asked for."""
    return min(max(1, page), LAST_PAGE)
