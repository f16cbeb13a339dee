"""A million made-up contacts with all that hangs on them, made by the database itself."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from nps_portal.accounts.models import Role, User, UserState
from nps_portal.accounts.passwords import hash_password
from nps_portal.accounts.portal_settings import change_settings
from nps_portal.batches.audience import EVERYBODY
from nps_portal.batches.commands import BatchPlan, schedule_batch
from nps_portal.contacts.models import Property, PropertyKind, Tag
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.database import UTCDateTime, db
from nps_portal.foundation.work import COMMAND_LINE, Work, unit_of_work
from nps_portal.surveys.commands import ensure_default_survey

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
COMPANIES = 20_000
DAYS = 400
BATCHES = 10
OWNER = "owner@acme.example"
PASSWORD = "a long enough sentence"


def fill(people: int) -> None:
    """Make companies, contacts, properties, tags, suppressions; sends and their answers."""
    with unit_of_work(COMMAND_LINE) as work:
        _set_up(work)
    with unit_of_work(COMMAND_LINE) as work:
        _make_days(work)
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})"
        for table, statements in _STATEMENTS.items():
            many = COMPANIES if table in ("companies", "company_domains") else people
            for statement in statements:
                # SQLite reads WITH before INSERT; both read it before SELECT.
                written = statement.replace("SELECT", numbers.format(many) + " SELECT", 1)
                work.session.execute(sa.text(written))
        work.session.execute(sa.text("DROP TABLE days"))
        work.session.execute(sa.text("UPDATE batches SET state = 'finished'"))
    _look_after(list(_STATEMENTS))


def _set_up(work: Work) -> None:
    address = parse_email(OWNER)
    work.session.add(
        User(
            email=address.email,
            email_key=address.key,
            name="Jo Baker",
            password_hash=hash_password(PASSWORD),
            role=Role.OWNER,
            state=UserState.ACTIVE,
            created_at=NOW,
        )
    )
    change_settings(
        work,
        {
            "business_name": "Acme Supplies",
            "postal_address": "1 High Street, Anytown",
            "mail_from": "feedback@acme.example",
            "sender_name": "Jo at Acme",
        },
    )
    survey = ensure_default_survey(work)
    for number in range(BATCHES):
        schedule_batch(
            work, BatchPlan(survey_id=survey.id, audience=EVERYBODY, name=f"Send {number + 1}")
        )
    for name, kind in (("Seats", PropertyKind.NUMBER), ("Plan", PropertyKind.TEXT)):
        work.session.add(
            Property(name=name, name_key=name.lower(), kind=kind, position=1, created_at=NOW)
        )
        work.session.flush()
    work.session.add_all(
        Tag(name=f"tag {one}", name_key=f"tag {one}", created_at=NOW) for one in range(20)
    )


def _make_days(work: Work) -> None:
    work.session.execute(sa.text("CREATE TABLE days (place INTEGER PRIMARY KEY, at TIMESTAMPTZ)"))
    work.session.execute(
        sa.text("INSERT INTO days VALUES (:place, :at)").bindparams(
            sa.bindparam("at", type_=UTCDateTime())
        ),
        [{"place": day, "at": NOW - timedelta(days=day)} for day in range(DAYS)],
    )


def _look_after(tables: Sequence[str]) -> None:
    """Let PostgreSQL number on, and look at its tables as its own housekeeping does before long."""
    if db.engine.dialect.name != "postgresql":
        return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in tables:
            if table not in ("company_domains", "property_values", "contact_tags"):
                connection.execute(
                    sa.text(
                        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "
                        f"(SELECT max(id) FROM {table}))"
                    )
                )
        connection.execute(sa.text("VACUUM ANALYZE"))


# Colleagues of a third of those who decide are content, so that some averages hide somebody.
_SCORE = f"""
    CASE WHEN i % {COMPANIES} % 3 = 0 AND i / {COMPANIES} % 10 > 0
        THEN 8 + i % 3 ELSE (i / 10) % 11 END
"""
# Every thousandth person is there twice by the address, and the next one by the name.
_LOCAL = f"""
    CASE WHEN i % 999 = 1 AND i > {COMPANIES}
        THEN (i - {COMPANIES}) || '+news' ELSE CAST(i AS VARCHAR(9)) END
"""
_NAME = f"""
    CASE WHEN i % 4 = 0 THEN 'MÄX ' ELSE 'Marta Lindqvist ' END
    || CASE WHEN i % 999 = 2 AND i > {COMPANIES} THEN i - {COMPANIES} ELSE i END
"""

_STATEMENTS: Mapping[str, Sequence[str]] = {
    "companies": (
        """
        INSERT INTO companies (id, name, name_key, revenue, created_at)
        SELECT i, 'Company ' || i, 'company ' || i, CAST(i * 50 AS BIGINT) * 10000, days.at
        FROM n JOIN days ON days.place = 0
        """,
    ),
    "company_domains": (
        """
        INSERT INTO company_domains (domain, company_id)
        SELECT 'company' || i || '.example', i FROM n
        """,
    ),
    "contacts": (
        f"""
        INSERT INTO contacts (
            id, email, email_key, name, first_name, language, time_zone, source, company_id,
            decides, pays, uses, owner_id, created_at, changed_at, paused_until, removed_at,
            last_score, last_answered_at, answers, trend, last_asked_at
        )
        SELECT i,
            'Customer' || {_LOCAL} || '@company' || (i % {COMPANIES} + 1) || '.example',
            'customer' || {_LOCAL} || '@company' || (i % {COMPANIES} + 1) || '.example',
            {_NAME}, 'Marta',
            CASE WHEN i % 10 < 7 THEN 'en' WHEN i % 10 = 7 THEN 'de' ELSE '' END,
            '', 'import 1',
            CASE WHEN i % 5 = 0 THEN NULL ELSE i % {COMPANIES} + 1 END,
            i % 10 = 1 AND i / {COMPANIES} % 10 = 0, i % 50 = 4, i % 50 = 5,
            CASE WHEN i % 100 = 7 THEN 1 END,
            added.at, added.at,
            CASE WHEN i % 1000 = 9 THEN later.at END,
            CASE WHEN i % 200 = 11 THEN later.at END,
            CASE WHEN i % 10 < 3 THEN {_SCORE} END,
            CASE WHEN i % 10 < 3 THEN answered.at END,
            CASE WHEN i % 10 < 3 THEN 1 ELSE 0 END,
            CASE WHEN i % 10 < 3 THEN
                CASE i / 7 % 10
                    WHEN 0 THEN 'improving' WHEN 1 THEN 'deteriorating' ELSE 'steady' END
            END,
            CASE WHEN i % 10 < 7 THEN asked.at END
        FROM n
        JOIN days AS added ON added.place = {DAYS - 1}
        JOIN days AS answered ON answered.place = (i / 13) % {DAYS}
        JOIN days AS asked ON asked.place = (i / 11) % {DAYS}
        JOIN days AS later ON later.place = 0
        """,
    ),
    "property_values": (
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
    ),
    "contact_tags": (
        """
        INSERT INTO contact_tags (contact_id, tag_id)
        SELECT i, 1 + i / 3 % 20 FROM n WHERE i % 3 = 0
        """,
    ),
    "suppressions": (
        """
        INSERT INTO suppressions (email_key, reason, source, created_at)
        SELECT contacts.email_key, 'unsubscribed', 'link', contacts.created_at
        FROM n JOIN contacts ON contacts.id = n.i WHERE i % 50 = 0
        """,
    ),
    "invitations": (
        f"""
        INSERT INTO invitations (id, public_id, batch_id, survey_id, contact_id, created_at)
        SELECT contacts.id, 'i' || contacts.id, 1 + contacts.id / 11 % {BATCHES}, 1, contacts.id,
            contacts.last_asked_at
        FROM n JOIN contacts ON contacts.id = n.i WHERE contacts.last_asked_at IS NOT NULL
        """,
    ),
    "messages": (
        """
        INSERT INTO messages (
            id, public_id, content_id, contact_id, invitation_id, wave, recipient_name,
            recipient_email, email_key, "values", state, due_at, attempts, reason, last_reply,
            committed_at, sent_at, created_at
        )
        SELECT i, 'm' || i, batches.content_id, contacts.id, invitations.id, 0, contacts.name,
            contacts.email, contacts.email_key, '{}', 'sent', invitations.created_at, 1, '', '',
            invitations.created_at, invitations.created_at, invitations.created_at
        FROM n JOIN invitations ON invitations.id = n.i
        JOIN contacts ON contacts.id = invitations.contact_id
        JOIN batches ON batches.id = invitations.batch_id
        """,
    ),
    "responses": (
        """
        INSERT INTO responses (
            id, invitation_id, contact_id, survey_id, score, comment, state, evidence, channel,
            late, answered_at
        )
        SELECT i, contacts.id, contacts.id, 1, contacts.last_score,
            CASE WHEN i % 4 = 1 THEN 'The invoice came late.' ELSE '' END,
            'counted', 'submitted', 'email', i < 0, contacts.last_answered_at
        FROM n JOIN contacts ON contacts.id = n.i WHERE contacts.last_score IS NOT NULL
        """,
    ),
}
