"""Times whole processes side by side, in turn, inside a host; prints JSON. Run by the host's own interpreter."""

import json
import subprocess
import sys
import time

ROUNDS = 25


def seconds(argv: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def main() -> None:
    commands: dict[str, list[str]] = json.loads(sys.argv[1])
    for argv in commands.values():
        seconds(argv)  # the first reads from disk
    measured: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, argv in commands.items():
            measured[name].append(seconds(argv))
    print(json.dumps(measured))


main()
