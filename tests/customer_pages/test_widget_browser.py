"""The window on a website of another origin: who is asked, how it looks, what it sends."""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page

from nps_portal import create_app
from nps_portal.config import load_settings
from nps_portal.contacts.models import Contact
from nps_portal.foundation.database import db
from nps_portal.responses.models import Response
from tests.conftest import MakeDatabase, environment
from tests.support import factories
from tests.support.browser import (
    ColourScheme,
    Viewport,
    axe_violations,
    open_browser,
    open_page,
)
from tests.support.portal import open_portal
from tests.support.web_server import Page as SitePage
from tests.support.web_server import WebServer

SECRET = "only-for-tests-and-long-enough"
SEND = "Send my answer"
THUMB = 44
# What is remembered: the only thing the window leaves behind.
MEMORY = "nps-portal:default"


@dataclass(frozen=True, kw_only=True)
class Served:
    """A portal that answers on this machine."""

    app: Flask
    url: str


@pytest.fixture(scope="module")
def served(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    instance: Path = tmp_path_factory.mktemp("widget")
    given = environment(instance, make_database(instance, "widget_browser"))
    with open_portal(instance, {**given, "NPS_PUBLIC_URL": "http://127.0.0.1"}) as running:
        running.start("web")
        running.wait_until_it_answers()
        app = create_app(load_settings(given))
        with app.app_context(), factories.work() as work:
            factories.make_business(work)
            factories.make_survey(work).widget_secret = SECRET
        yield Served(app=app, url=running.url)
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


def answers(served: Served) -> list[Response]:
    with served.app.app_context(), factories.work() as work:
        return list(work.session.scalars(sa.select(Response).order_by(Response.id)))


def site(portal_url: str, attributes: str = "data-force", *, language: str = "en") -> SitePage:
    """Return a page of a website that forbids all inline scripts, inline styles and markup."""
    policy = (
        f"default-src 'none'; script-src {portal_url}; connect-src {portal_url}; style-src 'none'; "
        "img-src data:; require-trusted-types-for 'script'"
    )
    body = (
        f'<!doctype html><html lang="{language}"><head><title>Shop</title>'
        '<link rel="icon" href="data:,"></head><body><main><h1>Shop</h1>'
        f'<label>Search <input id="search"></label></main>'
        f'<script async src="{portal_url}/widget.js" {attributes}></script></body></html>'
    )
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "Cross-Origin-Embedder-Policy": "require-corp",
    }
    return SitePage(headers=headers, body=body.encode())


def sent(page: Page, score: int, comment: str = "") -> None:
    page.get_by_role("dialog").wait_for()
    page.locator(".s label").nth(score).click()
    page.locator("textarea").fill(comment)
    # A hand needs this long; who is quicker is held as a machine.
    page.wait_for_timeout(2_200)
    page.get_by_role("button", name=SEND).click()


@pytest.mark.parametrize("colours", list(ColourScheme))
@pytest.mark.parametrize("width", [320, 1280])
def test_a_visitor_of_another_website_answers(
    browser: Browser, served: Served, width: int, colours: ColourScheme
) -> None:
    look = Viewport(width=width, height=720, colour_scheme=colours)

    with WebServer({"/": site(served.url)}) as shop, open_page(browser, look) as page:
        page.goto(shop.url)
        dialog = page.get_by_role("dialog", name="How likely is it that you would recommend Acme")
        dialog.wait_for()
        page.locator(".s label").nth(9).click()
        boxes = [one.bounding_box() for one in page.locator(".s label, button").all()]
        assert all(min(one["width"], one["height"]) >= THUMB for one in boxes if one)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert axe_violations(page) == []
        assert page.get_by_text("What do you like most about working with us?").is_visible()
        sent(page, 4, "Slow <b>site</b>")
        page.get_by_role("heading", name="Thank you for being open with us.").wait_for()
        assert axe_violations(page) == []
        assert page.context.cookies() == []

    answer = answers(served)[-1]
    assert (answer.score, answer.comment) == (4, "Slow <b>site</b>")
    assert (answer.channel.value, answer.state.value) == ("widget", "counted")


def test_it_is_worked_by_keyboard_and_left_by_escape(browser: Browser, served: Served) -> None:
    with WebServer({"/": site(served.url, "")}) as shop, open_page(browser) as page:
        page.clock.install()
        page.goto(shop.url)
        page.clock.run_for(21_000)
        page.get_by_role("dialog").wait_for()
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("ArrowRight")
        assert page.get_by_role("radio", name="1", exact=True).is_checked()
        page.keyboard.press("Tab")
        page.keyboard.type("Typed")
        assert page.locator("textarea").input_value() == "Typed"
        page.keyboard.press("Escape")
        assert page.get_by_role("dialog").count() == 0
        until = page.evaluate(f"Number(localStorage.getItem('{MEMORY}')) - Date.now()")
        assert 89 < until / 86_400_000 < 91
        # Asked and gone: not asked again on the next page.
        page.reload()
        page.clock.run_for(60_000)
        assert page.get_by_role("dialog").count() == 0


def test_not_now_asks_again_in_a_week(browser: Browser, served: Served) -> None:
    with WebServer({"/": site(served.url, 'data-delay="0"')}) as shop, open_page(browser) as page:
        page.goto(shop.url)
        page.get_by_role("button", name="Not now").click()
        until = page.evaluate(f"Number(localStorage.getItem('{MEMORY}')) - Date.now()")

        assert page.get_by_role("dialog").count() == 0
        assert 6.9 < until / 86_400_000 < 7.1
        assert page.evaluate("Object.keys(localStorage)") == [MEMORY]


def test_only_the_share_that_was_asked_for_is_asked(browser: Browser, served: Served) -> None:
    never = site(served.url, 'data-sample="0" data-delay="0"')

    with WebServer({"/": never}) as shop, open_page(browser) as page:
        page.goto(shop.url, wait_until="networkidle")

        assert page.get_by_role("dialog").count() == 0
        assert page.evaluate("localStorage.length") == 0


def test_nobody_is_interrupted_while_they_type(browser: Browser, served: Served) -> None:
    later = site(served.url, 'data-delay="1"')

    with WebServer({"/": later}) as shop, open_page(browser) as page:
        page.goto(shop.url)
        page.locator("#search").focus()
        page.wait_for_timeout(3_000)
        assert page.get_by_role("dialog").count() == 0
        page.locator("#search").blur()
        page.get_by_role("dialog").wait_for()


def test_it_speaks_the_language_of_the_page(browser: Browser, served: Served) -> None:
    arabic = site(served.url, language="ar")

    with WebServer({"/": arabic}) as shop, open_page(browser) as page:
        page.goto(shop.url)
        dialog = page.get_by_role("dialog")
        dialog.wait_for()

        assert (dialog.get_attribute("lang"), dialog.get_attribute("dir")) == ("ar", "rtl")
        assert axe_violations(page) == []


def test_a_sealed_visitor_is_the_contact(browser: Browser, served: Served) -> None:
    seal = hmac.new(SECRET.encode(), b"ada@example.org", hashlib.sha256).hexdigest()
    known = f'data-force data-email="Ada@example.org" data-name="Ada Null" data-seal="{seal}"'

    with WebServer({"/": site(served.url, known)}) as shop, open_page(browser) as page:
        page.goto(shop.url)
        sent(page, 10)
        page.get_by_role("heading", name="Thank you!").wait_for()

    with served.app.app_context(), factories.work() as work:
        ada = work.session.scalars(sa.select(Contact)).one()
        assert (ada.email, ada.name) == ("Ada@example.org", "Ada Null")
    assert answers(served)[-1].contact_id == ada.id


def test_without_a_connection_it_says_so_and_sends_once_later(
    browser: Browser, served: Served
) -> None:
    before = len(answers(served))

    with WebServer({"/": site(served.url)}) as shop, open_page(browser) as page:
        page.goto(shop.url)
        page.get_by_role("dialog").wait_for()
        page.get_by_role("button", name=SEND).click()
        page.get_by_role("alert").get_by_text("Please choose a number from 0 to 10.").wait_for()
        page.evaluate("() => { window.kept = fetch; window.fetch = () => Promise.reject() }")
        sent(page, 7, "Kept")
        page.get_by_role("alert").get_by_text("Nothing of it is lost").wait_for()
        page.evaluate("() => { window.fetch = kept }")
        page.get_by_role("button", name=SEND).click()
        page.get_by_role("heading", name="Thank you!").wait_for()

    assert [one.comment for one in answers(served)[before:]] == ["Kept"]
