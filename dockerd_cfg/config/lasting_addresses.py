"""What taking an option out of daemon.json cannot give back: the addresses of the default bridge. Pure.

The daemon keeps its default bridge in its store and makes it again with the addresses it had; an option gives it others,
the lack of one does not (moby daemon/daemon_unix.go, initBridgeDriver; seen in 20.10.24 to 28.5.2).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from dockerd_cfg.config.daemon_json import KeyEdit
from dockerd_cfg.findings import Finding
from dockerd_cfg.json_value import JsonValue

_ADDRESSES: Final = frozenset({"bip", "fixed-cidr"})


def lasting_addresses(edits: Sequence[KeyEdit]) -> Iterator[Finding]:
    """Yield advice on what of ``edits``, before they are made, neither unset nor rollback will give back."""
    for one in edits:
        if one.key[0] in _ADDRESSES:
            yield _finding(
                one,
                f"without {one.dotted} Docker keeps the addresses its bridge has: neither unset nor rollback changes them back",
                "to go back, set bip to the address of before: dockerd-cfg show bip --effective tells the present one",
            )


def addresses_left(edits: Sequence[KeyEdit], before: Mapping[str, JsonValue]) -> Iterator[Finding]:
    """Yield advice on what undoing ``edits``, which Docker has used, does not give back; ``before`` is what the file said."""
    for one in edits:
        if one.key[0] in _ADDRESSES and not one.unset and not before.get(one.key[0]):
            yield _finding(
                one,
                f"without {one.dotted} Docker keeps the addresses its bridge has: undoing does not change them back",
                "to go back, set bip to the address of before, which is 172.17.0.1/16 where nobody chose another",
            )


def _finding(one: KeyEdit, message: str, hint: str) -> Finding:
    return Finding(
        code="addresses-stay",
        severity="warning",
        stage="advice",
        key=one.dotted,
        message=message,
        hint=hint,
    )
