"""The bounce desk: why an email came back, the corrected address, and asking again."""

from flask import Blueprint

blueprint = Blueprint("bounces", __name__)
