"""The time zones that an owner chooses from, by continent and ocean."""

from functools import cache
from zoneinfo import available_timezones

AREAS = (
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
)


@cache
def zones_by_area() -> dict[str, tuple[str, ...]]:
    """Return the names of all zones that stand for places, and UTC."""
    names = sorted(available_timezones())
    areas = {area: tuple(name for name in names if name.startswith(f"{area}/")) for area in AREAS}
    return {**areas, "No place": ("UTC",)}


def zone_label(name: str) -> str:
    """Return a zone's name as people read it: "New York (America/New_York)"."""
    place = name.rpartition("/")[2].replace("_", " ")
    return name if place == name else f"{place} ({name})"
