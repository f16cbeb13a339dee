"""A real browser for the tests, which lets no page off a fault.

    with open_browser() as browser, open_page(browser, Viewport(width=360)) as page:
        page.goto(url)
        assert axe_violations(page) == []

A page fails its test for what a customer would never report: an error in the console, a script
that broke off, a file that did not load, and any request that leaves this machine.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    Request,
    Response,
    Route,
    WebError,
    sync_playwright,
)

CHROMIUM_VARIABLE = "NPS_TEST_CHROMIUM"
SYSTEM_CHROMIUM = Path("/usr/bin/chromium")

# Chromium's own errands, such as looking for updates, would be requests that leave the machine;
# its sandbox does not start for root or in most containers.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--headless",
    # Behind the watch below, so that nothing leaves even by a way that it does not see.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)

OWN_HOSTS = frozenset({"127.0.0.1", "localhost"})

# What the portal promises (WCAG 2.2 AA), and what axe calls good practice.
AXE_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


class BrowserMissing(RuntimeError):
    """The tests need a browser and cannot have it; they must fail rather than pass without."""


class FaultyPage(AssertionError):
    """A page did something that no page may do."""


class ColourScheme(Enum):
    """What the reader's system asks for."""

    LIGHT = "light"
    DARK = "dark"


class Scripts(Enum):
    """Whether the browser runs JavaScript."""

    ON = "on"
    OFF = "off"


@dataclass(frozen=True, kw_only=True)
class Viewport:
    """What the page is looked at with; sizes in CSS pixels."""

    width: int = 1280
    height: int = 900
    colour_scheme: ColourScheme = ColourScheme.LIGHT
    scripts: Scripts = Scripts.ON


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A rule of accessibility that a page breaks, and the elements that break it."""

    rule: str
    help: str
    elements: tuple[str, ...]


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start Chromium: the one that `NPS_TEST_CHROMIUM` names, the system's, or Playwright's own.

    While it is open, the same thread can open no second one and run no asyncio, because
    Playwright keeps an event loop running there: a fixture of it lives for a module at most.

    :raises BrowserMissing: there is none of them, or it does not start.
    """
    executable = _chromium()
    with sync_playwright() as playwright:
        browser = _launch(playwright, executable)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_page(browser: Browser, viewport: Viewport | None = None) -> Iterator[Page]:
    """Open an empty page without cookies, and judge at the end what it has done.

    :raises FaultyPage: a console error, a broken script, a failed request, an answer of 400 and
        above to anything but the page itself, or a request to another machine.
    """
    look = viewport or Viewport()
    faults: list[str] = []
    context = browser.new_context(
        viewport={"width": look.width, "height": look.height},
        color_scheme=look.colour_scheme.value,
        java_script_enabled=look.scripts is Scripts.ON,
        # A service worker's requests would pass by the watch below.
        service_workers="block",
    )
    try:
        context.route("**/*", _let_pass)
        _watch(context, faults)
        yield context.new_page()
    finally:
        context.unroute_all(behavior="ignoreErrors")
        context.close()
    if faults:
        raise FaultyPage("\n".join(faults))


# Also those within shadow roots, of which the document itself knows nothing. One that never ends is
# no fading in, and is not waited for.
_ANIMATIONS_END = """Promise.all(
    [document, ...[...document.querySelectorAll("*")].map(one => one.shadowRoot)]
        .flatMap(one => one ? one.getAnimations() : [])
        .filter(one => one.effect.getComputedTiming().endTime !== Infinity)
        .map(one => one.finished.catch(() => null))
).then(() => null)"""


def axe_violations(page: Page) -> list[Violation]:
    """Return the rules of accessibility that the page breaks; needs a page with scripts on.

    What still fades in has colours that nobody is meant to read.
    """
    page.evaluate(_ANIMATIONS_END)
    found = Axe().run(page, options={"runOnly": list(AXE_RULES)})
    return [
        Violation(
            rule=broken["id"],
            help=broken["help"],
            elements=tuple(node["html"] for node in broken["nodes"]),
        )
        for broken in found.response["violations"]
    ]


def _launch(playwright: Playwright, executable: Path | None) -> Browser:
    try:
        return playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
    except Error as error:
        raise BrowserMissing(
            f"The tests need Chromium, and {executable or 'the one of Playwright'} does not "
            f"start. Install chromium, run `playwright install chromium`, or name a browser in "
            f"{CHROMIUM_VARIABLE}.\n{error.message}"
        ) from error


def _chromium() -> Path | None:
    """Return the browser to use, or None for the one that Playwright has installed."""
    named = os.environ.get(CHROMIUM_VARIABLE)
    if named is None:
        return SYSTEM_CHROMIUM if SYSTEM_CHROMIUM.exists() else None
    found = shutil.which(named)
    if found is None:
        raise BrowserMissing(f"{CHROMIUM_VARIABLE} names {named}, which is not a program.")
    return Path(found)


def _leaves_the_machine(request: Request) -> bool:
    url = urlsplit(request.url)
    return url.scheme in {"http", "https", "ws", "wss"} and url.hostname not in OWN_HOSTS


def _let_pass(route: Route) -> None:
    if _leaves_the_machine(route.request):
        route.abort()
    else:
        route.continue_()


def _watch(context: BrowserContext, faults: list[str]) -> None:
    def on_console(message: ConsoleMessage) -> None:
        # The console also reports every answer of 400 and above; `on_response` judges those.
        if message.type == "error" and "Failed to load resource" not in message.text:
            faults.append(f"console: {message.text} ({message.location['url']})")

    def on_script_error(broken: WebError) -> None:
        faults.append(f"script: {broken.error.message}")

    def on_request(request: Request) -> None:
        # Judged here and not at the route, which does not see where an answer redirects to.
        if _leaves_the_machine(request):
            faults.append(f"request to another machine: {request.url}")

    def on_request_failed(request: Request) -> None:
        # Leaving a page breaks off what it was still loading, which is nobody's fault.
        if request.failure != "net::ERR_ABORTED":
            faults.append(f"failed request: {request.url} ({request.failure})")

    def on_response(response: Response) -> None:
        # A page may well answer 422 or 404, and the test then looks at it.
        if response.status >= 400 and not response.request.is_navigation_request():
            faults.append(f"answer {response.status}: {response.url}")

    context.on("console", on_console)
    context.on("weberror", on_script_error)
    context.on("request", on_request)
    context.on("requestfailed", on_request_failed)
    context.on("response", on_response)
