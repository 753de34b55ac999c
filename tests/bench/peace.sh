#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The tax in peace: packets of established flows that the NAT gateway forwards from the outside to
# the hosts behind it, with weir attached to both sides and enforcing, and beside it with a program
# that only returns XDP_PASS. 1, 1000 and 100000 flows, TCP and UDP. Goal: 0.95 of the packets a
# second at least.
. "$(dirname "$0")/lib.sh"
HOST=10.77.0.10
SERVER=25.9.9.9		# nobody: a host that is there would answer with an RST
IN_MAC=$(lab_mac lan0) OUT_MAC=$(lab_mac wan0)

# the hosts receive as cheaply as can be, and do not even answer ARP
lab_gw ip neighbour replace $HOST lladdr "$(lab_in ip -o link show dev in0 | sed -n 's/.* link\/ether \([0-9a-f:]*\).*/\1/p')" \
	dev lan0 nud permanent
floor_on "$LAB_IN" in0 drop || die "can't drop at the hosts"

front_pass() { floor_on "$LAB_GW" wan0 pass && floor_on "$LAB_GW" lan0 pass; }
back_pass() { floor_off "$LAB_GW" wan0; floor_off "$LAB_GW" lan0; }
front_weir() {
	weir link attach dev wan0 role outside driver native && weir link attach dev lan0 role inside driver native &&
		weir limit add per source 1000/second && weir limit add total 20000/second && weir mode enforce
}
back_weir() { weir off; }

# open_flows KIND SPORTS DPORTS COUNT: the hosts begin, the masquerade keeps their ports, and the servers answer
open_flows() {
	local flows=0 begun=$SECONDS
	lab_flush
	while [ "$flows" -lt "$4" ] && [ $((SECONDS - begun)) -lt 60 ]; do
		nsenter --net="$LAB_RUN/$LAB_IN" "$LAB_TOOLS/flood" --dev in0 --mac "$IN_MAC" --rate 0 --kind "$1" \
			--from $HOST --sport "$2" --to $SERVER --dport "$3" --count $(($4 * 2 + 64)) >/dev/null
		flows=$(lab_count)
	done
	answers "$1" "$2" "$3" --count $(($4 * 12 + 64)) >/dev/null
}
answers() {
	local kind=$1 sports=$2 dports=$3
	shift 3
	flood_from "$LAB_OUT" out0 "$OUT_MAC" --kind "$kind" --from $SERVER --sport "$dports" --to $LAB_WAN \
		--dport "$sports" "$@"
}

# measure WHAT KIND SPORTS DPORTS: appends packets a second that arrived at the hosts to RATES
measure() {
	local before start end
	"front_$1" || die "$1 does not start"
	# a second for a policy that has just come into force: peace is what follows
	answers "$2" "$3" "$4" --seconds 1 >/dev/null || die "no traffic"
	before=$(received "$LAB_IN" in0) start=${EPOCHREALTIME/./}
	answers "$2" "$3" "$4" --seconds "$BENCH_SECONDS" >/dev/null || die "no traffic"
	end=${EPOCHREALTIME/./}
	RATES[$1]+=" $((($(received "$LAB_IN" in0) - before) * 1000000 / (end - start)))"
	"back_$1"
}

# row NAME KIND SPORTS DPORTS COUNT
row() {
	local round what
	open_flows "$2" "$3" "$4" "$5"
	declare -A RATES=()
	for ((round = 0; round < BENCH_ROUNDS; round++)); do
		for what in pass weir; do measure $what "$2" "$3" "$4"; done
	done
	awk -v name="$1" -v pass="$(median ${RATES[pass]})" -v weir="$(median ${RATES[weir]})" -v flows="$(lab_count)" 'BEGIN {
		printf "%-22s %10d %12d %12d %8.3f  %s\n", name, flows, pass, weir, weir / pass,
			(weir / pass < 0.95 ? "missed: 0.95" : "ok")
	}'
}

lab_gw bash -c 'lab_sysctl net/netfilter/nf_conntrack_tcp_loose 1'
echo "established flows forwarded through NAT, packets a second, medians of $BENCH_ROUNDS"
printf '%-22s %10s %12s %12s %8s\n' traffic entries XDP_PASS weir ratio
for kind in ack udp; do
	row "$kind, 1 flow" $kind 5000 6000 1
	row "$kind, 1000 flows" $kind 5000-5999 6000 1000
	row "$kind, 100000 flows" $kind 5000-5999 6000-6099 100000
done
