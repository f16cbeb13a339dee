"""The way through the first visit."""

import enum
from dataclasses import dataclass


class SetUpStep(enum.Enum):
    """One step, by the word that stands on the page."""

    OWNER = "You"
    BUSINESS = "Business"
    MAIL = "Email"
    CONTACTS = "Contacts"


@dataclass(frozen=True, kw_only=True)
class ShownStep:
    """A step as the page shows it: done, current or ahead."""

    label: str
    state: str


def set_up_steps(current: SetUpStep) -> list[ShownStep]:
    """Return all steps, those before the current one done."""
    place = list(SetUpStep).index(current)
    return [
        ShownStep(
            label=step.value,
            state="done" if number < place else "current" if number == place else "ahead",
        )
        for number, step in enumerate(SetUpStep)
    ]
