"""Long lists in parts that one statement takes."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

CHUNK = 1000
Row = TypeVar("Row")


def chunks(rows: Sequence[Row], size: int = CHUNK) -> Iterator[Sequence[Row]]:
    """Give the rows in their order, at most so many at a time."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
