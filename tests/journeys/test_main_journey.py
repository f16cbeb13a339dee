"""The main job from outside: a CRM's export comes in, emails go out, scores come back.

Everything is real: commands and processes, the database, an SMTP server, a browser.
"""

import csv
import json
import re
import time
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from functools import partial

import pytest
from playwright.sync_api import Browser

from nps_portal.nps import CategoryCounts, net_promoter_score, points
from tests.conftest import MakeDatabase
from tests.support.browser import Scripts, Viewport, open_browser, open_page
from tests.support.portal import Portal, open_portal, wait_until
from tests.support.smtp_server import SinkServer

PEOPLE = 60
SECRET = "only-for-tests-0123456789"
PASSWORD = "a long enough sentence"
LINK = re.compile(r"http://[\w.:]+/s/[\w.-]+/(\d+)")
ANSWERS = {
    0: (10, "Great — thank you!"),
    1: (9, "Toujours à l'écoute"),
    2: (3, "配送が遅い"),
    3: (7, "لا بأس"),
    4: (10, "Спасибо 👍🏽"),
    5: (0, "<svg onload=alert(1)> =1+1 {{ 7*7 }}"),
}


@pytest.fixture(scope="module")
def sink() -> Iterator[SinkServer]:
    """Give the mail server outside the project."""
    with SinkServer() as server:
        yield server


@pytest.fixture(scope="module")
def portal(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory, sink: SinkServer
) -> Iterator[Portal]:
    """Give a running portal that sends through the sink, with an owner and no contacts."""
    directory = tmp_path_factory.mktemp("portal")
    environment = {
        "NPS_INSTANCE_DIR": str(directory),
        "NPS_SECRET_KEY": SECRET,
        "NPS_DATABASE_URL": make_database(directory, "journey"),
        "NPS_MAIL_SERVER": "127.0.0.1",
        "NPS_MAIL_PORT": str(sink.port),
        "NPS_MAIL_FROM": "feedback@acme.example",
        "NPS_BUSINESS_NAME": "Acme Supplies",
        "NPS_POSTAL_ADDRESS": "1 High Street, Anytown",
    }
    with open_portal(directory, environment) as opened:
        opened.command("migrate")
        opened.command("user", "add", "jo@acme.example", "--password-stdin", given=PASSWORD)
        opened.start("run")
        opened.wait_until_it_answers()
        yield opened


@pytest.fixture(scope="module")
def emails(
    portal: Portal, sink: SinkServer, tmp_path_factory: pytest.TempPathFactory
) -> list[EmailMessage]:
    """Import the export, send to all, and give the emails in the order of the people."""
    export = tmp_path_factory.mktemp("export") / "hubspot.csv"
    with export.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["Record ID", "First Name", "Last Name", "Email", "Company Name"])
        for number in range(PEOPLE):
            person = [number, f"Zoë{number}", "O'Brien", f"person{number}@example.org"]
            writer.writerow([*person, f"Company {number // 3}"])
        writer.writerow([99, "Broken", "Line", "nobody at nowhere", "Company 99"])

    imported = portal.command("import", "contacts", str(export))
    sent = portal.command("send", "default", "--all")

    assert imported.stdout.startswith("60 added, 0 updated, 0 unchanged, 1 refused.")
    assert "line 62:" in imported.stderr
    assert sent.stdout.strip() == "1", sent.stderr
    wait_until(lambda: len(sink.accepted) >= PEOPLE, 60, "all emails")
    by_person = {one.recipient: one.message for one in sink.accepted}
    assert len(sink.accepted) == len(by_person) == PEOPLE
    # What is answered within ten seconds of the delivery waits for a look, too.
    last = max(one.received_at for one in sink.accepted)
    wait_until(lambda: time.time() - last > 11, 20, "a person's time")
    return [by_person[f"person{number}@example.org"] for number in range(PEOPLE)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give a Chromium."""
    with open_browser() as opened:
        yield opened


def part(email: EmailMessage, kind: str) -> str:
    """Return the text of one part of an email."""
    body = email.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def score_links(email: EmailMessage) -> dict[int, str]:
    """Return the address behind each score, from the plain text."""
    return {int(found[1]): found[0] for found in LINK.finditer(part(email, "plain"))}


def test_each_email_has_eleven_links_in_both_parts_and_one_for_machines(
    emails: list[EmailMessage],
) -> None:
    for email in emails:
        assert sorted(score_links(email)) == list(range(11))
        in_html = {int(found[1]) for found in LINK.finditer(part(email, "html"))}
        # The last one no person sees; it is for machines.
        assert in_html == {*range(11), 11}
        assert email["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.browser
def test_scores_and_comments_land_on_the_right_contacts(
    portal: Portal, emails: list[EmailMessage], browser: Browser
) -> None:
    for number, (score, comment) in ANSWERS.items():
        scripts = Scripts.ON if number % 2 else Scripts.OFF
        with open_page(browser, Viewport(width=390, height=844, scripts=scripts)) as page:
            for link in score_links(emails[number]).values():
                page.goto(link)
            page.goto(score_links(emails[number])[score])
            assert page.locator("input[name=score]:checked").get_attribute("value") == str(score)
            enough = time.monotonic() + 2.2
            page.locator("textarea[name=comment]").fill(comment)
            # What is sent within two seconds of the page waits for a look: nobody is so quick.
            wait_until(partial(_is_past, enough), 5, "a person's time")
            page.locator("form button[type=submit]").first.click()
            page.wait_for_url("**/thanks")

    printed = portal.command("score", "--json")

    counts = CategoryCounts.of_scores(score for score, _ in ANSWERS.values())
    figures = json.loads(printed.stdout)
    assert figures["nps"] == points(net_promoter_score(counts)) == 17
    assert (figures["n"], figures["promoters"], figures["passives"], figures["detractors"]) == (
        6,
        3,
        1,
        2,
    )
    _read_the_inbox(portal, browser)


def _is_past(instant: float) -> bool:
    return time.monotonic() > instant


def _read_the_inbox(portal: Portal, browser: Browser) -> None:
    """Sign in as the owner and find each comment beside the person who wrote it."""
    with open_page(browser, Viewport(width=1440, height=1000)) as page:
        page.goto(f"{portal.url}/sign-in")
        page.get_by_label("Email").fill("jo@acme.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.locator("form button[type=submit]").first.click()
        page.goto(f"{portal.url}/responses")
        shown = page.locator("main").inner_text()
        for number, (_, comment) in ANSWERS.items():
            assert comment in shown
            page.goto(f"{portal.url}/responses?q=person{number}@example.org")
            assert comment in page.locator("main").inner_text()
            page.goto(f"{portal.url}/responses")


def test_opening_every_link_counts_nothing(portal: Portal, emails: list[EmailMessage]) -> None:
    before = json.loads(portal.command("score", "--json").stdout)

    for link in sorted(score_links(emails[30]).values(), reverse=True):
        with urllib.request.urlopen(link, timeout=10) as answer:
            assert answer.status == 200

    assert json.loads(portal.command("score", "--json").stdout) == before


def test_a_second_start_finds_everything(portal: Portal, emails: list[EmailMessage]) -> None:
    (running,) = portal.running
    before = portal.command("score", "--json").stdout

    code = portal.stop(running)
    portal.start("run")
    portal.wait_until_it_answers()

    assert code == 0
    assert portal.command("score", "--json").stdout == before
