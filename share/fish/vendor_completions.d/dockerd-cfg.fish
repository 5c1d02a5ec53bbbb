# fish completion for dockerd-cfg; generated, see: make schemas
complete -c dockerd-cfg -f
complete -c dockerd-cfg -n __fish_use_subcommand -l version -d 'Show the version.'
complete -c dockerd-cfg -n __fish_use_subcommand -l help -d 'Show this message and exit.'
function __dockerd_cfg_place
    set -l words (commandline -opc) (commandline -ct)
    set -l count 0
    set -l before
    for word in $words[3..-1]
        string match -q -- '-*' $word; or contains -- $words[2]:$before $__dockerd_cfg_taking
        or contains -- $words[2]-$words[3]:$before $__dockerd_cfg_taking; or set count (math $count + 1)
        set before $word
    end
    test $count = $argv[1]
end
function __dockerd_cfg_is
    set -l words (commandline -opc)
    set -l here $words[2]
    contains -- $here-$words[3] maintenance-enable maintenance-disable maintenance-status maintenance-run; and set here $here-$words[3]
    test "$here" = $argv[1]
end
function __dockerd_cfg_values
    for word in (commandline -opc)[3..-1]
        contains -- $word $__dockerd_cfg_keys; and set -f key $word; and break
    end
    switch "$key"
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
set -g __dockerd_cfg_taking set-logs:--driver set-logs:--max-size set-logs:--max-file set-logs:--log-opt set-logs:--existing set-logs:--restart set-logs:--force set-logs:--confirm-within set-logs:--config-file set-logs:--root set:--restart set:--force set:--confirm-within set:--config-file set:--root unset:--restart unset:--force unset:--confirm-within unset:--config-file unset:--root merge:--unset merge:--restart merge:--force merge:--confirm-within merge:--config-file merge:--root show:--config-file show:--root check:--docker-version check:--flags check:--root move-storage:--containerd move-storage:--mode move-storage:--verify move-storage:--bwlimit move-storage:--confirm-within move-storage:--start-timeout move-storage:--root status:--root logs:--max-size logs:--root usage:--root resume:--root rollback:--root confirm:--root finish:--root history:--root maintenance-enable:--older-than maintenance-enable:--keep-label maintenance-enable:--schedule maintenance-run:--older-than maintenance-run:--keep-label
complete -c dockerd-cfg -n __fish_use_subcommand -a set-logs -d 'Limit containers\' logs: merge log rotation into daemon.json, and prove that Docker uses it.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set-logs' -l driver -x -a 'awslogs fluentd gcplogs gelf journald json-file local none splunk syslog' -d 'Log driver, such as json-file or local.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set-logs' -l max-size -x -d 'Largest size of a log file, such as 50m.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set-logs' -l max-file -x -d 'How many files a log is rotated through.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set-logs' -l log-opt -x -a 'awslogs-create-group= awslogs-create-stream= awslogs-credentials-endpoint= awslogs-datetime-format= awslogs-endpoint= awslogs-force-flush-interval-seconds= awslogs-format= awslogs-group= awslogs-max-buffered-events= awslogs-multiline-pattern= awslogs-region= awslogs-stream= cache-compress= cache-disabled= cache-env-regex= cache-env= cache-labels-regex= cache-labels= cache-max-file= cache-max-size= cache-tag= compress= env-regex= env= fluentd-address= fluentd-async-connect= fluentd-async-reconnect-interval= fluentd-async= fluentd-buffer-limit= fluentd-max-retries= fluentd-read-timeout= fluentd-request-ack= fluentd-retry-wait= fluentd-sub-second-precision= fluentd-write-timeout= gcp-log-cmd= gcp-meta-id= gcp-meta-name= gcp-meta-zone= gcp-project= gelf-address= gelf-compression-level= gelf-compression-type= gelf-tcp-max-reconnect= gelf-tcp-reconnect-delay= labels-regex= labels= max-buffer-size= max-file= max-size= mode= splunk-caname= splunk-capath= splunk-format= splunk-gzip-level= splunk-gzip= splunk-index-acknowledgment= splunk-index= splunk-insecureskipverify= splunk-source= splunk-sourcetype= splunk-token= splunk-url= splunk-verify-connection= syslog-address= syslog-facility= syslog-format= syslog-tls-ca-cert= syslog-tls-cert= syslog-tls-key= syslog-tls-skip-verify= tag=' -d 'A further log option; repeatable.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set-logs' -l existing -x -d 'Give containers that exist already the limits too: those without a limit, all, or those named.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set-logs' -l restart -x -a 'auto never always' -d 'auto: nothing, a reload or a restart, as the changed keys need; never: only write.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set-logs' -l force -x -a '$__dockerd_cfg_keys' -d 'Write KEY although it is refused, such as a plugin\'s log driver; repeatable.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set-logs' -l confirm-within -x -d 'Undo it all after DURATION (90s, 10m) unless confirm comes.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set-logs' -l config-file -r -F -d 'Another daemon.json than dockerd\'s own.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set-logs' -l dry-run -d 'Compute and show everything, change nothing.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set-logs' -l diff -l no-diff -d 'Show what changes in files.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set-logs' -s y -l yes -d 'Consent to what would be asked for.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set-logs' -l root -x -d 'Act on the system in DIR, which does not run: an image, a chroot, a rescue disk.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set-logs' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set-logs' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set-logs' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n __fish_use_subcommand -a set -d 'Give one option of daemon.json a value, and prove that Docker uses it.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set' -l restart -x -a 'auto never always' -d 'auto: nothing, a reload or a restart, as the changed keys need; never: only write.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set' -l force -x -a '$__dockerd_cfg_keys' -d 'Write KEY although it is refused, such as a plugin\'s log driver; repeatable.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set' -l confirm-within -x -d 'Undo it all after DURATION (90s, 10m) unless confirm comes.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set' -l config-file -r -F -d 'Another daemon.json than dockerd\'s own.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set' -l dry-run -d 'Compute and show everything, change nothing.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set' -l diff -l no-diff -d 'Show what changes in files.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set' -s y -l yes -d 'Consent to what would be asked for.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set' -l root -x -d 'Act on the system in DIR, which does not run: an image, a chroot, a rescue disk.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__dockerd_cfg_is set; and __dockerd_cfg_place 1' -a '$__dockerd_cfg_keys'
complete -c dockerd-cfg -n '__dockerd_cfg_is set; and __dockerd_cfg_place 2' -a '(__dockerd_cfg_values)'
complete -c dockerd-cfg -n __fish_use_subcommand -a unset -d 'Take one option out of daemon.json, so that Docker\'s default holds again.'
complete -c dockerd-cfg -n '__dockerd_cfg_is unset' -l restart -x -a 'auto never always' -d 'auto: nothing, a reload or a restart, as the changed keys need; never: only write.'
complete -c dockerd-cfg -n '__dockerd_cfg_is unset' -l force -x -a '$__dockerd_cfg_keys' -d 'Write KEY although it is refused, such as a plugin\'s log driver; repeatable.'
complete -c dockerd-cfg -n '__dockerd_cfg_is unset' -l confirm-within -x -d 'Undo it all after DURATION (90s, 10m) unless confirm comes.'
complete -c dockerd-cfg -n '__dockerd_cfg_is unset' -l config-file -r -F -d 'Another daemon.json than dockerd\'s own.'
complete -c dockerd-cfg -n '__dockerd_cfg_is unset' -l dry-run -d 'Compute and show everything, change nothing.'
complete -c dockerd-cfg -n '__dockerd_cfg_is unset' -l diff -l no-diff -d 'Show what changes in files.'
complete -c dockerd-cfg -n '__dockerd_cfg_is unset' -s y -l yes -d 'Consent to what would be asked for.'
complete -c dockerd-cfg -n '__dockerd_cfg_is unset' -l root -x -d 'Act on the system in DIR, which does not run: an image, a chroot, a rescue disk.'
complete -c dockerd-cfg -n '__dockerd_cfg_is unset' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__dockerd_cfg_is unset' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__dockerd_cfg_is unset' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__dockerd_cfg_is unset; and __dockerd_cfg_place 1' -a '$__dockerd_cfg_keys'
complete -c dockerd-cfg -n __fish_use_subcommand -a merge -d 'Merge a JSON patch into daemon.json: null takes an option out, objects are merged, the rest is set.'
complete -c dockerd-cfg -n '__dockerd_cfg_is merge' -l unset -x -a '$__dockerd_cfg_keys' -d 'Take KEY out too, dotted where nested, if it is set; repeatable.'
complete -c dockerd-cfg -n '__dockerd_cfg_is merge' -l restart -x -a 'auto never always' -d 'auto: nothing, a reload or a restart, as the changed keys need; never: only write.'
complete -c dockerd-cfg -n '__dockerd_cfg_is merge' -l force -x -a '$__dockerd_cfg_keys' -d 'Write KEY although it is refused, such as a plugin\'s log driver; repeatable.'
complete -c dockerd-cfg -n '__dockerd_cfg_is merge' -l confirm-within -x -d 'Undo it all after DURATION (90s, 10m) unless confirm comes.'
complete -c dockerd-cfg -n '__dockerd_cfg_is merge' -l config-file -r -F -d 'Another daemon.json than dockerd\'s own.'
complete -c dockerd-cfg -n '__dockerd_cfg_is merge' -l dry-run -d 'Compute and show everything, change nothing.'
complete -c dockerd-cfg -n '__dockerd_cfg_is merge' -l diff -l no-diff -d 'Show what changes in files.'
complete -c dockerd-cfg -n '__dockerd_cfg_is merge' -s y -l yes -d 'Consent to what would be asked for.'
complete -c dockerd-cfg -n '__dockerd_cfg_is merge' -l root -x -d 'Act on the system in DIR, which does not run: an image, a chroot, a rescue disk.'
complete -c dockerd-cfg -n '__dockerd_cfg_is merge' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__dockerd_cfg_is merge' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__dockerd_cfg_is merge' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__dockerd_cfg_is merge; and __dockerd_cfg_place 1' -r -F
complete -c dockerd-cfg -n __fish_use_subcommand -a show -d 'Show daemon.json, or one option of it; with --effective what Docker uses and why.'
complete -c dockerd-cfg -n '__dockerd_cfg_is show' -l effective -d 'Show what Docker uses, and where each value comes from.'
complete -c dockerd-cfg -n '__dockerd_cfg_is show' -l config-file -r -F -d 'Another daemon.json than dockerd\'s own.'
complete -c dockerd-cfg -n '__dockerd_cfg_is show' -l root -x -d 'Act on the system in DIR, which does not run: an image, a chroot, a rescue disk.'
complete -c dockerd-cfg -n '__dockerd_cfg_is show' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__dockerd_cfg_is show' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__dockerd_cfg_is show' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__dockerd_cfg_is show; and __dockerd_cfg_place 1' -a '$__dockerd_cfg_keys'
complete -c dockerd-cfg -n __fish_use_subcommand -a check -d 'Check a daemon.json: every fault with its place, when it would hurt, and what to write instead.'
complete -c dockerd-cfg -n '__dockerd_cfg_is check' -l docker-version -x -d 'Check for this Docker instead of the one here.'
complete -c dockerd-cfg -n '__dockerd_cfg_is check' -l flags -x -d 'dockerd\'s flags, instead of those of the one here.'
complete -c dockerd-cfg -n '__dockerd_cfg_is check' -l root -x -d 'Act on the system in DIR, which does not run: an image, a chroot, a rescue disk.'
complete -c dockerd-cfg -n '__dockerd_cfg_is check' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__dockerd_cfg_is check' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__dockerd_cfg_is check' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__dockerd_cfg_is check; and __dockerd_cfg_place 1' -r -F
complete -c dockerd-cfg -n __fish_use_subcommand -a move-storage -d 'Move Docker\'s storage to another disk: copy while it runs, stop, switch, start, verify, or undo it all.'
complete -c dockerd-cfg -n '__dockerd_cfg_is move-storage' -l containerd -x -a 'auto yes no' -d 'Move containerd\'s root too; auto: when images live there.'
complete -c dockerd-cfg -n '__dockerd_cfg_is move-storage' -l mode -x -a 'data-root symlink bind' -d 'What leads to the new place: daemon.json, a link at the old place, or a mount there.'
complete -c dockerd-cfg -n '__dockerd_cfg_is move-storage' -l verify -x -a 'attributes full' -d 'full: also compare the contents of all files.'
complete -c dockerd-cfg -n '__dockerd_cfg_is move-storage' -l bwlimit -x -d 'Copy at most BYTES a second while Docker runs, such as 50m.'
complete -c dockerd-cfg -n '__dockerd_cfg_is move-storage' -l confirm-within -x -d 'Undo it all after DURATION (90s, 10m) unless confirm comes.'
complete -c dockerd-cfg -n '__dockerd_cfg_is move-storage' -l start-timeout -x -d 'Undo it all when Docker takes longer to start at the new place.'
complete -c dockerd-cfg -n '__dockerd_cfg_is move-storage' -l full-speed -d 'Copy without giving way to what else uses the disk.'
complete -c dockerd-cfg -n '__dockerd_cfg_is move-storage' -l adopt -d 'Copy nothing: the data is at the target already.'
complete -c dockerd-cfg -n '__dockerd_cfg_is move-storage' -l dry-run -d 'Compute and show everything, change nothing.'
complete -c dockerd-cfg -n '__dockerd_cfg_is move-storage' -l diff -l no-diff -d 'Show what changes in files.'
complete -c dockerd-cfg -n '__dockerd_cfg_is move-storage' -s y -l yes -d 'Consent to what would be asked for.'
complete -c dockerd-cfg -n '__dockerd_cfg_is move-storage' -l root -x -d 'Act on the system in DIR, which does not run: an image, a chroot, a rescue disk.'
complete -c dockerd-cfg -n '__dockerd_cfg_is move-storage' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__dockerd_cfg_is move-storage' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__dockerd_cfg_is move-storage' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__dockerd_cfg_is move-storage; and __dockerd_cfg_place 1' -a '(__fish_complete_directories)'
complete -c dockerd-cfg -n __fish_use_subcommand -a status -d 'Show where Docker\'s data is, how full its disks are, what run is open and what old data is kept.'
complete -c dockerd-cfg -n '__dockerd_cfg_is status' -l root -x -d 'Act on the system in DIR, which does not run: an image, a chroot, a rescue disk.'
complete -c dockerd-cfg -n '__dockerd_cfg_is status' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__dockerd_cfg_is status' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__dockerd_cfg_is status' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n __fish_use_subcommand -a logs -d 'Show what each container\'s log takes, what limits it and what would; logs trim frees what can be.'
complete -c dockerd-cfg -n '__dockerd_cfg_is logs' -l max-size -x -d 'trim: what a log without a limit may keep.'
complete -c dockerd-cfg -n '__dockerd_cfg_is logs' -l dry-run -d 'Compute and show everything, change nothing.'
complete -c dockerd-cfg -n '__dockerd_cfg_is logs' -s y -l yes -d 'Consent to what would be asked for.'
complete -c dockerd-cfg -n '__dockerd_cfg_is logs' -l root -x -d 'Act on the system in DIR, which does not run: an image, a chroot, a rescue disk.'
complete -c dockerd-cfg -n '__dockerd_cfg_is logs' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__dockerd_cfg_is logs' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__dockerd_cfg_is logs' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__dockerd_cfg_is logs; and __dockerd_cfg_place 1' -a 'trim'
complete -c dockerd-cfg -n __fish_use_subcommand -a usage -d 'Show where Docker\'s disk space goes, on which disk, what could be had back, and by which command.'
complete -c dockerd-cfg -n '__dockerd_cfg_is usage' -l root -x -d 'Act on the system in DIR, which does not run: an image, a chroot, a rescue disk.'
complete -c dockerd-cfg -n '__dockerd_cfg_is usage' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__dockerd_cfg_is usage' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__dockerd_cfg_is usage' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n __fish_use_subcommand -a resume -d 'Continue an interrupted run: to its end or, if it was being undone, back to its beginning.'
complete -c dockerd-cfg -n '__dockerd_cfg_is resume' -s y -l yes -d 'Consent to what would be asked for.'
complete -c dockerd-cfg -n '__dockerd_cfg_is resume' -l root -x -d 'Act on the system in DIR, which does not run: an image, a chroot, a rescue disk.'
complete -c dockerd-cfg -n '__dockerd_cfg_is resume' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__dockerd_cfg_is resume' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__dockerd_cfg_is resume' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__dockerd_cfg_is resume; and __dockerd_cfg_place 1' -a '(command ls /var/lib/dockerd-cfg/runs 2>/dev/null)'
complete -c dockerd-cfg -n __fish_use_subcommand -a rollback -d 'Undo a run: the open one, else the latest. What was written since a move is carried back first.'
complete -c dockerd-cfg -n '__dockerd_cfg_is rollback' -l dry-run -d 'Compute and show everything, change nothing.'
complete -c dockerd-cfg -n '__dockerd_cfg_is rollback' -s y -l yes -d 'Consent to what would be asked for.'
complete -c dockerd-cfg -n '__dockerd_cfg_is rollback' -l root -x -d 'Act on the system in DIR, which does not run: an image, a chroot, a rescue disk.'
complete -c dockerd-cfg -n '__dockerd_cfg_is rollback' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__dockerd_cfg_is rollback' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__dockerd_cfg_is rollback' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__dockerd_cfg_is rollback; and __dockerd_cfg_place 1' -a '(command ls /var/lib/dockerd-cfg/runs 2>/dev/null)'
complete -c dockerd-cfg -n __fish_use_subcommand -a confirm -d 'Confirm a run started with --confirm-within: it stays.'
complete -c dockerd-cfg -n '__dockerd_cfg_is confirm' -l root -x -d 'Act on the system in DIR, which does not run: an image, a chroot, a rescue disk.'
complete -c dockerd-cfg -n '__dockerd_cfg_is confirm' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__dockerd_cfg_is confirm' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__dockerd_cfg_is confirm' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__dockerd_cfg_is confirm; and __dockerd_cfg_place 1' -a '(command ls /var/lib/dockerd-cfg/runs 2>/dev/null)'
complete -c dockerd-cfg -n __fish_use_subcommand -a finish -d 'Delete the old data that a move set aside. There is no way back from this.'
complete -c dockerd-cfg -n '__dockerd_cfg_is finish' -l dry-run -d 'Compute and show everything, change nothing.'
complete -c dockerd-cfg -n '__dockerd_cfg_is finish' -s y -l yes -d 'Consent to what would be asked for.'
complete -c dockerd-cfg -n '__dockerd_cfg_is finish' -l root -x -d 'Act on the system in DIR, which does not run: an image, a chroot, a rescue disk.'
complete -c dockerd-cfg -n '__dockerd_cfg_is finish' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__dockerd_cfg_is finish' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__dockerd_cfg_is finish' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__dockerd_cfg_is finish; and __dockerd_cfg_place 1' -a '(command ls /var/lib/dockerd-cfg/runs 2>/dev/null)'
complete -c dockerd-cfg -n __fish_use_subcommand -a history -d 'List what was done when; with RUN, that run step by step.'
complete -c dockerd-cfg -n '__dockerd_cfg_is history' -l root -x -d 'Act on the system in DIR, which does not run: an image, a chroot, a rescue disk.'
complete -c dockerd-cfg -n '__dockerd_cfg_is history' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__dockerd_cfg_is history' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__dockerd_cfg_is history' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__dockerd_cfg_is history; and __dockerd_cfg_place 1' -a '(command ls /var/lib/dockerd-cfg/runs 2>/dev/null)'
complete -c dockerd-cfg -n __fish_use_subcommand -a maintenance -d 'Prune what Docker keeps and nobody uses: once, or by a systemd timer with safe limits.'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance; and __dockerd_cfg_place 1' -a 'enable disable status run'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-enable' -l older-than -x -d 'Leave what is younger, such as 7d or 12h.  [7d]'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-enable' -l keep-label -x -d 'Leave what has this label, or key=value.  [dockerd-cfg.keep]'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-enable' -l volumes -l no-volumes -d 'Prune volumes that nobody named, too.  [no-volumes]'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-enable' -l schedule -x -d 'daily, weekly or an OnCalendar expression such as \'Sun 04:00\'.  [daily]'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-enable' -l dry-run -d 'Compute and show everything, change nothing.'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-enable' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-enable' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-enable' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-disable' -l dry-run -d 'Compute and show everything, change nothing.'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-disable' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-disable' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-disable' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-status' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-status' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-status' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-run' -l older-than -x -d 'Leave what is younger, such as 7d or 12h.  [7d]'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-run' -l keep-label -x -d 'Leave what has this label, or key=value.  [dockerd-cfg.keep]'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-run' -l volumes -l no-volumes -d 'Prune volumes that nobody named, too.  [no-volumes]'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-run' -l dry-run -d 'Compute and show everything, change nothing.'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-run' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-run' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__dockerd_cfg_is maintenance-run' -l help -d 'Show this message and exit.'
complete -c dockerd-cfg -n __fish_use_subcommand -a demo -d 'Show both jobs on a sandbox made on the spot: no root, no Docker, nothing outside it touched.'
complete -c dockerd-cfg -n '__dockerd_cfg_is demo' -l json -d 'Print one JSON object instead of text.'
complete -c dockerd-cfg -n '__dockerd_cfg_is demo' -s v -l verbose -d 'Tell which programs are run and what Docker is asked.'
complete -c dockerd-cfg -n '__dockerd_cfg_is demo' -l help -d 'Show this message and exit.'
