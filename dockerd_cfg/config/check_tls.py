"""Who may talk to Docker: the certificates that TLS needs, and addresses that are open to everybody.

Source: ``loadDaemonCliConfig`` and ``SetDefaultOptions`` in moby's ``cmd/dockerd``, tags v20.10.24 to
docker-v29.7.2 (there ``daemon/command``); 20.10 looks for certificates only when it starts.
"""

from collections.abc import Iterator
from typing import Final

from dockerd_cfg.config.check_addresses import tcp_problem
from dockerd_cfg.config.check_context import Context
from dockerd_cfg.config.check_grammar import parse_bool
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.findings import Finding, Stage

_V23: Final = DockerVersion(23, 0, 0)

# The options without which there is no TLS, with the files that the flags stand for by default: HOME is root's.
_CERTIFICATES: Final = {"tlscert": "/root/.docker/cert.pem", "tlskey": "/root/.docker/key.pem"}


def tls_findings(context: Context) -> Iterator[Finding]:
    """Yield what TLS lacks, and the addresses where anybody may talk to Docker."""
    by_flag = "tlsverify" in context.flags or _flag_is_on(context, "tls")
    by_file = "tlsverify" in context.names or context.values.get("tls") is True
    if by_flag or by_file:
        yield from _certificates(context, by_flag=by_flag)
    if not context.switch("tlsverify", default=by_flag or by_file):
        yield from _open_addresses(context)


def _certificates(context: Context, *, by_flag: bool) -> Iterator[Finding]:
    """The flags' certificates, those by default too, count only where a flag switches TLS on."""
    stage: Stage = "parse" if context.version >= _V23 else "start"
    asked = next((key for key in ("tlsverify", "tls") if key in context.names), None)
    switched = asked or ("tlsverify" if "tlsverify" in context.flags else "tls")
    files = {key: context.values.get(key) or "" for key in _CERTIFICATES}
    if by_flag:
        files = {key: file or _of_flags(context, key) for key, file in files.items()}
    if not all(files.values()):
        yield context.bad_value(
            context.names[switched][0] if asked else (switched,),
            f"{switched} switches TLS on, which needs tlscert and tlskey",
            'add "tlscert": "/etc/docker/cert.pem" and "tlskey": "/etc/docker/key.pem"',
            stage=stage,
            code="tls-without-certificates",
        )
        return
    for key, file in files.items():
        if context.host is not None and isinstance(file, str) and not context.host.has_file(file):
            message = f"{key} is {file}, and there is no such file on this host"
            yield context.finding(
                "missing-file", stage, (key,), message, "put it there, or name the one that is"
            )


def _of_flags(context: Context, key: str) -> str:
    given = context.flags.get(key)
    if given:
        return given[-1]
    default = _CERTIFICATES[key]
    return default if context.host is None or context.host.has_file(default) else ""


def _open_addresses(context: Context) -> Iterator[Finding]:
    for path, text in context.texts("hosts"):
        address = text.strip()
        scheme, separator, rest = address.partition("://")
        is_tcp = scheme == "tcp" or (address and not separator)
        if is_tcp and not tcp_problem(rest if separator else address, context.version):
            message = (
                f"whoever reaches {address} is root on this host: Docker asks nobody for a certificate there"
            )
            hint = 'set "tlsverify": true with tlscacert, tlscert and tlskey, or leave it out and use docker -H ssh://HOST'
            yield context.finding("open-address", "advice", path, message, hint)


def _flag_is_on(context: Context, name: str) -> bool:
    given = context.flags.get(name, ())
    return bool(given) and parse_bool(given[-1]) is True
