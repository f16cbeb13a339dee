"""Inserting many rows at once, past what SQLAlchemy does for each row.

Measured with a thousand contacts: half the time of an `execute` with dictionaries on SQLite, and a
fifth on PostgreSQL, where the rows go in by COPY.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from nps_portal.foundation.database import Model

_FEW = 20


def insert_rows(
    session: Session, model: type[Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Insert rows given as values in the order of the columns; the others get their defaults."""
    if not rows:
        return
    table = cast("sa.Table", model.__table__)
    connection = session.connection()
    written = _written(connection.dialect, [table.c[name].type for name in columns], rows)
    names = ", ".join(columns)
    if connection.dialect.name == "postgresql" and len(rows) > _FEW:
        cursor: Any = connection.connection.cursor()
        with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
            for row in written:
                copy.write_row(row)
        return
    place = "?" if connection.dialect.name == "sqlite" else "%s"
    places = ", ".join([place] * len(columns))
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({names}) VALUES ({places})",  # noqa: S608 - names of the schema
        written,
    )


def next_ids(session: Session, model: type[Model], count: int) -> list[int]:
    """Return ids for rows that this transaction is about to insert.

    On SQLite the write lock keeps others from taking the same ones.
    """
    table = cast("sa.Table", model.__table__)
    if session.get_bind().dialect.name == "sqlite":
        last = session.scalar(sa.select(sa.func.max(table.c.id))) or 0
        return list(range(last + 1, last + 1 + count))
    sequence = sa.func.pg_get_serial_sequence(table.name, "id")
    numbers = sa.func.generate_series(1, count).table_valued("number")
    return sorted(session.scalars(sa.select(sa.func.nextval(sequence)).select_from(numbers)))


def _written(
    dialect: Dialect, types: Sequence[sa.types.TypeEngine[Any]], rows: Sequence[Sequence[Any]]
) -> list[tuple[Any, ...]]:
    """Return the rows as the driver takes them."""
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for place, kind in enumerate(types):
        process = kind.dialect_impl(dialect).bind_processor(dialect)
        if process is not None:
            columns[place] = _processed(process, columns[place])
    return list(zip(*columns, strict=True))


def _processed(process: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
    # Most columns hold few different values, and often the very same object in each row.
    known: dict[int, Any] = {}
    processed = []
    for value in values:
        mark = id(value)
        if mark not in known:
            known[mark] = process(value)
        processed.append(known[mark])
    return processed
