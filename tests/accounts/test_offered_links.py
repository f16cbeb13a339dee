"""No page offers anybody what they may not have: every link that is shown leads somewhere."""

import html
import re
from collections import deque
from urllib.parse import urldefrag, urlparse

import pytest
from flask import Flask

from nps_portal.outbox.models import Bounce
from nps_portal.reports.models import ReportKind
from tests.customer_pages.asking import answer, ask
from tests.support import factories
from tests.support.client import PortalClient

MOST_PAGES = 250


def sign_in_colleague(app: Flask) -> PortalClient:
    with factories.work() as work:
        factories.make_owner(work)
        factories.make_survey(work)
        factories.make_colleague(work)
    browser = app.test_client()
    assert isinstance(browser, PortalClient)
    browser.sign_in(factories.COLLEAGUE, factories.PASSWORD)
    return browser


def fill(app: Flask, client: PortalClient) -> None:
    """Let one person answer, and the email to another come back."""
    answer(client, ask(app, "Marta Lindqvist", "Acme").path, 9, "Good")
    ben = ask(app, "Ben Frost", "Acme")
    with factories.work() as work:
        work.session.add(
            Bounce(
                contact_id=ben.contact_id,
                email_key="ben@example.org",
                kind=ReportKind.SOFT,
                told_by="smtp",
                dedupe_key="one",
                created_at=work.now,
            )
        )


def refusals(browser: PortalClient) -> tuple[dict[str, int], int]:
    """Follow every link from the overview; return what was refused, and how many were opened."""
    waiting, seen, refused = deque(["/"]), {"/"}, {}
    while waiting and len(seen) < MOST_PAGES:
        at = waiting.popleft()
        page = browser.get(at)
        if page.status_code >= 400:
            refused[at] = page.status_code
        if page.mimetype != "text/html":
            continue
        for link in re.findall(r'<a [^>]*href="([^"]+)"', page.text):
            target = urldefrag(html.unescape(link)).url
            # One page of each kind: filters and orders of a list lead to the list.
            known = urlparse(target).path
            if target.startswith("/") and known not in seen:
                seen.add(known)
                waiting.append(target)
    return refused, len(seen)


@pytest.mark.parametrize("is_full", [False, True])
def test_a_colleague_is_shown_no_link_that_is_refused(
    app: Flask, client: PortalClient, *, is_full: bool
) -> None:
    if is_full:
        fill(app, client)

    refused, opened = refusals(sign_in_colleague(app))

    assert refused == {}
    assert opened > 10


def test_an_owner_is_shown_no_link_that_is_refused(
    app: Flask, client: PortalClient, owner: PortalClient
) -> None:
    fill(app, client)

    refused, opened = refusals(owner)

    assert refused == {}
    assert opened > 40
