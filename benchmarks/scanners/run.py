"""A run of the bench against a portal that answers: act, let time pass, read what was counted."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from benchmarks.scanners import installation
from benchmarks.scanners.browsers import BROWSER_PERSONAS, BrowserPersona, visit_all
from benchmarks.scanners.installation import Environment, Recipient
from benchmarks.scanners.personas import PERSONAS, Persona
from benchmarks.scanners.targets import Fate, Judged, judged
from benchmarks.scanners.visitors import Deed, Pace, Visitor, Wire
from benchmarks.support import run_apart
from nps_portal.foundation.clock import SystemClock

HOLD_IS_OVER = timedelta(hours=2)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How the bench is run; `rate` is how many requests a second are meant to arrive."""

    base_url: str
    seed: int
    pace: Pace
    rate: float


@dataclass(frozen=True, kw_only=True)
class Acted:
    """What all did, and how the portal bore it."""

    deeds: Sequence[Deed]
    requests: int = 0
    busy: int = 0


def people(names: Sequence[str], by_wire: int, in_browsers: int) -> dict[str, int]:
    """Return how many recipients each persona has; no names are all."""
    wanted = {one.name: by_wire for one in PERSONAS}
    wanted |= {one.name: in_browsers for one in BROWSER_PERSONAS}
    return {name: count for name, count in wanted.items() if count and (not names or name in names)}


def act_by_wire(environment: Environment, recipients: Sequence[Recipient], plan: Plan) -> Acted:
    """Let the personas without a browser act, all at the same time."""
    visits = [
        (persona, Visitor(recipient, plan.seed, plan.pace))
        for persona in PERSONAS
        for recipient in recipients
        if recipient.persona == persona.name
    ]
    return asyncio.run(_by_wire(environment, visits, plan)) if visits else Acted(deeds=[])


def act_in_browsers(environment: Environment, recipients: Sequence[Recipient], plan: Plan) -> Acted:
    """Let the personas with a browser act, a few at a time."""
    visits: list[tuple[BrowserPersona, Visitor]] = [
        (persona, Visitor(recipient, plan.seed, plan.pace))
        for persona in BROWSER_PERSONAS
        for recipient in recipients
        if recipient.persona == persona.name
    ]
    if not visits:
        return Acted(deeds=[])

    # Python's parser, with which addresses are compiled, fails where two applications are made
    # in two threads at once.
    one_by_one = asyncio.Lock()

    async def before(visitor: Visitor, seconds: float) -> None:
        async with one_by_one:
            at = SystemClock().now() - timedelta(seconds=seconds)
            sent = {visitor.recipient.invitation_id: at}
            await asyncio.to_thread(installation.set_deliveries, environment, sent)

    return Acted(deeds=asyncio.run(visit_all(plan.base_url, visits, before)))


def outcome(environment: Environment, deeds: Sequence[Deed]) -> list[Judged]:
    """Let the hold pass, judge, and return a line for each persona, in the order of their names."""
    run_apart("benchmarks.scanners.installation:judge", environment, HOLD_IS_OVER)
    sent = installation.outcomes(environment)
    installation.count_what_was_seen(environment)
    seen = installation.outcomes(environment)
    fates: dict[str, list[Fate]] = {}
    for deed in deeds:
        one = deed.recipient.invitation_id
        fate = Fate(deed=deed, sent=sent[one], seen=seen[one])
        fates.setdefault(deed.recipient.persona, []).append(fate)
    what: Mapping[str, str] = {one.name: one.what for one in (*PERSONAS, *BROWSER_PERSONAS)}
    machines_first = sorted(fates, key=lambda name: (name[0] != "P", name))
    return [judged(name, what[name], fates[name]) for name in machines_first]


async def _by_wire(
    environment: Environment, visits: Sequence[tuple[Persona, Visitor]], plan: Plan
) -> Acted:
    window = sum(persona.requests for persona, _ in visits) / plan.rate
    now = SystemClock().now()
    starts = [visitor.start_within(window) for _, visitor in visits]
    installation.set_deliveries(
        environment,
        {
            visitor.recipient.invitation_id: now
            + timedelta(seconds=start - visitor.chance.uniform(*persona.delivered))
            for (persona, visitor), start in zip(visits, starts, strict=True)
        },
    )
    wire = Wire(plan.base_url)

    async def act(persona: Persona, visitor: Visitor, start: float) -> Deed:
        await asyncio.sleep(start)
        return await persona.act(wire, visitor)

    try:
        deeds = await asyncio.gather(
            *(
                act(persona, visitor, start)
                for (persona, visitor), start in zip(visits, starts, strict=True)
            )
        )
    finally:
        await wire.close()
    return Acted(deeds=deeds, requests=wire.requests, busy=wire.busy)
