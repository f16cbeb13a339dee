"""The inbox's filters, as they stand in its address."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.nps import SCORES, Category
from nps_portal.responses.labels import CHANNEL_WORDS
from nps_portal.responses.models import Channel, ResponseRevision
from nps_portal.responses.periods import ALL_TIME, Period, last_months, period_of
from nps_portal.responses.queries import ResponseFilter, Standing

TEXT_LENGTH = 200
LARGEST_NUMBER = 1_000_000_000

Choice = tuple[str, str]

CATEGORIES: tuple[Choice, ...] = (
    ("", "All categories"),
    ("promoter", "Promoters"),
    ("passive", "Passives"),
    ("detractor", "Detractors"),
)
STATES: tuple[Choice, ...] = (
    ("", "All states"),
    ("counted", "In the score"),
    ("answered", "Sent, in the score"),
    ("clicked", "Clicked, not sent"),
    ("held", "To review"),
    ("held_change", "Change to review"),
    ("excluded", "Taken out"),
)
CHANNELS: tuple[Choice, ...] = (
    ("", "All channels"),
    *((one.value, words) for one, words in CHANNEL_WORDS.items()),
)
COMMENTS: tuple[Choice, ...] = (("", "All comments"), ("with", "With a comment"))
SCORE_CHOICES: tuple[Choice, ...] = (
    ("", "All scores"),
    *((str(score), f"Score {score}") for score in SCORES),
)
ANSWERS: tuple[Choice, ...] = (("", "Every answer"), ("latest", "Latest of each person"))


@dataclass(frozen=True, kw_only=True)
class InboxAddress:
    """What an address asks for, as text; what cannot be understood filters nothing."""

    q: str = ""
    category: str = ""
    score: str = ""
    survey: str = ""
    channel: str = ""
    state: str = ""
    comment: str = ""
    answers: str = ""
    period: str = ""
    page: str = ""

    @classmethod
    def of(cls, arguments: Mapping[str, str]) -> Self:
        """Read the arguments of an address; others than the inbox's are passed over."""
        known = {one.name: arguments.get(one.name, "").strip() for one in fields(cls)}
        return cls(**{name: text[:TEXT_LENGTH] for name, text in known.items()})

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of an address that asks for this; what is empty stays out."""
        return {name: text for name, text in asdict(self).items() if text}

    def on_page(self, page: int) -> "InboxAddress":
        """Return the same filters on another page."""
        return replace(self, page=str(page) if page > 1 else "")

    @property
    def filters_nothing(self) -> bool:
        """Tell whether the whole inbox is asked for."""
        return not replace(self, page="").arguments()

    def to_filter(self, now: datetime, zone: ZoneInfo) -> ResponseFilter:
        """Return what the query takes."""
        period = period_of(self.period, now, zone)
        categories = {one.value: one for one in Category}
        states = {one.value: one for one in Standing}
        score = _number(self.score)
        return ResponseFilter(
            category=categories.get(self.category),
            score=score if score in SCORES else None,
            state=states.get(self.state),
            survey_id=_number(self.survey),
            channel={one.value: one for one in Channel}.get(self.channel),
            with_comment=self.comment == "with",
            latest_of_each_person=self.answers == "latest",
            text=self.q.replace("\x00", ""),
            since=period.since,
            until=period.until,
            page=_number(self.page) or 1,
        )


def period_choices(chosen: str, now: datetime, zone: ZoneInfo) -> list[Choice]:
    """Return the periods to choose from: rolling ones, a year of months, and the chosen one."""
    offered = [period_of(key, now, zone) for key in ("90d", "12m")]
    offered += reversed(last_months(now, zone))
    asked: Period = period_of(chosen, now, zone)
    if asked.key != ALL_TIME and asked.key not in {period.key for period in offered}:
        offered.append(asked)
    return [("", "All time"), *((period.key, period.label) for period in offered)]


def newest_held(session: Session, response_ids: Sequence[int]) -> dict[int, int]:
    """Return the id of the newest held revision of each Response that has one."""
    found = session.execute(
        sa.select(ResponseRevision.response_id, sa.func.max(ResponseRevision.id))
        .where(ResponseRevision.response_id.in_(response_ids), ResponseRevision.held)
        .group_by(ResponseRevision.response_id)
    )
    return dict(found.all())


def _number(text: str) -> int | None:
    """Return a number that any database can compare with, None for other text."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(LARGEST_NUMBER)):
        return None
    return min(int(text), LARGEST_NUMBER)
