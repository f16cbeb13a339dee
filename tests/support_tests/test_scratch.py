"""What tests throw away lies in memory, where there is enough."""

from pathlib import Path

from tests.support.scratch import scratch_directory


def test_a_directory_with_room_is_taken(tmp_path: Path) -> None:
    assert scratch_directory(tmp_path, needed_bytes=1) == tmp_path


def test_a_small_one_is_not(tmp_path: Path) -> None:
    assert scratch_directory(tmp_path, needed_bytes=2**62) is None


def test_nor_is_one_that_is_not_there(tmp_path: Path) -> None:
    assert scratch_directory(tmp_path / "nowhere", needed_bytes=1) is None
