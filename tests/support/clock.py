"""A clock that a test sets by hand."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


class FixedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        """Return the instant at which the clock stands."""
        return self.at

    def advance(self, **duration: float) -> None:
        """Move the clock on, by what `timedelta` takes."""
        self.at += timedelta(**duration)
