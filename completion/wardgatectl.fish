# Completion of wardgatectl(1) for fish. A test holds it against the program's own list.

function __wardgatectl_devices
    wardgatectl --json devices 2>/dev/null | string match -rag '"device":"([a-z0-9-]*)"'
end

set -l verbs status devices device watch outbox discover adopt forget reload check-config doctor \
    test-alarm backup restore audit
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
complete -c wardgatectl -n $none -a outbox -d 'what waits for the broker, and how long it fits'
complete -c wardgatectl -n $none -a discover -d 'unknown devices that can be heard'
complete -c wardgatectl -n $none -a adopt -d 'take one into the configuration'
complete -c wardgatectl -n $none -a forget -d 'take an adopted device out again'
complete -c wardgatectl -n $none -a reload -d 'have the configuration read anew'
complete -c wardgatectl -n $none -a check-config -d 'what is wrong with the configuration'
complete -c wardgatectl -n $none -a doctor -d 'what is wrong, and what to do about it'
complete -c wardgatectl -n $none -a test-alarm -d 'a test all the way to the broker'
complete -c wardgatectl -n $none -a backup -d 'all that a spare unit needs, locked'
complete -c wardgatectl -n $none -a restore -d 'make this unit the one that was backed up'
complete -c wardgatectl -n $none -a audit -d 'who commanded what'

complete -c wardgatectl -n '__fish_seen_subcommand_from device' -l raw -d 'as the daemon has it'
complete -c wardgatectl -n '__fish_seen_subcommand_from device watch forget' -a '(__wardgatectl_devices)'
complete -c wardgatectl -n '__fish_seen_subcommand_from outbox' -a 'retry drop'
complete -c wardgatectl -n '__fish_seen_subcommand_from forget outbox restore' -l yes -d 'do not ask'
complete -c wardgatectl -n '__fish_seen_subcommand_from adopt' -l transport -x -a 'ble zigbee coap'
complete -c wardgatectl -n '__fish_seen_subcommand_from adopt' -l key-file -r -F -d 'its key'
complete -c wardgatectl -n '__fish_seen_subcommand_from backup restore' -l passphrase-file -r -F
complete -c wardgatectl -n '__fish_seen_subcommand_from backup restore' -F
complete -c wardgatectl -n '__fish_seen_subcommand_from restore' -l list -d 'only show what is in it'
