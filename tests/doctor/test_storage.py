"""The database file and its disk."""

from pathlib import Path

from nps_portal.config import Settings, load_settings
from nps_portal.doctor.findings import Lamp
from nps_portal.doctor.storage import database_finding, disk_finding
from tests.conftest import MakeDatabase, environment


def settings_of(directory: Path, url: str) -> Settings:
    return load_settings(environment(directory, url))


def test_a_whole_database_is_green(make_database: MakeDatabase, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, make_database(tmp_path))

    assert database_finding(settings, 5).lamp is Lamp.GREEN
    assert disk_finding(settings).lamp in Lamp


def test_a_damaged_file_is_a_fault_with_the_way_to_save_it(tmp_path: Path) -> None:
    file = tmp_path / "nps.sqlite"
    file.write_bytes(b"SQLite format 3\0" + b"\xff" * 8000)

    found = database_finding(settings_of(tmp_path, f"sqlite:///{file}"), 5)

    assert found.lamp is Lamp.RED
    assert "damaged" in found.text
    assert ".recover" in found.line


def test_a_file_too_large_for_the_time_is_not_called_damaged(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    settings = settings_of(tmp_path, make_database(tmp_path))

    found = database_finding(settings, 0)

    assert found.lamp is Lamp.GREEN
