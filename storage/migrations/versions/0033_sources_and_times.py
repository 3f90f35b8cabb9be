"""Sources of cases are folders; a recording keeps the words in which its file claims its time.

A source used to be any part of a path or name. What is stored here keeps that meaning, marked by
`text:`, so that no case comes to cover other footage.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision: str | None = "0032"
branch_labels: str | None = None
depends_on: str | None = None

CASE = sa.table("case", sa.column("id", sa.Integer), sa.column("sources", sa.JSON))
KEYWORDS = ("added", "*")


def upgrade() -> None:
    op.add_column("recording", sa.Column("captured_words", sa.String))
    connection = op.get_bind()
    for id, sources in connection.execute(sa.select(CASE.c.id, CASE.c.sources)).all():
        kept = [source if source in KEYWORDS else f"text:{source}" for source in sources]
        if kept != sources:
            connection.execute(sa.update(CASE).where(CASE.c.id == id).values(sources=kept))
