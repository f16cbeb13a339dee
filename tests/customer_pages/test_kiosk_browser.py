"""The kiosk in a real browser: offline, through restarts, from one person to the next."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from nps_portal import create_app
from nps_portal.config import load_settings
from nps_portal.foundation.database import db
from nps_portal.responses.models import Channel, Response
from tests.conftest import MakeDatabase, environment
from tests.support import factories
from tests.support.browser import (
    FLAGS,
    SYSTEM_CHROMIUM,
    ColourScheme,
    Viewport,
    axe_violations,
    open_browser,
    open_page,
)
from tests.support.portal import open_portal, wait_until

THUMB = 44
SEND = "Send my answer"


@dataclass(frozen=True, kw_only=True)
class Served:
    """A portal that answers on this machine."""

    app: Flask
    url: str

    def answers(self) -> list[tuple[int, str]]:
        """Return the score and comment of every answer by kiosk, by the time it was given."""
        with self.app.app_context(), factories.work() as work:
            rows = work.session.execute(
                sa.select(Response.score, Response.comment)
                .where(Response.channel == Channel.KIOSK)
                .order_by(Response.answered_at, Response.id)
            ).all()
            return [(row.score, row.comment) for row in rows]

    def forget(self) -> None:
        """Take all answers away, so that each test begins with none."""
        with self.app.app_context(), factories.work() as work:
            for response in work.session.scalars(sa.select(Response)):
                work.session.delete(response)


@pytest.fixture(scope="module")
def portal(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    instance: Path = tmp_path_factory.mktemp("kiosk")
    given = environment(instance, make_database(instance, "kiosk_browser"))
    with open_portal(instance, {**given, "NPS_PUBLIC_URL": "http://127.0.0.1"}) as running:
        running.start("web")
        running.wait_until_it_answers()
        app = create_app(load_settings(given))
        with app.app_context(), factories.work() as work:
            factories.make_business(work)
            factories.make_survey(work)
        yield Served(app=app, url=running.url)
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def served(portal: Served) -> Served:
    portal.forget()
    return portal


@contextmanager
def tablet(directory: Path) -> Iterator[BrowserContext]:
    """Switch a tablet on: a browser whose store, caches and worker outlive it."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            directory,
            executable_path=SYSTEM_CHROMIUM if SYSTEM_CHROMIUM.exists() else None,
            args=[flag for flag in FLAGS if flag != "--headless"],
            viewport={"width": 1024, "height": 768},
        )
        try:
            yield context
        finally:
            context.close()


def opened(context: BrowserContext, served: Served) -> Page:
    """Open the kiosk, and wait until it would outlive a restart."""
    page = context.new_page()
    page.goto(f"{served.url}/k/default")
    at_hand = "caches.open('nps-kiosk').then(one => one.keys()).then(all => all.length >= 5)"
    wait_until(lambda: bool(page.evaluate(at_hand)), 20, "the page in the cache")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    return page


def answer(page: Page, score: int, comment: str = "") -> None:
    page.locator("label.score").nth(score).click()
    page.locator("textarea").fill(comment)
    page.get_by_role("button", name=SEND).click()
    page.get_by_role("button", name="Next person").wait_for()


def arrived(served: Served, expected: list[tuple[int, str]]) -> Callable[[], bool]:
    return lambda: served.answers() == expected


def waiting(page: Page) -> str:
    return page.locator(".waiting").inner_text()


def test_an_answer_arrives_and_the_next_person_finds_nothing_of_it(
    served: Served, tmp_path: Path
) -> None:
    with tablet(tmp_path) as context:
        page = opened(context, served)
        answer(page, 9, "Had it by noon. 👍")
        assert page.get_by_role("heading", name="Thank you!").is_visible()
        wait_until(arrived(served, [(9, "Had it by noon. 👍")]), 10, "the answer")
        page.get_by_role("button", name="Next person").click()

        assert page.locator(":checked").count() == 0
        assert page.locator("textarea").input_value() == ""
        page.locator("textarea").focus()
        page.keyboard.press("Control+z")
        assert page.locator("textarea").input_value() == ""
        assert "noon" not in page.content()
        assert page.locator(".waiting").is_hidden()
        assert context.cookies() == []


def test_answers_of_an_hour_without_a_connection_all_arrive_once(
    served: Served, tmp_path: Path
) -> None:
    given = [(score, f"Guest {score}") for score in (0, 6, 7, 9, 10)]

    with tablet(tmp_path) as context:
        page = opened(context, served)
        context.set_offline(True)
        for score, comment in given:
            answer(page, score, comment)
            page.get_by_role("button", name="Next person").click()
        page.get_by_text("answers are kept on this device").wait_for()
        assert waiting(page) == "Waiting to be sent: 5"
        assert served.answers() == []
        context.set_offline(False)
        wait_until(arrived(served, given), 20, "all answers")
        page.locator(".waiting").wait_for(state="hidden")
        page.reload()
        assert page.locator(".waiting").is_hidden()

    assert served.answers() == given


def test_answers_outlive_a_restart_of_the_tablet_without_a_connection(
    served: Served, tmp_path: Path
) -> None:
    with tablet(tmp_path) as context:
        page = opened(context, served)
        context.set_offline(True)
        answer(page, 4, "Before the restart")
    with tablet(tmp_path) as context:
        context.set_offline(True)
        page = context.new_page()
        page.goto(f"{served.url}/k/default")
        page.get_by_text("Waiting to be sent: 1").wait_for()
        answer(page, 8, "After the restart")
        assert served.answers() == []
        context.set_offline(False)
        wait_until(
            arrived(served, [(4, "Before the restart"), (8, "After the restart")]), 20, "both"
        )


def test_a_portal_that_fails_gets_the_answer_later(served: Served, tmp_path: Path) -> None:
    with tablet(tmp_path) as context:
        page = opened(context, served)
        context.route("**/k/default/nonce", lambda route: route.fulfill(status=502))
        answer(page, 2, "Kept")
        page.get_by_text("Waiting to be sent: 1").wait_for()
        context.unroute_all()
        # A network that wants a sign-in first says 200 to everything, with a page of its own.
        context.route(
            "**/k/default", lambda route: route.fulfill(status=200, body="<h1>Wi-Fi</h1>")
        )
        with page.expect_response("**/k/default") as told:
            pass
        assert told.value.status == 200
        page.get_by_text("Waiting to be sent: 1").wait_for()
        context.unroute_all()
        wait_until(arrived(served, [(2, "Kept")]), 30, "the answer")


def test_the_page_resets_itself_after_thanks_and_when_it_is_left(
    served: Served, tmp_path: Path
) -> None:
    with tablet(tmp_path) as context:
        page = context.new_page()
        page.clock.install(time="2026-03-10T10:00:00")
        page.goto(f"{served.url}/k/default")
        page.clock.pause_at("2026-03-10T10:20:00")
        answer(page, 1, "Private words")
        page.clock.run_for(7_900)
        assert page.get_by_role("button", name="Next person").is_visible()
        page.clock.run_for(200)
        assert page.get_by_role("button", name=SEND).is_visible()

        page.locator("label.score").nth(3).click()
        page.locator("textarea").fill("Left in the middle")
        page.clock.run_for(59_000)
        assert page.locator("textarea").input_value() == "Left in the middle"
        page.clock.run_for(1_100)
        assert page.locator("textarea").input_value() == ""
        assert page.locator(":checked").count() == 0


def test_without_a_score_it_says_what_is_missing(served: Served, tmp_path: Path) -> None:
    with tablet(tmp_path) as context:
        page = opened(context, served)
        page.get_by_role("button", name=SEND).click()

        page.get_by_role("alert").get_by_text("Please choose a number from 0 to 10.").wait_for()
        assert served.answers() == []


@pytest.mark.parametrize("width", [320, 768, 1024])
@pytest.mark.parametrize("colours", list(ColourScheme))
def test_the_page_is_large_and_nobody_is_shut_out(
    served: Served, width: int, colours: ColourScheme
) -> None:
    look = Viewport(width=width, height=768, colour_scheme=colours)

    with open_browser() as browser, open_page(browser, look) as page:
        page.goto(f"{served.url}/k/default")
        boxes = [one.bounding_box() for one in page.locator(".score, button:visible").all()]
        assert len(boxes) == 12
        assert all(min(one["width"], one["height"]) >= THUMB for one in boxes if one)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert axe_violations(page) == []
        answer(page, 5)
        # While it appears, its colours are paler than they stay.
        page.evaluate(
            "Promise.all(document.getAnimations().map(one => one.finished)).then(() => null)"
        )
        assert axe_violations(page) == []


def test_all_of_it_stands_on_one_screen_of_a_tablet(served: Served) -> None:
    with open_browser() as browser:
        fits_without_scrolling(browser, served, 1024, 768)
        fits_without_scrolling(browser, served, 768, 1024)


def fits_without_scrolling(browser: Browser, served: Served, width: int, height: int) -> None:
    with open_page(browser, Viewport(width=width, height=height)) as page:
        page.goto(f"{served.url}/k/default")
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
