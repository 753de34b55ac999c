# SPDX-License-Identifier: GPL-2.0-only
# Watching weir's counters. Source it.

# watch_rows: `weir -j stats show` on standard input -> "action reason packets bytes", most first.
# Devices are added up.
watch_rows() {
	tr '{}' '\n\n' | awk '
		function value(name,	text) {
			if (!match($0, "\"" name "\": *\"?[^,\"]*"))
				return ""
			text = substr($0, RSTART, RLENGTH)
			sub(/^"[^"]*": *"?/, "", text)
			return text
		}
		/"reason"/ {
			key = value("action") " " value("reason")
			packets[key] += value("packets")
			bytes[key] += value("bytes")
		}
		END {
			for (key in packets)
				if (packets[key])
					printf "%s %.0f %.0f\n", key, packets[key], bytes[key]
		}' | sort -k3,3nr
}

watch_screen() {	# DEV SECONDS; the last counts are in WATCHED
	local action reason packets bytes
	declare -gA WATCHED
	[ -t 1 ] && printf '\033[H\033[J'
	printf '%s, monitor mode: nothing is dropped. Ctrl-C ends it.\n\n' "$1"
	printf '%-12s %-18s %14s %12s\n' action reason packets packets/s
	while read -r action reason packets bytes; do
		printf '%-12s %-18s %14s %12s\n' "$action" "$reason" "$packets" \
			$(((packets - ${WATCHED[$action $reason]:-$packets}) / $2))
		WATCHED[$action $reason]=$packets
	done < <("$WEIR" -I "$WATCH_INSTANCE" -j stats show | watch_rows)
}

# watch_device DEV: attaches to it in monitor mode, shows the counters until it is interrupted, and
# takes everything away again
watch_device() {
	WATCH_INSTANCE=watch-$$
	[ -x "$WEIR" ] || { echo "make run: $WEIR is not built" >&2; return 1; }
	trap '"$WEIR" -I "$WATCH_INSTANCE" off >/dev/null 2>&1' EXIT
	trap 'exit 0' INT TERM HUP
	"$WEIR" -I "$WATCH_INSTANCE" link attach dev "$1" || return
	while :; do
		watch_screen "$1" 1
		read -r -t 1 <&"$QUIET_PIPE"
	done
}
