#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The routing table is the block list: two gateways, each with BIRD as packaging/examples/bird2.conf
# has it. An offender that is blocked on one is dropped on the other, with nothing between them but
# BGP; it stays dropped while a BIRD is killed and starts again; and what ends there ends here.
. "$(dirname "$0")/lib.sh"
if ! command -v bird >/dev/null || ! command -v birdc >/dev/null; then
	skip bgp "needs bird2"
	finish
fi
. tests/lab/fleet.sh

for who in far near; do
	mkdir "$TMP/$who"
	sed "s/^router id .*/router id $(fleet_own $who);/; s/neighbor [0-9.]*/neighbor $(fleet_other $who)/;
		s/^log .*/log stderr all;/" packaging/examples/bird2.conf >"$TMP/$who/conf"
done
# start_bird far|near: with graceful restart recovery (-R), as the example says; process id in LAB_PID
start_bird() {
	background "$(fleet_namespace "$1")" bird -R -f -c "$TMP/$1/conf" -s "$TMP/$1/control" 2>>"$TMP/$1/log"
}
established() { birdc -s "$TMP/$1/control" show protocols gw2 | grep -q Established; }
start_bird far; BIRD_FAR=$LAB_PID
start_bird near; BIRD_NEAR=$LAB_PID
wait_for 20 established near || bail "no BGP session: $(tail -n 5 "$TMP"/*/log)"

fleet_weir 666
fleet_announces
fleet_cuts
fleet_survives near_bird "$BIRD_NEAR" "start_bird near" "established near"
fleet_survives far_bird "$BIRD_FAR" "start_bird far" "established far"
fleet_ends 10
finish
