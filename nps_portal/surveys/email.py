"""The invitation by email: made once when a survey is saved, filled for each message.

Making it fixes the owner's texts, the business and its address; what is left are the fields of
`MESSAGE_FIELDS`, which `nps_portal.foundation.merging` fills when a message leaves.
"""

import enum
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import mrml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape
from markupsafe import Markup

from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.merging import (
    html_source,
    literal_html,
    literal_text,
    merge_fields_in,
    one_line,
    text_source,
)
from nps_portal.nps import SCORES
from nps_portal.surveys.colours import TEXT_CONTRAST, WHITE, is_colour, legible, readable_on
from nps_portal.surveys.wording import Wording

MESSAGE_FIELDS = frozenset(
    {
        "first_name",
        "name",
        "company",
        "score",
        "survey_url",
        "unsubscribe_url",
        "my_data_url",
        "public_url",
        "image_url",
    }
)

BUSINESS_LENGTH = 120
ADDRESS_LENGTH = 300
TEXT_COLUMNS = 72

# Six and five, so that a phone shows two rows in which every cell is wide enough for a thumb.
_SCORE_BLOCKS = (SCORES[:6], SCORES[6:])
# Stands in body.mjml. An element, because no text of an owner can contain one.
_SCORE_ROW_MARK = '<tr class="score-row"></tr>'
_FOLDER = "emails/survey_invitation"

# Square brackets are filled now; curly ones pass through to be filled for each message.
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent / "templates"),
    autoescape=select_autoescape(("html", "mjml")),
    undefined=StrictUndefined,
    variable_start_string="[[",
    variable_end_string="]]",
    block_start_string="[%",
    block_end_string="%]",
    comment_start_string="[#",
    comment_end_string="#]",
)


class UnusableLook(PortalError):
    """The business's name, address or colour cannot stand in an email."""


class Invited(enum.Enum):
    """What the email is: the first one, or a reminder of it."""

    FIRST = "first"
    REMINDED = "reminded"


@dataclass(frozen=True, kw_only=True)
class Logo:
    """A logo at its address within the portal, with its size in pixels."""

    path: str
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Look:
    """Whose email it is: what stands at its head and foot, and its colour as #rrggbb."""

    business: str
    postal_address: str
    accent_colour: str = "#2f5fd0"
    logo: Logo | None = None

    def check(self) -> None:
        """Refuse a look that an email cannot carry.

        :raises UnusableLook: the name or address is missing or too long, or the colour is none.
        """
        for label, text, length in (
            ("name of the business", self.business, BUSINESS_LENGTH),
            ("postal address", self.postal_address, ADDRESS_LENGTH),
        ):
            if not one_line(text):
                raise UnusableLook(f"The {label} is missing; every email must carry it.")
            if len(text) > length:
                raise UnusableLook(f"The {label} is longer than {length} characters.")
        if not is_colour(self.accent_colour):
            raise UnusableLook(f"“{self.accent_colour}” is not a colour such as #2f5fd0.")


@dataclass(frozen=True, kw_only=True)
class Links:
    """What an email's links are like.

    `decoy` adds one that no person sees and no reader announces; who opens it is a machine. In an
    anonymous email the score stands behind a #, so that no server and no log ever gets it together
    with whose link it is.
    """

    decoy: bool = False
    anonymous: bool = False

    @property
    def joint(self) -> str:
        """What stands between the survey's address and a score."""
        return "#" if self.anonymous else "/"


DEFAULT_LINKS = Links()


@dataclass(frozen=True, kw_only=True)
class EmailSource:
    """A subject, an HTML body and a text body in which only the message's fields are open."""

    subject: str
    html: str
    text: str


def compile_invitation(
    wording: Wording, look: Look, *, kind: Invited = Invited.FIRST, links: Links = DEFAULT_LINKS
) -> EmailSource:
    """Make the invitation's source, or its reminder's, of the owner's texts.

    A reminder names the score of who chose one and did not send it.

    :raises PortalError: a text, the name, the address or the colour cannot be used.
    """
    wording.check()
    look.check()
    if kind is Invited.REMINDED:
        wording = wording.changed(
            subject=wording.reminder_subject, introduction=wording.reminder_introduction
        )
    fixed = {"business": one_line(look.business)}
    return EmailSource(
        subject=_template("subject.txt").render(
            wording=wording, text=lambda text: text_source(text, fixed)
        ),
        html=_html(wording, look, fixed, kind, links),
        text=_text(wording, look, fixed, kind, links),
    )


def sample_values(base_url: str) -> dict[str, str]:
    """Return values for a preview: a made-up person and links that lead nowhere in particular."""
    return {
        "first_name": "Marta",
        "name": "Marta Berg",
        "company": "Berg & Sons",
        "survey_url": f"{base_url}/s/sample",
        "unsubscribe_url": f"{base_url}/u/sample",
        "my_data_url": f"{base_url}/me/sample",
        "score": "",
        "public_url": base_url,
        "image_url": f"{base_url}/static/score_images",
    }


def _html(
    wording: Wording, look: Look, fixed: Mapping[str, str], kind: Invited, links: Links
) -> str:
    def html(text: str) -> Markup:
        # The text is escaped by html_source; line ends of a paragraph stay visible.
        return Markup(html_source(text, fixed).replace("\n", "<br />"))  # noqa: S704

    business, accent = fixed["business"], look.accent_colour
    sides = {"ltr": ("left", "right"), "rtl": ("right", "left")}
    start, end = sides[wording.direction]
    initial = next((letter.upper() for letter in business if letter.isalnum()), "")
    body = _template("body.mjml").render(
        wording=wording,
        html=html,
        greeting=Markup(_greeting(wording, html)),  # noqa: S704
        business=Markup(literal_html(business)),  # noqa: S704
        postal_address=Markup(literal_html(_address_lines(look, " · "))),  # noqa: S704
        initial=Markup(literal_html(initial)),  # noqa: S704
        accent=accent,
        initial_colour=readable_on(accent),
        logo=look.logo,
        introduction=Markup(_introduction(wording, html, kind, accent)),  # noqa: S704
        start=start,
        anonymous=links.anonymous,
    )
    # A rendering without fonts of its own, else mrml links to a font service.
    compiled = mrml.to_html(body, render_options=mrml.RenderOptions(fonts={})).content
    # mrml refuses conditional comments that open an element in one and close it in another.
    score_row = _template("score_row.html").render(
        wording=wording, html=html, start=start, end=end, blocks=_SCORE_BLOCKS, links=links
    )
    return compiled.replace(_SCORE_ROW_MARK, score_row)


def _text(
    wording: Wording, look: Look, fixed: Mapping[str, str], kind: Invited, links: Links
) -> str:
    def text(owners: str) -> str:
        return text_source(owners, fixed)

    def wrapped(owners: str) -> str:
        return "\n".join(
            textwrap.fill(line, TEXT_COLUMNS, break_long_words=False, break_on_hyphens=False)
            for line in text(owners).split("\n")
        )

    return _template("body.txt").render(
        wording=wording,
        text=text,
        wrapped=wrapped,
        greeting=_greeting(wording, text),
        introduction=_plain_introduction(wording, text, wrapped, kind),
        business=literal_text(fixed["business"]),
        postal_address=literal_text(_address_lines(look, "\n")),
        scores=SCORES,
        links=links,
    )


def _template(name: str) -> Template:
    return _TEMPLATES.get_template(f"{_FOLDER}/{name}")


def _greeting(wording: Wording, source: Callable[[str], str]) -> str:
    """Return the greeting that falls back to the one without a name, as a template source."""
    named = source(wording.greeting)
    fields = [field for field in merge_fields_in(wording.greeting) if field != "business"]
    if not fields:
        return named
    return (
        f"{{% if {' and '.join(fields)} %}}{named}"
        f"{{% else %}}{source(wording.greeting_without_name)}{{% endif %}}"
    )


def _introduction(
    wording: Wording, html: Callable[[str], Markup], kind: Invited, accent: str
) -> str:
    """Return the introduction; a reminder's falls back to the one for who has chosen nothing."""
    usual = html(wording.introduction)
    if kind is Invited.FIRST:
        return usual
    ink = legible(accent, WHITE, TEXT_CONTRAST)
    button = (
        f'<a href="{{{{survey_url}}}}/{{{{score}}}}" style="color:{ink};'
        f'font-weight:bold;">{html(wording.reminder_button)}</a>'
    )
    chosen = f"{html(wording.reminder_clicked)}<br /><br />{button}"
    return f"{{% if score %}}{chosen}{{% else %}}{usual}{{% endif %}}"


def _plain_introduction(
    wording: Wording,
    text: Callable[[str], str],
    wrapped: Callable[[str], str],
    kind: Invited,
) -> str:
    usual = wrapped(wording.introduction)
    if kind is Invited.FIRST:
        return usual
    button = f"{text(wording.reminder_button)}: {{{{survey_url}}}}/{{{{score}}}}"
    return (
        f"{{% if score %}}{wrapped(wording.reminder_clicked)}\n\n{button}"
        f"{{% else %}}{usual}{{% endif %}}"
    )


def _address_lines(look: Look, separator: str) -> str:
    lines = (one_line(line) for line in look.postal_address.splitlines())
    return separator.join(line for line in lines if line)
