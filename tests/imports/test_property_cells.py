"""Cells that become properties: the short way finds what the full reading finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_portal.contacts.models import PropertyKind
from nps_portal.contacts.properties import Habits, PropertySpec, parse_value
from nps_portal.imports.property_cells import PropertyColumn, Unfit, plain_value

KINDS = (PropertyKind.TEXT, PropertyKind.NUMBER, PropertyKind.MONEY)
CELLS = st.one_of(
    st.from_regex(r"[0-9]{1,13}(\.[0-9]{0,4})?", fullmatch=True),
    st.text(st.sampled_from("0123456789.,- €aZ'"), max_size=12),
    st.text(max_size=30),
)


@given(st.sampled_from(KINDS), st.sampled_from(["", "."]), CELLS)
def test_a_plain_cell_is_read_as_the_full_reading_reads_it(
    kind: PropertyKind, mark: str, cell: str
) -> None:
    habits = Habits(decimal_mark=mark)

    plain = plain_value(kind, cell, habits)

    if plain is not None:
        assert plain == parse_value(PropertySpec(name="x", kind=kind), cell, habits)


def test_a_column_with_decimal_commas_is_never_read_the_short_way() -> None:
    assert plain_value(PropertyKind.NUMBER, "12.50", Habits(decimal_mark=",")) is None


def test_a_cell_that_does_not_fit_says_why_each_time() -> None:
    column = PropertyColumn(property_id=1, spec=PropertySpec(name="x", kind=PropertyKind.NUMBER))

    for _ in range(2):
        with pytest.raises(Unfit, match="«many» is not a number"):
            column.read("many")
