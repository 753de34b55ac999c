#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The limit that guards the source ports follows from the rules that translate: how many addresses
# and ports they have. The daemon follows rules that are loaded while it runs.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"
lab_gw sysctl -q net.netfilter.nf_conntrack_tcp_timeout_syn_sent=120 || bail "can't set the timeout"
{ weir link attach dev wan0 role outside && weir link attach dev lan0 role inside; } >/dev/null ||
	bail "can't attach"

# the table of the lab makes way for rules of our own; its timeouts stay
rules() {	# RULE...: instead of all others
	{ echo 'flush ruleset'
	echo 'table ip ours { chain post { type nat hook postrouting priority srcnat;'
	printf '%s\n' "$@"
	printf '}\n}\n'; } >"$TMP/rules"
	lab_gw nft -f "$TMP/rules" || fail rules "nft refuses: $*"
}
guard() { weir -j limit show | json '" ".join(x["rate"] + " " + str(x["burst"]) for x in v)'; }
# applied: the policy in force is put in force again
applied() { weir mode monitor; guard; }

rules 'masquerade'
check_eq one_address "$(applied)" "352/second 14112"
rules 'oifname "wan0" snat to 25.0.0.20-25.0.0.27'
check_eq eight_addresses "$(applied)" "2822/second 112896"
rules 'meta l4proto { tcp, udp } masquerade to :1024-2047'
check_eq a_range_of_ports "$(applied)" "5/second 224"
rules 'ip saddr 10.77.0.2 snat to 25.0.0.20' 'snat to 25.0.0.20-25.0.0.27'
check_eq the_smallest_pool "$(applied)" "352/second 14112"
rules 'accept'
check_eq nothing_is_translated "$(applied)" ""

# ---- rules that come later -------------------------------------------------------------------

background "$LAB_GW" "$WEIR" -I "$INSTANCE" daemon -f 2>"$TMP/daemon"
beats() { [ "$(weir -j status | json 'v["daemon"]["running"]')" = true ]; }
guard_is() { [ "$(guard)" = "$1" ]; }
check daemon_runs wait_for 5 beats
rules 'masquerade'
check rules_that_come_are_followed wait_for 8 guard_is "352/second 14112"
rules 'snat to 25.0.0.20-25.0.0.27'
check rules_that_change_are_followed wait_for 8 guard_is "2822/second 112896"
lab_gw sysctl -q net.netfilter.nf_conntrack_tcp_timeout_syn_sent=60 || fail timeout "can't set it"
check timeouts_are_followed wait_for 8 guard_is "5644/second 112896"
lab_gw nft delete table ip ours
check rules_that_go_are_followed wait_for 8 guard_is ""
check it_is_logged grep -q 'sources are translated' "$TMP/daemon"
finish
