"""What `doctor` says of the sandbox around ffmpeg."""

from command_line import Nightreel


def sandbox(nightreel: Nightreel) -> dict[str, dict[str, object]]:
    document = nightreel("doctor", "--json").document
    return {one["what"]: one for one in document if "sandbox" in one["what"]}


def test_walls_that_are_off_need_attention_and_what_to_do_is_said(nightreel: Nightreel) -> None:
    found = sandbox(nightreel.with_settings(sandbox="off"))

    assert found["sandbox"]["detail"] == "resource limits"
    assert not found["sandbox"]["well"] and not found["sandbox missing"]["well"]
    assert "no network" in str(found["sandbox missing"]["detail"])
    assert "install bubblewrap" in str(found["sandbox missing"]["detail"])


def test_walls_that_stand_are_named(nightreel: Nightreel) -> None:
    found = sandbox(nightreel)

    assert str(found["sandbox"]["detail"]).startswith("resource limits")
    assert found["sandbox"]["well"] or "sandbox missing" in found
