"""Sample data for the page that shows every component in every state.

It lives here because the charts' samples need this room, and no lower one may import it.
"""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    FileField,
    Form,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Email, InputRequired, Length

from nps_portal.insights.charts import distribution_chart, share_bar, spark_line
from nps_portal.insights.comparison_charts import (
    ComparedGroup,
    ComparisonChart,
    comparison_chart,
)
from nps_portal.insights.estimates import estimate
from nps_portal.insights.trend_charts import TrendChart, TrendMark, TrendPoint, trend_chart
from nps_portal.nps import CategoryCounts

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LONG_NAME = "Maximiliane Wolfeschlegelsteinhausenbergerdorff-Papadimitrakopoulou"
LONG_COMPANY = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
MONTHS = ("Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov")

# WTForms takes plain words as choices; its type stubs do not know that yet, hence Any.
LANGUAGES: list[Any] = ["English", "Deutsch"]
TIMES: list[Any] = ["Now", "At a time I choose"]


class SampleForm(Form):
    """One field of each kind; it is shown and never sent, so it needs no token."""

    name = StringField("Name", [InputRequired()])
    email = StringField("Email", [InputRequired(), Email("This is not an email address.")])
    signature = TextAreaField("Signature", [Length(max=400)])
    language = SelectField(
        "Language",
        choices=LANGUAGES,
        validators=[InputRequired()],
    )
    when = RadioField(
        "When",
        choices=TIMES,
        validators=[InputRequired("Choose when to send.")],
    )
    at = DateTimeLocalField("Time", description="Europe/Berlin")
    logo = FileField("Logo")
    reminder = BooleanField("Remind once after three working days")

    def hidden_tag(self) -> Markup:
        """Return no hidden fields, as a form without a token has none."""
        return Markup()


def pattern_context() -> dict[str, object]:
    """Return what the pattern page prints."""
    return {"zone": ZoneInfo("Europe/Berlin"), "now": NOW, **_figures(), **_parts()}


def _figures() -> dict[str, object]:
    """Return the samples of numbers and charts."""
    return {
        "estimates": [
            ("none", estimate(_counts(0, 0, 0))),
            ("fewer than 10", estimate(_counts(1, 2, 4))),
            ("10 to 29", estimate(_counts(4, 6, 8))),
            ("30 and more", estimate(_counts(16, 30, 80))),
        ],
        "share": share_bar(_counts(16, 30, 80)),
        "no_share": share_bar(_counts(0, 0, 0)),
        "trend_full": _year((33, 37, 36, 41, 40, 43, 42, 46, 45, 49, 48, 51)),
        "trend_gaps": _year((-8, 4, None, None, 12, None, -3, 10, 18, None, None, 25)),
        "trend_none": _year((None,) * 12),
        "distribution": distribution_chart((2, 1, 1, 2, 1, 4, 5, 11, 19, 42, 38)),
        "distribution_many": distribution_chart(
            (2012, 388, 402, 871, 640, 3120, 4011, 14020, 41200, 98321, 120044)
        ),
        "distribution_none": distribution_chart((0,) * 11),
        "comparison": _comparison(),
        "sparks": [spark_line(scores) for scores in ((), (9,), (9, 8, 6), (2, 4, 7, 9, 10))],
    }


def _parts() -> dict[str, object]:
    """Return the samples of everything that a page is made of."""
    return {
        "rows": _rows(),
        "form": SampleForm(formdata=None),
        "faulty_form": _faulty_form(),
        "entries": _entries(),
        "page": SimpleNamespace(first=51, last=100, total=1234567, previous_url="#", next_url="#"),
        "states": [
            SimpleNamespace(text="sent", kind="green", n=268),
            SimpleNamespace(text="waiting", kind="neutral", n=139),
            SimpleNamespace(text="uncertain", kind="amber", n=2),
            SimpleNamespace(text="failed", kind="red", n=3),
        ],
        "tabs": [
            SimpleNamespace(label="All", url="#all", current=True, count=126),
            SimpleNamespace(label="To review", url="#review", current=False, count=1),
            SimpleNamespace(label="Archive", url="#archive", current=False, count=None),
        ],
        "steps": [
            SimpleNamespace(label="Account", state="done", url="#account"),
            SimpleNamespace(label="Mail server", state="current", url=None),
            SimpleNamespace(label="Contacts", state="ahead", url=None),
        ],
        "definitions": [
            ("Email", "marta@nordlys.example"),
            ("Company", Markup('<a href="#company">Nordlys Bakery</a>')),
            ("Next survey", "24 Feb 2027, because 90 days must pass"),
        ],
    }


def _counts(detractors: int, passives: int, promoters: int) -> CategoryCounts:
    return CategoryCounts(detractors=detractors, passives=passives, promoters=promoters)


def _year(scores: tuple[int | None, ...]) -> TrendChart:
    points = [
        TrendPoint(
            label=month,
            value=None if score is None else score / 100,
            low=None if score is None else (score - 16) / 100,
            high=None if score is None else (score + 13) / 100,
            n=0 if score is None else 90 + score,
            url=None if score is None else f"#{month}",
        )
        for month, score in zip(MONTHS, scores, strict=True)
    ]
    return trend_chart(points, marks=[TrendMark(position=6.6, label="new delivery firm")])


def _comparison() -> ComparisonChart:
    groups = [
        ("Bakeries", 0.72, 0.58, 0.82, 64, "above the rest"),
        ("Restaurants and hotels", 0.51, 0.30, 0.68, 41, None),
        ("Schools", 0.18, -0.22, 0.52, 12, "few answers"),
    ]
    return comparison_chart(
        [
            ComparedGroup(label=label, value=value, low=low, high=high, n=n, verdict=verdict)
            for label, value, low, high, n, verdict in groups
        ],
        overall=0.55,
    )


def _rows() -> list[SimpleNamespace]:
    rows = [
        (
            10,
            "Marta Lindqvist",
            "Nordlys Bakery",
            "Ordered at nine, had it by noon.",
            12,
            "Thanked",
        ),
        (3, "Tom Okafor", "Okafor & Sons", "Third invoice with the wrong address.", 61, "Call due"),
        (7, LONG_NAME, LONG_COMPANY, "Good, but the portal is slow on Mondays. " * 6, 1180, "Open"),
        (9, "Zoë Brandt", None, None, 525600, "Thanked"),
    ]
    return [
        SimpleNamespace(
            id=number,
            score=score,
            name=name,
            company=company,
            comment=comment and comment.strip(),
            at=NOW - timedelta(minutes=minutes),
            state=state,
        )
        for number, (score, name, company, comment, minutes, state) in enumerate(rows)
    ]


def _faulty_form() -> SampleForm:
    sent = {"faulty-name": "Jo", "faulty-email": "jo at acme", "faulty-language": "English"}
    form = SampleForm(formdata=MultiDict(sent), prefix="faulty-")
    form.validate()
    return form


def _entries() -> list[SimpleNamespace]:
    entries = [
        ("message", "Answered 9", "“You even rang to check.”", "green", 12),
        ("eye", "Opened the link", None, "neutral", 14),
        ("send", "Asked by November customers", None, "blue", 1500),
        ("ban", "Not asked: asked 40 days ago", None, "amber", 60000),
        ("upload", "Imported", "customers.csv, line 12", "neutral", 700000),
    ]
    return [
        SimpleNamespace(
            icon=symbol,
            title=title,
            text=text,
            kind=kind,
            url=None,
            at=NOW - timedelta(minutes=minutes),
        )
        for symbol, title, text, kind, minutes in entries
    ]
