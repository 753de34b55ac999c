#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# During a flood of SYNs from random addresses, clients that were never seen before get through to a
# service behind DNAT and to one in a routed prefix, and the flood leaves no entries behind, on a
# gateway whose table is nearly full of established flows.
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

# entries that are no honest client's, and were not there before
entries_of_flood() { lab_gw conntrack -L 2>/dev/null | grep -Evc 'src=45\.|dst=25\.0\.0\.200 '; }

engaged() { [ "$(weir -j challenge show | json 'v["challenge"]["engaged"]')" = true ]; }

# flood PERCENT: of both services at once, while so much of the table is established flows; its
# process id is in FLOOD
flood() {
	lab_flush
	[ "$1" = 0 ] || lab_prefill "$1" >/dev/null || bail "can't fill the table"
	lab_out conntrack -F >/dev/null 2>&1
	lab_start "$LAB_OUT" "$LAB_TOOLS/flood" --dev out0 --mac "$(lab_mac wan0)" --kind syn \
		--to $LAB_WAN --to $LAB_ROUTED --dport 443 --rate 300000 --seconds 30 >"$TMP/flood" 2>&1
	FLOOD=$LAB_PID
	PIDS+=("$FLOOD")
}
# clients_of_both NAME NET: while the flood goes on, and ends it
clients_of_both() {
	clients "$1.dnat" "$2.1" $LAB_WAN &
	clients "$1.routed" "$2.2" $LAB_ROUTED
	wait $!
	kill -INT "$FLOOD" 2>/dev/null
	wait "$FLOOD"
	echo "# $1: $(cat "$TMP/flood")"
	shares "$1.dnat"
	shares "$1.routed"
}
# percent NAME WHAT: of its clients
percent() { echo $((100 * $(of "$1" "$2") / $(of "$1" opened))); }

table_is_full() { [ "$(lab_count)" -ge $(($(lab_max) * 98 / 100)) ]; }

# without_weir NET PERCENT: the same flood, to compare with. Who connects then does so in place of
# others: conntrack evicts what is not established, as long as it finds any nearby.
without_weir() {
	flood "$2"
	# else it is no flood for this gateway, and there is nothing to compare
	check "without_weir_the_table_gets_full_from_$2" wait_for 20 table_is_full
	clients_of_both "without.$2" "$1"
	local to
	for to in dnat routed; do
		echo "# without weir, $2 % established, $to: $(percent "without.$2.$to" succeeded) % connect," \
			"$(percent "without.$2.$to" prompt) % within a second"
	done
}

# under_flood WAY NET
under_flood() {
	local way=$1 sent
	policy "$way" || fail "${way}_policy"
	flood 95
	wait_for 10 engaged || fail "${way}_engages" "$(weir stats show)"
	clients_of_both "$way" "$2"
	sent=$(json 'v["packets"]' <"$TMP/flood")
	for to in dnat routed; do
		check "${way}_${to}_clients_connect" \
			[ "$(percent "$way.$to" succeeded)" -ge 99 ]
	done
	local entries
	entries=$(entries_of_flood)
	echo "# $way: $entries entries of $sent SYNs"
	check "${way}_flood_was_one" [ "$sent" -gt 100000 ]
	# 20 ms worth before it was noticed, and one in 10000
	check "${way}_flood_leaves_no_entries" [ "$entries" -le $((20 + $(nproc) + sent / 10000)) ]
}

without_weir 45.3 0
without_weir 45.4 95
weir link attach dev wan0 role outside driver native || bail "weir does not attach"
under_flood retransmit 45.1
under_flood cookie 45.2
# Linux sends its SYN again at once when it has sent the RST: long before its retransmission is due
for to in dnat routed; do
	check "cookie_${to}_is_faster_than_a_retransmission" \
		[ "$(percent "cookie.$to" prompt)" -ge 50 ]
done
check_eq says_how_many_proved_themselves "$(weir -j challenge show |
	json 'v["challenge"]["retransmitted"] >= 495 and v["challenge"]["answered"] >= 495')" true
check_eq status_says_it_too "$(weir -j status | json 'v["challenge"]["way"]')" cookie
weir challenge show | sed 's/^/# /'
weir stats show by reason | sed 's/^/# /'
finish
