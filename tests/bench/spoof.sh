#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A flood of sources that can't be there, dropped by weir, by nft's `fib saddr . iif oif missing drop`
# in raw, and by a program that only drops (the floor: it is the generator's cost). Packets a second,
# the generator included, and what a drop costs without it. Goal: 3 times nft.
. "$(dirname "$0")/lib.sh"
printf 'route %s\n' 'del default' 'add 20.0.0.0/8 via 25.0.0.254' | lab_gw ip -batch - ||
	die "can't set the routes"
MAC=$(lab_mac wan0)
CONF=$(mktemp) || exit 1
spoof_at_exit() { rm -f "$CONF"; bench_at_exit; }
LAB_AT_EXIT=spoof_at_exit
cat >"$CONF" <<-TEXT
	mode enforce
	check { martians drop; urpf loose }
	interface wan0 { role outside }
	interface lan0 { role inside; sources { 25.0.1.0/28 } }
TEXT

weir_on() { weir config load "$CONF"; }
weir_off() { weir off; }
nft_on() {
	lab_gw nft 'add table inet spoof; add chain inet spoof raw { type filter hook prerouting priority raw; };
		add rule inet spoof raw iifname "wan0" fib saddr . iif oif missing drop'
}
nft_off() { lab_gw nft delete table inet spoof; }
drop_on() { floor_on "$LAB_GW" wan0 drop; }
drop_off() { floor_off "$LAB_GW" wan0; }

# rate SOURCES...: packets a second
rate() {
	local from=() p
	for p; do from+=(--from "$p"); done
	flood_from "$LAB_OUT" out0 "$MAC" --kind udp --to $LAB_WAN --dport 443 --seconds "$BENCH_SECONDS" "${from[@]}" |
		python3 -c 'import json, sys; v = json.load(sys.stdin); print(int(v["packets"] / v["seconds"]))'
}

printf '%-12s %10s %10s %10s %8s   %s\n' 'spoofed' floor weir nft 'weir is' 'ns a drop without the floor: weir, nft'
for row in 'martians 10.200.0.0/16 192.168.0.0/16' 'inside 25.0.1.0/28' 'unroutable 31.0.0.0/8' \
	'all 10.200.0.0/16 25.0.1.0/28 31.0.0.0/8'; do
	read -r name sources <<<"$row"
	declare -A rates=()
	for ((round = 0; round < BENCH_ROUNDS; round++)); do
		for who in drop weir nft; do
			${who}_on || die "can't set up $who"
			# shellcheck disable=SC2086  # a list of words
			rates[$who]+=" $(rate $sources)"
			${who}_off
		done
	done
	# shellcheck disable=SC2086  # lists of numbers
	awk -v n="$name" -v f="$(median ${rates[drop]})" -v w="$(median ${rates[weir]})" -v x="$(median ${rates[nft]})" '
		BEGIN { printf "%-12s %10d %10d %10d %7.1fx   %.0f, %.0f%s\n", n, f, w, x, w / x,
			1e9 / w - 1e9 / f, 1e9 / x - 1e9 / f, w < 3 * x ? "   (goal missed)" : "" }'
	unset rates
done
