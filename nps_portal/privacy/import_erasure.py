"""Erasing a person from what imports keep: refused rows, files in hand, and former values."""

import re
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Self
from unicodedata import normalize

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from nps_portal.foundation.work import Work
from nps_portal.imports.models import (
    Import,
    ImportChange,
    ImportPiece,
    ImportRejection,
    ImportState,
)
from nps_portal.imports.pieces import text_of, unpacked
from nps_portal.imports.tables import Row
from nps_portal.privacy.known_words import KnownWords, spellings, words_in

_ABOUT_AN_ERASED_PERSON = "This row was about a person who has been erased."
_HELD = (ImportRejection.text, ImportRejection.reason, ImportRejection.cells)


def erase_import_traces(work: Work, words: KnownWords, contact_id: int) -> None:
    """Blank the refused rows that name a person, and drop unconfirmed files that hold them.

    A file that is being read or brought in stays: whoever was erased since is left out as it comes
    in, and its pieces go by themselves. What imports have changed of the person is forgotten: no
    Undo may bring it back.
    """
    # All at once: there may be hundreds of thousands, and each look goes through all of them.
    work.session.execute(
        sa.update(ImportRejection)
        .where(sa.or_(sa.false(), *_naming(words)))
        .values(text="", cells="", reason=_ABOUT_AN_ERASED_PERSON)
        .execution_options(synchronize_session=False)
    )
    work.session.execute(
        sa.delete(ImportChange)
        .where(ImportChange.contact_id == contact_id)
        .execution_options(synchronize_session=False)
    )
    _drop_unconfirmed(work, words)


def _drop_unconfirmed(work: Work, words: KnownWords) -> None:
    waiting = work.session.execute(
        sa.select(Import.id, Import.mapping)
        .where(Import.state == ImportState.UPLOADED)
        .where(sa.exists().where(ImportPiece.import_id == Import.id))
        .order_by(Import.id)
    ).all()
    sought = _Sought.of(words)
    for import_id, mapping in waiting:
        headers = Row(0, tuple(mapping.get("headers", ())))
        if sought.is_in_row(headers) or any(map(sought.is_in, _pieces(work, import_id))):
            work.session.execute(
                sa.delete(ImportPiece)
                .where(ImportPiece.import_id == import_id)
                .execution_options(synchronize_session=False)
            )


def _pieces(work: Work, import_id: int) -> Iterator[bytes]:
    """Yield the pieces of a file in turn: all at once would be more than the memory holds."""
    numbers = sa.select(ImportPiece.number).where(ImportPiece.import_id == import_id)
    for number in work.session.scalars(numbers.order_by(ImportPiece.number)).all():
        content = work.session.scalar(
            sa.select(ImportPiece.content).where(
                ImportPiece.import_id == import_id, ImportPiece.number == number
            )
        )
        if content is not None:
            yield content


@dataclass(frozen=True, kw_only=True)
class _Sought:
    """By what a person is found in a file: an address, or all words of a name.

    A file may keep the first name and the family name apart. Nothing parts a name that is written
    without spaces from what follows.
    """

    texts: Collection[str]
    names: Collection[frozenset[str]]
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, words: KnownWords) -> Self:
        """Return what to look for."""
        names = [frozenset(words_in(_plain(one))) for one in words.names]
        addresses = sorted(map(_plain, words.addresses))
        unspaced = sorted(word for one in names if len(one) == 1 for word in one)
        # Not «joann@example.org» where «ann@example.org» is sought.
        forms = [rf"(?<![\w.%+-]){re.escape(one)}(?![\w-]|\.\w)" for one in addresses]
        return cls(
            texts=addresses + unspaced,
            names=[one for one in names if len(one) > 1],
            pattern=re.compile("|".join([*forms, *map(re.escape, unspaced)]) or "(?!)"),
        )

    def is_in(self, content: bytes) -> bool:
        """Tell whether a piece holds the person; one that cannot be read may."""
        try:
            # Most pieces need not be taken apart, and that takes the longest.
            text = _plain(text_of(content))
            return self._may_be_in(text) and any(map(self.is_in_row, unpacked(content)))
        except (zlib.error, ValueError):
            return True

    def is_in_row(self, row: Row) -> bool:
        """Tell whether a row holds the person."""
        text = _plain(" ".join(row.cells))
        if not self._may_be_in(text):
            return False
        found = set(words_in(text))
        return bool(self.pattern.search(text)) or any(name <= found for name in self.names)

    def _may_be_in(self, text: str) -> bool:
        if any(one in text for one in self.texts):
            return True
        return any(all(word in text for word in name) for name in self.names)


def _plain(text: str) -> str:
    return text.casefold() if text.isascii() else normalize("NFC", text).casefold()


def _naming(words: KnownWords) -> Iterator[sa.ColumnElement[bool]]:
    """Give the conditions of refused rows that name a person: an address, or all words of a name.

    A file may keep the first name and the family name apart. Words are found whole: «Nürnberg»
    names no Berg. A name that somebody else bears too may mean them.
    """
    for one in sorted({*words.addresses, *(words.names - words.shared)}):
        parts = [one] if "@" in one else words_in(one)
        before, after = r"(?:(?<!\w)|(?<=_))", r"(?:(?!\w)|(?=_))"
        if "@" in one:
            before, after = r"(?<![\w.%+-])", r"(?![\w-]|\.\w)"
        elif len(parts) == 1:
            # A script without spaces: nothing parts the name from what follows.
            before = after = ""
        # The database understands this as Python does, after a look that costs it less.
        forms = ["|".join(map(re.escape, spellings([part]))) for part in parts]
        whole = [f"(?i){before}(?:{form}){after}" for form in forms]
        yield sa.or_(
            *(
                sa.and_(
                    *(_holds(column, part) for part in parts),
                    *(column.regexp_match(form) for form in whole),
                )
                for column in _HELD
            )
        )


def _holds(column: InstrumentedAttribute[str], word: str) -> sa.ColumnElement[bool]:
    return sa.or_(*(column.icontains(form, autoescape=True) for form in spellings([word])))
