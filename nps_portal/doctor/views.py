"""The doctor's lamps as a page of the settings."""

from flask import Blueprint

blueprint = Blueprint("doctor", __name__)
