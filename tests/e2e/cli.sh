#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The command line: JSON on every verb that reads, no color where it does not belong, lists that are
# loaded whole, and a warning before an operator cuts off the own session.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"
weir link attach dev wan0 role outside || bail "can't attach"
weir link attach dev lan0 role inside driver native || bail "can't attach"
weir limit add per source 10/second burst 20
weir limit add from inside total 1000/second
weir trust add 25.0.2.5 comment 'the "office"'
weir block add 25.0.2.6 timeout 1h
lab_flood --kind udp --from 25.0.2.0/29 --to $LAB_ROUTED --dport 9 --count 500 --rate 5000 >/dev/null || bail "no flood"

# ---- one JSON value of each verb that reads, and text without -j
reads=0
while IFS= read -r words; do
	case $words in
	*' show' | *' top' | status | check | version | help | grace) ;;
	'config diff') weir config show >"$TMP/conf"; words="config diff $TMP/conf" ;;
	'source get') words="$words 25.0.2.1" ;;
	'block get') words="$words 25.0.2.6" ;;
	*) continue ;;
	esac
	reads=$((reads + 1))
	weir -j $words >"$TMP/json" 2>"$TMP/stderr"
	check_eq "json of ${words% /*}" "$? $(json '"one value"' <"$TMP/json") $(cat "$TMP/stderr")" "0 one value "
	check_exit "text of ${words% /*}" 0 weir $words
	check "text of ${words% /*} is some" [ -s "$TMP/output" ]
done < <(weir -j help | python3 -c 'import json, sys
for c in json.load(sys.stdin): print(" ".join(w for w in (c["object"], c["verb"]) if w))')
check there_are_verbs_that_read [ $reads -ge 14 ]
for object in link mode limit block trust stats config source; do
	check_eq "$object alone shows itself" "$(weir -j $object | json '"one value"')" "one value"
done

check_eq stats_have_these_keys "$(weir -j stats show | json 'sorted({k for r in v for k in r})')" \
	'["action", "bytes", "dev", "packets", "reason"]'
check_eq stats_have_these_actions "$(weir -j stats show | json 'sorted({r["action"] for r in v})')" '["pass", "would-drop"]'
check_eq status_has_these_keys "$(weir -j status | json '[v["mode"], v["conntrack"]["count"] >= 0,
	v["conntrack"]["max"] > 0, sorted(v["links"][0])]')" '["monitor", true, true, ["dev", "driver", "role", "state"]]'
check_eq links_have_these_keys "$(weir -j link show | json 'sorted({k for l in v for k in l})')" \
	'["dev", "driver", "ifindex", "priority", "role", "state"]'
check_eq priority_is_for_a_chain "$(weir -j link show | json '[(l["driver"], l["priority"]) for l in v]')" \
	'[["native", null], ["native", null]]'
check_eq priority_is_absent_as_text "$(weir link show | awk '{ print $6 }' | xargs)" 'priority - -'
by_reason() { weir -j stats show by reason | json 'sum(r["packets"] for r in v)'; }
check_eq sums_agree "$(weir -j stats show | json 'sum(r["packets"] for r in v if r["reason"] in ("blocked", "trusted"))')" \
	"$(weir -j stats show by reason | json 'sum(r["packets"] for r in v if r["reason"] in ("blocked", "trusted"))')"
check_exit block_get_of_a_stranger 4 weir block get 192.0.2.1
check_exit source_get_of_a_stranger 4 weir source get 192.0.2.1

# ---- color is for terminals, and not for those that do not want it
on_terminal() { python3 -c 'import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' nsenter --net="$LAB_RUN/$LAB_GW" "$@" </dev/null; }
colors() { "$@" | grep -c $'\e\['; }
check "a_terminal_gets_color" [ "$(colors on_terminal "$WEIR" -I "$INSTANCE" link show)" -ge 1 ]
check_eq no_color_is_respected "$(NO_COLOR=1 colors on_terminal "$WEIR" -I "$INSTANCE" link show)" 0
check_eq no_color_is_respected_by_errors "$(NO_COLOR=1 colors on_terminal "$WEIR" -I "$INSTANCE" limt)" 0
check_eq an_empty_no_color_is_none "$(NO_COLOR='' colors on_terminal "$WEIR" -I "$INSTANCE" limt)" 1
check_eq json_has_no_color "$(colors on_terminal "$WEIR" -j -I "$INSTANCE" link show)" 0

# ---- options
check_exit options_end_with_two_dashes 0 lab_gw "$WEIR" -I "$INSTANCE" -- status
check_exit options_are_joined 0 lab_gw "$WEIR" -jI"$INSTANCE" status
check_exit help_as_an_option 0 lab_gw "$WEIR" --help
check_exit version_as_an_option 0 lab_gw "$WEIR" --version
check_exit help_of_an_object 0 weir help limit
check_eq help_of_an_object_is_about_it "$(grep -c '^  weir' "$TMP/output") $(grep -c '^  weir limit' "$TMP/output")" "$(
	weir -j help limit | json 'len(v)') $(weir -j help limit | json 'len(v)')"
check_exit help_of_nothing_known 1 weir help limits
check did_you_mean grep -q 'did you mean `limit`' "$TMP/output"
check_exit full_output 2 bash -c "nsenter --net='$LAB_RUN/$LAB_GW' '$WEIR' -I '$INSTANCE' stats show >/dev/full"
check full_output_is_said grep -q 'standard output: No space left' "$TMP/output"
check_exit closed_input 1 weir block load - <&-
check closed_input_is_said grep -q 'standard input: Bad file descriptor' "$TMP/output"
check_exit closed_output 2 bash -c "nsenter --net='$LAB_RUN/$LAB_GW' '$WEIR' -I '$INSTANCE' stats show >&-"
check closed_output_is_said grep -q 'standard output: Bad file descriptor' "$TMP/output"

# ---- lists
{ echo '# a feed'; printf '%s ; remark\n' 100.{64..67}.{0..255}.{0..127}; echo 2001:db8::/32; } >"$TMP/list"
check_exit list_loads 0 weir -j block load "$TMP/list"
check_eq list_is_counted "$(json 'v["prefixes"], v["bad"], v["entries"]' <"$TMP/output")" "[131073, 0, 131074]"
check_exit list_covers 0 weir block get 2001:db8:1::7
check_exit list_from_standard_input 0 bash -c "echo 198.51.100.0/24 | nsenter --net='$LAB_RUN/$LAB_GW' '$WEIR' -I '$INSTANCE' block load - timeout 2h"
check_eq list_with_a_timeout "$(weir -j block get 198.51.100.1 | json 'v[0]["ends_in"] == "2h" or v[0]["ends_in"].startswith("1h59m")')" true
check_exit list_is_flushed 0 weir block flush
check_exit list_is_empty 4 weir block get 2001:db8:1::7

# ---- the session that types it
warned() { grep -q "blocks 25.0.2.9, from where this session comes" "$TMP/output"; }
unset SSH_CONNECTION SSH_CLIENT
check_exit session_block 0 env SSH_CONNECTION='25.0.2.9 50000 25.0.0.1 22' nsenter --net="$LAB_RUN/$LAB_GW" "$WEIR" -I "$INSTANCE" block add 25.0.2.8/30
check session_is_warned warned
check session_remedy_names_the_instance grep -q "keep it: weir -I $INSTANCE trust add 25.0.2.9\$" "$TMP/output"
weir block flush
echo 25.0.2.0/24 >"$TMP/list"
# sudo takes the variable away: it is found at a parent
check_exit session_list 0 env SSH_CLIENT='25.0.2.9 50000 22' bash -c "unset SSH_CLIENT
	nsenter --net='$LAB_RUN/$LAB_GW' '$WEIR' -I '$INSTANCE' block load '$TMP/list'; exit \$?"
check session_behind_sudo_is_warned warned
weir config show >"$TMP/conf"
check_exit session_check 0 env SSH_CLIENT='25.0.2.9 50000 22' "$WEIR" check "$TMP/conf"
check session_check_warns warned
weir trust add 25.0.2.9
check_exit session_trusted 0 env SSH_CLIENT='25.0.2.9 50000 22' nsenter --net="$LAB_RUN/$LAB_GW" "$WEIR" -I "$INSTANCE" block add 25.0.2.8/30
check_eq session_that_is_trusted_is_not_warned "$(cat "$TMP/output")" ""
check_exit session_elsewhere 0 env SSH_CLIENT='25.9.9.9 50000 22' nsenter --net="$LAB_RUN/$LAB_GW" "$WEIR" -I "$INSTANCE" block add 25.0.2.9
check_eq session_elsewhere_is_not_warned "$(cat "$TMP/output")" ""
finish
