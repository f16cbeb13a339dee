"""The survey in a real browser: on a phone, without scripts, light and dark, small and silent."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from nps_portal import create_app
from nps_portal.config import load_settings
from nps_portal.foundation.database import db
from nps_portal.responses.models import Response
from tests.conftest import MakeDatabase, environment
from tests.responses.asking import Asked, ask, responses
from tests.support.browser import (
    ColourScheme,
    Scripts,
    Viewport,
    axe_violations,
    open_browser,
    open_page,
)
from tests.support.portal import open_portal

MOST_BYTES = 20_000
THUMB = 44
PHONES = [
    Viewport(width=width, height=700, scripts=scripts)
    for width in (390, 320)
    for scripts in Scripts
]


@dataclass(frozen=True, kw_only=True)
class Served:
    """A portal that answers on this machine."""

    app: Flask
    url: str

    def ask(self, name: str) -> Asked:
        """Let the survey leave to a new Contact."""
        with self.app.app_context():
            return ask(self.app, name)

    def answer_of(self, asked: Asked) -> Response:
        """Return what a Contact has answered."""
        with self.app.app_context():
            [found] = [one for one in responses() if one.invitation_id == asked.invitation_id]
            return found


@pytest.fixture(scope="module")
def served(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    instance: Path = tmp_path_factory.mktemp("served")
    given = environment(instance, make_database(instance, "survey_browser"))
    with open_portal(instance, {**given, "NPS_PUBLIC_URL": "http://127.0.0.1"}) as portal:
        portal.start("web")
        portal.wait_until_it_answers()
        app = create_app(load_settings(given))
        yield Served(app=app, url=portal.url)
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


def fits(page: Page) -> bool:
    """Tell whether nothing leads over the edge."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def smallest_target(page: Page) -> float:
    """Return the shortest side of the eleven scores and the button."""
    boxes = [one.bounding_box() for one in page.locator(".score, button").all()]
    assert len(boxes) == 12
    return min(min(box["width"], box["height"]) for box in boxes if box is not None)


@pytest.mark.parametrize("phone", PHONES, ids=lambda phone: f"{phone.width}-{phone.scripts.value}")
def test_a_customer_answers_and_changes_the_answer(
    browser: Browser, served: Served, phone: Viewport
) -> None:
    marta = served.ask("Marta Lindqvist")

    with open_page(browser, phone) as page:
        page.goto(f"{served.url}{marta.path}/9")
        assert page.get_by_role("radio", name="9").is_checked()
        assert fits(page)
        assert smallest_target(page) >= THUMB
        page.locator("textarea").fill("Ordered at nine,\nhad it by noon. 👍")
        page.get_by_role("button", name="Send my answer").click()
        page.get_by_role("heading", name="Thank you!").wait_for()
        assert fits(page)
        page.get_by_role("link", name="Change your answer").click()
        page.get_by_text("We have your answer: 9. Change it?").wait_for()
        page.get_by_role("radio", name="3").check()
        page.get_by_role("button", name="Send my answer").click()
        page.get_by_role("heading", name="Thank you for being open with us.").wait_for()
        cookies = page.context.cookies()

    answered = served.answer_of(marta)
    assert answered.score == 3
    assert answered.comment == "Ordered at nine,\nhad it by noon. 👍"
    assert cookies == []


def test_the_page_is_answered_by_keyboard_alone(browser: Browser, served: Served) -> None:
    marta = served.ask("Marta Lindqvist")

    with open_page(browser) as page:
        page.goto(f"{served.url}{marta.path}/9")
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Tab")
        page.keyboard.type("By hand")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Thank you!").wait_for()

    answered = served.answer_of(marta)
    assert (answered.score, answered.comment) == (10, "By hand")


def test_going_back_after_sending_makes_no_second_answer(browser: Browser, served: Served) -> None:
    marta = served.ask("Marta Lindqvist")

    with open_page(browser) as page:
        page.goto(f"{served.url}{marta.path}/9")
        page.get_by_role("button", name="Send my answer").click()
        page.get_by_role("heading", name="Thank you!").wait_for()
        page.go_back()
        page.get_by_role("button", name="Send my answer").click()
        page.get_by_role("heading", name="Thank you!").wait_for()

    assert served.answer_of(marta).changed_at is None


@pytest.mark.parametrize("colours", list(ColourScheme))
def test_axe_finds_nothing_on_a_customers_pages(
    browser: Browser, served: Served, colours: ColourScheme
) -> None:
    marta = served.ask("Marta Lindqvist")
    look = Viewport(width=390, colour_scheme=colours)

    with open_page(browser, look) as page:
        for path in (
            marta.path,
            f"{marta.path}/9",
            f"{marta.path}/11",
            "/s/wrong",
            "/s/preview-1/3",
            "/s/preview-1/thanks?score=3",
            marta.unsubscribe_path,
        ):
            page.goto(f"{served.url}{path}")
            assert axe_violations(page) == [], path
        page.get_by_role("button", name="Unsubscribe").click()
        page.get_by_role("heading", name="You are unsubscribed").wait_for()
        assert axe_violations(page) == []


def test_the_whole_way_is_under_twenty_kilobytes(browser: Browser, served: Served) -> None:
    marta = served.ask("Marta Lindqvist")
    received: list[float] = []

    with open_page(browser) as page:
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.on("Network.loadingFinished", lambda one: received.append(one["encodedDataLength"]))
        page.goto(f"{served.url}{marta.path}/9", wait_until="networkidle")
        first = sum(received)
        page.get_by_role("button", name="Send my answer").click()
        page.get_by_role("heading", name="Thank you!").wait_for()
        page.wait_for_load_state("networkidle")

    assert len(received) >= 3
    assert 0 < first < MOST_BYTES
    assert sum(received) < MOST_BYTES


def test_a_hostile_name_stays_a_name(browser: Browser, served: Served) -> None:
    hostile = served.ask("</title><svg onload=document.body.remove()>")

    with open_page(browser) as page:
        page.goto(f"{served.url}{hostile.path}/9")

        assert page.locator("svg").count() == 0
        assert page.get_by_role("radio").count() == 11
