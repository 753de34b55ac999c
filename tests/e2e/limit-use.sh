#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `limit show` tells what the limits are used for just now, and a new limit begins at nothing. Of those
# that each source, aggregate or destination has for itself it tells who uses them most.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"
{ weir link attach dev wan0 role outside && weir link attach dev lan0 role inside &&
	weir mode enforce; } >/dev/null || bail "can't attach"
weir limit add from outside total 1000/second burst 100
weir limit add from outside per source 100000/second
weir limit add prefix 25.9.0.0/16 total 10/second burst 10

flood() { background "$LAB_OUT" "$LAB_TOOLS/flood" --dev out0 --mac "$(lab_mac wan0)" --kind syn \
	--to $LAB_ROUTED/32 --dport 80 --rate 20000 --seconds 20 "$@" >/dev/null; }
# limit N EXPRESSION: of the Nth limit, as l
limit() { weir -j limit show | json "(lambda l: $2)(v[$1])"; }
is() { [ "$(limit "$1" "$2")" = true ]; }
rest() { kill "$LAB_PID"; wait "$LAB_PID" 2>/dev/null; }

check_eq nothing_is_used "$(limit 0 '[l["rate_now"], l["drop_rate"], l["admitted"], l["dropped"]]')" '[0, 0, 0, 0]'
flood --from 25.8.0.1/32
check total_is_used_up wait_for 10 is 0 'l["used_percent"] > 50 and l["drop_rate"] > 1000'
# of what is admitted, in any window: the rate, a burst, and a batch of each CPU
check total_admits_no_more is 0 'l["rate_now"] < 3000'
# a window is a little longer than a second, and may begin with the burst
check total_has_its_peak wait_for 10 is 0 '900 < l["peak"] < 1300'
check busiest_source_has_its_peak is 1 'l["peak"] > 1000'
check busiest_source_is_told is 1 'l["rate_now"] > 1000 and l["used_percent"] > 1'
check_eq busiest_source_has_its_name "$(limit 1 '[l["busiest"], l["closed"]]')" '["25.8.0.1", 0]'
# its own limit refuses nobody, and no other limit drops for that reason
check_eq source_limit_refuses_nobody "$(limit 1 'l["drop_rate"]')" 0
check prefix_is_not_used is 2 'l["rate_now"] == 0 and l["admitted"] == 0'
rest
peak=$(limit 0 'l["peak"]')
check total_rests wait_for 10 is 0 'l["rate_now"] == 0'
check_eq peak_stays_when_it_rests "$(limit 0 "l[\"peak\"] >= $peak > 500")" true
weir limit replace from outside total 900/second burst 100
check_eq peak_stays_over_a_change "$(limit 0 "l[\"peak\"] >= $peak")" true

flood --from 25.9.0.1/32
check prefix_is_used wait_for 10 is 2 'l["dropped"] > 1000'
rest
# the limit's place is given to another one: nothing of the first is left in it
weir limit del prefix 25.9.0.0/16 total
weir limit add prefix 25.9.0.0/16 total 10/second burst 10
check_eq new_limit_begins_at_nothing "$(limit 2 '[l["admitted"], l["dropped"], l["peak"]]')" '[0, 0, 0]'
for what in "from outside total" "from outside per source" "prefix 25.9.0.0/16 total"; do
	# shellcheck disable=SC2086
	weir limit del $what
done

# ---- limits that each aggregate, or each destination, has for itself
weir limit add prefix 25.10.0.0/16 from outside per aggregate 100/second burst 50
weir limit add prefix 25.0.1.0/28 from outside per destination 2000/second burst 1000
check_eq there_is_a_default "$(limit 2 '[l["what"], l["from"], l["set"]]')" '["per destination", "inside", "default"]'
check_eq aggregates_rest "$(limit 0 '[l["rate_now"], l["peak"], l["used_percent"], l["spent_percent"], l["drop_rate"], l["closed"], l["busiest"]]')" \
	'[0, 0, 0, 0, 0, 0, null]'
flood --from 25.10.7.0/24
check aggregate_is_at_its_limit wait_for 10 is 0 'l["closed"] == 1 and l["spent_percent"] > 90'
check aggregate_has_its_name is 0 'l["busiest"] == "25.10.7.0/24"'
# what is admitted between the looks: a flow more or less
check aggregate_has_its_rate wait_for 10 is 0 '90 <= l["rate_now"] <= 110 and l["peak"] >= l["rate_now"]'
check aggregate_uses_its_limit wait_for 10 is 0 '90 <= l["used_percent"] <= 110'
check aggregate_has_its_drops is 0 'l["drop_rate"] > 1000'
# the destination gets what the aggregate lets through, which is a twentieth of its limit
check destination_is_below_its_limit wait_for 10 is 1 '50 <= l["rate_now"] <= 110 and l["used_percent"] < 6'
check destination_spends_nothing wait_for 10 is 1 'l["closed"] == 0 and l["spent_percent"] < 10 and l["drop_rate"] == 0'
rest
check aggregate_rests wait_for 10 is 0 'l["rate_now"] == 0 and l["closed"] == 0'

# 8 aggregates without a limit, to one destination
flood --from 25.11.0.0/21
check destination_is_at_its_limit wait_for 10 is 1 'l["closed"] == 1 and l["spent_percent"] > 90'
check destination_has_its_name is 1 "l[\"busiest\"] == \"$LAB_ROUTED tcp port 80\""
check destination_has_its_rate wait_for 10 is 1 '1900 <= l["rate_now"] <= 2100 and l["drop_rate"] > 1000'
check other_aggregates_are_not_its is 0 'l["busiest"] == None and l["rate_now"] == 0'
rest

# the default: from inside, as much as it comes; and an IPv6 destination, of which a hash is kept
inside() { background "$LAB_IN" "$LAB_TOOLS/flood" --dev in0 --mac "$(lab_mac lan0)" --kind udp \
	--dport 53 --rate 1000 --seconds 20 "$@" >/dev/null; }
inside --from 10.77.0.64/26 --to 25.0.0.200/32
check default_is_used wait_for 10 is 2 'l["rate_now"] > 300 and l["spent_percent"] > 0'
check default_tells_who is 2 'l["busiest"] == "25.0.0.200 udp port 53" and l["closed"] == 0'
check default_refuses_nobody is 2 'l["drop_rate"] == 0'
rest
check default_rests wait_for 10 is 2 'l["rate_now"] == 0'
inside --from fd77::64/122 --to 2a00:25::200/128
check ipv6_destination_is_used wait_for 10 is 2 'l["rate_now"] > 300'
# what is left of the other destination's burst may be more than this one has spent
check hash_is_called_so wait_for 20 is 2 'l["busiest"] == "an IPv6 destination"'
rest
# with a limit of another prefix of IPv6, it can't be told which of the two it is charged to
weir limit add prefix 2a00:26::/32 from inside per destination 10/second
check_eq what_can_not_be_told_is_absent \
	"$(limit 2 '[l["prefix"], l["rate_now"], l["spent_percent"], l["drop_rate"]]')" '["2a00:26::/32", null, null, null]'
finish
