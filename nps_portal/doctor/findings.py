"""What the doctor says: a finding is one matter, its lamp, and in words what to do about it."""

import enum
from dataclasses import dataclass

from nps_portal.doctor.dns import DnsRecord


class Lamp(enum.Enum):
    """How a matter stands, the worst first."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"

    @property
    def word(self) -> str:
        """Return the word that stands beside the colour, because colour says nothing to some."""
        return {"green": "ok", "amber": "note", "red": "fault"}[self.value]


class Part(enum.Enum):
    """What a finding is about; findings are read in this order."""

    IDENTITY = "Who we are to receivers"
    MACHINE = "This machine"
    RETURNS = "What comes back"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One matter the doctor looked at.

    What puts it right, where there is such a thing: a `record` for the DNS, a `line` to copy (that
    of the record, a command, or a setting), a `page` of the admin.
    """

    part: Part
    matter: str
    lamp: Lamp
    text: str
    line: str = ""
    page: str = ""
    record: DnsRecord | None = None


@dataclass(frozen=True, kw_only=True)
class Examination:
    """Everything the doctor found."""

    findings: tuple[Finding, ...]

    @property
    def parts(self) -> list[tuple[Part, list[Finding]]]:
        """Return the findings of each part that has some, the faults first."""
        worst_first = sorted(self.findings, key=lambda finding: list(Lamp).index(finding.lamp))
        found = {part: [one for one in worst_first if one.part is part] for part in Part}
        return [(part, findings) for part, findings in found.items() if findings]

    @property
    def lamp(self) -> Lamp:
        """Return the lamp of the whole: that of its worst finding."""
        lamps = {finding.lamp for finding in self.findings}
        return next((lamp for lamp in Lamp if lamp in lamps), Lamp.GREEN)

    @property
    def counts(self) -> dict[str, int]:
        """Return how many findings have each lamp, by its colour."""
        return {lamp.value: sum(finding.lamp is lamp for finding in self.findings) for lamp in Lamp}

    def as_json(self) -> dict[str, object]:
        """Return everything for programs."""
        return {
            "lamp": self.lamp.value,
            "findings": [
                {
                    "part": finding.part.value,
                    "matter": finding.matter,
                    "lamp": finding.lamp.value,
                    "text": finding.text,
                    "line": finding.line,
                    "page": finding.page,
                }
                for finding in self.findings
            ],
        }


@dataclass(frozen=True, kw_only=True)
class Matter:
    """Names a matter once, for findings of any colour about it."""

    part: Part
    name: str

    def green(self, text: str) -> Finding:
        """Find that all is well."""
        return Finding(part=self.part, matter=self.name, lamp=Lamp.GREEN, text=text)

    def amber(self, text: str, remedy: str | DnsRecord = "", page: str = "") -> Finding:
        """Find what should be looked at, and can wait."""
        return self._finding(Lamp.AMBER, text, remedy, page)

    def red(self, text: str, remedy: str | DnsRecord = "", page: str = "") -> Finding:
        """Find what is broken."""
        return self._finding(Lamp.RED, text, remedy, page)

    def _finding(self, lamp: Lamp, text: str, remedy: str | DnsRecord, page: str) -> Finding:
        record = remedy if isinstance(remedy, DnsRecord) else None
        return Finding(
            part=self.part,
            matter=self.name,
            lamp=lamp,
            text=text,
            line=remedy.line if isinstance(remedy, DnsRecord) else remedy,
            page=page,
            record=record,
        )
