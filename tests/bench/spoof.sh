#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A flood of sources that can't be there, dropped by weir, by nft's `fib saddr . iif oif missing drop`
# in raw, and by a program that only drops (the floor). CPU time a packet, the softirq's thread
# included: the clock would count whoever else runs. The generator works on the same CPU and is the
# larger part of the floor, so what a drop costs the gateway is told above it. Goal: a third of nft.
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

# with its daemon, as one lets it run: it lets the answers of the routes be remembered
weir_on() {
	weir config load "$CONF" || return
	lab_start "$LAB_GW" "$WEIR" -I "$INSTANCE" daemon -f 2>/dev/null
	DAEMON=$LAB_PID
	until lab_gw "$WEIR" -j -I "$INSTANCE" status | grep -q '"running": *true'; do kill -0 "$DAEMON" || return; done
}
weir_off() { kill "$DAEMON"; wait "$DAEMON" 2>/dev/null; weir off; }
nft_on() {
	lab_gw nft 'add table inet spoof; add chain inet spoof raw { type filter hook prerouting priority raw; };
		add rule inet spoof raw iifname "wan0" fib saddr . iif oif missing drop'
}
nft_off() { lab_gw nft delete table inet spoof; }
drop_on() { floor_on "$LAB_GW" wan0 drop; }
drop_off() { floor_off "$LAB_GW" wan0; }

# CPU time of the thread that takes packets over when the sender's own softirq had too many, ns
softirq_ns() { cut -d' ' -f1 "/proc/$(pgrep -x "ksoftirqd/$LAST_CPU")/schedstat"; }

# cost SOURCES...: ns of CPU time a packet
cost() {
	local from=() p before sent
	for p; do from+=(--from "$p"); done
	before=$(softirq_ns)
	sent=$(flood_from "$LAB_OUT" out0 "$MAC" --kind "$KIND" --to $LAB_WAN --dport 443 \
		--seconds "$BENCH_SECONDS" "${from[@]}")
	python3 -c 'import json, sys; v = json.loads(sys.argv[1])
print((v["cpu_seconds"] * 1e9 + int(sys.argv[2])) / v["packets"])' "$sent" $(($(softirq_ns) - before))
}

printf '%-16s %7s %7s %7s %9s %9s %9s\n' 'ns a packet' floor weir nft 'weir, own' 'nft, own' 'weir is'
for KIND in udp syn; do
	for row in 'martians 10.200.0.0/16 192.168.0.0/16' 'inside 25.0.1.0/28' 'unroutable 31.0.0.0/8' \
		'all 10.200.0.0/16 25.0.1.0/28 31.0.0.0/8'; do
		read -r name sources <<<"$row"
		declare -A costs=()
		for ((round = 0; round < BENCH_ROUNDS; round++)); do
			for who in drop weir nft; do
				${who}_on || die "can't set up $who"
				# shellcheck disable=SC2086  # a list of words
				costs[$who]+=" $(cost $sources)"
				${who}_off
			done
		done
		# shellcheck disable=SC2086  # lists of numbers
		awk -v n="$KIND $name" -v f="$(median ${costs[drop]})" -v w="$(median ${costs[weir]})" \
			-v x="$(median ${costs[nft]})" 'BEGIN {
				printf "%-16s %7.0f %7.0f %7.0f %9.0f %9.0f %8.1fx%s\n", n, f, w, x, w - f, x - f,
					(x - f) / (w - f), x - f < 3 * (w - f) ? "   (goal missed)" : "" }'
		unset costs
	done
done
