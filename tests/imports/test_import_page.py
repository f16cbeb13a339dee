"""The pages of an import: upload, check, progress, report."""

import csv
import html
import io
import re

from flask import Flask
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from nps_portal.contacts.commands import remove_contact
from nps_portal.contacts.models import SuppressionReason
from nps_portal.contacts.queries import contact_by_key, contact_count
from nps_portal.contacts.suppressions import suppress_all
from nps_portal.foundation.database import reading
from nps_portal.imports.models import ImportState
from nps_portal.imports.queries import import_by_id
from nps_portal.worker.loop import run_until_idle as carry_out_duties
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

CUSTOMERS = b"Email,Name,Note\nada@example.org,Ada Lovelace,=2+5\nrubbish,Bob,x\n"


def upload(owner: PortalClient, content: bytes, filename: str = "customers.csv") -> TestResponse:
    return owner.post_form("/contacts/imports", {"file": (io.BytesIO(content), filename)})


def form_of(page: str, **changes: str) -> dict[str, str]:
    """Return what the check page's form would send, with some columns changed by hand."""
    selects = re.findall(r'name="(columns-\d+)">(.*?)</select>', page, re.S)
    values = {
        name: re.search(r'selected value="([^"]*)"', options)[1]  # type: ignore[index]  # each select has a choice
        for name, options in selects
    }
    rule = re.search(r'<input checked[^>]*name="rule"[^>]*value="([^"]*)"', page)
    tags = re.search(r'name="tags"[^>]*value="([^"]*)"', page)
    assert rule is not None
    assert tags is not None
    values |= {"rule": rule[1], "tags": html.unescape(tags[1])}
    previewed = re.search(r'name="previewed"[^>]*value="([^"]*)"', page)
    assert previewed is not None
    return {**values, "previewed": html.unescape(previewed[1]), **changes}


def run_until_idle(app: Flask) -> None:
    """Let the worker do everything, and look at the database anew."""
    carry_out_duties(app)
    reading().rollback()


def import_customers(app: Flask, owner: PortalClient, content: bytes = CUSTOMERS) -> str:
    url = upload(owner, content).location
    owner.post_form(f"{url}/confirmation", form_of(owner.get(url).text))
    run_until_idle(app)
    return str(url)


def test_the_upload_page_names_the_exports_it_knows(owner: PortalClient) -> None:
    page = owner.get("/contacts/imports/new").text

    for source in ("Excel", "Google Contacts", "Outlook", "HubSpot", "Pipedrive", "Mailchimp"):
        assert source in page


def test_an_uploaded_file_is_shown_before_anything_is_imported(owner: PortalClient) -> None:
    answer = upload(owner, CUSTOMERS)
    page = owner.get(answer.location).text

    assert answer.status_code == 303
    assert "1 new" in page
    assert "1 refused" in page
    assert "Ada Lovelace" in page
    assert "«rubbish» has no @." in page
    assert "Import 1 row" in page
    assert contact_count(reading()) == 0


def test_the_columns_are_guessed_and_show_samples(owner: PortalClient) -> None:
    page = owner.get(upload(owner, CUSTOMERS).location).text

    chosen = form_of(page)
    assert [chosen[f"columns-{index}"] for index in range(3)] == ["email", "name", ""]
    assert "ada@example.org · rubbish" in page
    assert "Columns that are not imported" in page


def test_rows_pasted_from_a_spreadsheet_are_a_table_too(owner: PortalClient) -> None:
    pasted = "Name\tE-Mail\r\nAda\tada@example.org\r\nBob\tbob@example.org\r\n"

    answer = owner.post_form("/contacts/imports", {"pasted": pasted})

    assert "2 new" in owner.get(answer.location).text


def test_an_upload_without_file_and_rows_is_refused(owner: PortalClient) -> None:
    answer = owner.post_form("/contacts/imports", {"pasted": "  "})

    assert answer.status_code == 422
    assert "Choose a file, or paste rows below." in answer.text


def test_a_file_that_is_no_table_is_refused_with_the_reason(owner: PortalClient) -> None:
    answer = upload(owner, b"%PDF-1.7 ...", "customers.pdf")

    assert answer.status_code == 422
    assert "is a PDF, not a table" in answer.text


def test_a_file_beyond_the_limit_has_a_clear_page(owner: PortalClient) -> None:
    answer = owner.post(
        "/contacts/imports",
        content_type="multipart/form-data; boundary=line",
        environ_overrides={"CONTENT_LENGTH": "203000000"},
    )

    assert answer.status_code == 413
    assert "A list of contacts may have 200 MB at most" in answer.text


def test_known_removed_repeated_and_suppressed_people_are_told_before(
    owner: PortalClient,
) -> None:
    with factories.work() as work:
        factories.make_contact(work, "known@example.org")
        gone = factories.make_contact(work, "gone@example.org")
        remove_contact(work, gone.id)
        suppress_all(work, ["out@example.org"], SuppressionReason.UNSUBSCRIBED, source="link")
    rows = b"Email,Unsubscribed\nknown@example.org,\nKNOWN@example.org,\ngone@example.org,\n"

    page = owner.get(upload(owner, rows + b"out@example.org,\nnew@example.org,yes\n").location).text

    for words in (
        "2 new",
        "1 changed",
        "1 unchanged",
        "1 coming back",
        "1 repeated",
        "2 not to be mailed",
    ):
        assert words in page
    assert "1 person you had removed will come back." in page


def test_confirming_imports_what_was_shown(app: Flask, owner: PortalClient) -> None:
    url = upload(owner, CUSTOMERS).location

    answer = owner.post_form(f"{url}/confirmation", form_of(owner.get(url).text))
    running = owner.get(url).text
    run_until_idle(app)

    assert answer.status_code == 303
    assert "Import running" in running
    assert f'hx-get="{url}/progress"' in running
    ada = contact_by_key(reading(), "ada@example.org")
    assert ada is not None
    assert ada.name == "Ada Lovelace"


def test_another_choice_of_columns_is_previewed_before_it_is_imported(
    owner: PortalClient,
) -> None:
    url = upload(owner, CUSTOMERS).location
    changed = form_of(owner.get(url).text, **{"columns-1": "company"})

    answer = owner.post_form(f"{url}/confirmation", changed)
    page = owner.get(answer.location).text

    assert answer.location == url
    assert form_of(page)["columns-1"] == "company"
    import_id = int(url.rpartition("/")[2])
    kept = import_by_id(reading(), import_id)
    assert kept is not None
    assert kept.state is ImportState.UPLOADED


def test_updating_the_preview_never_imports(owner: PortalClient) -> None:
    url = upload(owner, CUSTOMERS).location

    answer = owner.post_form(
        f"{url}/confirmation", {**form_of(owner.get(url).text), "preview": "1"}
    )

    assert answer.location == url
    assert "Check the list" in owner.get(url).text


def test_a_choice_that_contradicts_itself_is_kept_and_explained(owner: PortalClient) -> None:
    url = upload(owner, CUSTOMERS).location
    page = owner.get(url).text

    twice = owner.post_form(f"{url}/confirmation", form_of(page, **{"columns-2": "name"}))
    without = owner.post_form(f"{url}/confirmation", form_of(page, **{"columns-0": ""}))

    assert twice.status_code == without.status_code == 422
    assert "Two columns are chosen for the name: «Name» and «Note»." in twice.text
    assert "Choose the column that holds the email address." in without.text


def test_a_form_of_other_columns_is_refused(owner: PortalClient) -> None:
    url = upload(owner, CUSTOMERS).location

    answer = owner.post_form(f"{url}/confirmation", MultiDict({"columns-0": "email"}))

    assert answer.status_code == 400


def test_confirming_twice_imports_once(app: Flask, owner: PortalClient) -> None:
    url = upload(owner, CUSTOMERS).location
    form = form_of(owner.get(url).text)
    owner.post_form(f"{url}/confirmation", form)

    again = owner.post_form(f"{url}/confirmation", form)
    run_until_idle(app)

    assert again.status_code == 303
    assert "was started already" in owner.get(url).text
    assert contact_count(reading()) == 1


def test_the_report_names_counts_and_refused_rows(app: Flask, owner: PortalClient) -> None:
    url = import_customers(app, owner)

    page = owner.get(url).text

    assert "Import finished" in page
    assert re.search(r"Added</dt><dd>1<", page)
    assert re.search(r"Refused</dt><dd>1<", page)
    assert "«rubbish» has no @." in page
    assert f'href="{url}/report.csv"' in page
    assert 'href="/contacts"' in page


def test_an_import_of_nobody_is_shown_as_an_error(app: Flask, owner: PortalClient) -> None:
    url = import_customers(app, owner, b"Email,Name\nrubbish,Ada\n")

    page = owner.get(url).text

    assert "Import failed" in page
    assert 'role="alert"' in page
    assert "0 imported." in page


def test_refused_rows_are_handed_over_without_formulas(app: Flask, owner: PortalClient) -> None:
    url = import_customers(app, owner, b"Email\nada@example.org\n=1+2\n@SUM(A1)\n-5\n")

    answer = owner.get(f"{url}/report.csv")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))

    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert rows[0] == ["Line", "Imported", "Reason", "Email"]
    assert [(row[0], row[3]) for row in rows[1:]] == [
        ("3", "'=1+2"),
        ("4", "'@SUM(A1)"),
        ("5", "-5"),
    ]


def test_the_progress_asks_again_until_the_import_has_ended(
    app: Flask, owner: PortalClient
) -> None:
    url = upload(owner, CUSTOMERS).location
    owner.post_form(f"{url}/confirmation", form_of(owner.get(url).text))

    waiting = owner.get(f"{url}/progress")
    run_until_idle(app)
    ended = owner.get(f"{url}/progress")

    assert "0 of 2" in waiting.text
    assert "It begins as soon as the worker runs" in waiting.text
    assert "HX-Refresh" not in waiting.headers
    assert ended.headers["HX-Refresh"] == "true"


def test_a_file_put_away_is_asked_for_once_more(owner: PortalClient, clock: FixedClock) -> None:
    url = upload(owner, CUSTOMERS).location
    clock.advance(hours=25)
    owner.sign_in(factories.OWNER, factories.PASSWORD)
    upload(owner, CUSTOMERS)

    answer = owner.get(url)
    page = owner.get(answer.location)

    assert answer.location == "/contacts/imports/new"
    assert "was not imported within a day" in page.text


def test_past_imports_are_listed_newest_first(app: Flask, owner: PortalClient) -> None:
    assert "No imports yet" in owner.get("/contacts/imports").text
    first = import_customers(app, owner)
    second = import_customers(app, owner, b"Email\nrubbish\n")

    page = owner.get("/contacts/imports").text

    assert page.index(f'href="{second}"') < page.index(f'href="{first}"')
    assert "failed" in page


def test_an_unknown_import_is_not_found(owner: PortalClient) -> None:
    for path in ("", "/progress", "/report.csv"):
        assert owner.get(f"/contacts/imports/999{path}").status_code == 404


def test_what_was_chosen_is_proposed_for_the_same_headers(app: Flask, owner: PortalClient) -> None:
    rows = b"Email,Name,Size\nada@example.org,Ada,7\nbob@example.org,Bob,many\n"
    url = upload(owner, rows).location
    form = form_of(owner.get(url).text, **{"columns-2": "new:number", "rule": "overwrite"})
    owner.post_form(f"{url}/confirmation", form)
    shown = owner.get(url).text
    owner.post_form(f"{url}/confirmation", form_of(shown))
    run_until_idle(app)

    again = form_of(owner.get(upload(owner, rows).location).text)

    assert "imported without it" in shown
    assert (again["columns-2"], again["rule"]) == ("property:size", "overwrite")
    assert "«many» is not a number" in owner.get(url).text


def test_an_import_can_be_undone_from_its_report(app: Flask, owner: PortalClient) -> None:
    url = import_customers(app, owner)

    question = owner.get(f"{url}/undo").text
    owner.post_form(f"{url}/undo")
    moving = owner.get(url).text
    run_until_idle(app)

    assert "1 person" in question
    assert "Undo running" in moving
    assert "Everything is as it was before." in owner.get(url).text
    assert contact_count(reading()) == 0


def test_a_running_import_can_be_cancelled(app: Flask, owner: PortalClient) -> None:
    url = upload(owner, CUSTOMERS).location
    owner.post_form(f"{url}/confirmation", form_of(owner.get(url).text))

    owner.post_form(f"{url}/cancellation")
    run_until_idle(app)

    assert "Import cancelled" in owner.get(url).text
    assert contact_count(reading()) == 0
