#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# During a flood of SYNs from random addresses, clients that were never seen before get through to a
# service behind DNAT and to one in a routed prefix, and the flood leaves no entries behind, on a
# gateway whose table is nearly full of established flows; with IPv4 and with IPv6.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"

# the honest: an address each, routed to the outside as the rest of the Internet is
lab_out ip route add local 45.0.0.0/8 dev lo && lab_out ip route add local 2a00:45::/32 dev lo ||
	bail "no addresses for clients"
lab_out bash -c 'lab_sysctl net/ipv6/ip_nonlocal_bind 1'
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
# whoever the spoofed addresses belong to is elsewhere: answers to them are no work for this machine
lab_out nft -f - <<-RULES || bail "no elsewhere"
	table netdev elsewhere {
		chain in {
			type filter hook ingress device "out0" priority filter; policy accept;
			tcp flags & (syn | ack) == syn | ack ip daddr != 45.0.0.0/8 drop
			tcp flags & (syn | ack) == syn | ack ip6 daddr != 2a00:45::/32 drop
		}
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

# clients NAME ADDRESSES TO: 250 clients in 5 s, each with an address of its own, and with IPv6 a /64
# of its own (ADDRESSES has a %s for its number); JSON in $TMP/NAME
clients() {
	local from
	# shellcheck disable=SC2059  # it is a format
	from=$(printf "$2," {1..251})
	lab_out "$LAB_TOOLS/clients" --from "${from%,}" --to "$3" --port 443 \
		--rate 50 --seconds 5 --deadline 8 >"$TMP/$1"
}
of() { json "v['$2']" <"$TMP/$1"; }
# shares NAME: what came of them, for who reads the output
shares() { echo "# $1: $(cat "$TMP/$1")"; }

# entries that are no honest client's, and were not there before
entries_of_flood() { lab_gw conntrack -L 2>/dev/null | grep -Evc 'src=(45\.|2a00:45:)|dst=25\.0\.0\.200 '; }

engaged() { [ "$(weir -j challenge show | json 'v["challenge"]["engaged"]')" = true ]; }

# family 4|6: of the flood and the clients
family() {
	FAMILY=$1 WAN=$LAB_WAN ROUTED=$LAB_ROUTED
	[ "$1" = 4 ] || WAN=$LAB_WAN6 ROUTED=$LAB_ROUTED6
}
# addresses NET SERVICE: of clients
addresses() { if [ "$FAMILY" = 4 ]; then echo "$1.$2.%s"; else echo "2a00:45:${1#*.}$2:%s::1"; fi; }

# flood PERCENT: of both services at once, while so much of the table is established flows; its
# process id is in FLOOD
flood() {
	lab_flush
	[ "$1" = 0 ] || lab_prefill "$1" >/dev/null || bail "can't fill the table"
	lab_out conntrack -F >/dev/null 2>&1
	lab_start "$LAB_OUT" "$LAB_TOOLS/flood" --dev out0 --mac "$(lab_mac wan0)" --kind syn \
		--to "$WAN" --to "$ROUTED" --dport 443 --rate 100000 --seconds 30 >"$TMP/flood" 2>&1
	FLOOD=$LAB_PID
	PIDS+=("$FLOOD")
}
# clients_of_both NAME NET: while the flood goes on, and ends it
clients_of_both() {
	clients "$1.dnat" "$(addresses "$2" 1)" "$WAN" &
	clients "$1.routed" "$(addresses "$2" 2)" "$ROUTED"
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

# under_flood WAY NET: with the family of now
under_flood() {
	local way=$1 name=$1.$FAMILY sent
	policy "$way" || fail "${way}_policy"
	flood 95
	wait_for 10 engaged || fail "${name}_engages" "$(weir stats show)"
	clients_of_both "$name" "$2"
	sent=$(json 'v["packets"]' <"$TMP/flood")
	for to in dnat routed; do
		check "${name}_${to}_clients_connect" \
			[ "$(percent "$name.$to" succeeded)" -ge 99 ]
	done
	local entries
	entries=$(entries_of_flood)
	echo "# $name: $entries entries of $sent SYNs"
	check "${name}_flood_was_one" [ "$sent" -gt 100000 ]
	# 20 ms worth before it was noticed, and one in 10000
	check "${name}_flood_leaves_no_entries" [ "$entries" -le $((20 + $(nproc) + sent / 10000)) ]
}

family 4
without_weir 45.3 0
without_weir 45.4 95
weir link attach dev wan0 role outside driver native || bail "weir does not attach"
under_flood retransmit 45.1
under_flood cookie 45.2
family 6
under_flood retransmit 45.5
under_flood cookie 45.6
# Linux sends its SYN again at once when it has sent the RST: long before its retransmission is due
for to in 4.dnat 4.routed 6.dnat 6.routed; do
	check "cookie.${to}_is_faster_than_a_retransmission" \
		[ "$(percent "cookie.$to" prompt)" -ge 50 ]
done
check_eq says_how_many_proved_themselves "$(weir -j challenge show |
	json 'v["challenge"]["retransmitted"] >= 990 and v["challenge"]["answered"] >= 990')" true
check_eq status_says_it_too "$(weir -j status | json 'v["challenge"]["way"]')" cookie
weir challenge show | sed 's/^/# /'
weir stats show by reason | sed 's/^/# /'
finish
