"""How long count and sample of a Segment take among a million contacts."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from benchmarks.support import heading, option_parser, print_table, run_apart, throwaway_portal

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
COMPANIES = 20_000
DAYS = 400


def _all(*conditions: Mapping[str, Any]) -> dict[str, Any]:
    return {"match": "all", "groups": [{"match": "all", "conditions": list(conditions)}]}


def _is(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op} | ({} if value is None else {"value": value})


SEGMENTS: Mapping[str, Mapping[str, Any]] = {
    "detractors of the last 90 days": _all(
        _is("category", "is", "detractor"), _is("last_answered", "within", 90)
    ),
    "promoters": _all(_is("category", "is", "promoter")),
    "category and trend": _all(_is("category", "is", "promoter"), _is("trend", "is", "improving")),
    "trend": _all(_is("trend", "is", "deteriorating")),
    "number of a property from … to": _all(_is("property:1", "between", ["100", "110"])),
    "text of a property": _all(_is("property:2", "is", "Gold")),
    "any of two tags": _all(_is("tags", "any_of", ["tag 3", "tag 7"])),
    "no tag of two": _all(_is("tags", "none_of", ["tag 3", "tag 7"])),
    "company": _all(_is("company", "is", "Company 77")),
    "revenue, not asked for 90 days": _all(
        _is("company_revenue", "greater", "950000"), _is("last_asked", "not_within", 90)
    ),
    "never asked": _all(_is("last_asked", "empty")),
    "asked and silent": _all(_is("silent", "is", "yes")),
    "may be mailed, not asked for 90 days": _all(
        _is("deliverability", "is", "may_be_mailed"), _is("last_asked", "not_within", 90)
    ),
    "name contains": _all(_is("name", "contains", "77777")),
    "name contains ä": _all(_is("name", "contains", "mäx 777")),
    "mail domain": _all(_is("mail_domain", "is", "company77.example")),
    "not a company": _all(_is("company", "is_not", "Company 77")),
    "property does not contain": _all(_is("property:2", "not_contains", "gold")),
}


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
    from nps_portal import create_app
    from nps_portal.foundation.database import db, reading
    from nps_portal.segments import queries
    from nps_portal.segments.reading import parse

    app = create_app()
    found = []
    with app.app_context():
        _fill(contacts)
        session = reading()
        for name, stored in SEGMENTS.items():
            rules = parse(stored, queries.catalogue(session))
            place = queries.member_place(session, rules, NOW, 1)

            def count() -> object:
                return queries.member_count(session, rules, NOW)  # noqa: B023 - called at once

            def some() -> object:
                return queries.sample(session, rules, NOW)  # noqa: B023 - called at once

            def page() -> object:
                return queries.members(session, rules, NOW, place)  # noqa: B023 - called at once

            times = [_median(work, runs) for work in (count, some, page)]
            found.append([name, place.total, *times])
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


def _fill(contacts: int) -> None:
    """Make companies, contacts, properties and tags; the database itself does the work."""
    import sqlalchemy as sa

    from nps_portal.contacts.models import Property, PropertyKind, Tag
    from nps_portal.foundation.database import UTCDateTime
    from nps_portal.foundation.work import COMMAND_LINE, unit_of_work

    with unit_of_work(COMMAND_LINE) as work:
        session = work.session
        session.execute(sa.text("CREATE TABLE days (place INTEGER PRIMARY KEY, at TIMESTAMPTZ)"))
        session.execute(
            sa.text("INSERT INTO days VALUES (:place, :at)").bindparams(
                sa.bindparam("at", type_=UTCDateTime())
            ),
            [{"place": day, "at": NOW - timedelta(days=day)} for day in range(DAYS)],
        )
        for name, kind in (("Seats", PropertyKind.NUMBER), ("Plan", PropertyKind.TEXT)):
            session.add(
                Property(name=name, name_key=name.lower(), kind=kind, position=1, created_at=NOW)
            )
            session.flush()
        session.add_all(
            Tag(name=f"tag {one}", name_key=f"tag {one}", created_at=NOW) for one in range(20)
        )
        session.flush()
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})"
        for statement in _STATEMENTS:
            many = COMPANIES if "INTO companies" in statement else contacts
            # SQLite reads WITH before INSERT; both read it before SELECT.
            written = statement.replace("SELECT", numbers.format(many) + " SELECT", 1)
            session.execute(sa.text(written))
        session.execute(sa.text("DROP TABLE days"))
    _look_after()


def _look_after() -> None:
    """Let PostgreSQL look at its tables, as its own housekeeping does before long."""
    import sqlalchemy as sa

    from nps_portal.foundation.database import db

    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("VACUUM ANALYZE"))


_STATEMENTS = (
    """
    INSERT INTO companies (id, name, name_key, revenue, created_at)
    SELECT i, 'Company ' || i, 'company ' || i, CAST(i * 50 AS BIGINT) * 10000, days.at
    FROM n JOIN days ON days.place = 0
    """,
    f"""
    INSERT INTO contacts (
        id, email, email_key, name, first_name, language, time_zone, source, company_id,
        created_at, changed_at, last_score, last_answered_at, answers, trend, last_asked_at
    )
    SELECT i,
        'Customer' || i || '@company' || (i % {COMPANIES} + 1) || '.example',
        'customer' || i || '@company' || (i % {COMPANIES} + 1) || '.example',
        CASE WHEN i % 4 = 0 THEN 'MÄX ' ELSE 'Marta Lindqvist ' END || i,
        'Marta', 'en', '', 'import 1',
        CASE WHEN i % 5 = 0 THEN NULL ELSE i % {COMPANIES} + 1 END,
        added.at, added.at,
        CASE WHEN i % 10 < 3 THEN (i / 10) % 11 END,
        CASE WHEN i % 10 < 3 THEN answered.at END,
        CASE WHEN i % 10 < 3 THEN 1 + i % 3 ELSE 0 END,
        CASE WHEN i % 10 < 3 THEN
            CASE i / 7 % 10 WHEN 0 THEN 'improving' WHEN 1 THEN 'deteriorating' ELSE 'steady' END
        END,
        CASE WHEN i % 10 < 7 THEN asked.at END
    FROM n
    JOIN days AS added ON added.place = {DAYS - 1}
    JOIN days AS answered ON answered.place = (i / 13) % {DAYS}
    JOIN days AS asked ON asked.place = (i / 11) % {DAYS}
    """,
    """
    INSERT INTO property_values (contact_id, property_id, text, key, number)
    SELECT i, 1, (i % 5000) || '', (i % 5000) || '', CAST(i % 5000 AS BIGINT) * 10000
    FROM n WHERE i % 2 = 0
    """,
    """
    INSERT INTO property_values (contact_id, property_id, text, key)
    SELECT i, 2, CASE WHEN i % 100 = 0 THEN 'Gold' ELSE 'Free' END,
        CASE WHEN i % 100 = 0 THEN 'gold' ELSE 'free' END
    FROM n
    """,
    """
    INSERT INTO contact_tags (contact_id, tag_id)
    SELECT i, 1 + i / 3 % 20 FROM n WHERE i % 3 = 0
    """,
    """
    INSERT INTO suppressions (email_key, reason, source, created_at)
    SELECT contacts.email_key, 'unsubscribed', 'link', contacts.created_at
    FROM n JOIN contacts ON contacts.id = n.i WHERE i % 50 = 0
    """,
)


if __name__ == "__main__":
    main(sys.argv[1:])
