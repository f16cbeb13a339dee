"""The foot of a list that is shown a page at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nps_portal.foundation.row_ids import row_id

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


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A page of a long list, which begins at a row of the page that one comes from.

    To count rows up to a page would take the longer the further it is. `edge` is that row's id,
    None for the first page.
    """

    number: int
    edge: int | None
    is_newer: bool

    @property
    def limit(self) -> int:
        """Return how many rows to look up; one more than are shown tells of an older page."""
        return PAGE_SIZE if self.is_newer else PAGE_SIZE + 1


def turn_of(arguments: Mapping[str, str]) -> Turn:
    """Return the page that an address asks for; the first when it cannot be read."""
    is_newer = "newer" in arguments
    try:
        edge = row_id(arguments["newer" if is_newer else "older"])
        number = int(arguments["page"])
    except (KeyError, ValueError):
        return Turn(number=1, edge=None, is_newer=False)
    return Turn(number=_shown(number), edge=edge, is_newer=is_newer)


def turned_page(turn: Turn, ids: Sequence[int], url_of: Callable[..., str]) -> ShownPage:
    """Return the foot of a page with these rows, of which the last may be one too many."""
    shown = ids[:PAGE_SIZE]
    first = (turn.number - 1) * PAGE_SIZE + 1
    follows = turn.is_newer or len(ids) > PAGE_SIZE
    newer = {"page": turn.number - 1, "newer": shown[0]} if turn.number > 2 and shown else {}
    return ShownPage(
        first=first,
        last=first + len(shown) - 1,
        total=len(shown) if turn.number == 1 and not follows else None,
        previous_url=url_of(**newer) if turn.number > 1 else None,
        next_url=url_of(page=turn.number + 1, older=shown[-1]) if follows and shown else None,
    )


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
