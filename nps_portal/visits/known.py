"""Reading the lists of known machines: what is named, how sure it is, from where and of when."""

import csv
import enum
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data"


class Certainty(enum.Enum):
    """How much a name tells: certain suffices alone, probable needs a second sign."""

    CERTAIN = "certain"
    PROBABLE = "probable"


@dataclass(frozen=True, kw_only=True)
class Known:
    """A machine that is known by its network or its name, and how we know."""

    label: str
    certainty: Certainty
    source: str
    date: str


def known_machines(file_name: str, column: str) -> Iterator[tuple[str, Known]]:
    """Yield what a list names in this column, with what is known of it."""
    with (DATA / file_name).open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield (
                row[column],
                Known(
                    label=row["label"],
                    certainty=Certainty(row["certainty"]),
                    source=row["source"],
                    date=row["date"],
                ),
            )
