# Completion of wardgatectl(1) for fish. A test holds it against the program's own list.

function __wardgatectl_devices
    wardgatectl --json devices 2>/dev/null | string match -rag '"device":"([a-z0-9-]*)"'
end

# Of the documents of "wardgatectl --json VERB", the values of one key.
function __wardgatectl_values
    wardgatectl --json $argv[1] 2>/dev/null | string match -rag '"'$argv[2]'":"([A-Za-z0-9._-]*)"' |
        string match -v -- - | sort -u
end

set -l verbs status devices device watch alarms acknowledge pause reset limits set-limit \
    set-spo2-scale observe outbox discover adopt pair unpair permit-join network identify interview \
    forget reload check-config doctor test-alarm backup restore audit
set -l none "not __fish_seen_subcommand_from $verbs"

complete -c wardgatectl -f
complete -c wardgatectl -l bus -x -a 'system session' -d 'the D-Bus'
complete -c wardgatectl -l config -r -F -d 'read this file'
complete -c wardgatectl -l json -d 'print JSON, for programs'
complete -c wardgatectl -n $none -l help -d 'list the commands'
complete -c wardgatectl -n $none -l version -d 'print the version'

complete -c wardgatectl -n $none -a status -d 'how the gateway does'
complete -c wardgatectl -n $none -a devices -d 'who is configured, and who was heard'
complete -c wardgatectl -n $none -a device -d 'all about one device'
complete -c wardgatectl -n $none -a watch -d 'live readings and alarms'
complete -c wardgatectl -n $none -a alarms -d 'which alarms there are'
complete -c wardgatectl -n $none -a acknowledge -d 'somebody has seen it, and sees to it'
complete -c wardgatectl -n $none -a pause -d 'have it silent for a while'
complete -c wardgatectl -n $none -a reset -d 'put back one that is latched'
complete -c wardgatectl -n $none -a limits -d 'which limits are in force, and why'
complete -c wardgatectl -n $none -a set-limit -d 'set or take back a limit'
complete -c wardgatectl -n $none -a set-spo2-scale -d 'which scale of SpO2 scores use'
complete -c wardgatectl -n $none -a observe -d 'chart what somebody has observed'
complete -c wardgatectl -n $none -a outbox -d 'what waits for the broker, and how long it fits'
complete -c wardgatectl -n $none -a discover -d 'unknown devices that can be heard'
complete -c wardgatectl -n $none -a adopt -d 'take one into the configuration'
complete -c wardgatectl -n $none -a pair -d 'bond a Bluetooth device'
complete -c wardgatectl -n $none -a unpair -d 'undo that'
complete -c wardgatectl -n $none -a permit-join -d 'let Zigbee devices join for a while'
complete -c wardgatectl -n $none -a network -d 'the Zigbee network, and what becomes of it'
complete -c wardgatectl -n $none -a identify -d 'have a Zigbee device blink'
complete -c wardgatectl -n $none -a interview -d 'have it looked through and set up anew'
complete -c wardgatectl -n $none -a forget -d 'take an adopted device out again'
complete -c wardgatectl -n $none -a reload -d 'have the configuration read anew'
complete -c wardgatectl -n $none -a check-config -d 'what is wrong with the configuration'
complete -c wardgatectl -n $none -a doctor -d 'what is wrong, and what to do about it'
complete -c wardgatectl -n $none -a test-alarm -d 'a test all the way to the broker'
complete -c wardgatectl -n $none -a backup -d 'all that a spare unit needs, locked'
complete -c wardgatectl -n $none -a restore -d 'make this unit the one that was backed up'
complete -c wardgatectl -n $none -a audit -d 'who commanded what'

complete -c wardgatectl -n '__fish_seen_subcommand_from device' -l raw -d 'as the daemon has it'
complete -c wardgatectl -n '__fish_seen_subcommand_from device watch pair unpair identify interview forget' -a '(__wardgatectl_devices)'
complete -c wardgatectl -n '__fish_seen_subcommand_from acknowledge pause reset' -a '(__wardgatectl_values alarms key)'
complete -c wardgatectl -n '__fish_seen_subcommand_from limits set-spo2-scale observe' -a '(__wardgatectl_values devices bed)'
complete -c wardgatectl -n '__fish_seen_subcommand_from set-limit' -a '(__wardgatectl_values limits rule)'
complete -c wardgatectl -n '__fish_seen_subcommand_from pause set-limit' -l bed -x -a '(__wardgatectl_values devices bed)' -d 'all alarms there'
complete -c wardgatectl -n '__fish_seen_subcommand_from pause' -l alarm -d 'its light, too'
complete -c wardgatectl -n '__fish_seen_subcommand_from pause' -l audio-off -d 'up to 12 h'
complete -c wardgatectl -n '__fish_seen_subcommand_from pause' -l alarm-off -d 'up to 12 h'
complete -c wardgatectl -n '__fish_seen_subcommand_from pause' -l end -d 'it is over'
complete -c wardgatectl -n '__fish_seen_subcommand_from set-limit' -l patient -x -a '(__wardgatectl_values devices bed)' -d 'who lies there now'
complete -c wardgatectl -n '__fish_seen_subcommand_from set-limit' -l ward -d 'all beds'
complete -c wardgatectl -n '__fish_seen_subcommand_from set-limit' -l below -x -d 'the lower limit'
complete -c wardgatectl -n '__fish_seen_subcommand_from set-limit' -l above -x -d 'the upper limit'
complete -c wardgatectl -n '__fish_seen_subcommand_from set-limit' -l clear -d 'take it back'
complete -c wardgatectl -n '__fish_seen_subcommand_from observe' -l time -x -d 'when'
complete -c wardgatectl -n '__fish_seen_subcommand_from outbox' -a 'retry drop'
complete -c wardgatectl -n '__fish_seen_subcommand_from unpair forget outbox restore network' -l yes -d 'do not ask'
complete -c wardgatectl -n '__fish_seen_subcommand_from permit-join' -l device -x -a '(__wardgatectl_devices)' -d 'whose code it is'
complete -c wardgatectl -n '__fish_seen_subcommand_from permit-join' -l install-code -x -d 'as printed on it'
complete -c wardgatectl -n '__fish_seen_subcommand_from permit-join' -l anyone -d 'without a code, too'
complete -c wardgatectl -n '__fish_seen_subcommand_from permit-join' -l end -d 'it is over'
complete -c wardgatectl -n '__fish_seen_subcommand_from network' -a 'adopt restore backup remove'
complete -c wardgatectl -n '__fish_seen_subcommand_from network' -l force -d 'over a file that is there'
complete -c wardgatectl -n '__fish_seen_subcommand_from network' -l other-radio -d 'although its address stays'
complete -c wardgatectl -n '__fish_seen_subcommand_from network' -l zigbee2mqtt -d 'a backup for that program'
complete -c wardgatectl -n '__fish_seen_subcommand_from network' -F
complete -c wardgatectl -n '__fish_seen_subcommand_from pair' -l address -x -d 'what it advertises now'
complete -c wardgatectl -n '__fish_seen_subcommand_from pair' -l cancel -d 'end one under way'
complete -c wardgatectl -n '__fish_seen_subcommand_from adopt' -l transport -x -a 'ble zigbee coap'
complete -c wardgatectl -n '__fish_seen_subcommand_from adopt' -l key-file -r -F -d 'its key'
complete -c wardgatectl -n '__fish_seen_subcommand_from backup restore' -l passphrase-file -r -F
complete -c wardgatectl -n '__fish_seen_subcommand_from backup restore' -F
complete -c wardgatectl -n '__fish_seen_subcommand_from restore' -l list -d 'only show what is in it'
