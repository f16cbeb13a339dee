"""What the tests' SMTP server has seen, safe for its threads and the test's."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """One message that was kept."""

    sender: str
    recipient: str
    mail_options: str
    rcpt_options: str
    raw: bytes
    received_at: float
    connection: int

    @property
    def message(self) -> EmailMessage:
        """The message as a mail program reads it."""
        return message_from_bytes(self.raw, policy=policy.default)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the server said, one line or several, after it was sent."""

    connection: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Command:
    """One line that a client said outside a message."""

    connection: int
    encrypted: bool
    text: str


class Record:
    """What a server has seen: messages kept, contents without their dot, commands."""

    def __init__(self, on_accepted: Callable[[Accepted], None] | None = None) -> None:
        self.accepted: list[Accepted] = []
        self.unfinished: list[bytes] = []
        self.commands: list[Command] = []
        self.answers: list[Answer] = []
        self._on_accepted = on_accepted
        self._changed = threading.Condition()

    def keep(self, seen: Accepted | Answer | Command | bytes) -> None:
        """Add what was seen and wake whoever waits for it."""
        with self._changed:
            if isinstance(seen, Accepted):
                self.accepted.append(seen)
                if self._on_accepted is not None:
                    self._on_accepted(seen)
            elif isinstance(seen, Command):
                self.commands.append(seen)
            elif isinstance(seen, Answer):
                self.answers.append(seen)
            else:
                self.unfinished.append(seen)
            self._changed.notify_all()

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until something that is recorded makes the condition true."""
        with self._changed:
            return self._changed.wait_for(condition, seconds)
