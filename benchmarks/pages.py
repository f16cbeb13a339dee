"""How long every page over contacts takes among a million of them, asked as a browser asks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.people import write_import
from benchmarks.segment_kinds import SEGMENTS
from benchmarks.support import (
    heading,
    option_parser,
    print_table,
    process_environment,
    run_apart,
    throwaway_portal,
)

if TYPE_CHECKING:
    from flask.testing import FlaskClient

GOAL_SECONDS = 0.2
IMPORTED = 5_000
WAITING = 50_000
_URL = "https://feedback.acme.example"


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page to ask for; `follows` says that another page asks for it by itself."""

    name: str
    path: str
    follows: bool = False


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What the requests of one page took, in seconds."""

    page: Page
    middle: float
    worst: float


def main(arguments: Sequence[str]) -> None:
    """Ask every page and print what each took."""
    parser = option_parser("Every page over contacts", runs=5)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument(
        "--keep", type=Path, help="a directory whose database is used again, or made and kept"
    )
    parser.add_argument("--only", default="", help="pages with this in their name alone")
    chosen = parser.parse_args(arguments)
    with _portal(chosen.database, chosen.keep) as environment:
        ready = Path(environment["NPS_INSTANCE_DIR"]) / "pages.json"
        if not ready.exists():
            pages = run_apart("benchmarks.pages:filled", environment, chosen.people)
            ready.write_text(json.dumps(pages))
        wanted = [one for one in json.loads(ready.read_text()) if chosen.only in one["name"]]
        taken = run_apart("benchmarks.pages:asked", environment, wanted, chosen.runs)
    print(heading(f"Pages over {chosen.people:,} contacts, milliseconds", chosen.runs))
    print(f"load average {', '.join(f'{one:.1f}' for one in os.getloadavg())}\n")
    for title, follows in (("page", False), ("asked for by a page that is shown already", True)):
        rows = [one for one in taken if one.page.follows is follows]
        headers = [title, "median", "worst"]
        print_table(headers, [[_told(one), _ms(one.middle), _ms(one.worst)] for one in rows])
        kept = sum(one.middle < GOAL_SECONDS for one in rows)
        print(f"\n{kept} of {len(rows)} keep {_ms(GOAL_SECONDS)} ms\n")


def filled(environment: dict[str, str], people: int) -> list[dict[str, Any]]:
    """Make the people and all around them, and return the pages to ask for."""
    os.environ.update(environment)
    from benchmarks import crowd
    from nps_portal import create_app
    from nps_portal.foundation.database import db, reading
    from nps_portal.foundation.work import COMMAND_LINE, unit_of_work
    from nps_portal.segments import commands, queries
    from nps_portal.segments.reading import parse

    with create_app().app_context():
        crowd.fill(people)
        segments = {}
        for name, stored in SEGMENTS.items():
            with unit_of_work(COMMAND_LINE) as work:
                rules = parse(stored, queries.catalogue(work.session))
                segments[name] = commands.add_segment(work, name, rules).id
        imports = _imports(Path(environment["NPS_INSTANCE_DIR"]))
        reading().rollback()
        db.engine.dispose()
    return [
        asdict(one)
        for one in (*_pages(people, imports), *_of_segments(segments), *_further(segments))
    ]


def asked(
    environment: dict[str, str], pages: Sequence[Mapping[str, Any]], runs: int
) -> list[Taken]:
    """Ask for each page once to warm up, then as often as wanted; each must answer."""
    os.environ.update(environment)
    from benchmarks.crowd import OWNER, PASSWORD
    from nps_portal import create_app

    client = create_app().test_client()
    form = client.get("/sign-in", base_url=_URL).get_data(as_text=True)
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
    assert found is not None, "The page for signing in has no token."
    given = {"csrf_token": found[1], "email": OWNER, "password": PASSWORD}
    # Behind https the form is taken from its own page alone.
    said = client.post(
        "/sign-in", data=given, base_url=_URL, headers={"Referer": f"{_URL}/sign-in"}
    )
    assert said.status_code == 302 or said.status_code == 303, said.status
    taken = []
    for page in (Page(**one) for one in pages):
        _seconds(client, page)
        times = [_seconds(client, page) for _ in range(runs)]
        taken.append(Taken(page=page, middle=median(times), worst=max(times)))
        told = f"{page.name}: {_ms(taken[-1].middle)}, {_ms(taken[-1].worst)}"
        print(told, file=sys.stderr, flush=True)
    return taken


def _seconds(client: FlaskClient, page: Page) -> float:
    began = time.perf_counter()
    answer = client.get(page.path, base_url=_URL, headers={"Accept-Encoding": "gzip"})
    answer.get_data()
    taken = time.perf_counter() - began
    assert answer.status_code == 200, f"{page.path} answered {answer.status}."
    return taken


def _imports(directory: Path) -> Mapping[str, int]:
    """Bring one file in, and leave another one waiting for a word."""
    from nps_portal.foundation.work import COMMAND_LINE, WORKER, unit_of_work
    from nps_portal.imports.commands import choice_of, confirm_import
    from nps_portal.imports.queries import import_by_id
    from nps_portal.imports.running import run_import
    from nps_portal.imports.taking_in import take_in

    ids = {}
    for name, rows in (("waiting", WAITING), ("done", IMPORTED)):
        path = directory / f"{name}.csv"
        write_import(path, rows)
        with path.open("rb") as file:
            ids[name] = take_in(COMMAND_LINE, file, path.name)
    with unit_of_work(COMMAND_LINE) as work:
        kept = import_by_id(work.session, ids["done"])
        assert kept is not None
        confirm_import(work, ids["done"], choice_of(kept))
    run_import(ids["done"], WORKER, threading.Event())
    return ids


def _pages(people: int, imports: Mapping[str, int]) -> Iterator[Page]:
    middle = people // 2
    for name, path in {
        "contacts": "/contacts",
        "contacts, from the middle": f"/contacts?after={middle}&first={middle}",
        "contacts, newest first": "/contacts?sort=newest",
        "contacts, lowest score": "/contacts?sort=lowest",
        "contacts, last answer": "/contacts?sort=answered",
        "contacts, detractors": "/contacts?score=detractor",
        "contacts, detractors, last answer": "/contacts?score=detractor&sort=answered",
        "contacts, without a score": "/contacts?score=none",
        "contacts, improving": "/contacts?trend=improving",
        "contacts, a tag": "/contacts?tag=3",
        "contacts, a tag and detractors": "/contacts?tag=3&score=detractor",
        "contacts, an owner's": "/contacts?owner=1",
        "contacts, nobody's": "/contacts?owner=none",
        "contacts, a company": "/contacts?company=Company+77",
        "contacts, in German": "/contacts?language=de",
        "contacts, not to be mailed": "/contacts?group=suppressed",
        "contacts, paused": "/contacts?group=paused",
        "contacts, removed": "/contacts?group=removed",
        "search: a name that many have": "/contacts?q=marta",
        "search: part of a name, few": "/contacts?q=77777",
        "search: two words": "/contacts?q=lindqvist+77777",
        "search: an address": "/contacts?q=customer77777@company17778.example",
        "search: part of an address": "/contacts?q=@company77.ex",
        "search: a company": "/contacts?q=Company+77",
        "search: ä": "/contacts?q=m%C3%A4x+777",
        "search: nobody": "/contacts?q=qqqqqq",
        "search: a name and detractors": "/contacts?q=marta&score=detractor",
        "contact": "/contacts/21",
        "contact, form": "/contacts/21/edit",
        "contact, data": "/contacts/21/data.json",
        "contact, phone answer": "/contacts/21/phone-answer",
        "contact, new": "/contacts/new",
        "duplicates": "/contacts/duplicates",
        "duplicates, page 2": "/contacts/duplicates?page=2",
        "merge, search": "/contacts/21/merge?q=marta+77777",
        "merge, compare": "/contacts/21/merge/20021",
        "tags": "/contacts/tags",
        "tag": "/contacts/tags/3",
        "properties": "/settings/properties",
        "property": "/settings/properties/2",
        "companies": "/companies",
        "companies, by revenue": "/companies?order=revenue",
        "companies, last page": "/companies?page=400",
        "companies, alarms": "/companies?group=alarm",
        "companies, silent": "/companies?group=silent",
        "companies, search": "/companies?q=777",
        "company": "/companies/77",
        "company, form": "/companies/77/edit",
        "company, suggestions": "/companies/suggestions",
        "segments": "/segments",
        "segment, new": "/segments/new",
        "send to everybody": "/batches/new",
        "send to a segment": "/batches/new?survey_id=1&segment_id=2",
        "send to a large segment": "/batches/new?survey_id=1&segment_id=13",
        "send to chosen ones": "/batches/new?survey_id=1&contact_ids=1,2,3",
        "sends": "/batches",
        "a send": "/batches/1",
        "imports": "/contacts/imports",
        "import, new": "/contacts/imports/new",
        "import, waiting": f"/contacts/imports/{imports['waiting']}",
        "import, done": f"/contacts/imports/{imports['done']}",
        "import, undo": f"/contacts/imports/{imports['done']}/undo",
        "bulk, a filter": "/contacts/bulk?all=1&tag=3",
        "bulk, everybody": "/contacts/bulk?all=1",
        "bulk, a segment": "/contacts/bulk?segment_id=2",
        "bulk, a field": "/contacts/bulk/field?all=1&tag=3&field=language",
        "overview": "/",
        "overview of a segment": "/?segment=2",
        "answers": "/responses",
        "answers by phone": "/responses/phone",
        "emails": "/messages",
        "returned mail": "/messages/came-back",
        "tasks": "/tasks",
        "who looked": "/settings/privacy/looks",
        "retention": "/settings/privacy",
    }.items():
        yield Page(name=name, path=path)


def _further(segments: Mapping[str, int]) -> Iterator[Page]:
    """Give what pages ask for by themselves when they are shown already, besides counts."""
    rare = segments["name contains"]
    for name, path in {
        "companies, what they add up to": "/companies/totals",
        "company suggestions among 50,000": "/companies/suggestions?whole=1",
        "duplicates among 50,000": "/contacts/duplicates?whole=1",
        "send, everybody judged": "/batches/new?whole=1",
        "send, a large segment judged": "/batches/new?survey_id=1&segment_id=13&whole=1",
        "segment, everybody looked at": f"/segments/{rare}?whole=1",
    }.items():
        yield Page(name=name, path=path, follows=True)


def _of_segments(segments: Mapping[str, int]) -> Iterator[Page]:
    for name, segment_id in segments.items():
        yield Page(name=f"segment: {name}", path=f"/segments/{segment_id}")
    for name, segment_id in segments.items():
        yield Page(name=f"count: {name}", path=f"/segments/{segment_id}/count", follows=True)
    yield Page(name="segment, edit", path=f"/segments/{segments['promoters']}/edit")


@contextmanager
def _portal(database: str, kept: Path | None) -> Iterator[dict[str, str]]:
    """Give the environment of a portal; one that is kept is brought to the present schema."""
    if kept is None:
        with throwaway_portal(database) as environment:
            yield environment
        return
    known = kept / "environment.json"
    if known.exists():
        environment = json.loads(known.read_text())
    else:
        kept.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{kept / 'benchmark.sqlite'}"
        if database != "sqlite":
            url = run_apart("benchmarks.databases:create_database", database)
        environment = {
            "NPS_INSTANCE_DIR": str(kept),
            "NPS_SECRET_KEY": "only-for-benchmarks-0123456789",
            "NPS_DATABASE_URL": url,
            "NPS_PUBLIC_URL": _URL,
        }
        known.write_text(json.dumps(environment))
    migrate = [sys.executable, "-m", "nps_portal", "migrate"]
    subprocess.run(
        migrate, env=process_environment(environment), check=True, stdout=subprocess.DEVNULL
    )
    yield environment


def _told(taken: Taken) -> str:
    return taken.page.name if taken.middle < GOAL_SECONDS else f"**{taken.page.name}**"


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:,.0f}"


if __name__ == "__main__":
    main(sys.argv[1:])
