"""The invitation: eleven links everywhere, hostile texts literal, nothing from outside."""

import re
from html.parser import HTMLParser

import pytest

from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.merging import (
    render_merged_html,
    render_merged_line,
    render_merged_text,
)
from nps_portal.surveys.email import EmailSource, Look, compile_invitation, sample_values
from nps_portal.surveys.wording import Wording

BASE = "https://nps.acme.example"
ACME = Look(business="Acme Supplies", postal_address="1 High Street\nAnytown AB1 2CD")
SCORE_LINKS = [f"{BASE}/s/sample/{score}" for score in range(11)]
HOSTILE = [
    "{{config}}",
    "{% if x %}",
    "{# x",
    "</td></table><script>alert(1)</script>",
    "<!--[if mso]>",
    "]]> [[ wording ]] [% x %]",
    '" onload="x',
    '&amp; <tr class="score-row"></tr> \'',
]


class Page(HTMLParser):
    """What a mail program sees: text, links and everything it would load."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.root: dict[str, str | None] = {}
        self.links: list[str | None] = []
        self.images: list[dict[str, str | None]] = []
        self.loads: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.add(tag)
        if tag == "html":
            self.root = attributes
        if tag == "a":
            self.links.append(attributes.get("href"))
        elif attributes.get("href"):
            self.loads.append(str(attributes["href"]))
        if tag == "img":
            self.images.append(attributes)
        elif attributes.get("src"):
            self.loads.append(str(attributes["src"]))

    def handle_data(self, data: str) -> None:
        self.text += data


def html_of(source: EmailSource, **values: str) -> str:
    return render_merged_html(source.html, sample_values(BASE) | values)


def text_of(source: EmailSource, **values: str) -> str:
    return render_merged_text(source.text, sample_values(BASE) | values)


def test_the_html_links_each_score_once_in_order_and_then_the_customers_rights() -> None:
    page = Page(html_of(compile_invitation(Wording(), ACME)))

    assert page.links == [*SCORE_LINKS, f"{BASE}/u/sample", f"{BASE}/me/sample"]


def test_every_score_is_an_image_with_its_digit_as_text_and_a_set_size() -> None:
    page = Page(html_of(compile_invitation(Wording(), ACME)))

    assert [image["alt"] for image in page.images] == [str(score) for score in range(11)]
    assert [image["src"] for image in page.images] == [
        f"{BASE}/static/score_images/{score}.png" for score in range(11)
    ]
    assert {(image["width"], image["height"]) for image in page.images} == {("44", "44")}


def test_every_cell_has_a_solid_ground_and_a_border_without_the_head() -> None:
    html = html_of(compile_invitation(Wording(), ACME))

    cells = re.findall(r'<td width="44" height="44"[^>]*>', html)

    assert len(cells) == 11
    assert len(set(cells)) == 1
    assert 'bgcolor="#f1f4fa"' in cells[0]
    assert "border:1px solid #7786ab" in cells[0]


def test_nothing_is_loaded_but_the_score_images() -> None:
    html = html_of(compile_invitation(Wording(), ACME))
    page = Page(html)

    assert page.loads == []
    assert not page.tags & {"script", "link", "iframe", "form", "video", "svg"}
    assert "url(" not in html
    assert "@import" not in html
    assert "@font-face" not in html


def test_the_html_is_large_enough_for_filters_and_small_enough_for_mailboxes() -> None:
    size_bytes = len(html_of(compile_invitation(Wording(), ACME)).encode())

    assert 3200 < size_bytes < 60_000


def test_the_largest_allowed_texts_stay_within_the_limit() -> None:
    wording = Wording(introduction="ß" * 3000, after_scale="ß" * 3000, reason="ß" * 600)
    look = Look(business="ß" * 120, postal_address="ß" * 300)

    assert len(html_of(compile_invitation(wording, look)).encode()) < 60_000


def test_the_text_labels_eleven_addresses_and_the_two_ends() -> None:
    text = text_of(compile_invitation(Wording(), ACME))
    lines = text.splitlines()

    assert [line.split(": ")[1] for line in lines if "/s/sample/" in line] == SCORE_LINKS
    assert f"0 (Not at all likely): {SCORE_LINKS[0]}" in lines
    assert f"7: {SCORE_LINKS[7]}" in lines
    assert f"10 (Extremely likely): {SCORE_LINKS[10]}" in lines
    assert f"Unsubscribe: {BASE}/u/sample" in lines
    assert all(len(line) <= 80 for line in lines)
    assert "\n\n\n" not in text


def test_who_writes_where_from_and_why_stands_in_both_parts() -> None:
    source = compile_invitation(Wording(), ACME)

    html, text = Page(html_of(source)).text, text_of(source)

    assert "You receive this because you are a customer of Acme Supplies." in html
    assert "Acme Supplies · 1 High Street · Anytown AB1 2CD" in html
    assert "You receive this because you are a customer of Acme Supplies." in text
    assert "Acme Supplies\n1 High Street\nAnytown AB1 2CD\n" in text


@pytest.mark.parametrize(
    ("greeting", "values", "greeted"),
    [
        ("Dear {{ first_name }},", {}, "Dear Marta,"),
        ("Dear {{ first_name }},", {"first_name": ""}, "Hello,"),
        ("Dear {{ first_name }},", {"first_name": " \t "}, "Hello,"),
        ("Dear {{ name }},", {"first_name": ""}, "Dear Marta Berg,"),
        ("Dear {{ name }},", {"name": ""}, "Hello,"),
        ("Good day from {{ business }},", {"first_name": ""}, "Good day from Acme Supplies,"),
    ],
)
def test_nobody_is_greeted_with_a_gap(greeting: str, values: dict[str, str], greeted: str) -> None:
    source = compile_invitation(Wording(greeting=greeting), ACME)

    assert text_of(source, **values).splitlines()[0] == greeted
    assert f">{greeted}<" in html_of(source, **values)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_contact_is_shown_literally(text: str) -> None:
    wording = Wording(
        subject="For {{ name }}", introduction="At {{ company }}", signature_name="", reason="Why"
    )
    source = compile_invitation(wording, ACME)
    values = {"first_name": text, "name": text, "company": text}

    page = Page(html_of(source, **values))

    assert f"Dear {text}," in page.text
    assert f"At {text}" in page.text
    assert len(page.links) == 13
    assert not page.tags & {"script"}
    assert f"Dear {text}," in text_of(source, **values)
    assert render_merged_line(source.subject, sample_values(BASE) | values) == f"For {text}"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_business_is_shown_literally(text: str) -> None:
    source = compile_invitation(Wording(), Look(business=text, postal_address=text))

    page, plain = Page(html_of(source)), text_of(source)

    assert f"would recommend {text} to a friend" in page.text
    assert f"{text} · {text}" in page.text
    assert len(page.links) == 13
    assert len(page.images) == 11
    assert not page.tags & {"script"}
    assert f"{text}\n{text}\n" in plain
    assert text in render_merged_line(source.subject, sample_values(BASE))


@pytest.mark.parametrize("text", [text for text in HOSTILE if "{" not in text])
def test_an_owners_own_text_is_no_markup(text: str) -> None:
    wording = Wording(introduction=text, question=text, low_anchor=text[:60], subject=text)

    page = Page(html_of(compile_invitation(wording, ACME)))

    assert page.text.count(text) >= 3
    assert len(page.links) == 13
    assert not page.tags & {"script"}


def test_a_name_with_line_ends_stays_on_the_subject_line() -> None:
    source = compile_invitation(Wording(subject="For {{ name }}"), ACME)

    subject = render_merged_line(source.subject, {"name": "Marta\r\nBcc: e@example.org"})

    assert subject == "For Marta Bcc: e@example.org"


def test_language_and_direction_are_set_and_the_sides_follow() -> None:
    english = html_of(compile_invitation(Wording(), ACME))
    hebrew = html_of(compile_invitation(Wording(language="he"), ACME))

    assert Page(english).root["lang"] == "en"
    assert Page(english).root["dir"] == "ltr"
    assert Page(hebrew).root["lang"] == "he"
    assert Page(hebrew).root["dir"] == "rtl"
    assert "text-align:right;" in hebrew
    assert 'content="light dark"' in english


def test_paragraphs_keep_their_lines_and_the_text_part_is_wrapped() -> None:
    source = compile_invitation(Wording(introduction=f"{'word ' * 30}\n\nSecond."), ACME)

    assert "word <br /><br />Second." in html_of(source)
    assert "word\n\nSecond.\n" in text_of(source)
    assert max(len(line) for line in text_of(source).splitlines()) <= 80


@pytest.mark.parametrize(("colour", "letter"), [("#2f5fd0", "#ffffff"), ("#ffcc00", "#000000")])
def test_the_initial_is_readable_on_the_accent(colour: str, letter: str) -> None:
    look = Look(business="Acme", postal_address="1 High Street", accent_colour=colour)

    html = html_of(compile_invitation(Wording(), look))

    assert f"background-color:{colour};color:{letter};" in html


@pytest.mark.parametrize(
    ("look", "complaint"),
    [
        (Look(business=" ", postal_address="x"), "name of the business is missing"),
        (Look(business="A", postal_address="\n"), "postal address is missing"),
        (Look(business="A" * 121, postal_address="x"), "longer than 120"),
        (Look(business="A", postal_address="x", accent_colour="red"), "not a colour"),
        (Look(business="A", postal_address="x", accent_colour="#fff;x:y"), "not a colour"),
    ],
)
def test_a_look_that_an_email_cannot_carry_is_refused(look: Look, complaint: str) -> None:
    with pytest.raises(PortalError, match=complaint):
        compile_invitation(Wording(), look)


def test_an_unusable_wording_is_refused() -> None:
    with pytest.raises(PortalError, match="config"):
        compile_invitation(Wording(introduction="{{ config }}"), ACME)
