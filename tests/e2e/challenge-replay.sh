#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Who sends each spoofed SYN a second time, a second later, does what a real stack does, and no
# challenge tells the two apart: then limits hold. The same flood is played two times a second
# apart, and a third time when its sources count as proven.
. "$(dirname "$0")/lib.sh"
SYNS=30000 RATE=20000 LIMIT=200
lab_make || bail "can't make the lab"
server "$LAB_IN" 443 || bail "no service"
server "$LAB_OUT" 80 || bail "no service outside"
weir link attach dev wan0 role outside driver native || bail "weir does not attach"
weir link attach dev lan0 role inside driver native || bail "weir does not attach"
MAC=$(lab_mac wan0)

# play: the same SYNs each time, from random addresses
play() {
	background "$LAB_OUT" "$LAB_TOOLS/flood" --dev out0 --mac "$MAC" --kind syn --to $LAB_WAN --to $LAB_ROUTED \
		--dport 443 --rate $RATE --count $SYNS --seconds 20 --seed 20261121 >>"$TMP/$1"
}
arrived() { [ $(($(lab_received wan0) - $1)) -ge "$2" ]; }
retransmitted() { weir -j challenge show | json 'v["challenge"]["retransmitted"]'; }

# replayed NAME LIMITS: the entries that were left are in ENTRIES, how long it took in MS
replayed() {
	local begin start proved pids=()
	cat >"$TMP/weir.conf" <<-CONF
		mode enforce
		interface wan0 { role outside; driver native }
		interface lan0 { role inside; driver native }
		challenge { syn retransmit; engage above 500/second unproven }
		$2
	CONF
	chmod 600 "$TMP/weir.conf"
	weir config load "$TMP/weir.conf" >"$TMP/error" 2>&1 || bail "no policy: $(cat "$TMP/error")"
	lab_flush
	proved=$(retransmitted) begin=$(lab_received wan0) start=${EPOCHREALTIME/./}
	play "$1" && pids+=("$LAB_PID")
	wait_for 10 arrived "$begin" $((RATE * 12 / 10)) || fail "$1_first_play"
	play "$1" && pids+=("$LAB_PID")
	wait "${pids[@]}"
	PROVED=$(($(retransmitted) - proved))
	play "$1"
	# the hosts inside do their work meanwhile
	lab_in "$LAB_TOOLS/clients" --from $LAB_HOSTS --to $LAB_SERVERS --port 80 --rate 100 --seconds 2 >"$TMP/$1.inside"
	wait "$LAB_PID"
	ENTRIES=$(lab_gw conntrack -L -p tcp --dport 443 2>/dev/null | wc -l)
	MS=$(((${EPOCHREALTIME/./} - start) / 1000))
	echo "# $1: 3 x $SYNS SYNs, $PROVED came again in time, $ENTRIES entries after $MS ms"
	check "$1_flood_was_one" [ "$(grep -c "\"packets\": $SYNS," "$TMP/$1")" = 3 ]
	check_eq "$1_inside_is_served" "$(json 'v["succeeded"] >= 0.99 * v["opened"]' <"$TMP/$1.inside")" true
}

# else nothing is shown: the challenge alone lets it through
replayed challenge_alone ""
check challenge_alone_is_passed [ "$PROVED" -gt $((SYNS / 2)) ]
check challenge_alone_leaves_entries [ "$ENTRIES" -gt $((SYNS / 2)) ]

weir off
weir link attach dev wan0 role outside driver native && weir link attach dev lan0 role inside driver native ||
	bail "weir does not attach again"
replayed with_limit "limit new-flows { from outside total $LIMIT/second burst $LIMIT }"
check with_limit_challenge_is_passed [ "$PROVED" -gt $((SYNS / 2)) ]
check with_limit_entries_are_bounded [ "$ENTRIES" -le $((LIMIT + LIMIT * (MS + 1000) / 1000)) ]
weir stats show by reason | sed 's/^/# /'
finish
