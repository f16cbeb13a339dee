"""Handing a table over as a file: CSV in a stream, a workbook from a file without a name."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from typing import IO

from flask import current_app, send_file, stream_with_context
from flask.typing import ResponseReturnValue

from nps_portal.accounts.portal_settings import portal_settings, process_settings
from nps_portal.exports.making import UNFINISHED, csv_of
from nps_portal.exports.reader import snapshot
from nps_portal.exports.table import Table
from nps_portal.exports.workbook import Workbook
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def csv_download(table: Table) -> ResponseReturnValue:
    """Give a table as CSV, a page of rows at a time."""
    lines = stream_with_context(_lines(table))
    answer = current_app.response_class(lines, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{_file_name(table.name)}.csv"'
    return answer


def workbook_download(table: Table) -> ResponseReturnValue:
    """Give a table as a workbook."""
    # It is sent when this function has ended, and has no name that could stay behind.
    file = tempfile.TemporaryFile(prefix=UNFINISHED, dir=process_settings().instance_dir)  # noqa: SIM115
    with snapshot() as reader, closing(Workbook(file)) as book:
        book.add(table.name, table.columns(reader), table.rows(reader))
    return sent(file, f"{table.name}.xlsx", _XLSX)


def sent(file: IO[bytes], name: str, media_type: str) -> ResponseReturnValue:
    """Give a whole file, under a name with the day of today."""
    stem, _, suffix = name.rpartition(".")
    file.seek(0)
    download_name = f"{_file_name(stem)}.{suffix}"
    return send_file(file, mimetype=media_type, as_attachment=True, download_name=download_name)


def _lines(table: Table) -> Iterator[str]:
    with snapshot() as reader:
        yield from csv_of(table, reader)


def _file_name(name: str) -> str:
    zone = portal_settings(reading()).zone
    return f"nps-{name}-{current_clock().now().astimezone(zone):%Y-%m-%d}"
