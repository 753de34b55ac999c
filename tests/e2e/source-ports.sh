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

# ---- what check tells ------------------------------------------------------------------------

rules 'oifname "wan0" snat to 25.0.0.20-25.0.0.27'
check check_tells_the_arithmetic grep -q \
	'source ports: 8 addresses x 64512 ports / 120 s: 2822 new flows/second to one destination, 112896 at once$' \
	<(weir check 2>/dev/null)
check_eq check_json "$(weir -j check 2>/dev/null | json 'v["source_ports"]')" \
	'{"addresses": 8, "ports": 64512, "timeout_seconds": 120, "rate": 2822, "burst": 112896, "guessed": false, "rule": "oifname \"wan0\" snat to 25.0.0.20-25.0.0.27", "set": "default"}'
weir limit add from inside per destination 9/second
check check_tells_of_a_limit_of_the_policy grep -q 'the policy has another limit' <(weir check 2>/dev/null)
weir limit del from inside per destination
echo 'interface wan0 { role outside }' >"$TMP/conf"
chmod 600 "$TMP/conf"
check check_tells_that_nothing_guards grep -q 'no device is inside' <(weir check "$TMP/conf" 2>/dev/null)
rules 'accept'
check_eq check_is_silent_without_nat "$(weir -j check 2>/dev/null | json 'v.get("source_ports")')" null

# ---- a resolver that gets more than the default ----------------------------------------------

# queries SERVER: from a thousand ports inside
queries() {
	lab_in "$LAB_TOOLS/flood" --dev in0 --mac "$(lab_mac lan0)" --kind udp --from 10.77.0.10/32 \
		--sport 10000-10999 --to "$1/32" --dport 53 --rate 20000 --count 3000 >/dev/null
}
advised() { weir -j status | json '" ".join(x["text"] for x in v["advice"] if "source ports" in x["text"])'; }
rules 'meta l4proto udp masquerade to :2000-2999'
check_eq narrow_guard "$(applied)" "5/second 218"
check_eq peace_has_no_advice "$(advised)" ""
queries 25.0.0.10
check many_queries_would_be_dropped [ "$(counter rate-destination would-drop)" -gt 100 ]
check status_names_the_rate grep -q 'beyond 5/second to one destination' <(advised)
check status_names_the_remedy grep -q "weir -I $INSTANCE limit add prefix" <(advised)
would=$(counter rate-destination would-drop)
# another server: what the first one has spent has to run out
weir limit add prefix 25.0.0.11 per destination 100000/second burst 100000 || fail remedy "is refused"
queries 25.0.0.11
check_eq the_remedy_helps "$(counter rate-destination would-drop)" "$would"
weir limit del prefix 25.0.0.11 per destination

# ---- rules that come later -------------------------------------------------------------------

background "$LAB_GW" "$WEIR" -I "$INSTANCE" daemon -f 2>"$TMP/daemon"
beats() { [ "$(weir -j status | json 'v["daemon"]["running"]')" = true ]; }
guard_is() { [ "$(guard)" = "$1" ]; }
check daemon_runs wait_for 5 beats
rules 'masquerade'
check rules_that_come_are_followed wait_for 60 guard_is "352/second 14112"
rules 'snat to 25.0.0.20-25.0.0.27'
check rules_that_change_are_followed wait_for 60 guard_is "2822/second 112896"
lab_gw sysctl -q net.netfilter.nf_conntrack_tcp_timeout_syn_sent=60 || fail timeout "can't set it"
check timeouts_are_followed wait_for 60 guard_is "5644/second 112896"
lab_gw nft delete table ip ours
check rules_that_go_are_followed wait_for 60 guard_is ""
check it_is_logged grep -q 'sources are translated' "$TMP/daemon"
finish
