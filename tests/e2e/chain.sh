#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Other XDP programs are on the device, behind libxdp's dispatcher: weir joins them, in the order that
# is asked for, both see their packets, each may leave, and a new program of weir's loses no packet
# and counts none twice. Where the kernel allows no dispatcher, weir says so.
. "$(dirname "$0")/lib.sh"
[ -x "$WEIR" ] || { skip chain "weir is not built"; finish; }
lab_make || bail "can't make the lab"

# nobody speaks on that wire but who is told to
lab_out bash -c 'lab_sysctl net/ipv6/conf/out0/disable_ipv6 1'

state() { weir link show | awk '$1 == "wan0" { print $4, $5 }'; }
priority() { weir link show | awk '$1 == "wan0" { print $6 }'; }
# refused NAME TEXT COMMAND...: exit status 2, and TEXT is said
refused() {
	local name=$1 text=$2
	shift 2
	check_exit "$name" 2 "$@"
	check "${name}_is_clear" grep -qF "$text" "$TMP/output"
}

neighbour_off() {
	exec {neighbour_in}>&-
	wait "$neighbour_pid"
}
# neighbour_on PRIORITY: another tool's program, on wan0; its exit status when it can't
neighbour_on() {
	local word
	coproc NEIGHBOUR { exec nsenter --net="$LAB_RUN/$LAB_GW" "$LAB_TOOLS/neighbour" wan0 "$1"; }
	neighbour_pid=$NEIGHBOUR_PID neighbour_out=${NEIGHBOUR[0]} neighbour_in=${NEIGHBOUR[1]}
	read -r -t 60 word <&"$neighbour_out"
	[ "$word" = ready ] || neighbour_off
}
neighbour_seen() {
	local count
	echo >&"$neighbour_in"
	read -r -t 60 count <&"$neighbour_out"
	echo "$count"
}

neighbour_on 50
case $? in
0) neighbour_off ;;
77)
	refused no_dispatcher "does not allow libxdp's dispatcher" weir link attach dev wan0 driver chain
	check_exit no_dispatcher_means_native 0 weir link attach dev wan0
	check_eq native_there "$(state)" "native attached"
	refused no_dispatcher_changes_nothing "does not allow" weir link attach dev wan0 driver chain
	check_eq still_native_there "$(state)" "native attached"
	skip chain "this kernel allows no dispatcher"
	finish
	;;
*) bail "the other program can't be attached" ;;
esac

# frames COUNT: arrive at wan0, and are nobody's
frames() {
	lab_flood --kind udp --from 25.0.2.1 --to $LAB_ROUTED --sport 1024-1027 --dport 9 --rate 500 \
		--count "$1" >"$TMP/flood" 2>&1 || fail frames "$(cat "$TMP/flood")"
}
# judged: in one reading, since ARP and neighbour discovery come at any time
judged() { weir -j stats show | watch_rows | awk '$2 !~ /^(not-ip|clean)$/ { n += $3 } END { printf "%.0f\n", n }'; }
# seen NAME COMMAND OF_WEIR OF_NEIGHBOUR: how many more each has counted after the command
seen() {
	local weir neighbour
	weir=$(judged) neighbour=$(neighbour_seen)
	$2
	check_eq "${1}_weir" $(($(judged) - weir)) "$3"
	check_eq "${1}_neighbour" $(($(neighbour_seen) - neighbour)) "$4"
}

# ---- alone, and not to be joined -------------------------------------------------------------

check_exit free_device 0 weir link attach dev wan0 role outside
check_eq free_device_is_its_own "$(state)" "native attached"
check_eq free_device_has_no_order "$(priority)" -
weir link detach dev wan0

# ---- beside another --------------------------------------------------------------------------

neighbour_on 50 || bail "the other program can't be attached"
refused native_names_who_is_there neighbour weir link attach dev wan0 role outside driver native
refused generic_names_who_is_there neighbour weir link attach dev wan0 role outside driver generic
check_exit auto_joins 0 weir link attach dev wan0 role outside
weir link attach dev wan0 >"$TMP/said"
check auto_says_who_is_there grep -q neighbour "$TMP/said"
check_eq joined "$(state)" "chain attached"
check_eq joined_in_front "$(priority)" 5
seen both "frames 20" 20 20
weir mode enforce || bail "can't enforce"
weir block add 25.0.2.1 || bail "can't block"
seen dropped_in_front "frames 20" 20 0
check_eq dropped "$(counter blocked drop)" 20
refused native_is_refused neighbour weir link attach dev wan0 driver native
check_eq refusal_changes_nothing "$(state)" "chain attached"
seen refusal_changes_nothing "frames 20" 20 0

check_exit other_order 0 weir link attach dev wan0 priority 60
check_eq other_order_is_shown "$(priority)" 60
seen dropped_behind "frames 20" 20 20
weir config show >"$TMP/config"
check order_is_kept grep -q 'priority 60' "$TMP/config"
weir link attach dev wan0 >/dev/null
check_eq order_stays_shown "$(priority)" 60
seen order_stays "frames 20" 20 20
sed -i 's/priority 60/priority 7/' "$TMP/config"
check_exit order_from_a_file 0 weir config load "$TMP/config"
check_eq order_from_a_file_is_shown "$(priority)" 7
seen in_front_again "frames 20" 20 0
weir block del 25.0.2.1

# ---- one after the other, under traffic ------------------------------------------------------

under_flood() {
	frames 2000 &
	PIDS+=($!)
	replaced=0
	until ended "${PIDS[-1]}"; do
		weir link attach dev wan0 >/dev/null || fail swap "can't attach"
		replaced=$((replaced + 1))
	done
	wait "${PIDS[-1]}"
}
seen each_is_counted_once under_flood 2000 2000
check swapped [ "$replaced" -ge 1 ]
check_eq one_is_left "$(lab_gw ls /sys/fs/bpf/xdp/dispatch-*/ | grep -c -- '-prog$')" 2

# ---- a dispatcher that can't be read is not one that has gone --------------------------------

ifindex=$(lab_gw ip -o link show dev wan0 | cut -d: -f1)
pins=$(ls -d /sys/fs/bpf/xdp/dispatch-"$ifindex"-*)
before=$(weir config show)
mv "$pins" "$pins-unseen" || bail "can't hide the pins"
unread="wan0: can't read libxdp's dispatcher: its pins are not in /sys/fs/bpf/xdp"
refused unread_detach "$unread" weir link detach dev wan0
check unread_detach_has_a_remedy grep -q 'nsenter --net=.*ip link set dev wan0 xdp off' "$TMP/output"
refused unread_off "$unread" weir off
refused unread_attach "$unread" weir link attach dev wan0
refused unread_other_driver "$unread" weir link attach dev wan0 driver tc
echo 'mode monitor' >"$TMP/devices_of_none"
refused unread_load "$unread" weir config load "$TMP/devices_of_none"
check_eq unread_is_not_gone "$(state)" "chain ?"
seen unread_still_judges "frames 20" 20 20
mv "$pins-unseen" "$pins"
check_eq unread_lost_nothing "$(state)" "chain attached"
check_eq unread_changed_nothing "$(weir config show)" "$before"
seen unread_is_read_again "frames 20" 20 20

# ---- from another namespace, where the number of the device is that of another one, or of none

elsewhere="instance $INSTANCE belongs to another network namespace"
refused foreign_off "$elsewhere" lab_out "$WEIR" -I "$INSTANCE" off
check foreign_off_says_where grep -q "nsenter --net=.*/$LAB_GW weir -I $INSTANCE off" "$TMP/output"
refused foreign_attach "$elsewhere" lab_out "$WEIR" -I "$INSTANCE" link attach dev out0 driver generic
check_eq foreign_changes_nothing "$(state)" "chain attached"
seen foreign_still_judges "frames 20" 20 20

# ---- bypass: nothing is carried from XDP to tc here ------------------------------------------

weir bypass add udp port 9 2>/dev/null || bail "no bypass"
lab_flush
seen bypass "frames 20" 20 20
check_eq bypass_has_no_entry "$(lab_gw conntrack -L -p udp --dport 9 2>/dev/null | wc -l)" 0
weir bypass del udp port 9 || bail "can't end the bypass"
seen no_bypass "frames 20" 20 20
check no_bypass_has_entries [ "$(lab_gw conntrack -L -p udp --dport 9 2>/dev/null | wc -l)" -gt 0 ]

# ---- each leaves without the other -----------------------------------------------------------

neighbour_off || fail neighbour_leaves "it can't"
check_eq weir_stays "$(state)" "chain attached"
before=$(judged)
frames 20
check_eq weir_still_counts $(($(judged) - before)) 20
neighbour_on 50 || fail neighbour_comes_again "it can't"
seen both_again "frames 20" 20 20
check_exit off 0 weir off
before=$(neighbour_seen)
frames 20
check_eq neighbour_stays $(($(neighbour_seen) - before)) 20

# ---- first, and to be joined -----------------------------------------------------------------

neighbour_off
check_exit chain_on_a_free_device 0 weir link attach dev wan0 role outside driver chain
check_eq chain_of_one "$(state)" "chain attached"
neighbour_on 50 || fail neighbour_joins "it can't"
seen joined_by "frames 20" 20 20
check_exit detach 0 weir link detach dev wan0
before=$(neighbour_seen)
frames 20
check_eq detach_leaves_the_other $(($(neighbour_seen) - before)) 20
neighbour_off
check_eq nothing_is_left "$(lab_gw ip link show dev wan0 | grep -c xdp)" 0

# ---- the device goes -------------------------------------------------------------------------

weir link attach dev wan0 driver chain >/dev/null || fail attach_again "can't attach"
ifindex=$(lab_gw ip -o link show dev wan0 | cut -d: -f1)
pins() { ls -d /sys/fs/bpf/xdp/dispatch-"$ifindex"-* 2>/dev/null | wc -l; }
check_eq dispatcher_has_pins "$(pins)" 1
lab_gw ip link del wan0
weir off
check_eq no_pins_of_what_has_gone "$(pins)" 0
finish
