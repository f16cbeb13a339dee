"""What templates may call: icons, and filters that put times and numbers into a reader's words.

A page's context carries `zone` (the account's time zone), `now` (an aware instant) and, when it is
not British English, `locale`. A component that prints times is imported `with context`, because an
imported macro sees no other page's context.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from flask import Flask
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from nps_portal import nps

_ICONS = Path(__file__).parent.parent / "static" / "vendor" / "icons"
_NOTHING = "–"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class UnknownIcon(LookupError):
    """A template asks for an icon that is not among the vendored ones."""


class MissingContext(LookupError):
    """A time is to be shown where the template knows no zone or no present."""


def register_templating(app: Flask) -> None:
    """Give an application's templates the icons and filters of the portal."""
    app.add_template_global(icon)
    app.add_template_filter(moment)
    app.add_template_filter(day)
    app.add_template_filter(clock_time)
    app.add_template_filter(points)
    app.add_template_filter(count)
    app.add_template_filter(plural)
    app.add_template_filter(amount)
    app.add_template_filter(percent)


def icon(name: str, label: str | None = None) -> Markup:
    """Return an icon's drawing; without a label, screen readers pass it over.

    :raises UnknownIcon: there is no such drawing under `static/vendor/icons`.
    """
    if label is None:
        return Markup('<svg class="icon" aria-hidden="true"{}').format(_drawing(name))
    return Markup('<svg class="icon" role="img" aria-label="{}"{}').format(label, _drawing(name))


@pass_context
def moment(context: Context, at: datetime | None) -> Markup:
    """Return an instant as people say it, "5 min ago", with the full time on hover."""
    if at is None:
        return escape(_NOTHING)
    local = at.astimezone(_zone(context))
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.astimezone(UTC).isoformat(timespec="seconds"),
        _absolute(local, context),
        _in_words(local, _now(context).astimezone(local.tzinfo), _locale(context)),
    )


@pass_context
def day(context: Context, at: date | datetime | None) -> str:
    """Return a day, "21 Nov 2026"; an instant is first taken to the account's zone."""
    if at is None:
        return _NOTHING
    if isinstance(at, datetime):
        at = at.astimezone(_zone(context)).date()
    return format_date(at, "d MMM y", locale=_locale(context))


@pass_context
def clock_time(context: Context, at: datetime | None) -> str:
    """Return an instant in full with its zone, "21 Nov 2026, 14:05 CET"."""
    if at is None:
        return _NOTHING
    local = at.astimezone(_zone(context))
    return f"{format_datetime(local, 'd MMM y, HH:mm', locale=_locale(context))} {local.tzname()}"


def points(share: float | None) -> str:
    """Return a share −1…1 as whole points with a true minus sign, "–" for None."""
    whole = nps.points(share)
    return _NOTHING if whole is None else str(whole).replace("-", "−")


@pass_context
def count(context: Context, number: int | None) -> str:
    """Return a number with its thousands set apart as the reader's locale does it."""
    if number is None:
        return _NOTHING
    return format_decimal(number, locale=_locale(context))


@pass_context
def plural(context: Context, number: int, one: str, many: str) -> str:
    """Return a number with its noun: "1 answer", "1,234 answers"."""
    return f"{count(context, number)} {one if number == 1 else many}"


@pass_context
def amount(context: Context, number: Decimal | None) -> str:
    """Return an amount of money, its cents only where there are any, "–" for None."""
    if number is None:
        return _NOTHING
    pattern = "#,##0" if number == number.to_integral_value() else "#,##0.00"
    return format_decimal(number, format=pattern, locale=_locale(context))


def percent(share: float | None) -> str:
    """Return a share 0…1 as whole per cent, "–" for None."""
    return _NOTHING if share is None else f"{share * 100:.0f} %"


@cache
def _drawing(name: str) -> Markup:
    """Return what follows the classes in an icon's file: its box, its strokes, its end tag."""
    path = _ICONS / f"{name}.svg"
    if not path.is_file():
        raise UnknownIcon(f"There is no icon named {name!r}.")
    inside = path.read_text(encoding="utf-8").split(">", 1)[1].replace("\n", "")
    # The files are the portal's own, so their markup may pass unescaped.
    return Markup(  # noqa: S704
        ' viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round"'
        f' stroke-linejoin="round" focusable="false">{inside}'
    )


def _in_words(at: datetime, now: datetime, locale: str) -> str:
    seconds = abs((at - now).total_seconds())
    is_past = at <= now
    if seconds < _MINUTE / 2:
        return "just now" if is_past else "in a moment"
    if seconds < _HOUR - _MINUTE / 2:
        return _distance(f"{max(1, round(seconds / _MINUTE))} min", at, now)
    if at.date() == now.date():
        return _distance(f"{round(seconds / _HOUR)} h", at, now)
    if abs(at.date() - now.date()) == timedelta(days=1):
        return f"{'yesterday' if is_past else 'tomorrow'} {at:%H:%M}"
    if seconds < 6 * _DAY:
        return format_datetime(at, "EEE HH:mm", locale=locale)
    return format_date(at, "d MMM" if at.year == now.year else "d MMM y", locale=locale)


def _distance(length: str, at: datetime, now: datetime) -> str:
    return f"{length} ago" if at <= now else f"in {length}"


def _absolute(local: datetime, context: Context) -> str:
    words = format_datetime(local, "EEEE d MMMM y, HH:mm", locale=_locale(context))
    return f"{words} {local.tzname()} ({_zone(context).key})"


def _zone(context: Context) -> ZoneInfo:
    zone: ZoneInfo = _required(context, "zone")
    return zone


def _now(context: Context) -> datetime:
    now: datetime = _required(context, "now")
    return now


def _locale(context: Context) -> str:
    return str(context.get("locale") or "en_GB")


def _required(context: Context, name: str) -> Any:
    value = context.get(name)
    if value is None:
        raise MissingContext(f"The template knows no {name!r}: import the macro 'with context'.")
    return value
