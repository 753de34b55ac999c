#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Sources that can't be there never reach conntrack: martians, inside addresses from outside, sources
# that nothing leads to, and inside hosts that borrow addresses. Each packet is dropped for its own
# reason and none makes an entry, where without weir each one does.
. "$(dirname "$0")/lib.sh"
COUNT=10000 TO=$LAB_WAN
lab_make || bail "can't make the lab"
# a gateway that knows where its peers are, instead of a default route for everything
printf 'route %s\n' 'del default' 'add 20.0.0.0/8 via 25.0.0.254' | lab_gw ip -batch - ||
	bail "can't set the routes"

# spoof outside|inside SOURCES...: COUNT packets to a service that the gateway forwards
spoof() {
	local side=$1 from=() p
	shift
	for p; do from+=(--from "$p"); done
	if [ $side = outside ]; then
		lab_flood --kind udp --to "$TO" --dport 443 "${from[@]}" --rate 10000 --count $COUNT
	else
		lab_in "$LAB_TOOLS/flood" --dev in0 --mac "$(lab_mac lan0)" --kind udp \
			--to 25.0.0.10 --dport 53 "${from[@]}" --rate 10000 --count $COUNT
	fi >"$TMP/flood" || fail flood "$(cat "$TMP/flood")"
}

# ---- without weir, each of them is a flow ----------------------------------------------------

lab_flush
spoof outside 31.0.0.0/8
check without_weir_they_are_flows [ "$(lab_count)" -gt $((COUNT / 4)) ]

# ---- with it ---------------------------------------------------------------------------------

cat >"$TMP/weir.conf" <<-CONF
	mode enforce
	check { martians drop; urpf loose }
	interface wan0 { role outside }
	interface lan0 { role inside; urpf strict; sources { 10.77.0.0/24, fd77::/64, 25.0.1.0/28 } }
CONF
weir config load "$TMP/weir.conf" >/dev/null || bail "can't load the configuration"

some_known() { [ "$(counter known pass)" -gt "$1" ]; }

# class NAME REASON outside|inside SOURCES...
class() {
	local name=$1 reason=$2 before sent
	shift 2
	lab_flush
	before=$(counter "$reason" drop)
	spoof "$@"
	sent=$(json 'v["packets"]' <"$TMP/flood")
	check_eq "${name}_are_dropped" $(($(counter "$reason" drop) - before)) "$sent"
	check_eq "${name}_make_no_entry" "$(lab_count)" 0
}
class martians martian outside 127.0.0.0/8 10.200.0.0/16 192.168.0.0/16 240.0.0.0/4 0.0.0.0/8
TO=$LAB_ROUTED
class own_addresses martian outside $LAB_WAN/32 25.0.0.255/32
TO=$LAB_WAN
class inside_addresses wrong-side outside 25.0.1.0/28
class unroutable urpf outside 31.0.0.0/8
class borrowed_by_inside_hosts wrong-side inside 20.5.0.0/16 25.0.9.0/24

# the honest still get through
lab_flush
spoof outside 20.5.0.0/16
check routable_sources_pass [ "$(lab_count)" -gt $((COUNT / 4)) ]
lab_flush
spoof inside 10.77.0.10/32
check inside_hosts_pass [ "$(lab_count)" -gt 1000 ]

# ---- known flows are not asked, and a blackhole cuts them all the same ------------------------

lab_flush
background "$LAB_OUT" ping -n -i 0.05 -I 25.0.0.11 $LAB_WAN >"$TMP/ping"
answers() { grep -c 'bytes from' "$TMP/ping"; }
more() { [ "$(answers)" -gt "$1" ]; }
wait_for 10 more 5 || bail "no answer to a ping"
cat >>"$TMP/weir.conf" <<-CONF
	check { martians drop; urpf loose; blackhole table 666 }
CONF
sed -i '2d' "$TMP/weir.conf"
weir config load "$TMP/weir.conf" >/dev/null || bail "can't load the configuration again"
wait_for 10 more $(($(answers) + 5))
check_eq known_flows_pass $? 0
lab_gw ip route add blackhole 25.0.0.11 table 666
silent() {
	local before
	before=$(answers)
	read -r -t 0.5 <&"$E2E_QUIET"
	[ "$(answers)" = "$before" ]
}
check blackholes_cut_known_flows wait_for 5 silent
lab_gw ip route del blackhole 25.0.0.11 table 666
check and_let_them_go_again wait_for 10 more $(($(answers) + 5))
kill "$LAB_PID"

# ---- a known flow outlives its route ---------------------------------------------------------

# one flow of UDP, from a source whose route goes away under way, when it has begun
known=$(counter known pass)
background "$LAB_OUT" "$LAB_TOOLS/flood" --dev out0 --mac "$(lab_mac wan0)" --kind udp --to $LAB_ROUTED \
	--dport 443 --sport 4000 --from 20.5.0.1/32 --rate 100 --seconds 60 >/dev/null
wait_for 10 some_known $((known + 50)) || bail "the flow is not known"
before=$(counter urpf drop)
lab_gw ip route del 20.0.0.0/8
known=$(counter known pass)
# three seconds of it: it is looked up again each second
wait_for 20 some_known $((known + 300)) || fail flow_goes_on "$(counter known pass) of it are known"
check_eq known_flows_are_not_asked_for_a_way_back "$(counter urpf drop)" "$before"
kill "$LAB_PID"
lab_gw ip route add 20.0.0.0/8 via 25.0.0.254

# ---- who is trusted inside is not trusted from outside ---------------------------------------

weir trust add 25.0.1.0/28 || fail trust "trust add failed"
lab_flush
before=$(counter wrong-side drop)
spoof outside 25.0.1.0/28
check_eq trusted_inside_addresses_are_wrong_outside $(($(counter wrong-side drop) - before)) \
	"$(json 'v["packets"]' <"$TMP/flood")"
before=$(counter trusted pass)
lab_in "$LAB_TOOLS/flood" --dev in0 --mac "$(lab_mac lan0)" --kind udp --to 25.0.0.10 --dport 53 \
	--from $LAB_ROUTED/32 --rate 5000 --count 100 >/dev/null
check trusted_inside_addresses_are_trusted_inside [ "$(counter trusted pass)" -gt "$before" ]
SSH_CONNECTION="25.0.1.3 1 $LAB_WAN 22" weir check >/dev/null 2>"$TMP/check"
check_eq check_warns_of_a_trusted_session_on_the_wrong_side "$(grep -c 'the sources of an interface blocks 25.0.1.3' "$TMP/check")" 1

# ---- two uplinks -----------------------------------------------------------------------------

lab_veth "$LAB_OUT" out1 "$LAB_GW" wan1 && lab_gw ip addr add 25.0.8.1/24 dev wan1 &&
	lab_out ip addr add 25.0.8.254/24 dev out1 && lab_gw ip route add 25.0.2.0/24 dev lan0 ||
	bail "can't make the second uplink"
cat >"$TMP/two.conf" <<-CONF
	mode enforce
	check { urpf strict }
	interface wan0 { role outside }
	interface wan1 { role outside }
	interface lan0 { role inside; urpf off }
CONF
session() { SSH_CONNECTION="$1 1 $2 22" weir check "$TMP/two.conf" 2>&1 | grep -c 'urpf blocks .*this session'; }
check_eq check_warns_of_a_session_that_urpf_cuts "$(session 25.0.0.11 25.0.8.1)" 1
check_eq check_warns_of_a_session_with_no_way_back "$(session 31.0.0.7 25.0.8.1)" 1
check_eq session_on_its_own_uplink_is_no_matter "$(session 25.0.0.11 $LAB_WAN)" 0
# a reply leaves by one of the two, a packet comes by any
lab_gw ip route replace 20.0.0.0/8 nexthop via 25.0.0.254 nexthop via 25.0.8.254 ||
	bail "can't set a route with two next hops"
weir config load "$TMP/two.conf" >/dev/null || bail "can't load the configuration of two uplinks"
lab_flush
before=$(counter urpf drop)
TO=$LAB_ROUTED	# newer kernels choose the next hop by an address of their own
spoof outside 20.5.0.0/16
check_eq sources_with_two_ways_back_pass "$(counter urpf drop)" "$before"
check and_open_flows [ "$(lab_count)" -gt $((COUNT / 4)) ]
spoof outside 25.0.2.0/24
check_eq sources_of_another_device_are_dropped $(($(counter urpf drop) - before)) \
	"$(json 'v["packets"]' <"$TMP/flood")"
check_eq session_on_any_of_them_is_no_matter "$(session 25.0.0.11 25.0.8.1)" 0
weir check >/dev/null 2>"$TMP/check"
check_eq check_tells_of_shared_routes "$(grep -c 'wan0 shares routes with wan1' "$TMP/check")" 1
SSH_CONNECTION="31.0.0.7 1 $LAB_WAN 22" weir link attach dev wan0 >/dev/null 2>"$TMP/check"
check_eq attach_warns_of_a_session_that_urpf_cuts "$(grep -c 'urpf blocks 31.0.0.7' "$TMP/check")" 1

# ---- what would cut off who asks -------------------------------------------------------------

SSH_CONNECTION="10.9.0.7 1 10.9.0.1 22" weir check "$TMP/weir.conf" >"$TMP/check" 2>&1
check_eq check_takes_a_foreign_session_for_no_one "$(grep -c 'this session' "$TMP/check")" 0
lab_gw ip route add 192.168.5.0/24 via 25.0.0.254
SSH_CONNECTION="192.168.5.7 1 $LAB_WAN 22" weir check "$TMP/weir.conf" >"$TMP/check" 2>&1
check_eq check_warns_of_a_martian_session "$(grep -c 'martians.*192.168.5.7' "$TMP/check")" 1
lab_gw bash -c 'lab_sysctl net/ipv4/conf/wan0/forwarding 0'
weir check "$TMP/weir.conf" >"$TMP/check" 2>&1
check_eq check_warns_of_forwarding_off "$(grep -c 'wan0 does not forward IPv4' "$TMP/check")" 1
finish
