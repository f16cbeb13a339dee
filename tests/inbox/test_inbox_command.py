"""The command `nps-portal inbox`, as a mail server runs it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from nps_portal.cli_inbox import inbox_command
from nps_portal.contacts.queries import suppression_of
from nps_portal.foundation.database import reading
from nps_portal.outbox.models import MessageState
from tests.conftest import SECRET
from tests.inbox.returned import (
    ADA,
    asked_one,
    bounces,
    delivery_report,
    letter,
    now_of,
    report_on,
)
from tests.support.portal import Portal, open_portal


@pytest.fixture
def run(app: Flask) -> Callable[..., tuple[int, str]]:
    """Give the function that runs the command with an email on its standard input."""
    runner = FlaskCliRunner(app)

    def run_command(raw: bytes, *options: str) -> tuple[int, str]:
        result = runner.invoke(inbox_command, options, input=raw)
        return result.exit_code, result.output

    return run_command


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    variables = {"NPS_INSTANCE_DIR": str(tmp_path / "own"), "NPS_SECRET_KEY": SECRET}
    with open_portal(tmp_path, variables) as opened:
        yield opened


def kept(app: Flask) -> list[bytes]:
    return [file.read_bytes() for file in Path(app.instance_path, "inbox", "new").glob("*")]


def test_a_bounce_is_told_in_one_line_and_acted_on(
    app: Flask, run: Callable[..., tuple[int, str]]
) -> None:
    message = asked_one()

    code, output = run(report_on(message))

    assert code == 0
    assert output == (
        f"hard bounce of {ADA} (5.1.1): 550 5.1.1 what {ADA} said; the address is suppressed\n"
    )
    assert now_of(message).state is MessageState.FAILED
    assert kept(app) == []


def test_json_says_what_was_found(run: Callable[..., tuple[int, str]]) -> None:
    message = asked_one()

    code, output = run(report_on(message, status="4.2.2"), "--json")

    assert code == 0
    assert json.loads(output) == {
        "kind": "soft",
        "permanent": False,
        "recipient": ADA,
        "status": "4.2.2",
        "reason": f"450 4.2.2 what {ADA} said",
        "matched": True,
    }


def test_what_nobody_understands_is_kept_as_it_came(
    app: Flask, run: Callable[..., tuple[int, str]]
) -> None:
    note, theirs = letter(), delivery_report(recipient="somebody@example.net")

    codes = [run(raw)[0] for raw in (note, theirs, note)]

    assert codes == [0, 0, 0]
    assert sorted(kept(app)) == sorted([note, theirs])
    assert len(bounces()) == 2


def test_a_dry_run_judges_and_stores_nothing(
    app: Flask, run: Callable[..., tuple[int, str]]
) -> None:
    message = asked_one()

    code, words = run(report_on(message), "--dry-run")
    _, line = run(report_on(message), "--dry-run", "--json")

    assert code == 0
    assert words == f"hard bounce of {ADA} (5.1.1): 550 5.1.1 what {ADA} said\n"
    assert json.loads(line)["permanent"] is True
    assert json.loads(line)["matched"] is None
    assert bounces() == []
    assert suppression_of(reading(), ADA) is None


def test_a_strangers_text_does_not_steer_the_terminal(
    run: Callable[..., tuple[int, str]],
) -> None:
    raw = delivery_report(note="\x1b[2J\x07").replace(b"what", b"\x1b[2J\x07what")

    _, output = run(raw, "--dry-run")

    assert output.rstrip("\n").isprintable()


def test_a_dry_run_needs_no_database(portal: Portal) -> None:
    done = portal.command("inbox", "--dry-run", "--json", given=delivery_report().decode())

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["kind"] == "hard"
    assert not (portal.directory / "own" / "nps.sqlite").exists()


def test_an_empty_input_is_a_mistake_of_the_user(portal: Portal) -> None:
    done = portal.command("inbox", given="\n")

    assert done.returncode == 1
    assert done.stderr.startswith("Error: There is no email on standard input")


def test_without_a_database_the_mail_server_is_asked_to_try_again(portal: Portal) -> None:
    done = portal.command("inbox", given=delivery_report().decode())

    assert done.returncode == 75
    assert "could not be taken in now" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_takes_an_email_in(portal: Portal) -> None:
    assert portal.command("migrate").returncode == 0

    done = portal.command("inbox", given=delivery_report().decode())

    assert done.returncode == 0
    assert done.stdout.endswith("; not tied to a message of ours, nothing changed\n")
    assert len(list((portal.directory / "own" / "inbox" / "new").iterdir())) == 1
