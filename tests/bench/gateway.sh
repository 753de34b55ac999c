#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A flood of SYNs from random sources, at the full speed of the generator, against the gateway: how
# many packets a second one of its CPUs can take. The receiving side of wan0 is a kernel thread, and
# what counts is the CPU time that it spends on a packet, whatever else the machine does meanwhile:
#	floor		an XDP program that drops everything
#	weir		a block list of 100000 prefixes, limits per source, of a prefix and in total, which
#			refuse the flood; what they admit is forwarded
#	nft raw		a limit per source in a dynamic set of a million; all is dropped behind it, so that
#			conntrack adds nothing
#	nft raw + ct	the same; what it lets through is forwarded and masqueraded
#	conntrack	forwarded and masqueraded, the table emptied before and never full
#	full table	the same with a table that has no room
: "${BENCH_ROUNDS:=5}"
. "$(dirname "$0")/lib.sh"
BLOCKED=100000
WAYS="floor weir nft nft_ct conntrack full"
FLOOD=(--kind syn --to 25.0.2.0/24)
TMP=$(mktemp -d) || exit 1
gateway_at_exit() { rm -rf "$TMP"; bench_at_exit; }
LAB_AT_EXIT=gateway_at_exit

way_through
MAC=$(lab_mac wan0)
MAX=$(lab_max)

front_floor() { floor_on "$LAB_GW" wan0 drop; }
back_floor() { floor_off "$LAB_GW" wan0; }

awk -v count=$BLOCKED 'BEGIN {
	srand(1)
	print "mode enforce\ninterface wan0 { role outside }\nblocked {"
	for (i = 0; i < count; i++)
		printf "%d.%d.%d.0/24\n", 40 + rand() * 20, rand() * 256, rand() * 256
	print "}\nlimit new-flows { per source 10/second burst 20; prefix 0.0.0.0/2 total 500/second; total 1000/second }"
}' >"$TMP/conf"
chmod 600 "$TMP/conf"
front_weir() { masquerade && weir config load "$TMP/conf"; }
back_weir() { weir off; lab_gw nft flush ruleset; }

# limit: the rule that a source which is too fast does not pass
limit() {
	cat <<-RULES
	table inet bench {
		set fast { type ipv4_addr; size 1048576; flags dynamic,timeout; timeout 10s; }
		chain pre {
			type filter hook prerouting priority raw;
			iifname "wan0" tcp flags & (syn | ack) == syn update @fast { ip saddr limit rate over 10/second burst 20 packets } drop
			iifname "wan0" $1
		}
	}
	RULES
}
masquerade() {
	lab_gw nft -f - <<-RULES
	table inet nat { chain post { type nat hook postrouting priority srcnat; oifname "lan0" masquerade; }; }
	RULES
}
front_nft() { limit drop | lab_gw nft -f -; }
back_nft() { lab_gw nft flush ruleset; }
front_nft_ct() { masquerade && limit accept | lab_gw nft -f -; }
back_nft_ct() { back_nft; }
front_conntrack() { masquerade; }
back_conntrack() { back_nft; }
front_full() { masquerade && lab_prefill 100 >/dev/null; }
back_full() { back_nft; }

# measure WAY: ns of CPU a packet; shorter where the table must not fill up. Fails when the machine was
# so busy that nothing came.
measure() {
	local packets spent end=(--seconds "$BENCH_SECONDS")
	case $1 in nft_ct|conntrack) end=(--seconds 0.3) ;; esac
	lab_flush
	"front_$1" || die "$1 does not start"
	packets=$(received "$LAB_GW" wan0) spent=$(nanoseconds "$THREAD")
	flood_from "$LAB_OUT" out0 "$MAC" "${FLOOD[@]}" "${end[@]}" >/dev/null || die "no flood"
	spent=$(($(nanoseconds "$THREAD") - spent)) packets=$(($(received "$LAB_GW" wan0) - packets))
	[ "$1" = full ] || [ "$(lab_count)" -lt "$MAX" ] || die "$1: the table is full"
	"back_$1"
	[ "$packets" -gt 1000 ] || return
	NS[$1]+=" $((spent / packets))"
}

find_thread wan0 flood_from "$LAB_OUT" out0 "$MAC" "${FLOOD[@]}" --seconds 0.2
taskset -p -c 0 "$THREAD" >/dev/null	# the generator has the last CPU
in_turns $WAYS
row() {	# NAME WAY GOAL
	awk -v name="$1" -v ns="${BEST[$2]}" -v weir="${BEST[weir]}" -v goal="${3:-0}" 'BEGIN {
		printf "%-46s %8d %12d %9.1f  %s\n", name, ns, 1e9 / ns, ns / weir,
			goal ? (ns >= goal * weir ? "met: " : "MISSED: ") goal : ""
	}'
}
echo "SYNs of random sources, forwarded if not dropped; best of $BENCH_ROUNDS turns"
printf '%-46s %8s %12s %9s  %s\n' "one CPU of the gateway" "ns" "packets/s" "weir is x" goal
row "XDP that drops everything" floor
row "weir: blocked, limits, total" weir
row "nft raw: limit per source, then drop" nft 4
row "nft raw: limit per source, then masquerade" nft_ct
row "conntrack, masquerade" conntrack 12
row "conntrack, masquerade, table full" full
