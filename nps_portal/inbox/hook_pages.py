"""What the large senders tell us about our emails, at /hooks/<provider>.

A request without the right key gets a bare 404, so that nobody learns which hooks there are.
"""

import json

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.outbound import NoAnswer
from nps_portal.foundation.tokens import Purpose, read_token
from nps_portal.foundation.work import WORKER, unit_of_work
from nps_portal.inbox.commands import take_events
from nps_portal.inbox.events import NotGenuine
from nps_portal.inbox.providers import PROVIDERS, Delivery
from nps_portal.inbox.sns import fetch_from_sns

LARGEST_BYTES = 1_000_000

blueprint = Blueprint("hooks", __name__)


@blueprint.post("/hooks/<name>")
def receive(name: str) -> ResponseReturnValue:
    """Take what a provider tells; what means nothing to us, and what we know, is a success too."""
    request.max_content_length = LARGEST_BYTES
    provider = PROVIDERS.get(name)
    if provider is None or read_token(Purpose.HOOK, request.args.get("key", "")) != name:
        return "", 404
    raw = request.get_data()
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return "The body is not JSON.", 400
    try:
        events = provider.receive(_delivery(raw, body))
    except NotGenuine as error:
        return str(error), 403
    except NoAnswer as error:
        return str(error), 503
    if events:
        with unit_of_work(WORKER) as work:
            take_events(work, name, events)
    return "", 200


def _delivery(raw: bytes, body: object) -> Delivery:
    """Return the request with all that is needed to judge it; nothing stays open meanwhile."""
    settings = portal_settings(reading())
    reading().rollback()
    return Delivery(
        raw=raw,
        body=body,
        headers=dict(request.headers),
        settings=settings,
        now=current_clock().now(),
        fetched=current_app.extensions.get("nps_sns", fetch_from_sns),
    )
