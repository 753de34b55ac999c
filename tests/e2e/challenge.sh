#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# During a flood of SYNs from random addresses, clients that were never seen before get through to a
# service behind DNAT and to one in a routed prefix, and the flood leaves no entries behind.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"

# the honest: an address each, routed to the outside as the rest of the Internet is
lab_out ip route add local 45.0.0.0/8 dev lo || bail "no addresses for clients"
# a veth hands an answer on (XDP_TX) only if its peer has an XDP program, too
[ -e "$LAB_TOOLS/foreign.bpf.o" ] && lab_out ip link set dev out0 xdpdrv obj "$LAB_TOOLS/foreign.bpf.o" sec xdp ||
	bail "no program for the peer"
# the clients sit behind a firewall that is as strict as conntrack can be
lab_out nft -f - <<-RULES || bail "no firewall for the clients"
	table inet strict {
		chain in { type filter hook input priority filter; ct state invalid drop; }
		chain out { type filter hook output priority filter; ct state invalid drop; }
	}
RULES
server "$LAB_IN" 443 || bail "no service"
weir link attach dev wan0 role outside driver native || bail "weir does not attach"

# policy WAY: new flows are limited too, so that a hole in the challenge would show at once
policy() {
	cat >"$TMP/weir.conf" <<-CONF
		mode enforce
		interface wan0 { role outside; driver native }
		challenge { syn $1; engage above 500/second unproven }
	CONF
	chmod 600 "$TMP/weir.conf"
	weir config load "$TMP/weir.conf"
}

# clients NAME NET TO: 250 clients in 5 s, each with an address of its own; JSON in $TMP/NAME
clients() {
	lab_out "$LAB_TOOLS/clients" --from "$(printf "$2.%s," {1..250})$2.251" --to "$3" --port 443 \
		--rate 50 --seconds 5 --deadline 4 >"$TMP/$1"
}
of() { json "v['$2']" <"$TMP/$1"; }
# shares NAME: what came of them, for who reads the output
shares() { echo "# $1: $(cat "$TMP/$1")"; }

# entries that are no honest client's
entries_of_flood() { lab_gw conntrack -L 2>/dev/null | grep -vc 'src=45\.'; }

engaged() { [ "$(weir -j challenge show | json 'v["challenge"]["engaged"]')" = true ]; }

# under_flood WAY NET: both services at once, while the flood goes on
under_flood() {
	local way=$1 sent
	policy "$way" || fail "${way}_policy"
	lab_flush
	lab_out conntrack -F >/dev/null 2>&1
	lab_start "$LAB_OUT" "$LAB_TOOLS/flood" --dev out0 --mac "$(lab_mac wan0)" --kind syn \
		--to $LAB_WAN --to $LAB_ROUTED --dport 443 --rate 300000 --seconds 30 >"$TMP/flood" 2>&1
	PIDS+=("$LAB_PID")
	local flood=$LAB_PID
	wait_for 10 engaged || fail "${way}_engages" "$(weir stats show)"
	clients "$way.dnat" "$2.1" $LAB_WAN &
	clients "$way.routed" "$2.2" $LAB_ROUTED
	wait $!
	kill -INT "$flood" 2>/dev/null
	wait "$flood"
	sent=$(json 'v["packets"]' <"$TMP/flood")
	echo "# $way: $(cat "$TMP/flood")"
	for to in dnat routed; do
		shares "$way.$to"
		check "${way}_${to}_clients_connect" \
			[ $((100 * $(of "$way.$to" succeeded))) -ge $((99 * $(of "$way.$to" opened))) ]
	done
	local entries
	entries=$(entries_of_flood)
	echo "# $way: $entries entries of $sent SYNs"
	check "${way}_flood_was_one" [ "$sent" -gt 100000 ]
	# 20 ms worth before it was noticed, and one in 10000
	check "${way}_flood_leaves_no_entries" [ "$entries" -le $((20 + $(nproc) + sent / 10000)) ]
}

under_flood retransmit 45.1
under_flood cookie 45.2
# Linux sends its SYN again at once when it has sent the RST: long before its retransmission is due
for to in dnat routed; do
	check "cookie_${to}_is_faster_than_a_retransmission" \
		[ $((100 * $(of "cookie.$to" prompt))) -ge $((90 * $(of "cookie.$to" opened))) ]
done
check_eq says_how_many_proved_themselves "$(weir -j challenge show |
	json 'v["challenge"]["retransmitted"] >= 495 and v["challenge"]["answered"] >= 495')" true
check_eq status_says_it_too "$(weir -j status | json 'v["challenge"]["way"]')" cookie
weir challenge show | sed 's/^/# /'
weir stats show by reason | sed 's/^/# /'
finish
