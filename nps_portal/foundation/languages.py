"""The languages of what customers read: which there are, and their gettext catalogues.

A catalogue's key is the name of a text (as the context) and its English words. What a catalogue
lacks is shown in English; the tests let none lack anything.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from gettext import c2py
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

DEFAULT_LANGUAGE = "en"
TRANSLATIONS = Path(__file__).parent.parent / "translations"
DOMAIN = "customer"
REVIEWED_HEADER = "X-Reviewed-By"
RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})

# Phrases of a number: one and many, in English. `{count}` is the number.
COUNTED: Mapping[str, tuple[str, str]] = {
    "comment_too_long": (
        "Your comment has {count} character; that is more than fits here.",
        "Your comment has {count} characters; that is more than fits here.",
    ),
    "months": ("{count} month", "{count} months"),
    "answers_given": ("You have answered once.", "You have answered {count} times."),
    "more_questions": ("{count} short question", "{count} short questions"),
}


class Address(enum.Enum):
    """How a language that has two forms speaks to the reader."""

    FORMAL = "formal"
    INFORMAL = "informal"


@dataclass(frozen=True, kw_only=True)
class Language:
    """A language that customers can read; `has_informal` when it has a second form of address."""

    code: str
    english: str
    own_name: str
    has_informal: bool = False


def _language(code: str, english: str, own_name: str, *, informal: bool = False) -> Language:
    return Language(code=code, english=english, own_name=own_name, has_informal=informal)


LANGUAGES: tuple[Language, ...] = (
    _language("ar", "Arabic", "العربية"),
    _language("bg", "Bulgarian", "Български", informal=True),
    _language("zh", "Chinese (simplified)", "简体中文", informal=True),
    _language("hr", "Croatian", "Hrvatski", informal=True),
    _language("cs", "Czech", "Čeština", informal=True),
    _language("da", "Danish", "Dansk"),
    _language("nl", "Dutch", "Nederlands", informal=True),
    _language("en", "English", "English"),
    _language("fi", "Finnish", "Suomi", informal=True),
    _language("fr", "French", "Français", informal=True),
    _language("de", "German", "Deutsch", informal=True),
    _language("el", "Greek", "Ελληνικά", informal=True),
    _language("he", "Hebrew", "עברית"),
    _language("hu", "Hungarian", "Magyar", informal=True),
    _language("it", "Italian", "Italiano", informal=True),
    _language("ja", "Japanese", "日本語"),
    _language("ko", "Korean", "한국어"),
    _language("nb", "Norwegian", "Norsk bokmål"),
    _language("pl", "Polish", "Polski", informal=True),
    _language("pt", "Portuguese (Portugal)", "Português", informal=True),
    _language("pt-BR", "Portuguese (Brazil)", "Português (Brasil)"),
    _language("ro", "Romanian", "Română", informal=True),
    _language("sk", "Slovak", "Slovenčina", informal=True),
    _language("es", "Spanish", "Español", informal=True),
    _language("sv", "Swedish", "Svenska"),
    _language("tr", "Turkish", "Türkçe", informal=True),
    _language("uk", "Ukrainian", "Українська", informal=True),
)
BY_CODE: Mapping[str, Language] = {one.code: one for one in LANGUAGES}
_ALIASES = {"no": "nb", "nn": "nb", "iw": "he", "zh-hans": "zh", "zh-cn": "zh", "zh-sg": "zh"}


class Catalogue:
    """The texts of one language in one form of address."""

    def __init__(self, code: str, catalog: Catalog | None) -> None:
        """Hold a catalogue; without one everything stays English."""
        self._locale = Locale.parse(code.replace("-", "_"))
        self._texts: dict[tuple[str, str], str] = {}
        self._counted: dict[str, tuple[str, ...]] = {}
        self._plural = c2py(catalog.plural_expr) if catalog is not None else None
        self.reviewed_by = ""
        for message in catalog or ():
            self._take(message.context, message.id, message.string)
        if catalog is not None:
            self.reviewed_by = dict(catalog.mime_headers).get(REVIEWED_HEADER, "")

    @property
    def is_reviewed(self) -> bool:
        """Tell whether a person who speaks the language has read it through."""
        return bool(self.reviewed_by) or self._locale.language == DEFAULT_LANGUAGE

    def text(self, name: str, english: str) -> str:
        """Return a text by its name and its English words."""
        return self._texts.get((name, english)) or english

    def counted(self, name: str, count: int) -> str:
        """Return a phrase of a number in its right plural form.

        :raises KeyError: there is no such phrase.
        """
        one, many = COUNTED[name]
        forms = self._counted.get(name)
        if forms is None or self._plural is None:
            phrase = one if count == 1 else many
        else:
            phrase = forms[self._plural(count)] or many
        return phrase.replace("{count}", f"{count}")

    def _take(self, context: str | None, english: object, translated: object) -> None:
        if not context:
            return
        if isinstance(english, str) and isinstance(translated, str):
            self._texts[context, english] = translated
        elif isinstance(translated, list | tuple):
            self._counted[context] = tuple(str(form) for form in translated)


@lru_cache(maxsize=128)
def catalogue(code: str, address: Address = Address.FORMAL) -> Catalogue:
    """Return the catalogue of a language; a form of address that it lacks is its only one."""
    best = best_language(code)
    path = catalogue_file(best, address)
    if not path.exists():
        path = catalogue_file(best, Address.FORMAL)
    if best == DEFAULT_LANGUAGE or not path.exists():
        return Catalogue(DEFAULT_LANGUAGE, None)
    with path.open("rb") as file:
        return Catalogue(best, read_po(file, locale=best.replace("-", "_")))


def catalogue_file(code: str, address: Address) -> Path:
    """Return where a catalogue lies, as gettext lays them; the informal form is a modifier."""
    modifier = "@informal" if address is Address.INFORMAL else ""
    name = code.replace("-", "_") + modifier
    return TRANSLATIONS / name / "LC_MESSAGES" / f"{DOMAIN}.po"


def best_language(wanted: str) -> str:
    """Return the code of the language here that is nearest to a wanted one, as in `de-AT`."""
    tag = wanted.strip().replace("_", "-").lower()
    tag = _ALIASES.get(tag, tag)
    by_tag = {code.lower(): code for code in BY_CODE}
    while tag:
        if tag in by_tag:
            return by_tag[tag]
        tag = tag.rpartition("-")[0]
        tag = _ALIASES.get(tag, tag)
    return DEFAULT_LANGUAGE


def direction_of(code: str) -> str:
    """Return the direction in which a language is written, as HTML names it: ltr or rtl."""
    return "rtl" if code.split("-")[0].lower() in RIGHT_TO_LEFT else "ltr"
