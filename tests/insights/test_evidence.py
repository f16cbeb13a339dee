"""A click that was not sent is no answer, and is shown beside the answers wherever they are."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from nps_portal.insights.queries import (
    ResponseRate,
    Window,
    clicked_count,
    counts_of,
    distributions_by_channel,
    response_rate,
)
from nps_portal.responses.models import Channel, Evidence, ResponseState
from nps_portal.responses.queries import answered_by_batch, latest_responses
from nps_portal.surveys.models import CountingMode
from tests.customer_pages.asking import ask
from tests.insights.answers import add_answer, add_answers, add_click
from tests.insights.test_overview import words
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import NOON

HOUR = timedelta(hours=1)


def count_what_was_seen() -> None:
    with factories.work() as work:
        factories.make_survey(work).counting = CountingMode.SEEN


def clicked(window: Window) -> int:
    with factories.work() as work:
        return clicked_count(work.session, window)


def total(page: str) -> int:
    found = re.search(r"of (\d+) responses|\b(1) responses", words(page))
    return int(found[1] or found[2]) if found else 0


def test_a_click_is_not_in_the_score(app: Flask) -> None:
    with factories.work() as work:
        add_answers(work, [9], NOON)
        add_click(work, 0, NOON, factories.make_contact(work))

        assert counts_of(work.session, Window()).n == 1

    assert clicked(Window()) == 1


def test_a_click_that_counts_is_in_the_score_and_can_be_left_out(app: Flask) -> None:
    count_what_was_seen()
    with factories.work() as work:
        add_answers(work, [9], NOON)
        add_click(work, 0, NOON, factories.make_contact(work), ResponseState.COUNTED)

        assert counts_of(work.session, Window()).n == 2
        assert counts_of(work.session, Window(evidence=Evidence.SUBMITTED)).n == 1

    assert clicked(Window()) == 1


def test_whoever_sent_an_answer_in_the_same_time_is_not_told_as_a_clicker(app: Flask) -> None:
    with factories.work() as work:
        marta = factories.make_contact(work)
        add_answer(work, 9, NOON - HOUR, marta)
        add_click(work, 3, NOON, marta)
        tom = factories.make_contact(work)
        add_click(work, 3, NOON, tom)
        add_click(work, 4, NOON + HOUR, tom)
        add_click(work, 1, NOON, factories.make_contact(work), ResponseState.EXCLUDED)

    assert clicked(Window()) == 1
    assert clicked(Window(since=NOON)) == 2
    assert clicked(Window(channel=Channel.KIOSK)) == 0


@pytest.mark.parametrize(
    ("state", "evidence", "marks", "answered"),
    [
        (ResponseState.COUNTED, Evidence.SUBMITTED, {}, 1),
        (ResponseState.EXCLUDED, Evidence.SUBMITTED, {}, 1),
        (ResponseState.EXCLUDED, Evidence.SUBMITTED, {"rejected": True}, 0),
        (ResponseState.HELD, Evidence.SUBMITTED, {}, 0),
        (ResponseState.CLICKED, Evidence.CONFIRMED_CLICK, {}, 0),
        (ResponseState.COUNTED, Evidence.CONFIRMED_CLICK, {}, 0),
    ],
)
def test_only_who_has_sent_an_answer_has_answered(
    app: Flask, state: ResponseState, evidence: Evidence, marks: dict[str, object], answered: int
) -> None:
    marta = ask(app)
    with factories.work() as work:
        response = add_answer(work, 9, NOON, state=state)
        response.invitation_id, response.evidence = marta.invitation_id, evidence
        response.marks = marks

    with factories.work() as work:
        batches = answered_by_batch(work.session, [1])

        assert response_rate(work.session, Window()) == ResponseRate(asked=1, answered=answered)
        assert batches.get(1, 0) == answered


def test_the_last_answers_hold_no_clicks(app: Flask) -> None:
    with factories.work() as work:
        add_answer(work, 9, NOON)
        add_click(work, 3, NOON + HOUR)

        assert [one.score for one in latest_responses(work.session, 5)] == [9]


def test_the_overview_tells_answers_and_clicks_and_leads_to_them(owner: PortalClient) -> None:
    with factories.work() as work:
        marta = factories.make_contact(work)
        add_answer(work, 9, NOON, marta)
        add_click(work, 3, NOON, marta)
        add_answers(work, [9, 9], NOON)
        add_click(work, 3, NOON, factories.make_contact(work))
        add_click(work, 2, NOON)

    page = owner.get("/").text

    assert "3 answered + 2 clicked , not in the score" in words(page)
    assert "alone" not in words(page)
    for state, number in (("answered", 3), ("clicked", 2)):
        url = f"/responses?period=12m&state={state}&answers=latest"
        assert url.replace("&", "&amp;") in page
        assert total(owner.get(url).text) == number


def test_where_clicks_count_the_sent_answers_alone_are_told_too(owner: PortalClient) -> None:
    count_what_was_seen()
    with factories.work() as work:
        add_answers(work, [10] * 20 + [0] * 10, NOON)
        for _ in range(10):
            add_click(work, 0, NOON, factories.make_contact(work), ResponseState.COUNTED)

    page = owner.get("/").text

    # 20 promoters and 20 detractors of 40; without the clicks 20 and 10 of 30.
    assert re.search(r"\b0 ± \d+", words(page))
    assert re.search(r"sent answers alone: 33 ± \d+ from 30", words(page))
    assert "30 answered + 10 clicked" in words(page)
    assert total(owner.get("/responses?state=answered").text) == 30
    assert total(owner.get("/responses?state=counted").text) == 40


def test_a_list_calls_a_click_a_click(owner: PortalClient) -> None:
    with factories.work() as work:
        response_id = add_click(work, 8, NOON, factories.make_contact(work)).id

    assert "clicked, not sent" in owner.get("/responses").text
    page = owner.get(f"/responses/{response_id}").text
    assert "This is a click, not an answer." in page
    assert "Clicked, not sent" in page
    assert "Count it" not in page


def test_a_contact_who_clicked_last_is_shown_with_the_answer(owner: PortalClient) -> None:
    with factories.work() as work:
        marta, tom = factories.make_contact(work), factories.make_contact(work)
        answer_id = add_answer(work, 9, NOON - HOUR, marta).id
        add_click(work, 3, NOON, marta)
        click_id = add_click(work, 3, NOON, tom).id

    of_marta = owner.get(f"/contacts/{marta.id}").text
    of_tom = owner.get(f"/contacts/{tom.id}").text

    assert f"/responses/{answer_id}" in of_marta
    assert "clicked, not sent" not in of_marta
    assert f"/responses/{click_id}" in of_tom
    assert "clicked, not sent" in of_tom


def test_each_channel_has_its_score_and_small_ones_are_hidden(owner: PortalClient) -> None:
    with factories.work() as work:
        add_answers(work, [10] * 30, NOON)
        for score in [10] * 6 + [0] * 6:
            add_answer(work, score, NOON, channel=Channel.KIOSK)
        for _ in range(4):
            add_answer(work, 0, NOON, channel=Channel.LINK)

    page = words(owner.get("/").text)
    kiosk = words(owner.get("/?channel=kiosk&period=all").text)

    table = page.partition("How answers came")[2].partition("Latest answers")[0]
    assert re.search(r"Kiosk 0 ± \d+ 12", table)
    assert re.search(r"Phone 100, likely between \d+ and 100 30", table)
    assert "Public link too few to show 4" in table
    assert "12 answers" in kiosk
    assert "How answers came" not in kiosk
    assert "46 answers" in page


def test_the_channel_stays_in_every_address(owner: PortalClient) -> None:
    with factories.work() as work:
        add_answers(work, [10], NOON)
        add_answer(work, 3, NOON, channel=Channel.KIOSK)

    page = owner.get("/?channel=kiosk&period=all").text

    assert '<option value="kiosk" selected>' in page
    assert "/?period=90d&amp;channel=kiosk" in page
    assert '<input type="hidden" name="period" value="all">' in page
    assert "/responses?period=all&amp;channel=kiosk&amp;state=counted&amp;answers=latest" in page
    assert total(owner.get("/responses?channel=kiosk&answers=latest").text) == 1


def test_one_channel_needs_no_filter(owner: PortalClient) -> None:
    with factories.work() as work:
        add_answers(work, [10], NOON)

    page = owner.get("/").text

    assert 'name="channel"' not in page
    assert "How answers came" not in page
    assert owner.get("/?channel=nonsense").status_code == 200


def test_a_person_counts_once_in_each_channel(app: Flask) -> None:
    with factories.work() as work:
        marta = factories.make_contact(work)
        add_answer(work, 2, NOON, marta, channel=Channel.EMAIL)
        add_answer(work, 9, NOON + HOUR, marta, channel=Channel.EMAIL)
        add_answer(work, 5, NOON, marta, channel=Channel.KIOSK)

        found = distributions_by_channel(work.session, Window())

    assert {channel: counts.index(1) for channel, counts in found.items()} == {
        Channel.EMAIL: 9,
        Channel.KIOSK: 5,
    }
    assert all(sum(counts) == 1 for counts in found.values())
