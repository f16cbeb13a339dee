"""The file that lists everybody who is not asked, with the reason."""

from collections.abc import Iterable
from dataclasses import dataclass

from nps_portal.batches.models import Reason
from nps_portal.foundation.csv_files import csv_file

COLUMNS = ("Name", "Email", "Company", "Reason")


@dataclass(frozen=True, kw_only=True)
class ExcludedPerson:
    """One person who is not asked."""

    name: str
    email: str
    company: str
    reason: Reason


def exclusion_file(people: Iterable[ExcludedPerson]) -> str:
    """Return a CSV file of these people."""
    return csv_file(
        COLUMNS, ((one.name, one.email, one.company, one.reason.words) for one in people)
    )
