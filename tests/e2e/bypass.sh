#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A bypassed flow never has an entry in conntrack, in both directions, whichever way it is named and
# whatever attaches weir (XDP, native and generic, tc); it works; other flows are tracked and translated
# as before. After `weir bypass del` it is tracked again. Nobody else's table or mark is touched.
. "$(dirname "$0")/lib.sh"
[ -x "$WEIR" ] || { skip bypass "weir is not built"; finish; }
lab_make || bail "can't make the lab"
# what the documentation asks for: rules that let untracked packets through
for chain in input forward; do
	lab_gw nft insert rule inet lab $chain ct state untracked accept || bail "can't add a rule"
done

lab_gw nft add rule inet lab input meta l4proto { tcp, udp } th dport 5353 accept ||
	bail "can't add a rule"

# echo NAMESPACE PORT...: answers TCP lines and UDP datagrams on each port, on all addresses
echo_server() {
	local ns=$1 ready=$TMP/echo.$1.$2
	shift
	background "$ns" python3 tests/e2e/echo.py serve "$@" >"$ready"
	wait_for 5 test -s "$ready" || bail "the echo server does not start"
}
# ask RUN KIND ADDRESS PORT [SOURCE]: an echo of some bytes in both directions
ask() { "$1" python3 tests/e2e/echo.py ask "${@:2}"; }

echo_server "$LAB_GW" 5353 7000
echo_server "$LAB_IN" 5353 7000
echo_server "$LAB_OUT" 5353 7000

entries() { lab_gw conntrack -L "$@" 2>/dev/null | wc -l; }

# untracked NAME COMMAND...: the command works, and leaves no entry at all
untracked() {
	local name=$1
	shift
	lab_flush
	check "${name}_works" "$@"
	check_eq "${name}_has_no_entry" "$(entries; entries -f ipv6)" "0
0"
}
tracked() {
	local name=$1
	shift
	lab_flush
	check "${name}_works" "$@"
	check "${name}_is_tracked" [ "$(($(entries) + $(entries -f ipv6)))" -gt 0 ]
}
bypassed() {	# NAME WORDS... -- COMMAND...: tracked, bypassed, and tracked again
	local name=$1 words=()
	shift
	while [ "$1" != -- ]; do words+=("$1"); shift; done
	shift
	tracked "${name}_before" "$@"
	weir bypass add "${words[@]}" 2>"$TMP/warned" || fail "${name}_add" "$(cat "$TMP/warned")"
	untracked "$name" "$@"
	weir bypass del "${words[@]}" || fail "${name}_del" "weir bypass del failed"
	tracked "${name}_after" "$@"
}

all_ways() {	# DRIVER
	local d=$1
	bypassed "${d}_local_udp" udp port 5353 to $LAB_WAN -- ask lab_out udp $LAB_WAN 5353
	bypassed "${d}_local_tcp" tcp port 5353 to $LAB_WAN -- ask lab_out tcp $LAB_WAN 5353
	bypassed "${d}_local_tcp6" tcp port 5353 to $LAB_WAN6 -- ask lab_out tcp $LAB_WAN6 5353
	bypassed "${d}_routed" to 25.0.1.0/28 -- ask lab_out tcp $LAB_ROUTED 7000
	bypassed "${d}_routed6" to 2a00:25:1::/64 -- ask lab_out udp $LAB_ROUTED6 7000
	bypassed "${d}_range" udp port 5000-6000 to 25.0.1.0/28 -- ask lab_out udp $LAB_ROUTED 5353
	bypassed "${d}_any_protocol" port 7000 to $LAB_ROUTED -- ask lab_out tcp $LAB_ROUTED 7000
	bypassed "${d}_by_source" from 25.0.0.11 to 25.0.1.0/28 -- \
		ask lab_out tcp $LAB_ROUTED 7000 25.0.0.11
	# what this machine asks others
	bypassed "${d}_own_query" udp port 5353 to 25.0.0.10 -- ask lab_gw udp 25.0.0.10 5353
	# fragments, in both directions
	bypassed "${d}_fragments" udp port 5353 to 25.0.1.0/28 -- ask lab_out udp-large $LAB_ROUTED 5353
}

for driver in native generic tc; do
	weir link attach dev wan0 role outside driver $driver || bail "can't attach"
	weir link attach dev lan0 role inside driver $driver || bail "can't attach"
	weir mode enforce || bail "can't enforce"
	all_ways $driver
	check_eq "${driver}_nothing_is_left" "$(lab_gw nft list tables | grep -c weir_)" 0
done

# ---- beside it, everything is as before ------------------------------------------------------

weir bypass add udp port 5353 to $LAB_WAN 2>/dev/null
tracked other_port ask lab_out udp $LAB_ROUTED 7000
tracked masqueraded ask lab_in tcp 25.0.0.10 7000
check masqueraded_is_translated grep -q "dst=$LAB_WAN " <(lab_gw conntrack -L -p tcp 2>/dev/null)

# ---- rules of others -------------------------------------------------------------------------

# a table of one family makes nothing of the other untracked
weir bypass del udp port 5353 to $LAB_WAN
cat >"$TMP/listing" <<-RULES
	table ip raw {
		chain pre {
			type filter hook prerouting priority raw; policy accept;
			ip daddr 25.0.1.0/28 jump sub
			udp dport 5353 counter packets 0 bytes 0 notrack
		}
		chain sub {
			tcp dport 7000 notrack
		}
	}
RULES
weir bypass import "$TMP/listing" >"$TMP/imported"
check import_is_of_one_family grep -qx 'weir bypass add udp port 5353 to 0.0.0.0/0' "$TMP/imported"
check import_leaves_what_is_narrowed grep -q '^# not taken, it is in a chain that others jump to (line 8)' "$TMP/imported"
check_eq import_as_json "$(weir -j bypass import "$TMP/listing" |
	json '(v["taken"][0]["port"], v["taken"][0]["to"], "line 8" in v["left"][0]["why"])')" '["5353", "0.0.0.0/0", true]'
weir bypass import apply "$TMP/listing" 2>/dev/null || fail import_apply "is refused"
untracked imported ask lab_out udp $LAB_WAN 5353
tracked imported_other_family ask lab_out udp $LAB_WAN6 5353
tracked imported_other_service ask lab_out tcp $LAB_ROUTED 7000
weir bypass del udp port 5353 to 0.0.0.0/0 || fail import_del "is refused"
weir bypass add udp port 5353 to $LAB_WAN 2>/dev/null

# ---- the mark --------------------------------------------------------------------------------

lab_gw nft -f - <<-RULES
table inet probe {
	chain early { type filter hook prerouting priority -310; udp dport 5353 meta mark set meta mark | 0x1; }
	chain late { type filter hook input priority 0; udp dport 5353 meta mark 0x10000001 counter; }
	chain other { type filter hook input priority 0; udp dport 5353 meta mark 0x00000101 counter; }
}
RULES
marked() { lab_gw nft list chain inet probe "$1" | grep -o 'packets [0-9]*'; }
check other_marks_work ask lab_out udp $LAB_WAN 5353
check_eq other_marks_are_kept "$(marked late)" "packets 1"
check mark_changes weir bypass mark 0x100
untracked other_mark ask lab_out udp $LAB_WAN 5353
check_eq other_mark_is_set "$(marked other)" "packets 1"
check_exit mark_has_one_bit 1 weir bypass mark 0x101

# ---- errors about bypassed flows -------------------------------------------------------------

weir bypass add udp port 9 to $LAB_ROUTED 2>/dev/null
lab_flush
before=$(counter bypass pass)
lab_out python3 tests/e2e/echo.py refused $LAB_ROUTED 9
check_eq error_comes_back $? 0
check_eq error_has_no_entry "$(entries)" 0
check_eq request_and_error_are_bypassed $(($(counter bypass pass) - before)) 2

# ---- other people's rulesets -----------------------------------------------------------------

check_eq only_one_table "$(lab_gw nft list tables | grep -c weir_)" 1
lab_gw nft list table inet lab >"$TMP/lab.after"
lab_gw nft list table inet probe >/dev/null
check lab_table_is_untouched grep -q masquerade "$TMP/lab.after"
lab_gw nft delete table inet probe
lab_gw nft -f <(echo 'flush table inet lab'; sed 1,1p -n "$TMP/lab.after" | sed 's/{/{ }/') ||
	fail reload "can't reload"
lab_gw nft -f "$TMP/lab.after"
untracked reload_of_a_foreign_table ask lab_out udp $LAB_WAN 5353
warned() { json '[w["what"] for w in v["warnings"] if "nftables table" in w["what"]]' <"$TMP/output"; }
lab_gw nft delete chain inet lab postrouting || fail delete_chain "can't delete it"
check_exit nothing_is_wrong 0 weir -j check
check_eq no_warning_is_an_empty_array "$(json 'v["warnings"]' <"$TMP/output")" '[]'
lab_gw nft flush ruleset
check_exit flush_is_noticed 3 weir check
check_eq flush_is_told "$(grep -c 'nftables table is missing' "$TMP/output")" 1
weir -j check >"$TMP/output" 2>"$TMP/warnings"
check_eq flush_is_noticed_in_json $? 3
check_eq flush_is_told_in_json "$(warned)" '["weir'"'"'s nftables table is missing: bypassed flows are tracked"]'
check_eq json_has_the_rest "$(json 'v["kernel"]["nf_conntrack"]' <"$TMP/output")" true
check flush_breaks_nothing ask lab_out udp $LAB_WAN 5353
weir bypass add tcp port 9999 to $LAB_WAN 2>/dev/null
untracked next_edit_restores ask lab_out udp $LAB_WAN 5353

# ---- rules of others that keep flows from weir -----------------------------------------------

lab_gw nft -f - <<-RULES
table inet other {
	chain early {
		type filter hook prerouting priority raw
		udp dport 5400 notrack
		iifname "wan0" ct zone set 7
	}
}
RULES
strays() { grep 'table inet other, chain early' "$TMP/output" | grep -o '`.*`'; }
check_exit others_check 0 weir check
check_eq others_are_named "$(strays)" '`udp dport 5400 notrack`
`iifname "wan0" ct zone set 7`'
weir bypass add udp port 5400 2>/dev/null
check_exit others_in_json 0 weir -j check
check_eq others_are_objects "$(json '[w["what"].split(": ")[-1] for w in v["warnings"] if w["details"] and "chain early" in w["what"]]' \
	<"$TMP/output")" '["`iifname \"wan0\" ct zone set 7`"]'
check_exit others_check_again 0 weir check
check_eq what_is_a_bypass_is_right "$(strays)" '`iifname "wan0" ct zone set 7`'
weir config show >"$TMP/conf"
check_exit others_check_of_a_file 0 weir check "$TMP/conf"
check_eq others_are_named_for_a_file "$(strays)" '`iifname "wan0" ct zone set 7`'
echo 'check { stray off }' >>"$TMP/conf"
check_exit others_without_strays 0 weir check "$TMP/conf"
check_eq nothing_is_a_stray "$(strays)" ''
weir bypass del udp port 5400 || fail del_others "weir bypass del failed"
lab_gw nft delete table inet other

# what drops the rest, as this nft lists it
drops_rest() {	# RULE
	lab_gw nft -f - <<-RULES
	table inet other {
		chain common { ct state established,related accept; }
		chain early { type filter hook input priority 0; jump common; $1; }
	}
	RULES
	weir check 2>&1 | grep -c 'table inet other, chain early$'
	lab_gw nft delete table inet other
}
check_eq counter_drop_is_seen "$(drops_rest 'counter drop')" 1
check_eq log_drop_is_seen "$(drops_rest 'log prefix "drop: " flags tcp sequence,options drop comment "all"')" 1
check_eq reject_is_seen "$(drops_rest 'counter reject with icmpx admin-prohibited')" 1
check_eq one_port_is_not_the_rest "$(drops_rest 'tcp dport 25 counter drop')" 0

# ---- what is refused -------------------------------------------------------------------------

check_exit twice_is_refused 1 weir bypass add tcp port 9999 to $LAB_WAN
check_exit absent_is_told 4 weir bypass del tcp port 9998

# del names a statement as it was added, with its `fast`
words() { weir -j bypass show | json '[b["port"] + " " + (b["forwarded"] or "plain") for b in v if b["port"] == "9997"]'; }
check_exit fast_is_added 0 weir bypass add tcp port 9997 fast
check_exit plain_is_not_there 4 weir bypass del tcp port 9997
check plain_remedy grep -q "weir -I $INSTANCE bypass del tcp port 9997 fast\$" "$TMP/output"
check_exit plain_beside_fast_is_refused 1 weir bypass add tcp port 9997
check plain_beside_fast_remedy grep -q "weir -I $INSTANCE bypass del tcp port 9997 fast\$" "$TMP/output"
check_eq fast_is_still_there "$(words)" '["9997 fast"]'
check_exit fast_is_removed 0 weir bypass del tcp port 9997 fast
check_eq fast_is_gone "$(words)" '[]'
check_exit plain_is_added 0 weir bypass add tcp port 9997
check_exit fast_is_not_there 4 weir bypass del tcp port 9997 fast
check fast_remedy grep -q "weir -I $INSTANCE bypass del tcp port 9997\$" "$TMP/output"
check_eq plain_is_still_there "$(words)" '["9997 plain"]'
check_exit plain_is_removed 0 weir bypass del tcp port 9997
weir off
check_eq off_removes_the_table "$(lab_gw nft list tables | grep -c weir_)" 0
finish
