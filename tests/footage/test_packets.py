from footage.packets import Packet, list_packets, packets

HEADER = [b"#tb 0: 1/25", b"#codec_id 0: h264", b"#dimensions 0: 640x360", b"#sar 0: 4/3"]


def line(decoded: int, shown: int, flags: str = "", duration: int = 1) -> bytes:
    return f"0, {decoded:10}, {shown:10}, {duration:8}, 4711, 0x5c120c9f{flags}".encode()


def test_a_line_is_a_packet() -> None:
    listed = [line(-2, 0), line(-1, 3, ", F=0x0"), line(0, 1, ", F=0x3, S=1,  1, 0x00e000e0")]

    assert list(packets([*HEADER, *listed])) == [
        Packet(0, -2, 1, keyframe=True),
        Packet(3, -1, 1, keyframe=False),
        Packet(1, 0, 1, keyframe=True),
    ]


def test_side_data_is_not_taken_for_flags() -> None:
    (packet,) = packets([line(0, 0, ", S=1, MPEGTS Stream ID,        1, 0x00e000e0")])

    assert packet.keyframe


def test_without_a_pts_the_dts_counts_and_without_either_there_is_no_packet() -> None:
    none = -(1 << 63)

    assert list(packets([line(7, none), line(none, none)])) == [
        Packet(7, 7, 1, keyframe=True, has_pts=False)
    ]


def test_a_line_cut_off_by_the_childs_death_is_passed_over() -> None:
    assert list(packets([line(0, 0), line(1, 1)[:25], b""])) == [Packet(0, 0, 1, keyframe=True)]


def test_a_listing_tells_size_shape_times_and_keyframes() -> None:
    shown = [0, 3, 1, 2, 4, 7, 5, 6]
    listed = [line(k - 2, time, "" if time % 4 == 0 else ", F=0x0") for k, time in enumerate(shown)]

    listing = list_packets([*HEADER, *listed])

    assert listing.dimensions == (640, 360) and listing.pixel_aspect == listing.time_base * 100 / 3
    assert (listing.packets, listing.first, listing.last, listing.end) == (8, 0, 7, 8)
    assert listing.keyframes == [0, 4]
    assert not listing.runs_backwards


def test_a_keyframe_that_is_shown_before_a_picture_stored_before_it_is_no_place_to_cut() -> None:
    listing = list_packets([line(0, 0), line(1, 5, ", F=0x0"), line(2, 3), line(3, 6)])

    assert listing.keyframes == [0, 6]


def test_a_last_picture_of_unknown_duration_lasts_as_long_as_the_others() -> None:
    listing = list_packets([line(k * 4, k * 4, duration=0) for k in range(10)])

    assert listing.end == 40


def test_very_many_keyframes_are_thinned_out_and_reach_to_the_end() -> None:
    listing = list_packets(line(k, k) for k in range(100_000))

    assert listing.packets == 100_000
    assert len(listing.keyframes) <= 65_536
    assert listing.keyframes[0] == 0 and listing.keyframes[-1] > 99_000
    assert listing.keyframes == sorted(set(listing.keyframes))


def test_a_clock_set_back_is_noticed_and_a_hiccup_is_not() -> None:
    hiccup = [line(k, k) for k in (0, 1, 2, 2, 3, 4)]
    stuck = [line(9, 9, ", F=0x0") for _ in range(40)]

    assert not list_packets(hiccup).runs_backwards
    assert list_packets([*hiccup, *stuck]).runs_backwards
