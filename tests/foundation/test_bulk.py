"""Many rows at once, on either database."""

from datetime import timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from nps_portal.contacts.models import Contact, Tag
from nps_portal.contacts.queries import contact_count
from nps_portal.foundation.bulk import (
    Span,
    among,
    insert_for_span,
    insert_rows,
    next_ids,
    spans_of,
)
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import COMMAND_LINE, ActorKind
from nps_portal.journal.models import Event
from tests.support import factories


@given(st.sets(st.integers(1, 60)))
def test_spans_hold_exactly_the_ids_and_no_two_of_them_touch(ids: set[int]) -> None:
    spans = spans_of(sorted(ids))

    assert [one for span in spans for one in range(span.first, span.last + 1)] == sorted(ids)
    assert all(one.last + 1 < other.first for one, other in pairwise(spans))


@pytest.mark.parametrize("count", [1, 19, 21, 599, 600, 601, 3_205])
def test_any_number_of_rows_is_inserted_in_its_order(app: Flask, count: int) -> None:
    with factories.work() as work:
        rows = [
            (one, f"Tag {one} ä", f"tag {one}", work.now + timedelta(seconds=one))
            for one in next_ids(work.session, Tag, count)
        ]
        insert_rows(work.session, Tag, ("id", "name", "name_key", "created_at"), rows)

    found = reading().execute(
        sa.select(Tag.id, Tag.name, Tag.name_key, Tag.created_at).order_by(Tag.id)
    )
    assert [tuple(one) for one in found] == rows


def test_a_span_gets_a_row_for_each_of_its_ids(app: Flask) -> None:
    with factories.work() as work:
        same = {
            "at": work.now,
            "kind": "test.spanned",
            "actor_kind": ActorKind.COMMAND_LINE,
            "actor_id": None,
            "facts": {"source": "ä"},
        }
        insert_for_span(work.session, Event, "contact_id", Span(5, 1_204), same)
        now = work.now

    events = reading().scalars(sa.select(Event).where(Event.kind == "test.spanned")).all()
    assert sorted(one.contact_id or 0 for one in events) == list(range(5, 1_205))
    assert {(one.at, one.actor_kind, one.actor_id) for one in events} == {
        (now, COMMAND_LINE.kind, None)
    }
    assert all(one.facts == {"source": "ä"} and one.relayed_at is None for one in events)


def test_one_of_many_texts_or_numbers_is_found(app: Flask) -> None:
    with factories.work() as work:
        ids = [factories.make_contact(work, f"c{one}@bücher.example").id for one in range(3)]
        keys = [f"c{one}@xn--bcher-kva.example" for one in (0, 2)]
        many = [*keys, *(f"x{one}'\\@example.org" for one in range(5_000))]

        by_key = work.session.scalars(
            sa.select(Contact.id).where(among(work.session, Contact.email_key, many))
        )
        by_id = work.session.scalars(
            sa.select(Contact.id).where(among(work.session, Contact.id, {ids[1], 10**6}))
        )
        nobody = sa.select(Contact.id).where(among(work.session, Contact.email_key, []))

        assert sorted(by_key) == [ids[0], ids[2]]
        assert list(by_id) == [ids[1]]
        assert work.session.scalars(nobody).all() == []
        assert contact_count(work.session) == 3
