"""Row ids in addresses: whole numbers that the database's column can hold."""

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter

# What an INTEGER of PostgreSQL holds; a larger number names no row and is an error to ask for.
LARGEST_ROW_ID = 2**31 - 1


class RowIdConverter(IntegerConverter):
    """The `int` of a route: a number too large for a row leads to no page, as an unknown one."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max": LARGEST_ROW_ID, **options})


def install_row_ids(app: Flask) -> None:
    """Let every `<int:…>` of a route be the id of a row."""
    app.url_map.converters["int"] = RowIdConverter


def row_id(text: str) -> int:
    """Return the id that a query or a form names.

    :raises ValueError: it cannot be one.
    """
    number = int(text)
    if not 0 < number <= LARGEST_ROW_ID:
        raise ValueError(f"{number} is not the id of a row")
    return number
