"""The overview: an honest number, where it goes, and what needs the owner today."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from nps_portal import create_app
from nps_portal.config import load_settings
from nps_portal.delivery.mail_server import record_unreachable
from nps_portal.foundation import heartbeats
from nps_portal.foundation.database import db, reading
from nps_portal.insights.score import ScoreFigures, default_window, score_figures
from nps_portal.responses.models import ResponseState
from nps_portal.segments import commands
from nps_portal.segments.queries import catalogue, member_query, rules_of, segment_by_id
from nps_portal.segments.reading import parse
from tests.conftest import environment
from tests.customer_pages.asking import answer, ask
from tests.insights.answers import add_answer, add_answers
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import NOON, FixedClock

HUNDRED = [0] * 15 + [7] * 25 + [10] * 60


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    """Collect what is asked of the database."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def words(text: str) -> str:
    """Return what a page says, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_the_first_visit_is_welcomed_and_led_to_the_contacts(owner: PortalClient) -> None:
    page = owner.get("/")

    assert page.status_code == 200
    assert "Welcome" in page.text
    assert "Whom do you want to ask?" in page.text
    assert "/contacts/imports/new" in page.text
    assert "Net Promoter Score" not in page.text


def test_without_settings_the_first_step_is_the_settings(client: PortalClient) -> None:
    with factories.work() as work:
        factories.make_owner(work)
        factories.make_survey(work)
    client.sign_in(factories.OWNER, factories.PASSWORD)

    page = client.get("/")

    assert "Say who asks" in page.text
    assert "the postal address" in page.text


def test_with_contacts_the_next_step_is_the_first_send(owner: PortalClient) -> None:
    with factories.work() as work:
        factories.make_contact(work)
        factories.make_contact(work)

    page = owner.get("/")

    assert "Ready to ask 2 people" in page.text
    assert "/batches/new" in page.text


def test_the_number_never_stands_bare(owner: PortalClient) -> None:
    with factories.work() as work:
        add_answers(work, HUNDRED, NOON)

    page = words(owner.get("/").text)

    assert "45 ± 14" in page
    assert "100 answers" in page
    assert "60 promoters" in page
    assert "25 passives" in page
    assert "15 detractors" in page


def test_few_answers_make_no_number(owner: PortalClient) -> None:
    with factories.work() as work:
        add_answers(work, [10, 9, 3], NOON)

    page = words(owner.get("/").text)

    assert "Too few answers to say" in page
    assert "±" not in page
    assert "3 answers" in page


def test_the_window_is_kept_in_the_address(owner: PortalClient) -> None:
    with factories.work() as work:
        add_answers(work, [9], NOON)
        add_answers(work, [9], NOON - timedelta(days=100))
        add_answers(work, [9], NOON - timedelta(days=400))

    answers = {
        query: re.search(r"\b(\d) answers?\b", words(owner.get(f"/{query}").text))
        for query in ("?period=90d", "", "?period=12m", "?period=all", "?period=nonsense")
    }

    assert {query: found and found[1] for query, found in answers.items()} == {
        "?period=90d": "1",
        "": "2",
        "?period=12m": "2",
        "?period=all": "3",
        "?period=nonsense": "2",
    }


def test_the_answers_behind_a_figure_are_as_many_as_it_says(
    owner: PortalClient, clock: FixedClock
) -> None:
    with factories.work() as work:
        marta = factories.make_contact(work)
        add_answer(work, 9, NOON - timedelta(days=200), marta)
        add_answer(work, 3, NOON - timedelta(days=10), marta)
        add_answers(work, HUNDRED, NOON)
        add_answer(work, 9, NOON, state=ResponseState.EXCLUDED)
    page = owner.get("/")
    urls = {
        found.replace("&amp;", "&")
        for found in re.findall(r'href="(/responses\?[^"]+)"', page.text)
    }

    def total(*marks: str) -> str:
        [url] = [
            one
            for one in urls
            if all(mark in one for mark in marks) and "score=" not in one and "state=counted" in one
        ]
        found = re.search(r"of ([\d,]+) responses", words(owner.get(url).text))
        assert found is not None
        return found[1]

    assert total("period=12m", "category=detractor") == "16"
    assert total("period=12m", "category=promoter") == "60"
    assert total("period=2026-03") == "100"
    assert total("period=2026-02") == "1"
    everything = [url for url in urls if "period=12m" in url and "category" not in url]
    assert len([url for url in everything if "score=" not in url and "state=counted" in url]) == 1


def test_a_month_without_answers_is_a_gap(owner: PortalClient) -> None:
    with factories.work() as work:
        add_answers(work, [9], NOON)
        add_answers(work, [9], NOON - timedelta(days=60))

    page = owner.get("/").text

    table = page.partition("Score by month</caption>")[2].partition("</table>")[0]
    rows = [words(row) for row in table.split("<tr>")[2:]]
    assert len(rows) == 12
    assert rows[0] == "Apr – – 0"
    assert rows[9].startswith("Jan 100 ")
    assert rows[10] == "Feb – – 0"
    assert rows[11].startswith("Mar 100 ")


@pytest.mark.parametrize(
    ("former", "latter", "sentence"),
    [
        # +11.7 points from 600 and 600: z 2.65 (docs of the formula), so more than chance.
        ((120, 180, 300), (90, 170, 340), "Last 90 days: up 12 points since the 90 days before"),
        ((15, 25, 60), (25, 25, 50), "Last 90 days: no real change since the 90 days before."),
        ((5, 5, 10), (5, 5, 10), "Last 90 days: too few answers to compare with"),
    ],
)
def test_a_change_is_told_only_when_it_is_more_than_chance(
    owner: PortalClient,
    former: tuple[int, int, int],
    latter: tuple[int, int, int],
    sentence: str,
) -> None:
    with factories.work() as work:
        for (detractors, passives, promoters), at in (
            (former, NOON - timedelta(days=90, seconds=1)),
            (latter, NOON),
        ):
            for score, count in ((0, detractors), (7, passives), (9, promoters)):
                for _ in range(count):
                    add_answer(work, score, at)

    assert sentence in words(owner.get("/").text)


def test_without_a_former_time_nothing_is_compared(owner: PortalClient) -> None:
    with factories.work() as work:
        add_answers(work, HUNDRED, NOON)

    assert "Last 90 days:" not in words(owner.get("/").text)


def test_the_share_of_those_asked_stands_beside_the_number(app: Flask, owner: PortalClient) -> None:
    marta = ask(app)
    ask(app, "Tom Okafor")
    answer(owner, marta.path, 9)

    page = words(owner.get("/").text)

    assert "50 % of 2 asked" in page
    assert "50 % answered" not in page
    assert "100 % answered" in page


def test_when_all_is_well_nothing_is_needed(app: Flask, owner: PortalClient) -> None:
    answer(owner, ask(app).path, 9)

    assert "Nothing. All is well." in owner.get("/").text


def test_held_answers_wait_for_the_owner(app: Flask, owner: PortalClient) -> None:
    with factories.work() as work:
        add_answer(work, 9, NOON, state=ResponseState.HELD)

    page = owner.get("/")

    assert "1 answer to review" in page.text
    assert "/responses?state=held" in page.text


def test_a_silent_worker_is_noticed_within_a_minute(
    app: Flask, owner: PortalClient, clock: FixedClock
) -> None:
    ask(app)
    before = owner.get("/").text
    clock.at += heartbeats.MISSED_AFTER

    after = owner.get("/").text

    assert "the worker does not run" not in before
    assert "the worker does not run" in after
    assert "Last seen" in after


def test_a_mail_server_that_cannot_be_reached_is_named_with_its_reason(
    app: Flask, owner: PortalClient, clock: FixedClock
) -> None:
    ask(app)
    with factories.work() as work:
        record_unreachable(work, "mail.acme.example: connection refused")
    clock.advance(seconds=40)

    page = words(owner.get("/").text)

    assert "The mail server cannot be reached" in page
    assert "mail.acme.example: connection refused · since 1 min ago" in page


def test_the_latest_answers_stand_below(app: Flask, owner: PortalClient) -> None:
    with factories.work() as work:
        for number in range(10):
            contact = factories.make_contact(work, name=f"Person {number}")
            add_answer(work, 9, NOON + timedelta(seconds=number), contact)

    page = owner.get("/").text

    assert re.findall(r"(Person \d)</a>", page) == [f"Person {n}" for n in range(9, 1, -1)]


def test_the_number_of_queries_is_bounded(
    app: Flask, owner: PortalClient, clock: FixedClock
) -> None:
    for _ in range(4):
        answer(owner, ask(app).path, 9)
    owner.get("/")

    with counted_queries() as asked:
        owner.get("/")

    assert len([one for one in asked if one.lstrip().upper().startswith("SELECT")]) < 32


def test_the_patterns_are_shown_on_the_builders_machine(owner: PortalClient) -> None:
    page = owner.get("/patterns")

    assert page.status_code == 200
    assert "every component in every state" in page.text


def test_a_public_portal_has_no_patterns(app: Flask) -> None:
    settings = load_settings(
        {
            **environment(app.extensions["nps_settings"].instance_dir, str(db.engine.url)),
            "NPS_DATABASE_URL": app.extensions["nps_settings"].database_url,
            "NPS_PUBLIC_URL": "http://nps.acme.example",
        }
    )
    with factories.work() as work:
        factories.make_owner(work)
    public = create_app(settings, FixedClock())
    public.test_client_class = PortalClient
    client = public.test_client()
    assert isinstance(client, PortalClient)
    with public.app_context():
        client.sign_in(factories.OWNER, factories.PASSWORD)

        page = client.get("/patterns")
        db.engine.dispose()

    assert page.status_code == 404


def add_segment(company: str) -> int:
    with factories.work() as work:
        condition = {"field": "company", "op": "is", "value": company}
        rules = parse({"groups": [{"conditions": [condition]}]}, catalogue(work.session))
        return commands.add_segment(work, f"People of {company}", rules).id


def add_scores_of(company: str, scores: list[int], clock: FixedClock) -> None:
    with factories.work() as work:
        for score in scores:
            contact = factories.make_contact(work, company=company)
            add_answer(work, score, clock.now() - timedelta(days=3), contact)


def test_a_segment_counts_only_the_answers_of_its_people(
    owner: PortalClient, clock: FixedClock
) -> None:
    add_scores_of("Acme", [10] * 18 + [0] * 12, clock)
    add_scores_of("Other", [0] * 40, clock)
    segment_id = add_segment("Acme")

    everybody = words(owner.get("/").text)
    page = words(owner.get(f"/?segment={segment_id}").text)

    assert "70 answers" in everybody
    assert "30 answers" in page
    assert "18 promoters" in page
    assert "Only people who are in the segment People of Acme now are counted." in page


def test_a_segment_with_fewer_than_five_answers_shows_no_figure(
    owner: PortalClient, clock: FixedClock
) -> None:
    add_scores_of("Acme", [0, 0, 10, 10], clock)
    segment_id = add_segment("Acme")

    page = words(owner.get(f"/?segment={segment_id}").text)

    assert "Too few answers to show" in page
    assert "4 answers" in page
    assert "promoters" not in page
    assert "Likely between" not in page
    assert "No month has five answers of this segment" in page


def test_the_figures_of_a_segment_lead_to_no_other_answers(
    owner: PortalClient, clock: FixedClock
) -> None:
    add_scores_of("Acme", [10] * 30, clock)
    segment_id = add_segment("Acme")

    page = owner.get(f"/?segment={segment_id}").text

    assert "/responses?" not in page
    assert f"segment={segment_id}" in page


@pytest.mark.parametrize("segment", ["99", "x", "-1"])
def test_a_segment_that_is_gone_is_not_everybody(owner: PortalClient, segment: str) -> None:
    assert owner.get(f"/?segment={segment}").status_code == 404


def test_the_score_of_a_small_segment_is_hidden(owner: PortalClient, clock: FixedClock) -> None:
    add_scores_of("Acme", [0, 0, 10, 10], clock)
    add_scores_of("Other", [10] * 5, clock)

    def figures(company: str) -> ScoreFigures:
        segment = segment_by_id(reading(), add_segment(company))
        assert segment is not None
        people = member_query(reading(), rules_of(reading(), segment), clock.now())
        return score_figures(reading(), default_window(clock.now(), people=people))

    hidden, shown = figures("Acme"), figures("Other")

    assert (hidden.nps, hidden.margin, hidden.promoters, hidden.n) == (None, None, None, 4)
    assert "stay hidden" in hidden.sentence
    assert (shown.nps, shown.n, shown.promoters) == (100, 5, 5)
