"""Static files: what a browser keeps, and when it fetches anew."""

import re
from pathlib import Path

from flask import Flask

from nps_portal.foundation.static_files import install_static_files
from tests.support.client import PortalClient

PAGES = ("/set-up", "/s/nonsense", "/nothing-here")


def printed_by(client: PortalClient, url: str) -> list[str]:
    return re.findall(r'(?:src|href)="(/static/[^"]+)"', client.get(url).text)


def files_of(folder: Path, content: str) -> Path:
    """Make a folder of static files."""
    (folder / "js").mkdir(parents=True)
    (folder / "js" / "one.js").write_text(content)
    return folder


def app_with(folder: Path) -> Flask:
    app = Flask("static_files", static_folder=str(folder), static_url_path="/static")
    install_static_files(app)
    return app


def address_in(app: Flask) -> str:
    with app.test_request_context():
        return str(app.url_for("static", filename="js/one.js"))


def test_every_address_a_page_prints_names_the_version_and_is_kept_for_a_year(
    client: PortalClient,
) -> None:
    for page in PAGES:
        addresses = printed_by(client, page)

        assert addresses, page
        for address in addresses:
            answer = client.get(address)
            assert re.match(r"/static/v-[0-9a-f]{12}/", address), address
            assert answer.status_code == 200, address
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_the_version_changes_with_any_byte_of_any_file_and_with_nothing_else(
    tmp_path: Path,
) -> None:
    first = address_in(app_with(files_of(tmp_path / "first", "one")))
    same = address_in(app_with(files_of(tmp_path / "same", "one")))
    other = address_in(app_with(files_of(tmp_path / "other", "two")))

    assert same == first
    assert other != first


def test_what_a_script_loads_beside_itself_has_its_version(client: PortalClient) -> None:
    script = next(one for one in printed_by(client, "/set-up") if one.endswith("/behaviours.js"))

    beside = client.get(script.replace("behaviours.js", "time-zone.js"))

    assert beside.status_code == 200
    assert "immutable" in beside.headers["Cache-Control"]


def test_a_version_that_is_not_ours_gets_our_file_and_is_not_kept(client: PortalClient) -> None:
    answer = client.get("/static/v-000000000000/css/survey.css")

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


def test_the_score_images_of_emails_keep_their_address(client: PortalClient) -> None:
    answer = client.get("/static/score_images/9.png")

    assert answer.status_code == 200
    assert "max-age=2592000" in answer.headers["Cache-Control"]
