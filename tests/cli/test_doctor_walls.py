"""What `doctor` says of the walls around ffmpeg."""

from command_line import Nightreel


def walls(nightreel: Nightreel) -> dict[str, dict[str, object]]:
    document = nightreel("doctor", "--json").document
    return {one["what"]: one for one in document if "walls" in one["what"]}


def test_walls_that_are_off_need_attention_and_what_to_do_is_said(nightreel: Nightreel) -> None:
    found = walls(nightreel.with_settings(walls="off"))

    assert found["walls"]["detail"] == "ffmpeg has limits"
    assert not found["walls"]["well"] and not found["walls missing"]["well"]
    assert "no network" in str(found["walls missing"]["detail"])
    assert "install bubblewrap" in str(found["walls missing"]["detail"])


def test_walls_that_stand_are_named(nightreel: Nightreel) -> None:
    found = walls(nightreel)

    assert str(found["walls"]["detail"]).startswith("ffmpeg has limits")
    assert found["walls"]["well"] or "walls missing" in found
