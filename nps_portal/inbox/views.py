"""The settings of what comes back: the inbox, the bounce domain, the providers' hooks."""

from flask import Blueprint

from nps_portal.inbox.models import InboxPosition

blueprint = Blueprint("inbox", __name__)

__all__ = ["InboxPosition", "blueprint"]
