"""Merge fields: what an owner's text may contain, and that values are never templates."""

import pytest
from jinja2 import UndefinedError

from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.merging import (
    UnknownMergeField,
    check_merge_text,
    html_source,
    literal_html,
    literal_text,
    merge_fields_in,
    one_line,
    render_merged_html,
    render_merged_line,
    render_merged_text,
    text_source,
)

HOSTILE = [
    "{{config}}",
    "{{ ''.__class__.__mro__ }}",
    "{% for x in (1,2) %}{% endfor %}",
    "{# gone #}",
    "{{",
    "}} {%",
    "{{'{'}}",
    "{{{ first_name }}}",
]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No field at all, but {braces} and 100 % of them }}",
        "Dear {{ first_name }},",
        "Dear {{first_name}} of {{ company }}, says {{  business  }} to {{ name }}",
    ],
)
def test_a_text_may_contain_the_four_fields(text: str) -> None:
    check_merge_text(text)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Dear {{ surname }},", "{{ surname }}"),
        ("{{ first_name|upper }}", "{{ first_name|upper }}"),
        ("{{ first_name }} {{ config }}", "{{ config }}"),
        ("{{ ''.__class__ }}", "{{ ''.__class__ }}"),
        ("{{- first_name -}}", "{{- first_name -}}"),
        ("{% if name %}yes{% endif %}", "{% if name %}"),
        ("{# a note #}", "{# a note #}"),
        ("{{{ first_name }}}", "{{{ first_name }}"),
        ("an open {{ first_name", "{{"),
        ("{{\nname }}", "{{ name }}"),
    ],
)
def test_any_other_mark_is_refused_and_named(text: str, named: str) -> None:
    with pytest.raises(UnknownMergeField) as refusal:
        check_merge_text(text)

    assert f"“{named}”" in str(refusal.value)
    assert isinstance(refusal.value, PortalError)


def test_a_place_may_have_fields_of_its_own() -> None:
    check_merge_text("{{ score }}", frozenset({"score"}))

    with pytest.raises(UnknownMergeField):
        check_merge_text("{{ name }}", frozenset({"score"}))


def test_the_fields_of_a_text_are_listed_once_in_their_order() -> None:
    assert merge_fields_in("{{ name }} {{first_name}} {{ name }}") == ["name", "first_name"]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_is_shown_literally(value: str) -> None:
    html = render_merged_html(html_source("Dear {{ name }},", {}), {"name": value})
    text = render_merged_text(text_source("Dear {{ name }},", {}), {"name": value})

    assert html == f"Dear {value},".replace("'", "&#39;")
    assert text == f"Dear {value},"


@pytest.mark.parametrize("business", HOSTILE)
def test_a_fixed_text_is_never_a_template(business: str) -> None:
    html = render_merged_html(html_source("At {{ business }}:", {"business": business}), {})
    text = render_merged_text(text_source("At {{ business }}:", {"business": business}), {})

    assert html == f"At {business}:".replace("{", "&#123;").replace("'", "&#39;")
    assert text == f"At {business}:"


def test_html_escapes_what_text_leaves_alone() -> None:
    text = "<b>{{ name }}</b> & {{ business }}"
    fixed, values = {"business": "Smith & Sons"}, {"name": '<script>"'}

    html = render_merged_html(html_source(text, fixed), values)
    plain = render_merged_text(text_source(text, fixed), values)

    assert html == "&lt;b&gt;&lt;script&gt;&#34;&lt;/b&gt; &amp; Smith &amp; Sons"
    assert plain == '<b><script>"</b> & Smith & Sons'


def test_a_literal_comes_out_as_it_went_in() -> None:
    assert render_merged_html(literal_html("{{ a }}<"), {}) == "&#123;&#123; a }}&lt;"
    assert render_merged_text(literal_text("{{ a }}<"), {}) == "{{ a }}<"


def test_a_missing_value_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        render_merged_text("Dear {{ first_name }}", {"name": "Marta"})


def test_templates_reach_neither_functions_nor_the_inside_of_values() -> None:
    with pytest.raises(UndefinedError):
        render_merged_text("{{ range(3) }}", {})


def test_a_value_cannot_break_a_header_or_a_line() -> None:
    source = text_source("News for {{ name }}", {})

    line = render_merged_line(source, {"name": "Marta\r\nBcc: e@example.org\x00\x1b[0m"})

    assert line == "News for Marta Bcc: e@example.org [0m"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  one \t two  ", "one two"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("gpj.\u202etxt", "gpj. txt"),
        ("half \ud83d pair", "half pair"),
        ("Zoë 😀 مرحبا", "Zoë 😀 مرحبا"),
    ],
)
def test_a_line_keeps_letters_and_loses_controls(text: str, line: str) -> None:
    assert one_line(text) == line
