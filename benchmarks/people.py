"""Made-up customers as CSV files, the same ones every time."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HEADERS = ("Email", "First name", "Last name", "Company", "Language")
# A file that is imported has two columns more, which become properties.
IMPORT_HEADERS = (*HEADERS, "Revenue", "Customer since")

_FIRST_NAMES = ("Marta", "Jürgen", "Aoife", "Siôn", "Léa", "Paweł", "Ingrid", "Tom", "Zoë", "Ali")
_LAST_NAMES = ("Lindqvist", "Müller", "O'Brien", "Novák", "Garcia", "Smith", "Østergaard")
_LANGUAGES = ("en", "de", "fr", "")
_BAD = ("no address", "two@@example.org", ".dot@example.org", "a b@example.org", "name@", "")

# Of a hundred rows one has a bad address, and one is a contact whom the portal knows already.
_BAD_PLACE, _KNOWN_PLACE = 33, 66


@dataclass(frozen=True, kw_only=True)
class Person:
    """One row of a file."""

    email: str
    first_name: str
    last_name: str
    company: str
    language: str

    def cells(self) -> list[str]:
        """Return the row under `HEADERS`."""
        return [self.email, self.first_name, self.last_name, self.company, self.language]


def people(count: int) -> Iterator[Person]:
    """Yield people with addresses of their own, two of each company."""
    for number in range(count):
        yield Person(
            email=f"customer.{number}@example.org",
            first_name=_FIRST_NAMES[number % len(_FIRST_NAMES)],
            last_name=_LAST_NAMES[number % len(_LAST_NAMES)],
            company=f"Company {number // 2}",
            language=_LANGUAGES[number % len(_LANGUAGES)],
        )


def known_emails(count: int) -> list[str]:
    """Return the addresses in an import of this size that belong to known contacts."""
    return [one.email for number, one in enumerate(people(count)) if _is_known(number)]


def write_people(path: Path, count: int) -> None:
    """Write a file of good rows."""
    _write(path, HEADERS, (one.cells() for one in people(count)))


def write_import(path: Path, count: int) -> None:
    """Write a file of which 1 % is bad and 1 % tells something new of known contacts."""
    rows = (
        [
            *_spoiled(one, number).cells(),
            f"{number * 1.5}",
            f"20{number % 25:02}-0{number % 9 + 1}-15",
        ]
        for number, one in enumerate(people(count))
    )
    _write(path, IMPORT_HEADERS, rows)


def bad_count(count: int) -> int:
    """Return how many rows of an import of this size are bad."""
    return sum(number % 100 == _BAD_PLACE for number in range(count))


def _is_known(number: int) -> bool:
    return number % 100 == _KNOWN_PLACE


def _spoiled(person: Person, number: int) -> Person:
    if number % 100 != _BAD_PLACE:
        return person
    return Person(
        email=_BAD[number // 100 % len(_BAD)],
        first_name=person.first_name,
        last_name=person.last_name,
        company=person.company,
        language=person.language,
    )


def _write(path: Path, headers: Sequence[str], rows: Iterable[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(headers)
        writer.writerows(rows)
