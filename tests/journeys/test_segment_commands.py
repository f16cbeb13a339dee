"""Segments from the command line: sending to one, and its score."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from nps_portal import create_app
from nps_portal.config import load_settings
from nps_portal.foundation.database import db
from nps_portal.segments import commands
from nps_portal.segments.queries import catalogue
from nps_portal.segments.reading import parse
from tests.conftest import MakeDatabase, environment
from tests.support import factories
from tests.support.portal import Portal, open_portal


@pytest.fixture
def portal(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Portal]:
    """Give a portal with three people, two of them in the segment «Acme people»."""
    settings = environment(tmp_path, make_database(tmp_path, "segments"))
    app = create_app(load_settings(settings))
    with app.app_context():
        with factories.work() as work:
            factories.make_business(work)
            factories.make_survey(work)
            for company in ("Acme", "Acme", "Other"):
                factories.make_contact(work, company=company)
            condition = {"field": "company", "op": "is", "value": "Acme"}
            rules = parse({"groups": [{"conditions": [condition]}]}, catalogue(work.session))
            commands.add_segment(work, "Acme people", rules)
        db.session.remove()
        db.engine.dispose()
    with open_portal(tmp_path, settings) as opened:
        yield opened


def test_a_segment_is_sent_to_by_its_name(portal: Portal) -> None:
    sent = portal.command("send", "default", "--segment", "ACME people")

    assert sent.returncode == 0
    assert "asking 2 of 2" in sent.stderr
    assert sent.stdout.strip() == "1"


def test_a_misspelt_segment_is_answered_with_the_one_that_was_meant(portal: Portal) -> None:
    sent = portal.command("send", "default", "--segment", "acme peple")

    assert sent.returncode == 1
    assert "There is no segment called «acme peple»; did you mean «Acme people»?" in sent.stderr
    assert sent.stdout == ""


def test_the_score_of_a_segment_is_printed(portal: Portal) -> None:
    printed = portal.command("score", "--segment", "Acme people", "--json")

    assert json.loads(printed.stdout)["n"] == 0
