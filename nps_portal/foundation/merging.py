"""Merge fields: the few placeholders an owner's text may contain, and their filling.

An owner's text is checked when it is saved and turned into a template source; contacts' values
meet that source when a message is rendered. Values are data: nothing in them is ever a template.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import StrictUndefined, Template, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import escape

from nps_portal.foundation.errors import PortalError

MERGE_FIELDS = frozenset({"first_name", "name", "company", "business"})

CACHED_TEMPLATES = 256
NAMED_LENGTH = 40

_MARK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|\{[{%#]", re.DOTALL)
_FIELD = re.compile(r"\{\{[ \t]*([a-z_]+)[ \t]*\}\}")
# Control characters, line and paragraph separators, directional overrides and lone surrogates:
# what may break a header, disguise a text or cannot be encoded at all.
_NOT_IN_A_LINE = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+"
)

_HTML = ImmutableSandboxedEnvironment(
    autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
)
# Not HTML but mail bodies and subjects, where an escaped & would be read as "&amp;".
_TEXT = ImmutableSandboxedEnvironment(
    autoescape=False,
    undefined=StrictUndefined,
    keep_trailing_newline=True,
)
# Merge fields need no functions; without them there is less to misuse.
_HTML.globals.clear()
_TEXT.globals.clear()


@dataclass(frozen=True, kw_only=True)
class MergeField:
    """A place in a template source where a value comes."""

    name: str


@dataclass(frozen=True, kw_only=True)
class MergeChoice:
    """A place that reads as `named` when each of the fields has a value, else as `unnamed`."""

    fields: tuple[str, ...]
    named: tuple["Piece", ...]
    unnamed: tuple["Piece", ...]


Piece = str | MergeField | MergeChoice


class UnknownMergeField(PortalError):
    """A text asks for a field that does not exist."""


def check_merge_text(text: str, fields: frozenset[str] = MERGE_FIELDS) -> None:
    """Refuse a text that contains any template mark but the known merge fields.

    :raises UnknownMergeField: names the first mark that is not a field.
    """
    for mark in _MARK.findall(text):
        field = _FIELD.fullmatch(mark)
        if field is None or field[1] not in fields:
            known = ", ".join(f"{{{{ {name} }}}}" for name in sorted(fields))
            raise UnknownMergeField(
                f"“{_shortened(mark)}” is not a field this text can be filled with. "
                f"The fields are {known}."
            )


def merge_fields_in(text: str) -> list[str]:
    """Return the names of the fields in a checked text, each once, in their order."""
    return list(dict.fromkeys(_FIELD.findall(text)))


def html_source(text: str, fixed: Mapping[str, str]) -> str:
    """Turn a checked text into the source of an HTML template.

    Fields named in `fixed` become that literal text; the other fields stay to be filled later.
    """
    return _source(text, fixed, literal_html)


def text_source(text: str, fixed: Mapping[str, str]) -> str:
    """Turn a checked text into the source of a plain-text template, as `html_source` does."""
    return _source(text, fixed, literal_text)


def literal_html(text: str) -> str:
    """Return the HTML template source that shows a text as it is, braces and all."""
    return str(escape(text)).replace("{", "&#123;")


def literal_text(text: str) -> str:
    """Return the plain-text template source that shows a text as it is, braces and all."""
    return text.replace("{", "{{'{'}}")


def render_merged_html(source: str, values: Mapping[str, str]) -> str:
    """Fill an HTML source, escaping every value.

    :raises jinja2.UndefinedError: the source names a field that `values` lacks.
    """
    return _html_template(source).render(_lines(values))


def render_merged_text(source: str, values: Mapping[str, str]) -> str:
    """Fill a plain-text source; every value is put on one line.

    :raises jinja2.UndefinedError: the source names a field that `values` lacks.
    """
    return _text_template(source).render(_lines(values))


def render_merged_line(source: str, values: Mapping[str, str]) -> str:
    """Fill a source whose result is one line, such as a subject."""
    return one_line(render_merged_text(source, values))


def fill_text(text: str, values: Mapping[str, str]) -> str:
    """Fill a checked text for a page, which escapes it; every value is put on one line.

    :raises KeyError: the text names a field that `values` lacks.
    """
    if "{" not in text:
        return text
    return _FIELD.sub(lambda field: one_line(values[field[1]]), text)


def pieces_of(source: str) -> list[Piece]:
    """Return the literals, fields and choices of a template source, HTML or plain, in order.

    :raises ValueError: the source holds more than these.
    """
    return _pieces(_TEXT.parse(source).body)


def _pieces(body: Sequence[nodes.Node]) -> list[Piece]:
    pieces: list[Piece] = []
    for node in body:
        match node:
            case nodes.Output(nodes=inner):
                pieces += _pieces(inner)
            case nodes.TemplateData(data=literal) | nodes.Const(value=str(literal)):
                pieces.append(literal)
            case nodes.Name(name=name):
                pieces.append(MergeField(name=name))
            case nodes.If(test=test, body=named, elif_=[], else_=unnamed):
                pieces.append(
                    MergeChoice(
                        fields=_named(test),
                        named=tuple(_pieces(named)),
                        unnamed=tuple(_pieces(unnamed)),
                    )
                )
            case _:
                raise ValueError(f"not a merge source: {type(node).__name__}")
    return pieces


def _named(test: nodes.Node) -> tuple[str, ...]:
    """Return the fields of a condition that asks for all of them."""
    match test:
        case nodes.Name(name=name):
            return (name,)
        case nodes.And(left=left, right=right):
            return _named(left) + _named(right)
    raise ValueError(f"not a merge source: {type(test).__name__}")


def one_line(text: str) -> str:
    """Collapse white space and control characters to single spaces, so a header can hold it."""
    return _NOT_IN_A_LINE.sub(" ", text).strip()


def _shortened(mark: str) -> str:
    line = one_line(mark)
    return line if len(line) <= NAMED_LENGTH else line[: NAMED_LENGTH - 1] + "…"


def _source(text: str, fixed: Mapping[str, str], literal: Callable[[str], str]) -> str:
    parts: list[str] = []
    end = 0
    for field in _FIELD.finditer(text):
        parts.append(literal(text[end : field.start()]))
        name = field[1]
        # Without spaces, so that wrapping the text cannot break the field in two.
        parts.append(literal(fixed[name]) if name in fixed else f"{{{{{name}}}}}")
        end = field.end()
    parts.append(literal(text[end:]))
    return "".join(parts)


def _lines(values: Mapping[str, str]) -> dict[str, str]:
    return {name: one_line(value) for name, value in values.items()}


@lru_cache(maxsize=CACHED_TEMPLATES)
def _html_template(source: str) -> Template:
    return _HTML.from_string(source)


@lru_cache(maxsize=CACHED_TEMPLATES)
def _text_template(source: str) -> Template:
    return _TEXT.from_string(source)
