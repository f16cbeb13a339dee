"""Copies of a database, made and put back as an operator would while nothing runs."""

import shutil
import sqlite3
from pathlib import Path

import psycopg
import sqlalchemy as sa
from psycopg import sql

from nps_portal.foundation.database import db


class Copy:
    """A copy of the current application's database, made now."""

    def __init__(self, directory: Path) -> None:
        self._url = db.engine.url
        self._file = directory / "copy.sqlite"
        _disconnect()
        if self._is_sqlite:
            with sqlite3.connect(self._database) as source, sqlite3.connect(self._file) as copy:
                source.backup(copy)
            source.close()
            copy.close()
        else:
            _replace(self._url, self._database, f"{self._database}_copy")

    def put_back(self) -> None:
        """Let the copy take the place of the database."""
        _disconnect()
        if self._is_sqlite:
            for rest in ("-wal", "-shm"):
                Path(self._database + rest).unlink(missing_ok=True)
            shutil.copyfile(self._file, self._database)
        else:
            _replace(self._url, f"{self._database}_copy", self._database)

    @property
    def _is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    @property
    def _database(self) -> str:
        assert self._url.database is not None
        return self._url.database


def _disconnect() -> None:
    db.session.remove()
    db.engine.dispose()


def _replace(url: sa.URL, source: str, target: str) -> None:
    with psycopg.connect(
        host=str(url.query["host"]),
        port=str(url.query["port"]),
        user=url.username,
        dbname="postgres",
        autocommit=True,
    ) as connection:
        names = {"source": sql.Identifier(source), "target": sql.Identifier(target)}
        drop = sql.SQL("DROP DATABASE IF EXISTS {target} WITH (FORCE)")
        create = sql.SQL("CREATE DATABASE {target} TEMPLATE {source}")
        connection.execute(drop.format(**names))
        connection.execute(create.format(**names))
