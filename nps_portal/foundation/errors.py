"""The root of every error that a person can answer."""


class PortalError(Exception):
    """An error a person caused or can mend; its message is a sentence for people."""
