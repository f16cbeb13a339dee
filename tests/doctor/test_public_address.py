"""The public address, as mail programs and customers meet it."""

from pathlib import Path

import pytest

from nps_portal.config import load_settings
from nps_portal.doctor.findings import Finding, Lamp
from nps_portal.doctor.public_address import opened_findings, public_findings
from tests.conftest import environment
from tests.support.certificates import Certificates, make_certificates
from tests.support.web_server import Page, WebServer

HEALTHY = Page(body=b'{"status":"ok"}')


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(autouse=True)
def trust_the_tests_authority(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this machine trust the authority, by the variable that OpenSSL reads."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))


def looked_at(server: WebServer) -> dict[str, Finding]:
    return {finding.matter: finding for finding in opened_findings(server.url)}


def test_a_portal_that_opens_and_unsubscribes_is_green(certificates: Certificates) -> None:
    pages = {"/healthz": HEALTHY, "/u/": Page(body=b"You are unsubscribed.")}

    with WebServer(pages, certificates.good) as server:
        found = looked_at(server)

    assert [one.lamp for one in found.values()] == [Lamp.GREEN, Lamp.GREEN]
    assert all("from this machine" in one.text for one in found.values())
    posted = server.asked[-1]
    assert posted.method == "POST"
    assert posted.path.startswith("/u/")
    assert posted.headers["Content-Type"].startswith("multipart/form-data")
    assert b'name="List-Unsubscribe"\r\n\r\nOne-Click\r\n' in posted.body
    assert "Cookie" not in posted.headers


def test_a_token_of_nobody_may_be_unknown(certificates: Certificates) -> None:
    with WebServer({"/healthz": HEALTHY}, certificates.good) as server:
        assert looked_at(server)["Unsubscribing"].lamp is Lamp.GREEN


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (Page(status=301, headers={"Location": "https://www.acme.example/"}), "do not follow"),
        (Page(status=403), "turned away with 403"),
        (Page(headers={"Set-Cookie": "session=1"}), "given a cookie"),
    ],
)
def test_what_keeps_mail_programs_from_unsubscribing_is_a_fault(
    certificates: Certificates, page: Page, words: str
) -> None:
    with WebServer({"/healthz": HEALTHY, "/u/": page}, certificates.good) as server:
        found = looked_at(server)["Unsubscribing"]

    assert found.lamp is Lamp.RED
    assert words in found.text
    assert found.line.startswith("curl ")


@pytest.mark.parametrize("name", ["expired", "wrong_name", "self_signed"])
def test_a_certificate_that_cannot_be_trusted_is_a_fault(
    certificates: Certificates, name: str
) -> None:
    with WebServer({"/healthz": HEALTHY}, getattr(certificates, name)) as server:
        found = looked_at(server)

    assert list(found) == ["Public address"]
    assert found["Public address"].lamp is Lamp.RED
    assert "certificate cannot be trusted" in found["Public address"].text


def test_another_program_at_the_address_is_a_fault(certificates: Certificates) -> None:
    with WebServer({"/": Page(body=b"It works!")}, certificates.good) as server:
        found = looked_at(server)["Public address"]

    assert found.lamp is Lamp.RED
    assert "Something else answers" in found.text


def test_an_address_of_this_machine_alone_is_noted_and_not_asked(tmp_path: Path) -> None:
    settings = load_settings(environment(tmp_path, "sqlite:////nowhere/x.sqlite"))

    [found] = public_findings(settings)

    assert found.lamp is Lamp.AMBER
    assert "this machine only" in found.text
