"""Lists that are shown a page at a time, with the links to the pages around."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a page stands in a list: its number from 1, the size of a page, the rows in all."""

    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """Return how many pages there are; an empty list has one."""
        return max(1, -(-self.total // self.size))

    @property
    def offset(self) -> int:
        """Return how many rows stand before the page."""
        return (self.number - 1) * self.size


@dataclass(frozen=True, kw_only=True)
class PageLinks:
    """What the bar below a list shows: which rows, of how many, and where its neighbours are."""

    first: int
    last: int
    total: int
    previous_url: str | None
    next_url: str | None


def place_of(number: int, *, size: int, total: int) -> Place:
    """Return the page of this number, or the nearest one that there is."""
    pages = Place(number=1, size=size, total=total).pages
    return Place(number=min(max(1, number), pages), size=size, total=total)


def page_links(place: Place, url_of_page: Callable[[int], str]) -> PageLinks:
    """Return the bar below the page."""
    return PageLinks(
        first=min(place.offset + 1, place.total),
        last=min(place.offset + place.size, place.total),
        total=place.total,
        previous_url=url_of_page(place.number - 1) if place.number > 1 else None,
        next_url=url_of_page(place.number + 1) if place.number < place.pages else None,
    )
