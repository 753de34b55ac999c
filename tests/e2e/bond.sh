#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A bond is one device: attached to the bond, weir judges what arrives on each of its ports, once. A
# port is not attached to by itself, and where a bond takes no native XDP, `driver auto` goes to tc
# and says so.
. "$(dirname "$0")/lib.sh"
[ -x "$WEIR" ] || { skip bond "weir is not built"; finish; }
lab_make || bail "can't make the lab"
lab_gw ip link add bond0 type bond 2>/dev/null || { skip bond "this kernel has no bonds"; finish; }
lab_gw ip link del bond0
for i in 0 1; do
	lab_veth "$LAB_OUT" "far$i" "$LAB_GW" "port$i" || bail "no wires"
	lab_out bash -c "lab_sysctl net/ipv6/conf/far$i/disable_ipv6 1"
done

# bond_of MODE OPTION...: bond0 with both ports
bond_of() {
	lab_gw ip link del bond0 2>/dev/null
	lab_gw ip link add bond0 type bond mode "$@" || return
	for port in port0 port1; do
		lab_gw ip link set $port down &&
			lab_gw ip link set $port master bond0 || return
	done
	lab_gw ip link set bond0 up
}
has_carrier() { [ "$(lab_gw ip link show dev "$1" | grep -c LOWER_UP)" = 1 ]; }
state() { weir link show | awk '$1 == "bond0" { print $4, $5 }'; }
# frames PORT: ten from a blocked address
frames() {
	lab_out "$LAB_TOOLS/flood" --dev "far$1" --mac "$(lab_mac bond0)" --kind udp --from 25.0.2.1 \
		--to $LAB_ROUTED --dport 9 --rate 500 --count 10 >"$TMP/flood" 2>&1 || fail frames "$(cat "$TMP/flood")"
}
# each_once NAME
each_once() {
	local port before
	for port in 0 1; do
		wait_for 10 has_carrier "port$port" || fail "$1_port${port}_up" "no carrier"
		before=$(counter blocked drop)
		frames $port
		check_eq "$1_port$port" $(($(counter blocked drop) - before)) 10
	done
}
attach_bond() { weir link attach dev bond0 >"$TMP/said" 2>&1 || fail "attach_$1" "$(cat "$TMP/said")"; }

bond_of active-backup miimon 100 || bail "can't make a bond"
weir link attach dev bond0 role outside >/dev/null || bail "can't attach to a bond"
weir block add 25.0.2.1 && weir mode enforce || bail "can't enforce"
check_eq active_backup_is_native "$(state)" "native attached"
each_once active_backup

check_exit port_is_refused 2 weir link attach dev port0 role outside
check port_names_the_bond grep -q 'port0: is a port of bond0' "$TMP/output"
check port_has_a_remedy grep -q "weir -I $INSTANCE link attach dev bond0" "$TMP/output"

bond_of balance-rr || bail "can't make a bond"
attach_bond balance_rr
check_eq balance_rr_is_native "$(state)" "native attached"
each_once balance_rr

for mode in balance-xor 802.3ad; do
	bond_of $mode || bail "can't make a bond"
	attach_bond "$mode"
	check_eq "${mode}_is_native" "$(state)" "native attached"
done

bond_of broadcast || bail "can't make a bond"
attach_bond broadcast
check_eq broadcast_goes_to_tc "$(state)" "tc attached"
check broadcast_says_why grep -q 'no native XDP in this mode of the bond' "$TMP/said"
each_once broadcast
check_exit native_is_refused_there 2 weir link attach dev bond0 driver native

bond_of balance-xor xmit_hash_policy vlan+srcmac || bail "can't make a bond"
weir link attach dev bond0 driver auto >"$TMP/said" 2>&1 || fail attach_hash "$(cat "$TMP/said")"
check_eq hash_of_vlan_goes_to_tc "$(state)" "tc attached"
each_once hash_of_vlan
finish
