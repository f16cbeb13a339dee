"""Steps that migrations share, the same on either database."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op


def add_choice(
    table: str, column: str, enum: str, values: Sequence[str], default: str | None = None
) -> None:
    """Add a column with its constraint, which SQLite can only take together."""
    kept = f"DEFAULT '{default}' NOT NULL" if default else ""
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {column} VARCHAR(32) {kept} "
        f"CONSTRAINT ck_{table}_{enum} CHECK ({_among(column, values)})"
    )


def widen(
    table: str, column: str, enum: str, former: Sequence[str], further: Sequence[str]
) -> None:
    """Let a column hold further values.

    SQLite cannot change a constraint; its own way is to correct the text of the schema, which
    leaves the rows where they are.
    """
    name, wide = f"ck_{table}_{enum}", (*former, *further)
    if op.get_bind().dialect.name != "sqlite":
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({_among(column, wide)})")
        return
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) "
        "WHERE type = 'table' AND name = ? AND instr(sql, ?)",
        (_among(column, former), _among(column, wide), table, _among(column, former)),
    )
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")
    if changed.rowcount != 1:
        raise RuntimeError(f"The constraint {name} is not the one that was made here.")


def text_column(name: str, length: int, default: str = "") -> sa.Column[str]:
    """Return a column of text that is never null."""
    return sa.Column(name, sa.String(length=length), server_default=default, nullable=False)


def json_column(name: str, default: str) -> sa.Column[object]:
    """Return a column of JSON that is never null."""
    return sa.Column(name, sa.JSON(), server_default=default, nullable=False)


def switch_column(name: str, *, on: bool) -> sa.Column[bool]:
    """Return a column that is on or off."""
    return sa.Column(
        name, sa.Boolean(), server_default=sa.true() if on else sa.false(), nullable=False
    )


def enum_of(name: str, *values: str) -> sa.Enum:
    """Return the type of a column that holds one of these values, guarded by a constraint."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def add_reference(table: str, column: str, other: str) -> None:
    """Add a column that may name a row of another table, or none.

    SQLite takes the constraint only together with the column.
    """
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {column} INTEGER "
        f"CONSTRAINT fk_{table}_{column}_{other} REFERENCES {other} (id)"
    )


def partial_index(table: str, column: str) -> None:
    """Index a column over the rows that have a value in it."""
    condition = sa.text(f"{column} IS NOT NULL")
    op.create_index(
        f"ix_{table}_{column}",
        table,
        [column],
        sqlite_where=condition,
        postgresql_where=condition,
    )


def _among(column: str, values: Sequence[str]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
