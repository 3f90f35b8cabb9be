"""COPY: what fails in the middle of it is told as any other statement's failure."""

from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import select

from errors import StoreUnavailable
from storage.database.copying import insert_copied
from storage.database.database import reading, writing
from storage.tables import Plan

COLUMNS = ["key", "engine", "body"]
ENDING = "select pg_{how}_backend(pid) from pg_stat_activity where query like 'COPY%'"

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.mark.parametrize("are_new", [True, False])
@pytest.mark.parametrize("how", ["terminate", "cancel"])
def test_a_copy_that_the_server_ends_is_told_without_its_rows_and_leaves_nothing(
    database: Engine, are_new: bool, how: str
) -> None:
    def write(copy: Any) -> None:
        with writing(database) as other:
            other.connection().execute(text(ENDING.format(how=how)))
        copy.write_row(["a", "secret", "b"])

    told = pytest.raises(StoreUnavailable, match="refused the operation")
    with told as refused, writing(database) as session:
        insert_copied(session, Plan, COLUMNS, COLUMNS[:1], write=write, are_new=are_new)
    assert "secret" not in str(refused.value)
    with reading(database) as session:
        assert not session.exec(select(Plan)).all()
