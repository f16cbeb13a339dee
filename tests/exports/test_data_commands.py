"""The commands that carry an account's data out of one portal and into another."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nps_portal import create_app
from nps_portal.config import load_settings
from nps_portal.foundation.database import db
from tests.conftest import MakeDatabase, environment
from tests.support import factories
from tests.support.portal import Portal, open_portal


@pytest.fixture
def portals(make_database: MakeDatabase, tmp_path: Path) -> Iterator[tuple[Portal, Portal]]:
    """Give a portal with one person, and an empty one."""
    places = [tmp_path / "full", tmp_path / "empty"]
    settings = []
    for place in places:
        place.mkdir()
        settings.append(environment(place, make_database(place, place.name)))
        app = create_app(load_settings(settings[-1]))
        with app.app_context():
            with factories.work() as work:
                factories.make_business(work)
                factories.make_survey(work)
                if place is places[0]:
                    factories.make_contact(work, "ada@example.org")
            db.session.remove()
            db.engine.dispose()
    with open_portal(places[0], settings[0]) as full, open_portal(places[1], settings[1]) as empty:
        yield full, empty


def test_data_go_from_one_portal_into_another(
    portals: tuple[Portal, Portal], tmp_path: Path
) -> None:
    full, empty = portals
    past = tmp_path / "past.csv"
    past.write_text("Email,Score,Date\nada@example.org,9,2025-01-31\nx,9,2025-01-31\n")

    answers = full.command("import", "responses", str(past))
    exported = full.command("export", str(tmp_path / "out"))
    folder = Path(exported.stdout.strip())
    restored = empty.command("import", "all", str(folder / "nps-portal.zip"))
    again = empty.command("import", "all", str(folder / "nps-portal.zip"))
    undone = full.command("import", "responses", "--undo", "1")
    nothing = full.command("import", "responses", str(folder / "nps-portal.zip"))
    both = full.command("import", "responses")

    assert answers.returncode == 0, answers.stderr
    assert "1 answers added, 0 known already, 1 refused." in answers.stdout
    assert "line 3:" in answers.stderr
    assert exported.returncode == 0, exported.stderr
    assert {"contacts.csv", "nps-portal.xlsx", "nps-portal.zip"} <= {
        path.name for path in folder.iterdir()
    }
    assert (restored.returncode, restored.stdout) == (0, "1 contacts and 1 answers are in.\n")
    assert again.returncode == 1
    assert "This portal has contacts already, so nothing was imported." in again.stderr
    assert undone.stdout.startswith("1 answers and 0 contacts taken back")
    assert (nothing.returncode, both.returncode) == (1, 2)
    assert "Traceback" not in nothing.stderr + both.stderr + again.stderr
