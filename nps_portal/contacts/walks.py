"""A page of a list that is walked through: who was found, and where the next one goes on."""

from collections.abc import Sequence
from dataclasses import dataclass

from nps_portal.contacts.list_filters import ListPlace

PAGE_SIZE = 50


@dataclass(frozen=True, kw_only=True)
class Found:
    """The ids on one page, and what is known of their place in the list.

    `total` is None where nobody has counted. A neighbour is a page's number, or the Contact after
    or before which it lies. `is_cut` says that the walk ended before the page was full.
    """

    ids: Sequence[int]
    first: int
    total: int | None
    previous: ListPlace | None
    next: ListPlace | None
    is_cut: bool = False
    is_by_name: bool = False


@dataclass(frozen=True, kw_only=True)
class Walk:
    """What a walk has found, one more than a page holds where there is more; `end` cut it short."""

    ids: Sequence[int]
    place: ListPlace
    end: int | None
    is_started: bool

    @property
    def is_full(self) -> bool:
        """Tell whether there are more than a page holds."""
        return len(self.ids) > PAGE_SIZE

    @property
    def shown(self) -> Sequence[int]:
        """Return who stands on the page, in the direction of the walk."""
        return self.ids[:PAGE_SIZE]

    @property
    def goes_on_at(self) -> int | None:
        """Return the Contact behind which there is more: cut short, the last one looked at."""
        return self.shown[-1] if self.is_full else self.end


def onward(walk: Walk) -> Found:
    """Return the page that a walk along the list has found."""
    first = walk.place.first if walk.is_started else 1
    following = ListPlace(after=walk.goes_on_at, first=first + len(walk.shown))
    previous = ListPlace(before=walk.shown[0] if walk.shown else walk.place.after, first=first)
    return Found(
        ids=walk.shown,
        first=first,
        total=None,
        previous=previous if walk.is_started else None,
        next=following if walk.goes_on_at else None,
        is_cut=walk.end is not None and not walk.is_full,
    )


def back(walk: Walk) -> Found:
    """Return the page that a walk against the order of the list has found."""
    ids = list(reversed(walk.shown))
    first = max(1, walk.place.first - len(ids)) if walk.goes_on_at else 1
    following = ListPlace(after=ids[-1], first=first + len(ids)) if ids else ListPlace()
    return Found(
        ids=ids,
        first=first,
        total=None,
        previous=ListPlace(before=walk.goes_on_at, first=first) if walk.goes_on_at else None,
        next=following,
        is_cut=walk.end is not None and not walk.is_full,
    )
