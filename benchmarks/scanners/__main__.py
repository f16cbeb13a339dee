"""Let machines and people loose on the links of real emails, and print what was counted of them.

The web server and the mail server are real; the exit code is 1 when a promise was not kept.
"""

import argparse
import sys
import time
from collections.abc import Sequence

from benchmarks.scanners import installation
from benchmarks.scanners.run import Acted, Plan, act_by_wire, act_in_browsers, outcome, people
from benchmarks.scanners.targets import Judged, Tally
from benchmarks.scanners.visitors import Pace
from benchmarks.smtp_sink import open_sink
from benchmarks.support import free_port, option_parser, print_table, run_apart, throwaway_portal
from benchmarks.survey_page import serve

SHOWN_MISSES = 3
FIGURES = (
    "people",
    "false answers",
    "false in score",
    "false when seen counts",
    "held",
    "told at once",
    "clicks confirmed",
    "final score counted",
    "no form",
    "unsubscribed",
)


def main() -> None:
    """Run as the options say, print the table, and exit with 1 on a miss."""
    arguments = _arguments()
    began = time.perf_counter()
    acted, lines = _run(arguments)
    seconds = time.perf_counter() - began
    print(
        f"\n{acted.requests:,} requests of programs and people without a browser, "
        f"{acted.busy} of them told to come again; {seconds / 60:.0f} minutes in all, "
        f"seed {arguments.seed}\n"
    )
    _print(lines)
    sys.exit(0 if all(line.is_met for line in lines) else 1)


def _arguments() -> argparse.Namespace:
    parser = option_parser("Tell machines from people on the links of real emails.", runs=1)
    add = parser.add_argument
    add("--recipients", type=int, default=1000, help="people for each persona without a browser")
    add("--browser-recipients", type=int, default=20, help="people for each one in Chromium")
    add("--personas", nargs="*", default=[], metavar="NAME", help="only these, as P2 H4")
    add("--seed", type=int, default=1, help="decides every chance")
    add("--rate", type=float, default=100.0, help="requests a second that are meant to arrive")
    add("--stay", type=float, default=Pace().stay, help="seconds that P4 to P6 stay on a page")
    add("--web-processes", type=int, default=1, help="processes of the web server")
    return parser.parse_args()


def _run(arguments: argparse.Namespace) -> tuple[Acted, Sequence[Judged]]:
    port = free_port()
    web = {
        "NPS_BIND": f"127.0.0.1:{port}",
        "NPS_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "NPS_PROXIES": "1",
        "NPS_WEB_PROCESSES": str(arguments.web_processes),
        "NPS_MAIL_SERVER": "127.0.0.1",
        "NPS_MAIL_SECURITY": "none",
    }
    wanted = people(arguments.personas, arguments.recipients, arguments.browser_recipients)
    plan = Plan(
        base_url=web["NPS_PUBLIC_URL"],
        seed=arguments.seed,
        pace=Pace(stay=arguments.stay),
        rate=arguments.rate,
    )
    with open_sink() as sink, throwaway_portal(arguments.database, **web) as environment:
        environment["NPS_MAIL_PORT"] = str(sink.port)
        installation.schedule(environment, wanted)
        installation.plan(environment)
        run_apart("benchmarks.portal:deliver", environment)
        recipients = installation.recipients(environment)
        _say(f"{len(recipients):,} emails delivered")
        with serve(["nps_portal", "web"], port, environment):
            wire = act_by_wire(environment, recipients, plan)
            _say(f"{len(wire.deeds):,} recipients acted without a browser")
            browsers = act_in_browsers(environment, recipients, plan)
            _say(f"{len(browsers.deeds):,} recipients acted in Chromium")
        acted = Acted(deeds=[*wire.deeds, *browsers.deeds], requests=wire.requests, busy=wire.busy)
        lines = outcome(environment, acted.deeds)
        for line in lines:
            _print_misses(environment, line)
    return acted, lines


def _print(lines: Sequence[Judged]) -> None:
    rows = []
    for line in lines:
        mark = "pass" if line.is_met else "MISS"
        name = f"{line.name} {line.what}"
        rows.append([name, *_figures(line.tally), line.target.words, mark])
    print_table(["persona", *FIGURES, "target", "result"], rows)


def _figures(tally: Tally) -> list[str]:
    counts = (
        tally.people,
        tally.false_submitted,
        tally.false_counted,
        tally.false_seen,
        tally.held,
        tally.told,
        tally.confirmed,
        tally.right,
        tally.formless,
        tally.unsubscribed,
    )
    return [f"{count:,}" for count in counts]


def _print_misses(environment: installation.Environment, line: Judged) -> None:
    """Print what is known of the first who missed the target, so that it can be mended."""
    if line.is_met:
        return
    print(f"\n{line.name}: {len(line.missed)} missed “{line.target.words}”, the first:")
    for fate in line.missed[:SHOWN_MISSES]:
        deed = fate.deed
        print(f"  person {deed.recipient.number}: sent {deed.score}, clicked {deed.clicked}")
        print(f"    counted as sent: {fate.sent}\n    counted as seen: {fate.seen}")
        for row in installation.visit_rows(environment, [deed.recipient.invitation_id]):
            print(f"    {row}")


def _say(words: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {words}", flush=True)


if __name__ == "__main__":
    main()
