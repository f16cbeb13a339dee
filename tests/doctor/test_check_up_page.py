"""The check-up in the settings."""

from flask import Flask

from nps_portal.accounts.commands import add_user
from nps_portal.accounts.models import Role
from nps_portal.doctor.findings import Examination, Lamp, Matter, Part
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.dns_server import DnsServer


def test_the_page_shows_each_matter_with_its_lamp_in_words(
    sound_business: Flask, client: PortalClient
) -> None:
    with factories.work() as work:
        factories.make_owner(work)
    client.sign_in(factories.OWNER, factories.PASSWORD)

    page = client.get("/settings/check-up").text

    assert "Who we are to receivers" in page
    assert "This machine" in page
    assert "What comes back" in page
    assert "Nothing is broken" in page
    assert ">ok</span>" in page
    assert ">note</span>" in page


def test_a_fault_stands_on_the_page_with_the_record_to_copy(
    sound_business: Flask, client: PortalClient, dns: DnsServer
) -> None:
    del dns.zone["_dmarc.acme.example"]
    with factories.work() as work:
        factories.make_owner(work)
    client.sign_in(factories.OWNER, factories.PASSWORD)

    page = client.get("/settings/check-up").text

    assert "1 fault to put right." in page
    assert ">_dmarc.mail.acme.example</textarea>" in page
    assert ">v=DMARC1; p=none; rua=mailto:dmarc@mail.acme.example</textarea>" in page


def test_only_owners_look(sound_business: Flask, client: PortalClient) -> None:
    with factories.work() as work:
        add_user(
            work, email="t@x.example", name="T", password=factories.PASSWORD, role=Role.COLLEAGUE
        )
    client.sign_in("t@x.example", factories.PASSWORD)

    assert client.get("/settings/check-up").status_code == 403
    assert "Check-up" not in client.get("/settings/account").text


def test_looking_changes_nothing_and_is_among_the_tabs(
    sound_business: Flask, client: PortalClient
) -> None:
    with factories.work() as work:
        factories.make_owner(work)
    client.sign_in(factories.OWNER, factories.PASSWORD)

    tabs = client.get("/settings/business").text

    assert 'href="/settings/check-up"' in tabs
    assert client.post_form("/settings/check-up").status_code == 405


def test_the_worst_lamp_is_that_of_the_whole_and_comes_first() -> None:
    first, second = Matter(part=Part.MACHINE, name="A"), Matter(part=Part.RETURNS, name="B")
    well = Examination(findings=(first.green("good"), second.green("good")))
    ill = Examination(findings=(second.red("bad"), first.green("good"), first.amber("so")))

    assert well.lamp is Lamp.GREEN
    assert ill.lamp is Lamp.RED
    assert ill.counts == {"red": 1, "amber": 1, "green": 1}
    assert [part for part, _ in ill.parts] == [Part.MACHINE, Part.RETURNS]
    assert [finding.lamp for finding in ill.parts[0][1]] == [Lamp.AMBER, Lamp.GREEN]
