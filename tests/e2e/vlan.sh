#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# VLAN tags: packets behind a tag are judged as others, whether the tag stands in the packet or beside
# it, as drivers that take it off leave it. XDP does not see the second kind of tag: weir warns.
. "$(dirname "$0")/lib.sh"
[ -x "$WEIR" ] || { skip vlan "weir is not built"; finish; }
lab_make || bail "can't make the lab"
lab_gw ip link add link wan0 name wan0.5 type vlan id 5 2>/dev/null ||
	{ skip vlan "this kernel has no VLANs"; finish; }

# ---- warnings --------------------------------------------------------------------------------

warned() { grep -c 'takes VLAN tags off.*wan0\.5:' "$TMP/warnings"; }
printf 'mode monitor\ninterface wan0 { role outside }\n' >"$TMP/weir.conf"
chmod 0600 "$TMP/weir.conf"
lab_gw ethtool -K wan0 rxvlan on >/dev/null 2>&1
weir link attach dev wan0 role outside driver native >/dev/null 2>"$TMP/warnings"
check_eq attach_warns "$(warned)" 1
weir check >/dev/null 2>"$TMP/warnings"
check_eq check_warns_of_what_is_attached "$(warned)" 1
weir check "$TMP/weir.conf" >/dev/null 2>"$TMP/warnings"
check_eq check_warns_of_what_a_file_names "$(warned)" 1
lab_gw ethtool -K wan0 rxvlan off >/dev/null
weir check >/dev/null 2>"$TMP/warnings"
check_eq no_warning_without_the_offload "$(warned)" 0
lab_gw ethtool -K wan0 rxvlan on >/dev/null

# ---- packets ---------------------------------------------------------------------------------

lab_out ip link add link out0 name out0.5 type vlan id 5
lab_gw ip link set wan0.5 up
lab_out ip link set out0.5 up
lab_addresses lab_gw wan0.5 25.0.5.1/24 && lab_addresses lab_out out0.5 25.0.5.2/24 || bail "no addresses"
reached() { lab_out ping -q -c 1 -W 2 25.0.5.1 >/dev/null; }
wait_for 10 reached || bail "the VLAN does not work"
weir block add 25.0.5.2 && weir mode enforce || bail "can't enforce"

# blocked_bytes: of one echo request
blocked() { weir -j stats show | watch_rows | awk '$2 == "blocked" { print $3, $4 }'; }
judge() {	# NAME BYTES
	local before packets bytes
	read -r packets bytes < <(blocked)
	before="${packets:-0} ${bytes:-0}"
	lab_out ping -q -c 5 -i 0.2 -W 1 -s 56 25.0.5.1 >/dev/null
	read -r packets bytes < <(blocked)
	check_eq "$1" "$((${packets:-0} - ${before% *})) $((${bytes:-0} - ${before#* }))" "5 $((5 * $2))"
}
for driver in tc native; do
	weir link attach dev wan0 driver $driver >/dev/null 2>&1 || bail "can't attach"
	lab_out ethtool -K out0 txvlan on >/dev/null
	# 98 bytes and the tag, which XDP does not get to see
	judge ${driver}_tag_beside_the_packet $([ $driver = tc ] && echo 102 || echo 98)
	lab_out ethtool -K out0 txvlan off >/dev/null
	judge ${driver}_tag_in_the_packet 102
done
weir block del 25.0.5.2
check passes_behind_a_tag reached
finish
