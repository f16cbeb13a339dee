"""The local mailbox: what would have left, while no mail server is set."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import visitor
from nps_portal.accounts.portal_settings import portal_settings, process_settings
from nps_portal.foundation.database import reading
from nps_portal.foundation.shown_pages import PAGE_SIZE, offset_of, shown_page
from nps_portal.mailbox.catch_all import CaughtMessage
from nps_portal.mailbox.local import local_mailbox

blueprint = Blueprint("mailbox", __name__)

VIEWS = {"desktop": "Desktop", "phone": "Phone", "text": "Plain text", "headers": "Headers"}

_HEAD = re.compile(r"<head(?:\s[^>]*)?>", re.IGNORECASE)
# Links open in a new tab, as they do from a mail program.
_BASE = '<base target="_blank">'


@dataclass(frozen=True, kw_only=True)
class Tab:
    """One way to look at an email."""

    label: str
    url: str
    current: bool


def is_open() -> bool:
    """Tell whether the signed-in visitor may read what was caught.

    On a public address the pages would show customers' links to the network, and with a mail
    server nothing is caught.
    """
    return (
        visitor().is_owner
        and process_settings().public_url_is_loopback
        and portal_settings(reading()).uses_local_mailbox
    )


@blueprint.before_request
def check_open() -> None:
    """Let owners in while the mailbox is open."""
    if not visitor().is_owner:
        abort(403)
    if not is_open():
        abort(404)


@blueprint.get("/mailbox")
def index() -> ResponseReturnValue:
    """List what was caught, newest first."""
    number = request.args.get("page", 1, type=int)
    search = request.args.get("q", "").strip()
    mailbox = local_mailbox()
    found = mailbox.messages(PAGE_SIZE + 1, offset_of(number), search)
    return render_template(
        "mailbox/mailbox.html",
        messages=found[:PAGE_SIZE],
        search=search,
        page=shown_page(
            number,
            len(found),
            None if search else mailbox.count(),
            lambda page: url_for("mailbox.index", q=search or None, page=page),
        ),
    )


@blueprint.get("/mailbox/<message_id>")
def show(message_id: str) -> ResponseReturnValue:
    """Show one email: as on a desktop, as on a phone, its plain text, or its headers."""
    chosen = request.args.get("view", "desktop")
    return render_template(
        "mailbox/mailbox_message.html",
        message=_message(message_id),
        neighbours=local_mailbox().neighbours(message_id),
        view=chosen if chosen in VIEWS else "desktop",
        views=[
            Tab(
                label=label,
                url=url_for("mailbox.show", message_id=message_id, view=name),
                current=name == chosen,
            )
            for name, label in VIEWS.items()
        ],
    )


@blueprint.get("/mailbox/<message_id>/html")
def show_html(message_id: str) -> ResponseReturnValue:
    """Show the HTML part alone, for a frame: no script, no forms, nothing from elsewhere."""
    response = make_response(_with_base(_message(message_id).html))
    response.content_type = "text/html; charset=utf-8"
    public = urlsplit(process_settings().public_url)
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; img-src 'self' {public.scheme}://{public.netloc}; "
        "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
        "sandbox allow-popups allow-popups-to-escape-sandbox "
        "allow-top-navigation-by-user-activation"
    )
    return response


@blueprint.get("/mailbox/<message_id>/raw")
def download(message_id: str) -> ResponseReturnValue:
    """Give the email as the bytes that arrived."""
    return Response(
        _message(message_id).raw,
        content_type="message/rfc822",
        headers={"Content-Disposition": 'attachment; filename="message.eml"'},
    )


def _message(message_id: str) -> CaughtMessage:
    return local_mailbox().message(message_id) or abort(404)


def _with_base(html: str) -> str:
    """Return the page with its links made to open in a new tab."""
    if _HEAD.search(html):
        return _HEAD.sub(lambda head: head[0] + _BASE, html, count=1)
    return _BASE + html
