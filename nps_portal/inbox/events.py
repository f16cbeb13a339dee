"""What mail providers tell: events as reports, and careful reading of their JSON."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from nps_portal.foundation.errors import PortalError
from nps_portal.reports.models import Report, ReportKind
from nps_portal.reports.verdicts import judge

Json: TypeAlias = Any

_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")


class NotGenuine(PortalError):
    """The sender has not shown that it is the provider."""


@dataclass(frozen=True, kw_only=True)
class ProviderEvent:
    """One event; `id` tells it from every other of its provider."""

    report: Report
    id: str


def at(value: Json, *path: str) -> str:
    """Return the text or number under a path, as text; empty when there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    # Half of a surrogate pair can stand in JSON, but in no database and no signature.
    return str(value).encode("utf-8", "replace").decode()


def items_at(value: Json, *path: str) -> Sequence[Json]:
    """Return the list under a path; empty when there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, list) else []


def bare_id(message_id: str) -> str:
    """Return a Message-ID without its brackets."""
    return message_id.strip().removeprefix("<").removesuffix(">")


def status_in(*texts: str) -> str:
    """Return the first enhanced status code in these texts, as in 5.1.1."""
    found = (_STATUS.search(text) for text in texts)
    return next((match[0] for match in found if match), "")


def final_failure(status: str, words: str) -> ReportKind:
    """Return what a failure is that the provider calls final, by what the remote server said.

    Where it said nothing, the provider's word stands.
    """
    return judge(status=status, words=words) if status or words else ReportKind.HARD


def is_recent(seconds_since_1970: str, now: datetime, within: timedelta) -> bool:
    """Tell whether a time in seconds is near enough to now, before or after."""
    if not seconds_since_1970.isdecimal() or len(seconds_since_1970) > 12:
        return False
    return abs(now.timestamp() - int(seconds_since_1970)) <= within.total_seconds()
