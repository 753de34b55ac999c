#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a packet of a bypassed UDP service costs, beside one that is tracked, and beside a plain nft
# notrack rule: the same generator towards the same port, faster than any of them, in turns, so that
# noise meets all alike. Prints the median of ROUNDS turns in ns for each packet that arrived.
. "$(dirname "$0")/../e2e/lib.sh"
ROUNDS=${ROUNDS:-5} LENGTH=${LENGTH:-2}
lab_make || bail "can't make the lab"
lab_gw nft -f - <<-RULES
flush ruleset
table inet service {
	counter arrived { }
	chain input {
		type filter hook input priority filter; policy accept;
		udp dport 5353 counter name arrived drop
	}
	chain asks {
		type filter hook prerouting priority 0; policy accept;
		ct state invalid drop
	}
}
RULES
# one turn: ns a packet
turn() {
	lab_flush
	# a second for a policy that has just come into force
	lab_flood --kind udp --to $LAB_WAN --dport 5353 --from 25.0.0.10 --rate 0 --seconds 1 >/dev/null || return
	lab_gw nft reset counters >/dev/null
	lab_flood --kind udp --to $LAB_WAN --dport 5353 --from 25.0.0.10 --rate 0 --seconds "$LENGTH" \
		>"$TMP/flood" || return
	lab_gw nft list counter inet service arrived |
		awk -v seconds="$LENGTH" '$1 == "packets" { printf "%.0f\n", seconds * 1e9 / $2 }'
}
tracked() { :; }
nft_rule() {
	lab_gw nft -f - <<-RULES
	table inet plain {
		chain prerouting {
			type filter hook prerouting priority raw; policy accept;
			udp dport 5353 notrack
		}
	}
	RULES
}
nft_rule_end() { lab_gw nft delete table inet plain; }
weir_native() { weir_on native; }
weir_tc() { weir_on tc; }
weir_on() {
	weir link attach dev wan0 role outside driver "$1" >/dev/null &&
		weir mode enforce && weir bypass add udp port 5353 to $LAB_WAN 2>/dev/null
}
weir_native_end() { weir off; }
weir_tc_end() { weir off; }
tracked_end() { :; }
for round in $(seq "$ROUNDS"); do
	for way in tracked nft_rule weir_native weir_tc; do
		$way || bail "$way does not work"
		turn >>"$TMP/$way"
		${way}_end
	done
done
for way in tracked nft_rule weir_native weir_tc; do
	printf '%-12s %s ns a packet\n' $way "$(sort -n "$TMP/$way" | sed -n "$(((ROUNDS + 1) / 2))p")"
done
