"""The survey in a real browser: on a phone, without scripts, light and dark, small and silent."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page

from nps_portal import create_app
from nps_portal.batches.audience import Audience
from nps_portal.batches.commands import BatchPlan, schedule_batch
from nps_portal.config import load_settings
from nps_portal.contacts.models import Contact, Suppression
from nps_portal.foundation.database import db
from nps_portal.foundation.work import Work
from nps_portal.nps import Category
from nps_portal.responses.models import Response, ResponseState
from nps_portal.surveys.commands import create_survey
from nps_portal.surveys.models import DEFAULT_ACCENT, QuestionKind, SurveyLogo, SurveyQuestion
from nps_portal.visits.models import Visit, VisitKind
from nps_portal.worker.loop import run_until_idle
from tests.conftest import MakeDatabase, environment
from tests.customer_pages.asking import Asked, ask, asked, change_survey, responses, visits
from tests.support import factories
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
LOGO_BYTES = 8_000
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

    def told(self, asked: Asked) -> list[Visit]:
        """Return what the page has told of a hand."""
        return self._visits(asked, VisitKind.SEEN)

    def pressed(self, asked: Asked) -> str:
        """Return how Send was pressed."""
        [sent] = self._visits(asked, VisitKind.SUBMISSION)
        return str(sent.details["pressed"])

    def has_stopped(self, asked: Asked) -> bool:
        """Tell whether a Contact gets no more surveys."""
        with self.app.app_context(), factories.work() as work:
            email_key = work.session.get_one(Contact, asked.contact_id).email_key
            stopped = sa.select(Suppression.id).where(Suppression.email_key == email_key)
            return work.session.scalar(stopped) is not None

    def _visits(self, asked: Asked, kind: VisitKind) -> list[Visit]:
        with self.app.app_context():
            found = [one for one in visits() if one.invitation_id == asked.invitation_id]
            return [one for one in found if one.kind is kind]

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
        with app.app_context():
            # Who is quick has only just got the email here, which would look like a machine.
            change_survey(delivery_seconds=0)
        yield Served(app=app, url=portal.url)
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def dressed(served: Served) -> Iterator[Served]:
    """Give a portal whose survey has a look of its own and asks for all there is."""
    plain = {"accent_colour": DEFAULT_ACCENT, "review_links": [], "asks_to_quote": False}
    with served.app.app_context():
        change_survey(
            accent_colour="#7a5cff",
            review_links=[{"label": "Google", "url": "https://reviews.example/google"}],
            referral_url="https://acme.example/friends",
            asks_to_quote=True,
        )
        with factories.work() as work:
            _dress(work)
    yield served
    with served.app.app_context():
        change_survey(**plain, referral_url="")
        with factories.work() as work:
            work.session.execute(sa.delete(SurveyLogo))
            work.session.execute(sa.update(SurveyQuestion).values(archived_at=work.now))


def _dress(work: Work) -> None:
    survey = factories.make_survey(work)
    texts = {
        "question": "Which product?",
        "choices": ["Tea", "Coffee"],
        "low": "Bad",
        "high": "Good",
    }
    for position, kind in enumerate(QuestionKind):
        asked = texts if kind is QuestionKind.LINE else {**texts, "question": f"As {kind.value}?"}
        work.session.add(
            SurveyQuestion(
                survey_id=survey.id,
                position=position,
                kind=kind,
                categories=[one.value for one in Category],
                texts={"en": asked},
            )
        )
    work.session.add(
        SurveyLogo(
            survey_id=survey.id,
            digest="0123abcd",
            media_type="image/png",
            width=200,
            height=50,
            # As large as one may be; what cannot be compressed costs the most.
            image=random.Random(1).randbytes(LOGO_BYTES),
            changed_at=work.now,
        )
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


def fits(page: Page) -> bool:
    """Tell whether nothing leads over the edge."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def smallest_target(page: Page) -> float:
    """Return the shortest side of the eleven scores and the button."""
    boxes = [one.bounding_box() for one in page.locator("main .score, main button").all()]
    assert len(boxes) == 12
    return min(min(box["width"], box["height"]) for box in boxes if box is not None)


def read_for_a_moment(page: Page) -> None:
    """Let the two seconds pass within which nobody has read a question."""
    page.wait_for_timeout(2100)


@pytest.mark.parametrize("phone", PHONES, ids=lambda phone: f"{phone.width}-{phone.scripts.value}")
def test_a_customer_answers_and_changes_the_answer(
    browser: Browser, served: Served, phone: Viewport
) -> None:
    marta = served.ask("Marta Lindqvist")

    with open_page(browser, phone) as page:
        page.goto(f"{served.url}{marta.path}/9")
        read_for_a_moment(page)
        assert page.get_by_role("radio", name="9").is_checked()
        assert fits(page)
        assert smallest_target(page) >= THUMB
        page.locator("textarea").fill("Ordered at nine,\nhad it by noon. 👍")
        page.get_by_role("button", name="Send my answer").click()
        page.get_by_role("heading", name="Thank you!").wait_for()
        assert fits(page)
        page.get_by_role("link", name="Change your answer").click()
        page.get_by_text("We have your answer: 9. Change it?").wait_for()
        read_for_a_moment(page)
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
        read_for_a_moment(page)
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
        read_for_a_moment(page)
        page.get_by_role("button", name="Send my answer").click()
        page.get_by_role("heading", name="Thank you!").wait_for()
        page.go_back()
        read_for_a_moment(page)
        page.get_by_role("button", name="Send my answer").click()
        page.get_by_role("heading", name="Thank you!").wait_for()

    assert served.answer_of(marta).changed_at is None


@pytest.mark.parametrize("colours", list(ColourScheme))
def test_axe_finds_nothing_on_a_customers_pages(
    browser: Browser, dressed: Served, colours: ColourScheme
) -> None:
    marta = dressed.ask("Marta Lindqvist")
    look = Viewport(width=390, colour_scheme=colours)

    with open_page(browser, look) as page:
        for path in (
            marta.path,
            f"{marta.path}/9?lang=ar",
            f"{marta.path}/12",
            "/s/wrong",
            "/s/preview-1/3",
            "/s/preview-1/thanks?score=3",
            "/s/preview-1/thanks?score=9&done=call&lang=ja",
            marta.unsubscribe_path,
        ):
            page.goto(f"{dressed.url}{path}")
            assert axe_violations(page) == [], path
            assert fits(page), path
        page.locator("main button").click()
        page.get_by_role("heading", name="You are unsubscribed").wait_for()
        assert axe_violations(page) == []


@pytest.mark.parametrize("width", [320, 256])
def test_all_of_it_fits_the_narrowest_pages(browser: Browser, dressed: Served, width: int) -> None:
    with open_page(browser, Viewport(width=width)) as page:
        for path in ("/s/preview-1/9?lang=de", "/s/preview-1/thanks?score=3&lang=fi"):
            page.goto(f"{dressed.url}{path}")
            assert fits(page), path


def test_what_comes_after_is_sent_without_scripts(browser: Browser, dressed: Served) -> None:
    marta = dressed.ask("Marta Lindqvist")

    with open_page(browser, Viewport(width=390, scripts=Scripts.OFF)) as page:
        page.goto(f"{dressed.url}{marta.path}/9")
        read_for_a_moment(page)
        page.locator("textarea").fill("Fast")
        page.get_by_role("button", name="Send my answer").click()
        assert not page.get_by_text("Copy my comment").is_visible()
        page.get_by_label("Which product?").fill("Tea")
        page.get_by_role("button", name="Send these too").click()
        page.get_by_text("We have these answers too.").wait_for()
        page.get_by_text("Shall we call you?").click()
        page.get_by_label("Phone number").fill("+43 1 234 567")
        page.get_by_role("button", name="Please call me").click()
        page.get_by_text("A person here will call you.").wait_for()
        page.locator("#language").select_option("de")
        page.get_by_role("button", name="Show").click()
        assert page.locator("html").get_attribute("lang") == "de"


def test_the_comment_is_copied_for_the_review(browser: Browser, dressed: Served) -> None:
    marta = dressed.ask("Marta Lindqvist")

    with open_page(browser) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.goto(f"{dressed.url}{marta.path}/9")
        read_for_a_moment(page)
        page.locator("textarea").fill("Fast\nand friendly")
        page.get_by_role("button", name="Send my answer").click()
        page.get_by_role("button", name="Copy my comment").click()
        page.get_by_text("Copied", exact=True).wait_for()

        assert page.evaluate("navigator.clipboard.readText()") == "Fast\nand friendly"


def test_another_language_keeps_what_was_typed(browser: Browser, served: Served) -> None:
    marta = served.ask("Marta Lindqvist")

    with open_page(browser) as page:
        page.goto(f"{served.url}{marta.path}/9")
        page.get_by_role("radio", name="4").check()
        page.locator("textarea").fill("Half a sent")
        page.locator("#language").select_option("de")
        page.wait_for_url("**?lang=de")

        assert page.locator("textarea").input_value() == "Half a sent"
        assert page.get_by_role("radio", name="4").is_checked()


def test_the_page_tells_of_a_hand_and_of_no_other(browser: Browser, served: Served) -> None:
    marta, nobody = served.ask("Marta Lindqvist"), served.ask("Tom Okafor")

    with open_page(browser) as page:
        page.goto(f"{served.url}{marta.path}/9")
        page.get_by_role("radio", name="8").check()
        assert "You chose 8." in page.locator(".chosen").inner_text()
        read_for_a_moment(page)
        page.goto(f"{served.url}/s/wrong")
        page.goto(f"{served.url}{nobody.path}/9")
        read_for_a_moment(page)
        page.evaluate("document.querySelector('[value=\"3\"]').click(); scrollTo(0, 50)")
        page.goto(f"{served.url}/s/wrong")
        page.wait_for_timeout(300)

    [told] = served.told(marta)
    assert told.score == 8
    assert {"pointer", "pick"} <= set(told.details["gestures"])
    assert told.details["dwell_ms"] >= 1500
    assert served.told(nobody) == []


def test_a_press_by_a_script_is_not_trusted(browser: Browser, served: Served) -> None:
    machine, person = served.ask("Marta Lindqvist"), served.ask("Tom Okafor")

    with open_page(browser) as page:
        page.goto(f"{served.url}{machine.path}/9")
        page.evaluate("document.querySelector('main button').click()")
        page.wait_for_url("**/thanks*")
        page.goto(f"{served.url}{person.path}/9")
        page.get_by_role("radio", name="9").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/thanks*")

    assert served.pressed(machine) == "untrusted"
    assert served.pressed(person) == "trusted"


def test_only_a_hand_unsubscribes_by_the_button(browser: Browser, served: Served) -> None:
    marta = served.ask("Marta Lindqvist")

    with open_page(browser) as page:
        page.goto(f"{served.url}{marta.unsubscribe_path}")
        page.evaluate("document.querySelector('main button').click()")
        page.get_by_text("Please press the button again").wait_for()
        before = served.has_stopped(marta)
        page.get_by_role("button", name="Unsubscribe").click()
        page.get_by_role("heading", name="You are unsubscribed").wait_for()

    assert not before
    assert served.has_stopped(marta)


def test_each_page_with_all_it_loads_is_under_twenty_kilobytes(
    browser: Browser, dressed: Served
) -> None:
    marta = dressed.ask("Marta Lindqvist")
    received: list[float] = []

    with open_page(browser) as page:
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.on("Network.loadingFinished", lambda one: received.append(one["encodedDataLength"]))
        page.goto(f"{dressed.url}{marta.path}/9", wait_until="networkidle")
        form = list(received)
        received.clear()
        page.get_by_role("button", name="Send my answer").click()
        page.get_by_role("heading", name="Thank you!").wait_for()
        page.wait_for_load_state("networkidle")

    # Page, style sheet, colour, logo and script; nothing is kept from the one for the other.
    assert len(form) == len(received) == 5
    assert LOGO_BYTES < sum(form) < MOST_BYTES
    assert LOGO_BYTES < sum(received) < MOST_BYTES


def test_a_hostile_name_stays_a_name(browser: Browser, served: Served) -> None:
    hostile = served.ask("</title><svg onload=document.body.remove()>")

    with open_page(browser) as page:
        page.goto(f"{served.url}{hostile.path}/9")

        assert page.locator("svg").count() == 0
        assert page.get_by_role("radio").count() == 11


@pytest.mark.parametrize("scripts", list(Scripts))
def test_the_number_of_an_anonymous_link_is_chosen_and_told_to_no_server(
    browser: Browser, served: Served, scripts: Scripts
) -> None:
    with served.app.app_context(), factories.work() as work:
        quiet = create_survey(work, "Quiet", anonymous=True).id
    requested: list[str] = []

    with open_page(browser, Viewport(scripts=scripts)) as page:
        page.on("request", lambda request: requested.append(request.url))
        page.goto(f"{served.url}/s/preview-{quiet}#9")
        chosen = page.locator("[name=score]:checked")
        values = [one.input_value() for one in chosen.all()]
        marked = page.locator(".score:target").inner_text().strip()

    assert values == (["9"] if scripts is Scripts.ON else [])
    assert marked == "9"
    assert not [url for url in requested if url.endswith("/9") or "9" in url.partition("?")[2]]


@pytest.mark.parametrize(
    ("scripts", "state"),
    [(Scripts.ON, ResponseState.COUNTED), (Scripts.OFF, ResponseState.HELD)],
)
def test_an_anonymous_answer_counts_when_a_hand_sends_it(
    browser: Browser, served: Served, scripts: Scripts, state: ResponseState
) -> None:
    with served.app.app_context():
        with factories.work() as work:
            factories.make_business(work)
            quiet = create_survey(work, "Quiet", anonymous=True)
            quiet.delivery_seconds = 0
            people = [factories.make_contact(work, name=f"Quiet {one}") for one in range(5)]
            audience = Audience(contact_ids=tuple(one.id for one in people))
            schedule_batch(work, BatchPlan(survey_id=quiet.id, audience=audience, name=""))
        run_until_idle(served.app)
        path = asked(people[3]).path

    with open_page(browser, Viewport(scripts=scripts)) as page:
        page.goto(f"{served.url}{path}#9")
        page.locator("[name=score][value='9']").check(force=True)
        page.locator("#comment").fill("It is fine")
        read_for_a_moment(page)
        page.locator("button[type=submit]").first.click()
        page.locator(".ending").wait_for()
        again = page.url

    assert again == f"{served.url}{path}"
    with served.app.app_context(), factories.work() as work:
        said = sa.select(Response).where(Response.survey_id == quiet.id)
        response = work.session.scalars(said).one()
    assert (response.score, response.state, response.contact_id) == (9, state, None)
