#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A packet of a flow that conntrack knows is never counted as new and never dropped, while a flood
# that is dropped almost whole passes beside it: each packet of the flood is accounted for, and so
# is each packet of the stream.
. "$(dirname "$0")/lib.sh"
if [ ! -x "$WEIR" ]; then
	skip known_flow "weir is not built"
	finish
fi
command -v iperf3 >/dev/null || { skip known_flow "needs iperf3"; finish; }
lab_make || bail "can't make the lab"
background "$LAB_OUT" iperf3 -s -p 5201 >"$TMP/iperf.server"
listens() { lab_out ss -Hltn "sport = :5201" | grep -q .; }
wait_for 10 listens || bail "iperf3 does not listen"

# stream NAME SECONDS ARGUMENT...: beside the shell, through the masquerade; JSON in $TMP/NAME
stream() {
	local out=$TMP/$1 seconds=$2
	shift 2
	background "$LAB_IN" iperf3 -c 25.0.0.10 -p 5201 -t "$seconds" -J "$@" >"$out"
	STREAM=$LAB_PID
	wait_for 10 has_flows || bail "the stream does not start"
}
# the control connection and the data connection, both with an answer
has_flows() { [ "$(lab_gw conntrack -L -p tcp --dport 5201 2>/dev/null | grep -c ASSURED)" -ge 2 ]; }

# under_flood NAME RATE COUNT ARGUMENT...: attaches in the middle of a stream, floods, waits for both
under_flood() {
	local name=$1 rate=$2 count=$3 sent known other
	shift 3
	lab_flush
	stream "$name" 8 "$@"
	weir link attach dev wan0 role outside driver native || bail "can't attach"
	weir limit add total 5/second burst 5 || bail "can't limit"
	weir mode enforce || bail "can't enforce"
	lab_flood --kind udp,syn --to $LAB_WAN --dport 443 --rate "$rate" --count "$count" >"$TMP/flood"
	sent=$(json 'v["packets"]' <"$TMP/flood")
	wait "$STREAM"
	check_eq "${name}_ends_well" $? 0
	check_eq "${name}_moved_data" "$(json 'v["end"]["sum_received"]["bytes"] > 1 << 20' <"$TMP/$name")" true
	known=$(counter known pass)
	other=$(($(counter new pass) + $(counted drop)))
	check "${name}_is_known" [ "$known" -gt 50 ]
	# every packet of the stream that meets weir comes from the server: had one opened a flow, or
	# been refused one, the server would be a source; had one been dropped, there were other drops
	check_exit "${name}_server_never_opens_a_flow" 4 weir source get 25.0.0.10
	check_eq "${name}_only_the_limit_drops" "$(counted drop)" "$(counter rate-total drop)"
	# the wire may lose some of the flood, and adds none
	check "${name}_only_the_flood_is_judged" [ "$other" -le "$sent" ]
	check "${name}_flood_is_dropped" [ "$(counted drop)" -gt $((sent * 9 / 10)) ]
	weir off || fail "${name}_off" "weir off failed"
}

under_flood download 20000 40000 --reverse
under_flood upload 20000 40000
finish
