#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the kernel's routes say of a source is remembered while the daemon runs, and forgotten when they
# change: whoever gets a route is let in, whoever loses it is kept out, and a route to a part of a block
# holds for that part alone.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"
lab_gw ip route del default
lab_gw ip route add 20.0.0.0/8 via 25.0.0.254 || bail "can't set the routes"
cat >"$TMP/weir.conf" <<-CONF
	mode enforce
	check { martians drop; urpf loose; blackhole drop }
	interface wan0 { role outside }
CONF
weir config load "$TMP/weir.conf" >/dev/null || bail "can't load the configuration"
PINS=$(echo /run/weir/bpf/"$INSTANCE"/v*)

# generation: that is published; 0: nothing is remembered
generation() {
	lab_gw bpftool -j map dump pinned "$PINS/routes" | json 'int.from_bytes(bytes(int(b, 16) for b in v[0]["value"][8200:8204]), "little")'
}
remembers() { [ "$(generation)" -gt 0 ]; }
remembers_nothing() { [ "$(generation)" = 0 ]; }
# remembers_since GENERATION: a later one
remembers_since() { [ "$(generation)" -gt "$1" ]; }

# from NAME ADDRESS REASON: 100 SYNs of that source are counted as that; now and then two are of one flow,
# and the second is known
from() {
	local before
	before=$(counted_as "$3")
	lab_flood --kind syn --from "$2" --to $LAB_WAN --dport 443 --count 100 --rate 0 >"$TMP/flood" ||
		fail "$1" "$(cat "$TMP/flood")"
	check_eq "$1" $(($(counted_as "$3") - before)) "$(json 'v["packets"]' <"$TMP/flood")"
}
# counted_as REASON: of what came from outside
counted_as() {
	weir -j stats show | json 'sum(r["packets"] for r in v if r["dev"] == "wan0" and r["reason"] in '"$(
		[ "$1" = new ] && echo '("new", "known")' || echo "(\"$1\",)")"')'
}
# change COMMAND...: of the routes; returns when the datapath has been told
change() {
	local before
	before=$(generation)
	lab_gw "$@" || bail "$* does not work"
	wait_for 5 remembers_since "$before" || fail "told: $*" "the generation is still $before"
}

check_eq without_a_daemon_nothing_is_remembered "$(generation)" 0
background "$LAB_GW" "$WEIR" -I "$INSTANCE" daemon -f 2>"$TMP/daemon"
daemon=$LAB_PID
check with_a_daemon_it_is wait_for 10 remembers

from routed 20.1.2.3 new
from unrouted 31.1.2.3 urpf
change ip route add 31.1.0.0/16 via 25.0.0.254
from gets_a_route 31.1.2.3 new
from its_neighbour_does_not 31.2.2.3 urpf
change ip route add blackhole 31.1.2.66
from part_of_a_block 31.1.2.66 blackhole
from rest_of_the_block 31.1.2.67 new
change ip route del blackhole 31.1.2.66
from part_is_let_in_again 31.1.2.66 new
change ip route del 31.1.0.0/16
from loses_its_route 31.1.2.3 urpf
change ip link set lan0 down
change ip link set lan0 up
from others_go_on 20.1.2.3 new

# ---- a device that comes or goes takes its answers with it -----------------------------------

before=$(generation)
weir link attach dev lan0 role inside >/dev/null || fail attach "is refused"
check devices_change wait_for 5 remembers_since "$before"
from device_is_the_same 31.1.2.3 urpf

# ---- rules that look at more than a source's address -----------------------------------------

lab_gw ip rule add from 9.9.9.9 lookup main || bail "can't add a rule"
check rule_ends_it wait_for 5 remembers_nothing
from rule_or_not 31.1.2.3 urpf
lab_gw ip rule del from 9.9.9.9
check without_the_rule_again wait_for 20 remembers

# ---- nobody tells any more -------------------------------------------------------------------

kill "$daemon"
wait_for 5 ended "$daemon"
check_eq daemon_ends_it "$(generation)" 0
lab_gw ip route add 31.1.0.0/16 via 25.0.0.254
from then_the_kernel_is_asked 31.1.2.3 new
finish
