"""The personas that need no browser: what each does with the links of an email.

P1 to P3 and P7 are machines, H1 and H3 to H6 people; those of P4 to P6 and H2 need one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from benchmarks.scanners import agents
from benchmarks.scanners.agents import Agent
from benchmarks.scanners.visitors import Deed, Visitor, Wire, open_form

COMMENTS = ("", "The van came on the day that was promised.", "I waited for a week.\nNobody rang.")
FIRST_THOUGHT, SECOND_THOUGHT = 9, 3
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0

Act = Callable[[Wire, Visitor], Awaitable[Deed]]


@dataclass(frozen=True, kw_only=True)
class Persona:
    """A way to behave; `delivered` is how long before the first act the email had left, in seconds.

    `requests` is what one recipient sends about, by which the load is planned.
    """

    name: str
    what: str
    delivered: tuple[float, float]
    requests: int
    act: Act


async def ask_for_headers(wire: Wire, visitor: Visitor) -> Deed:
    """P1: ask for the headers of every link."""
    agent = agents.header_reader(visitor.chance)
    for link in (*visitor.recipient.links, visitor.recipient.unsubscribe):
        await wire.send(agent, "HEAD", link)
        await asyncio.sleep(visitor.chance.uniform(0.02, 0.2))
    return Deed(recipient=visitor.recipient)


async def open_all(wire: Wire, visitor: Visitor) -> Deed:
    """P2: open every link, the hidden one too, within three seconds."""
    await _scan(wire, visitor)
    return Deed(recipient=visitor.recipient)


async def open_some(wire: Wire, visitor: Visitor) -> Deed:
    """P3: open three links by chance, with pauses by chance, as an ordinary browser."""
    agent = agents.sampler(visitor.chance)
    links = visitor.chance.sample(visitor.recipient.links, 3)
    for link in (*links, visitor.recipient.unsubscribe):
        await wire.send(agent, "GET", link)
        await asyncio.sleep(visitor.chance.uniform(*visitor.pace.gap))
    return Deed(recipient=visitor.recipient)


async def open_one(wire: Wire, visitor: Visitor) -> Deed:
    """P7: open one link from the person's own network, as antivirus programs do."""
    link = visitor.chance.choice(visitor.recipient.links[:11])
    await wire.send(agents.antivirus(visitor.chance), "GET", link)
    return Deed(recipient=visitor.recipient)


async def answer(wire: Wire, visitor: Visitor) -> Deed:
    """H1: click a score, read, perhaps pick another, send."""
    return await _answer(wire, visitor, visitor.person())


async def answer_without_scripts(wire: Wire, visitor: Visitor) -> Deed:
    """H3: the same in a browser that runs no scripts."""
    return await _answer(wire, visitor, visitor.person(), scripts=False)


async def answer_behind_a_scanner(wire: Wire, visitor: Visitor) -> Deed:
    """H4: a scanner opens every link, the person answers minutes later."""
    await _scan(wire, visitor)
    await asyncio.sleep(visitor.pace.behind_a_scanner)
    return await _answer(wire, visitor, visitor.person())


async def change_their_mind(wire: Wire, visitor: Visitor) -> Deed:
    """H5: send a 9, then a 3: at once by picking it, or later by the other link of the email."""
    person, recipient = visitor.person(), visitor.recipient
    formless = await _send(wire, visitor, person, recipient.links[FIRST_THOUGHT], FIRST_THOUGHT)
    if recipient.number % 2 == 0:
        formless += await _send(wire, visitor, person, recipient.survey, SECOND_THOUGHT)
    else:
        await asyncio.sleep(visitor.chance.uniform(*visitor.pace.again))
        link = recipient.links[SECOND_THOUGHT]
        formless += await _send(wire, visitor, person, link, SECOND_THOUGHT)
    return Deed(recipient=recipient, score=SECOND_THOUGHT, formless=formless)


async def answer_in_isolation(wire: Wire, visitor: Visitor) -> Deed:
    """H6: answer in a browser that runs in a mail security company's data centre."""
    return await _answer(wire, visitor, agents.isolated_person(visitor.chance))


PERSONAS = (
    Persona(
        name="P1",
        what="asks for the headers of all links",
        delivered=(0.0, 5.0),
        requests=13,
        act=ask_for_headers,
    ),
    Persona(
        name="P2",
        what="opens all 12 links within 3 s",
        delivered=(1.0, 10 * MINUTE),
        requests=13,
        act=open_all,
    ),
    Persona(
        name="P3",
        what="opens 3 links by chance, 1–20 s apart",
        delivered=(5.0, 15 * MINUTE),
        requests=4,
        act=open_some,
    ),
    Persona(
        name="P7",
        what="opens one link from the person's own network",
        delivered=(30.0, 31.0),
        requests=1,
        act=open_one,
    ),
    Persona(
        name="H1",
        what="sends an answer",
        delivered=(MINUTE, 2 * DAY),
        requests=3,
        act=answer,
    ),
    Persona(
        name="H3",
        what="sends an answer without scripts",
        delivered=(MINUTE, 2 * DAY),
        requests=3,
        act=answer_without_scripts,
    ),
    Persona(
        name="H4",
        what="sends an answer 5 minutes after a scanner",
        delivered=(1.0, 20.0),
        requests=16,
        act=answer_behind_a_scanner,
    ),
    Persona(
        name="H5",
        what="sends a 9, then a 3",
        delivered=(MINUTE, 2 * DAY),
        requests=6,
        act=change_their_mind,
    ),
    Persona(
        name="H6",
        what="sends an answer in an isolation browser",
        delivered=(HOUR, 2 * HOUR),
        requests=3,
        act=answer_in_isolation,
    ),
)


async def _scan(wire: Wire, visitor: Visitor) -> None:
    scanner = agents.link_opener(visitor.chance)

    async def open_link(link: str, after: float) -> None:
        await asyncio.sleep(after)
        await wire.send(scanner, "GET", link)

    links = (*visitor.recipient.links, visitor.recipient.unsubscribe)
    waits = [visitor.chance.uniform(0, visitor.pace.burst) for _ in links]
    await asyncio.gather(
        *(open_link(link, after) for link, after in zip(links, waits, strict=True))
    )


async def _answer(wire: Wire, visitor: Visitor, person: Agent, *, scripts: bool = True) -> Deed:
    """Answer as most do, with the score that was clicked; one in five picks another on the page."""
    clicked = visitor.chance.randrange(11)
    score = visitor.chance.randrange(11) if visitor.chance.random() < 0.2 else clicked
    link = visitor.recipient.links[clicked]
    formless = await _send(wire, visitor, person, link, score, scripts=scripts)
    return Deed(recipient=visitor.recipient, score=score, formless=formless)


async def _send(
    wire: Wire, visitor: Visitor, person: Agent, link: str, score: int, *, scripts: bool = True
) -> int:
    """Open a link, read, send the score and see the thanks; return how many pages had no form."""
    form = await open_form(wire, person, link)
    if not form.is_there:
        return 1
    await visitor.read()
    sent = {
        "nonce": form.nonce,
        "score": str(score),
        "comment": visitor.chance.choice(COMMENTS),
        "hand": "",
    }
    if scripts:
        picked = ",pick" if not link.endswith(f"/{score}") else ""
        sent["hand"] = f"trusted,pointer,move{picked}"
    survey = visitor.recipient.survey
    await wire.send(person, "POST", survey, sent)
    await wire.send(person, "GET", f"{survey}/thanks")
    return 0
