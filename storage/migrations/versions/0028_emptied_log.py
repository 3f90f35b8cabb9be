"""No file holds a plain vector of a reference photo any more.

Nothing of the tables changes. `storage.database.database.upgrade` comes here only after it has
emptied the log of writes, which no transaction can do, and tries again at the next start where it
could not.
"""

revision = "0028"
down_revision: str | None = "0027"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    pass
