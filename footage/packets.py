"""The packets of a recording's video stream, read without decoding.

ffmpeg's `framecrc` format writes one line per packet: stream, dts, pts, duration, size, checksum,
and the flags unless they are those of a plain keyframe (libavformat/framecrcenc.c).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from footage.guards import Options

LISTED: Options = {"codec": "copy", "copyinkf": None, "format": "framecrc"}
"""Output options with which ffmpeg writes the lines that this module reads."""

LISTED_IDR: Options = {**LISTED, "bsf:v": "filter_units=pass_types=5"}
"""The same for IDR pictures only: H.264 keyframes over which no later picture refers back."""

_NO_TIME = -(1 << 63)
_KEY_FLAG = 1
_MANY_KEYFRAMES = 1 << 16
_STUCK_PACKETS = 25


@dataclass(frozen=True, slots=True)
class Packet:
    """One coded picture, in ticks of the stream's time base."""

    time: int
    """When it is shown; if the container does not state that, when it is decoded."""
    decoded: int
    """When it is decoded."""
    duration: int
    """Zero if the container does not state it."""
    keyframe: bool
    has_pts: bool = True
    """Whether the container states when it is shown."""

    @property
    def end(self) -> int:
        """Until when it is shown, in ticks."""
        return self.time + self.duration


@dataclass(slots=True)
class Listing:
    """Facts about a stream from all its packets, in memory that does not grow with the stream.

    Times are in ticks of the stream's time base.
    """

    fields: dict[str, str] = field(default_factory=dict)
    """The header: `tb`, `codec_id`, `dimensions`, `sar`."""
    packets: int = 0
    first: int = -_NO_TIME
    """Earliest time of a packet."""
    last: int = _NO_TIME
    """Latest time of a packet."""
    keyframes: list[int] = field(default_factory=list)
    """Times of keyframes to cut at, ascending; thinned out if there are very many."""
    runs_backwards: bool = False
    """Whether the stream's clock was set back, so that its times are not in order."""
    _end: int = _NO_TIME
    _previous: int = _NO_TIME
    _stuck: int = 0

    def add(self, packet: Packet) -> None:
        """Add the next packet, in the order of the file."""
        if packet.keyframe and packet.time > self.last:
            self._cut_at(packet.time)
        self.packets += 1
        self.first = min(self.first, packet.time)
        self.last = max(self.last, packet.time)
        self._end = max(self._end, packet.end)
        self._watch_clock(packet.decoded)

    @property
    def end(self) -> int:
        """End of the last picture; if unknown, one average spacing after its time. In ticks."""
        spacing = (self.last - self.first) // max(self.packets - 1, 1)
        return self._end if self._end > self.last else self.last + max(spacing, 1)

    @property
    def time_base(self) -> Fraction:
        """Seconds per tick."""
        return Fraction(self.fields.get("tb", "0"))

    @property
    def dimensions(self) -> tuple[int, int]:
        """Width and height as coded, pixels; zeros if unknown."""
        width, _, height = self.fields.get("dimensions", "0x0").partition("x")
        return int(width), int(height)

    @property
    def pixel_aspect(self) -> Fraction:
        """Width of a pixel divided by its height; 1 if unknown."""
        wide, _, high = self.fields.get("sar", "1/1").partition("/")
        return Fraction(int(wide), int(high)) if int(wide) > 0 and int(high) > 0 else Fraction(1)

    def _cut_at(self, time: int) -> None:
        self.keyframes.append(time)
        if len(self.keyframes) > _MANY_KEYFRAMES:
            del self.keyframes[1::2]

    def _watch_clock(self, decoded: int) -> None:
        """After the clock jumps back, ffmpeg repeats the time before the jump, packet by packet."""
        self._stuck = self._stuck + 1 if decoded <= self._previous else 0
        self._previous = decoded
        self.runs_backwards |= self._stuck >= _STUCK_PACKETS


def packets(lines: Iterable[bytes], header: dict[str, str] | None = None) -> Iterator[Packet]:
    """Read the packets that have a time; the fields of the header are written into `header`."""
    for line in lines:
        if not line.startswith(b"#"):
            yield from _packet(line)
        elif header is not None:
            name, _, value = line[1:].decode(errors="replace").partition(" 0: ")
            header[name] = value


def list_packets(lines: Iterable[bytes]) -> Listing:
    """Read a complete framecrc output."""
    listing = Listing()
    for packet in packets(lines, listing.fields):
        listing.add(packet)
    return listing


def _packet(line: bytes) -> Iterator[Packet]:
    columns = line.split(b",")
    if len(columns) < 6:  # the child died in the middle of a line
        return
    decoded, shown, duration = (int(column) for column in columns[1:4])
    time = decoded if shown == _NO_TIME else shown
    flags = int(columns[6][3:], 16) if columns[6:] and columns[6][:3] == b" F=" else _KEY_FLAG
    if time != _NO_TIME:
        yield Packet(time, decoded, max(duration, 0), bool(flags & _KEY_FLAG), shown != _NO_TIME)
