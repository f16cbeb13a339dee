"""The pages of a survey's settings in a real browser: on a phone and at a desk, light and dark."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from nps_portal import create_app
from nps_portal.config import load_settings
from nps_portal.foundation.database import db
from nps_portal.nps import Category
from nps_portal.surveys.commands import change_texts
from nps_portal.surveys.models import QuestionKind
from nps_portal.surveys.questions import QuestionDraft, QuestionText, add_question
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

PAGES = (
    "",
    "/edit",
    "/edit?group=thanks&language=ar",
    "/look?asked=ffff00",
    "/questions",
    "/questions/new",
    "/questions/1",
    "/questions/1?language=he",
    "/languages",
    "/after",
    "/reminder",
    "/cadence",
    "/counting",
)
VIEWS = (Viewport(width=390), Viewport(width=1440, colour_scheme=ColourScheme.DARK))

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def address(make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of the Survey in a portal with a changed text and a question."""
    instance: Path = tmp_path_factory.mktemp("served")
    given = environment(instance, make_database(instance, "survey_settings"))
    app = create_app(load_settings(given))
    with app.app_context():
        with factories.work() as work:
            factories.make_business(work)
            factories.make_owner(work)
            survey = factories.make_survey(work)
            change_texts(work, survey.id, "en", {"subject": "How did we do?"})
            add_question(work, survey.id, question())
        db.engine.dispose()
    with open_portal(instance, given) as portal:
        portal.start("web")
        portal.wait_until_it_answers()
        yield f"{portal.url}/surveys/1"


def question() -> QuestionDraft:
    return QuestionDraft(
        kind=QuestionKind.CHOICE,
        categories=tuple(Category),
        language="en",
        text=QuestionText(
            question="What did you buy from us most recently, and was it as you had expected?",
            choices=("Tools", "Timber", "Paint"),
        ),
    )


def sign_in(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("Email").fill(factories.OWNER)
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Customer survey").wait_for()


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view.width}-{view.colour_scheme.value}")
def test_every_page_can_be_used_by_everybody(
    browser: Browser, address: str, view: Viewport
) -> None:
    with open_page(browser, view) as page:
        sign_in(page, address)
        for path in PAGES:
            page.goto(f"{address}{path}")

            assert axe_violations(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_a_form_shows_only_what_its_kind_of_question_asks_for(
    browser: Browser, address: str
) -> None:
    with open_page(browser) as page:
        sign_in(page, address)
        page.goto(f"{address}/questions/new")
        choices, low = page.get_by_label("Choices", exact=True), page.get_by_label("Words beside 0")

        assert not choices.is_visible()
        page.get_by_label("One of several choices").check()
        assert choices.is_visible()
        assert not low.is_visible()
        page.get_by_label("A number from 0 to 10").check()
        assert low.is_visible()
        assert not choices.is_visible()


def test_unsaved_texts_are_shown_in_the_frame(browser: Browser, address: str) -> None:
    with open_page(browser, Viewport(width=1440)) as page:
        sign_in(page, address)
        page.goto(f"{address}/edit")
        page.get_by_label("Introduction").fill("Only a draft")

        page.get_by_role("button", name="Show in the preview").click()

        page.frame_locator(".email-frame").get_by_text("Only a draft").wait_for()
        page.goto(f"{address}/edit")
        assert page.get_by_label("Introduction").input_value() != "Only a draft"
