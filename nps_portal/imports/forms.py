"""Forms of imports: a file or a pasted table, and what each of its columns tells."""

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import FieldList, HiddenField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types

from nps_portal.imports.commands import ReadUpload, read_upload
from nps_portal.imports.mapping import Field, Mapping
from nps_portal.imports.tables import MOST_COLUMNS

FIELD_WORDS = {
    Field.EMAIL: "Email",
    Field.NAME: "Name",
    Field.FIRST_NAME: "First name",
    Field.LAST_NAME: "Last name",
    Field.COMPANY: "Company",
    Field.LANGUAGE: "Language",
    Field.TIME_ZONE: "Time zone",
    Field.OPTED_OUT: "Has unsubscribed",
}
_CHOICES: list[Any] = [
    SelectChoice("", "Not imported"),
    *(SelectChoice(field.value, words) for field, words in FIELD_WORDS.items()),
]


class UploadForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """A file, or a table copied from a spreadsheet."""

    file = FileField("File")
    pasted = TextAreaField("Or paste rows from a spreadsheet")

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        for field in (self.file, self.pasted):
            # One of the two is needed, so the page must not call either optional.
            field.flags.required = True

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for one of the two."""
        usable = bool(super().validate(extra_validators))
        if usable and not self.file.data and not (self.pasted.data or "").strip():
            self.file.errors = ["Choose a file, or paste rows below."]
            return False
        return usable

    def to_upload(self) -> ReadUpload:
        """Return the table that the form brings; a file goes before pasted rows.

        :raises UnreadableFile: it is no table that can be read.
        :raises NothingToImport: it has no rows, or is too large.
        """
        if self.file.data:
            return read_upload(self.file.data.read(), self.file.data.filename or "")
        return read_upload((self.pasted.data or "").encode(), "pasted rows")


class MappingForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """What each column tells; `previewed` is the choice that the page's preview stands on."""

    columns = FieldList(SelectField("Becomes", choices=_CHOICES), max_entries=MOST_COLUMNS)
    previewed = HiddenField()

    @classmethod
    def showing(cls, headers: Sequence[str], chosen: dict[int, Field | None]) -> "MappingForm":
        """Return the form that shows a choice and its preview."""
        values = [field.value if (field := chosen.get(i)) else "" for i in range(len(headers))]
        return cls(formdata=None, columns=values, previewed=",".join(values))

    @property
    def is_previewed(self) -> bool:
        """Tell whether the page has shown what this very choice would bring."""
        return bool(self.previewed.data == ",".join(entry.data or "" for entry in self.columns))

    def to_choices(self) -> dict[int, Field | None]:
        """Return the field chosen for each column; None leaves it out."""
        return {
            index: Field(entry.data) if entry.data else None
            for index, entry in enumerate(self.columns)
        }

    def to_mapping(self, headers: Sequence[str]) -> Mapping:
        """Return the mapping that was chosen.

        :raises BadMapping: two columns for one field, or no column for the email.
        """
        return Mapping.from_choices(headers, self.to_choices())
