"""Candidates are listed a piece at a time, by person, rank and id."""

from judged import CASE, LATER, fill
from sqlalchemy import Engine

from pipeline.overview import candidates_from
from storage.audit import entries
from storage.database import reading


def test_what_stands_behind_a_place_comes_in_order(database: Engine) -> None:
    fill(database, appearances=5)
    behind, ranks = (0, 0, 0), []
    while rows := candidates_from(
        database, CASE, behind=behind, most=2, actor="token:4", now=LATER
    ).rows:
        ranks.append([row.rank for row, _ in rows])
        last, _ = rows[-1]
        behind = (last.person_id, last.rank, last.id)
    assert ranks == [[1, 2], [3, 4], [5]]
    with reading(database) as session:
        assert {(one.action, one.actor) for one in entries(session)} == {
            ("candidates_viewed", "token:4")
        }
