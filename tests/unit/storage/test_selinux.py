"""Rules of equivalence for SELinux, against a semanage that keeps them in a file and a restorecon that notes its calls."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dockerd_cfg.change.plan import Context
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.paths import HostPath
from dockerd_cfg.storage.selinux import LabelTarget

OLD, ONE, TWO = map(HostPath, ("/var/lib/docker", "/mnt/one/docker", "/mnt/two/docker"))
# As policycoreutils' does: one rule for each place, and a second one is an error.
SEMANAGE = """\
#!/bin/sh -eu
rules=$(dirname "$0")/rules
case "$*" in
  "fcontext --list --noheading --locallist")
    echo "/srv/web(/.*)?   all files   system_u:object_r:httpd_sys_content_t:s0"
    cat "$rules" ;;
  "fcontext --add --equal "*)
    ! grep -q "^$5 = " "$rules" || { echo "Equivalence class for $5 already exists" >&2; exit 1; }
    echo "$5 = $4" >> "$rules" ;;
  "fcontext --delete --equal "*)
    grep -q "^$5 = " "$rules" || { echo "Equivalence class for $5 does not exist" >&2; exit 1; }
    sed -i "\\:^$5 = :d" "$rules" ;;
  *) exit 2 ;;
esac
"""
RESTORECON = """\
#!/bin/sh
echo "$*" >> "$(dirname "$0")/labelled"
"""


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, script in (("semanage", SEMANAGE), ("restorecon", RESTORECON)):
        (programs / name).write_text(script, encoding="utf-8")
        (programs / name).chmod(0o755)
    for name in ("rules", "labelled"):
        (programs / name).touch()
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    return lambda: (programs / "rules").read_text(encoding="utf-8").splitlines()


def context(host: Host) -> Context:
    return Context(
        host=host,
        progress=None,  # type: ignore[arg-type]  # nothing is told
        captured=lambda _: None,
        captured_undo=lambda _: None,
        is_done=lambda _: False,
        was_applied=True,
    )


def label(host: Host, source: HostPath, target: HostPath) -> Callable[[], None]:
    """Do the step, twice, as after a crash; return what undoes it, twice as well."""
    step = LabelTarget(source=source, target=target)
    before = step.capture(context(host))
    for _ in range(2):
        step.apply(context(host), before)

    def undo() -> None:
        for _ in range(2):
            step.revert(context(host), before)

    return undo


def test_the_new_place_is_labelled_like_the_old_one(
    host: Host, rules: Callable[[], list[str]], tmp_path: Path
) -> None:
    host.layout.real(ONE).mkdir(parents=True)
    undo = label(host, OLD, ONE)
    assert rules() == [f"{ONE} = {OLD}"]
    labelled = (tmp_path / "programs/labelled").read_text(encoding="utf-8").splitlines()
    assert set(labelled) == {f"-R {ONE}"}
    undo()
    assert rules() == []


def test_a_folder_that_will_come_by_a_rename_needs_its_rule_only(
    host: Host, rules: Callable[[], list[str]], tmp_path: Path
) -> None:
    label(host, OLD, ONE)
    assert rules() == [f"{ONE} = {OLD}"]
    assert (tmp_path / "programs/labelled").read_text(encoding="utf-8") == ""


def test_after_a_second_move_the_rule_names_the_place_that_the_policy_knows(
    host: Host, rules: Callable[[], list[str]]
) -> None:
    label(host, OLD, ONE)
    undo = label(host, ONE, TWO)
    assert rules() == [f"{ONE} = {OLD}", f"{TWO} = {OLD}"]
    undo()
    assert rules() == [f"{ONE} = {OLD}"]


def test_the_place_that_the_policy_knows_gets_no_rule_when_data_comes_back(
    host: Host, rules: Callable[[], list[str]]
) -> None:
    label(host, OLD, ONE)
    label(host, ONE, OLD)()
    assert rules() == [f"{ONE} = {OLD}"]


def test_a_rule_that_is_there_already_stays(host: Host, rules: Callable[[], list[str]]) -> None:
    label(host, OLD, ONE)
    label(host, OLD, TWO)
    label(host, TWO, ONE)()
    assert rules() == [f"{ONE} = {OLD}", f"{TWO} = {OLD}"]
