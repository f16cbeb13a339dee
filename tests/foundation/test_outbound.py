"""Requests to other machines."""

import socket
import threading

import pytest

from nps_portal.foundation.outbound import LARGEST_BYTES, NoAnswer, Reach, fetch, post_form
from tests.support.web_server import Page, WebServer


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    pages = {"/": Page(status=302, headers={"Location": "/elsewhere"})}

    with WebServer(pages) as server:
        answer = fetch(server.url, Reach.ANYWHERE)

    assert (answer.status, answer.headers["location"]) == (302, "/elsewhere")
    assert len(server.asked) == 1


def test_a_form_is_posted_in_parts() -> None:
    with WebServer({"/form": Page(body=b"thanks")}) as server:
        answer = post_form(f"{server.url}/form", {"name": "value"}, Reach.ANYWHERE)

    assert answer.body == b"thanks"
    assert b'name="name"\r\n\r\nvalue\r\n' in server.asked[0].body


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "169.254.169.254", "10.0.0.1"])
def test_a_name_that_leads_into_a_private_network_is_refused(host: str) -> None:
    with pytest.raises(NoAnswer, match="private network"):
        fetch(f"http://{host}:9/")


def test_an_answer_that_is_too_large_is_cut_off() -> None:
    pages = {"/": Page(body=b"x" * (LARGEST_BYTES + 1))}

    with WebServer(pages) as server, pytest.raises(NoAnswer, match="too much"):
        fetch(server.url, Reach.ANYWHERE)


def test_a_server_that_hangs_up_is_said_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lambda: listener.accept()[0].close())
        thread.start()

        with pytest.raises(NoAnswer, match=r"127\.0\.0\.1 cannot be reached"):
            fetch(f"http://127.0.0.1:{listener.getsockname()[1]}/", Reach.ANYWHERE)
        thread.join()


@pytest.mark.parametrize("url", ["http://", "gopher://x.example/", "http://a b/"])
def test_what_is_no_address_is_said_in_words(url: str) -> None:
    with pytest.raises(NoAnswer):
        fetch(url, Reach.ANYWHERE)
