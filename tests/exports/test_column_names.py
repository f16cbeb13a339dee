"""A property's column is not taken for a field of contacts, neither out of the portal nor in."""

import csv
import io

import pytest

from nps_portal.contacts.models import PropertyKind
from nps_portal.contacts.properties import add_property
from nps_portal.contacts.reserved_names import is_reserved
from nps_portal.contacts.values import PropertySpec
from nps_portal.exports.people_tables import FIXED
from nps_portal.imports.mapping import Field, guess_mapping
from tests.support import factories
from tests.support.client import PortalClient


@pytest.mark.parametrize("column", FIXED)
def test_no_form_takes_the_name_of_a_column_of_ours(owner: PortalClient, column: str) -> None:
    for name in (column, column.replace("_", " ").title()):
        answer = owner.post_form("/settings/properties", {"name": name, "kind": "text"})

        assert answer.status_code == 422
        assert "Every contact has this already." in answer.text


@pytest.mark.parametrize(
    "name", ["Email address", "ID", "E-Mail", " full  NAME", "Organisation", "Surname", "Tag"]
)
def test_what_means_a_field_is_reserved_however_it_is_spelled(name: str) -> None:
    assert is_reserved(name)


@pytest.mark.parametrize("name", ["Plan", "Company car", "Tax number", "Emails sent", "Nickname"])
def test_other_names_are_free(name: str) -> None:
    assert not is_reserved(name)


def test_columns_of_properties_in_any_language_come_back_as_properties(
    owner: PortalClient,
) -> None:
    names = ["Firma", "Vorname", "E-Mail-Adresse", "Plan", "Langue", "Email"]
    with factories.work() as work:
        for name in names:
            add_property(work, PropertySpec(name=name, kind=PropertyKind.TEXT), source="test")
        factories.make_contact(work)

    rows = csv.reader(
        io.StringIO(owner.get("/settings/data/contacts.csv").data.decode("utf-8-sig"))
    )
    headers = next(rows)
    meant = guess_mapping(headers, [])

    own = headers[-len(names) :]
    assert own == [name if name == "Plan" else f"property: {name}" for name in names]
    first_own = len(headers) - len(names)
    assert all(place < first_own for place in [*meant.columns.values(), *meant.signs])
    assert meant.columns[Field.EMAIL] == 0
