#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# PPPoE: the session's device has no Ethernet header and is judged at tc; on the wire below it, XDP
# finds the packets in the frames of the session.
. "$(dirname "$0")/lib.sh"
[ -x "$WEIR" ] || { skip pppoe "weir is not built"; finish; }
modprobe -q pppoe 2>/dev/null
[ -e /dev/ppp ] || { skip pppoe "this kernel has no PPPoE"; finish; }
lab_make || bail "can't make the lab"

# session NAMESPACE DEV PEER ADDRESS PEER_ADDRESS: PPP is the name of its device
session() {
	local out=$TMP/session.$1
	background "$1" "$LAB_TOOLS/pppoe" "$2" "$3" 7 >"$out" 2>&1
	wait_for 10 test -s "$out" || return
	PPP=$(cat "$out")
	nsenter --net="$LAB_RUN/$1" ip address add "$4" peer "$5" dev "$PPP" &&
		nsenter --net="$LAB_RUN/$1" ip link set "$PPP" up
}
session "$LAB_OUT" out0 "$(lab_mac wan0)" 25.0.7.2 25.0.7.1 || bail "no session: $(cat "$TMP"/session.*)"
mac=$(lab_out ip link show dev out0 | awk '/link\/ether/ { print $2 }')
session "$LAB_GW" wan0 "$mac" 25.0.7.1 25.0.7.2 || bail "no session: $(cat "$TMP"/session.*)"
echoes() { lab_out ping -q -c 5 -i 0.2 -W 1 25.0.7.1 >/dev/null; }
wait_for 10 lab_out ping -q -c 1 -W 1 25.0.7.1 || bail "the session does not work"

weir link attach dev "$PPP" role outside >"$TMP/said" || bail "can't attach: $(cat "$TMP/said")"
weir link attach dev "$PPP" >"$TMP/said"
check auto_takes_tc grep -q '^driver: tc' "$TMP/said"
check auto_says_why grep -q 'no Ethernet header' "$TMP/said"
weir mode enforce || bail "can't enforce"
check passes echoes
weir block add 25.0.7.2 || bail "can't block"
echoes
check_eq blocked_on_the_session "$(counter blocked drop)" 5

weir link detach dev "$PPP"
weir link attach dev wan0 role outside driver native || bail "can't attach"
before=$(counter blocked drop)
echoes
check_eq blocked_on_the_wire $(($(counter blocked drop) - before)) 5
weir block del 25.0.7.2
check passes_on_the_wire echoes
finish
