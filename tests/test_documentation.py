"""The documentation says what the code does."""

import enum
import re
from pathlib import Path

import pytest

from nps_portal.cli import commands
from nps_portal.config import Settings

ROOT = Path(__file__).parent.parent
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `NPS_(\w+)` \| (.*) \|$", CONFIGURATION, re.MULTILINE))
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def test_every_setting_stands_in_the_table_and_no_other() -> None:
    assert list(ROWS) == [name.upper() for name in Settings.model_fields]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_is_described_as_in_the_code(name: str) -> None:
    field = Settings.model_fields[name]
    default = field.default.value if isinstance(field.default, enum.Enum) else field.default

    row = ROWS[name.upper()]

    assert str(field.description) in row
    if isinstance(default, str | int):
        assert f"`{default}`" in row


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", text)

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_command_is_in_the_operating_guide() -> None:
    guide = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    # Flask and its extensions add commands of their own, which their own manuals describe.
    ours = {
        name
        for name, command in commands.commands.items()
        if command.callback is not None and command.callback.__module__.startswith("nps_portal")
    }

    missing = [name for name in sorted(ours) if f"nps-portal {name}" not in guide]

    assert missing == []
