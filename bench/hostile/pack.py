"""The hostile pack: all kinds of hostile files."""

from bench.hostile.clocks import clocks
from bench.hostile.damage import damage, no_video
from bench.hostile.kind import Kind
from bench.hostile.places import names, places
from bench.hostile.playlists import playlists
from bench.hostile.sizes import pictures, tables


def kinds() -> list[Kind]:
    """All kinds; their names are unique."""
    return [
        *playlists(),
        *names(),
        *places(),
        *pictures(),
        *tables(),
        *clocks(),
        *damage(),
        *no_video(),
    ]
