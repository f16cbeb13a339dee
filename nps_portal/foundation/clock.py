"""The only reading of the clock."""

from datetime import UTC, datetime
from typing import Protocol

from flask import Flask, current_app


class Clock(Protocol):
    """What tells the time."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)


def install_clock(app: Flask, clock: Clock) -> None:
    """Make a clock the one that the whole application reads."""
    app.extensions["nps_clock"] = clock


def current_clock() -> Clock:
    """Return the clock of the current application."""
    clock: Clock = current_app.extensions["nps_clock"]
    return clock
