"""The arithmetic of a survey's colour: which shades of it can be seen and read.

Source of luminance and contrast: WCAG 2.2, relative luminance and contrast ratio.
"""

import re
from dataclasses import dataclass

TEXT_CONTRAST = 4.5
EDGE_CONTRAST = 3.0
WHITE, BLACK = "#ffffff", "#000000"

# What the customer's pages put behind an accent that is read: of each theme the ground on which it
# is hardest to see. They stand in static/css/survey.css as --banner.
LIGHT_GROUND = "#eef2fb"
DARK_GROUND = "#1e2636"

# The page itself in the dark, against which a saved colour is judged; in the light it is white.
DARK_PAGE = "#101218"

_COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
_STEPS = 100


@dataclass(frozen=True, kw_only=True)
class Accent:
    """A colour on one ground: for areas and their edges, for text on them, and for text itself."""

    fill: str
    on_fill: str
    text: str


def is_colour(text: str) -> bool:
    """Tell whether a text is a colour as #rrggbb."""
    return _COLOUR.fullmatch(text) is not None


def luminance(colour: str) -> float:
    """Return how bright a colour is, 0 for black to 1 for white."""
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 for none to 21 for black on white."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def readable_on(colour: str) -> str:
    """Return white or black, whichever is read more easily on the colour."""
    return WHITE if contrast(WHITE, colour) >= contrast(BLACK, colour) else BLACK


def legible(colour: str, ground: str, least: float) -> str:
    """Return the colour, or the nearest shade of it with at least this contrast to the ground."""
    towards = readable_on(ground)
    shades = (_mixed(colour, towards, step / _STEPS) for step in range(_STEPS + 1))
    return next((shade for shade in shades if contrast(shade, ground) >= least), towards)


def corrected(colour: str) -> tuple[str, bool]:
    """Return the nearest shade that is seen on white and on dark pages, and whether it is another.

    Text on it is never at risk: white or black always has a contrast of 4.58 or more.
    """
    shades = (
        _mixed(colour.lower(), towards, step / _STEPS)
        for step in range(_STEPS + 1)
        for towards in (BLACK, WHITE)
    )
    nearest = next(shade for shade in shades if _is_seen_everywhere(shade))
    return nearest, nearest != colour.lower()


def accent_on(colour: str, ground: str) -> Accent:
    """Return what a survey's colour becomes on a ground, so that nothing of it is lost to sight."""
    fill = legible(colour.lower(), ground, EDGE_CONTRAST)
    return Accent(fill=fill, on_fill=readable_on(fill), text=legible(fill, ground, TEXT_CONTRAST))


def _is_seen_everywhere(colour: str) -> bool:
    return all(contrast(colour, page) >= EDGE_CONTRAST for page in (WHITE, DARK_PAGE))


def _channels(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return red, green, blue


def _mixed(colour: str, other: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
