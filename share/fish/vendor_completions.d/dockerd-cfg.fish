# fish completion for dockerd-cfg; generated, see: make schemas
complete -c dockerd-cfg -f
complete -c dockerd-cfg -n __fish_use_subcommand -l version -d 'Show the version.'
complete -c dockerd-cfg -n __fish_use_subcommand -l help -d 'Show this message and exit.'
function __dockerd_cfg_place
    set -l words (commandline -opc) (commandline -ct)
    set -l count 0
    for word in $words[3..-1]
        string match -q -- '-*' $word; or set count (math $count + 1)
    end
    test $count = $argv[1]
end
function __dockerd_cfg_values
    switch (commandline -opc)[3]
        case allow-direct-routing builder.entitlements.device builder.entitlements.network-host builder.entitlements.security-insecure builder.gc.enabled cri-containerd debug experimental features.buildkit features.cdi features.containerd-migration features.containerd-snapshotter features.embedded-containerd features.swarm-nftables features.time-namespaces features.windows-dns-proxy icc init ip-forward ip-forward-no-drop ip-masq ip6tables iptables ipv6 live-restore no-new-privileges nri-opts.enable raw-logs restart rootless selinux-enabled tls tlsverify userland-proxy
            printf '%s\n' true false
        case default-cgroupns-mode
            printf '%s\n' host private
        case default-ipc-mode
            printf '%s\n' private shareable
        case firewall-backend
            printf '%s\n' iptables nftables
        case log-driver
            printf '%s\n' awslogs fluentd gcplogs gelf journald json-file local none splunk syslog
        case log-format
            printf '%s\n' text json
        case log-level
            printf '%s\n' panic fatal error warn info debug trace
    end
end
set -g __dockerd_cfg_keys add-runtime allow-direct-routing allow-nondistributable-artifacts api-cors-header authorization-plugin authorization-plugins bip bip6 bridge bridge-accept-fwmark builder builder.entitlements builder.entitlements.device builder.entitlements.network-host builder.entitlements.security-insecure builder.gc builder.gc.defaultKeepStorage builder.gc.defaultMaxUsedSpace builder.gc.defaultMinFreeSpace builder.gc.defaultReservedSpace builder.gc.enabled builder.gc.policy builder.history builder.history.maxAge builder.history.maxEntries cdi-spec-dir cdi-spec-dirs cgroup-parent cluster-advertise cluster-store cluster-store-opt cluster-store-opts config-file containerd containerd-namespace containerd-plugins-namespace cpu-rt-period cpu-rt-runtime cri-containerd data-root debug default-address-pool default-address-pools default-cgroupns-mode default-gateway default-gateway-v6 default-ipc-mode default-network-opt default-network-opts default-runtime default-shm-size default-stop-timeout default-ulimit default-ulimits deprecated-key-path dns dns-opt dns-opts dns-search exec-opt exec-opts exec-root experimental feature features features.buildkit features.cdi features.containerd-migration features.containerd-snapshotter features.embedded-containerd features.swarm-nftables features.time-namespaces features.windows-dns-proxy firewall-backend fixed-cidr fixed-cidr-v6 graph group help host host-gateway-ip host-gateway-ips hosts http-proxy https-proxy icc init init-path insecure-registries insecure-registry ip ip-forward ip-forward-no-drop ip-masq ip6tables iptables ipv6 label labels live-restore log-driver log-format log-level log-opt log-opts log-opts.awslogs-create-group log-opts.awslogs-create-stream log-opts.awslogs-credentials-endpoint log-opts.awslogs-datetime-format log-opts.awslogs-endpoint log-opts.awslogs-force-flush-interval-seconds log-opts.awslogs-format log-opts.awslogs-group log-opts.awslogs-max-buffered-events log-opts.awslogs-multiline-pattern log-opts.awslogs-region log-opts.awslogs-stream log-opts.cache-compress log-opts.cache-disabled log-opts.cache-env log-opts.cache-env-regex log-opts.cache-labels log-opts.cache-labels-regex log-opts.cache-max-file log-opts.cache-max-size log-opts.cache-tag log-opts.compress log-opts.env log-opts.env-regex log-opts.fluentd-address log-opts.fluentd-async log-opts.fluentd-async-connect log-opts.fluentd-async-reconnect-interval log-opts.fluentd-buffer-limit log-opts.fluentd-max-retries log-opts.fluentd-read-timeout log-opts.fluentd-request-ack log-opts.fluentd-retry-wait log-opts.fluentd-sub-second-precision log-opts.fluentd-write-timeout log-opts.gcp-log-cmd log-opts.gcp-meta-id log-opts.gcp-meta-name log-opts.gcp-meta-zone log-opts.gcp-project log-opts.gelf-address log-opts.gelf-compression-level log-opts.gelf-compression-type log-opts.gelf-tcp-max-reconnect log-opts.gelf-tcp-reconnect-delay log-opts.labels log-opts.labels-regex log-opts.max-buffer-size log-opts.max-file log-opts.max-size log-opts.mode log-opts.splunk-caname log-opts.splunk-capath log-opts.splunk-format log-opts.splunk-gzip log-opts.splunk-gzip-level log-opts.splunk-index log-opts.splunk-index-acknowledgment log-opts.splunk-insecureskipverify log-opts.splunk-source log-opts.splunk-sourcetype log-opts.splunk-token log-opts.splunk-url log-opts.splunk-verify-connection log-opts.syslog-address log-opts.syslog-facility log-opts.syslog-format log-opts.syslog-tls-ca-cert log-opts.syslog-tls-cert log-opts.syslog-tls-key log-opts.syslog-tls-skip-verify log-opts.tag max-concurrent-downloads max-concurrent-uploads max-download-attempts metrics-addr min-api-version mtu network-control-plane-mtu network-diagnostic-port no-new-privileges no-proxy node-generic-resource node-generic-resources nri-opts nri-opts.enable nri-opts.plugin-config-path nri-opts.plugin-path nri-opts.socket-path oom-score-adjust pidfile proxies proxies.http-proxy proxies.https-proxy proxies.no-proxy raw-logs registry-mirror registry-mirrors restart rootless runtimes seccomp-profile selinux-enabled shutdown-timeout storage-driver storage-opt storage-opts swarm-default-advertise-addr tls tlscacert tlscert tlskey tlsverify userland-proxy userland-proxy-path userns-remap validate version
complete -c dockerd-cfg -n __fish_use_subcommand -a set-logs -d 'Limit containers\' logs: merge log rotation into daemon.json, and prove that Docker uses it.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set-logs' -l driver -x -a 'awslogs fluentd gcplogs gelf journald json-file local none splunk syslog' -d 'Log driver, such as json-file or local.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set-logs' -l max-size -x -d 'Largest size of a log file, such as 50m.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set-logs' -l max-file -x -d 'How many files a log is rotated through.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set-logs' -l log-opt -x -a 'awslogs-create-group= awslogs-create-stream= awslogs-credentials-endpoint= awslogs-datetime-format= awslogs-endpoint= awslogs-force-flush-interval-seconds= awslogs-format= awslogs-group= awslogs-max-buffered-events= awslogs-multiline-pattern= awslogs-region= awslogs-stream= cache-compress= cache-disabled= cache-env-regex= cache-env= cache-labels-regex= cache-labels= cache-max-file= cache-max-size= cache-tag= compress= env-regex= env= fluentd-address= fluentd-async-connect= fluentd-async-reconnect-interval= fluentd-async= fluentd-buffer-limit= fluentd-max-retries= fluentd-read-timeout= fluentd-request-ack= fluentd-retry-wait= fluentd-sub-second-precision= fluentd-write-timeout= gcp-log-cmd= gcp-meta-id= gcp-meta-name= gcp-meta-zone= gcp-project= gelf-address= gelf-compression-level= gelf-compression-type= gelf-tcp-max-reconnect= gelf-tcp-reconnect-delay= labels-regex= labels= max-buffer-size= max-file= max-size= mode= splunk-caname= splunk-capath= splunk-format= splunk-gzip-level= splunk-gzip= splunk-index-acknowledgment= splunk-index= splunk-insecureskipverify= splunk-source= splunk-sourcetype= splunk-token= splunk-url= splunk-verify-connection= syslog-address= syslog-facility= syslog-format= syslog-tls-ca-cert= syslog-tls-cert= syslog-tls-key= syslog-tls-skip-verify= tag=' -d 'A further log option; repeatable.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set-logs' -l restart -x -a 'auto never always' -d 'auto: nothing, a reload or a restart, as the changed keys need; never: only write.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set-logs' -l force -x -a '$__dockerd_cfg_keys' -d 'Write KEY although it is refused, such as a plugin\'s log driver; repeatable.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set-logs' -l confirm-within -x -d 'Undo it all after DURATION (90s, 10m) unless confirm comes.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set-logs' -l config-file -r -F -d 'Another daemon.json than dockerd\'s own.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set-logs' -l dry-run -d 'Compute and show everything, change nothing.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set-logs' -l diff -l no-diff -d 'Show what changes in files.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set-logs' -s y -l yes -d 'Consent to what would be asked for.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set-logs' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set-logs' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set-logs' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n __fish_use_subcommand -a set -d 'Give one option of daemon.json a value, and prove that Docker uses it.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set' -l restart -x -a 'auto never always' -d 'auto: nothing, a reload or a restart, as the changed keys need; never: only write.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set' -l force -x -a '$__dockerd_cfg_keys' -d 'Write KEY although it is refused, such as a plugin\'s log driver; repeatable.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set' -l confirm-within -x -d 'Undo it all after DURATION (90s, 10m) unless confirm comes.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set' -l config-file -r -F -d 'Another daemon.json than dockerd\'s own.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set' -l dry-run -d 'Compute and show everything, change nothing.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set' -l diff -l no-diff -d 'Show what changes in files.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set' -s y -l yes -d 'Consent to what would be asked for.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set; and __dockerd_cfg_place 1' -a '$__dockerd_cfg_keys'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from set; and __dockerd_cfg_place 2' -a '(__dockerd_cfg_values)'
complete -c dockerd-cfg -n __fish_use_subcommand -a unset -d 'Take one option out of daemon.json, so that Docker\'s default holds again.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from unset' -l restart -x -a 'auto never always' -d 'auto: nothing, a reload or a restart, as the changed keys need; never: only write.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from unset' -l force -x -a '$__dockerd_cfg_keys' -d 'Write KEY although it is refused, such as a plugin\'s log driver; repeatable.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from unset' -l confirm-within -x -d 'Undo it all after DURATION (90s, 10m) unless confirm comes.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from unset' -l config-file -r -F -d 'Another daemon.json than dockerd\'s own.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from unset' -l dry-run -d 'Compute and show everything, change nothing.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from unset' -l diff -l no-diff -d 'Show what changes in files.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from unset' -s y -l yes -d 'Consent to what would be asked for.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from unset' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from unset' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from unset' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from unset; and __dockerd_cfg_place 1' -a '$__dockerd_cfg_keys'
complete -c dockerd-cfg -n __fish_use_subcommand -a merge -d 'Merge a JSON patch into daemon.json: null takes an option out, objects are merged, the rest is set.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from merge' -l restart -x -a 'auto never always' -d 'auto: nothing, a reload or a restart, as the changed keys need; never: only write.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from merge' -l force -x -a '$__dockerd_cfg_keys' -d 'Write KEY although it is refused, such as a plugin\'s log driver; repeatable.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from merge' -l confirm-within -x -d 'Undo it all after DURATION (90s, 10m) unless confirm comes.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from merge' -l config-file -r -F -d 'Another daemon.json than dockerd\'s own.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from merge' -l dry-run -d 'Compute and show everything, change nothing.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from merge' -l diff -l no-diff -d 'Show what changes in files.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from merge' -s y -l yes -d 'Consent to what would be asked for.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from merge' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from merge' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from merge' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from merge; and __dockerd_cfg_place 1' -r -F
complete -c dockerd-cfg -n __fish_use_subcommand -a show -d 'Show daemon.json, or one option of it; with --effective what Docker uses and why.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from show' -l effective -d 'Show what Docker uses, and where each value comes from.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from show' -l config-file -r -F -d 'Another daemon.json than dockerd\'s own.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from show' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from show' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from show' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from show; and __dockerd_cfg_place 1' -a '$__dockerd_cfg_keys'
complete -c dockerd-cfg -n __fish_use_subcommand -a check -d 'Check a daemon.json: every fault with its place, when it would hurt, and what to write instead.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from check' -l docker-version -x -d 'Check for this Docker instead of the one here.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from check' -l flags -x -d 'dockerd\'s flags, instead of those of the one here.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from check' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from check' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from check' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from check; and __dockerd_cfg_place 1' -r -F
complete -c dockerd-cfg -n __fish_use_subcommand -a move-storage -d 'Move Docker\'s storage to another disk: copy while it runs, stop, switch, start, verify, or undo it all.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from move-storage' -l containerd -x -a 'auto yes no' -d 'Move containerd\'s root too; auto: when images live there.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from move-storage' -l mode -x -a 'data-root symlink bind' -d 'What leads to the new place: daemon.json, a link at the old place, or a mount there.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from move-storage' -l verify -x -a 'attributes full' -d 'full: also compare the contents of all files.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from move-storage' -l bwlimit -x -d 'Copy at most BYTES a second while Docker runs, such as 50m.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from move-storage' -l confirm-within -x -d 'Undo it all after DURATION (90s, 10m) unless confirm comes.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from move-storage' -l start-timeout -x -d 'Undo it all when Docker takes longer to start at the new place.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from move-storage' -l full-speed -d 'Copy without giving way to what else uses the disk.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from move-storage' -l adopt -d 'Copy nothing: the data is at the target already.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from move-storage' -l dry-run -d 'Compute and show everything, change nothing.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from move-storage' -l diff -l no-diff -d 'Show what changes in files.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from move-storage' -s y -l yes -d 'Consent to what would be asked for.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from move-storage' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from move-storage' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from move-storage' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from move-storage; and __dockerd_cfg_place 1' -a '(__fish_complete_directories)'
complete -c dockerd-cfg -n __fish_use_subcommand -a status -d 'Show where Docker\'s data is, how full its disks are, what run is open and what old data is kept.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from status' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from status' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from status' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n __fish_use_subcommand -a resume -d 'Continue an interrupted run: to its end or, if it was being undone, back to its beginning.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from resume' -s y -l yes -d 'Consent to what would be asked for.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from resume' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from resume' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from resume' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from resume; and __dockerd_cfg_place 1' -a '(command ls /var/lib/dockerd-cfg/runs 2>/dev/null)'
complete -c dockerd-cfg -n __fish_use_subcommand -a rollback -d 'Undo a run: the open one, else the latest. What was written since a move is carried back first.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from rollback' -l dry-run -d 'Compute and show everything, change nothing.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from rollback' -s y -l yes -d 'Consent to what would be asked for.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from rollback' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from rollback' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from rollback' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from rollback; and __dockerd_cfg_place 1' -a '(command ls /var/lib/dockerd-cfg/runs 2>/dev/null)'
complete -c dockerd-cfg -n __fish_use_subcommand -a confirm -d 'Confirm a run started with --confirm-within: it stays.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from confirm' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from confirm' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from confirm' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from confirm; and __dockerd_cfg_place 1' -a '(command ls /var/lib/dockerd-cfg/runs 2>/dev/null)'
complete -c dockerd-cfg -n __fish_use_subcommand -a finish -d 'Delete the old data that a move set aside. There is no way back from this.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from finish' -l dry-run -d 'Compute and show everything, change nothing.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from finish' -s y -l yes -d 'Consent to what would be asked for.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from finish' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from finish' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from finish' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from finish; and __dockerd_cfg_place 1' -a '(command ls /var/lib/dockerd-cfg/runs 2>/dev/null)'
complete -c dockerd-cfg -n __fish_use_subcommand -a history -d 'List what was done when; with RUN, that run step by step.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from history' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from history' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from history' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from history; and __dockerd_cfg_place 1' -a '(command ls /var/lib/dockerd-cfg/runs 2>/dev/null)'
complete -c dockerd-cfg -n __fish_use_subcommand -a demo -d 'Show both jobs on a sandbox made on the spot: no root, no Docker, nothing outside it touched.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from demo' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from demo' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__fish_seen_subcommand_from demo' -l help -d 'Show this message and exit.'
