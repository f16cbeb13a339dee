"""The email that every contestant sends: text and HTML, eleven links each, about 14 kB in all."""

import re
import secrets
from dataclasses import dataclass

from benchmarks.people import Person

PUBLIC_URL = "https://feedback.acme.example"
SENDER_NAME, SENDER_EMAIL = "Jo at Acme", "feedback@acme.example"

_FIELD = re.compile(r"\{\{ ?(\w+) ?\}\}")
_FONT = "font-family:'Segoe UI', Helvetica, Arial, sans-serif"
_CELL = (
    '<td style="padding:0 3px 4px;vertical-align:top;"><table role="presentation" border="0" '
    'cellpadding="0" cellspacing="0" width="46" style="width:46px;border-collapse:separate;"><tr>\n'
    '<td width="44" height="44" align="center" valign="middle" bgcolor="#f1f4fa" '
    'style="width:44px;height:44px;border:1px solid #7786ab;border-radius:8px;'
    'background-color:#f1f4fa;text-align:center;"><a href="{{ survey_url }}/%(score)d" '
    f'target="_blank" style="display:block;{_FONT};font-size:18px;line-height:44px;'
    'font-weight:bold;color:#1a2440;text-align:center;text-decoration:none;">'
    '<img src="{{ image_url }}/%(score)d.png" width="44" height="44" alt="%(score)d" '
    'style="display:block;border:0;border-radius:8px;"></a></td>\n</tr></table></td>\n'
)
_PARAGRAPH = (
    f'<p style="margin:0 0 16px;{_FONT};font-size:16px;line-height:25px;color:#1a2033;">%s</p>\n'
)
_THANKS = "Thank you for being our customer. A person here reads every answer."
_QUESTION = "How likely is it that you would recommend Acme Supplies to a friend or colleague?"
_REASON = "You receive this because you are a customer of Acme Supplies, 1 High Street, Anytown."


@dataclass(frozen=True, kw_only=True)
class Letter:
    """An email's three texts, in which `{{ field }}` stands for what differs."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, kw_only=True)
class Address:
    """Somebody to write to, as a row of the peers' table; the token was made with the row."""

    email: str
    name: str
    first_name: str
    token: str

    def values(self) -> dict[str, str]:
        """Return what stands in this person's fields."""
        return {
            "first_name": self.first_name,
            "survey_url": f"{PUBLIC_URL}/s/{self.token}",
            "unsubscribe_url": f"{PUBLIC_URL}/u/{self.token}",
            "image_url": f"{PUBLIC_URL}/static/score_images",
        }


def letter() -> Letter:
    """Return the letter of 14 kB."""
    links = "".join(f"{score}: {{{{ survey_url }}}}/{score}\n" for score in range(11))
    cells = "".join(_CELL % {"score": score} for score in range(11))
    return Letter(
        subject="A quick question from Acme Supplies",
        text=(
            f"Dear {{{{ first_name }}}},\n\n{_THANKS}\n\n{_QUESTION}\n\n{links}\n"
            f"Acme Supplies\n\n---\n{_REASON}\n\nUnsubscribe: {{{{ unsubscribe_url }}}}\n"
        ),
        html=(
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A question</title>'
            '</head>\n<body style="margin:0;background-color:#f1f3f6;">\n'
            + "".join(_PARAGRAPH % words for words in ("Dear {{ first_name }},", _THANKS))
            + _PARAGRAPH % f"<b>{_QUESTION}</b>"
            + f'<table role="presentation" cellspacing="4"><tr>\n{cells}</tr></table>\n'
            + "".join(_PARAGRAPH % words for words in ("Acme Supplies", _REASON))
            + _PARAGRAPH % '<a href="{{ unsubscribe_url }}">Unsubscribe</a>'
            + "</body></html>\n"
        ),
    )


def address_of(person: Person) -> Address:
    """Return the row of a person, its token as long as ours are."""
    return Address(
        email=person.email,
        name=f"{person.first_name} {person.last_name}",
        first_name=person.first_name,
        token=f"{secrets.token_urlsafe(9)}.{secrets.token_urlsafe(16)}",
    )


def pieces(text: str) -> list[str]:
    """Return literal text and the names of fields in turn, the first and the last literal."""
    return _FIELD.split(text)


def joined(pieces: list[str], values: dict[str, str]) -> str:
    """Return a text whose fields have these values."""
    parts = pieces.copy()
    parts[1::2] = [values[name] for name in parts[1::2]]
    return "".join(parts)
