"""What the list of contacts is asked for, as it stands in its address."""

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

from nps_portal.contacts.models import Trend
from nps_portal.foundation.row_ids import row_id
from nps_portal.nps import Category

TEXT_LENGTH = 200
NOBODY = "none"

Choice = tuple[str, str]


class ContactGroup(enum.Enum):
    """Which contacts the list shows: those that are not removed, or one kind apart."""

    CURRENT = "current"
    SUPPRESSED = "suppressed"
    PAUSED = "paused"
    REMOVED = "removed"


class ContactOrder(enum.Enum):
    """In which order the list shows them."""

    NAME = "name"
    LOWEST_SCORE = "lowest"
    HIGHEST_SCORE = "highest"
    LAST_ANSWERED = "answered"
    NEWEST = "newest"


GROUPS: tuple[Choice, ...] = (
    ("", "All contacts"),
    (ContactGroup.SUPPRESSED.value, "Not to be mailed"),
    (ContactGroup.PAUSED.value, "Paused"),
    (ContactGroup.REMOVED.value, "Removed"),
)
ORDERS: tuple[Choice, ...] = (
    ("", "By name"),
    (ContactOrder.LOWEST_SCORE.value, "Lowest score first"),
    (ContactOrder.HIGHEST_SCORE.value, "Highest score first"),
    (ContactOrder.LAST_ANSWERED.value, "Last answer first"),
    (ContactOrder.NEWEST.value, "Newest first"),
)
SCORES: tuple[Choice, ...] = (
    ("", "Any score"),
    (Category.PROMOTER.value, "Promoters"),
    (Category.PASSIVE.value, "Passives"),
    (Category.DETRACTOR.value, "Detractors"),
    (NOBODY, "No score yet"),
)
TREND_WORDS = {
    Trend.NEW: "first score",
    Trend.STEADY: "steady",
    Trend.IMPROVING: "improving",
    Trend.DETERIORATING: "deteriorating",
    Trend.CROSSED_UP: "crossed the line upwards",
    Trend.CROSSED_DOWN: "crossed the line downwards",
}
TRENDS: tuple[Choice, ...] = (
    ("", "Any trend"),
    *((trend.value, words.capitalize()) for trend, words in TREND_WORDS.items()),
)


@dataclass(frozen=True, kw_only=True)
class ContactFilter:
    """Which contacts the list shows, in which order; None and empty text filter nothing.

    `is_unowned` and `is_unscored` ask for those without an owner and without a score.
    """

    text: str = ""
    tag_id: int | None = None
    owner_id: int | None = None
    is_unowned: bool = False
    company: str = ""
    category: Category | None = None
    is_unscored: bool = False
    trend: Trend | None = None
    language: str = ""
    group: ContactGroup = ContactGroup.CURRENT
    order: ContactOrder = ContactOrder.NAME


@dataclass(frozen=True, kw_only=True)
class ListPlace:
    """Where in the list one is: a page's number, or after or before one Contact.

    `first` is the number of the first row, as far as the address tells it.
    """

    page: int = 1
    after: int | None = None
    before: int | None = None
    first: int = 1


@dataclass(frozen=True, kw_only=True)
class ContactAddress:
    """What an address asks for, as text; what cannot be understood filters nothing."""

    q: str = ""
    tag: str = ""
    owner: str = ""
    company: str = ""
    score: str = ""
    trend: str = ""
    language: str = ""
    group: str = ""
    sort: str = ""
    page: str = ""
    after: str = ""
    before: str = ""
    first: str = ""

    @classmethod
    def of(cls, arguments: Mapping[str, str]) -> Self:
        """Read the arguments of an address; others than the list's are passed over."""
        known = {one.name: arguments.get(one.name, "") for one in fields(cls)}
        clean = {name: " ".join(text.replace("\0", "").split()) for name, text in known.items()}
        return cls(**{name: text[:TEXT_LENGTH] for name, text in clean.items()})

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of an address that asks for this; what is empty stays out."""
        return {name: text for name, text in asdict(self).items() if text}

    def at(self, **place: int | None) -> dict[str, Any]:
        """Return the arguments of an address with the same filters at another place."""
        moved = replace(self, page="", after="", before="", first="")
        return moved.arguments() | {name: value for name, value in place.items() if value}

    @property
    def has_filters(self) -> bool:
        """Tell whether less than the whole list is asked for, or another order."""
        return bool(self.at())

    @property
    def has_more_filters(self) -> bool:
        """Tell whether one of those filters is set that are seldom needed."""
        return bool(self.company or self.trend or self.language)

    def to_filter(self) -> ContactFilter:
        """Return which contacts are meant."""
        return ContactFilter(
            text=self.q,
            tag_id=_id(self.tag),
            owner_id=_id(self.owner),
            is_unowned=self.owner == NOBODY,
            company=self.company,
            category={one.value: one for one in Category}.get(self.score),
            is_unscored=self.score == NOBODY,
            trend={one.value: one for one in Trend}.get(self.trend),
            language=self.language,
            group={one.value: one for one in ContactGroup}.get(self.group, ContactGroup.CURRENT),
            order={one.value: one for one in ContactOrder}.get(self.sort, ContactOrder.NAME),
        )

    def to_place(self) -> ListPlace:
        """Return where in the list one is."""
        return ListPlace(
            page=_id(self.page) or 1,
            after=_id(self.after),
            before=_id(self.before),
            first=_id(self.first) or 1,
        )


def _id(text: str) -> int | None:
    try:
        return row_id(text)
    except ValueError:
        return None
