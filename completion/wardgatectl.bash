# Completion of wardgatectl(1) for bash. A test holds it against the program's own list.

_wardgatectl_devices() {
	wardgatectl "${global[@]}" --json devices 2>/dev/null |
		grep -o '"device":"[a-z0-9-]*"' | cut -d'"' -f4
}

# Of the documents of "wardgatectl --json VERB", the values of one key.
_wardgatectl_values() {
	wardgatectl "${global[@]}" --json "$1" 2>/dev/null |
		grep -o "\"$2\":\"[A-Za-z0-9._-]*\"" | cut -d'"' -f4 | grep -v '^-$' | sort -u
}

_wardgatectl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local verbs='status devices device watch alarms acknowledge pause reset limits set-limit
		set-spo2-scale observe outbox discover adopt pair unpair permit-join network identify
		interview forget reload check-config doctor test-alarm backup restore audit'
	local observed='respiratory-rate spo2 oxygen-therapy oxygen-flow oxygen-device bp-systolic
		bp-diastolic pulse-rate consciousness body-temperature pain gcs urine-output'
	local verb='' at=0 i words='' global=()

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--bus | --config)
			((i + 1 < COMP_CWORD)) && global+=("${COMP_WORDS[i]}" "${COMP_WORDS[i+1]}")
			((i++))
			;;
		-*) ;;
		*)
			verb=${COMP_WORDS[i]} at=$((COMP_CWORD - i))
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
	--bed | --patient) words=$(_wardgatectl_values devices bed) ;;
	--below | --above | --time | --address) ;;
	*)
		case $verb in
		'') words="$verbs --bus --config --json --help --version" ;;
		device)
			words='--raw'
			[[ $cur == -* ]] || words=$(_wardgatectl_devices)
			;;
		watch) words=$(_wardgatectl_devices) ;;
		acknowledge | reset) [[ $cur == -* ]] || words=$(_wardgatectl_values alarms key) ;;
		pause)
			words='--bed --alarm --audio-off --alarm-off --end'
			[[ $cur == -* ]] || words=$(_wardgatectl_values alarms key)
			;;
		limits) [[ $cur == -* ]] || words=$(_wardgatectl_values devices bed) ;;
		set-limit)
			words='--bed --patient --ward --below --above --clear'
			[[ $cur == -* ]] || words=$(_wardgatectl_values limits rule)
			;;
		set-spo2-scale)
			[[ $at == 1 ]] && words=$(_wardgatectl_values devices bed)
			[[ $at == 2 ]] && words='1 2'
			;;
		observe)
			words='--time'
			[[ $at == 1 && $cur != -* ]] && words=$(_wardgatectl_values devices bed)
			[[ $at == 2 && $cur != -* ]] && words=$observed
			;;
		pair)
			words='--address --cancel'
			[[ $cur == -* ]] || words=$(_wardgatectl_devices)
			;;
		permit-join)
			words='--install-code --anyone --end --device'
			[[ $prev == --device ]] && words=$(_wardgatectl_devices)
			;;
		network)
			words='adopt restore backup remove --force --other-radio --zigbee2mqtt --yes'
			[[ $at == 1 && $cur != -* ]] && words='' && compopt -o default 2>/dev/null
			;;
		identify | interview) [[ $cur == -* ]] || words=$(_wardgatectl_devices) ;;
		unpair | forget)
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
