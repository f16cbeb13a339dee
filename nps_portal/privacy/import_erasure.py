"""Erasing a person from what imports keep: refused rows, files in hand, and former values."""

from collections.abc import Iterator

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
from nps_portal.privacy.known_words import KnownWords, spellings, words_in

_ABOUT_AN_ERASED_PERSON = "This row was about a person who has been erased."
_HELD = (ImportRejection.text, ImportRejection.reason, ImportRejection.cells)


def erase_import_traces(work: Work, words: KnownWords, contact_id: int) -> None:
    """Blank the refused rows that name a person, and drop the files that nobody has confirmed.

    Such a file may hold the person too, and to read it here would keep everybody waiting. One that
    is being brought in goes by itself at its end, and cannot make the address one to be mailed.
    What imports have changed of the person is forgotten: no Undo may bring it back.
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
    unconfirmed = sa.select(Import.id).where(
        Import.state.in_([ImportState.READING, ImportState.UPLOADED])
    )
    work.session.execute(
        sa.delete(ImportPiece)
        .where(ImportPiece.import_id.in_(unconfirmed))
        .execution_options(synchronize_session=False)
    )


def _naming(words: KnownWords) -> Iterator[sa.ColumnElement[bool]]:
    """Give the conditions of refused rows that name a person: an address, or all words of a name.

    A file may keep the first name and the family name apart.
    """
    for one in sorted({*words.addresses, *words.names}):
        parts = [one] if "@" in one else words_in(one)
        yield sa.or_(*(sa.and_(*(_holds(column, part) for part in parts)) for column in _HELD))


def _holds(column: InstrumentedAttribute[str], word: str) -> sa.ColumnElement[bool]:
    return sa.or_(*(column.icontains(form, autoescape=True) for form in spellings([word])))
