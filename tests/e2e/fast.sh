#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `bypass ... fast`: a routed network works through the gateway in both directions, and netfilter sees
# nothing of it. What XDP can't forward goes by way of the kernel: unknown neighbours, packets that
# are too large (and the error about them comes), fragments, devices that can't. Other traffic is
# tracked and translated as before.
. "$(dirname "$0")/lib.sh"
[ -x "$WEIR" ] || { skip fast "weir is not built"; finish; }
lab_make || bail "can't make the lab"
lab_gw nft -f - <<-RULES || bail "can't make rules"
insert rule inet lab input ct state untracked accept
insert rule inet lab forward ct state untracked accept
table inet probe {
	counter early { }
	counter forwarded { }
	set routed { type ipv4_addr; flags interval; elements = { 25.0.1.0/28 } }
	set routed6 { type ipv6_addr; flags interval; elements = { 2a00:25:1::/64 } }
	chain early {
		type filter hook prerouting priority -400; policy accept;
		ip saddr @routed counter name early
		ip daddr @routed counter name early
		ip6 saddr @routed6 counter name early
		ip6 daddr @routed6 counter name early
	}
	chain forward {
		type filter hook forward priority -10; policy accept;
		ip saddr @routed counter name forwarded
		ip daddr @routed counter name forwarded
		ip6 saddr @routed6 counter name forwarded
		ip6 daddr @routed6 counter name forwarded
	}
}
RULES

background "$LAB_IN" python3 tests/e2e/echo.py serve 7000 >"$TMP/in"
background "$LAB_OUT" python3 tests/e2e/echo.py serve 7000 >"$TMP/out"
wait_for 5 test -s "$TMP/in" && wait_for 5 test -s "$TMP/out" || bail "the echo server does not start"

ask() { "$1" python3 tests/e2e/echo.py ask "${@:2}"; }
pings() { "$1" ping -q -i 0.2 -c 3 -W 2 ${3:+-I "$3"} "$2" >"$TMP/ping"; }
entries() { { lab_gw conntrack -L; lab_gw conntrack -L -f ipv6; } 2>/dev/null | wc -l; }
netfilter_saw() { lab_gw nft list counter inet probe "$1" | awk '$1 == "packets" { print $2 }'; }
# the neighbours on both sides are known: what follows is not the first packet
neighbours_known() {
	ask lab_out udp $LAB_ROUTED 7000 && ask lab_out udp $LAB_ROUTED6 7000 &&
		ask lab_in udp 25.0.0.10 7000 $LAB_ROUTED && ask lab_in udp 2a00:25::10 7000 $LAB_ROUTED6
}
start() { lab_flush; lab_gw nft reset counters >/dev/null; }

# unseen NAME COMMAND...: works, without netfilter
unseen() {
	local name=$1 before
	shift
	start
	before=$(counter forwarded)
	check "${name}_works" "$@"
	check_eq "${name}_has_no_entry" "$(entries)" 0
	check_eq "${name}_meets_no_rule" "$(netfilter_saw early) $(netfilter_saw forwarded)" "0 0"
	check "${name}_is_counted" [ "$(counter forwarded)" -gt "$before" ]
}
# by_the_kernel NAME COMMAND...: works, bypassed
by_the_kernel() {
	local name=$1
	shift
	start
	check "${name}_works" "$@"
	check_eq "${name}_has_no_entry" "$(entries)" 0
	check "${name}_meets_rules" [ "$(netfilter_saw forwarded)" -gt 0 ]
}
tracked() {
	start
	check "$1_works" "${@:2}"
	check "$1_is_tracked" [ "$(entries)" -gt 0 ]
}

weir link attach dev wan0 role outside driver native || bail "can't attach"
weir link attach dev lan0 role inside driver native || bail "can't attach"
weir mode enforce || bail "can't enforce"

# ---- both directions, both families ----------------------------------------------------------

tracked before ask lab_out tcp $LAB_ROUTED 7000
check_exit added 0 weir bypass add to 25.0.1.0/28 fast
check warning_names_filters grep -q 'no rule of nftables' "$TMP/output"
check_eq no_device_is_left_out "$(grep -c 'by way of the kernel' "$TMP/output")" 0
weir bypass add to 2a00:25:1::/64 fast 2>/dev/null || fail added6 "weir bypass add failed"
check_eq shown "$(weir -j bypass show | json '[b["forwarded"] for b in v]')" '["fast", "fast"]'
weir config save "$TMP/saved.conf"
check saved grep -q 'to 25.0.1.0/28 fast' "$TMP/saved.conf"
check neighbours neighbours_known

unseen tcp ask lab_out tcp-large $LAB_ROUTED 7000
unseen tcp6 ask lab_out tcp-large $LAB_ROUTED6 7000
unseen tcp_from_inside ask lab_in tcp-large 25.0.0.10 7000 $LAB_ROUTED
unseen udp ask lab_out udp $LAB_ROUTED 7000
unseen udp6_from_inside ask lab_in udp 2a00:25::10 7000 $LAB_ROUTED6
unseen ping pings lab_out $LAB_ROUTED
unseen ping6 pings lab_in 2a00:25::10 $LAB_ROUTED6
check_eq ttl_is_one_less "$(lab_out ping -c 1 $LAB_ROUTED | grep -o 'ttl=[0-9]*')" ttl=63

# ---- what the kernel has to do ---------------------------------------------------------------

by_the_kernel fragments ask lab_out udp-large $LAB_ROUTED 7000
lab_gw ip neigh flush dev lan0
lab_gw ip neigh flush dev wan0
by_the_kernel unknown_neighbours ask lab_out tcp $LAB_ROUTED 7000
check neighbours_again neighbours_known
unseen known_again ask lab_out tcp $LAB_ROUTED 7000

hops() { lab_out ping -c 1 -t 1 -W 2 "$1" | grep -ci 'exceeded'; }
check_eq ttl_that_ends_is_answered "$(hops $LAB_ROUTED)" 1

# the network behind is narrower than what comes, and its host does not say so: the gateway does
lab_in ip route change default via 10.77.0.1 mtu 1300 advmss 1460
lab_in ip -6 route change default via fd77::1 mtu 1300 advmss 1440
lab_gw ip link set lan0 mtu 1300
start
check path_mtu_works ask lab_out tcp-large $LAB_ROUTED 7000
check_eq path_mtu_has_no_entry "$(entries)" 0
check too_large_is_seen_by_the_kernel [ "$(netfilter_saw early)" -gt 0 ]
check path_mtu_is_learnt grep -q 'mtu 1300' <(lab_out ip route get $LAB_ROUTED)
check path_mtu6_works ask lab_out tcp-large $LAB_ROUTED6 7000
check path_mtu6_is_learnt grep -q 'mtu 1300' <(lab_out ip -6 route get $LAB_ROUTED6)
unseen below_path_mtu ask lab_out tcp-large $LAB_ROUTED 7000
lab_gw ip link set lan0 mtu 1500

# ---- beside it, everything is as before ------------------------------------------------------

tracked masqueraded ask lab_in tcp 25.0.0.10 7000
check masqueraded_is_translated grep -q "dst=$LAB_WAN " <(lab_gw conntrack -L -p tcp 2>/dev/null)
# the gateway itself is no hop
weir bypass add icmp to $LAB_WAN fast 2>/dev/null
start
check gateway_answers pings lab_out $LAB_WAN
check_eq gateway_has_no_entry "$(entries)" 0
weir bypass del icmp to $LAB_WAN fast || fail del_gateway "weir bypass del failed"

# ---- modes and devices -----------------------------------------------------------------------

weir mode monitor
by_the_kernel monitored ask lab_out tcp $LAB_ROUTED 7000
weir mode enforce
unseen enforced ask lab_out tcp $LAB_ROUTED 7000

# a veth takes redirected frames only if its peer polls
lab_in ethtool -K in0 gro off >/dev/null
check_exit told 0 weir check
check peer_is_named grep -q 'lan0: packets to it go by way of the kernel' "$TMP/output"
weir mode enforce
by_the_kernel no_target ask lab_out tcp $LAB_ROUTED 7000
background "$LAB_GW" "$WEIR" -I "$INSTANCE" daemon -f 2>"$TMP/daemon"
lab_in ethtool -K in0 gro on >/dev/null
again() {
	local before
	before=$(counter forwarded)
	ask lab_out tcp $LAB_ROUTED 7000 && [ "$(counter forwarded)" -gt "$before" ]
}
check daemon_follows wait_for 90 again
check neighbours_with_daemon neighbours_known
# nothing but XDP sends to it, and the kernel asks whether it is there
lab_gw ip neigh change $LAB_ROUTED dev lan0 nud stale
is_asked_for() { lab_gw ip neigh show $LAB_ROUTED dev lan0 | grep -q 'DELAY\|PROBE\|REACHABLE'; }
check daemon_asks_for_neighbours wait_for 90 is_asked_for
unseen with_daemon ask lab_out tcp $LAB_ROUTED 7000

for driver in tc generic; do
	weir link attach dev lan0 role inside driver $driver || bail "can't attach"
	before=$(counter forwarded)
	check driver_${driver}_works ask lab_out tcp $LAB_ROUTED 7000
	check_eq driver_${driver}_forwards_nothing "$(counter forwarded)" "$before"
	check_exit told_of_$driver 0 weir check
	check ${driver}_is_named grep -q 'lan0: packets from it and to it go by way of the kernel' "$TMP/output"
done
weir link attach dev lan0 role inside driver native || bail "can't attach"
unseen native_again ask lab_out tcp $LAB_ROUTED 7000

# ---- the end ---------------------------------------------------------------------------------

weir bypass del to 25.0.1.0/28 fast || fail del "weir bypass del failed"
tracked after ask lab_out tcp $LAB_ROUTED 7000
weir off
check works_without_weir ask lab_out tcp $LAB_ROUTED 7000
finish
