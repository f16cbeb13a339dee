"""By which words a person is found in texts: every address and name that is known of them."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.changes import former_texts
from nps_portal.contacts.erasures import is_erased_address
from nps_portal.contacts.models import Contact
from nps_portal.foundation.addresses import BadEmail, parse_email
from nps_portal.imports.models import ImportChange
from nps_portal.outbox.models import Message

# What stands where a text has named somebody who was erased.
ERASED = "(erased)"
# A shorter word would find too many others.
SHORTEST_WORD = 3
# Who reads such an address is called otherwise: «key.account@example.org» names nobody.
_ROLES = frozenset(
    "account accounts admin billing contact customer head help hello hr info it key mail manager"
    " new news office order orders post press sales service shop support team".split()
)
_BETWEEN_WORDS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class KnownWords:
    """The addresses of a person, the names of more than one word, and each word of any name.

    Addresses and single words are in small letters. A first name alone is nobody's, and a name that
    another Contact bears too (`shared`) may mean that one: both stand for the person only where
    little is lost, as in what a list was asked for. A name that only an address lets us guess
    (`guessed`) is none of theirs where others use it too.
    """

    addresses: frozenset[str]
    names: frozenset[str]
    single: frozenset[str]
    shared: frozenset[str] = frozenset()
    guessed: frozenset[str] = frozenset()

    @cached_property
    def rarest(self) -> frozenset[str]:
        """Return words of which one stands in every text that names the person."""
        return self.addresses | {max(words_in(name), key=len) for name in self.names}

    def without_guesses(self) -> "KnownWords":
        """Return these words without the names that were only guessed from an address."""
        return replace(self, names=self.names - self.guessed, guessed=frozenset())

    def are_in(self, text: str) -> bool:
        """Tell whether a text names the person."""
        return bool(self._pattern and self._pattern.search(unicodedata.normalize("NFC", text)))

    def taken_out(self, text: str) -> str:
        """Return a text that does not name the person any more."""
        if self._pattern is None or not self.are_in(text):
            return text
        return self._pattern.sub(ERASED, unicodedata.normalize("NFC", text))

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        forms = [rf"(?<![\w.%+-]){re.escape(one)}(?![\w-]|\.\w)" for one in sorted(self.addresses)]
        for name in sorted(self.names - self.shared):
            first, *others = words_in(name)
            if not others:
                # A script without spaces: nothing parts the name from what follows.
                forms.append(re.escape(first))
                continue
            # As in «Ann Lee», «ann_lee.csv» and «Lee, Ann».
            for order in ([first, *others], [*others[-1:], first, *others[:-1]]):
                form = r"[\W_]+".join(map(re.escape, order))
                forms.append(rf"(?<![^\W_]){form}(?![^\W_])")
        return re.compile("|".join(forms), re.IGNORECASE) if forms else None


def known_words(session: Session, contact_ids: Sequence[int]) -> KnownWords:
    """Return by which words the records of a person are found, former ones among them."""
    addresses: set[str] = set()
    names: set[str] = set()
    for contact_id in contact_ids:
        of_contact = (Contact.email, Contact.email_key, Contact.name)
        email, key, name = session.execute(
            sa.select(*of_contact).where(Contact.id == contact_id)
        ).one()
        sent = session.execute(
            sa.select(Message.recipient_email, Message.recipient_name)
            .where(Message.contact_id == contact_id)
            .distinct()
        ).all()
        addresses |= {email, key, *(row.recipient_email for row in sent)}
        addresses |= former_texts(session, contact_id, "email")
        names |= {name, *(row.recipient_name for row in sent)}
        names |= former_texts(session, contact_id, "name") | _names_in_imports(session, contact_id)
    known = {" ".join(words_in(one)).casefold() for one in names}
    guesses = _names_in_addresses(addresses)
    names |= guesses
    whole = frozenset(" ".join(one.split()) for one in names if _is_whole(one))
    single = {word.casefold() for one in names for word in words_in(one)}
    return KnownWords(
        addresses=frozenset(_theirs_alone(session, addresses, contact_ids)),
        names=whole,
        single=frozenset(word for word in single if len(word) >= SHORTEST_WORD),
        shared=_borne_by_others(session, whole, contact_ids),
        guessed=frozenset(one for one in guesses if one.casefold() not in known),
    )


def words_in(text: str) -> list[str]:
    """Return the words of a text, whatever stands between them."""
    return [word for word in _BETWEEN_WORDS.split(unicodedata.normalize("NFC", text)) if word]


def spellings(words: Iterable[str]) -> list[str]:
    """Return the forms of words by which a database finds them: SQLite folds ASCII alone."""
    forms: set[str] = set()
    for word in words:
        if word.isascii():
            forms.add(word)
            continue
        for form in (word, word.lower(), word.upper(), word.casefold(), word.capitalize()):
            # Files from a Mac are named in the decomposed form.
            forms |= {form, unicodedata.normalize("NFD", form)}
    return sorted(forms)


def _names_in_addresses(addresses: Iterable[str]) -> set[str]:
    """Return the names in «marta.lindqvist@example.org» and the like, but no roles."""
    parted = [words_in(one.partition("@")[0]) for one in addresses]
    guesses = {" ".join(one) for one in parted if _ROLES.isdisjoint(map(str.casefold, one))}
    return {one for one in guesses if _is_whole(one)}


def _is_whole(name: str) -> bool:
    words = words_in(name)
    if len(words) == 1:
        # «山田太郎»: all of a name, written without a space.
        wide = [unicodedata.east_asian_width(letter) in "WF" for letter in name.strip()]
        return len(wide) >= SHORTEST_WORD and all(wide)
    return len(words) > 1 and any(len(word) >= SHORTEST_WORD for word in words)


def _borne_by_others(
    session: Session, names: Collection[str], contact_ids: Sequence[int]
) -> frozenset[str]:
    forms = {form: name for name in names for form in (name, name.title())}
    found = session.scalars(
        sa.select(Contact.name)
        .where(Contact.removed_at.is_(None), Contact.name.in_(forms))
        .where(Contact.id.not_in(contact_ids))
        .distinct()
    )
    return frozenset(forms[one] for one in found)


def _theirs_alone(
    session: Session, addresses: Iterable[str], contact_ids: Sequence[int]
) -> set[str]:
    """Return those addresses, in small letters, that are not somebody else's by now."""
    by_key: dict[str, set[str]] = {}
    for address in addresses:
        if address and not is_erased_address(address):
            by_key.setdefault(_key(address), set()).update((address.lower(), _key(address)))
    others = session.scalars(
        sa.select(Contact.email_key).where(
            Contact.email_key.in_(by_key), Contact.id.not_in(contact_ids)
        )
    )
    for taken in others:
        del by_key[taken]
    return {one for forms in by_key.values() for one in forms}


def _key(address: str) -> str:
    try:
        return parse_email(address).key
    except BadEmail:
        return address.lower()


def _names_in_imports(session: Session, contact_id: int) -> set[str]:
    rows = session.execute(
        sa.select(ImportChange.before, ImportChange.after).where(
            ImportChange.contact_id == contact_id
        )
    )
    sides = [(side or {}).get("fields", {}) for row in rows for side in row]
    return {str(fields["name"]) for fields in sides if fields.get("name")}
