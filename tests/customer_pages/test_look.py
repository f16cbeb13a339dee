"""A survey's colour and logo, and what they cost."""

from pathlib import Path

import pytest
from flask import Flask

import nps_portal
from nps_portal.surveys.colours import DARK_GROUND, LIGHT_GROUND, accent_on, contrast
from nps_portal.surveys.models import SurveyLogo
from tests.customer_pages.asking import ask, change_survey
from tests.support import factories
from tests.support.client import PortalClient


def test_every_colour_can_be_seen_and_read_on_the_pages() -> None:
    for number in range(0, 0x1000000, 4099):
        for ground in (LIGHT_GROUND, DARK_GROUND):
            accent = accent_on(f"#{number:06x}", ground)

            assert contrast(accent.fill, ground) >= 3
            assert contrast(accent.on_fill, accent.fill) >= 4.5
            assert contrast(accent.text, ground) >= 4.5


def test_the_grounds_are_those_of_the_style_sheet() -> None:
    css = (Path(nps_portal.__file__).parent / "static" / "css" / "survey.css").read_text()

    light, dark = css.split("prefers-color-scheme: dark", 1)
    assert f"--banner: {LIGHT_GROUND};" in light
    assert f"--banner: {DARK_GROUND};" in dark


def add_logo(image: bytes = b"\x89PNG") -> None:
    with factories.work() as work:
        survey = factories.make_survey(work)
        survey.version += 1
        work.session.add(
            SurveyLogo(
                survey_id=survey.id,
                digest="0123abcd",
                media_type="image/png",
                width=320,
                height=80,
                image=image,
                changed_at=work.now,
            )
        )


def test_a_colour_comes_as_a_style_sheet_that_may_be_kept(app: Flask, client: PortalClient) -> None:
    change_survey(accent_colour="#FFCC00")

    page = client.get(f"{ask(app).path}/9")
    look = client.get("/s/look-ffcc00.css")

    assert '<link rel="stylesheet" href="/s/look-ffcc00.css">' in page.text
    assert 'name="theme-color" content="#ffcc00"' in page.text
    assert " style=" not in page.text
    assert look.status_code == 200
    assert look.content_type == "text/css; charset=utf-8"
    assert look.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "dark){:root{--accent:#ffcc00;--on-accent:#000000;--link:#ffcc00}" in look.text


def test_the_ready_made_colour_costs_no_request(app: Flask, client: PortalClient) -> None:
    assert "/s/look-" not in client.get(ask(app).path).text


@pytest.mark.parametrize("colour", ["red", "12345", "12345g", "ffffff}body{", "%0a00000"])
def test_no_other_text_becomes_a_style_sheet(client: PortalClient, colour: str) -> None:
    look = client.get(f"/s/look-{colour}.css")

    assert look.status_code == 404
    assert look.headers["Cache-Control"] == "no-store"


def test_a_logo_stands_in_place_of_the_initial(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    without = client.get(marta.path)
    add_logo()

    page, logo = client.get(marta.path), client.get("/s/logo-0123abcd")

    assert 'class="badge"' in without.text
    assert 'class="badge"' not in page.text
    assert 'src="/s/logo-0123abcd" alt="Acme Supplies" width="320" height="80"' in page.text
    assert (logo.data, logo.content_type) == (b"\x89PNG", "image/png")
    assert logo.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert logo.headers["X-Content-Type-Options"] == "nosniff"


def test_an_unknown_logo_is_a_wrong_link(client: PortalClient) -> None:
    assert client.get("/s/logo-nothing").status_code == 404
