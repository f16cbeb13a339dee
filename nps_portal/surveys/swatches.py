"""How a Survey's colour looks where customers see it, and how a colour was corrected, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from nps_portal.surveys.colours import (
    DARK_GROUND,
    DARK_PAGE,
    EDGE_CONTRAST,
    LIGHT_GROUND,
    WHITE,
    accent_on,
    contrast,
    is_colour,
    readable_on,
)


@dataclass(frozen=True, kw_only=True)
class Swatch:
    """A sample of a colour on a ground, with text on it."""

    label: str
    ground: str
    fill: str
    on_fill: str


@dataclass(frozen=True, kw_only=True)
class Correction:
    """A colour that could not be seen everywhere, the one that is kept, and why."""

    before: Sequence[Swatch]
    after: Sequence[Swatch]
    words: str


def swatches_of(colour: str) -> list[Swatch]:
    """Return how the pages show a colour, in the light and in the dark."""
    grounds = (("On a light screen", LIGHT_GROUND), ("On a dark screen", DARK_GROUND))
    return [
        Swatch(
            label=label,
            ground=ground,
            fill=accent.fill,
            on_fill=accent.on_fill,
        )
        for label, ground in grounds
        for accent in [accent_on(colour, ground)]
    ]


def correction_of(asked: str, kept: str) -> Correction | None:
    """Return how a colour was corrected; None when it is no colour or needed no correction."""
    if not is_colour(asked) or asked.lower() == kept:
        return None
    pages = (("a white page", WHITE), ("a dark page", DARK_PAGE))
    faint = [(name, page) for name, page in pages if contrast(asked, page) < EDGE_CONTRAST]
    if not faint:
        return None
    name, page = faint[0]
    return Correction(
        before=[_plain(asked, label, ground) for label, ground in pages],
        after=[_plain(kept, label, ground) for label, ground in pages],
        words=f"On {name} the contrast of {asked.lower()} is {contrast(asked, page):.1f} to 1; "
        f"people who see less well need at least {EDGE_CONTRAST:.0f} to 1. We keep the nearest "
        f"shade, {kept}, with {contrast(kept, page):.1f} to 1. "
        f"Text on it is {'white' if readable_on(kept) == WHITE else 'black'}, "
        f"with {contrast(readable_on(kept), kept):.1f} to 1.",
    )


def _plain(colour: str, label: str, ground: str) -> Swatch:
    return Swatch(
        label=f"{colour.lower()} on {label}",
        ground=ground,
        fill=colour,
        on_fill=readable_on(colour),
    )
