"""Turns of the worker, taken inside the test with the test's clock."""

import threading

from flask import Flask

from nps_portal.delivery.turns import deliver_due_messages


def deliver(app: Flask) -> int:
    """Let a worker deliver what is due, once, and return how many it tried."""
    return deliver_due_messages(app, threading.Event())
