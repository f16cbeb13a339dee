"""The kinds of segments that are measured."""

from collections.abc import Mapping
from typing import Any


def _all(*conditions: Mapping[str, Any]) -> dict[str, Any]:
    return {"match": "all", "groups": [{"match": "all", "conditions": list(conditions)}]}


def _is(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op} | ({} if value is None else {"value": value})


SEGMENTS: Mapping[str, Mapping[str, Any]] = {
    "detractors of the last 90 days": _all(
        _is("category", "is", "detractor"), _is("last_answered", "within", 90)
    ),
    "promoters": _all(_is("category", "is", "promoter")),
    "category and trend": _all(_is("category", "is", "promoter"), _is("trend", "is", "improving")),
    "trend": _all(_is("trend", "is", "deteriorating")),
    "number of a property from … to": _all(_is("property:1", "between", ["100", "110"])),
    "text of a property": _all(_is("property:2", "is", "Gold")),
    "any of two tags": _all(_is("tags", "any_of", ["tag 3", "tag 7"])),
    "no tag of two": _all(_is("tags", "none_of", ["tag 3", "tag 7"])),
    "company": _all(_is("company", "is", "Company 77")),
    "revenue, not asked for 90 days": _all(
        _is("company_revenue", "greater", "950000"), _is("last_asked", "not_within", 90)
    ),
    "never asked": _all(_is("last_asked", "empty")),
    "asked and silent": _all(_is("silent", "is", "yes")),
    "may be mailed, not asked for 90 days": _all(
        _is("deliverability", "is", "may_be_mailed"), _is("last_asked", "not_within", 90)
    ),
    "name contains": _all(_is("name", "contains", "77777")),
    "name contains ä": _all(_is("name", "contains", "mäx 777")),
    "mail domain": _all(_is("mail_domain", "is", "company77.example")),
    "not a company": _all(_is("company", "is_not", "Company 77")),
    "property does not contain": _all(_is("property:2", "not_contains", "gold")),
}
