"""The tests' own mail server as a program, which the trials that kill processes rely on."""

import json
import subprocess
import sys
from pathlib import Path

from nps_portal.outbox.transport import Relay, Security, open_relay
from tests.delivery.conftest import content, envelope_to, leave


def test_the_server_on_its_own_spools_a_line_for_each_message(tmp_path: Path) -> None:
    spool = tmp_path / "spool.jsonl"
    command = [sys.executable, "-m", "tests.support.smtp_server", "--spool", str(spool)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    body = content()

    relay = Relay(server="127.0.0.1", port=int(server.stdout.readline()), security=Security.NONE)
    with open_relay(relay) as connection:
        connection.deliver(envelope_to(), body, leave)
    server.kill()
    server.wait()
    server.stdout.close()

    assert [json.loads(line) for line in spool.read_text().splitlines()] == [
        {
            "recipient": "zoe@example.org",
            "message_id": "<o-01jd8x3k9c7m2v@mail.acme.example>",
            "size": len(body),
        }
    ]
