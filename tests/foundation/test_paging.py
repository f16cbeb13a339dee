"""Lists a page at a time: no page but those that there are, and links to its neighbours."""

import pytest

from nps_portal.foundation.paging import PageLinks, page_links, place_of


def url_of_page(number: int) -> str:
    return f"/list?page={number}"


@pytest.mark.parametrize(("asked", "shown"), [(-4, 1), (0, 1), (2, 2), (3, 3), (4, 3), (10**9, 3)])
def test_the_nearest_page_that_there_is_is_shown(asked: int, shown: int) -> None:
    place = place_of(asked, size=50, total=101)

    assert (place.number, place.offset) == (shown, 50 * (shown - 1))


def test_a_page_in_the_middle_leads_both_ways() -> None:
    links = page_links(place_of(2, size=50, total=101), url_of_page)

    assert links == PageLinks(
        first=51, last=100, total=101, previous_url="/list?page=1", next_url="/list?page=3"
    )


def test_the_last_page_ends_with_the_last_row() -> None:
    links = page_links(place_of(3, size=50, total=101), url_of_page)

    assert (links.first, links.last, links.next_url) == (101, 101, None)


def test_a_full_page_that_is_the_only_one_leads_nowhere() -> None:
    links = page_links(place_of(1, size=50, total=50), url_of_page)

    assert (links.last, links.previous_url, links.next_url) == (50, None, None)


def test_an_empty_list_has_one_page_without_rows() -> None:
    links = page_links(place_of(7, size=50, total=0), url_of_page)

    assert links == PageLinks(first=0, last=0, total=0, previous_url=None, next_url=None)
