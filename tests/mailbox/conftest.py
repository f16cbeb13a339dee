"""The mail server of the delivery's tests, for the pages that show what it did."""

from tests.delivery.conftest import certificates, relay, sending, sink

__all__ = ["certificates", "relay", "sending", "sink"]
