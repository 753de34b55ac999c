# SPDX-License-Identifier: GPL-2.0-only
# A fleet of two gateways with nothing between them but BGP, for tests/e2e/bgp*.sh: the lab's gateway
# ("near", 10.99.0.2) and another one ("far", 10.99.0.1), each with weir and a routing daemon; and an
# offender, who opens one flow after the other through the near one. Source it after lib.sh; it makes
# the lab. RUNS: how often the time from the announcement to the first drop is taken.
: "${RUNS:=3}"
OFFENDER=25.0.0.13 OFFENDER6=2a00:25::13
FAR=weir-$$-far
FLEET_TABLE=

far() { nsenter --net="$LAB_RUN/$FAR" "$@"; }
weir_far() { far "$WEIR" -I "$INSTANCE-far" "$@"; }
fleet_at_exit() {
	[ ! -e "$LAB_RUN/$FAR" ] || weir_far off >/dev/null 2>&1
	e2e_at_exit
}
LAB_AT_EXIT=fleet_at_exit
lab_make && lab_namespace "$FAR" && lab_veth "$FAR" fleet0 "$LAB_GW" fleet0 &&
	lab_veth "$FAR" wan0 "$FAR" far0 &&
	far ip addr add 10.99.0.1/24 dev fleet0 && lab_gw ip addr add 10.99.0.2/24 dev fleet0 &&
	far bash -c 'lab_sysctl net/ipv4/ip_forward 1 net/ipv6/conf/all/forwarding 1' &&
	lab_gw nft add rule inet lab input iifname fleet0 accept || bail "can't make the gateways"

# fleet_namespace far|near; fleet_own, fleet_other far|near: addresses on the wire between them
fleet_namespace() { if [ "$1" = far ]; then echo "$FAR"; else echo "$LAB_GW"; fi; }
fleet_own() { if [ "$1" = far ]; then echo 10.99.0.1; else echo 10.99.0.2; fi; }
fleet_other() { if [ "$1" = far ]; then echo 10.99.0.2; else echo 10.99.0.1; fi; }

some() { [ "$(counter "$1" "${2:-}")" -gt "${3:-0}" ]; }

# fleet_weir TABLE: weir on both, and the offender begins
fleet_weir() {
	FLEET_TABLE=$1
	cat >"$TMP/weir.conf" <<-CONF
		mode enforce
		check { blackhole table $FLEET_TABLE }
		interface wan0 { role outside }
	CONF
	weir config load "$TMP/weir.conf" >/dev/null && weir_far config load "$TMP/weir.conf" >/dev/null ||
		bail "can't load the configuration"
	# opens one flow after the other, until it is ended with the test
	cat >"$TMP/offend.py" <<-PYTHON
		import itertools, socket, sys, time
		for n in itertools.count():
		    six = n % 8 == 0
		    s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
		    s.bind(("$OFFENDER6" if six else "$OFFENDER", 0))
		    try:
		        s.sendto(b"x", ("$LAB_WAN6" if six else "$LAB_WAN", 9))
		    except OSError:
		        pass	# an ICMP error to one of those before
		    s.close()
		    time.sleep(0.002)
	PYTHON
	background "$LAB_OUT" python3 "$TMP/offend.py"
	wait_for 10 some new pass || bail "the offender's packets don't arrive"
	check_eq nothing_is_dropped_yet "$(counter blackhole)" 0
}

# the near gateway's routes to the offender
fleet_routes() {
	lab_gw ip route show table "$FLEET_TABLE" 2>/dev/null | grep "^blackhole $OFFENDER"
	lab_gw ip -6 route show table "$FLEET_TABLE" 2>/dev/null | grep "^blackhole $OFFENDER6"
}
fleet_none() { [ -z "$(fleet_routes)" ]; }
fleet_both() { [ "$(fleet_routes | wc -l)" = 2 ]; }

now_us() { echo $((${EPOCHREALTIME/[.,]/})); }

# from the announcement to the first drop, and back
fleet_announces() {
	local times=() run before start end
	for ((run = 0; run < RUNS; run++)); do
		before=$(counter blackhole drop)
		start=$(now_us)
		weir_far block add $OFFENDER timeout 1h announce || fail announce "block add failed"
		end=$((SECONDS + 10))
		until some blackhole drop "$before"; do [ $SECONDS -lt $end ] || break; done
		times+=($(($(now_us) - start)))
		some blackhole drop "$before" || fail "dropped_on_the_other_gateway_$run" "no drop in 10 s"
		weir_far block del $OFFENDER || fail withdraw "block del failed"
		wait_for 10 fleet_none || fail "withdrawn_$run" "$(fleet_routes)"
	done
	start=$(printf '%s\n' "${times[@]}" | sort -n | sed -n "$(((RUNS + 1) / 2))p")
	echo "# announcement to first drop: median $((start / 1000)) ms of $RUNS runs (the command itself and a look at the counters included)"
	check dropped_on_the_other_gateway [ "$(counter blackhole drop)" -gt 0 ]
}

# known flows, and IPv6; leaves both of the offender's addresses announced
fleet_cuts() {
	background "$LAB_OUT" ping -n -i 0.05 -I $OFFENDER $LAB_WAN >"$TMP/ping"
	wait_for 10 fleet_answered || bail "no answer to the offender's ping"
	weir_far block add $OFFENDER timeout 1h comment bad announce &&
		weir_far block add $OFFENDER6 announce || fail announce "block add failed"
	check known_flows_are_cut wait_for 20 fleet_silent
	check ipv6_too wait_for 10 fleet_both
	wait_for 10 fleet_silent
}
fleet_lines() { wc -l <"$TMP/ping"; }
fleet_answered() { [ "$(fleet_lines)" -gt 5 ]; }
fleet_silent() {
	local before
	before=$(fleet_lines)
	read -r -t 0.5 <&"$E2E_QUIET"
	[ "$(fleet_lines)" = "$before" ]
}

# fleet_survives NAME "PID..." RESTART ESTABLISHED: routing daemons are killed and started again, and
# nothing of the offender passes, until the session is back and as long again
fleet_survives() {
	local name=$1 pids=$2 restart=$3 established=$4 passed dropped pid
	passed=$(counter new pass) dropped=$(counter blackhole drop)
	# shellcheck disable=SC2086  # a list of words
	kill -KILL $pids
	for pid in $pids; do wait_for 5 ended "$pid"; done
	$restart
	wait_for 30 $established || fail "${name}_session_is_back" "$(tail -n 5 "$TMP"/*/log)"
	wait_for 60 some blackhole drop $((dropped + 2000)) || fail "${name}_flood_goes_on" "too few packets"
	check_eq "no_gap_when_the_${name}_restarts" "$(counter new pass)" "$passed"
}

# fleet_ends SECONDS: what the far gateway announced is taken back
fleet_ends() {
	weir_far off || fail off "weir off failed"
	check off_takes_back_what_was_announced wait_for "$1" fleet_none
}
