"""The tests' browser sees what a page does wrong."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.browser import (
    BrowserMissing,
    ColourScheme,
    FaultyPage,
    Scripts,
    Viewport,
    axe_violations,
    open_browser,
    open_page,
)

ICON = '<link rel="icon" href="data:,">'
GOOD_PAGE = f'<html lang="en"><title>Good</title>{ICON}<main><h1>Good</h1></main></html>'
PAGES = {
    "/good": GOOD_PAGE,
    "/console": f"{ICON}<script>console.error('too hot')</script>",
    "/script": f"{ICON}<script>undefined_thing()</script>",
    "/file": f'{ICON}<img src="/missing.png">',
    "/abroad": f'{ICON}<img src="http://192.0.2.1/pixel.png">',
    "/unnamed": GOOD_PAGE.replace("</main>", "<input></main>"),
    "/redirected": f'{ICON}<img src="/away">',
    "/look": f"""{ICON}<p>still</p><script>
        document.querySelector("p").textContent =
            innerWidth + " " + matchMedia("(prefers-color-scheme: dark)").matches</script>""",
}


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://192.0.2.1/pixel.png")
            self.end_headers()
            return
        body = PAGES.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write((body or GOOD_PAGE).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Keep the tests' output to what fails."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


def look_at(browser: Browser, url: str) -> None:
    with open_page(browser) as page:
        page.goto(url)


def test_a_good_page_passes(browser: Browser, site: str) -> None:
    with open_page(browser) as page:
        page.goto(f"{site}/good")

        assert page.title() == "Good"
        assert axe_violations(page) == []


def test_a_page_that_is_not_found_may_be_looked_at(browser: Browser, site: str) -> None:
    with open_page(browser) as page:
        answer = page.goto(f"{site}/nowhere")

    assert answer is not None
    assert answer.status == 404


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/console", "console: too hot"),
        ("/script", "script: undefined_thing is not defined"),
        ("/file", "answer 404: .*/missing.png"),
        ("/abroad", r"request to another machine: http://192\.0\.2\.1/pixel\.png"),
    ],
)
def test_a_faulty_page_fails_its_test(browser: Browser, site: str, path: str, fault: str) -> None:
    with pytest.raises(FaultyPage, match=fault):
        look_at(browser, f"{site}{path}")


def test_a_redirect_to_another_machine_fails_its_test(browser: Browser, site: str) -> None:
    with pytest.raises(FaultyPage, match=r"another machine: http://192\.0\.2\.1/"):
        look_at(browser, f"{site}/redirected")


def test_a_fault_of_the_test_itself_is_not_hidden(browser: Browser, site: str) -> None:
    def stumble() -> None:
        with open_page(browser) as page:
            page.goto(f"{site}/console")
            raise KeyError

    with pytest.raises(KeyError):
        stumble()


def test_the_page_is_seen_as_asked(browser: Browser, site: str) -> None:
    with open_page(browser, Viewport(width=360, colour_scheme=ColourScheme.DARK)) as page:
        page.goto(f"{site}/look")

        assert page.inner_text("p") == "360 true"


def test_a_page_can_be_seen_without_scripts(browser: Browser, site: str) -> None:
    with open_page(browser, Viewport(scripts=Scripts.OFF)) as page:
        page.goto(f"{site}/look")

        assert page.inner_text("p") == "still"


def test_a_field_without_a_name_is_a_violation(browser: Browser, site: str) -> None:
    with open_page(browser) as page:
        page.goto(f"{site}/unnamed")

        found = axe_violations(page)

    assert [(violation.rule, violation.elements) for violation in found] == [
        ("label", ("<input>",))
    ]


def test_a_missing_browser_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NPS_TEST_CHROMIUM", str(tmp_path / "no-chromium"))

    with pytest.raises(BrowserMissing, match="no-chromium"), open_browser():
        pass
