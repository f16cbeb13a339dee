"""What machines opened, and what the score would read if a click were an answer."""

from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from nps_portal.batches.models import Invitation
from nps_portal.contacts.models import Contact
from nps_portal.foundation.work import Work
from nps_portal.insights.machines import (
    HeldAnswers,
    clicks_by_domain,
    clicks_by_rule,
    counterfactual,
    held_answers,
    machine_clicks,
)
from nps_portal.insights.queries import Window
from nps_portal.responses.models import Channel, Response, ResponseState
from nps_portal.visits.models import Verdict, Visit
from nps_portal.worker.loop import run_until_idle
from tests.insights.answers import (
    add_answer,
    add_answers,
    add_click,
    add_machine_clicks,
    add_opening,
)
from tests.insights.test_overview import words
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import NOON, FixedClock

HOUR = timedelta(hours=1)


def scores(window: Window) -> list[int]:
    with factories.work() as work:
        counts = counterfactual(work.session, window)
    return [score for score, count in enumerate(counts) for _ in range(count)]


def filtered(work: Work, opened: list[int], email: str | None = None) -> Contact:
    """Return a Contact whose links a mail filter opened."""
    contact = factories.make_contact(work, email)
    add_machine_clicks(work, contact, opened, NOON)
    return contact


def test_without_machines_the_score_is_the_score(app: Flask) -> None:
    with factories.work() as work:
        add_answers(work, [9, 3], NOON)

    assert scores(Window()) == [3, 9]


def test_the_score_that_was_opened_last_would_count(app: Flask) -> None:
    with factories.work() as work:
        filtered(work, [0, 1, 2, 10, 7])

    assert scores(Window()) == [7]


def test_a_person_who_opened_after_the_machine_would_count_with_theirs(app: Flask) -> None:
    with factories.work() as work:
        invitation = add_machine_clicks(work, factories.make_contact(work), [0, 10], NOON)
        add_opening(work, invitation, 4, NOON + HOUR, Verdict.PERSON)

    assert scores(Window()) == [4]


def test_a_click_would_take_the_place_of_the_answer_to_the_same_invitation(app: Flask) -> None:
    with factories.work() as work:
        marta = factories.make_contact(work)
        invitation = add_machine_clicks(work, marta, [0, 10, 5], NOON)
        add_answer(work, 9, NOON + HOUR, marta).invitation_id = invitation.id

    assert scores(Window()) == [5]


def test_a_person_would_count_once_with_the_latest(app: Flask) -> None:
    with factories.work() as work:
        earlier, later = factories.make_contact(work), factories.make_contact(work)
        add_answer(work, 9, NOON - HOUR, earlier)
        add_machine_clicks(work, earlier, [2], NOON)
        add_machine_clicks(work, later, [2], NOON)
        add_answer(work, 8, NOON + HOUR, later)

    assert scores(Window()) == [2, 8]


def test_openings_of_people_and_those_not_judged_yet_change_nothing(app: Flask) -> None:
    with factories.work() as work:
        invitation = add_machine_clicks(work, factories.make_contact(work), [], NOON)
        add_opening(work, invitation, 4, NOON, Verdict.PERSON)
        add_opening(work, invitation, 5, NOON, Verdict.UNCLEAR)
        add_opening(work, invitation, 6, NOON, None)
        add_opening(work, invitation, None, NOON, Verdict.MACHINE)

    assert scores(Window()) == []
    with factories.work() as work:
        assert machine_clicks(work.session, Window()) == 0


def test_clicks_are_counted_within_the_time(app: Flask) -> None:
    with factories.work() as work:
        filtered(work, [0, 1, 2])

        assert machine_clicks(work.session, Window(since=NOON + timedelta(seconds=1))) == 2
        assert machine_clicks(work.session, Window(until=NOON + timedelta(seconds=1))) == 1
        assert machine_clicks(work.session, Window(survey_id=99)) == 0
        assert machine_clicks(work.session, Window(channel=Channel.KIOSK)) == 0


def test_domains_come_with_those_who_were_asked_there(app: Flask) -> None:
    with factories.work() as work:
        factories.make_business(work)
        contacts = [
            factories.make_contact(work, f"p{number}@filtered.example") for number in range(4)
        ]
        contacts.append(factories.make_contact(work, "one@other.example"))
        factories.make_batch(work, contacts)
    run_until_idle(app)
    with factories.work() as work:
        for contact in (contacts[0], contacts[4]):
            asked = add_machine_clicks(
                work, contact, [0, 1, 2] if contact is contacts[0] else [9], NOON
            )
            move_to_the_first(work, asked.id, contact.id)

        first, second = clicks_by_domain(work.session, Window())

    assert (first.domain, first.clicks, first.asked, first.opened) == ("filtered.example", 3, 4, 1)
    assert first.share == 0.25
    assert (second.domain, second.clicks, second.asked, second.share) == ("other.example", 1, 1, 1)


def move_to_the_first(work: Work, invitation_id: int, contact_id: int) -> None:
    """Let the visits be of the Invitation whose email has left."""
    sent = work.session.scalar(
        sa.select(sa.func.min(Invitation.id)).where(Invitation.contact_id == contact_id)
    )
    work.session.execute(
        sa.update(Visit).where(Visit.invitation_id == invitation_id).values(invitation_id=sent)
    )


def test_signs_are_counted_one_by_one_and_unknown_ones_are_shown(app: Flask) -> None:
    with factories.work() as work:
        both = ("many_scores", "decoy")
        add_machine_clicks(work, factories.make_contact(work), [0, 1], NOON, both)
        add_machine_clicks(work, factories.make_contact(work), [5], NOON, ("decoy",))
        add_machine_clicks(work, factories.make_contact(work), [5], NOON, ("of_tomorrow",))

        found = [(one.words, one.clicks) for one in clicks_by_rule(work.session, Window())]

    assert found[0] == ("opened the link that people cannot see", 3)
    assert ("opened three or more different scores within a minute, or six in an hour", 2) in found
    assert ("of tomorrow", 1) in found


def test_what_became_of_held_answers_is_told(app: Flask) -> None:
    with factories.work() as work:
        add_answer(work, 9, NOON)
        add_answer(work, 9, NOON, state=ResponseState.EXCLUDED)
        add_answer(work, 9, NOON, state=ResponseState.HELD)
        for marks, state in (
            ({"held_revision": True}, ResponseState.COUNTED),
            ({"reviewed_revision": 5}, ResponseState.COUNTED),
            ({"reviewed_revision": 5, "rejected": True}, ResponseState.EXCLUDED),
        ):
            add_answer(work, 9, NOON, state=state).marks = marks
        work.session.flush()

        found = held_answers(work.session, Window())
        later = held_answers(work.session, Window(since=NOON + HOUR))

    assert found == HeldAnswers(waiting=1, changes=1, accepted=1, rejected=1)
    assert later.total == 0


def test_the_overview_says_what_the_machines_would_have_done(owner: PortalClient) -> None:
    with factories.work() as work:
        add_answers(work, [10] * 10, NOON)
        for _ in range(10):
            filtered(work, [10, 0])

    page = words(owner.get("/").text)

    # 10 promoters and 10 detractors make 0; the promoters alone 100.
    assert "20 machine clicks this month; with them your score would read 0, not 100." in page
    assert 'href="/insights/machines?period=12m"' in owner.get("/").text


def test_clicks_of_former_months_are_told_apart(owner: PortalClient) -> None:
    with factories.work() as work:
        add_answers(work, [10] * 10, NOON)
        filtered(work, [10])
        add_machine_clicks(work, factories.make_contact(work), [10], NOON - timedelta(days=60))

    page = words(owner.get("/").text)

    assert "2 machine clicks in the last 12 months, 1 of them this month; with them" in page
    assert "would read 100 all the same" in page


def test_few_answers_make_no_number_of_machines_either(owner: PortalClient) -> None:
    with factories.work() as work:
        add_answers(work, [10], NOON)
        filtered(work, [0])

    assert "1 machine click this month; none of them is in the score." in words(owner.get("/").text)


def test_without_machine_clicks_nothing_is_said_of_machines(owner: PortalClient) -> None:
    with factories.work() as work:
        add_answers(work, [10], NOON)

    assert "machine click" not in owner.get("/").text


def test_the_page_shows_both_scores_with_their_margins(owner: PortalClient) -> None:
    with factories.work() as work:
        add_answers(work, [10] * 15 + [0] * 5, NOON)
        for number in range(20):
            filtered(work, [0], f"p{number}@filtered.example")
        add_answer(work, 9, NOON, state=ResponseState.HELD)

    page = words(owner.get("/insights/machines").text)

    assert "Machine clicks 20" in page
    assert "Your score 50 ±" in page
    # 15 promoters and 25 detractors of 40.
    assert "If clicks counted as answers −25 ±" in page
    assert "40 answers" in page
    assert "filtered.example" in page
    assert "opened three or more different scores within a minute" in page
    assert "Waiting for a look 1" in page


def test_the_page_of_a_time_without_machines_says_so(owner: PortalClient) -> None:
    with factories.work() as work:
        filtered(work, [0])

    page = owner.get("/insights/machines?period=2020-01")

    assert page.status_code == 200
    assert "No machine has clicked" in page.text
    assert "January 2020" in page.text


def test_clicks_of_people_are_no_machine_clicks(owner: PortalClient, clock: FixedClock) -> None:
    with factories.work() as work:
        add_click(work, 9, NOON, factories.make_contact(work))

    assert "No machine has clicked" in owner.get("/insights/machines").text


def test_strangers_do_not_see_the_machines(app: Flask, client: PortalClient) -> None:
    with factories.work() as work:
        factories.make_owner(work)

    assert client.get("/insights/machines").status_code == 303


def test_a_held_response_of_a_machine_is_not_in_the_score_it_would_make(app: Flask) -> None:
    with factories.work() as work:
        marta = factories.make_contact(work)
        invitation = add_machine_clicks(work, marta, [3], NOON)
        held = add_answer(work, 10, NOON + HOUR, marta, ResponseState.HELD)
        held.invitation_id = invitation.id
        work.session.flush()
        assert work.session.get_one(Response, held.id).state is ResponseState.HELD

    assert scores(Window()) == [3]
