"""Many contacts at once: rules for the known, companies by domain, tags, properties, merges."""

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.contacts.commands import remove_contact
from nps_portal.contacts.models import (
    Company,
    CompanyDomain,
    ConsentBasis,
    Contact,
    PropertyKind,
    PropertyValue,
)
from nps_portal.contacts.properties import PropertySpec, add_property, parse_value
from nps_portal.contacts.queries import contact_by_key
from nps_portal.contacts.tags import tags_of
from nps_portal.contacts.upserting import (
    ChangeKind,
    ContactNews,
    UpdateRule,
    Upserted,
    bring_in,
)
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.database import reading
from tests.support import factories


def news(email: str, **told: object) -> ContactNews:
    return ContactNews(email=parse_email(email), **told)  # type: ignore[arg-type]  # as the test says


def brought(*rows: ContactNews, rule: UpdateRule = UpdateRule.FILL, tags: str = "") -> Upserted:
    with factories.work() as work:
        return bring_in(work, rows, source="import:7", rule=rule, tags=tags.split())


def contact(email: str) -> Contact:
    reading().rollback()
    found = contact_by_key(reading(), email)
    assert found is not None
    return found


def domains() -> dict[str, str]:
    reading().rollback()
    rows = reading().execute(
        sa.select(CompanyDomain.domain, Company.name).join(
            Company, Company.id == CompanyDomain.company_id
        )
    )
    return dict(rows.all())


def test_filling_keeps_what_is_there_and_fills_what_is_empty(app: Flask) -> None:
    with factories.work() as work:
        factories.make_contact(work, "ada@example.org", name="Ada")

    brought(news("ada@example.org", name="Other", language="en", decides=True))

    ada = contact("ada@example.org")
    assert (ada.name, ada.language, ada.decides) == ("Ada", "en", True)


def test_overwriting_replaces_what_is_said_and_empties_nothing(app: Flask) -> None:
    brought(news("ada@example.org", name="Ada", language="en", company="One", decides=True))

    result = brought(
        news("ada@example.org", name="Ada King", company="Two", decides=False),
        rule=UpdateRule.OVERWRITE,
    )

    ada = contact("ada@example.org")
    assert (ada.name, ada.language, ada.company_name) == ("Ada King", "en", "Two")
    assert not ada.decides
    [change] = result.changes
    assert change.kind is ChangeKind.UPDATED
    assert change.before is not None
    assert change.before["fields"]["name"] == "Ada"


def test_keeping_touches_no_known_contact_and_brings_nobody_back(app: Flask) -> None:
    brought(news("ada@example.org", name="Ada"), news("bob@example.org"))
    with factories.work() as work:
        remove_contact(work, contact("bob@example.org").id)

    result = brought(
        news("ada@example.org", name="Other", tags=("x",)),
        news("bob@example.org", name="Bob"),
        news("new@example.org"),
        rule=UpdateRule.KEEP,
    )

    assert (len(result.added), len(result.updated), result.unchanged) == (1, 0, 2)
    assert contact("ada@example.org").name == "Ada"
    assert contact("bob@example.org").removed_at is not None


def test_consent_is_filled_with_its_date(app: Flask) -> None:
    brought(news("ada@example.org", consent_basis=ConsentBasis.CONTRACT))

    brought(news("ada@example.org", consent_basis=ConsentBasis.CONSENT))

    assert contact("ada@example.org").consent_basis is ConsentBasis.CONTRACT


def test_a_company_beside_a_business_domain_makes_the_domain_known(app: Flask) -> None:
    brought(news("ada@acme.example", company="Acme"))

    brought(news("bob@acme.example"), news("eve@gmail.com", company="Acme"))

    assert domains() == {"acme.example": "Acme"}
    assert contact("bob@acme.example").company_name == "Acme"


def test_a_domain_that_a_company_has_is_given_to_no_other(app: Flask) -> None:
    brought(news("ada@acme.example", company="Acme"))

    brought(news("eve@acme.example", company="Other"))

    assert domains() == {"acme.example": "Acme"}
    assert contact("eve@acme.example").company_name == "Other"


def test_a_domain_replaces_no_company_that_is_there(app: Flask) -> None:
    brought(news("ada@acme.example", company="Acme"), news("bob@acme.example", company="Bob Ltd"))

    brought(news("bob@acme.example", name="Bob"), rule=UpdateRule.OVERWRITE)

    assert contact("bob@acme.example").company_name == "Bob Ltd"


def test_properties_are_filled_or_overwritten_by_the_rule(app: Flask) -> None:
    with factories.work() as work:
        size = add_property(
            work, PropertySpec(name="Size", kind=PropertyKind.NUMBER), source="hand"
        )
        one, two = parse_value(size, "1"), parse_value(size, "2")
        size_id = size.id
    brought(news("ada@example.org", values={size_id: one}))

    brought(news("ada@example.org", values={size_id: two}))
    filled = reading().scalar(sa.select(PropertyValue.text))
    brought(news("ada@example.org", values={size_id: two}), rule=UpdateRule.OVERWRITE)
    reading().rollback()

    assert filled == "1"
    assert reading().scalar(sa.select(PropertyValue.text)) == "2"


def test_everybody_gets_the_tags_of_the_file_beside_their_own(app: Flask) -> None:
    brought(news("ada@example.org", tags=("VIP",)))

    result = brought(
        news("ada@example.org", tags=("vip", "new")), news("bob@example.org"), tags="march"
    )

    ada, bob = contact("ada@example.org"), contact("bob@example.org")
    tags = tags_of(reading(), [ada.id, bob.id])
    assert {tag.name for tag in tags[ada.id]} == {"VIP", "new", "march"}
    assert {tag.name for tag in tags[bob.id]} == {"march"}
    assert len(result.made.tags) == 2


def test_the_address_of_a_merged_contact_leads_to_the_one_it_was_merged_into(app: Flask) -> None:
    brought(news("old@example.org"), news("ada@example.org", name="Ada"))
    with factories.work() as work:
        old = work.session.get_one(Contact, contact("old@example.org").id)
        old.removed_at = work.now
        old.merged_into_id = contact("ada@example.org").id

    result = brought(news("old@example.org", language="de"))

    assert contact("ada@example.org").language == "de"
    assert reading().get_one(Contact, old.id, populate_existing=True).removed_at is not None
    assert (len(result.added), len(result.updated)) == (0, 1)


@pytest.mark.parametrize("rule", list(UpdateRule))
def test_the_same_file_again_changes_nothing(app: Flask, rule: UpdateRule) -> None:
    rows = [
        news(f"c{n}@shop{n % 3}.example", name=f"C {n}", company=f"Shop {n % 3}", tags=("a",))
        for n in range(50)
    ]
    brought(*rows)

    again = brought(*rows, rule=rule)

    assert (len(again.added), len(again.updated), again.unchanged) == (0, 0, 50)
    assert not again.changes
