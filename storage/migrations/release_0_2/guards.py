"""What the database itself lets nobody do, and what it writes down by itself."""

from alembic import op

from storage.migrations.release_0_2.parts import is_sqlite

ENTRY_NEVER = "the audit log is append-only"
ENTRY_NEXT = "an entry of the audit log takes the next position"
CHECKPOINT_NEVER = "a checkpoint of the audit log is never changed"
VERDICT_NEVER = "a verdict is never changed"
VERDICT_FINAL = "verdicts are final once two people have decided"
BOTH_DECIDED = (
    "(select count(*) from verdict v"
    " where v.person_id = old.person_id and v.appearance_id = old.appearance_id) > 1"
    # A person who is purged takes the verdicts along.
    " and exists (select 1 from person where person.id = old.person_id)"
)
NEXT_ID = "(select coalesce(max(id), 0) + 1 from audit_entry)"


def guard() -> None:
    """The audit log only grows; a verdict is never changed, and final once there are two."""
    if is_sqlite():
        _guard_in_sqlite()
    else:
        _guard_in_postgresql()


def _guard_in_sqlite() -> None:
    for table, sentence in (("audit_entry", ENTRY_NEVER), ("audit_checkpoint", CHECKPOINT_NEVER)):
        for act in ("update", "delete"):
            _trigger(f"{table}_no_{act} before {act} on {table}", sentence)
    # `insert or replace` deletes without asking the trigger above.
    _trigger(
        f"audit_entry_next before insert on audit_entry when new.id is not {NEXT_ID}", ENTRY_NEXT
    )
    _trigger("verdict_no_update before update on verdict", VERDICT_NEVER)
    _trigger(f"verdict_final before delete on verdict when {BOTH_DECIDED}", VERDICT_FINAL)


def _trigger(when: str, sentence: str) -> None:
    op.execute(f"create trigger {when} begin select raise(abort, '{sentence}'); end")


def _guard_in_postgresql() -> None:
    _function("audit_entry_never", f"raise exception '{ENTRY_NEVER}';")
    _function("audit_checkpoint_never", f"raise exception '{CHECKPOINT_NEVER}';")
    _function("verdict_no_update", f"raise exception '{VERDICT_NEVER}';")
    _function(
        "audit_entry_next",
        f"if new.id is distinct from {NEXT_ID} then raise exception '{ENTRY_NEXT}'; end if;"
        " return new;",
    )
    _function(
        "verdict_final",
        f"if {BOTH_DECIDED} then raise exception '{VERDICT_FINAL}'; end if; return old;",
    )
    for name, when, each, function in (
        ("audit_entry_no_change", "update or delete on audit_entry", "row", "audit_entry_never"),
        ("audit_entry_no_truncate", "truncate on audit_entry", "statement", "audit_entry_never"),
        ("audit_entry_next", "insert on audit_entry", "row", "audit_entry_next"),
        ("audit_checkpoint_no_row", "update or delete on audit_checkpoint", "row",
         "audit_checkpoint_never"),
        ("audit_checkpoint_no_statement", "truncate on audit_checkpoint", "statement",
         "audit_checkpoint_never"),
        ("verdict_no_update", "update on verdict", "row", "verdict_no_update"),
        ("verdict_final", "delete on verdict", "row", "verdict_final"),
    ):  # fmt: skip
        op.execute(
            f"create trigger {name} before {when} for each {each} execute function {function}()"
        )


def _function(name: str, body: str) -> None:
    op.execute(
        f"create function {name}() returns trigger language plpgsql as $$ begin {body} end $$"
    )


REMEMBERED = 200_000
# A random token in the first row, so that there is always a newest change and no two databases
# have the same.
FIRST = "INSERT INTO embedding_change (token, engine, appearance_id) VALUES (random(), '', 0)"
EMBEDDING_TRIGGER = """
CREATE TRIGGER embedding_{event} AFTER {event} ON embedding BEGIN
  INSERT INTO embedding_change (token, engine, appearance_id)
    VALUES (random(), {row}.engine, {row}.appearance_id);
  DELETE FROM embedding_change WHERE id <= last_insert_rowid() - {remembered};
END
"""


def note_changes_of_embeddings() -> None:
    """On SQLite every change of an embedding is written down, for what is derived from them."""
    op.execute(FIRST)
    for event, row in (("insert", "new"), ("update", "new"), ("delete", "old")):
        op.execute(EMBEDDING_TRIGGER.format(event=event, row=row, remembered=REMEMBERED))
