#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The routing table is the block list: two gateways, each with BIRD as packaging/examples/bird2.conf
# has it. An offender that is blocked on one is dropped on the other, with nothing between them but
# BGP; it stays dropped while a BIRD is killed and starts again; and what ends there ends here.
# RUNS: how often the time from the announcement to the first drop is taken.
. "$(dirname "$0")/lib.sh"
: "${RUNS:=3}"
OFFENDER=25.0.0.13 OFFENDER6=2a00:25::13
if ! command -v bird >/dev/null || ! command -v birdc >/dev/null; then
	skip bgp "needs bird2"
	finish
fi
lab_make || bail "can't make the lab"

# ---- the other gateway -----------------------------------------------------------------------

FAR=weir-$$-far
far() { nsenter --net="$LAB_RUN/$FAR" "$@"; }
weir_far() { far "$WEIR" -I "$INSTANCE-far" "$@"; }
bgp_at_exit() {
	[ ! -e "$LAB_RUN/$FAR" ] || weir_far off >/dev/null 2>&1
	e2e_at_exit
}
LAB_AT_EXIT=bgp_at_exit
lab_namespace "$FAR" && lab_veth "$FAR" fleet0 "$LAB_GW" fleet0 && lab_veth "$FAR" wan0 "$FAR" far0 &&
	far ip addr add 10.99.0.1/24 dev fleet0 && lab_gw ip addr add 10.99.0.2/24 dev fleet0 &&
	far bash -c 'lab_sysctl net/ipv4/ip_forward 1 net/ipv6/conf/all/forwarding 1' &&
	lab_gw nft add rule inet lab input iifname fleet0 accept || bail "can't make the other gateway"

for who in far near; do
	mkdir "$TMP/$who"
	own=10.99.0.1 other=10.99.0.2
	[ $who = far ] || { own=10.99.0.2 other=10.99.0.1; }
	sed "s/^router id .*/router id $own;/; s/neighbor [0-9.]*/neighbor $other/; s/^log .*/log stderr all;/" \
		packaging/examples/bird2.conf >"$TMP/$who/conf"
done
# start_bird far|near: with graceful restart recovery (-R), as the example says; process id in LAB_PID
start_bird() {
	local ns=$FAR
	[ "$1" = far ] || ns=$LAB_GW
	background "$ns" bird -R -f -c "$TMP/$1/conf" -s "$TMP/$1/control" 2>>"$TMP/$1/log"
}
established() { birdc -s "$TMP/$1/control" show protocols gw2 | grep -q Established; }
start_bird far; BIRD_FAR=$LAB_PID
start_bird near; BIRD_NEAR=$LAB_PID
wait_for 20 established near || bail "no BGP session: $(tail -n 5 "$TMP"/*/log)"

# ---- both with weir --------------------------------------------------------------------------

cat >"$TMP/weir.conf" <<-CONF
	mode enforce
	check { blackhole table 666 }
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
some() { [ "$(counter "$1" "${2:-}")" -gt "${3:-0}" ]; }
wait_for 10 some new pass || bail "the offender's packets don't arrive"
check_eq nothing_is_dropped_yet "$(counter blackhole)" 0

# ---- from the announcement to the first drop -------------------------------------------------

routes() { lab_gw ip route show table 666 2>/dev/null | grep -c blackhole; }
gone() { [ "$(routes)" = 0 ]; }
now_us() { echo $((${EPOCHREALTIME/[.,]/})); }
times=()
for ((run = 0; run < RUNS; run++)); do
	before=$(counter blackhole drop)
	start=$(now_us)
	weir_far block add $OFFENDER timeout 1h announce || fail announce "block add failed"
	end=$((SECONDS + 10))
	until some blackhole drop "$before"; do [ $SECONDS -lt $end ] || break; done
	times+=($(($(now_us) - start)))
	some blackhole drop "$before" || fail "dropped_on_the_other_gateway_$run" "no drop in 10 s"
	weir_far block del $OFFENDER || fail withdraw "block del failed"
	wait_for 10 gone || fail "withdrawn_$run" "$(lab_gw ip route show table 666)"
done
median=$(printf '%s\n' "${times[@]}" | sort -n | sed -n "$(((RUNS + 1) / 2))p")
echo "# announcement to first drop: median $((median / 1000)) ms of $RUNS runs (the command itself and a look at the counters included)"
check dropped_on_the_other_gateway [ "$(counter blackhole drop)" -gt 0 ]

# ---- known flows, IPv6 -----------------------------------------------------------------------

background "$LAB_OUT" ping -n -i 0.05 -I $OFFENDER $LAB_WAN >"$TMP/ping"
lines() { wc -l <"$TMP/ping"; }
answered() { [ "$(lines)" -gt 5 ]; }
wait_for 10 answered || bail "no answer to the offender's ping"
weir_far block add $OFFENDER timeout 1h comment bad announce && weir_far block add $OFFENDER6 announce ||
	fail announce "block add failed"
silent() {
	local before
	before=$(lines)
	read -r -t 0.5 <&"$E2E_QUIET"
	[ "$(lines)" = "$before" ]
}
check known_flows_are_cut wait_for 5 silent
has6() { lab_gw ip -6 route show table 666 | grep -q "blackhole $OFFENDER6"; }
check ipv6_too wait_for 10 has6

# ---- a BIRD that dies leaves no gap ----------------------------------------------------------

wait_for 10 silent
for who in near far; do
	pid=$BIRD_NEAR
	[ $who = near ] || pid=$BIRD_FAR
	passed=$(counter new pass) dropped=$(counter blackhole drop)
	kill -KILL "$pid"
	wait_for 5 ended "$pid"
	start_bird $who
	wait_for 30 established $who || fail "${who}_session_is_back" "$(tail -n 5 "$TMP/$who/log")"
	# and as long again, for what comes behind the session
	wait_for 60 some blackhole drop $((dropped + 2000)) || fail "${who}_flood_goes_on" "too few packets"
	check_eq "no_gap_when_the_${who}_bird_restarts" "$(counter new pass)" "$passed"
done

# ---- the end ---------------------------------------------------------------------------------

weir_far off || fail off "weir off failed"
check off_takes_back_what_was_announced wait_for 10 gone
finish
