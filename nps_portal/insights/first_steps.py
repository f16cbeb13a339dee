"""The way to the first answers: what is done, what comes next."""

import enum
from dataclasses import dataclass

from nps_portal.insights.overview import Needs


class Step(enum.Enum):
    """One step, named as the pages that serve it are."""

    SETTINGS = "settings"
    CONTACTS = "contacts"
    SEND = "send"


@dataclass(frozen=True, kw_only=True)
class FirstStep:
    """A step as the page shows it; `state` is done, current or ahead."""

    step: Step
    label: str
    state: str


def first_steps(needs: Needs) -> list[FirstStep]:
    """Return the three steps; the first that is not done is the current one."""
    done = {
        Step.SETTINGS: not needs.missing_settings,
        Step.CONTACTS: needs.contacts > 0,
        Step.SEND: needs.has_sent,
    }
    current = next((step for step, is_done in done.items() if not is_done), None)
    return [
        FirstStep(
            step=step,
            label=_LABELS[step],
            state="done" if is_done else "current" if step is current else "ahead",
        )
        for step, is_done in done.items()
    ]


_LABELS = {
    Step.SETTINGS: "Your business",
    Step.CONTACTS: "Your contacts",
    Step.SEND: "The first send",
}
