"""What is promised of each persona, and whether it was kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.scanners.installation import Found
from benchmarks.scanners.visitors import Deed

COUNTED, HELD = "counted", "held"
SUBMITTED, CONFIRMED_CLICK = "submitted", "confirmed_click"
LEAST_CONFIRMED = 0.99


@dataclass(frozen=True, kw_only=True)
class Fate:
    """One recipient: the truth, and what the portal says when it counts what was sent or seen."""

    deed: Deed
    sent: Found
    seen: Found

    @property
    def is_counted_right(self) -> bool:
        """Tell whether the last answer of a person is in the score, as an answer."""
        return (
            self.sent.state == COUNTED
            and self.sent.evidence == SUBMITTED
            and self.sent.score == self.deed.score
        )

    @property
    def is_submitted_falsely(self) -> bool:
        """Tell whether an answer counts that no person gave."""
        return self.sent.evidence == SUBMITTED and self._counts_falsely(self.sent)

    @property
    def is_counted_falsely(self) -> bool:
        """Tell whether a score is in the NPS of the default mode that no person gave."""
        return self._counts_falsely(self.sent)

    @property
    def is_seen_falsely(self) -> bool:
        """Tell whether one is, where clicks that people did not send count as well."""
        return self.seen.state == COUNTED and self.seen.score not in {
            self.deed.score,
            self.deed.clicked,
        } - {None}

    @property
    def is_confirmed(self) -> bool:
        """Tell whether a person's click without an answer was recognised."""
        return (
            self.sent.evidence == CONFIRMED_CLICK
            and self.sent.score == self.deed.clicked
            and self.seen.state == COUNTED
        )

    def _counts_falsely(self, found: Found) -> bool:
        return found.state == COUNTED and (
            self.deed.score is None or found.score != self.deed.score
        )


@dataclass(frozen=True, kw_only=True)
class Tally:
    """The people of one persona, counted."""

    people: int
    false_submitted: int
    false_counted: int
    false_seen: int
    held: int
    told: int
    confirmed: int
    right: int
    formless: int
    unsubscribed: int

    @classmethod
    def of(cls, fates: Sequence[Fate]) -> "Tally":
        """Count."""
        return cls(
            people=len(fates),
            false_submitted=sum(one.is_submitted_falsely for one in fates),
            false_counted=sum(one.is_counted_falsely for one in fates),
            false_seen=sum(one.is_seen_falsely for one in fates),
            held=sum(one.sent.state == HELD for one in fates),
            told=sum(one.deed.score is None and one.sent.told for one in fates),
            confirmed=sum(one.is_confirmed for one in fates),
            right=sum(one.is_counted_right for one in fates),
            formless=sum(one.deed.formless > 0 for one in fates),
            unsubscribed=sum(one.sent.unsubscribed for one in fates),
        )


@dataclass(frozen=True, kw_only=True)
class Target:
    """A promise in words, with what of a tally keeps it and of a fate breaks it."""

    words: str
    is_met: Callable[[Tally], bool]
    is_missed_by: Callable[[Fate], bool]


def _nothing_false(tally: Tally) -> bool:
    return not (tally.false_submitted or tally.false_counted or tally.false_seen)


def _is_false(fate: Fate) -> bool:
    return fate.is_submitted_falsely or fate.is_counted_falsely or fate.is_seen_falsely


_NOTHING = Target(
    words="0 counted",
    is_met=lambda tally: _nothing_false(tally) and not tally.unsubscribed,
    is_missed_by=lambda fate: _is_false(fate) or fate.sent.unsubscribed,
)
_HELD = Target(
    words="0 counted, all held",
    is_met=lambda tally: (
        _nothing_false(tally) and not tally.unsubscribed and tally.held == tally.people
    ),
    is_missed_by=lambda fate: _is_false(fate) or fate.sent.unsubscribed or fate.sent.state != HELD,
)
_ALL = Target(
    words="100 % with the final score",
    is_met=lambda tally: (
        tally.right == tally.people
        and _nothing_false(tally)
        and not tally.formless
        and not tally.unsubscribed
    ),
    is_missed_by=lambda fate: (
        not fate.is_counted_right
        or _is_false(fate)
        or fate.sent.unsubscribed
        or fate.deed.formless > 0
    ),
)
_CONFIRMED = Target(
    words="≥ 99 % confirmed clicks",
    is_met=lambda tally: (
        tally.confirmed >= LEAST_CONFIRMED * tally.people
        and _nothing_false(tally)
        and not tally.formless
        and not tally.unsubscribed
    ),
    is_missed_by=lambda fate: not fate.is_confirmed or _is_false(fate) or fate.deed.formless > 0,
)

TARGETS = {
    "P1": _NOTHING,
    "P2": _NOTHING,
    "P3": _NOTHING,
    "P4": _NOTHING,
    "P5": _NOTHING,
    "P6": _HELD,
    "P7": _NOTHING,
    "H1": _ALL,
    "H1B": _ALL,
    "H2": _CONFIRMED,
    "H3": _ALL,
    "H3B": _ALL,
    "H4": _ALL,
    "H5": _ALL,
    "H6": _ALL,
}


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A persona's line: its tally, its target, and those who missed it."""

    name: str
    what: str
    tally: Tally
    target: Target
    missed: Sequence[Fate]

    @property
    def is_met(self) -> bool:
        """Tell whether the promise was kept."""
        return self.target.is_met(self.tally)


def judged(name: str, what: str, fates: Sequence[Fate]) -> Judged:
    """Return a persona's line."""
    target = TARGETS[name]
    return Judged(
        name=name,
        what=what,
        tally=Tally.of(fates),
        target=target,
        missed=[fate for fate in fates if target.is_missed_by(fate)],
    )
