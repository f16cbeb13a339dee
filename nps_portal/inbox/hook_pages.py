"""What the large senders tell us about our emails, at /hooks/<provider>."""

from flask import Blueprint

blueprint = Blueprint("hooks", __name__)
