#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A flood of TCP packets that belong to no flow, at the full speed of the generator, against a table
# of 128k entries and nf_conntrack_tcp_loose=0: weir, and beside it conntrack with the rule that
# operators have today, ct state invalid drop. The floor is a program that drops everything; what is
# above it is what a packet costs. Goals: no entry, and at most half of the rule's time.
. "$(dirname "$0")/lib.sh"
ENTRIES=131072

lab_gw bash -c 'lab_sysctl net/netfilter/nf_conntrack_tcp_loose 0'
lab_gw "$LAB_TOOLS/prefill" $ENTRIES 10.78.0.0 25.0.0.200 >/dev/null || die "can't fill the table: nf_conntrack_max?"
MAC=$(lab_mac wan0)

front_floor() { floor_on "$LAB_GW" wan0 drop; }
back_floor() { floor_off "$LAB_GW" wan0; }
front_nft() {
	lab_gw nft 'table inet bench { chain pre { type filter hook prerouting priority -150; ct state invalid drop; }; }'
}
back_nft() { lab_gw nft delete table inet bench; }
front_weir() { weir link attach dev wan0 role outside driver native && weir mode enforce; }
back_weir() { weir off; }

# measure WHAT KINDS: appends packets a second to RATES, entries made to MADE
measure() {
	local before entries start end
	"front_$1" || die "$1 does not start"
	entries=$(lab_count) before=$(received "$LAB_GW" wan0) start=${EPOCHREALTIME/./}
	flood_from "$LAB_OUT" out0 "$MAC" --kind "$2" --to $LAB_WAN --to 25.0.1.0/28 --seconds "$BENCH_SECONDS" >/dev/null ||
		die "no flood"
	end=${EPOCHREALTIME/./}
	RATES[$1]+=" $((($(received "$LAB_GW" wan0) - before) * 1000000 / (end - start)))"
	MADE[$1]=$((${MADE[$1]:-0} + $(lab_count) - entries))
	"back_$1"
}

echo "strays at full speed, $(lab_count) entries, tcp_loose 0; ns a packet above the floor, medians of $BENCH_ROUNDS"
printf '%-20s %10s %10s %10s %8s %8s %8s %14s\n' packets floor/s nft/s weir/s nft weir ratio "entries made"
for kinds in ack rst synack fin ack,rst,synack,fin; do
	declare -A RATES=() MADE=()
	for ((round = 0; round < BENCH_ROUNDS; round++)); do
		for what in floor nft weir; do measure $what $kinds; done
	done
	awk -v kinds="$kinds" -v floor="$(median ${RATES[floor]})" -v nft="$(median ${RATES[nft]})" \
		-v weir="$(median ${RATES[weir]})" -v made="${MADE[weir]}" 'BEGIN {
		f = 1e9 / floor; n = 1e9 / nft - f; w = 1e9 / weir - f
		printf "%-20s %10d %10d %10d %8.0f %8.0f %8.2f %14d  %s\n", kinds, floor, nft, weir, n, w, w / n, made,
			w <= n / 2 && !made ? "ok" : "missed: no entry, half of the time"
	}'
done
