"""A contact's timeline tells what each field said before."""

import html
import re
from dataclasses import replace
from datetime import timedelta

from nps_portal.contacts.commands import details_of, edit_contact
from nps_portal.contacts.company_commands import gather_company
from nps_portal.contacts.models import Contact, PropertyKind
from nps_portal.contacts.owners import assign_contacts
from nps_portal.contacts.properties import add_property, set_values
from nps_portal.contacts.property_changes import ChoiceChange, change_choices
from nps_portal.contacts.tags import add_tags, ensure_tags
from nps_portal.contacts.values import PropertySpec, value_of
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import Actor, ActorKind, unit_of_work
from nps_portal.insights.contact_record import MOST_EVENTS
from nps_portal.journal.commands import record
from nps_portal.merges.commands import merge_contacts
from nps_portal.privacy.commands import erase_contact
from nps_portal.privacy.queries import personal_data
from nps_portal.worker.loop import run_until_idle
from tests.imports.test_import_page import form_of, upload
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

JO = Actor(kind=ActorKind.USER, id=1)


def ann() -> int:
    with factories.work() as work:
        return factories.make_contact(work, "ann@example.org", name="Ann Lee", company="Acme").id


def rename(contact_id: int, name: str, **others: object) -> None:
    details = details_of(reading().get_one(Contact, contact_id, populate_existing=True))
    with unit_of_work(JO) as work:
        edit_contact(work, contact_id, replace(details, name=name, **others))  # type: ignore[arg-type]  # by name


def story(owner: PortalClient, contact_id: int, until: str = "") -> list[str]:
    """Return the titles and texts of the timeline, newest first."""
    page = owner.get(f"/contacts/{contact_id}", query_string={"until": until} if until else {})
    entries = re.findall(r'<li class="story-entry">(.*?)</li>', page.text, re.DOTALL)
    return [
        " ".join(
            html.unescape(
                re.sub(r"<[^>]+>", " ", one.partition('<span class="story-when')[0])
            ).split()
        )
        for one in entries
    ]


def test_an_edit_says_what_was_there_before_and_who_it_was(
    owner: PortalClient, clock: FixedClock
) -> None:
    contact_id = ann()
    clock.advance(minutes=1)

    rename(contact_id, "Anna Lee", company="", language="de")

    told = story(owner, contact_id)[0]
    assert told.startswith("Details changed ")
    for line in ("Name: Ann Lee → Anna Lee", "Company: Acme → –", "Language: – → German"):
        assert line in told
    assert "By Jo Baker." in told


def test_a_name_that_is_markup_is_shown_as_it_is(owner: PortalClient, clock: FixedClock) -> None:
    contact_id = ann()
    clock.advance(minutes=1)

    rename(contact_id, "<b>Ann</b>")

    page = owner.get(f"/contacts/{contact_id}").text
    assert "Name: Ann Lee → &lt;b&gt;Ann&lt;/b&gt;" in page


def test_properties_owners_and_tags_are_named(owner: PortalClient, clock: FixedClock) -> None:
    contact_id = ann()
    clock.advance(minutes=1)
    with factories.work() as work:
        plan = add_property(work, PropertySpec(name="Plan", kind=PropertyKind.TEXT), source="t").id
        set_values(work, {contact_id: {plan: value_of("Basic")}})
        assign_contacts(work, [contact_id], 1)
        add_tags(work, [contact_id], ensure_tags(work, ["VIP", "Berlin"]).values())
    clock.advance(minutes=1)
    rename(contact_id, "Ann Lee", values={plan: value_of("Gold")}, owner_id=1)

    told = story(owner, contact_id)
    assert told[0].startswith("Details changed Plan: Basic → Gold.")
    assert any("Nobody → Jo Baker." in line for line in told)
    assert any(line.startswith("Tagged Berlin, VIP.") for line in told), told


def test_who_joined_a_company_by_their_domain_is_told_which(
    owner: PortalClient, clock: FixedClock
) -> None:
    with factories.work() as work:
        contact_id = factories.make_contact(work, "ann@acme.example").id
    clock.advance(minutes=1)
    with unit_of_work(JO) as work:
        gather_company(work, "acme.example", "Acme", [contact_id])

    told = story(owner, contact_id)[0]
    assert told == "Put into a company Acme, by the address's domain. By Jo Baker."


def test_a_merge_says_what_gave_way(owner: PortalClient, clock: FixedClock) -> None:
    contact_id = ann()
    clock.advance(minutes=1)
    with unit_of_work(JO) as work:
        other = factories.make_contact(work, name="A. Lee")
        merge_contacts(work, contact_id, other.id)

    merges = [line for line in story(owner, contact_id) if line.startswith("Merged")]
    assert merges == [
        "Merged Two records of this person were made one. "
        "Name: A. Lee → Ann Lee; First name: A. → Ann. By Jo Baker."
    ]


def test_a_choice_that_was_taken_away_is_an_entry_of_its_own(
    owner: PortalClient, clock: FixedClock
) -> None:
    contact_id = ann()
    with factories.work() as work:
        spec = PropertySpec(name="Plan", kind=PropertyKind.CHOICE, choices=("Gold", "Basic"))
        plan = add_property(work, spec, source="test").id
        set_values(work, {contact_id: {plan: value_of("Gold")}})
    clock.advance(minutes=1)
    with unit_of_work(JO) as work:
        change_choices(work, plan, ChoiceChange(renamed={"Gold": ""}), losing=["Gold"])

    assert story(owner, contact_id)[0] == "Details changed Plan: Gold → –. By Jo Baker."


def test_an_import_says_what_it_has_replaced(owner: PortalClient, clock: FixedClock) -> None:
    contact_id = ann()
    clock.advance(minutes=1)
    url = upload(owner, b"Email,Name,Company\nann@example.org,Anna Lee,Beta\n").location
    confirmation = f"{url}/confirmation"
    # The page comes back once, with what the other rule would do.
    for rule in ({"rule": "overwrite"}, {}):
        owner.post_form(confirmation, form_of(owner.get(url).text, **rule))
    run_until_idle(owner.application)

    told = next(line for line in story(owner, contact_id) if "Changed by an import" in line)
    assert "Name: Ann Lee → Anna Lee" in told
    assert "Company: Acme → Beta" in told
    changes = personal_data(reading(), contact_id)["changes"]
    assert [(one["by"], one["field"], one["before"], one["after"]) for one in changes] == [
        ("import", "name", "Ann Lee", "Anna Lee"),
        ("import", "company", "Acme", "Beta"),
    ]


def test_who_took_over_before_the_former_was_noted_is_told_alone(owner: PortalClient) -> None:
    contact_id = ann()
    with factories.work() as work:
        record(work, "contact.assigned", contact_id=contact_id, owner_id=1)

    assert any(
        "Somebody else looks after them now Jo Baker." in line for line in story(owner, contact_id)
    )


def test_older_changes_stand_on_the_older_stretch(owner: PortalClient, clock: FixedClock) -> None:
    contact_id = ann()
    for number in range(MOST_EVENTS + 5):
        clock.advance(minutes=1)
        rename(contact_id, f"Ann {number}")
    page = owner.get(f"/contacts/{contact_id}").text

    newest = story(owner, contact_id)
    until = html.unescape(re.findall(r"until=([^\"]+)\"", page)[-1]).replace("%3A", ":")
    oldest = story(owner, contact_id, until.replace("%2B", "+"))

    told = [line for line in [*newest, *oldest] if line.startswith("Details changed")]
    assert len(told) == MOST_EVENTS + 5
    assert len(set(told)) == MOST_EVENTS + 5
    assert told[-1].startswith("Details changed Name: Ann Lee → Ann 0.")


def test_erased_former_values_leave_the_fact_alone(owner: PortalClient, clock: FixedClock) -> None:
    contact_id = ann()
    clock.advance(minutes=1)
    rename(contact_id, "Anna Lee")
    clock.advance(minutes=1)
    with factories.work() as work:
        erase_contact(work, contact_id)

    told = story(owner, contact_id)
    assert any(line.startswith("Details changed Name. By Jo Baker.") for line in told)
    assert not any("Ann" in line for line in told)


def test_the_persons_file_has_what_was_said_before(owner: PortalClient, clock: FixedClock) -> None:
    contact_id = ann()
    clock.advance(minutes=1)
    rename(contact_id, "Anna Lee")

    changes = personal_data(reading(), contact_id)["changes"]

    assert changes == [
        {
            "at": f"{clock.now() - timedelta(0):%Y-%m-%dT%H:%M:%SZ}",
            "by": "user",
            "field": "name",
            "before": "Ann Lee",
            "after": "Anna Lee",
        }
    ]
