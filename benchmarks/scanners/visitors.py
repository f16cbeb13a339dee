"""What every persona acts with: a recipient's links, an agent's requests, and a pace."""

import asyncio
import random
import re
from dataclasses import dataclass

import httpx

from benchmarks.scanners import agents
from benchmarks.scanners.agents import Agent
from benchmarks.scanners.installation import Recipient
from benchmarks.support import WrongResult

CONNECTIONS = 64
TIMEOUT_SECONDS = 120.0
BUSY = 503
MOST_TRIES = 5

_NONCE = re.compile(r'name="nonce" value="([^"]+)"')


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long people and machines take, in seconds; two numbers are the shortest and longest.

    `again` is how long after the first answer a link of the email is clicked anew: two answers of
    one link each within a minute wait for a look, whoever sends them.
    """

    reading: tuple[float, float] = (4.0, 40.0)
    burst: float = 3.0
    gap: tuple[float, float] = (1.0, 20.0)
    behind_a_scanner: float = 300.0
    again: tuple[float, float] = (65.0, 120.0)
    stay: float = 10.0
    look: float = 4.0


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What a recipient has really done, in truth: machines give no score and choose none.

    `score` is the last one that a person sent; `clicked` one that they looked at and did not send.
    `formless` counts the pages on which a person found no form to answer with.
    """

    recipient: Recipient
    score: int | None = None
    clicked: int | None = None
    formless: int = 0


@dataclass(frozen=True, kw_only=True)
class Form:
    """A survey page as it was served; the nonce is empty where it had no form."""

    nonce: str

    @property
    def is_there(self) -> bool:
        """Tell whether it can be answered."""
        return bool(self.nonce)


class Wire:
    """The connections to the portal, shared by all agents; it counts how often it was busy."""

    def __init__(self, base_url: str) -> None:
        self.busy = 0
        self.requests = 0
        self._client = httpx.AsyncClient(
            base_url=base_url,
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            timeout=TIMEOUT_SECONDS,
        )

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()

    async def send(
        self, agent: Agent, method: str, path: str, form: dict[str, str] | None = None
    ) -> str:
        """Send a request and return the page; who is told to come again does so.

        :raises WrongResult: the answer is neither the page nor, for a form, the way to the thanks.
        """
        expected = 303 if method == "POST" else 200
        for _ in range(MOST_TRIES):
            answer = await self._client.request(method, path, headers=agent.headers, data=form)
            self.requests += 1
            if answer.status_code == expected:
                return answer.text
            if answer.status_code != BUSY:
                break
            self.busy += 1
            await asyncio.sleep(float(answer.headers["Retry-After"]))
        raise WrongResult(f"{method} {path} of {agent}: {answer.status_code} {answer.text[:500]}")


class Visitor:
    """One recipient, with chances of their own that the seed decides."""

    def __init__(self, recipient: Recipient, seed: int, pace: Pace) -> None:
        self.recipient = recipient
        self.pace = pace
        self.chance = random.Random(f"{seed} {recipient.persona} {recipient.number}")
        self._office = random.Random(
            f"{seed} {recipient.persona} office {recipient.number // agents.OFFICE_SIZE}"
        )
        self._is_in_an_office = agents.is_in_an_office(recipient.number)

    def start_within(self, seconds: float) -> float:
        """Return when to begin; an office opens its mail within the same minute."""
        if self._is_in_an_office:
            return self._office.uniform(0, seconds) + self.chance.uniform(0, min(40.0, seconds))
        return self.chance.uniform(0, seconds)

    def person(self) -> Agent:
        """Return the person with their browser, at home or in an office."""
        if self._is_in_an_office:
            return agents.colleague(self.chance, self._office)
        return agents.person(self.chance)

    async def read(self) -> None:
        """Read a page, as long as people take."""
        await asyncio.sleep(self.chance.uniform(*self.pace.reading))


async def open_form(wire: Wire, agent: Agent, path: str) -> Form:
    """Open a survey page."""
    found = _NONCE.search(await wire.send(agent, "GET", path))
    return Form(nonce=found[1] if found else "")
