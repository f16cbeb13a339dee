"""The file of chosen contacts: exactly those, with the columns of all, in a stream."""

import csv
import io
import tracemalloc
from itertools import islice

import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from nps_portal.bulk.choice import Choice, chosen
from nps_portal.contacts.models import Contact, PropertyKind
from nps_portal.contacts.properties import add_property, set_values
from nps_portal.contacts.tags import add_tags, ensure_tags
from nps_portal.contacts.values import PropertySpec, value_of
from nps_portal.exports.making import csv_of
from nps_portal.exports.people_tables import CONTACTS, contacts_among
from nps_portal.exports.reader import PAGE, snapshot
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.privacy.commands import erase_contact
from nps_portal.privacy.models import PersonalView
from nps_portal.segments.commands import add_segment
from nps_portal.segments.suggestions import suggestion
from tests.support import factories
from tests.support.client import PortalClient

FORMULA = '=HYPERLINK("https://evil.example","x")'


@pytest.fixture
def people(owner: PortalClient) -> list[int]:
    """Add three people of whom two look alike, and a property that a spreadsheet would run."""
    with factories.work() as work:
        ids = [
            factories.make_contact(work, f"{name}@example.org", name=name, company="Acme").id
            for name in ("x.lee", "ann.lee", "per.olsen")
        ]
        formula = add_property(
            work, PropertySpec(name=FORMULA, kind=PropertyKind.TEXT), source="test"
        )
        set_values(work, {ids[0]: {formula.id: value_of("=1+1")}})
        add_tags(work, ids[:1], ensure_tags(work, ["VIP"]).values())
    return ids


def rows_of(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode("utf-8-sig"), newline="")))


def emails(owner: PortalClient, address: str) -> list[str]:
    return [row[0] for row in rows_of(owner.get(f"/contacts/bulk/contacts.csv?{address}").data)[1:]]


def test_the_file_has_exactly_the_chosen_with_the_columns_of_all(
    owner: PortalClient, people: list[int]
) -> None:
    every = rows_of(owner.get("/settings/data/contacts.csv").data)
    answer = owner.get(f"/contacts/bulk/contacts.csv?contact_ids={people[2]},{people[0]}")

    assert rows_of(answer.data) == [every[0], every[1], every[3]]
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="nps-contacts-')
    assert emails(owner, "all=1&q=lee") == ["x.lee@example.org", "ann.lee@example.org"]
    assert len(emails(owner, "all=1")) == 3


def test_a_segment_is_a_choice_too(owner: PortalClient, people: list[int]) -> None:
    never_asked = suggestion("never-asked")
    assert never_asked is not None
    with factories.work() as work:
        segment_id = add_segment(work, "Never asked", never_asked.rules).id

    assert len(emails(owner, f"segment_id={segment_id}")) == 3


def test_formulas_are_neutralised_in_cells_and_headers(
    owner: PortalClient, people: list[int]
) -> None:
    rows = rows_of(owner.get(f"/contacts/bulk/contacts.csv?contact_ids={people[0]}").data)
    book = CalamineWorkbook.from_filelike(
        io.BytesIO(owner.get(f"/contacts/bulk/contacts.xlsx?contact_ids={people[0]}").data)
    )
    sheet = book.get_sheet_by_name("contacts").to_python()

    assert rows[0][-1] == f"'{FORMULA}"
    assert rows[1][-1] == "'=1+1"
    assert sheet[0][-1] == FORMULA
    assert sheet[1][-1] == "=1+1"
    assert len(sheet) == 2


def test_erased_people_are_in_no_such_file(owner: PortalClient, people: list[int]) -> None:
    with factories.work() as work:
        erase_contact(work, people[1])

    assert len(emails(owner, f"contact_ids={people[0]},{people[1]},{people[2]}")) == 2
    assert len(emails(owner, "all=1")) == 2
    assert emails(owner, "all=1&group=removed") == []


def test_a_choice_of_nobody_is_no_file(owner: PortalClient, people: list[int]) -> None:
    for address in ("", "segment_id=4711", "contact_ids=x"):
        assert owner.get(f"/contacts/bulk/contacts.csv?{address}").status_code == 404
        assert owner.get(f"/contacts/bulk/contacts.xlsx?{address}").status_code == 404
    assert emails(owner, "all=1&q=nobody") == []


def test_the_page_offers_the_file_of_its_choice(owner: PortalClient, people: list[int]) -> None:
    page = owner.get(f"/contacts/bulk?contact_ids={people[0]}").text

    assert f'href="/contacts/bulk/contacts.csv?contact_ids={people[0]}"' in page
    assert f'href="/contacts/bulk/contacts.xlsx?contact_ids={people[0]}"' in page
    assert (
        'href="/contacts/bulk/contacts.csv?all=1&amp;q=lee"'
        in owner.get("/contacts/bulk?all=1&q=lee").text
    )


def test_each_file_is_traced_with_what_was_asked_for(
    owner: PortalClient, people: list[int]
) -> None:
    owner.get("/contacts/bulk/contacts.csv?all=1&q=lee")
    owner.get(f"/contacts/bulk/contacts.xlsx?contact_ids={people[0]}")

    looks = reading().execute(
        sa.select(PersonalView.page, PersonalView.asked).order_by(PersonalView.id)
    )
    assert looks.all() == [
        ("bulk.csv", "all=1&q=lee"),
        ("bulk.workbook", f"contact_ids={people[0]}"),
    ]
    assert "a file of chosen contacts" in owner.get("/settings/privacy/looks").text


def test_many_come_page_by_page_and_few_among_many_are_found(owner: PortalClient) -> None:
    with factories.work() as work:
        ids = factories.make_crowd(work, 3 * PAGE + 7)
        tag = list(ensure_tags(work, ["VIP"]).values())
        add_tags(work, ids[:: len(ids) - 1], tag)
    ends = Choice(contact_ids=(ids[-1], ids[0]))

    def lines(choice: Choice) -> list[str]:
        now = current_clock().now()
        table = contacts_among(lambda session: chosen(session, choice, now))
        with snapshot() as reader:
            return list(csv_of(table, reader))

    with snapshot() as reader:
        assert lines(Choice(filter={})) == list(csv_of(CONTACTS, reader))
    assert len(lines(Choice(filter={}))) == len(ids) + 1
    found = rows_of("".join(lines(ends)).encode())
    assert [row[found[0].index("tags")] for row in found[1:]] == ["VIP", "VIP"]


def test_a_large_file_is_never_held_whole(owner: PortalClient) -> None:
    with factories.work() as work:
        factories.make_crowd(work, 20_000)
        work.session.execute(sa.update(Contact).values(name="x" * 200))
    now = current_clock().now()
    table = contacts_among(lambda session: chosen(session, Choice(filter={}), now))

    def written(rows: int) -> tuple[int, int]:
        """Return how much was written, and how much was held for it at the most."""
        tracemalloc.start()
        with snapshot() as reader:
            size = sum(len(line) for line in islice(csv_of(table, reader), rows))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size, peak

    written(1)
    few, many = written(2_000), written(20_000)
    assert many[1] - few[1] < (many[0] - few[0]) / 4
