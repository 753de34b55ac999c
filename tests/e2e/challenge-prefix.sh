#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A flood of SYNs against the prefix of one customer challenges strangers to that prefix alone:
# clients that were never seen before connect to the other service with their first SYN, and to the
# flooded one after a challenge. It ends by itself when the flood does. Each service is flooded once:
# the routed one while the one behind DNAT is calm, and the other way round.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"
lab_out ip route add local 45.0.0.0/8 dev lo || bail "no addresses for clients"
server "$LAB_IN" 443 || bail "no service"
ROUTED_NET=25.0.1.0/28 WAN_NET=$LAB_WAN

policy() {
	cat >"$TMP/weir.conf" <<-CONF
		mode enforce
		interface wan0 { role outside; driver native }
		challenge {
			syn retransmit
			engage above 20000/second unproven
			engage to $ROUTED_NET above 2000/second unproven
			engage to $WAN_NET above 2000/second unproven
		}
	CONF
	chmod 600 "$TMP/weir.conf"
	weir config load "$TMP/weir.conf"
}

# clients NAME NET TO: 150 clients in 3 s, each with an address of its own; JSON in $TMP/NAME
clients() {
	lab_out "$LAB_TOOLS/clients" --from "$(printf "$2.%s," {1..150})$2.151" --to "$3" --port 443 \
		--rate 50 --seconds 3 --deadline 8 >"$TMP/$1"
	echo "# $1: $(cat "$TMP/$1")"
}
# percent NAME WHAT: of its clients
percent() { json "100 * v['$2'] // v['opened']" <"$TMP/$1"; }
# rate OF FIELD: what is told of a rate, "everywhere" or of a prefix
rate() { weir -j challenge show | json "[r for r in v['challenge']['rates'] if r['to'] == '$1'][0]['$2']"; }
engaged() { [ "$(rate "$1" engaged_for)" != null ]; }
calm() { ! engaged "$1"; }
challenged() { weir -j challenge show | json "v['challenge']['challenged']"; }

# one_flooded NAME FLOODED ITS_NET CALM ITS_NET CLIENTS
one_flooded() {
	local before
	lab_flush
	lab_start "$LAB_OUT" "$LAB_TOOLS/flood" --dev out0 --mac "$MAC" --kind syn --to "$2" --dport 443 \
		--rate 50000 --seconds 90 >"$TMP/flood"
	local flood=$LAB_PID
	PIDS+=("$flood")
	check "$1_flood_engages" wait_for 10 engaged "$3"
	clients "$1.calm" "$6.1" "$4"
	clients "$1.flooded" "$6.2" "$2"
	check "$1_everywhere_stays_calm" calm everywhere
	check "$1_the_other_stays_calm" calm "$5"
	check_eq "$1_engaged_by" "$(weir -j status | json 'v["challenge"]["engaged_by"]')" destination
	check "$1_flood_went_on" kill -0 "$flood"
	kill -INT "$flood"
	wait "$flood"
	echo "# $1: $(cat "$TMP/flood")"
	# a client that waits for its retransmission takes a second at least
	check "$1_clients_of_the_other_connect_at_once" [ "$(percent "$1.calm" prompt)" -ge 99 ]
	check "$1_clients_of_the_flooded_one_connect" [ "$(percent "$1.flooded" succeeded)" -ge 99 ]
	check_eq "$1_after_a_challenge" "$(percent "$1.flooded" prompt)" 0
	# what 20 ms of the rate are, a batch of each CPU, and spoofed SYNs by chance
	check "$1_nothing_but_the_clients_left_entries" \
		[ "$(lab_gw conntrack -L 2>/dev/null | grep -vc 'src=45\.')" -le $((60 + $(nproc))) ]
}

policy || bail "no policy"
MAC=$(lab_mac wan0)
one_flooded routed $LAB_ROUTED $ROUTED_NET $LAB_WAN $WAN_NET 45.1
weir challenge show | sed 's/^/# /'
# a load keeps what is engaged
policy
check a_load_forgets_nothing engaged $ROUTED_NET
check ends_by_itself wait_for 20 calm $ROUTED_NET
before=$(challenged)
clients calm 45.3 $LAB_ROUTED
check calm_nobody_is_challenged [ "$(challenged)" = "$before" ]
one_flooded dnat $LAB_WAN $LAB_WAN $LAB_ROUTED $ROUTED_NET 45.4
check_eq counts_how_often "$(rate $ROUTED_NET times) $(rate $WAN_NET times) $(rate everywhere times)" "1 1 0"
finish
