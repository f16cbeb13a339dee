"""Keep the catalogues of what customers read: `update` brings all of them to the texts of today.

`fill CODE FILE [--informal]` takes translations from a JSON file, `{"texts": {name: words},
"counted": {name: [form, …]}}`; the informal form needs only what differs from the formal one.
`missing` lists what catalogues lack and where a field or a length does not fit, and fails on any.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.languages import (
    COUNTED,
    DEFAULT_LANGUAGE,
    LANGUAGES,
    REVIEWED_HEADER,
    Address,
    catalogue,
    catalogue_file,
)
from nps_portal.surveys.wording import TEXTS, Wording

Names = dict[str, Any]


def forms() -> Iterator[tuple[str, Address]]:
    """Yield every catalogue that there is to be."""
    for language in LANGUAGES:
        if language.code != DEFAULT_LANGUAGE:
            yield language.code, Address.FORMAL
            if language.has_informal:
                yield language.code, Address.INFORMAL


def plural_count(code: str) -> int:
    """Return how many plural forms a language has in gettext."""
    return int(Catalog(locale=Locale.parse(code.replace("-", "_"))).num_plurals)


def stored(code: str, address: Address) -> tuple[Names, str]:
    """Return the translations that a catalogue holds by name, and who has reviewed it."""
    path = catalogue_file(code, address)
    if not path.exists():
        return {}, ""
    with path.open("rb") as file:
        former = read_po(file, locale=code.replace("-", "_"))
    reviewed = dict(former.mime_headers).get(REVIEWED_HEADER, "")
    return {one.context: one.string for one in former if one.context}, reviewed


def write(code: str, address: Address, given: Names, reviewed: str) -> None:
    """Write a catalogue with every text of today, filled as far as it is given."""
    catalog = Catalog(
        locale=Locale.parse(code.replace("-", "_")),
        project="NPS Portal",
        header_comment=f"# What customers read, in {code} ({address.value}).",
        fuzzy=False,
    )
    for name, text in TEXTS.items():
        if text.english:
            catalog.add(text.english, given.get(name, ""), context=name, auto_comments=[text.label])
    for name, words in COUNTED.items():
        catalog.add(words, tuple(given.get(name, ())), context=name)
    path = catalogue_file(code, address)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=100, omit_header=True)
    plurals = f"nplurals={catalog.num_plurals}; plural={catalog.plural_expr};"
    head = (
        f"{catalog.header_comment}\n"
        'msgid ""\nmsgstr ""\n'
        f'"Language: {code}\\n"\n'
        f'"{REVIEWED_HEADER}: {reviewed}\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: {plurals}\\n"\n\n'
    )
    path.write_text(head + path.read_text(encoding="utf-8"), encoding="utf-8")


def fill(code: str, file: Path, address: Address) -> None:
    """Take translations from a file into a catalogue."""
    brought = json.loads(file.read_text(encoding="utf-8"))
    given, reviewed = stored(code, address)
    if address is Address.INFORMAL:
        given = stored(code, Address.FORMAL)[0] | given
    write(code, address, given | brought.get("texts", {}) | brought.get("counted", {}), reviewed)


def faults(code: str, address: Address) -> Iterator[str]:
    """Yield what a catalogue lacks, and what does not fit its place."""
    given, _ = stored(code, address)
    for name, text in TEXTS.items():
        if text.english and not given.get(name):
            yield f"{name}: missing"
    for name in COUNTED:
        words = given.get(name) or ()
        if len(words) != plural_count(code) or not all(words):
            yield f"{name}: {plural_count(code)} plural forms are needed"
    catalogue.cache_clear()
    for name, text in TEXTS.items():
        try:
            Wording(code, address, **{name: given.get(name) or text.english}).check()
        except PortalError as error:
            yield f"{name}: {error}"


def main() -> int:
    """Run one of the three acts."""
    parser = argparse.ArgumentParser(description=__doc__)
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("update")
    acts.add_parser("missing").add_argument("codes", nargs="*")
    filling = acts.add_parser("fill")
    filling.add_argument("code")
    filling.add_argument("file", type=Path)
    filling.add_argument("--informal", action="store_true")
    arguments = parser.parse_args()
    if arguments.act == "fill":
        address = Address.INFORMAL if arguments.informal else Address.FORMAL
        fill(arguments.code, arguments.file, address)
        return 0
    if arguments.act == "update":
        for code, address in forms():
            write(code, address, *stored(code, address))
        return 0
    found = [
        f"{code} {address.value}: {fault}"
        for code, address in forms()
        if not arguments.codes or code in arguments.codes
        for fault in faults(code, address)
    ]
    print("\n".join(found) or "Nothing is missing.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
