"""The tests' PostgreSQL: real, shared, and gone when nobody needs it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.support.postgres import PostgresServer, start_postgres


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    server = start_postgres(tmp_path_factory.mktemp("postgres"))
    yield server
    server.stop()


def run(url: str, statement: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def value(url: str, query: str) -> object:
    engine = create_engine(url)
    with engine.connect() as connection:
        found: object = connection.execute(text(query)).scalar_one()
    engine.dispose()
    return found


def table_count(url: str) -> object:
    return value(url, "SELECT count(*) FROM information_schema.tables WHERE table_name = 'scores'")


def test_the_server_is_a_real_postgresql(server: PostgresServer) -> None:
    url = server.create_database("real")

    assert str(value(url, "SELECT version()")).startswith("PostgreSQL ")


def test_letters_are_those_of_unicode(server: PostgresServer) -> None:
    url = server.create_database("letters")

    assert value(url, "SELECT lower('ÄÉ')") == "äé"


def test_two_databases_are_separate(server: PostgresServer) -> None:
    first = server.create_database("first")
    second = server.create_database("second")

    run(first, "CREATE TABLE scores (score int)")

    assert (table_count(first), table_count(second)) == (1, 0)


def test_a_database_can_be_made_anew_while_somebody_is_connected(server: PostgresServer) -> None:
    url = server.create_database("anew")
    run(url, "CREATE TABLE scores (score int)")
    engine = create_engine(url)

    with engine.connect() as forgotten:
        forgotten.execute(text("SELECT 1"))
        server.create_database("anew")
        forgotten.invalidate()

    engine.dispose()
    assert table_count(url) == 0


def test_a_template_is_filled_once_and_copied_often(server: PostgresServer) -> None:
    filled: list[str] = []

    def fill(url: str) -> None:
        filled.append(url)
        run(url, "CREATE TABLE scores (score int)")

    server.create_template("filled", fill)
    server.create_template("filled", fill)
    copies = [server.create_database(name, template="filled") for name in ("one", "two")]

    assert len(filled) == 1
    assert [table_count(copy) for copy in copies] == [1, 1]


def test_a_template_that_failed_is_tried_again(server: PostgresServer) -> None:
    def fail(url: str) -> None:
        raise RuntimeError("broken migration")

    with pytest.raises(RuntimeError, match="broken migration"):
        server.create_template("retried", fail)

    server.create_template("retried", lambda url: run(url, "CREATE TABLE scores (score int)"))

    assert table_count(server.create_database("copy", template="retried")) == 1


def test_a_second_user_shares_the_server_and_the_last_one_ends_it(tmp_path: Path) -> None:
    first = start_postgres(tmp_path)
    second = start_postgres(tmp_path)
    url = first.create_database("shared")

    first.stop()

    assert value(url, "SELECT 1") == 1
    second.stop()
    assert not second.home.exists()


def test_a_stopped_server_can_be_started_again(tmp_path: Path) -> None:
    start_postgres(tmp_path).stop()

    server = start_postgres(tmp_path)

    assert value(server.create_database("again"), "SELECT 1") == 1
    server.stop()
