#!/usr/bin/python
"""Tells whether Docker is as well as it was."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: daemon_health
short_description: Gate a roll-out on Docker's health
version_added: 1.0.0
description:
  - Tells how Docker and its containers are, or, with O(expect), waits until they are as well as they were.
  - Asks systemd first. Docker's socket is left alone while docker.service is not active, since asking there would start it.
  - Containers that are removed at their end and tasks of a swarm are not expected back, nor is one that has ended well
    and does not restart by itself.
options:
  expect:
    description: What an earlier task returned as RV(docker). Without it, nothing is waited for.
    type: dict
  timeout:
    description: For how many seconds to wait.
    type: int
    default: 60
  socket:
    description: The socket that Docker listens on.
    type: path
    default: /var/run/docker.sock
attributes:
  check_mode:
    support: full
    description: Can run in check mode; it changes nothing.
  diff_mode:
    support: none
    description: There is nothing to show.
author:
  - The authors of dockerd-cfg (@dockerd-cfg)
"""

EXAMPLES = r"""
- name: Note how Docker is
  dockerd_cfg.docker.daemon_health:
  register: before

- name: Wait until it is so again
  dockerd_cfg.docker.daemon_health:
    expect: "{{ before.docker }}"
    timeout: 120
"""

RETURN = r"""
docker:
  description: How Docker is.
  returned: always
  type: dict
  contains:
    active: {description: Whether docker.service is active., type: bool}
    version: {description: The version of Docker that answers., type: str}
    containers:
      description: Those that run, with C(id), C(name), C(healthy), C(restarts) and C(lasting).
      type: list
      elements: dict
    swarm: {description: "The C(state) of the node, its C(node) id and how many C(tasks) run here.", type: dict}
problems:
  description: What is not as it was.
  returned: always
  type: list
  elements: str
"""

import json
import socket
import time

from ansible.module_utils.basic import AnsibleModule

ANSWER_WITHIN = 30
LOOK_EVERY = 1
RUNS = ("running", "paused")
TASK = "com.docker.swarm.task.id"
NOT_FOUND = 404


class Unreachable(Exception):
    """Docker does not answer as it should."""


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec=dict(
            expect=dict(type="dict"),
            timeout=dict(type="int", default=60),
            socket=dict(type="path", default="/var/run/docker.sock"),
        ),
        supports_check_mode=True,
    )
    before, path = module.params["expect"], module.params["socket"]
    end = time.time() + module.params["timeout"]
    while True:
        problems, docker = look(module, path)
        if before is None:
            break
        problems += differences(before, docker, path)
        if not problems or time.time() >= end:
            break
        time.sleep(LOOK_EVERY)
    result = dict(changed=False, docker=docker, problems=problems)
    if before is not None and problems:
        module.fail_json(msg="Docker is not as it was: " + "; ".join(problems), **result)
    module.exit_json(**result)


def look(module, path):
    """Return what is wrong at first sight, and how Docker is."""
    docker = dict(active=False, containers=[], swarm=dict(state="inactive", node="", tasks=0))
    code = module.run_command(["systemctl", "is-active", "docker.service"])[0]
    if code:
        return [], docker
    docker["active"] = True
    try:
        docker["version"] = get(path, "/version")["Version"]
        swarm = get(path, "/info").get("Swarm") or {}
        rows = [
            found for found in (inspect(path, row["Id"]) for row in get(path, "/containers/json")) if found
        ]
    except Unreachable as error:
        return [str(error)], docker
    docker["containers"] = [container_of(row) for row in rows if row["State"]["Status"] in RUNS]
    docker["swarm"] = dict(
        state=swarm.get("LocalNodeState") or "inactive",
        node=swarm.get("NodeID") or "",
        tasks=sum(is_task(row) for row in rows),
    )
    return [], docker


def container_of(row):
    """Return what counts of a container."""
    settings = row["HostConfig"]
    policy = (settings.get("RestartPolicy") or {}).get("Name") or "no"
    return dict(
        id=row["Id"],
        name=row["Name"].lstrip("/"),
        healthy=health_of(row) == "healthy",
        restarts=policy != "no",
        lasting=not settings.get("AutoRemove") and not is_task(row),
    )


def is_task(row):
    """Return whether a container is a task of a swarm, which a swarm replaces as it likes."""
    return TASK in (row["Config"].get("Labels") or {})


def health_of(row):
    """Return what a container's own check says of it, or nothing."""
    return (row["State"].get("Health") or {}).get("Status")


def differences(before, docker, path):
    """Return, in words, what is not as well as it was."""
    if not before.get("active"):
        return []
    if not docker["active"]:
        return ["docker.service is not active"]
    if "version" not in docker:
        return []  # told already
    found = []
    running = dict((one["id"], one) for one in docker["containers"])
    for was in before.get("containers") or []:
        if not was["lasting"]:
            continue
        now = running.get(was["id"])
        if now is None:
            found += absence(was, path)
        elif was["healthy"] and not now["healthy"]:
            found.append("the container %s was healthy and is not" % was["name"])
    return found


def absence(was, path):
    """Return, in words, what is wrong with a container that does not run any more; nothing if it ended well."""
    try:
        row = inspect(path, was["id"])
    except Unreachable as error:
        return [str(error)]
    if row is None:
        return ["the container %s is gone" % was["name"]]
    if not was["restarts"] and row["State"]["Status"] == "exited" and row["State"]["ExitCode"] == 0:
        return []
    return ["the container %s ran and is %s" % (was["name"], row["State"]["Status"])]


def inspect(path, name):
    """Return all that Docker knows of a container, or None if there is none."""
    return get(path, "/containers/%s/json" % name)


def get(path, query):
    """Return Docker's answer, or None if there is no such thing; raise Unreachable when it does not answer."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(ANSWER_WITHIN)
    try:
        connection.connect(path)
        connection.sendall(("GET %s HTTP/1.0\r\nHost: docker\r\n\r\n" % query).encode("ascii"))
        parts = []
        while True:
            part = connection.recv(65536)
            if not part:
                break
            parts.append(part)
    except (OSError, socket.error) as error:
        raise Unreachable("Docker does not answer on %s: %s" % (path, error))
    finally:
        connection.close()
    head, _separator, body = b"".join(parts).partition(b"\r\n\r\n")
    try:
        status = int(head.split()[1])
        if status == NOT_FOUND:
            return None
        answer = json.loads(body.decode("utf-8"))
    except (IndexError, ValueError):
        raise Unreachable("Docker answers %s with what is no JSON" % query)
    if status >= 400:
        raise Unreachable("Docker answers %s with %d: %s" % (query, status, answer.get("message")))
    return answer


if __name__ == "__main__":
    main()
