"""A root that does not run: what is done stays in it, and nothing of this machine is taken for its own."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from dockerd_cfg.cli.app import run
from dockerd_cfg.cli.report import Report
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.unit_files import read_unit
from dockerd_cfg.offline.host import offline_host
from dockerd_cfg.paths import HostPath, Layout

UNIT = "[Unit]\nRequires=x\n[Service]\nExecStart=/usr/sbin/dockerd -H fd:// \\\n  $DOCKER_OPTS\nEnvironmentFile=-/etc/default/docker\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    for name in ("etc/docker", "var/lib", "run", "usr/lib/systemd/system", "etc/systemd/system", "mnt/data"):
        (folder / name).mkdir(parents=True)
    (folder / "usr/lib/systemd/system/docker.service").write_text(UNIT)
    return folder


def answer(root: Path, *argv: str) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    code = run(
        [*argv, "--root", str(root), "--json"], report=Report(out=out, err=io.StringIO(), as_json=True)
    )
    found: dict[str, Any] = json.loads(out.getvalue())
    return code, found


def tree(root: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
        for path in root.rglob("*")
        if "dockerd-cfg" not in str(path.relative_to(root))
    }


def test_log_limits_are_written_and_a_second_run_changes_nothing(root: Path) -> None:
    code, first = answer(root, "set-logs", "--max-size", "7m")
    again, second = answer(root, "set-logs", "--max-size", "7m")

    assert (code, first["changed"], first["restart_required"]) == (0, True, False)
    assert (again, second["changed"]) == (0, False)
    assert json.loads((root / "etc/docker/daemon.json").read_text())["log-opts"]["max-size"] == "7m"


def test_a_runtime_that_is_not_installed_yet_does_not_stop_log_limits(root: Path) -> None:
    (root / "etc/docker/daemon.json").write_text('{"runtimes": {"x": {"path": "/usr/bin/x"}}}\n')
    code, told = answer(root, "set-logs")

    assert (code, told["changed"]) == (0, True)
    assert [one["severity"] for one in told["findings"] if one["code"] == "missing-program"] == ["warning"]


def test_the_way_back_that_is_told_leads_into_the_same_root(root: Path) -> None:
    out = io.StringIO()
    for argv in (["set-logs"], ["move-storage", "/mnt/data"]):
        run([*argv, "--root", str(root)], report=Report(out=out, err=io.StringIO()))
    told = out.getvalue()
    assert f"Undo with: dockerd-cfg rollback 0001-set-logs --root {root}\n" in told
    assert f"Undo with: dockerd-cfg rollback 0002-move-storage --root {root}\n" in told


def test_a_hint_names_the_root_that_its_command_is_to_act_on(root: Path) -> None:
    err = io.StringIO()
    code = run(["rollback", "7", "--root", str(root)], report=Report(out=io.StringIO(), err=err))

    assert code == 2
    assert f"hint: list them with: dockerd-cfg history (with: --root {root})\n" in err.getvalue()


def test_a_dry_run_leaves_no_trace(root: Path) -> None:
    before = tree(root)
    code, found = answer(root, "set-logs", "--dry-run")
    assert (code, found["changed"]) == (0, True)
    assert tree(root) == before
    assert not (root / "var/lib/dockerd-cfg").exists()


def test_what_was_done_is_undone(root: Path) -> None:
    before = tree(root)
    answer(root, "set-logs")
    answer(root, "move-storage", "/mnt/data", "--yes")
    assert answer(root, "rollback", "--yes")[0] == 0
    assert answer(root, "rollback", "1", "--yes")[0] == 0
    assert tree(root) == before


def test_a_drop_in_waits_for_the_disk_at_the_first_boot(root: Path) -> None:
    assert answer(root, "move-storage", "/mnt/data")[0] == 0
    text = (root / "etc/systemd/system/docker.service.d/50-dockerd-cfg.conf").read_text()
    assert "RequiresMountsFor=/mnt/data/docker" in text
    assert list((root / "run").glob("systemd")) == []


def test_a_flag_in_the_roots_own_unit_is_seen(root: Path) -> None:
    (root / "etc/default").mkdir()
    (root / "etc/default/docker").write_text('DOCKER_OPTS="--log-driver=journald"\n')
    code, found = answer(root, "set-logs")
    assert code == 3
    assert "log-driver" in json.dumps(found["findings"])


@pytest.mark.parametrize("link", ["/outside", "../../../../outside"])
def test_a_link_in_the_root_leads_nowhere_out_of_it(root: Path, tmp_path: Path, link: str) -> None:
    (tmp_path / "outside").mkdir()
    (root / "outside").mkdir()
    (root / "etc/docker").rmdir()
    (root / "etc/docker").symlink_to(link)

    assert answer(root, "set-logs")[0] == 0
    assert list((tmp_path / "outside").iterdir()) == []
    assert (root / "outside/daemon.json").exists()


def test_a_daemon_json_that_is_a_link_is_replaced_where_it_leads_to_in_the_root(
    root: Path, tmp_path: Path
) -> None:
    target = tmp_path / "opt/daemon.json"
    (root / target.relative_to("/")).parent.mkdir(parents=True)
    (root / "etc/docker/daemon.json").symlink_to(target)

    assert answer(root, "set-logs")[0] == 0
    assert not target.exists()
    assert "log-opts" in (root / target.relative_to("/")).read_text()
    assert (root / "etc/docker/daemon.json").is_symlink()


@pytest.mark.parametrize("given", ["relative", "/nowhere/at/all", "/etc/hostname", "/tmp/../tmp"])
def test_what_is_no_folder_is_wrong_usage(given: str) -> None:
    out = io.StringIO()
    code = run(
        ["set-logs", "--root", given, "--json"], report=Report(out=out, err=io.StringIO(), as_json=True)
    )
    assert code == 2
    assert "--root" in json.loads(out.getvalue())["error"]["message"]


def test_nothing_waits_for_a_confirmation_where_no_timer_runs(root: Path) -> None:
    code, found = answer(root, "set-logs", "--confirm-within", "5m")
    assert code == 2
    assert "--root" in found["error"]["hint"]


def test_the_version_is_that_of_the_roots_packages(root: Path) -> None:
    (root / "var/lib/dpkg").mkdir()
    (root / "var/lib/dpkg/status").write_text(
        "Package: adduser\nStatus: install ok installed\nVersion: 3.1\n\n"
        "Package: docker-ce\nStatus: install ok installed\nVersion: 5:26.1.4-1~debian.12~bookworm\n\n"
    )
    assert offline_host(str(root)).dockerd.version() == "26.1.4"


def test_drop_ins_add_to_a_unit_and_an_empty_setting_begins_anew(root: Path) -> None:
    folder = root / "etc/systemd/system/docker.service.d"
    folder.mkdir(parents=True)
    (folder / "10-a.conf").write_text("[Service]\nExecStart=\nExecStart=-/usr/bin/dockerd --debug\n")
    (folder / "20-b.conf").write_text('[Service]\nEnvironment="A=b c" D=e\n[Unit]\nExecStart=/bin/no\n')

    found = read_unit(Layout(root), "docker.service")

    assert found.exec_start == ("/usr/bin/dockerd", "--debug")
    assert found.environment == ("A=b c", "D=e")
    assert found.environment_files == ("/etc/default/docker",)
    assert [HostPath(source).name for source in found.sources] == ["docker.service", "10-a.conf", "20-b.conf"]
    assert not found.is_active


def test_a_setting_of_the_environment_is_read_with_its_escapes_and_what_it_unsets(root: Path) -> None:
    folder = root / "etc/systemd/system/docker.service.d"
    folder.mkdir(parents=True)
    (folder / "a.conf").write_text("[Service]\nEnvironment=A=b\\x20c\nUnsetEnvironment=D E=f\n")

    found = read_unit(Layout(root), "docker.service")

    assert found.environment == ("A=b c",)
    assert found.unset_environment == ("D", "E=f")


def test_an_escaped_backslash_at_the_end_of_a_line_does_not_join_the_next(root: Path) -> None:
    folder = root / "etc/systemd/system/docker.service.d"
    folder.mkdir(parents=True)
    (folder / "a.conf").write_text("[Service]\nEnvironment=A=b\\\\\nEnvironment=C=d \\\n  E=f\n")

    assert read_unit(Layout(root), "docker.service").environment == ("A=b\\", "C=d", "E=f")


@pytest.mark.parametrize(("is_running", "found"), [(True, ("A=b",)), (False, ())])
def test_a_drop_in_until_the_next_boot_counts_where_the_root_runs(
    root: Path, *, is_running: bool, found: tuple[str, ...]
) -> None:
    folder = root / "run/systemd/system/docker.service.d"
    folder.mkdir(parents=True)
    (folder / "a.conf").write_text("[Service]\nEnvironment=A=b\n")

    assert read_unit(Layout(root), "docker.service", is_running=is_running).environment == found


def test_a_unit_in_etc_hides_the_packages_and_one_that_leads_to_dev_null_is_masked(root: Path) -> None:
    (root / "etc/systemd/system/docker.service").symlink_to("/dev/null")
    assert read_unit(Layout(root), "docker.service").load == "masked"
    assert read_unit(Layout(root), "other.service").load == "not-found"


@pytest.mark.parametrize("argv", [["logs"], ["logs", "trim"], ["usage"]], ids=" ".join)
def test_a_link_in_the_data_root_that_leads_out_of_the_root_is_not_followed(
    root: Path, tmp_path: Path, argv: list[str]
) -> None:
    outside = tmp_path / "containers"
    outside.mkdir()
    (root / "var/lib/docker").mkdir(parents=True)
    (root / "var/lib/docker/containers").symlink_to(outside)

    code, found = answer(root, *argv)

    assert code == 4
    assert [finding["code"] for finding in found["findings"]] == ["link-out"]


def test_a_link_in_the_data_root_that_stays_in_the_root_is_followed(root: Path) -> None:
    (root / "var/lib/docker").mkdir(parents=True)
    (root / "mnt/data/containers").mkdir()
    (root / "var/lib/docker/containers").symlink_to("../../../mnt/data/containers")

    assert answer(root, "logs")[0] == 0


def flagged(folder: Path) -> Path:
    """Make a unit of this machine, whose flag must not be taken for the root's."""
    folder.mkdir()
    (folder / "docker.service").write_text("[Service]\nExecStart=/usr/bin/dockerd --log-driver=journald\n")
    (folder / "docker").write_text('DOCKER_OPTS="--log-driver=journald"\n')
    return folder


@pytest.mark.parametrize(
    ("link", "to"),
    [
        ("etc/systemd/system/docker.service", "docker.service"),
        ("etc/systemd/system/docker.service.d/a.conf", "docker.service"),
        ("etc/default/docker", "docker"),
    ],
)
def test_units_and_their_environment_are_not_read_out_of_the_root(
    root: Path, tmp_path: Path, link: str, to: str
) -> None:
    outside = flagged(tmp_path / "outside") / to
    (root / link).parent.mkdir(parents=True, exist_ok=True)
    (root / link).symlink_to(outside)
    assert answer(root, "set-logs", "--dry-run")[0] == 0

    # what the link means is the file at that path in the root
    inside = root / outside.relative_to("/")
    inside.parent.mkdir(parents=True)
    inside.write_bytes(outside.read_bytes())
    assert answer(root, "set-logs", "--dry-run")[0] == 3


def test_a_folder_of_drop_ins_out_of_the_root_is_not_read(root: Path, tmp_path: Path) -> None:
    outside = flagged(tmp_path / "outside")
    (outside / "docker.service").rename(outside / "a.conf")
    (root / "etc/systemd/system/docker.service.d").symlink_to(outside)
    assert answer(root, "set-logs", "--dry-run")[0] == 0


@pytest.mark.parametrize("link", ["/dev/null", "../../../dev/null"])
def test_a_unit_is_masked_by_whatever_link_leads_to_dev_null(root: Path, link: str) -> None:
    (root / "etc/systemd/system/docker.service").symlink_to(link)
    assert read_unit(Layout(root), "docker.service").load == "masked"


@pytest.mark.parametrize(("name", "file"), [("fstab", "etc/fstab"), ("status", "var/lib/dpkg/status")])
def test_mounts_and_packages_are_not_read_out_of_the_root(
    root: Path, tmp_path: Path, name: str, file: str
) -> None:
    (tmp_path / "fstab").write_text("LABEL=x /mnt/data ext4 defaults 0 0\n")
    (tmp_path / "status").write_text("Package: docker-ce\nStatus: installed\nVersion: 5:26.1.4\n")
    (root / file).parent.mkdir(exist_ok=True)
    (root / file).symlink_to(tmp_path / name)
    host = offline_host(str(root))
    assert host.systemd.unit("/mnt/data").sources == ()
    assert host.dockerd.version() is None


def test_a_state_folder_that_is_a_link_keeps_its_records_in_the_root(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / outside.relative_to("/")).mkdir(parents=True)
    (root / "var/lib/dockerd-cfg").symlink_to(outside)
    assert answer(root, "set-logs")[0] == 0
    assert list(outside.iterdir()) == []
    assert answer(root, "rollback")[1]["changed"]


@pytest.mark.parametrize("given", ["/", "//", "/.", "/proc/self/root"])
def test_the_root_of_this_system_is_the_host_that_runs(given: str, host: Host) -> None:
    out = io.StringIO()
    report = Report(out=out, err=io.StringIO(), as_json=True)
    assert run(["status", "--root", given, "--json"], make_host=lambda: host, report=report) == 0
    assert json.loads(out.getvalue())["data"]["docker"] == "active"


@pytest.mark.parametrize("name", ["/etc/patch.json", "etc/patch.json", "/etc/link.json"])
def test_a_file_that_is_named_is_read_inside_the_root(root: Path, name: str) -> None:
    (root / "etc/patch.json").write_text('{"debug": true}')
    (root / "etc/link.json").symlink_to("/etc/patch.json")

    assert answer(root, "check", name)[0] == 0
    assert answer(root, "merge", name)[0] == 0
    assert '"debug": true' in (root / "etc/docker/daemon.json").read_text()


@pytest.mark.parametrize("command", ["check", "merge"])
def test_a_file_beside_the_root_is_not_read(root: Path, command: str) -> None:
    patch = root.parent / "patch.json"
    patch.write_text('{"debug": true}')

    assert answer(root, command, str(patch))[0] == 2
    assert answer(root, command, "../patch.json")[0] == 2


@pytest.mark.parametrize("path", ["etc/docker/daemon.json", "/etc/docker/../daemon.json"])
@pytest.mark.parametrize(
    "argv", [("check",), ("show",), ("set", "debug", "true"), ("set-logs",)], ids=" ".join
)
def test_a_unit_that_names_daemon_json_by_a_path_that_may_lead_anywhere_is_refused(
    root: Path, argv: tuple[str, ...], path: str
) -> None:
    unit = root / "usr/lib/systemd/system/docker.service"
    unit.write_text(f"[Service]\nExecStart=/usr/sbin/dockerd --config-file {path}\n")
    before = tree(root)

    code, told = answer(root, *argv)

    assert (code, [one["code"] for one in told["findings"]]) == (4, ["config-file-relative"])
    assert path in told["error"]["message"]
    assert tree(root) == before


def test_status_goes_on_where_it_cannot_tell_which_file_is_daemon_json(root: Path) -> None:
    unit = root / "usr/lib/systemd/system/docker.service"
    unit.write_text("[Service]\nExecStart=/usr/sbin/dockerd --config-file daemon.json\n")

    assert answer(root, "status")[0] == 0
