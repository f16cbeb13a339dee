"""The time zones that an owner chooses from: those named after places, and UTC."""

from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

_AREAS = frozenset(
    {
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    }
)


@dataclass(frozen=True, kw_only=True)
class Zone:
    """One zone: its name, the continent or ocean, and the place as people write it."""

    name: str
    area: str
    place: str


@cache
def zones_of_places() -> tuple[Zone, ...]:
    """Return the zones by area and place; the world's other names for them are left out."""
    named = (name.partition("/") for name in sorted(available_timezones()))
    places = tuple(
        Zone(name=f"{area}/{place}", area=area, place=place.replace("_", " "))
        for area, _, place in named
        if area in _AREAS
    )
    return (*places, Zone(name="UTC", area="No place", place="UTC"))
