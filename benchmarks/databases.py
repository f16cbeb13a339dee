"""Databases that are made on a PostgreSQL server for one measurement and dropped after it."""

import secrets

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url


def create_database(server: str) -> str:
    """Make an empty database on the server and return its address."""
    name = f"nps_benchmark_{secrets.token_hex(4)}"
    _execute(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return _text(make_url(server).set(database=name))


def drop_database(server: str, url: str) -> None:
    """Drop a database that `create_database` has made."""
    name = make_url(url).database or ""
    if not name.startswith("nps_benchmark_"):
        raise ValueError(f"{name} was not made here and is not dropped.")
    _execute(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _execute(server: str, statement: sql.Composed) -> None:
    address = _text(make_url(server).set(drivername="postgresql"))
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement)


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
