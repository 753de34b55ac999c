#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The self-audit: whoever limits or blocks flows that work is told so, also while nothing is dropped
# yet; a flood is no such flow.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"
lab_gw conntrack -I -p tcp -s 10.77.0.10 -d 25.0.0.10 --sport 1000 --dport 80 \
	-r 25.0.0.10 -q $LAB_WAN --reply-port-src 80 --reply-port-dst 2000 \
	--state ESTABLISHED -u SEEN_REPLY,ASSURED -t 1000 >/dev/null 2>&1 || bail "no entry"
weir link attach dev wan0 role outside || bail "can't attach"

# one ACTION REASON EXPRESSION: of that row of stats, as r
of_stats() { weir -j stats show by reason | json "[$3 for r in v if r['action'] == '$1' and r['reason'] == '$2'][0]"; }
of_status() { weir -j status | json "[$3 for r in v['audit'] if r['action'] == '$1' and r['reason'] == '$2'][0]"; }

check_eq nothing_was_dropped_and_nothing_looked_up "$(weir -j status | json 'v["audit"]')" '[]'

# a flow that works is blocked, in monitor mode
weir block add 25.0.0.10
lab_flood --kind ack --from 25.0.0.10 --to $LAB_WAN --sport 80 --dport 2000 --count 2000 --rate 5000 >/dev/null ||
	bail "no packets of the flow"
check_eq all_would_be_dropped "$(counter blocked would-drop)" 2000
check "a_sample_was_looked_up" [ "$(of_stats would-drop blocked 'r["looked_up"]')" -ge 7 ]
check_eq all_of_the_flow "$(of_stats would-drop blocked 'r["looked_up"] == r["established"]')" true
check_eq status_says_the_same "$(of_status would-drop blocked 'r["looked_up"] == r["established"] > 0')" true
weir status >"$TMP/status"
check status_warns grep -q 'looked up belonged to established flows, most of them by blocked' "$TMP/status"

# the same, enforced
weir mode enforce
lab_flood --kind ack --from 25.0.0.10 --to $LAB_WAN --sport 80 --dport 2000 --count 300 --rate 20000 >/dev/null
check_eq enforced_too "$(of_stats drop blocked 'r["looked_up"] == r["established"] > 0')" true

# a flood is not
weir block flush
weir limit add total 5/second burst 5
lab_flood --kind udp,syn --to $LAB_WAN --dport 443 --count 3000 --rate 30000 >/dev/null || bail "no flood"
check "the_flood_was_looked_up" [ "$(of_stats drop rate-total 'r["looked_up"]')" -ge 8 ]
check_eq none_of_it_was_established "$(of_stats drop rate-total 'r["established"]')" 0
check_eq passes_are_not_looked_up "$(weir -j stats show by reason |
	json '[r["looked_up"] for r in v if r["action"] == "pass" and r["looked_up"] is not None]')" '[]'
finish
