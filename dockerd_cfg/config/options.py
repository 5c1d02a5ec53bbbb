"""The options of daemon.json as a typed view, for reading.

Generated from schemas/daemon.schema.json by tools/gen_options.py; do not edit it, but run: make schemas

It has every option that works in some supported version of Docker; what they mean is told in
docs/reference/options.md. Absent and null are both None, whatever Docker's default is. Names that are not known are
kept in ``model_extra``, and so are members in another case (``hard`` for ``Hard``), though dockerd reads those.
Whether a file is right is not decided here (see `check`).
"""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StrictBool, StrictInt, StrictStr


def _key(name: str) -> str:
    return name.replace("_", "-")


class OptionsView(BaseModel):
    """What the views share: immutable, strict about types, open to further names."""

    model_config = ConfigDict(frozen=True, extra="allow", alias_generator=_key)


class BuilderEntitlements(OptionsView):
    """What builds may be allowed to do."""

    device: StrictBool | None = None  # since 29.0
    network_host: StrictBool | None = None
    security_insecure: StrictBool | None = None


class BuilderGcPolicy(OptionsView):
    """One rule of the garbage collection, tried in order."""

    all: StrictBool | None = None
    filter: tuple[StrictStr, ...] | Mapping[str, Mapping[str, StrictBool]] | None = None
    keep_storage: StrictStr | None = Field(default=None, alias="keepStorage")
    max_used_space: StrictStr | None = Field(default=None, alias="maxUsedSpace")  # since 28.0
    min_free_space: StrictStr | None = Field(default=None, alias="minFreeSpace")  # since 28.0
    reserved_space: StrictStr | None = Field(default=None, alias="reservedSpace")  # since 28.0


class BuilderGc(OptionsView):
    """Garbage collection of the build cache."""

    default_keep_storage: StrictStr | None = Field(default=None, alias="defaultKeepStorage")
    default_max_used_space: StrictStr | None = Field(default=None, alias="defaultMaxUsedSpace")  # since 28.0
    default_min_free_space: StrictStr | None = Field(default=None, alias="defaultMinFreeSpace")  # since 28.0
    default_reserved_space: StrictStr | None = Field(default=None, alias="defaultReservedSpace")  # since 28.0
    enabled: StrictBool | None = None
    policy: tuple[BuilderGcPolicy, ...] | None = None


class BuilderHistory(OptionsView):
    """How long build records are kept."""

    max_age: StrictStr | None = Field(default=None, alias="maxAge")
    max_entries: StrictInt | None = Field(default=None, alias="maxEntries")


class Builder(OptionsView):
    """Settings of the built-in BuildKit."""

    entitlements: BuilderEntitlements | None = None
    gc: BuilderGc | None = None
    history: BuilderHistory | None = None  # since 25.0


class DefaultAddressPool(OptionsView):
    """One address pool."""

    base: StrictStr | None = None
    size: StrictInt | None = None


class DefaultUlimit(OptionsView):
    """One limit; -1 is no limit."""

    hard: StrictInt | None = Field(default=None, alias="Hard")
    name: StrictStr | None = Field(default=None, alias="Name")
    soft: StrictInt | None = Field(default=None, alias="Soft")


class NriOpts(OptionsView):
    """Settings of the Node Resource Interface, by which plugins may adjust containers."""

    enable: StrictBool | None = None
    plugin_config_path: StrictStr | None = None
    plugin_path: StrictStr | None = None
    socket_path: StrictStr | None = None


class Proxies(OptionsView):
    """Proxies that the daemon itself uses."""

    http_proxy: StrictStr | None = None
    https_proxy: StrictStr | None = None
    no_proxy: StrictStr | None = None


class Runtime(OptionsView):
    """One runtime: a program, or a containerd shim."""

    options: Mapping[str, JsonValue] | None = None  # since 24.0
    path: StrictStr | None = None
    runtime_args: tuple[StrictStr, ...] | None = Field(default=None, alias="runtimeArgs")
    runtime_type: StrictStr | None = Field(default=None, alias="runtimeType")  # since 24.0


class DaemonOptions(OptionsView):
    """daemon.json as a whole."""

    allow_direct_routing: StrictBool | None = None  # since 28.2
    allow_nondistributable_artifacts: tuple[StrictStr, ...] | None = None  # before 28.0
    api_cors_header: StrictStr | None = None  # before 27.0
    authorization_plugins: tuple[StrictStr, ...] | None = None
    bip: StrictStr | None = None
    bip6: StrictStr | None = None  # since 28.0
    bridge: StrictStr | None = None
    bridge_accept_fwmark: StrictStr | None = None  # since 29.0
    builder: Builder | None = None
    cdi_spec_dirs: tuple[StrictStr, ...] | None = None  # since 25.0
    cgroup_parent: StrictStr | None = None
    cluster_advertise: StrictStr | None = None  # before 23.0
    cluster_store: StrictStr | None = None  # before 23.0
    cluster_store_opts: Mapping[str, StrictStr] | None = None  # before 23.0
    containerd: StrictStr | None = None
    containerd_namespace: StrictStr | None = None
    cpu_rt_period: StrictInt | None = None
    cpu_rt_runtime: StrictInt | None = None
    cri_containerd: StrictBool | None = None
    data_root: StrictStr | None = None
    debug: StrictBool | None = None
    default_address_pools: tuple[DefaultAddressPool, ...] | None = None
    default_cgroupns_mode: StrictStr | None = None
    default_gateway: StrictStr | None = None
    default_gateway_v6: StrictStr | None = None
    default_ipc_mode: StrictStr | None = None
    default_network_opts: Mapping[str, Mapping[str, StrictStr]] | None = None  # since 24.0
    default_runtime: StrictStr | None = None
    default_shm_size: StrictStr | None = None
    default_stop_timeout: StrictInt | None = None  # since 29.7
    default_ulimits: Mapping[str, DefaultUlimit] | None = None
    deprecated_key_path: StrictStr | None = None  # before 24.0
    dns: tuple[StrictStr, ...] | None = None
    dns_opts: tuple[StrictStr, ...] | None = None
    dns_search: tuple[StrictStr, ...] | None = None
    exec_opts: tuple[StrictStr, ...] | None = None
    exec_root: StrictStr | None = None
    experimental: StrictBool | None = None
    features: Mapping[str, StrictBool] | None = None
    firewall_backend: StrictStr | None = None  # since 29.0
    fixed_cidr: StrictStr | None = None
    fixed_cidr_v6: StrictStr | None = None
    graph: StrictStr | None = None  # before 23.0
    group: StrictStr | None = None
    host_gateway_ip: StrictStr | None = None
    host_gateway_ips: tuple[StrictStr, ...] | None = None  # since 28.0
    hosts: tuple[StrictStr, ...] | None = None
    icc: StrictBool | None = None
    init: StrictBool | None = None
    init_path: StrictStr | None = None
    insecure_registries: tuple[StrictStr, ...] | None = None
    ip: StrictStr | None = None
    ip_forward: StrictBool | None = None
    ip_forward_no_drop: StrictBool | None = None  # since 28.0
    ip_masq: StrictBool | None = None
    ip6tables: StrictBool | None = None
    iptables: StrictBool | None = None
    ipv6: StrictBool | None = None
    labels: tuple[StrictStr, ...] | None = None
    live_restore: StrictBool | None = None
    log_driver: StrictStr | None = None
    log_format: StrictStr | None = None  # since 25.0
    log_level: StrictStr | None = None
    log_opts: Mapping[str, StrictStr] | None = None
    max_concurrent_downloads: StrictInt | None = None
    max_concurrent_uploads: StrictInt | None = None
    max_download_attempts: StrictInt | None = None
    metrics_addr: StrictStr | None = None
    min_api_version: StrictStr | None = None  # since 29.0
    mtu: StrictInt | None = None
    network_control_plane_mtu: StrictInt | None = None
    network_diagnostic_port: StrictInt | None = None
    no_new_privileges: StrictBool | None = None
    node_generic_resources: tuple[StrictStr, ...] | None = None
    nri_opts: NriOpts | None = None  # since 29.2
    oom_score_adjust: StrictInt | None = None  # before 25.0
    pidfile: StrictStr | None = None
    proxies: Proxies | None = None  # since 23.0
    raw_logs: StrictBool | None = None
    registry_mirrors: tuple[StrictStr, ...] | None = None
    restart: StrictBool | None = None
    rootless: StrictBool | None = None
    runtimes: Mapping[str, Runtime] | None = None
    seccomp_profile: StrictStr | None = None
    selinux_enabled: StrictBool | None = None
    shutdown_timeout: StrictInt | None = None
    storage_driver: StrictStr | None = None
    storage_opts: tuple[StrictStr, ...] | None = None
    swarm_default_advertise_addr: StrictStr | None = None
    tls: StrictBool | None = None
    tlscacert: StrictStr | None = None
    tlscert: StrictStr | None = None
    tlskey: StrictStr | None = None
    tlsverify: StrictBool | None = None
    userland_proxy: StrictBool | None = None
    userland_proxy_path: StrictStr | None = None
    userns_remap: StrictStr | None = None
