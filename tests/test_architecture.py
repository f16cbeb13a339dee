"""The storeys of the house: each room imports only rooms on storeys below its own."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import nps_portal

PACKAGE = Path(nps_portal.__file__).parent
STOREYS = {
    "nps": 0,
    "foundation": 1,
    "config": 1,
    "migrations": 1,
    "journal": 2,
    "mail": 2,
    "reports": 2,
    "accounts": 3,
    "contacts": 4,
    "segments": 6,
    "surveys": 4,
    "mailbox": 4,
    "outbox": 5,
    "delivery": 6,
    "batches": 7,
    "messages": 7,
    "visits": 8,
    "responses": 9,
    "followups": 10,
    "insights": 11,
    "imports": 10,
    "inbox": 11,
    "privacy": 11,
    "exports": 11,
    "histories": 12,
    "doctor": 12,
    "companies": 12,
    "merges": 12,
    "bulk": 12,
    "customer_pages": 12,
    "worker": 13,
}
TOP = 14
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST_MODULE = 300
LONGEST_FUNCTION = 40
# Only these may know the web; commands, queries and models run the same without it.
WEB_MODULES = (
    "views.py",
    "_views.py",
    "_pages.py",
    "_page.py",
    "forms.py",
    "guards.py",
    "limits.py",
)
WEB_NAMES = {"request", "render_template", "redirect", "session", "url_for", "Blueprint", "flash"}


def room_of(path: Path) -> str:
    """Return the room (or top-level module) that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def storey(room: str) -> int:
    """Return the storey of a room; what stands outside the rooms is above them all."""
    return STOREYS.get(room, TOP)


def imports_of(path: Path) -> Iterator[str]:
    """Return every module of ours that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.startswith("nps_portal"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nps_portal"):
            if node.module == "nps_portal":
                yield from (f"nps_portal.{name.name}" for name in node.names)
            else:
                yield str(node.module)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_what_stands_below_it(path: Path) -> None:
    room = room_of(path)

    wrong = [
        name
        for name in imports_of(path)
        if (other := name.split(".")[1] if "." in name else "") != room
        and other
        and storey(room) < TOP
        and storey(other) >= storey(room)
        and not (storey(room) == storey(other) == 1)
    ]

    assert wrong == []


def test_every_folder_of_the_package_has_its_storey() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}

    assert rooms <= set(STOREYS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_street_side_knows_the_web(path: Path) -> None:
    room = room_of(path)
    if path.name.endswith(WEB_MODULES) or room == "foundation" or storey(room) == TOP:
        return

    known = {
        name.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "flask"
        for name in node.names
    }

    assert known & WEB_NAMES == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_and_functions_stay_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if "versions" in path.parts:
        return

    long_functions = [
        node.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno >= LONGEST_FUNCTION
    ]

    assert len(text.splitlines()) <= LONGEST_MODULE
    assert long_functions == []


def test_only_the_unit_of_work_commits() -> None:
    committing = [
        str(path.relative_to(PACKAGE))
        for path in MODULES
        if ".commit(" in path.read_text(encoding="utf-8")
    ]

    assert committing == ["foundation/database.py"]


def test_only_the_clock_reads_the_time() -> None:
    reading = [
        str(path.relative_to(PACKAGE))
        for path in MODULES
        if "datetime.now(" in path.read_text(encoding="utf-8")
    ]

    assert reading == ["foundation/clock.py"]
