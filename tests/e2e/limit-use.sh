#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `limit show` tells what the limits are used for just now, and a new limit begins at nothing.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"
{ weir link attach dev wan0 role outside && weir mode enforce; } >/dev/null || bail "can't attach"
weir limit add from outside total 1000/second burst 100
weir limit add from outside per source 100000/second
weir limit add prefix 25.9.0.0/16 total 10/second burst 10

flood() { background "$LAB_OUT" "$LAB_TOOLS/flood" --dev out0 --mac "$(lab_mac wan0)" --kind syn \
	--to $LAB_ROUTED/32 --dport 80 --rate 20000 --seconds 20 "$@" >/dev/null; }
# limit N EXPRESSION: of the Nth limit, as l
limit() { weir -j limit show | json "(lambda l: $2)(v[$1])"; }
is() { [ "$(limit "$1" "$2")" = true ]; }

check_eq nothing_is_used "$(limit 0 '[l["rate_now"], l["drop_rate"], l["admitted"], l["dropped"]]')" '[0, 0, 0, 0]'
flood --from 25.8.0.1/32
check total_is_used_up wait_for 10 is 0 'l["used_percent"] > 50 and l["drop_rate"] > 1000'
# of what is admitted, in any window: the rate, a burst, and a batch of each CPU
check total_admits_no_more is 0 'l["rate_now"] < 3000'
# a window is a little longer than a second, and may begin with the burst
check total_has_its_peak wait_for 10 is 0 '900 < l["peak"] < 1300'
check busiest_source_has_its_peak is 1 'l["peak"] > 1000'
check busiest_source_is_told is 1 'l["rate_now"] > 1000 and l["used_percent"] > 1'
check prefix_is_not_used is 2 'l["rate_now"] == 0 and l["admitted"] == 0'
kill "$LAB_PID"; wait "$LAB_PID" 2>/dev/null
peak=$(limit 0 'l["peak"]')
check total_rests wait_for 10 is 0 'l["rate_now"] == 0'
check_eq peak_stays_when_it_rests "$(limit 0 "l[\"peak\"] >= $peak > 500")" true
weir limit replace from outside total 900/second burst 100
check_eq peak_stays_over_a_change "$(limit 0 "l[\"peak\"] >= $peak")" true

flood --from 25.9.0.1/32
check prefix_is_used wait_for 10 is 2 'l["dropped"] > 1000'
kill "$LAB_PID"; wait "$LAB_PID" 2>/dev/null
# the limit's place is given to another one: nothing of the first is left in it
weir limit del prefix 25.9.0.0/16 total
weir limit add prefix 25.9.0.0/16 total 10/second burst 10
check_eq new_limit_begins_at_nothing "$(limit 2 '[l["admitted"], l["dropped"], l["peak"]]')" '[0, 0, 0]'
finish
