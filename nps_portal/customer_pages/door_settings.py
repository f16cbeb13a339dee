"""Where a Survey's other doors are: addresses, the QR code, the website's line and its secret."""

import io
import secrets
from urllib.parse import quote

import segno

from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record
from nps_portal.surveys.models import Survey

# Medium: 15 % of the code may be dirty or torn. The quiet zone is what the standard asks for.
ERROR_LEVEL = "m"
QUIET_ZONE = 4
# A module of 30 dots, at 300 dots an inch, prints 2.5 mm wide: read from an arm's length and more.
PNG_SCALE = 30
DOTS_PER_INCH = 300
SECRET_BYTES = 24


def renew_widget_secret(work: Work, survey_id: int) -> None:
    """Make the secret anew with which a website vouches for its visitors; the former is void."""
    survey = work.session.get_one(Survey, survey_id)
    survey.widget_secret = secrets.token_hex(SECRET_BYTES)
    record(work, "survey.widget_secret_renewed", survey_id=survey_id)


def link_url(public_url: str, name: str) -> str:
    """Return the address of a Survey's public link."""
    return f"{public_url}/l/{quote(name, safe='')}"


def kiosk_url(public_url: str, name: str) -> str:
    """Return the address that a tablet opens."""
    return f"{public_url}/k/{quote(name, safe='')}"


def qr_svg(url: str) -> bytes:
    """Return an address as a QR code that prints at any size."""
    image = io.BytesIO()
    _code(url).save(
        image, kind="svg", border=QUIET_ZONE, scale=10, light="#fff", title=url, xmldecl=True
    )
    return image.getvalue()


def qr_png(url: str) -> bytes:
    """Return an address as a QR code for a print shop, black on white."""
    image = io.BytesIO()
    _code(url).save(image, kind="png", border=QUIET_ZONE, scale=PNG_SCALE, dpi=DOTS_PER_INCH)
    return image.getvalue()


def widget_snippet(public_url: str, name: str) -> str:
    """Return what a website's owner puts into the pages where visitors are to be asked."""
    return (
        f'<script async src="{public_url}/widget.js"\n'
        f'  data-survey="{name}"\n'
        '  data-sample="25" data-delay="20"></script>'
    )


def _code(url: str) -> segno.QRCode:
    return segno.make(url, error=ERROR_LEVEL, boost_error=False, micro=False)
