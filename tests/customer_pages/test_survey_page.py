"""The survey page: opening it changes nothing that counts, sending it makes one answer."""

from string import ascii_letters

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.customer_pages.shared_pages import WRONG_LINKS
from nps_portal.foundation.tokens import Purpose, make_token, read_token
from nps_portal.responses.models import ResponseState
from nps_portal.visits.facts import network_of
from nps_portal.visits.models import Verdict, Visit, VisitKind
from tests.customer_pages.asking import (
    Asked,
    answer,
    ask,
    busy_database,
    chosen_in,
    nonce_in,
    responses,
    revisions,
    take_time,
    visits,
)
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def test_a_link_shows_the_form_with_its_score_chosen(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    page = client.get(f"{marta.path}/9")

    assert page.status_code == 200
    assert "recommend Acme Supplies to a friend" in page.text
    assert chosen_in(page) == [9]


def test_a_link_without_a_score_chooses_none(app: Flask, client: PortalClient) -> None:
    page = client.get(ask(app).path)

    assert chosen_in(page) == []


def test_opening_all_links_answers_nothing(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    for score in range(11):
        client.get(f"{marta.path}/{score}")

    assert responses() == []


def test_a_link_without_a_score_chooses_the_one_that_was_clicked(
    app: Flask, client: PortalClient
) -> None:
    marta = ask(app)
    client.get(f"{marta.path}/3")
    take_time(90)
    client.get(f"{marta.path}/9")
    take_time(90)

    page = client.get(marta.path)

    assert chosen_in(page) == [9]
    assert "You chose 9. You can still change it; nothing is sent yet." in page.text


def test_what_machines_clicked_is_never_chosen(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    client.get(f"{marta.path}/9")
    with factories.work() as work:
        work.session.execute(sa.update(Visit).values(verdict=Verdict.MACHINE))
    judged = client.get(marta.path)
    take_time(90)

    for score in (0, 5, 10):
        client.get(f"{marta.path}/{score}")
    not_judged = client.get(marta.path)

    assert chosen_in(judged) == chosen_in(not_judged) == []


def test_the_score_of_the_link_is_announced(app: Flask, client: PortalClient) -> None:
    page = client.get(f"{ask(app).path}/4")

    chosen = "You chose 4. You can still change it; nothing is sent yet."
    assert f"<title>{chosen} – How likely is it" in page.text
    assert f'role="status" data-words="{chosen.replace("4", "{score}")}">{chosen}<' in page.text


def test_the_decoy_shows_the_form_as_ever_and_is_marked(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    page, head = client.get(f"{marta.path}/11"), client.head(f"{marta.path}/11")

    assert (page.status_code, head.status_code) == (200, 200)
    assert chosen_in(page) == []
    assert page.text.count('type="radio"') == 11
    assert [(one.kind, one.method, one.score) for one in visits()] == [
        (VisitKind.DECOY, "GET", None),
        (VisitKind.DECOY, "HEAD", None),
    ]


@pytest.mark.parametrize(
    ("hand", "told"),
    [
        ("trusted,pick,pointer", {"pressed": "trusted", "gestures": ["pointer", "pick"]}),
        ("untrusted", {"pressed": "untrusted", "gestures": []}),
        ("untrusted,<script>,key", {"pressed": "untrusted", "gestures": ["key"]}),
        ("", {}),
        ("maybe,pointer", {}),
    ],
)
def test_a_submission_keeps_what_the_page_told(
    app: Flask, client: PortalClient, hand: str, told: dict[str, object]
) -> None:
    marta = ask(app)
    nonce = nonce_in(client.get(f"{marta.path}/9"))
    take_time(7)

    client.post(marta.path, data={"nonce": nonce, "score": "8", "hand": hand})

    sent = visits()[-1]
    assert (sent.kind, sent.score, sent.seconds_on_page) == (VisitKind.SUBMISSION, 8, 7)
    assert sent.details == {**told, "preselected": 9, "wrote": False}


def test_an_answer_sent_at_once_is_thanked_for_and_held(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    nonce = nonce_in(client.get(marta.path))

    sent = client.post(marta.path, data={"nonce": nonce, "score": "2"})
    page = client.get(sent.headers["Location"])
    again = client.get(marta.path)

    assert [one.state for one in responses()] == [ResponseState.HELD]
    assert "Thank you for being open with us." in page.text
    assert chosen_in(again) == []
    assert "We have your answer" not in again.text


def test_a_held_change_is_thanked_for_like_any(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    answer(client, marta.path, 10)
    nonce = nonce_in(client.get(marta.path))

    sent = client.post(marta.path, data={"nonce": nonce, "score": "0"})
    page = client.get(sent.headers["Location"])

    assert responses()[0].score == 10
    assert "Thank you for being open with us." in page.text
    assert "We have your answer: 10." in client.get(marta.path).text


def test_an_opening_is_kept_as_evidence(
    app: Flask, client: PortalClient, clock: FixedClock
) -> None:
    marta = ask(app)
    clock.advance(seconds=90)

    client.get(
        f"{marta.path}/7",
        headers={"User-Agent": "Mail/1.0", "Sec-Purpose": "prefetch;prerender"},
        environ_base={"REMOTE_ADDR": "203.0.113.77"},
    )

    [visit] = visits()
    assert (visit.kind, visit.method, visit.score) == (VisitKind.SURVEY_PAGE, "GET", 7)
    assert visit.network == "203.0.113.0/24"
    assert (visit.user_agent, visit.purpose) == ("Mail/1.0", "prefetch;prerender")
    assert visit.seconds_since_sent == 90


def test_head_has_the_headers_of_get_and_no_body(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    page, head = client.get(marta.path), client.head(marta.path)

    assert head.status_code == 200
    assert head.data == b""
    assert dict(head.headers) == dict(page.headers)
    assert [visit.method for visit in visits()] == ["GET", "HEAD"]


def test_a_customers_page_carries_strict_headers(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    bad_score = client.get(f"{marta.path}/12")
    refused = client.post(marta.path, data={"score": "9"})

    for page in (client.get(marta.path), client.get("/s/wrong"), bad_score, refused):
        assert page.headers["Content-Security-Policy"] == STRICT
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert "Set-Cookie" not in page.headers


def test_a_signed_in_owner_gets_no_cookie_either(app: Flask, owner: PortalClient) -> None:
    marta = ask(app)

    opened, sent = owner.get(marta.path), answer(owner, marta.path, 9)
    stopped = owner.post(marta.unsubscribe_path)

    assert sent.status_code == 303
    assert all("Set-Cookie" not in page.headers for page in (opened, sent, stopped))


def test_an_answer_is_kept_word_for_word(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    sent = answer(client, marta.path, 9, "Fast.\r\n\r\n<svg onload=alert(1)> 👍 بسرعة")

    assert sent.status_code == 303
    assert sent.headers["Location"] == f"{marta.path}/thanks"
    [response] = responses()
    assert response.score == 9
    assert response.comment == "Fast.\n\n<svg onload=alert(1)> 👍 بسرعة"
    assert response.contact_id == marta.contact_id


def test_characters_that_cannot_be_shown_are_left_out(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    answer(client, marta.path, 5, "a\x00b\x07c\td\re\x7f\x85")

    assert responses()[0].comment == "abc d\ne"


def test_the_score_that_is_sent_counts_not_the_one_of_the_link(
    app: Flask, client: PortalClient
) -> None:
    marta = ask(app)
    take_time()
    nonce = nonce_in(client.get(f"{marta.path}/9"))
    take_time()

    client.post(marta.path, data={"nonce": nonce, "score": "3"})

    [response] = responses()
    assert (response.score, response.first_clicked_score) == (3, 9)


@pytest.mark.parametrize("score", ["11", "-1", "1.5", "abc", "07", "٣", ""])
def test_a_score_off_the_scale_keeps_the_comment(
    app: Flask, client: PortalClient, score: str
) -> None:
    marta = ask(app)

    page = answer(client, marta.path, score, "Keep <this> & that")

    assert page.status_code == 422
    assert "Please choose a number from 0 to 10." in page.text
    assert "Keep &lt;this&gt; &amp; that" in page.text
    assert responses() == []


@pytest.mark.parametrize("score", ["12", "-1", "1.5", "abc", "00", "011"])
def test_an_address_with_a_score_off_the_scale_leads_to_the_form(
    app: Flask, client: PortalClient, score: str
) -> None:
    marta = ask(app)

    page = client.get(f"{marta.path}/{score}")

    assert page.status_code == 404
    assert f'href="{marta.path}"' in page.text
    assert visits() == []


def test_five_thousand_characters_fit(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    sent = answer(client, marta.path, 8, "ä\r\n" * 2499 + "äö")

    assert sent.status_code == 303
    assert len(responses()[0].comment) == 5000


def test_a_comment_that_is_too_long_is_kept_in_the_form(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    page = answer(client, marta.path, 8, "ä" * 5001)

    assert page.status_code == 422
    assert "Your comment has 5001 characters; that is more than fits here." in page.text
    assert "ä" * 5001 in page.text
    assert chosen_in(page) == [8]
    assert responses() == []


def test_s3_an_answer_without_our_page_is_not_taken(app: Flask, client: PortalClient) -> None:
    marta, tom = ask(app), ask(app, "Tom Okafor")
    foreign = nonce_in(client.get(tom.path))

    for nonce in ("", "forged", foreign):
        page = client.post(marta.path, data={"nonce": nonce, "score": "9", "comment": "Mine"})

        assert page.status_code == 403
        assert "Please send your answer once more" in page.text
        assert chosen_in(page) == [9]
        assert "Mine" in page.text
    assert responses() == []


def test_s3_a_page_left_open_for_a_day_gets_a_fresh_form(
    app: Flask, client: PortalClient, clock: FixedClock
) -> None:
    marta = ask(app)
    nonce = nonce_in(client.get(marta.path))
    clock.advance(hours=24, seconds=1)

    again = client.post(marta.path, data={"nonce": nonce, "score": "9", "comment": "Still"})
    sent = client.post(
        marta.path, data={"nonce": nonce_in(again), "score": "9", "comment": "Still"}
    )

    assert again.status_code == 403
    assert sent.status_code == 303
    assert [response.comment for response in responses()] == ["Still"]


def test_a_form_that_comes_back_remembers_when_it_was_served(
    app: Flask, client: PortalClient, clock: FixedClock
) -> None:
    marta = ask(app)
    sent = {"nonce": nonce_in(client.get(f"{marta.path}/9")), "comment": "Still"}

    clock.advance(seconds=15)
    faulty = client.post(marta.path, data=sent)
    with busy_database():
        busy = client.post(marta.path, data={**sent, "score": "9"})
    clock.advance(seconds=5)
    client.post(marta.path, data={**sent, "nonce": nonce_in(faulty), "score": "9"})

    assert (faulty.status_code, busy.status_code) == (422, 503)
    assert {nonce_in(faulty), nonce_in(busy)} == {sent["nonce"]}
    submission = visits()[-1]
    assert submission.seconds_on_page == pytest.approx(20)
    assert submission.details["preselected"] == 9


def test_s3_a_hundred_replays_make_one_response(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    sent = {"nonce": nonce_in(client.get(marta.path)), "score": "9", "comment": "Once"}

    codes = {client.post(marta.path, data=sent).status_code for _ in range(100)}

    assert codes == {303}
    assert len(responses()) == 1
    assert len(revisions()) == 1


def wrong_tokens(marta: Asked) -> dict[str, str]:
    token = marta.path.removeprefix("/s/")
    flipped = token[:-1] + ("A" if token[-1] != "A" else "B")
    return {
        "truncated": token[:-3],
        "without its seal": token.split(".")[0],
        "flipped": flipped,
        "for another purpose": make_token(Purpose.UNSUBSCRIBE, marta.public_id),
        "of nobody": make_token(Purpose.SURVEY, "AAAAAAAAAAAA"),
        "10 kB": token * 250,
        "unicode": "%C3%BC%F0%9F%91%8D" + token,
        "nul": token + "%00",
        "nothing": "",
        "more path": token + "/9/9",
    }


def test_s1_every_wrong_token_gets_the_same_page(app: Flask, client: PortalClient) -> None:
    tokens = wrong_tokens(ask(app))

    pages = {fault: client.get(f"/s/{token}") for fault, token in tokens.items()}
    sent = client.post(f"/s/{tokens['flipped']}", data={"score": "9"})

    assert {fault: page.status_code for fault, page in pages.items()} == dict.fromkeys(tokens, 404)
    assert len({page.text for page in [*pages.values(), sent]}) == 1
    assert "This link does not work" in sent.text
    assert visits() == []


def test_s1_no_flipped_character_of_a_token_passes(app: Flask) -> None:
    token = ask(app).path.removeprefix("/s/")
    other = {character: "B" if character == "A" else "A" for character in token}

    flipped = [
        token[:place] + other[character] + token[place + 1 :]
        for place, character in enumerate(token)
    ]
    respelled = [token[:-1] + character for character in ascii_letters if character != token[-1]]

    assert read_token(Purpose.SURVEY, token) is not None
    assert {read_token(Purpose.SURVEY, wrong) for wrong in [*flipped, *respelled]} == {None}


def test_wrong_links_are_slowed_and_right_ones_never(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    codes = [
        client.get(f"/s/guess{number}").status_code for number in range(WRONG_LINKS.amount + 1)
    ]

    assert codes == [404] * WRONG_LINKS.amount + [429]
    assert client.get(marta.path).status_code == 200
    assert answer(client, marta.path, 9).status_code == 303
    elsewhere = client.get("/s/guess", environ_base={"REMOTE_ADDR": "198.51.100.7"})
    assert elsewhere.status_code == 404


def test_a_busy_database_never_keeps_the_page_away(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    with busy_database():
        page = client.get(f"{marta.path}/9")

    assert page.status_code == 200
    assert chosen_in(page) == [9]
    assert visits() == []


def test_a_busy_database_gives_the_answer_back(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    nonce = nonce_in(client.get(marta.path))
    sent = {"nonce": nonce, "score": "4", "comment": "Do not lose me"}

    with busy_database():
        page = client.post(marta.path, data=sent)

    assert page.status_code == 503
    assert page.headers["Retry-After"] == "5"
    assert chosen_in(page) == [4]
    assert "Do not lose me" in page.text
    assert responses() == []
    assert client.post(marta.path, data={**sent, "nonce": nonce_in(page)}).status_code == 303


@pytest.mark.parametrize("letter", ["x", "ж", "語"])
def test_a_comment_that_is_far_too_long_comes_back_with_the_form(
    app: Flask, client: PortalClient, letter: str
) -> None:
    marta = ask(app)
    nonce = nonce_in(client.get(marta.path))
    comment = letter * 300_000

    page = client.post(marta.path, data={"nonce": nonce, "score": "9", "comment": comment})

    assert page.status_code == 422
    assert "Your comment has 300000 characters; that is more than fits here." in page.text
    assert chosen_in(page) == [9]
    assert comment in page.text
    assert responses() == []


def test_a_form_beyond_all_measure_is_refused_in_the_customers_words(
    app: Flask, client: PortalClient
) -> None:
    marta = ask(app)

    page = client.post(marta.path, data={"score": "9", "comment": "x" * 4_000_000})

    assert page.status_code == 413
    assert "That did not work" in page.text
    assert "This is longer than fits here." in page.text
    assert "Please go back" in page.text
    assert "/sign-in" not in page.text


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1234:5678::1", "2001:db8:1234::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("unknown", ""),
        ("", ""),
    ],
)
def test_an_address_is_cut_to_its_network(address: str, network: str) -> None:
    assert network_of(address) == network
