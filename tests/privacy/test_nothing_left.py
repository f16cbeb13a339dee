"""After an erasure nothing of a person is found: in no table, and in no file of the instance."""

import io
import sqlite3
import threading
import zipfile
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.batches.audience import Audience, SegmentAudience
from nps_portal.batches.commands import BatchPlan, schedule_batch
from nps_portal.batches.models import Batch, Invitation
from nps_portal.bulk.models import BulkAct
from nps_portal.contacts.commands import details_of, edit_contact
from nps_portal.contacts.models import Company, Contact, PropertyKind, SuppressionReason, Tag
from nps_portal.contacts.properties import add_property, set_values
from nps_portal.contacts.suppressions import suppress
from nps_portal.contacts.values import PropertySpec, value_of
from nps_portal.exports.duty import make_due_export
from nps_portal.exports.models import Rhythm
from nps_portal.exports.scheduling import Plan, save_schedule
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.database import db, reading
from nps_portal.foundation.tokens import Purpose, make_token
from nps_portal.histories.models import History
from nps_portal.imports.models import Import, ImportMapping
from nps_portal.inbox.maildir import deliver
from nps_portal.merges.commands import merge_contacts
from nps_portal.outbox.models import EmailContent, RelayState, RelayStatus
from nps_portal.privacy.commands import erase_contact
from nps_portal.segments.commands import add_segment
from nps_portal.segments.models import Segment
from nps_portal.segments.queries import catalogue, member_count, rules_of
from nps_portal.segments.reading import parse
from nps_portal.worker.loop import run_until_idle
from tests.customer_pages.asking import nonce_in
from tests.imports.test_import_page import import_customers
from tests.privacy.test_erasing import ADDRESS, Person, person, spread
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

# She was called Nyberg before, and wrote from another address.
HERS = ("marta", "lindqvist", "nyberg", "nordlys", "hers:")
FORMER = "nyberg@old.example"


def rows_with(words: tuple[str, ...]) -> list[str]:
    """Return each cell of each table of the database, as it is, that holds one of the words."""
    tables = sa.MetaData()
    tables.reflect(db.engine)
    found = []
    with db.engine.connect() as connection:
        for table in tables.sorted_tables:
            for row in connection.execute(sa.select(table)).mappings():
                for column, value in row.items():
                    shown = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
                    if any(word in str(shown).casefold() for word in words):
                        found.append(f"{table.name}.{column}: {shown}")
    return found


def files_with(instance: Path, words: tuple[str, ...]) -> list[str]:
    """Return the files, and members of archives, whose name or content holds one of the words."""
    found = []
    for path in (one for one in instance.rglob("*") if one.is_file()):
        place = path.relative_to(instance)
        parts = [(str(place), path.read_bytes())]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                parts += [(f"{place}/{one}", packed.read(one)) for one in packed.namelist()]
        for name, content in parts:
            text = f"{name}\n{content.decode('utf-8', 'replace')}".casefold()
            if any(word in text for word in words):
                found.append(name)
    return found


def pack(instance: Path) -> None:
    """Write a SQLite file anew: what was overwritten stays in unused pages until then."""
    if (instance / "nps.sqlite").exists():
        db.session.remove()
        db.engine.dispose()
        connection = sqlite3.connect(instance / "nps.sqlite", isolation_level=None)
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()


def add_somebody_else() -> None:
    """Add somebody whose rows must stay, with a tag that she has too."""
    with factories.work() as work:
        factories.make_contact(work, "per@example.org", name="Per Olsen", company="Acme")


def everything_that_can_happen(app: Flask, owner: PortalClient) -> Person:
    """Let a person go through all that leaves traces."""
    import_her(app, owner)
    marta = person(app, ADDRESS, "Marta Nyberg")
    spread(marta)
    describe(marta)
    work_with_her(app, owner, marta)
    send_to_her(app, marta)
    open_her_page(owner, marta)
    keep_her_in_files(app)
    return marta


def import_her(app: Flask, owner: PortalClient) -> None:
    rows = (
        "Email,First name,Last name,Tags\n"
        f"{FORMER},Marta,Nyberg,nyberg-family\n"
        "per@example.org,Per,Olsen,nyberg-family; vip\n"
        "nobody,Marta,Lindqvist,\nno-one,Per,Olsen,\n"
    )
    import_customers(app, owner, rows.encode())
    with factories.work() as work:
        former = work.session.scalars(sa.select(Contact).where(Contact.email_key == FORMER)).one()
        suppress(work, FORMER, SuppressionReason.BLOCKED_BY_HAND, source="x", contact_id=former.id)
        # A file without headers: its first person stands in their place.
        mapping = {"headers": [ADDRESS, "Marta Nyberg"], "columns": {"email": 0}}
        filename = "Lindqvist, Marta (2026).csv"
        work.session.execute(sa.update(Import).values(filename=filename, mapping=mapping))
        work.session.execute(sa.update(ImportMapping).values(mapping=mapping))
        work.session.add(History(filename="marta_nyberg.csv", layout="plain", created_at=work.now))


def describe(marta: Person) -> None:
    """Edit her by hand, and make her former record one with hers."""
    with factories.work() as work:
        contact = work.session.get_one(Contact, marta.contact_id)
        told = details_of(contact)
        tags = ("VIP", "Marta's own", "Friends of Marta Lindqvist")
        married = replace(told, name="Marta Lindqvist", company="Lindqvist Design", tags=tags)
        edit_contact(work, marta.contact_id, married)
        elsewhere = parse_email("marta@never-mailed.example")
        edit_contact(work, marta.contact_id, replace(married, email=elsewhere))
        edit_contact(work, marta.contact_id, married)
        other = work.session.scalars(sa.select(Contact).where(Contact.email_key == FORMER)).one()
        merge_contacts(work, marta.contact_id, other.id)
        per = work.session.scalars(sa.select(Contact).where(Contact.name == "Per Olsen")).one()
        told = details_of(per)
        edit_contact(work, per.id, replace(told, tags=("VIP", "Friends of Marta Lindqvist")))


def work_with_her(app: Flask, owner: PortalClient, marta: Person) -> None:
    """Save segments that ask for her, change her with many, and look for her."""
    rules = {
        "match": "any",
        "groups": [
            {
                "match": "any",
                "conditions": [
                    {"field": "email", "op": "is", "value": ADDRESS},
                    {"field": "email", "op": "begins", "value": "marta.lindqvist"},
                    {"field": "name", "op": "contains", "value": "MARTA  Nyberg"},
                    {"field": "company", "op": "is", "value": "Lindqvist Design"},
                    {"field": "tags", "op": "any_of", "value": ["Marta's own", "VIP"]},
                ],
            }
        ],
    }
    with factories.work() as work:
        add_segment(work, "Marta Lindqvist", parse(rules, catalogue(work.session)))
        add_segment(work, "Lindqvist, Marta", parse(rules, catalogue(work.session)))
    for kind in (
        {"kind": "tag", "tags": "Marta Lindqvist"},
        {"kind": "set_field", "field": "company", "value": "Lindqvist Design"},
    ):
        chosen = {"contact_ids": str(marta.contact_id), "shown": "1"}
        assert owner.post_form("/contacts/bulk", {**kind, **chosen}).status_code == 303
    owner.get("/contacts?q=nyberg")
    owner.get("/contacts/bulk/contacts.csv?all=1&q=marta")


def send_to_her(app: Flask, marta: Person) -> None:
    with factories.work() as work:
        segment = work.session.scalars(sa.select(Segment).order_by(Segment.id)).first()
        assert segment is not None
        survey = factories.make_survey(work)
        survey.days_between = 1
        audience = Audience(segment=SegmentAudience.of(segment))
        plan = BatchPlan(survey_id=survey.id, audience=audience, name="For Marta Lindqvist")
        schedule_batch(work, plan)
    run_until_idle(app)
    with factories.work() as work:
        work.session.execute(
            sa.update(EmailContent).values(held_reason=f"550 <{ADDRESS}> is refused")
        )
        relay = work.session.get(RelayState, 1)
        if relay is None:
            status = next(iter(RelayStatus))
            relay = RelayState(id=1, status=status, since=work.now, next_try_at=work.now)
            work.session.add(relay)
        relay.reason = f"550 <{ADDRESS}>"


def open_her_page(owner: PortalClient, marta: Person) -> None:
    """Let her pause surveys on her own page."""
    public_id = reading().scalar(
        sa.select(Invitation.public_id).where(Invitation.id == marta.invitation_id)
    )
    assert public_id is not None
    path = f"/me/{make_token(Purpose.MY_DATA, public_id)}"
    nonce = nonce_in(owner.get(path))
    owner.post(path, data={"nonce": nonce, "act": "pause", "months": "3"})


def keep_her_in_files(app: Flask) -> None:
    """Keep a returned email that nobody understood, and a scheduled export."""
    letter = f"From: {ADDRESS}\r\nSubject: Marta again\r\n\r\nHers: a letter\r\n"
    deliver(Path(app.instance_path) / "inbox", letter.encode())
    deliver(Path(app.instance_path) / "inbox", b"From: per@example.org\r\n\r\nPer Olsen\r\n")
    with factories.work() as work:
        plan = Plan(folder="nightly", rhythm=Rhythm.DAILY, weekday=0, hour=3, kept=1)
        save_schedule(work, plan)


def export_of_the_night(app: Flask, clock: FixedClock) -> None:
    clock.advance(days=1)
    assert make_due_export(app, threading.Event()) == 1


def test_nothing_of_a_person_is_found_anywhere(
    app: Flask, owner: PortalClient, clock: FixedClock
) -> None:
    instance = Path(app.instance_path)
    add_somebody_else()
    marta = everything_that_can_happen(app, owner)
    export_of_the_night(app, clock)
    before = {row.partition(":")[0] for row in rows_with(HERS)}
    places = {name.partition("/")[0] for name in files_with(instance, HERS)}
    assert before >= {
        *("contacts.email", "contacts.name", "contact_changes.former_text", "tags.name"),
        *("companies.name", "segments.name", "segments.rules", "batches.name", "batches.audience"),
        *("bulk_acts.terms", "imports.filename", "histories.filename", "import_changes.before"),
        *("imports.mapping", "import_mappings.mapping"),
        *("import_rejections.cells", "messages.recipient_email", "personal_views.asked"),
        *("suppressions.email_key", "email_contents.held_reason", "relay_states.reason"),
        *("responses.comment", "response_revisions.comment", "tasks.wishes", "bounces.reason"),
    }
    assert places >= {"mailbox", "inbox", "exports"}

    owner.sign_in(factories.OWNER, factories.PASSWORD)
    answer = owner.post_form(f"/contacts/{marta.contact_id}/erasure")
    run_until_idle(app)

    assert answer.status_code == 303
    assert rows_with(HERS) == []
    # What was exported before is a copy like those taken away: the next one takes its place.
    export_of_the_night(app, clock)
    pack(instance)
    assert files_with(instance, HERS) == []
    assert rows_with(("erased:",))


def test_what_is_others_stays(app: Flask, owner: PortalClient, clock: FixedClock) -> None:
    add_somebody_else()
    marta = everything_that_can_happen(app, owner)
    inbox = Path(app.instance_path) / "inbox"
    assert len(files_with(inbox, ("per olsen",))) == 1

    owner.post_form(f"/contacts/{marta.contact_id}/erasure")

    with factories.work() as work:
        tags = set(work.session.scalars(sa.select(Tag.name)))
        companies = set(work.session.scalars(sa.select(Company.name)))
        refused = [row for row in rows_with(("no-one",)) if "import_rejections.cells" in row]
        segment = work.session.scalars(sa.select(Segment).order_by(Segment.id)).first()
        assert segment is not None
        found = member_count(work.session, rules_of(work.session, segment), work.now)
        per = work.session.scalars(sa.select(Contact).where(Contact.name == "Per Olsen")).one()
        names = set(work.session.scalars(sa.select(Batch.name)))
        acts = [one.terms["words"] for one in work.session.scalars(sa.select(BulkAct))]
    assert "VIP" in {tag.upper() for tag in tags}
    assert companies == {"Acme"}
    assert refused
    # The condition on VIP still finds him; those on her find nobody.
    assert found == 1
    assert per.company_name == "Acme"
    assert "For (erased)" in names
    assert set(acts) == {"an act that named somebody who has been erased"}
    assert len(files_with(inbox, ("per olsen",))) == 1


def test_a_mark_that_others_have_too_only_loses_her_name(app: Flask, owner: PortalClient) -> None:
    add_somebody_else()
    marta = everything_that_can_happen(app, owner)
    with factories.work() as work:
        colleague = factories.make_contact(work, company="Lindqvist Design").id

    owner.post_form(f"/contacts/{marta.contact_id}/erasure")

    with factories.work() as work:
        kept = work.session.get_one(Contact, colleague)
        assert kept.company_name == "Lindqvist Design"
        tags = list(work.session.scalars(sa.select(Tag.name)))
    assert sum(tag.startswith("(erased)") for tag in tags) == 1
    assert "Marta's own" not in tags


@pytest.mark.parametrize("name", ["Zoë Ångström", "Zoë  ÅNGSTRÖM", "Ångström, Zoë"])
def test_letters_beyond_ascii_are_found_in_every_spelling(app: Flask, name: str) -> None:
    with factories.work() as work:
        zoe = factories.make_contact(work, "zoe@example.org", name="Zoë Ångström").id
        rules = {
            "match": "all",
            "groups": [
                {
                    "match": "all",
                    "conditions": [{"field": "name", "op": "is", "value": name}],
                }
            ],
        }
        add_segment(work, f"Only {name}", parse(rules, catalogue(work.session)))

    with factories.work() as work:
        erase_contact(work, zoe)

    assert rows_with(("ngstr", "zoë", "\\u00c5", "\\u00e5")) == []


def segment_of(conditions: list[dict[str, object]]) -> int:
    with factories.work() as work:
        group = {"match": "all", "conditions": conditions}
        rules = parse({"match": "all", "groups": [group]}, catalogue(work.session))
        return add_segment(work, "Ours", rules).id


def conditions_of(segment_id: int) -> list[object]:
    rules = reading().get_one(Segment, segment_id, populate_existing=True).rules
    return [one["value"] for group in rules["groups"] for one in group["conditions"]]


def erase(contact_id: int) -> None:
    with factories.work() as work:
        erase_contact(work, contact_id)


def test_a_condition_that_finds_others_too_keeps_its_words(app: Flask) -> None:
    with factories.work() as work:
        service = factories.make_contact(work, name="Customer Service").id
        spec = PropertySpec(name="Department", kind=PropertyKind.TEXT)
        department = add_property(work, spec, source="test").id
        somebody = factories.make_contact(work, name="Per Olsen").id
        set_values(work, {somebody: {department: value_of("Customer Service North")}})
    field = f"property:{department}"
    segment = segment_of(
        [
            {"field": field, "op": "contains", "value": "customer service"},
            {"field": field, "op": "not_contains", "value": "Customer Service"},
            {"field": field, "op": "is", "value": "Customer Service"},
            {"field": "name", "op": "is_not", "value": "Customer Service"},
        ]
    )

    erase(service)

    assert conditions_of(segment) == [
        "customer service",
        "Customer Service",
        "(erased)",
        "(erased)",
    ]


def test_a_name_that_somebody_else_bears_stays_theirs(app: Flask) -> None:
    with factories.work() as work:
        first, second = (factories.make_contact(work, name="Anna Müller").id for _ in range(2))
        work.session.add(History(filename="Anna Müller.csv", layout="x", created_at=work.now))
    segment = segment_of([{"field": "name", "op": "is", "value": "Anna Müller"}])

    erase(first)

    assert conditions_of(segment) == ["Anna Müller"]
    assert reading().scalars(sa.select(History.filename)).one() == "Anna Müller.csv"
    erase(second)
    assert rows_with(("müller",)) == []


def test_a_company_with_a_revenue_is_a_client_that_stays(app: Flask) -> None:
    with factories.work() as work:
        one = factories.make_contact(work, name="Ada Müller", company="Müller AG").id
        other = factories.make_contact(work, name="Bo Müller", company="Müller und Partner").id
        client = work.session.scalars(sa.select(Company).order_by(Company.id)).first()
        assert client is not None
        client.revenue = Decimal(1_000_000)

    erase(one)
    erase(other)

    assert reading().scalars(sa.select(Company.name)).all() == ["Müller AG"]


def test_a_name_without_spaces_is_found_where_nothing_parts_it(app: Flask) -> None:
    with factories.work() as work:
        taro = factories.make_contact(work, "taro@example.jp", name="山田太郎").id
        work.session.add(History(filename="山田太郎様.csv", layout="x", created_at=work.now))

    erase(taro)

    assert reading().scalars(sa.select(History.filename)).one() == "(erased)様.csv"


def test_an_act_that_is_still_going_on_forgets_at_its_end(
    app: Flask, owner: PortalClient, clock: FixedClock
) -> None:
    with factories.work() as work:
        marta = factories.make_contact(work, ADDRESS, name="Marta Lindqvist").id
        factories.make_crowd(work, 5_001)
    tag = {"all": "1", "kind": "tag", "tags": "Marta Lindqvist", "shown": "5002"}
    assert owner.post_form("/contacts/bulk", tag).status_code == 303

    owner.post_form(f"/contacts/{marta}/erasure")
    run_until_idle(app)

    act = reading().scalars(sa.select(BulkAct)).one()
    assert act.done == 5_002
    assert act.terms == {"words": "an act that named somebody who has been erased"}
    assert rows_with(HERS) == []
    assert clock.now() - act.created_at < timedelta(days=1)


def test_a_file_name_in_another_persons_words_stays(app: Flask) -> None:
    with factories.work() as work:
        ann = factories.make_contact(work, "ann@example.org", name="Ann Lee").id
        work.session.add(History(filename="joann leeds.csv", layout="plain", created_at=work.now))
        work.session.add(
            History(filename="joann@example.org.csv", layout="plain", created_at=work.now)
        )

    with factories.work() as work:
        erase_contact(work, ann)

    found = reading().scalars(sa.select(History.filename).order_by(History.id)).all()
    assert found == ["joann leeds.csv", "joann@example.org.csv"]


def test_a_zip_is_looked_into(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("contacts.csv", "Marta " * 100)
    (tmp_path / "export.zip").write_bytes(content.getvalue())

    assert files_with(tmp_path, ("marta marta",)) == ["export.zip/contacts.csv"]
