"""The units of the timer: what they say, whether somebody edited them, and what settings are taken."""

import pytest

from dockerd_cfg.errors import UsageProblem
from dockerd_cfg.files import FileImage
from dockerd_cfg.maintenance.settings import Settings, chosen_settings
from dockerd_cfg.maintenance.units import is_edited, settings_of, written_units

SETTINGS = Settings(older_than=86400, keep_label="stage=live", volumes=True, schedule="Sun *-*-* 04:00")
PROGRAM = ("/opt/a b/dockerd-cfg%1$x",)


def test_the_settings_stand_in_the_service_and_are_read_back() -> None:
    texts = written_units(SETTINGS, PROGRAM)
    service = texts.service.decode()

    assert settings_of(FileImage(texts.service)) == SETTINGS
    assert "maintenance run --older-than 1d --keep-label stage=live --volumes\n" in service
    assert 'ExecStart="/opt/a b/dockerd-cfg%%1$x"' in service
    timer = texts.timer.decode()
    for line in ("OnCalendar=Sun *-*-* 04:00", "Persistent=true", "RandomizedDelaySec=1h"):
        assert f"\n{line}\n" in timer


def test_any_edit_shows() -> None:
    data = written_units(Settings(), PROGRAM).service
    assert not is_edited(FileImage(data))
    assert not is_edited(FileImage(None))
    for edit in (data + b"\n", data.replace(b"7d", b"8d"), b"# mine\n" + data, b"", data[1:]):
        assert is_edited(FileImage(edit))


@pytest.mark.parametrize(
    "data", [None, b"", b"[Service]\n", b"# Settings: {", b"# Settings: {}", b"# Settings: []"]
)
def test_a_file_without_settings_tells_none(data: bytes | None) -> None:
    assert settings_of(FileImage(data)) is None


@pytest.mark.parametrize(
    "edit",
    [
        (b"86400", b"0"),
        (b"86400", b"-86400"),
        (b"86400", b"NaN"),
        (b"86400", b"Infinity"),
        (b'"volumes": true', b'"volumes": "no"'),
        (b'"stage=live"', b'""'),
    ],
    ids=repr,
)
def test_settings_that_would_prune_more_than_can_be_asked_for_count_for_nothing(
    edit: tuple[bytes, bytes],
) -> None:
    data = written_units(SETTINGS, PROGRAM).service

    assert settings_of(FileImage(data)) == SETTINGS
    assert settings_of(FileImage(data.replace(*edit))) is None


@pytest.mark.parametrize(
    "given",
    [
        ("1s", None, None),
        ("soon", None, None),
        ("20000d", None, None),
        (None, "", None),
        (None, "a b", None),
        (None, "=x", None),
        (None, "x\n[Service]", None),
        (None, None, ""),
        (None, None, "daily\x00"),
        (None, None, "x" * 300),
    ],
    ids=repr,
)
def test_settings_that_cannot_be_meant_are_refused(given: tuple[str | None, ...]) -> None:
    older, label, schedule = given
    with pytest.raises(UsageProblem):
        chosen_settings(older, label, schedule)


def test_a_schedule_stays_one_line() -> None:
    assert chosen_settings(None, None, "Sun\n 04:00").schedule == "Sun 04:00"


def test_an_option_not_given_keeps_its_present_value() -> None:
    assert chosen_settings(None, None, present=SETTINGS) == SETTINGS
    assert chosen_settings("2d", None, volumes=False, present=SETTINGS).older_than == 2 * 86400
    assert chosen_settings(None, None) == Settings()
