"""What a file would become, judged on its first rows before anything is touched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.models import Property, Suppression
from nps_portal.contacts.properties import Habits, PropertySpec, guess_kind, property_key
from nps_portal.contacts.upserting import ContactNews, UpdateRule
from nps_portal.foundation.csv_files import unguarded
from nps_portal.foundation.errors import PortalError
from nps_portal.imports.bringing_in import owners
from nps_portal.imports.commands import Choice
from nps_portal.imports.drafts import ContactDraft, Judge, Known, Rejection
from nps_portal.imports.mapping import Mapping as ColumnMapping
from nps_portal.imports.mapping import property_name
from nps_portal.imports.models import Import, ImportPiece
from nps_portal.imports.pieces import unpacked
from nps_portal.imports.preview_changes import FieldChange, KnownPeople, known_people
from nps_portal.imports.property_cells import PropertyColumn
from nps_portal.imports.tables import Row

PREVIEW_ROWS = 1000
SHOWN_ROWS = 8
SHOWN_REJECTIONS = 50
SHOWN_SAMPLES = 3
SAMPLED_ROWS = 50
GUESSED_ROWS = 200
LONGEST_SAMPLE = 60


class DroppedFile(PortalError):
    """The file was not imported in time and is not kept any more."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its header, the first cells that hold something, what property it could be."""

    header: str
    samples: Sequence[str]
    guessed: PropertySpec


@dataclass(frozen=True, kw_only=True)
class ShownChange:
    """A known person of whom the file tells something new, and what."""

    who: str
    is_returning: bool
    fields: Sequence[FieldChange]


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What the first rows of a file would become; `looked_at` says how many those are.

    `new`, `changed` and `unchanged` count people, `repeated` the rows that name one of them again,
    `returning` those of the known who were removed and come back; `incomplete` counts rows that
    come in without one of their cells.
    """

    columns: Sequence[Column]
    drafts: Sequence[ContactDraft]
    changes: Sequence[ShownChange]
    rejections: Sequence[Rejection]
    looked_at: int
    new: int
    changed: int
    unchanged: int
    returning: int
    repeated: int
    refused: int
    incomplete: int
    suppressed: int
    rows_total: int

    @property
    def is_whole(self) -> bool:
        """Tell whether every row of the file was looked at."""
        return self.looked_at >= self.rows_total

    @property
    def known(self) -> int:
        """Return how many of the people are contacts already."""
        return self.changed + self.unchanged

    @property
    def expected(self) -> int:
        """Return how many rows will be imported; of a longer file, those not looked at too."""
        return self.rows_total - self.refused


def preview(session: Session, kept: Import, choice: Choice) -> Preview:
    """Judge the first rows of a file as chosen, without changing anything.

    :raises DroppedFile: nobody confirmed the file for a day.
    """
    rows = first_rows(session, kept)
    judged = [judge.draft(row) for judge in [_judge(session, choice, rows)] for row in rows]
    drafts = [one for one in judged if isinstance(one, ContactDraft)]
    refused = [one for one in judged if isinstance(one, Rejection)]
    news: dict[str, ContactNews] = {}
    for one in drafts:
        news.setdefault(one.news.email.key, one.news)
    known = known_people(session, list(news))
    changes = _changes(known, news, choice)
    left_out = _left_out(drafts)
    return Preview(
        columns=_columns(rows, choice.mapping),
        drafts=drafts[:SHOWN_ROWS],
        changes=changes[:SHOWN_ROWS],
        rejections=sorted([*refused, *left_out], key=lambda one: one.line)[:SHOWN_REJECTIONS],
        looked_at=len(rows),
        new=len(news) - known.count,
        changed=len(changes),
        unchanged=known.count - len(changes),
        returning=0 if choice.rule is UpdateRule.KEEP else known.removed,
        repeated=len(drafts) - len(news),
        refused=len(refused),
        incomplete=len(left_out),
        suppressed=_suppressed(session, drafts, list(news)),
        rows_total=kept.rows_total,
    )


def guessed_properties(session: Session, kept: Import) -> list[PropertySpec]:
    """Return what property each column could become, by its header and cells.

    :raises DroppedFile: nobody confirmed the file for a day.
    """
    headers = tuple(kept.mapping["headers"])
    return [
        _guess(header, cells) for header, cells in _by_column(headers, first_rows(session, kept))
    ]


def _left_out(drafts: Sequence[ContactDraft]) -> list[Rejection]:
    """Return the rows that come in without one of their cells."""
    return [
        Rejection(
            line=one.line,
            reason=" ".join(one.left_out),
            text=one.news.email.email,
            is_imported=True,
        )
        for one in drafts
        if one.left_out
    ]


def _suppressed(session: Session, drafts: Sequence[ContactDraft], keys: Sequence[str]) -> int:
    """Return how many people must not be mailed, by the file or by what is known."""
    out = {one.news.email.key for one in drafts if one.opted_out}
    known = session.scalars(sa.select(Suppression.email_key).where(Suppression.email_key.in_(keys)))
    return len(out | set(known))


def first_rows(session: Session, kept: Import) -> list[Row]:
    """Return the first rows of a file that is kept.

    :raises DroppedFile: nobody confirmed the file for a day.
    """
    rows: list[Row] = []
    pieces = sa.select(ImportPiece.content).where(ImportPiece.import_id == kept.id)
    # A piece of long rows holds fewer than a thousand; some of them are enough.
    for content in session.scalars(pieces.order_by(ImportPiece.number).limit(4)):
        rows += unpacked(content)
        if len(rows) >= PREVIEW_ROWS:
            break
    if not rows:
        raise DroppedFile(
            f"«{kept.filename}» was not imported within a day, so it is not kept any more. "
            "Upload it once more."
        )
    return rows[:PREVIEW_ROWS]


def _judge(session: Session, choice: Choice, rows: Sequence[Row]) -> Judge:
    mapping = choice.mapping.with_habits(rows)
    known = {one.name_key: one for one in session.scalars(sa.select(Property))}
    columns = {
        # Those that are still to be made have no id yet: their column stands for it.
        index: PropertyColumn(
            property_id=index,
            spec=known.get(property_key(spec.name)) or spec,
            habits=mapping.habits.get(index, Habits()),
            widens=property_key(spec.name) not in known,
        )
        for index, spec in mapping.properties.items()
    }
    return Judge(mapping, Known(owners=owners(session), properties=columns))


def _changes(
    known: KnownPeople, news: Mapping[str, ContactNews], choice: Choice
) -> list[ShownChange]:
    if choice.rule is UpdateRule.KEEP:
        return []
    names = {index: spec.name for index, spec in choice.mapping.properties.items()}
    found = []
    for key, one in news.items():
        if (person := known.person(key)) is None:
            continue
        tagged = one._replace(tags=(*one.tags, *choice.tags))
        fields = person.changed_by(tagged, names, choice.rule)
        if fields or person.is_removed:
            found.append(
                ShownChange(who=person.shown_name, is_returning=person.is_removed, fields=fields)
            )
    return found


def _columns(rows: Sequence[Row], mapping: ColumnMapping) -> list[Column]:
    return [
        Column(header=header, samples=_samples(rows, index), guessed=_guess(header, cells))
        for index, (header, cells) in enumerate(_by_column(mapping.headers, rows))
    ]


def _by_column(headers: Sequence[str], rows: Sequence[Row]) -> list[tuple[str, tuple[str, ...]]]:
    sound = [row.cells for row in rows if row.fault is None]
    cells = list(zip(*sound, strict=True)) if sound else [()] * len(headers)
    return list(zip(headers, cells, strict=True))


def _guess(header: str, cells: Sequence[str]) -> PropertySpec:
    """Return what property a column could become; the first of its cells tell enough."""
    return guess_kind(property_name(header), [unguarded(cell) for cell in cells[:GUESSED_ROWS]])


def _samples(rows: Sequence[Row], column: int) -> list[str]:
    filled = (
        _short(row.cells[column].strip())
        for row in rows[:SAMPLED_ROWS]
        if column < len(row.cells) and row.cells[column].strip()
    )
    return list(islice(dict.fromkeys(filled), SHOWN_SAMPLES))


def _short(cell: str) -> str:
    return cell if len(cell) <= LONGEST_SAMPLE else f"{cell[: LONGEST_SAMPLE - 1]}…"
