"""A DNS server with the records of a business that has done everything right."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from flask import Flask

from nps_portal.accounts.portal_settings import change_settings, process_settings
from nps_portal.doctor.dns import Resolver, install_resolver
from nps_portal.doctor.examination import examine
from nps_portal.doctor.findings import Finding
from nps_portal.mail.dkim import dns_record, make_key
from tests.support import factories
from tests.support.dns_server import DnsServer
from tests.support.smtp_server import SinkServer

Look = Callable[[], dict[str, Finding]]


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    """Give a DNS server that knows no name yet."""
    with DnsServer() as server:
        yield server


@pytest.fixture
def resolver(dns: DnsServer) -> Resolver:
    """Give a resolver that asks this server alone."""
    return Resolver(servers=("127.0.0.1",), port=dns.port)


@pytest.fixture
def sink() -> Iterator[SinkServer]:
    """Give a mail server."""
    with SinkServer() as server:
        yield server


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a key; making one takes long."""
    file = tmp_path_factory.mktemp("keys") / "nps.pem"
    make_key(file)
    return file


@pytest.fixture
def sound_business(
    app: Flask, dns: DnsServer, resolver: Resolver, sink: SinkServer, key: Path
) -> Flask:
    """Give an application whose sender is known to the DNS as receivers want it."""
    install_resolver(app, resolver)
    key_file = process_settings().instance_dir / "dkim" / "nps.pem"
    key_file.parent.mkdir()
    shutil.copy2(key, key_file)
    with factories.work() as work:
        factories.make_business(work)
    change(
        mail_from="feedback@mail.acme.example",
        mail_server="127.0.0.1",
        mail_port=str(sink.port),
        mail_security="none",
        bounce_domain="bounces.mail.acme.example",
    )
    dns.zone.update(sound_zone(key_file))
    return app


@pytest.fixture
def look(sound_business: Flask) -> Look:
    """Give what lets the doctor look, and returns the findings by their matters."""

    def examined() -> dict[str, Finding]:
        found = examine(process_settings(), {}, seconds=10)
        return {finding.matter: finding for finding in found.findings}

    return examined


def change(**settings: str) -> None:
    """Change the stored settings."""
    with factories.work() as work:
        change_settings(work, settings)


def sound_zone(key_file: Path) -> Mapping[str, Mapping[str, list[str]]]:
    """Return the records of mail.acme.example."""
    return {
        "bounces.mail.acme.example": {
            "TXT": ["v=spf1 mx -all"],
            "MX": ["10 mx.acme.example."],
        },
        "mail.acme.example": {"MX": ["10 mx.acme.example."]},
        "mx.acme.example": {"A": ["192.0.2.7"]},
        "_dmarc.acme.example": {"TXT": ["v=DMARC1; p=reject; rua=mailto:dmarc@acme.example"]},
        "nps._domainkey.mail.acme.example": {"TXT": [dns_record(key_file)]},
    }
