"""Static files: each address that a page prints names the version of the files.

The version stands in the path and not after a question mark, because what a script or a style
sheet loads itself is named relative to it, and so gets the same version. What stands in emails for
years, such as the score images, keeps its address without one.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response

YEAR_IN_SECONDS = 365 * 24 * 3600

_ENDPOINT = "static"
_PATH = f"/{_ENDPOINT}/v-<version>/<path:filename>"


def install_static_files(app: Flask) -> None:
    """Serve an application's static files under their version too, and print addresses with it."""
    own = _version_of(Path(app.static_folder or ""))

    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == _ENDPOINT:
            values.setdefault("version", own)

    def serve(filename: str, version: str | None = None) -> Response:
        answer = app.send_static_file(filename)
        if version is not None:
            _keep(answer, is_current=version == own)
        return answer

    app.url_defaults(add_version)
    app.view_functions[_ENDPOINT] = serve
    app.add_url_rule(_PATH, endpoint=_ENDPOINT)


def _keep(answer: Response, *, is_current: bool) -> None:
    """Let a browser keep the files of this version for long, and no others.

    While several processes are upgraded, one may be asked for a version that it does not have.
    """
    keeping, answer.expires = answer.cache_control, None
    keeping.clear()
    if is_current:
        keeping.public, keeping.max_age, keeping.immutable = True, YEAR_IN_SECONDS, True
    else:
        keeping.no_cache = True


@cache
def _version_of(folder: Path) -> str:
    """Return a digest of all files in a folder, their names and bytes."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:12]
