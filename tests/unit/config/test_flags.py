"""dockerd's command line, read as pflag reads it."""

import pytest

from dockerd_cfg.config.catalogue import options
from dockerd_cfg.config.flags import BOOLEAN_FLAGS, OPTION_OF_FLAG, option_of_flag, parse_flags


@pytest.mark.parametrize(
    ("words", "found"),
    [
        pytest.param([], {}, id="nothing"),
        pytest.param(["/usr/bin/dockerd"], {}, id="only the program"),
        pytest.param(["--data-root=/x"], {"data-root": ["/x"]}, id="with an equals sign"),
        pytest.param(["--data-root", "/x"], {"data-root": ["/x"]}, id="with a word of its own"),
        pytest.param(
            ["--data-root", "--debug"], {"data-root": ["--debug"]}, id="a value that looks like a flag"
        ),
        pytest.param(["--data-root="], {"data-root": [""]}, id="an empty value"),
        pytest.param(["--data-root"], {"data-root": []}, id="a missing value"),
        pytest.param(["--label", "a=b=c"], {"labels": ["a=b=c"]}, id="a value with an equals sign"),
        pytest.param(["--debug"], {"debug": ["true"]}, id="a switch"),
        pytest.param(["--icc=false"], {"icc": ["false"]}, id="a switch turned off"),
        pytest.param(["--debug", "false"], {"debug": ["true"]}, id="a switch takes no word"),
        pytest.param(["-H", "fd://"], {"hosts": ["fd://"]}, id="a shorthand"),
        pytest.param(["-Hfd://"], {"hosts": ["fd://"]}, id="a shorthand stuck to its value"),
        pytest.param(["-H=fd://"], {"hosts": ["fd://"]}, id="a shorthand with an equals sign"),
        pytest.param(["-D"], {"debug": ["true"]}, id="a short switch"),
        pytest.param(["-D=false"], {"debug": ["false"]}, id="a short switch turned off"),
        pytest.param(["-Dl", "warn"], {"debug": ["true"], "log-level": ["warn"]}, id="bundled shorthands"),
        pytest.param(["-DHfd://"], {"debug": ["true"], "hosts": ["fd://"]}, id="bundled with a value"),
        pytest.param(["-H", "a", "--host=b"], {"hosts": ["a", "b"]}, id="given twice"),
        pytest.param(["--", "--debug"], {}, id="after the end of flags"),
        pytest.param(["-"], {}, id="a lone dash"),
        pytest.param(["--nosuch=1"], {"nosuch": ["1"]}, id="an unknown flag"),
        pytest.param(["-g", "/x"], {"graph": ["/x"]}, id="the old data root"),
    ],
)
def test_words_become_options_with_values(words: list[str], found: dict[str, list[str]]) -> None:
    assert parse_flags(words) == found


def test_a_packaged_unit_sets_hosts_and_containerd() -> None:
    unit = ["/usr/bin/dockerd", "-H", "fd://", "--containerd=/run/containerd/containerd.sock"]
    assert parse_flags(unit) == {"hosts": ["fd://"], "containerd": ["/run/containerd/containerd.sock"]}


def test_the_words_given_are_left_alone() -> None:
    words = ["-H", "fd://"]
    parse_flags(words)
    assert words == ["-H", "fd://"]


def test_every_flag_of_another_name_is_the_one_in_the_catalogue() -> None:
    named = {
        known.flag: key
        for key, known in options().items()
        if known.flag not in {None, key} and key != "host-gateway-ips"
    }
    assert named == OPTION_OF_FLAG


def test_every_boolean_option_with_a_flag_is_a_switch() -> None:
    booleans = {known.flag for known in options().values() if known.type == "boolean" and known.flag}
    assert booleans == BOOLEAN_FLAGS - {"help", "validate", "version"}


def test_a_flag_without_another_name_sets_the_option_of_its_own() -> None:
    assert option_of_flag("data-root") == "data-root"
