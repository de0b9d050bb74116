# Completion of wardgatectl(1) for bash. A test holds it against the program's own list.

_wardgatectl_devices() {
	wardgatectl "${global[@]}" --json devices 2>/dev/null |
		grep -o '"device":"[a-z0-9-]*"' | cut -d'"' -f4
}

_wardgatectl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local verbs='status devices device watch outbox discover adopt forget reload check-config
		doctor test-alarm backup restore audit'
	local verb='' i words='' global=()

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--bus | --config)
			((i + 1 < COMP_CWORD)) && global+=("${COMP_WORDS[i]}" "${COMP_WORDS[i+1]}")
			((i++))
			;;
		-*) ;;
		*)
			verb=${COMP_WORDS[i]}
			break
			;;
		esac
	done
	case $prev in
	--config | --key-file | --passphrase-file)
		compopt -o default 2>/dev/null
		return
		;;
	--bus) words='system session' ;;
	--transport) words='ble zigbee coap' ;;
	*)
		case $verb in
		'') words="$verbs --bus --config --json --help --version" ;;
		device)
			words='--raw'
			[[ $cur == -* ]] || words=$(_wardgatectl_devices)
			;;
		watch) words=$(_wardgatectl_devices) ;;
		forget)
			words='--yes'
			[[ $cur == -* ]] || words=$(_wardgatectl_devices)
			;;
		outbox) words='retry drop --yes' ;;
		adopt) words='--transport --key-file' ;;
		backup)
			words='--passphrase-file'
			[[ $cur == -* ]] || compopt -o default 2>/dev/null
			;;
		restore)
			words='--list --yes --passphrase-file'
			[[ $cur == -* ]] || compopt -o default 2>/dev/null
			;;
		esac
		[[ $verb && $cur == -* ]] && words+=' --json'
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _wardgatectl wardgatectl
