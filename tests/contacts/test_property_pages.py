"""The settings of properties."""

import pytest

from nps_portal.accounts.commands import add_user
from nps_portal.accounts.models import Role
from nps_portal.contacts.models import Property, PropertyKind
from nps_portal.contacts.properties import (
    PropertySpec,
    add_property,
    parse_value,
    properties,
    set_values,
    values_of,
)
from nps_portal.foundation.database import reading
from tests.support import factories
from tests.support.client import PortalClient


def make(name: str, kind: PropertyKind, *choices: str) -> Property:
    with factories.work() as work:
        spec = PropertySpec(name=name, kind=kind, choices=choices)
        return add_property(work, spec, source="by hand")


def give(one: Property, written: str) -> int:
    """Add a Contact that has this value and return the id."""
    with factories.work() as work:
        contact = factories.make_contact(work)
        set_values(work, {contact.id: {one.id: parse_value(one, written)}})
        return contact.id


def held(contact_id: int) -> list[str]:
    return [value.text for value in values_of(reading(), [contact_id])[contact_id].values()]


def names() -> list[str]:
    return [one.name for one in properties(reading())]


def test_a_property_is_added_with_what_its_kind_needs(owner: PortalClient) -> None:
    empty = owner.get("/settings/properties").text
    answer = owner.post_form(
        "/settings/properties",
        {"name": " Plan ", "kind": "choice", "choices": "Basic\n\nPro\nbasic", "currency": "EUR"},
    )

    made = properties(reading())[0]
    assert "No properties yet" in empty
    assert answer.status_code == 303
    assert (made.name, made.kind, made.choices) == ("Plan", PropertyKind.CHOICE, ["Basic", "Pro"])
    assert (made.currency, made.source) == ("", "by hand")
    assert "Basic, Pro" in owner.get("/settings/properties").text


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"name": "", "kind": "text"}, "Write a name."),
        ({"name": " EMAIL ", "kind": "text"}, "Every contact has this already."),
        ({"name": "PLAN", "kind": "text"}, "There is a property named PLAN already."),
        ({"name": "Size", "kind": "choice"}, "Write what there is to choose from"),
        ({"name": "Size", "kind": "picture"}, "Not a valid choice"),
    ],
)
def test_a_property_that_cannot_be_is_refused_and_the_form_kept(
    owner: PortalClient, form: dict[str, str], fault: str
) -> None:
    make("Plan", PropertyKind.TEXT)

    answer = owner.post_form("/settings/properties", form)

    assert answer.status_code == 422
    assert fault in answer.text
    assert names() == ["Plan"]


def test_a_property_is_renamed_and_not_to_the_name_of_another(owner: PortalClient) -> None:
    plan = make("Plan", PropertyKind.TEXT)
    make("Size", PropertyKind.TEXT)

    taken = owner.post_form(f"/settings/properties/{plan.id}/name", {"name": "size"})
    done = owner.post_form(f"/settings/properties/{plan.id}/name", {"name": "PLAN"})

    assert (taken.status_code, done.status_code) == (422, 303)
    assert "There is a property named size already." in taken.text
    assert names() == ["PLAN", "Size"]


def test_properties_change_places_and_stay_within_the_list(owner: PortalClient) -> None:
    made = [make(name, PropertyKind.TEXT) for name in ("A", "B", "C")]

    owner.post_form(f"/settings/properties/{made[2].id}/place", {"to": "up"})
    owner.post_form(f"/settings/properties/{made[0].id}/place", {"to": "up"})

    assert names() == ["A", "C", "B"]


def test_choices_may_change_their_spelling_even_with_each_other(owner: PortalClient) -> None:
    plan = make("Plan", PropertyKind.CHOICE, "Basic", "Pro")
    basic, pro = give(plan, "Basic"), give(plan, "Pro")

    owner.post_form(
        f"/settings/properties/{plan.id}/choices",
        {"choice_0": "Pro", "choice_1": "Basic", "added": "Gold"},
    )

    assert (held(basic), held(pro)) == (["Pro"], ["Basic"])
    assert properties(reading())[0].choices == ["Pro", "Basic", "Gold"]


def test_a_choice_in_use_vanishes_only_after_the_count_was_shown(owner: PortalClient) -> None:
    plan = make("Plan", PropertyKind.CHOICE, "Basic", "Pro")
    basic, pro = give(plan, "Basic"), give(plan, "Pro")
    url = f"/settings/properties/{plan.id}/choices"

    asked = owner.post_form(url, {"choice_0": "", "choice_1": "Pro"})
    assert asked.status_code == 422
    assert "would vanish: «Basic» (1)" in asked.text
    assert '<input type="hidden" name="losing" value="Basic">' in asked.text
    assert held(basic) == ["Basic"]

    done = owner.post_form(url, {"choice_0": "", "choice_1": "Pro", "losing": "Basic"})
    assert done.status_code == 303
    assert (held(basic), held(pro)) == ([], ["Pro"])
    assert properties(reading())[0].choices == ["Pro"]


def test_a_list_of_choices_is_never_left_empty(owner: PortalClient) -> None:
    plan = make("Plan", PropertyKind.CHOICE, "Basic")

    answer = owner.post_form(f"/settings/properties/{plan.id}/choices", {"choice_0": ""})

    assert answer.status_code == 422
    assert "Leave at least one choice." in answer.text


def test_the_kind_changes_where_all_values_fit(owner: PortalClient) -> None:
    since = make("Since", PropertyKind.TEXT)
    ada, bob = give(since, "31.12.2026"), give(since, "2026-01-02")

    answer = owner.post_form(f"/settings/properties/{since.id}/kind", {"kind": "date"})

    assert answer.status_code == 303
    assert (held(ada), held(bob)) == (["2026-12-31"], ["2026-01-02"])
    assert properties(reading())[0].kind is PropertyKind.DATE


def test_the_kind_stays_where_a_value_does_not_fit_and_says_which(owner: PortalClient) -> None:
    since = make("Since", PropertyKind.TEXT)
    ada, bob = give(since, "31.12.2026"), give(since, "long ago")

    answer = owner.post_form(f"/settings/properties/{since.id}/kind", {"kind": "date"})

    assert answer.status_code == 422
    assert "Not all values fit. «long ago» is not a day." in answer.text
    assert (held(ada), held(bob)) == (["31.12.2026"], ["long ago"])


def test_a_number_becomes_money_and_money_a_text_again(owner: PortalClient) -> None:
    fee = make("Fee", PropertyKind.NUMBER)
    ada = give(fee, "12.5")
    url = f"/settings/properties/{fee.id}/kind"

    owner.post_form(url, {"kind": "money", "currency": "EUR"})
    assert held(ada) == ["12.50"]
    assert properties(reading())[0].currency == "EUR"

    owner.post_form(url, {"kind": "text", "currency": "EUR"})
    value = values_of(reading(), [ada])[ada][fee.id]
    assert (value.text, value.number) == ("12.50", None)
    assert properties(reading())[0].currency == ""


def test_a_text_becomes_a_choice_of_what_is_there(owner: PortalClient) -> None:
    plan = make("Plan", PropertyKind.TEXT)
    ada, bob = give(plan, "Pro"), give(plan, "pro")

    owner.post_form(f"/settings/properties/{plan.id}/kind", {"kind": "choice"})

    assert properties(reading())[0].choices == ["Pro"]
    assert (held(ada), held(bob)) == (["Pro"], ["Pro"])


def test_deleting_says_how_many_values_are_lost(owner: PortalClient) -> None:
    plan = make("Plan", PropertyKind.TEXT)
    ada = give(plan, "Pro")

    page = owner.get(f"/settings/properties/{plan.id}").text
    answer = owner.post_form(f"/settings/properties/{plan.id}/deletion")

    assert "1 value will be lost. This cannot be undone." in page
    assert answer.status_code == 303
    assert (
        "Plan was deleted, and taken from 1 of your contacts."
        in owner.get("/settings/properties").text
    )
    assert held(ada) == []


def test_only_owners_change_properties(client: PortalClient) -> None:
    with factories.work() as work:
        add_user(
            work,
            email="al@example.org",
            name="Al",
            password=factories.PASSWORD,
            role=Role.COLLEAGUE,
        )
    client.sign_in("al@example.org", factories.PASSWORD)

    assert client.get("/settings/properties").status_code == 403
    assert client.post_form("/settings/properties", {"name": "A"}).status_code == 403
