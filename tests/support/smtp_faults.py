"""What can go wrong at a mail server, and when."""

import threading
from dataclasses import dataclass
from typing import Literal

# `dot` is after the final dot and before the message is kept; `kept` is after that, in place of
# the 250. `body` comes with the first bytes of the content.
Stage = Literal[
    "banner", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "dot", "kept",
    "rset", "quit",
]  # fmt: skip


@dataclass(frozen=True)
class Say:
    """Answer with this line instead of the usual one; after a 421 hang up."""

    line: str


@dataclass(frozen=True)
class HangUp:
    """Close the connection, after the line if there is one."""

    line: str | None = None


@dataclass(frozen=True)
class Silence:
    """Say nothing until the client hangs up."""


@dataclass(frozen=True)
class Delay:
    """Wait, then go on as usual."""

    seconds: float


@dataclass(frozen=True)
class Trickle:
    """Send the line byte by byte with this pause between, for ever if there is no line."""

    pause_seconds: float
    line: str | None = None


Fault = Say | HangUp | Silence | Delay | Trickle


@dataclass
class _Plan:
    stage: Stage
    fault: Fault
    recipient: str | None
    left: int | None


class FaultPlans:
    """The faults planned for a server; safe for its threads and the test's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plans: list[_Plan] = []

    def add(self, stage: Stage, fault: Fault, recipient: str | None, times: int | None) -> None:
        """Plan a fault for one recipient, or all, a number of times, or always."""
        with self._lock:
            self._plans.append(_Plan(stage, fault, recipient, times))

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._plans.clear()

    def take(self, stage: Stage, recipient: str) -> Fault | None:
        """Return the first fault planned for this moment, and count it as used."""
        with self._lock:
            for plan in self._plans:
                fits = plan.recipient is None or plan.recipient.lower() == recipient.lower()
                if plan.stage == stage and fits and plan.left != 0:
                    plan.left = None if plan.left is None else plan.left - 1
                    return plan.fault
        return None
