"""From the tables of 0.1.0 to those of 0.2.0.

The number is the last of those that the development of 0.2.0 counted, so that an archive made with
it goes on.
"""

from storage.migrations.release_0_2 import changed, created, created_results, guards, vectors

revision = "0029"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    changed.change_cases_and_people()
    changed.change_jobs()
    changed.change_recordings()
    changed.change_candidates()
    created.create_accounts()
    created.create_case_tables()
    created.create_job_tables()
    created.create_engine_tables()
    created_results.create_comparisons()
    created_results.create_verdicts()
    created_results.create_groups()
    guards.guard()
    vectors.move_vectors_of_appearances()
    vectors.seal_vectors_of_photos()
