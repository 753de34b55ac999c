#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# How many packets a second one CPU of the gateway forwards from one routed network to another. The
# receiving side of wan0 is a kernel thread, and what counts is the CPU time that it spends on each
# packet that arrives behind the gateway, whatever else the machine does meanwhile:
#	kernel		no rules at all, no conntrack: what the goal is measured by
#	notrack		rules that use conntrack, and one in front that says notrack
#	conntrack	each packet belongs to one of 1000 flows that conntrack has
#	bypass		weir: bypass, which ends with the same notrack
#	fast		weir: bypass ... fast
: "${BENCH_ROUNDS:=5}"
. "$(dirname "$0")/lib.sh"
WAYS="kernel notrack conntrack bypass fast"
FLOOD=(--kind udp --from 25.0.0.10 --sport 5000-5999 --to 25.0.2.1 --dport 53)

way_through
MAC=$(lab_mac wan0)

stateful() {
	lab_gw nft -f - <<-RULES
	table inet bench {
		chain forward {
			type filter hook forward priority filter; policy drop;
			ct state established,related,new,untracked accept
		}
	}
	RULES
}
front_kernel() { :; }
front_conntrack() { stateful && flood_from "$LAB_OUT" out0 "$MAC" "${FLOOD[@]}" --count 20000 >/dev/null; }
front_notrack() {
	stateful && lab_gw nft -f - <<-RULES
	table inet plain {
		chain prerouting { type filter hook prerouting priority raw; policy accept; udp dport 53 notrack; }
	}
	RULES
}
weir_on() {
	stateful && weir link attach dev wan0 role outside driver native &&
		weir link attach dev lan0 role inside driver native && weir mode enforce
}
front_bypass() { weir_on && weir bypass add to 25.0.2.0/24 2>/dev/null; }
front_fast() { weir_on && weir bypass add to 25.0.2.0/24 fast 2>/dev/null; }
back() { weir off 2>/dev/null; lab_gw nft flush ruleset; lab_flush; }

# measure WAY: ns of CPU for a packet that arrives. Fails when the machine was so busy that nothing came.
measure() {
	local arrived spent
	"front_$1" || die "$1 does not start"
	arrived=$(received "$LAB_IN" in0) spent=$(nanoseconds "$THREAD")
	flood_from "$LAB_OUT" out0 "$MAC" "${FLOOD[@]}" --seconds "$BENCH_SECONDS" >/dev/null || die "no flood"
	spent=$(($(nanoseconds "$THREAD") - spent)) arrived=$(($(received "$LAB_IN" in0) - arrived))
	[ "$1" != fast ] || [ "$(forwarded)" -ge "$arrived" ] || die "not forwarded by XDP"
	[ "$1" = conntrack ] || [ "$(lab_count)" = 0 ] || die "$1: there are entries"
	[ "$1" != conntrack ] || [ "$(lab_count)" -ge 1000 ] || die "$1: there are no entries"
	back
	[ "$arrived" -gt 1000 ] || return
	NS[$1]+=" $((spent / arrived))"
}
forwarded() {
	lab_gw "$WEIR" -j -I "$INSTANCE" stats show | python3 -c 'import json, sys
print(sum(row["packets"] for row in json.load(sys.stdin) if row["reason"] == "forwarded"))'
}

# who receives behind the gateway takes all that comes, on the generator's CPU
find_thread in0 flood_from "$LAB_OUT" out0 "$MAC" "${FLOOD[@]}" --seconds 0.2
taskset -p -c "$LAST_CPU" "$THREAD" >/dev/null && chrt -f -p 10 "$THREAD" || die "can't place the receiver"
find_thread wan0 flood_from "$LAB_OUT" out0 "$MAC" "${FLOOD[@]}" --seconds 0.2
taskset -p -c 0 "$THREAD" >/dev/null || die "can't place the gateway"
in_turns $WAYS
row() {	# NAME WAY GOAL
	awk -v name="$1" -v ns="${BEST[$2]}" -v median="$(median ${NS[$2]})" -v kernel="${BEST[kernel]}" \
		-v goal="${3:-0}" 'BEGIN {
		printf "%-46s %8d %8d %12d %9.2f  %s\n", name, ns, median, 1e9 / ns, kernel / ns,
			goal ? (kernel / ns >= goal ? "met: " : "MISSED: ") goal : ""
	}'
}
echo "UDP of 1000 flows, routed; best and median of $BENCH_ROUNDS turns"
printf '%-46s %8s %8s %12s %9s  %s\n' "one CPU of the gateway" "ns" median "packets/s" "x kernel" goal
row "kernel forwarding, no conntrack" kernel
row "conntrack, and a notrack rule" notrack
row "conntrack" conntrack
row "weir: bypass" bypass
row "weir: bypass ... fast" fast 2
