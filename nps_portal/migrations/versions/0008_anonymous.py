"""Surveys that keep no link to the person who answered."""

from alembic import op

from nps_portal.migrations.steps import switch_column

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.add_column("surveys", switch_column("anonymous", on=False))
    op.add_column("invitations", switch_column("answered_anonymously", on=False))
