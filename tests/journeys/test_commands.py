"""The commands as a person types them: clear words, exit codes, and no stack trace."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import MakeDatabase
from tests.support.portal import Portal, open_portal

SECRET = "only-for-tests-0123456789"


@pytest.fixture(scope="module")
def portal(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Portal]:
    """Give a migrated portal without anybody in it."""
    directory = tmp_path_factory.mktemp("commands")
    environment = {
        "NPS_INSTANCE_DIR": str(directory),
        "NPS_SECRET_KEY": SECRET,
        "NPS_DATABASE_URL": make_database(directory, "commands"),
        "NPS_TIME_ZONE": "Europe/Vienna",
        "NPS_BUSINESS_NAME": "Acme Supplies",
        "NPS_MAIL_FROM": "feedback@acme.example",
    }
    with open_portal(directory, environment) as opened:
        opened.command("migrate")
        yield opened


def test_without_answers_the_score_is_null_and_not_zero(portal: Portal) -> None:
    printed = portal.command("score", "--json")

    assert json.loads(printed.stdout) == {
        "nps": None,
        "margin": None,
        "n": 0,
        "promoters": 0,
        "passives": 0,
        "detractors": 0,
    }


def test_a_broken_file_names_the_line_and_changes_nothing(portal: Portal) -> None:
    broken = portal.directory / "broken.csv"
    broken.write_bytes(b"Email,Name\nanna@,Anna\n,Nobody\nbert@example.org;carl@example.org,Two\n")

    imported = portal.command("import", "contacts", str(broken))

    assert imported.returncode == 1
    assert "line 2: «anna@» has nothing after the @." in imported.stderr
    assert "line 3: There is no email address." in imported.stderr
    assert "line 4:" in imported.stderr
    assert "0 added, 0 updated, 0 unchanged, 3 refused." in imported.stdout
    assert "Traceback" not in imported.stderr


def test_a_file_that_is_no_table_is_refused(portal: Portal) -> None:
    picture = portal.directory / "logo.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4)

    imported = portal.command("import", "contacts", str(picture))

    assert imported.returncode == 1
    assert imported.stderr.startswith("Error: ")
    assert "Traceback" not in imported.stderr


def test_a_send_before_the_postal_address_is_set_says_what_is_missing(portal: Portal) -> None:
    (portal.directory / "one.csv").write_text("Email\nada@example.org\n", encoding="utf-8")
    portal.command("import", "contacts", str(portal.directory / "one.csv"))

    sent = portal.command("send", "default", "--all")

    assert sent.returncode == 1
    assert "the postal address" in sent.stderr
    assert sent.stdout == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["send", "nosuch", "--all"], "There is no survey called «nosuch»"),
        (["send", "default", "--contact", "nobody@example.org"], "is not in your contacts"),
        (["send", "default", "--all", "--at", "tomorrow"], "is not a time"),
        (["send", "default", "--all", "--at", "2020-01-01T09:00"], "is in the past"),
        (["send", "default"], "Say either --all or --contact EMAIL"),
        (["send", "default", "--segment", "nosuch"], "There is no segment called «nosuch»"),
        (["send", "default", "--segment", "x", "--all"], "or --segment NAME"),
        (["score", "--segment", "nosuch"], "There is no segment called «nosuch»"),
        (["score", "--survey", "nosuch"], "There is no survey called «nosuch»"),
        (["import", "contacts", "/nowhere.csv"], "does not exist"),
    ],
)
def test_a_mistake_is_answered_in_words(portal: Portal, words: list[str], says: str) -> None:
    answered = portal.command(*words)

    assert answered.returncode in {1, 2}
    assert says in answered.stderr
    assert "Traceback" not in answered.stderr


def test_a_user_is_added_once_and_needs_a_good_password(portal: Portal) -> None:
    weak = portal.command("user", "add", "jo@acme.example", "--password-stdin", given="short\n")
    good = portal.command(
        "user", "add", "jo@acme.example", "--password-stdin", given="a long enough sentence\n"
    )
    again = portal.command(
        "user", "add", "JO@ACME.example", "--password-stdin", given="a long enough sentence\n"
    )

    assert (weak.returncode, good.returncode, again.returncode) == (1, 0, 1)
    assert "at least 8 characters" in weak.stderr
    assert "is a user already" in again.stderr


def test_the_doctor_names_what_is_to_be_done(portal: Portal) -> None:
    found = portal.command("doctor")

    assert found.returncode == 0
    assert "the postal address" in found.stdout
    assert "Worker" in found.stdout
    assert "ok     Database" in found.stdout


def test_an_empty_database_is_refused_with_the_command_that_helps(tmp_path: Path) -> None:
    with open_portal(tmp_path, {"NPS_INSTANCE_DIR": str(tmp_path)}) as fresh:
        started = fresh.command("web")

    assert started.returncode == 1
    assert "nps-portal migrate" in started.stderr
