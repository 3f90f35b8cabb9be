"""The columns of each list of results.

The tables on the command line and on the pages, CSV, JSON, Parquet and the models of the API are
made from them; docs/commands.md has a line for each column.
"""

from dataclasses import replace
from datetime import datetime
from operator import attrgetter

from report.column import Box, Column, Names, Vector, decimals, elsewhere, inside
from report.timeline import clock
from storage.results.verdicts import Standing

SEEN = (
    Column(
        "recording",
        str,
        "File name of the recording when it was first added.",
        "recording",
        example="gate 2.mp4",
    ),
    Column(
        "start_ms",
        int,
        "When the face is first seen in this appearance: milliseconds from the start of the "
        "recording.",
        "from",
        shown=clock,
    ),
    Column("end_ms", int, "When it is last seen.", "to", shown=clock),
    Column("best_ms", int, "When it is seen best.", "best at", shown=clock, is_detail=True),
    Column(
        "box",
        Box,
        "Where it is at `best_ms`: x, y, width, height in pixels of the upright frame, scaled "
        "down to `NIGHTREEL_MAX_SIDE_PX` if that is larger. Null if an import did not say it.",
        path="pixels",
        may_be_null=True,
        example=[610, 204, 84, 112],
    ),
    Column("faces", int, "In how many sampled frames it was detected."),
    Column(
        "quality",
        float,
        "Size, sharpness and frontality of the best face as one number, 0 to 1.",
        "quality",
        shown=decimals(2),
        is_detail=True,
        example=0.74,
    ),
    Column(
        "cut_by",
        str,
        "Who cut the face, if it was imported (`nightreel import`). Null if the footage was "
        "processed.",
        may_be_null=True,
    ),
    Column(
        "imported_at",
        datetime,
        "When it was imported. Null if the footage was processed.",
        may_be_null=True,
    ),
    Column(
        "provenance",
        str,
        "`cut_by` and `imported_at` in words, and that the footage was not analysed. Empty if it "
        "was processed.",
        "imported",
        example="",
    ),
    Column("plan", str, "Key of the plan: how the footage was analysed.", example="9f2c41d07b3e"),
    Column("recording_id", int, "Number of the recording."),
    Column("recording_sha256", str, "sha256 of the recording's bytes."),
    Column("appearance_id", int, "Number of the appearance."),
    Column("crops", Names, "Names of its pictures in the media store, best first.", is_local=True),
)
"""Of an appearance (`storage.results.seen.Seen`): part of every list."""

COMPARED = (
    Column(
        "distance",
        float,
        "Between the appearance and the closest reference photo. Smaller is closer; no number "
        "says how likely it is.",
        "distance",
        shown=decimals(3),
        example=0.31,
    ),
    Column(
        "threshold",
        float,
        "Up to this distance an appearance is a candidate.",
        "threshold",
        shown=decimals(2),
        is_detail=True,
        example=0.4,
    ),
    Column("engine", str, "What compared the faces.", example="dlib"),
)

SAME_AS = (
    Column(
        "same_as_recording",
        str,
        "File name of the recording that shows the same moment first: one that was added earlier "
        "or, if this face was imported, the same one as processed. Null if this is the first.",
        path="same_as.recording",
        may_be_null=True,
    ),
    Column(
        "same_as_start_ms",
        int,
        "When that starts. Null if this is the first.",
        path="same_as.start_ms",
        shown=clock,
        may_be_null=True,
    ),
)

CANDIDATE = (
    Column("person", str, "Name in the case.", "person", "row.person", example="Witness A"),
    Column("rank", int, "1 is the closest, for each person and engine.", "rank", "row.rank"),
    Column(
        "review_status",
        Standing,
        "Result of the verdicts: `open`, `awaiting second review`, `supported`, "
        "`withheld for quality`, `not supported` or `inconclusive`.",
        "review status",
        shown=attrgetter("value"),
    ),
    *inside("row", COMPARED),
    Column(
        "reference",
        str,
        "File name of the closest reference photo.",
        "closest photo",
        "row.reference",
        is_detail=True,
        example="passport.jpg",
    ),
    *inside("row.seen", SEEN),
    Column(
        "same_as_rank",
        int,
        "Rank of the candidate that shows the same moment first. Null if this is the first.",
        "same moment as",
        "same_as.rank",
        shown="rank {}".format,
        may_be_null=True,
    ),
    *SAME_AS,
    Column("person_id", int, "Number of the person.", path="row.person_id"),
    Column("reference_id", int, "Number of the photo.", path="row.reference_id"),
    Column("reference_sha256", str, "sha256 of the photo's bytes.", path="row.reference_sha256"),
)
"""Of `pipeline.judging.listed.Listed`."""

HIT = (
    *COMPARED,
    Column(
        "photo",
        str,
        "File name of the closest photo.",
        "closest photo",
        is_detail=True,
        example="passport.jpg",
    ),
    *inside("seen", SEEN),
    replace(SAME_AS[0], heading="same moment in"),
    replace(SAME_AS[1], heading="at"),
)
"""Of `pipeline.people.search.Hit`."""

SIGHT = tuple(column for column in inside("seen", SEEN) if column.name not in ("box", "plan"))
"""Of `storage.results.blind_views.BlindView`: only what a reviewer needs, so as to give no hint."""

MEMBER = tuple(
    replace(column, heading="appearance") if column.name == "appearance_id" else column
    for column in inside("seen", SEEN)
)
"""Of `storage.results.groups.Member`."""


APPEARANCE = (
    *inside("row.seen", SEEN),
    Column("score", float, "The detector's, of the best face.", path="row.seen.score"),
    Column("engine", str, "What embedded the faces.", path="row.engine", example="dlib"),
    *SAME_AS,
)
"""Of `pipeline.judging.exports.Exported`."""
VECTOR = Column(
    "vector",
    Vector,
    "With `--with-vectors` only: its numbers, comparable with those of the same engine.",
    path="row.vector",
)

PACKAGED = (
    *inside("listed", elsewhere(CANDIDATE)),
    Column("override", str, "Reason for accepting verdicts despite low image quality, or empty."),
    Column("picture", str, "File with its clearest picture. Empty unless it is supported."),
    Column("reference_picture", str, "File with the closest photo. Empty unless it is supported."),
)
"""Of `report.statement.Line`."""
