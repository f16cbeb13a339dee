from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, render_template_string
from markupsafe import Markup

from nps_portal.foundation.templating import MissingContext, UnknownIcon, register_templating

VIENNA = ZoneInfo("Europe/Vienna")
NOON = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    register_templating(app)
    return app


def rendered(app: Flask, source: str, **context: object) -> str:
    with app.app_context():
        return render_template_string(source, **{"zone": VIENNA, "now": NOON, **context})


def shown(app: Flask, at: datetime) -> str:
    return Markup(rendered(app, "{{ at|moment }}", at=at)).striptags()


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 11, 21, 10, 59, 50, tzinfo=UTC), "just now"),
        (datetime(2026, 11, 21, 11, 0, 10, tzinfo=UTC), "in a moment"),
        (datetime(2026, 11, 21, 10, 55, tzinfo=UTC), "5 min ago"),
        (datetime(2026, 11, 21, 10, 0, 20, tzinfo=UTC), "1 h ago"),
        (datetime(2026, 11, 21, 9, 0, tzinfo=UTC), "2 h ago"),
        (datetime(2026, 11, 21, 13, 0, tzinfo=UTC), "in 2 h"),
        (datetime(2026, 11, 20, 13, 5, tzinfo=UTC), "yesterday 14:05"),
        (datetime(2026, 11, 22, 8, 0, tzinfo=UTC), "tomorrow 09:00"),
        (datetime(2026, 11, 17, 9, 0, tzinfo=UTC), "Tue 10:00"),
        (datetime(2026, 3, 3, 9, 0, tzinfo=UTC), "3 Mar"),
        (datetime(2025, 3, 3, 9, 0, tzinfo=UTC), "3 Mar 2025"),
    ],
)
def test_a_moment_is_told_as_people_say_it(app: Flask, at: datetime, words: str) -> None:
    assert shown(app, at) == words


def test_yesterday_is_a_matter_of_the_accounts_zone(app: Flask) -> None:
    half_past_midnight_in_vienna = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    half_past_eleven_in_vienna = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)

    assert shown(app, half_past_midnight_in_vienna) == "12 h ago"
    assert shown(app, half_past_eleven_in_vienna) == "yesterday 23:30"


def test_midnight_just_passed_is_told_in_minutes(app: Flask) -> None:
    now = datetime(2026, 11, 20, 23, 10, tzinfo=UTC)
    at = datetime(2026, 11, 20, 22, 50, tzinfo=UTC)

    text = rendered(app, "{{ at|moment }}", at=at, now=now)

    assert ">20 min ago<" in text


def test_a_moment_carries_the_instant_and_its_full_time_with_zone(app: Flask) -> None:
    at = datetime(2026, 11, 21, 10, 55, tzinfo=UTC)

    text = rendered(app, "{{ at|moment }}", at=at)

    assert 'datetime="2026-11-21T10:55:00+00:00"' in text
    assert 'title="Saturday 21 November 2026, 11:55 CET (Europe/Vienna)"' in text


def test_clock_time_names_the_zone_in_force_on_that_day(app: Flask) -> None:
    winter = datetime(2026, 11, 21, 13, 5, tzinfo=UTC)
    summer = datetime(2026, 7, 21, 12, 5, tzinfo=UTC)

    assert rendered(app, "{{ at|clock_time }}", at=winter) == "21 Nov 2026, 14:05 CET"
    assert rendered(app, "{{ at|clock_time }}", at=summer) == "21 Jul 2026, 14:05 CEST"


def test_the_day_of_an_instant_is_the_day_in_the_accounts_zone(app: Flask) -> None:
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)

    assert rendered(app, "{{ at|day }}", at=late) == "21 Nov 2026"
    assert rendered(app, "{{ at|day }}", at=date(2026, 11, 20)) == "20 Nov 2026"


@pytest.mark.parametrize("name", ["moment", "day", "clock_time", "points", "count"])
def test_what_is_not_known_is_a_dash(app: Flask, name: str) -> None:
    assert rendered(app, "{{ nothing|" + name + " }}", nothing=None) == "–"


@pytest.mark.parametrize(
    ("share", "words"), [(0.47, "47"), (-0.03, "−3"), (0.125, "13"), (-0.001, "0"), (1.0, "100")]
)
def test_points_are_whole_numbers_with_a_true_minus(app: Flask, share: float, words: str) -> None:
    assert rendered(app, "{{ share|points }}", share=share) == words


def test_numbers_are_grouped_as_the_locale_does_it(app: Flask) -> None:
    assert rendered(app, "{{ 1234567|count }}") == "1,234,567"
    assert rendered(app, "{{ 1234567|count }}", locale="de") == "1.234.567"


def test_a_number_takes_the_noun_that_fits(app: Flask) -> None:
    source = "{{ n|plural('answer', 'answers') }}"

    assert rendered(app, source, n=0) == "0 answers"
    assert rendered(app, source, n=1) == "1 answer"
    assert rendered(app, source, n=1234) == "1,234 answers"


def test_an_icon_is_hidden_from_screen_readers(app: Flask) -> None:
    text = rendered(app, "{{ icon('send') }}")

    assert text.startswith('<svg class="icon" aria-hidden="true"')
    assert text.endswith("</svg>")


def test_an_icon_with_a_label_is_an_image_with_that_name(app: Flask) -> None:
    text = rendered(app, "{{ icon('send', label) }}", label='<"Sent">')

    assert 'role="img" aria-label="&lt;&#34;Sent&#34;&gt;"' in text


def test_an_icon_that_was_not_vendored_is_an_error(app: Flask) -> None:
    with pytest.raises(UnknownIcon):
        rendered(app, "{{ icon('../../secrets') }}")


def test_a_time_without_zone_or_present_is_an_error(app: Flask) -> None:
    with pytest.raises(MissingContext, match="with context"):
        rendered(app, "{{ at|moment }}", at=NOON, zone=None)
