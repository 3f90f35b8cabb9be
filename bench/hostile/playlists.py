"""Files that refer to other files: playlists, references, attachments named with a path."""

from collections.abc import Callable
from random import Random

from bench.hostile.boxes import ATTACHMENTS, attachment, box, cluster, edited, element
from bench.hostile.kind import GAPS, TURNED_AWAY, WATCHED, Base, Kind, kind
from bench.hostile.sizes import frame, in_matroska

_HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:20\n#EXTINF:20,\n{address}\n#EXT-X-ENDLIST\n"
_DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
    '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{address}'
    "</BaseURL><SegmentBase/></Representation></AdaptationSet></Period></MPD>"
)
_SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n"


def playlists() -> list[Kind]:
    """Kinds whose only purpose is to make a program open another file."""
    return [
        *(_playlist(*each) for each in _PLAYLISTS),
        kind(
            "MP4 whose pictures are in another file",
            ".mp4",
            _elsewhere,
            GAPS | WATCHED | TURNED_AWAY,
        ),
        kind(
            "attachment named ../../evil",
            ".mkv",
            _attached("../../../../../tmp/evil", 100),
            WATCHED,
        ),
        kind("attachment of 40 MB", ".mkv", _attached("large.bin", 40 << 20), WATCHED),
    ]


_PLAYLISTS = (
    ("HLS of file://", ".mp4", _HLS.replace("{address}", "file://{secret}")),
    ("HLS of a bare path", ".m3u8", _HLS.replace("{address}", "{secret}")),
    ("HLS of http://", ".mp4", _HLS.replace("{address}", "http://127.0.0.1:9/a.ts")),
    ("HLS of subfile:", ".mp4", _HLS.replace("{address}", "subfile,,start,0,end,0,,:{secret}")),
    ("HLS of concat:", ".mp4", _HLS.replace("{address}", "concat:{secret}|{secret}")),
    ("HLS of the descriptors", ".mp4", _HLS.replace("{address}", "fd:") + "#{secret}"),
    ("HLS with a key from file://", ".mp4", '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="file://{secret}"\n'
     "#EXTINF:20,\nfile://{secret}\n"),
    ("DASH", ".mp4", _DASH.replace("{address}", "file://{secret}")),
    ("ffconcat", ".mp4", "ffconcat version 1.0\nfile '{secret}'\n"),
    ("SDP", ".mp4", _SDP),
    ("IMF composition", ".mp4", '<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/'
     'schemas/2067-3/2013"><Id>{secret}</Id></CompositionPlaylist>'),
    ("VobSub index", ".idx", "# VobSub index file, v7\nsize: 720x576\nid: en, index: 0\n"),
    ("ASX list", ".wmv", '<ASX version="3.0"><Entry><Ref href="file://{secret}"/></Entry></ASX>'),
)  # fmt: skip


def _playlist(name: str, ending: str, text: str) -> Kind:
    def body(base: Base, _: Random) -> bytes:
        return text.replace("{secret}", str(base.secret)).encode()

    return kind(name, ending, body, TURNED_AWAY)


def _elsewhere(base: Base, _: Random) -> bytes:
    """A QuickTime alias, which names another file as the one that contains the pictures."""
    path = str(base.secret).encode()
    path += bytes(len(path) % 2)
    names = bytes(28) + bytes(12) + bytes(64)
    record = bytes(10) + names + bytes(16) + b"\0\1\0\1" + bytes(16)
    record += b"\0\2" + len(path).to_bytes(2, "big") + path + b"\xff\xff\0\0"
    return edited(base.mp4, b"dref", lambda _: bytes(7) + b"\1" + box(b"alis", bytes(4) + record))


def _attached(name: str, size: int) -> Callable[[Base, Random], bytes]:
    def body(base: Base, _: Random) -> bytes:
        files = element(ATTACHMENTS, attachment(name, bytes(size)))
        return in_matroska(files, cluster(0, (0, frame(base)), (500, frame(base))))

    return body
