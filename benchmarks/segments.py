"""How long count and sample of a Segment take among a million contacts."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from benchmarks.segment_kinds import SEGMENTS
from benchmarks.support import heading, option_parser, print_table, run_apart, throwaway_portal


def main(arguments: Sequence[str]) -> None:
    """Fill a database and measure every kind of Segment."""
    parser = option_parser("Count and sample of segments", runs=3)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    chosen = parser.parse_args(arguments)
    with throwaway_portal(chosen.database) as environment:
        found = run_apart("benchmarks.segments:measured", environment, chosen.contacts, chosen.runs)
    print(heading(f"Segments of {chosen.contacts:,} contacts, milliseconds", chosen.runs))
    headers = ["segment", "people", "count", "sample", "page of members"]
    print_table(headers, [[name, f"{n:,}", *map(_ms, times)] for name, n, *times in found])


def measured(environment: dict[str, str], contacts: int, runs: int) -> list[list[Any]]:
    """Return for each Segment its size and the medians of count, sample and page, in seconds."""
    os.environ.update(environment)
    from benchmarks import crowd
    from benchmarks.crowd import NOW
    from nps_portal import create_app
    from nps_portal.contacts.list_filters import ListPlace
    from nps_portal.foundation.database import db, reading
    from nps_portal.segments import queries
    from nps_portal.segments.reading import parse

    app = create_app()
    found = []
    with app.app_context():
        crowd.fill(contacts)
        session = reading()
        for name, stored in SEGMENTS.items():
            rules = parse(stored, queries.catalogue(session))
            people = queries.member_count(session, rules, NOW)

            def count() -> object:
                return queries.member_count(session, rules, NOW)  # noqa: B023 - called at once

            def some() -> object:
                return queries.sample(session, rules, NOW)  # noqa: B023 - called at once

            def page() -> object:
                return queries.members(session, rules, NOW, ListPlace())  # noqa: B023 - called at once

            times = [_median(work, runs) for work in (count, some, page)]
            found.append([name, people, *times])
            print(json.dumps(found[-1]), file=sys.stderr)
            session.rollback()
        db.session.remove()
        db.engine.dispose()
    return found


def _median(work: Callable[[], object], runs: int) -> float:
    def once() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    return median(once() for _ in range(runs))


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:,.0f}"


if __name__ == "__main__":
    main(sys.argv[1:])
