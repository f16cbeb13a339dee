"""The pages of tags."""

from nps_portal.contacts.tags import add_tags, all_tags, ensure_tags, tags_of
from nps_portal.foundation.database import reading
from tests.support import factories
from tests.support.client import PortalClient


def tagged(*names: str) -> int:
    """Add a Contact with these tags and return the id."""
    with factories.work() as work:
        contact = factories.make_contact(work)
        add_tags(work, [contact.id], ensure_tags(work, names).values())
        return contact.id


def names_of(contact_id: int) -> list[str]:
    return [tag.name for tag in tags_of(reading(), [contact_id])[contact_id]]


def id_of(name: str) -> int:
    return next(tag.id for tag in all_tags(reading()) if tag.name == name)


def test_tags_are_listed_with_how_many_have_them(owner: PortalClient) -> None:
    assert "No tags yet" in owner.get("/contacts/tags").text
    tagged("VIP", "Berlin")
    tagged("VIP")

    page = owner.get("/contacts/tags").text

    assert "2 tags" in page
    assert f'href="/contacts?tag={id_of("VIP")}"' in page
    assert page.index(">Berlin<") < page.index(">1</td>") < page.index(">VIP<")
    assert page.index(">VIP<") < page.index(">2</td>")


def test_a_tag_is_spelled_otherwise(owner: PortalClient) -> None:
    ada = tagged("Vip")

    answer = owner.post_form(f"/contacts/tags/{id_of('Vip')}", {"name": " V.I.P. "})

    assert answer.status_code == 303
    assert names_of(ada) == ["V.I.P."]


def test_a_name_that_is_no_single_tag_is_refused(owner: PortalClient) -> None:
    tagged("Vip")

    several = owner.post_form(f"/contacts/tags/{id_of('Vip')}", {"name": "A, B"})
    nothing = owner.post_form(f"/contacts/tags/{id_of('Vip')}", {"name": " "})

    assert (several.status_code, nothing.status_code) == (422, 422)
    assert "A comma would part it" in several.text


def test_two_tags_become_one_only_when_that_is_confirmed(owner: PortalClient) -> None:
    ada, bob = tagged("Vip", "Very important"), tagged("Very important")
    first, second = id_of("Very important"), id_of("Vip")

    asked = owner.post_form(f"/contacts/tags/{first}", {"name": "VIP"})
    assert asked.status_code == 422
    assert "There is a tag “Vip” already." in asked.text
    assert names_of(bob) == ["Very important"]

    done = owner.post_form(f"/contacts/tags/{first}/merger", {"into": second})
    assert done.status_code == 303
    assert (names_of(ada), names_of(bob)) == (["Vip"], ["Vip"])
    assert [tag.name for tag in all_tags(reading())] == ["Vip"]


def test_a_tag_does_not_become_one_with_itself_or_nothing(owner: PortalClient) -> None:
    tagged("Vip")
    url = f"/contacts/tags/{id_of('Vip')}/merger"

    assert owner.post_form(url, {"into": id_of("Vip")}).status_code == 404
    assert owner.post_form(url, {"into": "nonsense"}).status_code == 404
    assert [tag.name for tag in all_tags(reading())] == ["Vip"]


def test_deleting_a_tag_takes_it_from_its_contacts(owner: PortalClient) -> None:
    ada = tagged("Vip", "Berlin")

    page = owner.get(f"/contacts/tags/{id_of('Vip')}").text
    answer = owner.post_form(f"/contacts/tags/{id_of('Vip')}/deletion")

    assert "It is taken from 1 contact." in page
    assert answer.status_code == 303
    assert names_of(ada) == ["Berlin"]
