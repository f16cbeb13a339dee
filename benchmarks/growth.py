"""How planning and delivering grow with the number of recipients, for `docs/scaling.md`."""

import argparse

from benchmarks.send.letter import letter
from benchmarks.send.ours import OurResult, OurWork, send
from benchmarks.smtp_sink import open_sink
from benchmarks.support import Measured, heading, middle, option_parser, print_table

SIZES = [1000, 10_000, 100_000]


def main() -> None:
    """Measure as the options say and print the table."""
    arguments = _arguments()
    rounds: dict[int, list[OurResult]] = {size: [] for size in arguments.sizes}
    for _ in range(arguments.runs):
        for size in arguments.sizes:
            rounds[size].append(_once(arguments, size))
            print(f"{size:,}: {rounds[size][-1].delivery.rate:,.0f}/s", flush=True)
    print(heading(f"Growth over {arguments.connections} connections", arguments.runs))
    rows = []
    for size, results in rounds.items():
        parts = [{"planning": one.planning, "delivery": one.delivery} for one in results]
        rows.append(
            [
                f"{size:,}",
                f"{middle(parts, 'planning', _milliseconds):.3f}",
                f"{middle(parts, 'planning', lambda one: one.peak_mb):.0f}",
                f"{middle(parts, 'delivery', _milliseconds):.3f}",
                f"{middle(parts, 'delivery', lambda one: one.cpu_per_1000):.3f}",
                f"{middle(parts, 'delivery', lambda one: one.peak_mb):.0f}",
            ]
        )
    headers = ["recipients", "planning ms each", "peak MB", "delivery ms each", "CPU ms each"]
    print_table([*headers, "peak MB"], rows)


def _arguments() -> argparse.Namespace:
    parser = option_parser("Plan and deliver batches of growing size.")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="recipients")
    parser.add_argument("--connections", type=int, default=10, help="connections")
    return parser.parse_args()


def _once(arguments: argparse.Namespace, size: int) -> OurResult:
    with open_sink() as sink:
        done = send(
            OurWork(
                database=arguments.database,
                messages=size,
                port=sink.port,
                connections=arguments.connections,
                letter=letter(),
            )
        )
        sink.take().check(size, "NPS Portal")
    return done


def _milliseconds(one: Measured) -> float:
    return 1000 * one.seconds / one.count


if __name__ == "__main__":
    main()
