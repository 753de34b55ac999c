#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A table that is nearly full of established flows, and a flood of random sources: who is known gets
# in, strangers share what fits, the table never fills up. When the daemon dies, all is as before.
. "$(dirname "$0")/lib.sh"
SECONDS_EACH=${E2E_SECONDS:-20}
# each client's connections stay in the table for two minutes
RATE=25
lab_make || bail "can't make the lab"
server "$LAB_OUT" 7000 && server "$LAB_GW" 22 && server "$LAB_IN" 443 || bail "no servers"
# behind the gateway: an address that answers nothing, so that an entry for it lives two minutes
SILENT=25.0.1.3
lab_gw ip neighbour add $SILENT dev lan0 \
	lladdr "$(lab_in ip -o link show dev in0 | sed -n 's/.* link\/ether \([0-9a-f:]*\).*/\1/p')" ||
	bail "can't add a neighbour"
cat >"$TMP/conf" <<-CONF
	mode enforce
	interface wan0 { role outside }
	interface lan0 { role inside }
	pressure { tight above 70%; full above 90%; reserve 1% for tcp port 22, from 25.0.0.13/32 }
CONF
chmod 600 "$TMP/conf"
weir config load "$TMP/conf" || bail "can't load"

# clients NAME NAMESPACE FROM TO PORT RATE LONG: in the background; its result is in $TMP/NAME
clients() {
	background "$2" "$LAB_TOOLS/clients" --from "$3" --to "$4" --port "$5" --rate "$6" --long "$7" \
		--seconds $SECONDS_EACH --deadline 8 --warm "$TMP/begin" --status "$TMP/$1.status" >"$TMP/$1"
}
level() { [ "$(weir -j status | json 'v["pressure"]["in_force"]')" = "$1" ]; }
# pressed: packets dropped for pressure
pressed() { echo $(($(counter pressure drop) + $(counter reserve drop))); }

# who is here already: the hosts inside talk for a while
clients inside "$LAB_IN" "$LAB_HOSTS" "$LAB_SERVERS" 7000 $RATE 40
INSIDE=$LAB_PID
known() { [ "$(counter known)" -gt 500 ]; }
wait_for 20 known || bail "the hosts inside do not talk"
lab_prefill 98 >/dev/null
prefilled=$?
[ $prefilled != 3 ] || { skip pressure "this kernel can't fill the table"; finish; }
[ $prefilled = 0 ] || bail "can't fill the table"

background "$LAB_GW" "$WEIR" -I "$INSTANCE" daemon -f 2>"$TMP/log"
DAEMON=$LAB_PID
check full_is_seen wait_for 5 level full
clients ssh "$LAB_OUT" 25.0.0.12 $LAB_WAN 22 5 0
SSH=$LAB_PID
clients protected "$LAB_OUT" 25.0.0.13 $LAB_WAN 443 5 0
PROTECTED=$LAB_PID
lab_sample
drop=$LAB_DROP early=$LAB_EARLY begin=$LAB_COUNT
background "$LAB_OUT" "$LAB_TOOLS/flood" --dev out0 --mac "$(lab_mac wan0)" --kind syn --to $SILENT/32 \
	--dport 80 --rate 150000 --seconds $((SECONDS_EACH + 40)) >"$TMP/flood"
FLOOD=$LAB_PID
flooded() { [ "$(pressed)" -gt 10000 ]; }
check flood_is_held_back wait_for 10 flooded
touch "$TMP/begin"
wait $INSIDE $SSH $PROTECTED

lab_sample
for who in inside ssh protected; do
	got=$(json 'v["succeeded"]' <"$TMP/$who") wanted=$(json 'v["opened"]' <"$TMP/$who")
	echo "# $who: $got of $wanted connections succeeded"
	check ${who}_gets_in [ "$wanted" -ge $((SECONDS_EACH * 4)) -a $((got * 100)) -ge $((wanted * 99)) ]
done
echo "# table: $begin before, $LAB_COUNT after, of $(lab_max); $(pressed) packets dropped for pressure"
check_eq long_lived_ones_stay "$(json 'v["long_alive"]' <"$TMP/inside")" 40
# the kernel counts an entry that it finds no room for, and one that it throws out to make room
check_eq table_was_never_full "$((LAB_DROP - drop)) $((LAB_EARLY - early))" "0 0"
check some_strangers_get_in [ "$(counter new)" -gt $((SECONDS_EACH * RATE)) ]

# without a daemon nothing is dropped for pressure: the flood goes on, and gets in
kill -KILL $DAEMON
check calm_without_a_daemon wait_for 10 level calm
before=$(pressed)
more() { [ "$(counter new)" -gt $(($1 + 10000)) ]; }
check all_get_in_again wait_for 10 more "$(counter new)"
check_eq nothing_is_dropped_any_more "$(($(pressed) - before))" 0
kill $FLOOD
finish
