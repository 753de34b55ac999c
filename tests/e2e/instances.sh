#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Instances live side by side in network namespaces, outlive the commands that made them however
# those end, and leave nothing behind.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"
PINS=/run/weir/bpf
ABI=v$(awk '$2 == "WEIR_ABI" { print $3 }' headers/abi.h)
id() { nsenter --net="$LAB_RUN/$1" ip -d link show dev "$2" | sed -n 's/.*prog\/xdp id \([0-9]*\).*/\1/p'; }
programs() { bpftool -j prog show 2>/dev/null | json '" ".join(sorted(str(p["id"]) for p in v if p.get("name") == "weir_xdp"))'; }
second() { lab_out "$WEIR" -I "$INSTANCE-second" "$@"; }
third() { ip netns exec "$LAB_IN" "$WEIR" -I "$INSTANCE-third" "$@"; }
at_exit_too() { second off; third off; lab_gw "$WEIR" -I "$INSTANCE-killed" off; e2e_at_exit; }
LAB_AT_EXIT='eval at_exit_too >/dev/null 2>&1; :'

# ---- side by side, by nsenter and by ip netns exec, which has a mount namespace of its own
check_exit first_by_nsenter 0 weir link attach dev wan0
check_exit second_by_nsenter 0 second link attach dev out0 role inside
check_exit third_by_ip_netns_exec 0 third link attach dev in0
check "pins_outlive_ip_netns_exec" [ -e "$PINS/$INSTANCE-third/$ABI/counter" ]
check_eq program_outlives_ip_netns_exec "$([ -n "$(id "$LAB_IN" in0)" ] && echo yes)" yes
third limit add total 5/second || fail third_limit "no limit"
check_eq third_has_its_limit "$(third -j limit show | json 'len(v)')" 1
check_eq first_has_none_of_it "$(weir -j limit show | json 'len(v)')" 0
check_eq each_has_its_device "$(for each in weir second third; do $each -j link show | json 'v[0]["dev"]'; done | xargs)" "wan0 out0 in0"
check_exit third_is_seen_by_nsenter 0 lab_in "$WEIR" -I "$INSTANCE-third" status

# ---- what a program remembers is there for the next one
flows() { bpftool -j map show pinned "$PINS/$INSTANCE-third/$ABI/flow" | json 'v["id"]'; }
uses_flows() { bpftool -j prog show id "$(id "$LAB_IN" in0)" | json "$(flows) in v['map_ids']"; }
before=$(id "$LAB_IN" in0)
third link attach dev in0 >/dev/null
check "another_program" [ "$(id "$LAB_IN" in0)" != "$before" ]
check_eq it_has_the_flows_of_the_one_before "$(uses_flows)" true

# ---- a map of another shape, as another weir may have left it, is named with what differs
AUDIT=$PINS/$INSTANCE-third/$ABI/audit
shape() { bpftool -j map show pinned "$AUDIT" | json 'v["type"], v["bytes_key"], v["bytes_value"], v["max_entries"]' | tr -d '[],"'; }
read -r type key value entries <<<"$(shape)"
before=$(id "$LAB_IN" in0)
mv "$AUDIT" "$AUDIT-kept"
# of_another_shape NAME WORDS TYPE KEY VALUE ENTRIES FLAGS
of_another_shape() {
	bpftool map create "$AUDIT" type "$3" key "$4" value "$5" entries "$6" flags "$7" name audit || fail "$1_made" "no map"
	check_exit "$1" 2 third link attach dev in0
	check "$1_is_named" grep -q "its map audit has another shape: $2\$" "$TMP/output"
	check "$1_has_a_remedy" grep -q "weir -I $INSTANCE-third off" "$TMP/output"
	rm "$AUDIT"
}
of_another_shape another_type 'type 1, not [0-9]*' hash "$key" "$value" "$entries" 0
of_another_shape another_value_size "value size $((value + 8)), not $value" "$type" "$key" $((value + 8)) "$entries" 0
of_another_shape another_number_of_entries "entries $((entries + 1)), not $entries" "$type" "$key" "$value" $((entries + 1)) 0
of_another_shape other_flags 'flags 128, not 0' "$type" "$key" "$value" "$entries" 128
mv "$AUDIT-kept" "$AUDIT"
check_eq another_shape_changes_nothing "$(id "$LAB_IN" in0)" "$before"
check_exit its_own_map_fits 0 third link attach dev in0

# ---- what is said to be typed is said for this instance
check_exit detached_is_told 4 third link detach dev nothere
check remedy_names_the_instance grep -q "see what is: weir -I $INSTANCE-third link show\$" "$TMP/output"
check unless_confirmed_names_the_instance grep -q "type: weir -I $INSTANCE-third confirm\$" <(third mode enforce for 1m)
check_exit back_to_monitor 0 third mode monitor
check_exit other_remedies_are_left 1 third status -j
check option_is_no_command grep -q 'weir -j status' "$TMP/output"

# ---- one namespace's instance is not another's
check_exit foreign_namespace 2 lab_out "$WEIR" -I "$INSTANCE" link attach dev out0
check foreign_namespace_says_so grep -q 'another network namespace' "$TMP/output"
check foreign_namespace_says_what_to_do grep -q "weir -I $INSTANCE off" "$TMP/output"
# the addresses, devices and nftables of this one are not that one's
check_exit foreign_edit 2 lab_out "$WEIR" -I "$INSTANCE" limit add total 9/second
check_eq foreign_edit_changes_nothing "$(weir -j limit show | json 'len(v)')" 0
check_exit foreign_detach 2 lab_out "$WEIR" -I "$INSTANCE" link detach dev wan0
before=$(id "$LAB_GW" wan0)
check_exit foreign_off 2 lab_out "$WEIR" -I "$INSTANCE" off
check foreign_off_says_where grep -q "nsenter --net=.*/$LAB_GW weir -I $INSTANCE off" "$TMP/output"
check_eq foreign_off_changes_nothing "$(id "$LAB_GW" wan0) $(weir -j link show | json 'v[0]["state"]')" "$before attached"
check_exit taken_by_another_instance 2 lab_gw "$WEIR" -I "$INSTANCE-killed" link attach dev wan0
check taken_by_another_is_said grep -q 'another instance of weir' "$TMP/output"

# ---- off leaves nothing of this one, and all of the others
check_exit second_off 0 second off
check "off_leaves_no_pins" [ ! -e "$PINS/$INSTANCE-second" ]
check_eq off_leaves_no_program "$(id "$LAB_OUT" out0)" ""
check_exit off_twice 3 second off
check_exit first_stays 0 weir status

# ---- the device goes, and comes again under its name
third link attach dev in0 role inside
lab_in ip link add name gone0 type veth
third link attach dev gone0 driver generic || fail attach_dummy "can't attach"
lab_in ip link del dev gone0
gone() { third -j link show | json '[l["state"] for l in v if l["dev"] == "gone0"][0]'; }
check_eq deleted_device_is_gone "$(gone)" gone
check_eq status_says_so "$(third -j status | json '"gone0" in (v["next"] or "")')" true
lab_in ip link add name gone0 type veth
check_eq device_of_the_same_name_is_another "$(gone)" gone
check_exit attach_it_again 0 third link attach dev gone0 driver generic
check_eq attached_again "$(gone)" attached
lab_in ip link del dev gone0
check_exit detach_what_is_gone 0 third link detach dev gone0

# ---- the namespace goes: its instance moves to the one that asks for it
lab_namespace "weir-$$-old" && nsenter --net="$LAB_RUN/weir-$$-old" ip link add name d0 type veth
nsenter --net="$LAB_RUN/weir-$$-old" "$WEIR" -I "$INSTANCE-killed" link attach dev d0 driver generic || fail old "can't attach"
nsenter --net="$LAB_RUN/weir-$$-old" "$WEIR" -I "$INSTANCE-killed" limit add total 7/second
ip netns del "weir-$$-old"
is_stale() { lab_gw "$WEIR" -I "$INSTANCE-killed" -j link show | json 'v[0]["state"]' | grep -q gone; }
check "dead_namespace_leaves_a_stale_instance" wait_for 10 is_stale
lab_gw ip link add name d1 type veth || bail "no device"
check_exit stale_instance_moves 0 lab_gw "$WEIR" -I "$INSTANCE-killed" link attach dev d1 driver generic
check_eq stale_instance_keeps_its_policy "$(lab_gw "$WEIR" -I "$INSTANCE-killed" -j limit show | json 'v[0]["rate"]')" 7/second
lab_gw "$WEIR" -I "$INSTANCE-killed" off
check "its_pins_are_gone" [ ! -e "$PINS/$INSTANCE-killed" ]

# and without asking for it, its instance can be ended from anywhere
lab_namespace "weir-$$-old" && nsenter --net="$LAB_RUN/weir-$$-old" ip link add name d0 type veth
nsenter --net="$LAB_RUN/weir-$$-old" "$WEIR" -I "$INSTANCE-killed" link attach dev d0 driver generic || fail old "can't attach"
ip netns del "weir-$$-old"
check_exit off_of_a_dead_namespace 0 lab_gw "$WEIR" -I "$INSTANCE-killed" off
check "off_of_a_dead_namespace_leaves_no_pins" [ ! -e "$PINS/$INSTANCE-killed" ]

# ---- the loader is killed at one system call after another: what is there afterwards either works
# or is taken over by the next attempt; and nothing that is attached is lost
command -v strace >/dev/null || { skip loader_killed "needs strace"; finish; }
killed() { lab_gw "$WEIR" -I "$INSTANCE-killed" "$@"; }
attempts=0 deaths=0
for at in 1 2 5 10 15 20 22 24 26 28 30 32 34 36 38 40 44 48 52 60 70 80 100; do
	lab_gw strace -f -qq -o /dev/null -e trace=bpf -e inject=bpf:signal=KILL:when=$at \
		"$WEIR" -I "$INSTANCE-killed" link attach dev d1 driver generic >"$TMP/output" 2>&1
	[ $? = 137 ] && deaths=$((deaths + 1))
	attempts=$((attempts + 1))
	killed status >"$TMP/status" 2>&1
	status=$?
	case $status in 0|3) ;; *) fail "killed_at_${at}_status" "status ends with $status: $(cat "$TMP/status")" ;; esac
	check_exit "killed_at_${at}_next_attach" 0 killed link attach dev d1 driver generic
	check_eq "killed_at_${at}_works" "$(killed -j status | json 'v["links"][0]["state"]')" attached
	# every other time from nothing
	[ $((attempts % 2)) = 0 ] && { killed off || fail "killed_at_${at}_off" "off fails"; }
done
check loaders_were_killed [ $deaths -ge 10 ]
killed off
check_eq killed_leaves_nothing "$(ls -d "$PINS/$INSTANCE-killed" 2>/dev/null)$(id "$LAB_GW" d1)" ""

# a swap that is killed leaves the old program or the new one on the device, never none
for at in 1 5 10 15 20 25 30 35 40 45 50; do
	lab_gw strace -f -qq -o /dev/null -e trace=bpf -e inject=bpf:signal=KILL:when=$at \
		"$WEIR" -I "$INSTANCE" link attach dev wan0 >/dev/null 2>&1
	[ -n "$(id "$LAB_GW" wan0)" ] || fail "swap_killed_at_$at" "nothing is attached"
done
check_eq killed_swaps_left_it_attached "$(weir -j status | json 'v["links"][0]["state"]')" attached

# ---- a reader of the group weir, with no capability at all
cp "$WEIR" "$TMP/weir" && chmod 755 "$TMP" "$TMP/weir"
lab_gw unshare -m bash -c '
	sed "/^weir:/d" /etc/group >"$1/group" && echo "weir:x:4242:" >>"$1/group" && chmod 644 "$1/group" &&
	mount --bind "$1/group" /etc/group && mount -t tmpfs tmpfs /run/weir && mkdir /run/weir/bpf &&
	mount -t bpf -o mode=0750 bpf /run/weir/bpf && chown 0:4242 /run/weir/bpf &&
	"$1/weir" -I reader link attach dev lan0 || exit 1
	for command in status "stats show" "link show" "mode show" "limit show" "config show" "limit add total 1/second"; do
		setpriv --reuid=65534 --regid=4242 --clear-groups --bounding-set=-all "$1/weir" -I reader -j $command >"$1/read" 2>&1
		echo "$command: $?"
	done >"$1/reads"
	"$1/weir" -I reader off
' - "$TMP" || fail reader "can't prepare a reader"
check_eq group_reads_statistics_only "$(xargs <"$TMP/reads")" \
	"status: 0 stats show: 0 link show: 0 mode show: 0 limit show: 2 config show: 2 limit add total 1/second: 2"
finish
