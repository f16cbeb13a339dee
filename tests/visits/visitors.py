"""Whoever opens a survey's links: people and machines, over the application's own addresses."""

from dataclasses import dataclass

from flask import Flask
from werkzeug.test import TestResponse

from nps_portal.nps import SCORES
from nps_portal.responses.judging import judge_visits
from nps_portal.responses.models import Response
from nps_portal.visits.models import Verdict, Visit
from tests.customer_pages.asking import Asked, nonce_in, responses, visits
from tests.support import factories
from tests.support.clock import FixedClock

HOME, SCANNER, OTHER_HOME = "84.115.9.7", "198.51.100.20", "81.2.69.142"
MICROSOFT, PROOFPOINT = "104.47.12.8", "67.231.152.10"
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/128.0.0.0 Safari/537.36"
)
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)
OLD_CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/79.0.3945.88 Safari/537.36"
)
BY_HAND = "trusted,pointer,move"
BY_SCRIPT = "untrusted"


@dataclass(kw_only=True)
class Visitor:
    """One program at one address; `page` is what it opened last."""

    app: Flask
    clock: FixedClock
    asked: Asked
    address: str = HOME
    agent: str = WINDOWS
    page: TestResponse | None = None

    def open(self, score: int | None = None, *, method: str = "GET", **headers: str) -> None:
        """Open the link of a score, or the plain one."""
        path = self.asked.path if score is None else f"{self.asked.path}/{score}"
        self.page = self._request(method, path, headers)
        assert self.page.status_code == 200

    def open_decoy(self) -> None:
        """Open the link that people cannot see."""
        self.page = self._request("GET", f"{self.asked.path}/11", {})

    def send(self, score: int, *, hand: str = "", comment: str = "") -> None:
        """Send the form of the page that is open; without a `hand` there were no scripts."""
        assert self.page is not None
        form = {"nonce": nonce_in(self.page), "score": str(score), "comment": comment}
        answer = self._request("POST", self.asked.path, {}, form | ({"hand": hand} if hand else {}))
        assert answer.status_code == 303

    def look(self, score: int, seconds: float = 4, gestures: str = "move") -> None:
        """Stay on the open page and leave, of which the page tells."""
        assert self.page is not None
        self.clock.advance(seconds=seconds)
        form = {
            "nonce": nonce_in(self.page),
            "score": str(score),
            "dwell": str(int(seconds * 1000)),
            "gestures": gestures,
        }
        self._request("POST", f"{self.asked.path}/seen", {}, form)

    def answer(self, score: int, *, hand: str = BY_HAND, after: float = 8) -> None:
        """Open the link of a score and send it after a while."""
        self.open(score)
        self.clock.advance(seconds=after)
        self.send(score, hand=hand)

    def _request(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        form: dict[str, str] | None = None,
    ) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.app.test_client().open(
            path,
            method=method,
            data=form,
            headers={"User-Agent": self.agent, **named},
            environ_base={"REMOTE_ADDR": self.address},
        )


def open_all(machine: Visitor, seconds: float = 0.25) -> None:
    """Open every link of the email, the hidden one last."""
    for score in SCORES:
        machine.open(score)
        machine.clock.advance(seconds=seconds)
    machine.open_decoy()


def judge_after_the_hold(clock: FixedClock, minutes: float = 31) -> int:
    """Let the hold time pass and the worker judge; return of how many Invitations."""
    clock.advance(minutes=minutes)
    return judge_now()


def judge_now() -> int:
    """Let the worker judge what is due."""
    with factories.work() as work:
        return judge_visits(work)


def the_response() -> Response:
    """Return the one Response that there is."""
    [response] = responses()
    return response


def rules_of(visit: Visit) -> list[str]:
    """Return the ids of the rules that a visit is marked with."""
    return list(visit.marks.get("rules", []))


def verdicts() -> list[Verdict | None]:
    """Return who the visits were, oldest first."""
    return [visit.verdict for visit in visits()]
