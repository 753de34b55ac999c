#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a bypassed UDP service costs, beside one that is tracked, and beside plain nft notrack rules, in
# turns, so that noise meets all alike. Prints medians, in ns:
#
#	answered	for each question that is answered: the client sends it, the gateway takes it, the
#			service reads it, and so the answer, all of it on one CPU
#	arrived		for each packet of a flood that is faster than any of them, dropped behind the
#			input hook: the way in, and nothing else
#
# `behind XDP_PASS`: the nft rules, with a program at the device that does nothing. Of a packet that comes
# from a socket, and not from a wire, veth makes a copy for any XDP program: that is not weir's.
. "$(dirname "$0")/lib.sh"
WAYS="tracked nft_rule behind_pass weir_native weir_tc"
lab_gw nft -f - <<-RULES || die "can't set up the gateway"
flush ruleset
table inet service {
	counter arrived { }
	chain input {
		type filter hook input priority filter; policy accept;
		udp dport 5353 ip saddr 25.0.0.10 counter name arrived drop
	}
	chain asks {
		type filter hook prerouting priority 0; policy accept;
		ct state invalid drop
	}
}
RULES
tracked_on() { :; }
tracked_off() { :; }
nft_rule_on() {
	lab_gw nft -f - <<-RULES
	table inet plain {
		chain prerouting {
			type filter hook prerouting priority raw; policy accept;
			udp dport 5353 notrack
		}
		chain output {
			type filter hook output priority raw; policy accept;
			udp sport 5353 notrack
		}
	}
	RULES
}
nft_rule_off() { lab_gw nft delete table inet plain; }
behind_pass_on() { nft_rule_on && floor_on "$LAB_GW" wan0 pass; }
behind_pass_off() { floor_off "$LAB_GW" wan0 && nft_rule_off; }
weir_native_on() { weir_on native; }
weir_native_off() { weir off; }
weir_tc_on() { weir_on tc; }
weir_tc_off() { weir off; }
weir_on() {
	weir link attach dev wan0 role outside driver "$1" && weir mode enforce &&
		weir bypass add udp port 5353 to $LAB_WAN 2>/dev/null
}

# ask SECONDS, flood SECONDS
ask() {
	taskset -c "$LAST_CPU" "$LAB_TOOLS/volley" "$LAB_RUN/$LAB_OUT" "$LAB_RUN/$LAB_GW" $LAB_WAN 5353 "$1"
}
flood() {
	flood_from "$LAB_OUT" out0 "$(lab_mac wan0)" --kind udp --to $LAB_WAN --dport 5353 --from 25.0.0.10 \
		--seconds "$1" >/dev/null
}
# each after a second for a policy that has just come into force
answered() {
	ask 1 >/dev/null && ask "$BENCH_SECONDS" |
		awk '$1 > 0 { n = sprintf("%.0f", $2 * 1e9 / $1) } END { print n; exit !n }'
}
arrived() {
	flood 1 && lab_gw nft reset counters >/dev/null && flood "$BENCH_SECONDS" || return
	lab_gw nft list counter inet service arrived |
		awk -v seconds="$BENCH_SECONDS" '$1 == "packets" && $2 > 0 { n = sprintf("%.0f", seconds * 1e9 / $2) }
			END { print n; exit !n }'
}

declare -A ANSWERED=() ARRIVED=()
for ((round = 0; round < BENCH_ROUNDS; round++)); do
	for way in $WAYS; do
		lab_flush
		"${way}_on" || die "$way does not start"
		ns=$(answered) || die "$way: no answers"
		ANSWERED[$way]+=" $ns"
		ns=$(arrived) || die "$way: nothing arrives"
		ARRIVED[$way]+=" $ns"
		"${way}_off"
	done
done
# print NAME RULE BEHIND NS WAY
print() {
	awk -v name="$1" -v rule="$2" -v behind="$3" -v ns="$4" -v way="$5" 'BEGIN {
		printf "%-10s %-12s %6d ns  %.3f x the nft rules  %.3f x them behind XDP_PASS%s\n", name, way, ns,
			rule / ns, behind / ns, way ~ /^weir/ && rule / ns < 0.97 ? "  missed: 0.97" : ""
	}'
}
# shellcheck disable=SC2086  # numbers, apart
for way in $WAYS; do
	print answered "$(median ${ANSWERED[nft_rule]})" "$(median ${ANSWERED[behind_pass]})" "$(median ${ANSWERED[$way]})" $way
done
# shellcheck disable=SC2086
for way in $WAYS; do
	print arrived "$(median ${ARRIVED[nft_rule]})" "$(median ${ARRIVED[behind_pass]})" "$(median ${ARRIVED[$way]})" $way
done
