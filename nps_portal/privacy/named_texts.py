"""Texts that people have typed and that may name a person: their words are taken out of them.

Some of these tables belong to rooms above this one, so they are named as the schema names them.
"""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

import sqlalchemy as sa

from nps_portal.contacts.companies import name_key
from nps_portal.contacts.tags import tag_key
from nps_portal.foundation.database import Base
from nps_portal.foundation.work import Work
from nps_portal.privacy.known_words import ERASED, KnownWords, spellings
from nps_portal.privacy.named_conditions import is_condition, neutral_condition

_TEXTS = (
    ("imports", "filename"),
    ("imports", "reason"),
    ("imports", "tags"),
    ("histories", "filename"),
    ("batches", "name"),
    ("email_contents", "held_reason"),
    ("relay_states", "reason"),
)
# Of a file without headers its first person stands there; the rest of it is needed as it is.
_MAPPINGS = (("imports", "mapping"), ("import_mappings", "mapping"))
_RULES = (("batches", "audience"), ("segments", "rules"))
_MARKS = ("tags", "company")
# What is looked through as it is; acts on many and names of segments have their own ways.
LOOKED_THROUGH = (*_TEXTS, *_MAPPINGS, *_RULES)
# What an act still to be done needs is taken out of it at its end.
FORGET_AT_END = "forget"
FORGOTTEN_ACT = {"words": "an act that named somebody who has been erased"}


def take_out(
    work: Work, contact_ids: Collection[int], words: KnownWords, lone: Collection[str]
) -> None:
    """Take the words of a person out of texts; `lone` are names of tags and companies that go.

    A condition that asked for the person asks for nobody then, as it would have without them. What
    `lone` says elsewhere than of tags and companies may be about anything, and stays.
    """
    alone = {name_key(one) for one in lone}

    def of_mark(text: str) -> str:
        return ERASED if name_key(text) in alone else words.taken_out(text)

    def of_condition(stored: dict[str, Any]) -> dict[str, Any]:
        neutral = of_mark if stored["field"] in _MARKS else words.taken_out
        return neutral_condition(
            work, stored, words, contact_ids, lambda value: _walked(value, neutral)
        )

    # What is stored is found by few words, and judged by all of them.
    rarest = [*words.rarest, *lone]
    for table, column in _TEXTS:
        _rewrite(work, table, column, rarest, words.taken_out)
    _rewrite_mappings(work, words)
    for table, column in _RULES:
        _rewrite(work, table, column, rarest, words.taken_out, of_condition)
    _rename_segments(work, rarest, words.taken_out)
    _forget_in_acts(work, words, rarest, of_mark)


def rename_tags_asked_for(work: Work, new_names: Mapping[str, str]) -> None:
    """Write the new names of tags into the conditions that ask for them, by their former names."""
    by_key = {tag_key(former): new for former, new in new_names.items()}

    def renamed(text: str) -> str:
        return by_key.get(tag_key(text), text)

    def of_condition(stored: dict[str, Any]) -> dict[str, Any]:
        if stored["field"] != "tags":
            return stored
        return stored | {"value": _walked(stored["value"], renamed)}

    for table, column in _RULES:
        _rewrite(work, table, column, list(new_names), str, of_condition)


def _rewrite_mappings(work: Work, words: KnownWords) -> None:
    """Take the person out of headers that are a row of theirs: one of them is their address."""
    addresses = KnownWords(addresses=words.addresses, names=frozenset(), single=frozenset())
    for table, column in _MAPPINGS:
        rows = Base.metadata.tables[table]
        for row_id, mapping in _found(work, table, column, words.addresses):
            headers = mapping.get("headers", [])
            if any(addresses.are_in(one) for one in headers):
                new = mapping | {"headers": [words.taken_out(one) for one in headers]}
                work.session.execute(
                    sa.update(rows).where(_key_of(rows) == row_id).values({column: new})
                )


def _rewrite(
    work: Work,
    table: str,
    column: str,
    rarest: Collection[str],
    neutral: Callable[[str], str],
    of_condition: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> None:
    rows = Base.metadata.tables[table]
    for row_id, value in _found(work, table, column, rarest):
        new = _walked(value, neutral, of_condition)
        if new != value:
            work.session.execute(
                sa.update(rows).where(_key_of(rows) == row_id).values({column: new})
            )


def _rename_segments(work: Work, rarest: Collection[str], neutral: Callable[[str], str]) -> None:
    rows = Base.metadata.tables["segments"]
    for row_id, name in _found(work, "segments", "name", rarest):
        new = neutral(name)
        if new != name:
            # Two segments may have been named after one person.
            new = f"{new} {row_id}"[-120:]
            work.session.execute(
                sa.update(rows).where(rows.c.id == row_id).values(name=new, name_key=name_key(new))
            )


def _forget_in_acts(
    work: Work, words: KnownWords, rarest: Collection[str], of_mark: Callable[[str], str]
) -> None:
    """Forget what acts on many were asked for; whom they are about is fixed when they begin."""
    rows = Base.metadata.tables["bulk_acts"]
    for row_id, _ in _found(work, "bulk_acts", "choice", [*rarest, *words.single]):
        work.session.execute(sa.update(rows).where(rows.c.id == row_id).values(choice={}))
    finished = sa.select(rows.c.id).where(rows.c.finished_at.is_not(None))
    for row_id, terms in _found(work, "bulk_acts", "terms", rarest):
        is_of_mark = "tags" in terms or terms.get("field") in _MARKS
        if _walked(terms, of_mark if is_of_mark else words.taken_out) == terms:
            continue
        is_over = work.session.scalar(finished.where(rows.c.id == row_id)) is not None
        new = FORGOTTEN_ACT if is_over else {**terms, FORGET_AT_END: True}
        work.session.execute(sa.update(rows).where(rows.c.id == row_id).values(terms=new))


def _found(work: Work, table: str, column: str, rarest: Collection[str]) -> list[tuple[Any, Any]]:
    """Return the rows that may name the person; JSON holds letters beyond ASCII as escapes."""
    rows = Base.metadata.tables[table]
    forms = spellings(rarest)
    if isinstance(rows.c[column].type, sa.JSON):
        forms = [json.dumps(form)[1:-1] for form in forms]
    text = sa.cast(rows.c[column], sa.Text)
    named = [text.icontains(form, autoescape=True) for form in forms]
    if not named:
        return []
    key = _key_of(rows)
    query = sa.select(key, rows.c[column]).where(sa.or_(*named)).order_by(key)
    return [(row[0], row[1]) for row in work.session.execute(query)]


def _key_of(rows: sa.Table) -> sa.Column[Any]:
    return next(iter(rows.primary_key.columns))


def _walked(
    value: Any,
    neutral: Callable[[str], str],
    of_condition: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> Any:
    """Return a JSON value with every text in it made neutral; keys are no words of people."""
    if isinstance(value, str):
        return neutral(value)
    if of_condition is not None and is_condition(value):
        return of_condition(value)
    if isinstance(value, list):
        return [_walked(one, neutral, of_condition) for one in value]
    if isinstance(value, dict):
        return {key: _walked(one, neutral, of_condition) for key, one in value.items()}
    return value
