"""Send a batch with every contestant, one after the other, to one sink, and print the ratios.

Each runs in a process of its own and writes the same email to the same people. After each, the
sink must have got every recipient exactly once.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.send import go_pool_peer, nodemailer_peer
from benchmarks.send.job import Job
from benchmarks.send.letter import Letter, letter
from benchmarks.send.ours import OurWork, send
from benchmarks.send.programs import Missing
from benchmarks.smtp_sink import Sink, SinkManners, open_sink
from benchmarks.support import (
    SQLITE,
    Measured,
    WrongResult,
    heading,
    middle,
    option_parser,
    print_table,
    ratio,
    run_apart,
    throwaway_directory,
)

PLANNING = "planning"
OURS = "NPS Portal"
SIGNED = {"rsa": f"{OURS}, DKIM RSA-2048", "ed25519": f"{OURS}, DKIM Ed25519"}

FLOOD_MESSAGES = 20_000
FLOOD_CONNECTIONS = 8


@dataclass(frozen=True, kw_only=True)
class Peer:
    """Who else sends; the slow send only every tenth of the messages."""

    name: str
    entry: str
    is_slow: bool = False


PEERS = {
    "go": Peer(name="Go, smtppool", entry="benchmarks.send.go_pool_peer:send"),
    "nodemailer": Peer(name="nodemailer, pool", entry="benchmarks.send.nodemailer_peer:send"),
    "smtplib": Peer(name="smtplib, threads", entry="benchmarks.send.smtplib_peer:send"),
    "flask-page": Peer(
        name="Flask-Mail, connect(), a commit a page",
        entry="benchmarks.send.flask_mail_peers:commit_a_page",
    ),
    "flask-connect": Peer(
        name="Flask-Mail, connect()",
        entry="benchmarks.send.flask_mail_peers:one_connection",
        is_slow=True,
    ),
    "flask-each": Peer(
        name="Flask-Mail, a connection each",
        entry="benchmarks.send.flask_mail_peers:connection_each",
        is_slow=True,
    ),
}

Results = dict[str, Measured]


@dataclass(frozen=True, kw_only=True)
class Field:
    """What all contestants of a run share."""

    sink: Sink
    letter: Letter
    programs: Mapping[str, Path]
    arguments: argparse.Namespace


def main() -> None:
    """Measure as the options say and print the table."""
    arguments = _arguments()
    manners = SinkManners(
        reply_after_ms=arguments.reply_after_ms, pipelining=not arguments.no_pipelining
    )
    product: Letter = run_apart("benchmarks.portal:product_letter")
    with throwaway_directory() as directory, open_sink(manners) as sink:
        field = Field(
            sink=sink,
            letter=product if arguments.email == "product" else letter(),
            programs=_programs(directory, arguments),
            arguments=arguments,
        )
        rounds: list[Results] = []
        sizes: dict[str, float] = {}
        for number in range(arguments.runs):
            results, sizes = _round(field)
            rounds.append(results)
            rates = (f"{name} {one.rate:,.0f}/s" for name, one in results.items())
            print(f"run {number + 1}: {', '.join(rates)}", flush=True)
    words = f"{arguments.messages:,} survey emails over {arguments.connections} connections"
    print(heading(f"Sending {words}", arguments.runs))
    print(f"The sink alone takes {_sink_rate(sizes[OURS]):,.0f} of them a second.")
    print(f"Planning: {middle(rounds, PLANNING, lambda one: one.rate):,.0f} invitations/s.\n")
    _print(rounds, sizes)


def _arguments() -> argparse.Namespace:
    parser = option_parser("Send a batch of survey emails to a local sink.")
    parser.add_argument("--messages", type=int, default=10_000, help="recipients of a contestant")
    parser.add_argument("--connections", type=int, default=10, help="connections of everybody")
    parser.add_argument("--reply-after-ms", type=float, default=0.0, help="how late it answers")
    parser.add_argument("--no-pipelining", action="store_true", help="a sink that lacks it")
    parser.add_argument("--email", choices=["14kB", "product"], default="14kB", help="what is sent")
    parser.add_argument(
        "--workers",
        type=int,
        nargs="+",
        default=[1],
        help="how many worker processes of ours; several need --database",
    )
    choices = [*SIGNED, *PEERS]
    parser.add_argument(
        "--against",
        nargs="*",
        choices=choices,
        default=choices,
        metavar="WHO",
        help=f"who sends besides ours: {', '.join(choices)}",
    )
    parser.add_argument("--go-pool", type=Path, metavar="DIR", help="a checkout of smtppool")
    arguments = parser.parse_args()
    arguments.workers = sorted({1, *arguments.workers})
    if max(arguments.workers) > 1 and arguments.database == SQLITE:
        parser.error("SQLite has one writer; several workers need --database.")
    return arguments


def _programs(directory: Path, arguments: argparse.Namespace) -> dict[str, Path]:
    """Make the peers ready that are programs of their own; who is missing is left out, loudly."""
    makers: dict[str, Callable[[], Path]] = {
        "nodemailer": lambda: nodemailer_peer.prepare(directory),
        "go": lambda: go_pool_peer.prepare(directory, arguments.go_pool),
    }
    programs = {}
    for who in [who for who in makers if who in arguments.against]:
        try:
            programs[who] = makers[who]()
        except Missing as error:
            arguments.against.remove(who)
            print(f"*** WITHOUT {PEERS[who].name}: {error}.", file=sys.stderr, flush=True)
    return programs


def _round(field: Field) -> tuple[Results, dict[str, float]]:
    """Let everybody send once; return what they needed and the bytes of an email of theirs."""
    results, sizes = _ours(field)
    for who in field.arguments.against:
        if who in PEERS:
            name = PEERS[who].name
            results[name], sizes[name] = _peer(field, who)
    return results, sizes


def _ours(field: Field) -> tuple[Results, dict[str, float]]:
    results: Results = {}
    sizes: dict[str, float] = {}
    arguments = field.arguments
    runs = [(_named(number), number, "") for number in arguments.workers]
    runs += [(name, 1, dkim) for dkim, name in SIGNED.items() if dkim in arguments.against]
    for name, workers, dkim in runs:
        done = send(
            OurWork(
                database=arguments.database,
                messages=arguments.messages,
                port=field.sink.port,
                connections=arguments.connections,
                letter=None if arguments.email == "product" else field.letter,
                workers=workers,
                dkim=dkim,
            )
        )
        receipt = field.sink.take()
        receipt.check(arguments.messages, name)
        results.setdefault(PLANNING, done.planning)
        results[name] = done.delivery
        sizes[name] = receipt.size_bytes / arguments.messages
    return results, sizes


def _named(workers: int) -> str:
    return OURS if workers == 1 else f"{OURS}, {workers} workers"


def _peer(field: Field, who: str) -> tuple[Measured, float]:
    peer, arguments = PEERS[who], field.arguments
    count = arguments.messages // 10 if peer.is_slow else arguments.messages
    with throwaway_directory() as directory:
        job = Job(
            directory=directory,
            letter=field.letter,
            port=field.sink.port,
            connections=arguments.connections,
            program=field.programs.get(who),
        )
        job.fill(count)
        measured = run_apart(peer.entry, job)
    receipt = field.sink.take()
    receipt.check(count, peer.name)
    return measured, receipt.size_bytes / count


def _sink_rate(size_bytes: float) -> float:
    with open_sink() as sink:
        rate = run_apart(
            "benchmarks.smtp_flood:messages_per_second",
            *(sink.port, FLOOD_MESSAGES, FLOOD_CONNECTIONS, int(size_bytes)),
        )
        if len(sink.take().recipients) != FLOOD_MESSAGES:
            raise WrongResult("The sink lost messages.")
    return float(rate)


def _print(rounds: Sequence[Results], sizes: Mapping[str, float]) -> None:
    rows = [
        [
            name,
            f"{middle(rounds, name, lambda one: one.rate):,.0f}",
            f"{middle(rounds, name, lambda one: one.cpu_per_1000):.2f}",
            f"{middle(rounds, name, lambda one: one.peak_mb):.0f}",
            f"{sizes[name] / 1000:.1f}",
            "" if name == OURS else f"{ratio(rounds, OURS, name):.2f} ×",
            "" if name == OURS else f"{_cpu_ratio(rounds, name):.2f} ×",
        ]
        for name in sizes
    ]
    headers = ["who", "messages/s", "CPU s per 1,000", "peak MB", "kB each", "ours is", "our CPU"]
    print_table(headers, rows)


def _cpu_ratio(rounds: Sequence[Results], peer: str) -> float:
    return median(one[OURS].cpu_per_1000 / one[peer].cpu_per_1000 for one in rounds)


if __name__ == "__main__":
    main()
