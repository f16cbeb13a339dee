"""Sending a batch: ours from planning to the last recorded outcome, beside Flask-Mail's loops.

Each contestant runs in a process of its own and sends the same email to the same people, to one
sink in another process. After each, the sink must have got every recipient exactly once.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.people import people, write_people
from benchmarks.smtp_sink import Receipt, Sink, open_sink
from benchmarks.support import (
    Measured,
    WrongResult,
    heading,
    middle,
    option_parser,
    print_table,
    ratio,
    run_apart,
    throwaway_database,
    throwaway_directory,
    throwaway_portal,
)

PLANNING = "planning"
OURS = "NPS Portal"
PEERS = {
    "Flask-Mail, a connection each": "benchmarks.flask_mail_peers:connection_each",
    "Flask-Mail, mail.connect()": "benchmarks.flask_mail_peers:one_connection",
    "the same, a commit a page of 500": "benchmarks.flask_mail_peers:commit_a_page",
}

FLOOD_MESSAGES = 20_000
FLOOD_CONNECTIONS = 8
FLOOD_SIZE_BYTES = 30_000


def main() -> None:
    """Measure as the options say and print the table."""
    arguments = _arguments()
    templates = run_apart("benchmarks.portal:email_templates")
    with open_sink() as sink:
        most = _sink_rate(sink)
    rounds = []
    size_bytes = 0.0
    with open_sink(arguments.reply_after_ms) as sink:
        for number in range(arguments.runs):
            results, size_bytes = _ours(sink, arguments)
            results |= _peers(sink, arguments, templates)
            rounds.append(results)
            print(f"run {number + 1}: {_rates(results)}", flush=True)
    print(heading(f"Sending {arguments.messages:,} survey emails", arguments.runs))
    print(f"An email has {size_bytes / 1000:.1f} kB; the sink alone takes {most:,.0f} a second.")
    print(f"Planning: {middle(rounds, PLANNING, lambda one: one.rate):,.0f} invitations/s.\n")
    _print(rounds)


def _arguments() -> argparse.Namespace:
    parser = option_parser("Send a batch of survey emails to a local sink.")
    parser.add_argument("--messages", type=int, default=2000, help="recipients of each contestant")
    parser.add_argument("--connections", type=int, default=4, help="NPS_MAIL_CONNECTIONS of ours")
    parser.add_argument(
        "--reply-after-ms", type=float, default=0.0, help="how long the sink takes for each answer"
    )
    parser.add_argument(
        "--peers", type=int, default=len(PEERS), help="how many of the peers, from the last back"
    )
    return parser.parse_args()


def _sink_rate(sink: Sink) -> float:
    rate = run_apart(
        "benchmarks.smtp_flood:messages_per_second",
        *(sink.port, FLOOD_MESSAGES, FLOOD_CONNECTIONS, FLOOD_SIZE_BYTES),
    )
    if len(sink.take().recipients) != FLOOD_MESSAGES:
        raise WrongResult("The sink lost messages.")
    return float(rate)


def _ours(sink: Sink, arguments: argparse.Namespace) -> tuple[dict[str, Measured], float]:
    """Return what planning and delivering needed, and the size of an email in bytes."""
    mail = {
        "NPS_MAIL_SERVER": "127.0.0.1",
        "NPS_MAIL_PORT": str(sink.port),
        "NPS_MAIL_SECURITY": "none",
        "NPS_MAIL_CONNECTIONS": str(arguments.connections),
    }
    with throwaway_portal(arguments.database, **mail) as environment:
        path = Path(environment["NPS_INSTANCE_DIR"]) / "people.csv"
        write_people(path, arguments.messages)
        run_apart("benchmarks.portal:import_file", environment, path)
        planning = run_apart("benchmarks.portal:plan_batch", environment)
        delivery = run_apart("benchmarks.portal:deliver", environment)
    receipt = _checked(sink, arguments.messages, OURS)
    return {PLANNING: planning, OURS: delivery}, receipt.size_bytes / arguments.messages


def _peers(
    sink: Sink, arguments: argparse.Namespace, templates: Mapping[str, str]
) -> dict[str, Measured]:
    results = {}
    with (
        throwaway_directory() as directory,
        throwaway_database(arguments.database, directory) as url,
    ):
        run_apart("benchmarks.flask_mail_peers:fill", url, arguments.messages)
        for name, entry in list(PEERS.items())[len(PEERS) - arguments.peers :]:
            results[name] = run_apart(entry, url, sink.port, templates)
            _checked(sink, arguments.messages, name)
            run_apart("benchmarks.flask_mail_peers:forget_sent", url)
    return results


def _checked(sink: Sink, count: int, name: str) -> Receipt:
    """Return what the sink got, if each recipient is there exactly once.

    :raises WrongResult: somebody is missing, a stranger, or there twice.
    """
    receipt = sink.take()
    if Counter(receipt.recipients) != Counter(one.email for one in people(count)):
        raise WrongResult(f"{name}: not everybody got exactly one email.")
    return receipt


def _rates(results: Mapping[str, Measured]) -> str:
    return ", ".join(f"{name} {one.rate:,.0f}/s" for name, one in results.items())


def _print(rounds: Sequence[Mapping[str, Measured]]) -> None:
    figures: dict[str, Callable[[Measured], float]] = {
        "messages/s": lambda one: one.rate,
        "CPU s per 1,000": lambda one: one.cpu_per_1000,
        "peak MB": lambda one: one.peak_mb,
    }
    formats = ("{:,.0f}", "{:.2f}", "{:.0f}")
    names = [name for name in rounds[0] if name != PLANNING]
    rows = []
    for name in names:
        cells = [
            form.format(middle(rounds, name, figure))
            for form, figure in zip(formats, figures.values(), strict=True)
        ]
        compared = "" if name == OURS else f"{ratio(rounds, OURS, name):.1f} ×"
        rows.append([name, *cells, compared])
    print_table(["who", *figures, "ours is"], rows)


if __name__ == "__main__":
    main()
