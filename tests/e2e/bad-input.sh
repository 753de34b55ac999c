#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What is wrong is answered by one line that says why, a remedy, and the exact exit status, and
# changes nothing.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"
ESC=$'\e'

# no_control_bytes NAME FILE: but for the ends of lines, and the tabs of a config
no_control_bytes() { check_eq "$1_has_no_control_bytes" "$(tr -d '\n\t' <"$2" | LC_ALL=C grep -c '[[:cntrl:]]')" 0; }
# refused NAME STATUS WORD COMMAND...: one line "weir: ..." with the word, and a remedy below it
refused() {
	local name=$1 status=$2 word=$3
	shift 3
	check_exit "${name}_status" "$status" "$@"
	check "${name}_says_why" grep -q -e "$word" <(head -n 1 "$TMP/output")
	# the line, the words with a caret below the wrong one, and what to do
	check "${name}_is_short" [ "$(wc -l <"$TMP/output")" -ge 2 -a "$(wc -l <"$TMP/output")" -le 4 ]
	no_control_bytes "$name" "$TMP/output"
}
none() { check "$1_leaves_no_instance" [ ! -e "/run/weir/bpf/$INSTANCE" ]; }

# ---- before there is an instance
refused unknown_device 2 'nosuch0: no such device' weir link attach dev nosuch0
none unknown_device
refused long_device 1 'longer than' weir link attach dev abcdefghijklmnopqrstuvwxyz
refused status_of_nothing 3 'is not running' weir status
refused limit_of_nothing 3 'is not running' weir limit add total 5/second
refused off_of_nothing 3 'is not running' weir off
refused bad_instance 1 'not a name' lab_gw "$WEIR" -I '../../etc' status
refused missing_instance 1 '-I' lab_gw "$WEIR" -I
refused unknown_option 1 '-x' lab_gw "$WEIR" -x status
refused late_option 1 '-j' weir status -j
refused unknown_object 1 'limt' weir limt
refused abbreviated_object 1 'lim: no such' weir lim show
refused abbreviated_verb 1 'sho: not a verb' weir limit sho
check_exit no_words 1 lab_gw "$WEIR"

# ---- a foreign program is named, and stays
lab_gw ip link set dev wan0 xdpdrv obj "$LAB_TOOLS/foreign.bpf.o" sec xdp || bail "no foreign program"
id() { lab_gw ip -d link show dev "$1" | sed -n 's/.*prog\/xdp id \([0-9]*\).*/\1/p'; }
foreign=$(id wan0)
refused foreign_program 2 "XDP program $foreign (foreign_pass)" weir link attach dev wan0
none foreign_program
check_eq foreign_program_stays "$(id wan0)" "$foreign"
lab_gw ip link set dev wan0 xdpdrv off

# ---- no BTF, no root
without_btf() { lab_gw unshare -m bash -c 'mount --bind /dev/null /sys/kernel/btf/vmlinux && exec "$@"' - "$WEIR" -I "$INSTANCE" "$@"; }
refused no_btf 2 'no BTF' without_btf link attach dev wan0
none no_btf
# without BTF no flow can be looked up: check says what that means
meaning() { json '(v["kernel"]["ct_lookup_xdp"], "unjudged" in (v["kernel"]["without_ct_lookup"] or ""))'; }
check_eq check_says_what_the_look_up_is_for "$(without_btf -j check 2>/dev/null | meaning)" "[false, true]"
check_eq check_says_nothing_where_it_is_there "$(weir -j check 2>/dev/null | meaning)" "[true, false]"
check text_has_it grep -q '^ *without the look-up: .*unjudged' <(without_btf check 2>/dev/null)
check_eq text_has_it_not "$(weir check 2>/dev/null | grep -c unjudged)" 0
unprivileged() { lab_gw setpriv --reuid=65534 --regid=65534 --clear-groups "$WEIR" -I "$INSTANCE" "$@"; }
cp "$WEIR" "$TMP/weir" && chmod 755 "$TMP" "$TMP/weir" && WEIR_SAVED=$WEIR WEIR=$TMP/weir
refused not_root_attach 2 'not root' unprivileged link attach dev wan0
none not_root_attach

# ---- with an instance: the policy stays as it is
weir link attach dev wan0 role outside || bail "can't attach"
weir limit add per source 200/second || bail "can't limit"
weir limit add prefix 25.0.2.0/24 from inside total 5/second || bail "can't limit"
weir config show >"$TMP/policy"
unchanged() { check "$1_changes_nothing" diff "$TMP/policy" <(weir config show); }
wrong() { refused "$@"; unchanged "$1"; }

for verb in status "stats show" "link show" "mode show"; do
	refused "not_root_${verb/ /_}" 2 'permission denied' unprivileged $verb
done
refused not_root_limit 2 'not root' unprivileged limit show
wrong not_root_edit 2 'not root' unprivileged limit add total 5/second
wrong attached_device 2 'no such device' weir link attach dev wan00
wrong rate_zero 1 '0/second' weir limit add total 0/second
wrong no_rate 1 'expected' weir limit add total
wrong no_unit 1 '200' weir limit add total 200
wrong negative_rate 1 '-5/second' weir limit add total -5/second
wrong huge_rate 1 99999999999999999999 weir limit add total 99999999999999999999/second
wrong host_bits 1 '192.0.2.1/24' weir limit add prefix 192.0.2.1/24 total 5/second
wrong bad_prefix 1 'nonsense' weir block add nonsense
wrong prefix_too_long 1 '192.0.2.0/33' weir block add 192.0.2.0/33
wrong limit_twice 1 'already' weir limit add per source 300/second
wrong limit_overlaps_both 1 'overlaps' weir limit add prefix 25.0.2.0/24 total 7/second
wrong limit_overlaps_one 1 'overlaps' weir limit replace from outside per source 7/second
wrong limit_of_a_set 1 'expected a prefix' weir limit add prefix '{ 10.0.0.0/8, 11.0.0.0/8 }' total 5/second
wrong no_such_limit 4 'no such limit' weir limit del total
wrong other_side_of_a_limit 4 'no such limit' weir limit del from inside per source
wrong not_on_the_list 4 'not on the list' weir block del 192.0.2.1
wrong not_attached 4 'not attached' weir link detach dev lan0
wrong nothing_to_confirm 4 'confirm' weir confirm
wrong left_over_word 1 'please: nothing more' weir block del 192.0.2.1 please
wrong role_mistyped 1 'outsid' weir link attach dev lan0 role outsid
wrong duration_mistyped 1 'fortnight' weir mode enforce for fortnight
wrong duration_of_nothing 1 'a time of 0' weir mode enforce for 0
wrong priority_too_high 1 '256: not a priority' weir link attach dev lan0 priority 256
wrong order_mistyped 1 'bogus: not an order' weir source top sort bogus
# what is missing or out of its range is told with its place, and what can stand there
refused order_missing 1 'source top sort: expected new or drop' weir source top sort
refused number_of_rows 1 'source top limit: "0" is not within 1 and 1000000' weir source top limit 0
refused source_missing 1 'source get: expected an address' weir source get
refused prefix_missing 1 'block add: expected a prefix' weir block add
refused limit_missing 1 'limit del: expected prefix, from, per or total' weir limit del
refused bypass_missing 1 'bypass add: expected a protocol' weir bypass add
wrong prefix_to_delete 1 'trust del: "nonsense" is not' weir trust del nonsense
refused prefix_to_get 1 'block get: "nonsense" is not' weir block get nonsense
wrong mark_of_two_bits 1 'bypass mark: "3" is not one bit' weir bypass mark 3
refused grace_too_long 1 'grace: "9999999999d" is longer than a hundred years' weir grace 9999999999d
refused enforce_too_long 1 'mode enforce for: "9999999999d" is longer' weir mode enforce for 9999999999d
refused suggest_after_nothing 1 'limit suggest after: expected how long' weir limit suggest after
check help_of_its_object grep -q 'weir help limit$' "$TMP/output"
check one_lost_flow_is_not_denied grep -q 'no source that is remembered has lost a flow' <(weir source top sort drop)
long=$(printf 'a%.0s' {1..5000})
for command in "block add" "limit add" "mode enforce for" "link attach dev" "source get" "config load" "" "stats show by"; do
	wrong "long_word_${command// /_}" 1 'aaaa\|too long\|longer than' weir $command "$long"
done

# ---- files
head -c 100000 /dev/urandom >"$TMP/garbage"
head -c 200000000 /dev/zero >"$TMP/zeros"
printf 'limit new-flows {\n\tper source 10/second \e[2J\e]0;hello\a\n}\n' >"$TMP/escapes"
: >"$TMP/locked"; chmod 666 "$TMP/locked"
in_file() {	# NAME FILE WORD
	check_exit "$1_status" 1 weir config load "$2"
	check "$1_says_why" grep -q -e "$3" "$TMP/output"
	check "$1_is_short" [ "$(wc -c <"$TMP/output")" -le 3000 ]
	no_control_bytes "$1" "$TMP/output"
	unchanged "$1"
}
in_file no_such_file "$TMP/none" 'No such file'
in_file directory_as_config "$TMP" 'regular'
in_file binary_as_config "$WEIR" ':1:'
in_file garbage_as_config "$TMP/garbage" ':[0-9]*:'
in_file zeros_as_config "$TMP/zeros" 'zeros'
in_file escapes_in_config "$TMP/escapes" ':2:'
printf 'mode monitor\r\nmode enforced\r\n' >"$TMP/crlf"
in_file crlf_in_config "$TMP/crlf" ':2:6:'
check_eq crlf_is_not_shown "$(grep -c 'x0d' "$TMP/output")" 0
in_file config_others_may_write "$TMP/locked" 'written by others'
in_file device_as_config /dev/zero 'regular'
printf '192.0.2.0/24\nnonsense\n' >"$TMP/bad-list"
wrong list_with_a_bad_line 1 ':2:1:' weir block load "$TMP/bad-list"
wrong list_for_no_time 1 'bad-list timeout: a time of 0' weir block load "$TMP/bad-list" timeout 0
wrong list_for_a_mistyped_time 1 'bad-list timeout: "1x" is not a duration' weir block load "$TMP/bad-list" timeout 1x
check_exit list_with_a_bad_line_skipped 0 weir block load "$TMP/bad-list" --skip-bad
check_eq list_without_its_bad_line "$(weir -j block show | json '[e["prefix"] for e in v]')" '["192.0.2.0/24"]'
weir block flush
refused directory_of_rules 1 "$TMP: Is a directory" weir bypass import "$TMP"
wrong no_rules_to_apply 1 "none: No such file" weir bypass import apply "$TMP/none"

# ---- hostile names of devices: the kernel allows all but '/', blanks and ':'
hostile=("a'b\"c" "${ESC}[31mred" '$(id)' '`id`' '-rf' '*' $'\xff\xfe\x80' '--help' '\' ';id' '..x' '{}' '#x' $'\u202eabc')
for name in "${hostile[@]}"; do
	shown=$(printf %q "$name")
	lab_gw ip link add name "$name" type veth 2>/dev/null ||
		{ skip "name_$shown" "the kernel does not take it"; continue; }
	check_exit "name_${shown}_attach" 0 weir link attach dev "$name" driver generic
	for command in status "link show" "stats show" "config show" "mode show" "limit show" "stats show by dev"; do
		weir $command >"$TMP/text" 2>&1
		no_control_bytes "name_${shown}_${command// /_}" "$TMP/text"
		check_eq "name_${shown}_${command// /_}_json" "$(weir -j $command | json True)" true
	done
	check_eq "name_${shown}_uid" "$(grep -c 'uid=' "$TMP/text")" 0
	weir config show >"$TMP/round"
	check_exit "name_${shown}_loads_again" 0 weir config load "$TMP/round"
	# a glob in a file is a glob, but a name that was attached is that device alone
	check_eq "name_${shown}_takes_no_other" "$(weir -j link show | json 'len(v)')" 2
	check "name_${shown}_round_trip" diff "$TMP/round" <(weir config show)
	check_exit "name_${shown}_detach" 0 weir link detach dev "$name"
	lab_gw ip link del dev "$name"
	refused "name_${shown}_gone" 2 'no such device' weir link attach dev "$name"
done
check_eq nothing_of_them_is_left "$(weir -j link show | json '[l["dev"] for l in v]')" '["wan0"]'
check_exit colors_are_for_terminals 0 weir status
check_eq no_color_in_a_pipe "$(grep -c "$ESC" "$TMP/output")" 0
finish
