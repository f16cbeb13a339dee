"""What is kept ready for many readers shows nobody another's words, and nothing old."""

import gzip
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask

from nps_portal import create_app
from nps_portal.accounts.portal_settings import change_settings
from nps_portal.batches.models import Invitation
from nps_portal.config import load_settings
from nps_portal.customer_pages.ready_pages import MOST_PAGES, ready_page
from nps_portal.foundation.database import db
from nps_portal.foundation.work import Work
from nps_portal.surveys.commands import change_accent, change_texts
from nps_portal.surveys.models import Survey, SurveyState
from tests.conftest import environment
from tests.customer_pages.asking import Asked, ask, chosen_in, nonce_in, speak
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

GREETING = "{{ first_name }} of {{ company }}, would you recommend {{ business }}?"


def put_into_another_survey(asked: Asked) -> int:
    """Let an Invitation belong to a second Survey, and return that one's id."""
    with factories.work() as work:
        second = Survey(
            name="second", title="Second", state=SurveyState.ACTIVE, created_at=work.now
        )
        work.session.add(second)
        work.session.flush()
        work.session.get_one(Invitation, asked.invitation_id).survey_id = second.id
        return second.id


def default_survey_id() -> int:
    with factories.work() as work:
        return factories.make_survey(work).id


def change_elsewhere(app: Flask, clock: FixedClock, change: Callable[[Work], object]) -> None:
    """Change something as another process would: through an application of its own."""
    database = app.config["SQLALCHEMY_DATABASE_URI"]
    other = create_app(load_settings(environment(Path(app.instance_path), database)), clock)

    def run() -> None:
        with other.app_context():
            with factories.work() as work:
                change(work)
            db.session.remove()
            db.engine.dispose()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()


def test_two_people_of_two_surveys_and_languages_read_their_own_pages_and_every_change_at_once(
    app: Flask, client: PortalClient, clock: FixedClock
) -> None:
    marta = ask(app, name="Marta Lindqvist", company="Berg & Sons")
    ivo = ask(app, name="Ivo <b>Horvat</b>", company="")
    first, second = default_survey_id(), put_into_another_survey(ivo)
    speak(ivo.contact_id, "de")
    with factories.work() as work:
        change_texts(work, first, "en", {"question": GREETING})
        change_texts(work, second, "de", {"question": "{{ name }}, {{ business }}?"})

    for _ in range(3):
        hers, his = client.get(f"{marta.path}/9").text, client.get(f"{ivo.path}/9").text
        assert "<h1>Marta of Berg &amp; Sons, would you recommend Acme Supplies?</h1>" in hers
        assert "<h1>Ivo &lt;b&gt;Horvat&lt;/b&gt;, Acme Supplies?</h1>" in his
        assert 'lang="en" dir="ltr"' in hers
        assert 'lang="de" dir="ltr"' in his
        assert "Ivo" not in hers
        assert "Marta" not in his
        assert f'action="{marta.path}"' in hers
        assert f'action="{ivo.path}"' in his

    change_elsewhere(
        app, clock, lambda work: change_texts(work, first, "en", {"question": "New, {{ name }}?"})
    )
    assert "<h1>New, Marta Lindqvist?</h1>" in client.get(f"{marta.path}/9").text
    assert "<h1>Ivo &lt;b&gt;Horvat&lt;/b&gt;, Acme" in client.get(f"{ivo.path}/9").text

    change_elsewhere(app, clock, lambda work: change_settings(work, {"business_name": "Bolt"}))
    assert "<h1>Ivo &lt;b&gt;Horvat&lt;/b&gt;, Bolt?</h1>" in client.get(f"{ivo.path}/9").text

    shades: list[str] = []
    change_elsewhere(app, clock, lambda work: shades.append(change_accent(work, second, "#7a1f5c")))
    assert f'content="{shades[0]}"' in client.get(f"{ivo.path}/9").text
    assert f'content="{shades[0]}"' not in client.get(f"{marta.path}/9").text


def test_people_of_one_survey_read_the_same_page_with_their_own_names(
    app: Flask, client: PortalClient
) -> None:
    people = [
        ask(app, name="Marta Lindqvist", company="Berg & Sons"),
        ask(app, name="Ivo Horvat", company="Öl & Co"),
        ask(app, name="", company=""),
    ]
    with factories.work() as work:
        texts = {"question": GREETING, "note": "{{ name }}"}
        change_texts(work, factories.make_survey(work).id, "en", texts)

    for _ in range(2):
        pages = [client.get(f"{one.path}/7").text for one in people]

        assert "<h1>Marta of Berg &amp; Sons, would" in pages[0]
        assert "<footer><p>Marta Lindqvist</p></footer>" in pages[0]
        assert "<h1>Ivo of Öl &amp; Co, would" in pages[1]
        assert "<footer><p>Ivo Horvat</p></footer>" in pages[1]
        assert "<footer>" not in pages[2]
        assert not any(name in pages[2] for name in ("Marta", "Ivo", "Berg", "Öl"))


def test_every_opening_has_a_proof_and_a_choice_of_its_own(
    app: Flask, client: PortalClient
) -> None:
    marta = ask(app)

    pages = [client.get(f"{marta.path}/{score}") for score in (9, 9, 3)]

    assert len({nonce_in(page) for page in pages}) == len(pages)
    assert [chosen_in(page) for page in pages] == [[9], [9], [3]]


def test_a_value_is_never_taken_for_markup_or_for_a_place(app: Flask) -> None:
    def render(marks: dict[str, str]) -> str:
        return f"<p>{marks['name']}</p><i>{marks['company']}</i>"

    seen = {}
    for name in ("<script>", "{company}", "Ann"):
        values = {"name": name, "company": "Öl"}
        seen[name] = ready_page(("a",), values, lambda marks: render(dict(marks))).filled(values)

    assert seen["<script>"] == "<p>&lt;script&gt;</p><i>Öl</i>"
    assert seen["{company}"] == "<p>{company}</p><i>Öl</i>"
    assert seen["Ann"] == "<p>Ann</p><i>Öl</i>"


def test_so_many_pages_are_kept_and_no_more(app: Flask) -> None:
    for number in range(3 * MOST_PAGES):
        values = {"number": str(number)}
        page = ready_page((number,), values, lambda marks: f"<p>{marks['number']}</p>")

        assert page.filled(values) == f"<p>{number}</p>"

    assert len(app.extensions["nps_ready_pages"]) <= MOST_PAGES


@pytest.mark.parametrize("name", ["", "Öl & <Co>", "a" * 70_000, "\N{PILE OF POO}"])
def test_the_compressed_page_says_the_same(app: Flask, name: str) -> None:
    values = {"name": name, "company": "Acme"}
    page = ready_page(
        ("b",), values, lambda marks: f"<p>{marks['name']}</p>" * 2 + f"<i>{marks['company']}</i>"
    )

    assert gzip.decompress(page.gzipped(values)).decode() == page.filled(values)


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "gzip"),
        ("gzip;q=0.5", "gzip"),
        ("identity", None),
        ("", None),
    ],
)
def test_the_page_is_compressed_for_those_who_take_it(
    app: Flask, client: PortalClient, accepted: str, encoding: str | None
) -> None:
    marta = ask(app)

    page = client.get(f"{marta.path}/7", headers={"Accept-Encoding": accepted})

    text = gzip.decompress(page.data) if encoding else page.data
    assert page.headers.get("Content-Encoding") == encoding
    assert page.headers["Vary"] == "Accept-Encoding"
    assert int(page.headers["Content-Length"]) == len(page.data)
    assert b'name="nonce"' in text
    assert text.endswith(b"</html>")
