#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a spoofed SYN costs the gateway, generator apart: nft's synproxy for a prefix that is only
# routed, the kernel's own SYN cookies for a service of the gateway's own, and both ways of the
# challenge, at the full speed of the generator. The floor is a program that drops everything. The
# peers are set up as well as they can be: SYNs untracked, so that the connection table stays empty.
# What they answer is dropped on arrival. Goal: a sixth of what the peers take, at most.
. "$(dirname "$0")/lib.sh"
MAC=$(lab_mac wan0)
ROUTER_MAC=$(lab_out ip -o link show dev out0 | sed -n 's/.* link\/ether \([0-9a-f:]*\).*/\1/p')

# answers go to a router whose address is known, and end there
lab_gw ip neighbour replace 25.0.0.254 lladdr "$ROUTER_MAC" dev wan0 nud permanent
floor_on "$LAB_OUT" out0 drop || die "can't drop what comes back"

front_floor() { floor_on "$LAB_GW" wan0 drop; }
back_floor() { floor_off "$LAB_GW" wan0; }
front_synproxy() {
	lab_gw bash -c 'lab_sysctl net/netfilter/nf_conntrack_tcp_loose 0'
	lab_gw nft -f - <<-RULES
		table inet peer {
			chain raw {
				type filter hook prerouting priority raw;
				iifname "wan0" tcp flags & (fin|syn|rst|ack) == syn notrack
			}
			chain proxy {
				type filter hook forward priority -1;
				iifname "wan0" ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm
				ct state invalid drop
			}
		}
	RULES
}
back_synproxy() { lab_gw nft delete table inet peer; }
# always: no SYN waits for a queue to be full before it is answered by a cookie
front_cookies() {
	lab_gw bash -c 'lab_sysctl net/ipv4/tcp_syncookies 2'
	lab_gw nft -f - <<-RULES
		table inet peer {
			chain raw { type filter hook prerouting priority raw; iifname "wan0" tcp dport 22 notrack; }
			chain out { type filter hook output priority raw; tcp sport 22 notrack; }
		}
	RULES
}
back_cookies() { lab_gw nft delete table inet peer; }
front_weir() {
	weir link attach dev wan0 role outside driver native && weir config load "$CONF.$1" && weir mode enforce
}
front_retransmit() { front_weir retransmit; }
front_cookie() { front_weir cookie; }
back_retransmit() { weir off; }
back_cookie() { weir off; }

CONF=$(mktemp) || die "no file"
bench_at_exit() { [ -z "$LAB_GW" ] || weir off 2>/dev/null; rm -f "$CONF" "$CONF".*; }
for way in retransmit cookie; do
	printf '%s\n' 'mode enforce' 'interface wan0 { role outside; driver native }' \
		"challenge { syn $way; engage above 500/second unproven }" >"$CONF.$way"
done
lab_start "$LAB_GW" "$LAB_TOOLS/server" 22 >/dev/null

# measure WHAT TO PORT: appends packets a second to RATES, what share was answered to ANSWERED, in percent
measure() {
	local before sent start end
	"front_$1" || die "$1 does not start"
	before=$(received "$LAB_GW" wan0) sent=$(received "$LAB_OUT" out0) start=${EPOCHREALTIME/./}
	flood_from "$LAB_OUT" out0 "$MAC" --kind syn --to "$2" --dport "$3" --seconds "$BENCH_SECONDS" >/dev/null ||
		die "no flood"
	end=${EPOCHREALTIME/./}
	before=$(($(received "$LAB_GW" wan0) - before)) sent=$(($(received "$LAB_OUT" out0) - sent))
	RATES[$1]+=" $((before * 1000000 / (end - start)))"
	ANSWERED[$1]+=" $((100 * sent / before))"
	"back_$1"
}

declare -A RATES=() ANSWERED=()
for ((round = 0; round < BENCH_ROUNDS; round++)); do
	for what in floor synproxy retransmit cookie; do measure $what $LAB_ROUTED 443; done
	measure cookies $LAB_WAN 22
done

# row NAME WHAT
row() {
	awk -v name="$1" -v floor="$(median ${RATES[floor]})" -v rate="$(median ${RATES[$2]})" \
		-v answered="$(median ${ANSWERED[$2]})" -v proxy="$(median ${RATES[synproxy]})" \
		-v kernel="$(median ${RATES[cookies]})" -v goal="${3:-}" 'BEGIN {
		f = 1e9 / floor; ns = 1e9 / rate - f
		if (ns < 1) ns = 1
		p = (1e9 / proxy - f) / ns; k = (1e9 / kernel - f) / ns
		verdict = !goal ? "" : (p >= 6 && k >= 6) ? "met" : "MISSED: 6"
		printf "%-28s %10d %10.0f %9d%% %12.1f %14.1f  %s\n", name, rate, ns, answered, p, k, verdict
	}'
}
echo "spoofed SYNs at full speed on one CPU; ns above the floor of $(awk -v r="$(median ${RATES[floor]})" \
	'BEGIN { printf "%.0f", 1e9 / r }') ns (generator and a drop), medians of $BENCH_ROUNDS"
printf '%-28s %10s %10s %10s %12s %14s\n' 'SYNs' 'a second' 'ns' answered 'synproxy is' 'kernel cookies'
row 'nft synproxy, routed' synproxy
row "kernel's cookies, local" cookies
row 'weir retransmit' retransmit goal
row 'weir cookie' cookie goal
[ "$(lab_count)" -lt 1000 ] || echo "$(lab_count) entries were made"
