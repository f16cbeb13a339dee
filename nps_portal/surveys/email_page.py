"""The email of a Survey as its owner looks at it: filled for a made-up person, in a frame."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for

from nps_portal.accounts.portal_settings import PortalSettings, process_settings
from nps_portal.foundation.database import reading
from nps_portal.foundation.merging import (
    render_merged_html,
    render_merged_line,
    render_merged_text,
)
from nps_portal.surveys.email import (
    EmailSource,
    Invited,
    Links,
    Look,
    compile_invitation,
    sample_values,
)
from nps_portal.surveys.email_logo import logo_in_email
from nps_portal.surveys.models import DEFAULT_ACCENT, Survey
from nps_portal.surveys.wording import Wording

LOOKS = {
    "desktop": "Desktop",
    "phone": "Phone",
    "no-images": "Images off",
    "text": "Plain text",
}

_IMAGE_SOURCE = re.compile(r"(<img\b[^>]*?)\ssrc=\"[^\"]*\"", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class PreviewedEmail:
    """An email as a customer would get it."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, kw_only=True)
class LookTab:
    """One way to look at an email."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True, kw_only=True)
class EmailPreview:
    """What a page needs to show an email: where its HTML is, its words, and the ways to look."""

    url: str
    look: str
    subject: str
    text: str
    tabs: tuple[LookTab, ...]


def previewed(
    wording: Wording,
    settings: PortalSettings,
    survey: Survey | None = None,
    kind: Invited = Invited.FIRST,
    score: str = "",
) -> PreviewedEmail:
    """Return a Survey's email for a made-up person; what is not set yet is named in its place.

    `score` is what the person of a reminder has chosen.

    :raises PortalError: a text, the business's name or its address cannot be used.
    """
    look = Look(
        business=settings.business_name or "Your business",
        postal_address=settings.postal_address or "Your postal address",
        accent_colour=survey.accent_colour if survey else DEFAULT_ACCENT,
        logo=logo_in_email(reading(), survey.id) if survey else None,
    )
    links = Links(anonymous=survey is not None and survey.anonymous)
    return filled(compile_invitation(wording, look, kind=kind, links=links), score)


def filled(source: EmailSource, score: str = "") -> PreviewedEmail:
    """Return an email for a made-up person; its pictures come from the host that is asked."""
    values: Mapping[str, str] = sample_values(request.host_url.rstrip("/")) | {"score": score}
    return PreviewedEmail(
        subject=render_merged_line(source.subject, values),
        html=render_merged_html(source.html, values),
        text=render_merged_text(source.text, values),
    )


def chosen_look() -> str:
    """Return how the address asks to look at the email."""
    look = request.args.get("look", "")
    return look if look in LOOKS else "desktop"


def email_preview(
    email: PreviewedEmail, frame_url: str, page: str, page_values: Mapping[str, Any]
) -> EmailPreview:
    """Return the preview that a page shows of an email whose HTML stands at `frame_url`."""
    look = chosen_look()
    tabs = tuple(
        LookTab(
            label=label,
            url=url_for(page, **{**page_values, "look": name, "_anchor": "email"}),
            current=name == look,
        )
        for name, label in LOOKS.items()
    )
    return EmailPreview(
        url=f"{frame_url}?images=off" if look == "no-images" else frame_url,
        look=look,
        subject=email.subject,
        text=email.text,
        tabs=tabs,
    )


def framed(html: str) -> Response:
    """Return an email as a page for a frame, which can run, load and send nothing."""
    if request.args.get("images") == "off":
        html = _IMAGE_SOURCE.sub(r"\1", html)
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; img-src 'self' {process_settings().public_url}; "
        "style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; "
        "sandbox"
    )
    return response
