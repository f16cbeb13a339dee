"""What a page loads of a survey's look: its colour as a style sheet, and its logo.

Each address names what it holds, so a browser may keep it for ever.
"""

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from nps_portal.customer_pages.shared_pages import open_to_customers, wrong_link
from nps_portal.foundation.database import reading
from nps_portal.surveys.colours import DARK_GROUND, LIGHT_GROUND, Accent, accent_on, is_colour
from nps_portal.surveys.queries import logo_by_digest

FOR_EVER = "public, max-age=31536000, immutable"

blueprint = Blueprint("logo_pages", __name__)
open_to_customers(blueprint)


@blueprint.get("/s/look-<colour>.css")
def look(colour: str) -> ResponseReturnValue:
    """Serve the shades of a colour that can be seen and read on the pages, light and dark."""
    accent = f"#{colour}"
    if not is_colour(accent):
        return wrong_link()
    light, dark = (_properties(accent_on(accent, ground)) for ground in (LIGHT_GROUND, DARK_GROUND))
    return _kept_for_ever(
        f":root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}".encode(),
        "text/css; charset=utf-8",
    )


@blueprint.get("/s/logo-<digest>")
def logo(digest: str) -> ResponseReturnValue:
    """Serve a logo."""
    found = logo_by_digest(reading(), digest)
    return wrong_link() if found is None else _kept_for_ever(found.image, found.media_type)


def _properties(accent: Accent) -> str:
    return f"--accent:{accent.fill};--on-accent:{accent.on_fill};--link:{accent.text}"


def _kept_for_ever(body: bytes, content_type: str) -> Response:
    return Response(body, content_type=content_type, headers={"Cache-Control": FOR_EVER})
