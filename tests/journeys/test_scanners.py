"""Machines and people on the links of real emails: who counts, and who does not.

Everything is real: the processes, the mail server, the emails, and Chromium for those that run the
page's script. The same bench runs with thousands as `python -m benchmarks.scanners`.
"""

import re
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from benchmarks.scanners import installation
from benchmarks.scanners.installation import Recipient
from benchmarks.scanners.run import Plan, act_by_wire, act_in_browsers, outcome
from benchmarks.scanners.targets import Judged
from benchmarks.scanners.visitors import Deed, Pace
from tests.conftest import MakeDatabase
from tests.support.portal import open_portal, wait_until
from tests.support.smtp_server import SinkServer

SECRET = "only-for-tests-0123456789"
# H5 has one person, who thinks again on the page: by the email it would take a minute.
BY_WIRE = {"P1": 2, "P2": 2, "P3": 2, "P7": 2, "H1": 2, "H3": 2, "H4": 2, "H5": 1, "H6": 2}
IN_CHROMIUM = {"P4": 1, "P5": 2, "P6": 1, "H1B": 1, "H2": 2, "H3B": 1}
# The person of H4 comes more than ten seconds after the delivery, as all people do.
HURRIED = Pace(
    reading=(2.2, 3.0), burst=1.0, gap=(0.2, 1.0), behind_a_scanner=12.0, stay=0.3, look=2.0
)
LINK = re.compile(r'href="http://[\w.:]+(/[su]/[\w./-]+)"')

Lines = dict[str, Judged]


@pytest.fixture(scope="module")
def lines(make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lines]:
    """Let everybody act once, and give what became of each persona."""
    directory: Path = tmp_path_factory.mktemp("scanners")
    with SinkServer() as sink:
        environment = {
            "NPS_INSTANCE_DIR": str(directory),
            "NPS_SECRET_KEY": SECRET,
            "NPS_DATABASE_URL": make_database(directory, "scanners"),
            "NPS_PROXIES": "1",
            "NPS_MAIL_SERVER": "127.0.0.1",
            "NPS_MAIL_PORT": str(sink.port),
            "NPS_MAIL_SECURITY": "none",
        }
        with open_portal(directory, environment) as portal:
            environment["NPS_PUBLIC_URL"] = portal.url
            plan = Plan(base_url=portal.url, seed=1, pace=HURRIED, rate=25)
            portal.start("run")
            portal.wait_until_it_answers()
            installation.schedule(environment, {**BY_WIRE, **IN_CHROMIUM})
            recipients = _received(environment, sink)
            deeds: list[Deed] = [
                *act_by_wire(environment, recipients, plan).deeds,
                *act_in_browsers(environment, recipients, plan).deeds,
            ]
            yield {line.name: line for line in outcome(environment, deeds)}


@pytest.mark.browser
@pytest.mark.parametrize("name", [*BY_WIRE, *IN_CHROMIUM])
def test_each_persona_meets_its_target(lines: Lines, name: str) -> None:
    line = lines[name]

    assert line.tally.people == {**BY_WIRE, **IN_CHROMIUM}[name]
    assert line.is_met, (line.tally, line.missed)


@pytest.mark.browser
def test_a_machine_that_presses_by_script_or_pointer_waits_for_a_look(lines: Lines) -> None:
    held = {name: line.tally.held for name, line in lines.items()}

    assert held == {**dict.fromkeys(held, 0), "P5": 2, "P6": 1}


@pytest.mark.browser
def test_opening_the_unsubscribe_links_stops_nobody(lines: Lines) -> None:
    assert sum(line.tally.unsubscribed for line in lines.values()) == 0


def _received(environment: installation.Environment, sink: SinkServer) -> list[Recipient]:
    """Return everybody with the links of the email that they got, as it was read there."""
    wanted = sum(BY_WIRE.values()) + sum(IN_CHROMIUM.values())
    wait_until(lambda: len(installation.recipients(environment)) == wanted, 60, "all emails")
    received = {one.recipient: one.message for one in sink.accepted}
    return [
        _with_links(one, received[installation.email_of(one.persona, one.number)])
        for one in installation.recipients(environment)
    ]


def _with_links(recipient: Recipient, email: EmailMessage) -> Recipient:
    body = email.get_body(("html",))
    assert body is not None
    found = dict.fromkeys(LINK.findall(str(body.get_content())))
    links = [link for link in found if link.startswith("/s/")]
    unsubscribe = [link for link in found if link.startswith("/u/")]
    links.sort(key=lambda link: int(link.rpartition("/")[2]))
    read = Recipient(
        persona=recipient.persona,
        number=recipient.number,
        invitation_id=recipient.invitation_id,
        links=tuple(links),
        unsubscribe=unsubscribe[0],
    )
    assert read == recipient
    return read
