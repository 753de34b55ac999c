#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# weir grace: after a failover the flows of everybody are strays. They are dropped, pass while grace
# lasts so that conntrack picks them up, and are dropped again when it has ended.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"
printf 'mode enforce\ninterface wan0 { role outside }\ncheck { stray drop }\n' >"$TMP/weir.conf"
chmod 0600 "$TMP/weir.conf"
weir config load "$TMP/weir.conf" || bail "can't load"

# acks SOURCE: 20 packets in the middle of flows that this gateway has never seen, to a host that is
# away: one that is there would reset them, and conntrack forgets what is answered by a reset
acks() {
	lab_flood --kind ack --from "$1/32" --to 25.0.1.9/32 --dport 22 --count 20 --rate 1000 >/dev/null
	wait_for 5 judged
}
# judged: all of them have been counted
JUDGED=0
judged() { [ "$(($(counter stray) + $(counter grace)))" -ge $((JUDGED + 20)) ]; }
counts() { echo "$(counter stray drop) $(counter grace pass)"; }
entries() { lab_gw conntrack -L -s "$1" 2>/dev/null | wc -l; }

lab_flush
acks 25.0.0.31
check_eq strays_are_dropped "$(counts)" "20 0"
check_eq dropped_ones_have_no_entry "$(entries 25.0.0.31)" 0

# what packaging/examples/keepalived.conf has keepalived do
command=$(sed -n 's/^[^#]*notify_master "[^ ]*weir \(.*\)".*/\1/p' packaging/examples/keepalived.conf)
check_eq example_has_a_command "${command%% *}" grace
# shellcheck disable=SC2086
check command_of_the_example weir $command
JUDGED=20
acks 25.0.0.32
check_eq they_pass_in_grace "$(counts)" "20 20"
check conntrack_picks_them_up [ "$(entries 25.0.0.32)" -gt 0 ]

weir grace 0
JUDGED=40
acks 25.0.0.33
check_eq they_are_dropped_after_it "$(counts)" "40 20"
check_eq and_have_no_entry_again "$(entries 25.0.0.33)" 0
finish
