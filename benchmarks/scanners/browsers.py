"""The personas that run the page's script, each in a real Chromium without a screen."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Browser, Page, async_playwright

from benchmarks.scanners import agents
from benchmarks.scanners.agents import CHROME
from benchmarks.scanners.personas import DAY, MINUTE
from benchmarks.scanners.proxy import coming_from
from benchmarks.scanners.visitors import Deed, Visitor
from tests.support.browser import CHROMIUM_VARIABLE, FLAGS, SYSTEM_CHROMIUM

# Two shared cores cannot lay out more at once without slowing each other.
PAGES_AT_ONCE = 4
COMMENT = "Quick to answer the phone."
# Out of turn, because the page may be gone before the click returns.
PRESS = "(number) => setTimeout(() => document.querySelectorAll('button')[number].click())"
LEADS_ON = "(number) => document.querySelectorAll('button')[number].form.checkValidity()"
# Of itself it would say that it has no screen, which the portal knows for a sign of a machine.
CHROMIUMS_NAME = CHROME.format(version=131)

Act = Callable[[Page, Visitor], Awaitable[Deed]]
Before = Callable[[Visitor, float], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class BrowserPersona:
    """A way to behave in a browser; `delivered` is as for the others."""

    name: str
    what: str
    delivered: tuple[float, float]
    act: Act
    address: Callable[[Visitor], str]
    scripts: bool = True


async def load_all(page: Page, visitor: Visitor) -> Deed:
    """P4: load each link, run its script, wait, touch nothing."""
    return await _load(page, visitor, _touch_nothing)


async def press_all_by_script(page: Page, visitor: Visitor) -> Deed:
    """P5: load each link and let a script click every button."""
    return await _load(page, visitor, _press_by_script)


async def press_as_a_hand(page: Page, visitor: Visitor) -> Deed:
    """P6: load each link and press its first button as a pointer would."""
    return await _load(page, visitor, _press_by_pointer)


async def answer(page: Page, visitor: Visitor) -> Deed:
    """H1 and H3: click a score, read, perhaps pick another, write, press Send."""
    clicked = visitor.chance.randrange(11)
    score = clicked
    await page.goto(visitor.recipient.links[clicked])
    if not await page.locator("input[name=nonce]").count():
        return Deed(recipient=visitor.recipient, score=score, formless=1)
    await page.mouse.move(150, 200, steps=4)
    await visitor.read()
    if visitor.recipient.number % 2:
        score = (clicked + 3) % 11
        await page.locator(f"label.score:has(input[value='{score}'])").click()
        await page.locator("textarea[name=comment]").fill(COMMENT)
    await page.locator("main form button[type=submit]").click()
    await page.wait_for_url("**/thanks*")
    return Deed(recipient=visitor.recipient, score=score)


async def look_and_leave(page: Page, visitor: Visitor) -> Deed:
    """H2: click a score, move the mouse, and leave by another page or by closing the tab."""
    clicked = visitor.chance.randrange(11)
    await page.goto(visitor.recipient.links[clicked])
    formless = int(not await page.locator("input[name=nonce]").count())
    await page.mouse.move(80, 120)
    await asyncio.sleep(visitor.pace.look / 2)
    await page.mouse.move(240, 360, steps=5)
    await asyncio.sleep(visitor.pace.look / 2)
    if visitor.recipient.number % 2:
        await page.close(run_before_unload=True)
    else:
        await page.goto("about:blank")
    return Deed(recipient=visitor.recipient, clicked=clicked, formless=formless)


def _cloud(visitor: Visitor) -> str:
    return agents.cloud_scanner(visitor.chance).address


def _home(visitor: Visitor) -> str:
    return visitor.person().address


BROWSER_PERSONAS = (
    BrowserPersona(
        name="P4",
        what="loads each link in Chromium and waits",
        delivered=(5.0, 10 * MINUTE),
        act=load_all,
        address=_cloud,
    ),
    BrowserPersona(
        name="P5",
        what="the same, and a script clicks every button",
        delivered=(5.0, 10 * MINUTE),
        act=press_all_by_script,
        address=_cloud,
    ),
    BrowserPersona(
        name="P6",
        what="the same, and a pointer presses the first button",
        delivered=(MINUTE, 10 * MINUTE),
        act=press_as_a_hand,
        address=_cloud,
    ),
    BrowserPersona(
        name="H1B",
        what="H1 in Chromium",
        delivered=(MINUTE, 2 * DAY),
        act=answer,
        address=_home,
    ),
    BrowserPersona(
        name="H2",
        what="clicks, moves, leaves after 4 s",
        delivered=(MINUTE, 2 * DAY),
        act=look_and_leave,
        address=_home,
    ),
    BrowserPersona(
        name="H3B",
        what="H3 in Chromium, scripts off",
        delivered=(MINUTE, 2 * DAY),
        act=answer,
        address=_home,
        scripts=False,
    ),
)


async def visit_all(
    portal_url: str,
    visits: Sequence[tuple[BrowserPersona, Visitor]],
    before: Before,
) -> list[Deed]:
    """Let each visitor act, a few at once; `before` says how long ago their email had left."""
    turns = asyncio.Semaphore(PAGES_AT_ONCE)

    async def visit(browser: Browser, persona: BrowserPersona, visitor: Visitor) -> Deed:
        async with turns:
            await before(visitor, visitor.chance.uniform(*persona.delivered))
            async with coming_from(persona.address(visitor), portal_url) as base_url:
                context = await browser.new_context(
                    base_url=base_url,
                    java_script_enabled=persona.scripts,
                    service_workers="block",
                )
                try:
                    return await persona.act(await context.new_page(), visitor)
                finally:
                    await context.close()

    async with _chromium() as browser:
        return await asyncio.gather(*(visit(browser, *one) for one in visits))


@asynccontextmanager
async def _chromium() -> AsyncIterator[Browser]:
    executable = os.environ.get(CHROMIUM_VARIABLE) or str(SYSTEM_CHROMIUM)
    flags = [*FLAGS, f"--user-agent={CHROMIUMS_NAME}"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=flags)
        try:
            yield browser
        finally:
            await browser.close()


async def _load(page: Page, visitor: Visitor, touch: Callable[[Page], Awaitable[None]]) -> Deed:
    """Load every link in an order by chance; every other scanner does not see the hidden one."""
    links = list(visitor.recipient.links)
    if visitor.recipient.number % 2:
        links.pop()
    visitor.chance.shuffle(links)
    for link in links:
        await page.goto(link)
        # Whoever presses at once is known by that; amid its stay a machine is harder to tell.
        await asyncio.sleep(visitor.pace.stay / 2)
        await touch(page)
        await asyncio.sleep(visitor.pace.stay / 2)
    await page.goto(visitor.recipient.unsubscribe)
    await asyncio.sleep(visitor.pace.stay)
    return Deed(recipient=visitor.recipient)


async def _touch_nothing(page: Page) -> None:
    return None


async def _press_by_script(page: Page) -> None:
    """Press one button after the other; where one led away, load the page anew for the next."""
    link = page.url
    for number in range(await page.locator("button").count()):
        if number:
            await page.goto(link)
        await _press(page, number, page.evaluate(PRESS, number))


async def _press_by_pointer(page: Page) -> None:
    await _press(page, 0, page.locator("button").first.click(no_wait_after=True))


async def _press(page: Page, number: int, press: Awaitable[None]) -> None:
    """Press a button and wait where it leads; a form without a score leads nowhere."""
    if not await page.evaluate(LEADS_ON, number):
        await press
        return
    async with page.expect_navigation():
        await press
