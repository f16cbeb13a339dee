"""The page of the other doors: where they are, the code to print, the website's secret."""

import io
import re
import xml.etree.ElementTree as ET

import pytest
import segno
from flask import Flask
from PIL import Image

from nps_portal.surveys.models import Survey
from tests.support import factories
from tests.support.client import PortalClient

DOORS = "/surveys/1/doors"
LINK = "http://localhost/l/default"


def survey() -> Survey:
    with factories.work() as work:
        return factories.make_survey(work)


def modules_of(png: bytes) -> list[list[bool]]:
    """Return which squares of a code are dark, read from the middle of each."""
    image = Image.open(io.BytesIO(png)).convert("L")
    size = len(list(segno.make(LINK, error="m", boost_error=False).matrix_iter(border=4)))
    square = image.width // size
    middles = [square * place + square // 2 for place in range(size)]
    return [[image.getpixel((x, y)) == 0 for x in middles] for y in middles]


def test_the_page_says_where_every_door_is(owner: PortalClient) -> None:
    page = owner.get(DOORS)

    assert page.status_code == 200
    assert LINK in page.text
    assert "http://localhost/k/default" in page.text
    assert "&lt;script async src=&#34;http://localhost/widget.js&#34;" in page.text
    assert f'src="{DOORS}/qr.svg"' in page.text


def test_the_png_is_the_code_of_the_link_with_its_quiet_zone(owner: PortalClient) -> None:
    answer = owner.get(f"{DOORS}/qr.png?download=1")

    image = Image.open(io.BytesIO(answer.data))
    code = segno.make(LINK, error="m", micro=False, boost_error=False)
    assert answer.mimetype == "image/png"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert image.width == image.height >= 900
    assert code.error == "M"
    expected = [[module == 1 for module in row] for row in code.matrix_iter(border=4)]
    assert modules_of(answer.data) == expected
    assert not any(any(row) for row in expected[:4] + expected[-4:])


def test_the_svg_is_a_drawing_that_scales(owner: PortalClient) -> None:
    answer = owner.get(f"{DOORS}/qr.svg")

    root = ET.fromstring(answer.data)
    assert answer.mimetype == "image/svg+xml"
    assert "Content-Disposition" not in answer.headers
    assert root.tag.endswith("svg")
    assert int(root.attrib["width"]) >= 200


def test_the_sheet_has_the_question_and_the_address(owner: PortalClient) -> None:
    page = owner.get(f"{DOORS}/sheet?lang=de")

    assert '<html lang="de"' in page.text
    assert LINK in page.text
    assert "Acme Supplies" in page.text


def test_an_owner_opens_and_closes_doors(owner: PortalClient) -> None:
    saved = owner.post_form(DOORS, {"link_is_open": "y"})

    assert saved.status_code == 303
    now = survey()
    assert (now.link_is_open, now.kiosk_is_open, now.widget_is_open) == (True, False, False)


def test_the_secret_is_made_and_made_anew(owner: PortalClient) -> None:
    assert "There is no secret yet" in owner.get(DOORS).text

    secrets = []
    for _ in range(2):
        owner.post_form(f"{DOORS}/secret")
        secrets.append(survey().widget_secret)
        assert secrets[-1] in owner.get(DOORS).text

    assert all(re.fullmatch(r"[0-9a-f]{48}", secret) for secret in secrets)
    assert secrets[0] != secrets[1]


@pytest.mark.parametrize("path", ["", "/qr.svg", "/qr.png", "/sheet"])
def test_only_staff_see_the_doors(app: Flask, client: PortalClient, path: str) -> None:
    with factories.work() as work:
        factories.make_owner(work)
        factories.make_survey(work)

    assert client.get(DOORS + path).status_code == 303


def test_there_are_no_doors_of_no_survey(owner: PortalClient) -> None:
    for path in ("", "/qr.svg", "/qr.png", "/sheet"):
        assert owner.get(f"/surveys/99{(path and '/doors' + path) or '/doors'}").status_code == 404
