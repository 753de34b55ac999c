#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Limits are learned from honest sources in quiet times, and not from an attack.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"
{ weir link attach dev wan0 role outside && weir link attach dev lan0 role inside; } >/dev/null || bail "can't attach"
why() { weir limit suggest "$@" 2>&1 >/dev/null; }

check_exit watched_too_short 2 weir limit suggest
check says_how_long grep -q 'should for 10m' "$TMP/output"
check_eq nobody_is_too_few "$(weir -j limit suggest after 0s | json '[x["limit"] for x in v]')" '[null, null]'

# 64 hosts inside, each about forty flows a second, and then three: it is asked in a calm moment, in which
# each of them was seen
inside() { lab_in "$LAB_TOOLS/flood" --dev in0 --mac "$(lab_mac lan0)" --kind syn --from 10.77.0.64/26 \
	--to 25.0.0.10/32 --dport 80 "$@" >/dev/null; }
inside --rate 2560 --seconds 4
inside --rate 160 --seconds 6
weir -j limit suggest after 0s >"$TMP/inside"
suggested=$(json 'v[1]["limit"]' <"$TMP/inside")
rate=${suggested#from inside per source } rate=${rate%%/*}
check holds_what_they_did_before [ "${rate:-0}" -ge 40 ]
check says_that_it_is_calm grep -q 'calm just now' <(json 'v[1]["doubt"]' <"$TMP/inside")
check says_how_short_it_was grep -q 'no daily peak seen: it runs for' <(json 'v[1]["doubt"]' <"$TMP/inside")
check_eq nobody_lost_flows "$(json 'v[1]["limited"]' <"$TMP/inside")" 0
check suggested_from_inside [ "${suggested#from inside per source }" != "$suggested" ]
# shellcheck disable=SC2086
check can_be_added_as_it_is weir limit add $suggested
check_eq nobody_would_have_noticed "$(weir -j limit suggest after 0s | json 'v[1]["above"]')" 0
check_eq outside_knows_nobody "$(weir -j limit suggest after 0s | json 'v[0]["limit"]')" null
check_eq top_shows_the_limit "$(weir -j source top limit 1 | json 'v[0]["limit"]')" "$suggested"
check_eq get_shows_it_too "$(weir -j source get "$(weir -j source top limit 1 | json 'v[0]["source"]')" |
	json 'v[0]["limit"]')" "$suggested"

# a more specific limit applies where it is
weir limit add prefix 10.77.0.64/26 per source 1000/second burst 2000
check_eq most_specific_limit "$(weir -j source top limit 1 | json 'v[0]["limit"]')" \
	"prefix 10.77.0.64/26 per source 1000/second burst 2000"

# limits that it shares with others apply, too
weir limit add prefix 10.77.0.0/24 from inside per aggregate 50000/second burst 50000
weir limit add prefix 10.77.0.64/26 total 90000/second burst 90000
check_eq shared_limits "$(weir -j source top limit 1 | json 'v[0]["shared"]')" \
	"prefix 10.77.0.0/24 from inside per aggregate 50000/second burst 50000; prefix 10.77.0.64/26 total 90000/second burst 90000"
weir limit del prefix 10.77.0.64/26 total
weir limit del prefix 10.77.0.0/24 from inside per aggregate
check_eq no_shared_limits "$(weir -j source top limit 1 | json 'v[0]["shared"]')" null
# seconds COLUMN: of the source that opens most
seconds() { weir -j source top limit 1 | json 'sum(int(n) * {"s": 1, "m": 60, "h": 3600}[u] for n, u in
	__import__("re").findall("([0-9]+)([smh])", v[0]["'"$1"'"]))'; }
check known_since_the_busy_seconds [ "$(seconds known_for)" -ge 8 ]
check seen_after_them [ "$(seconds idle)" -lt "$(($(seconds known_for) - 5))" ]
check text_says_since_when grep -q 'known for' <(weir source top)

# an attack: everything that it does would be dropped by a limit in monitor mode
weir limit add from outside total 100/second burst 100
background "$LAB_OUT" "$LAB_TOOLS/flood" --dev out0 --mac "$(lab_mac wan0)" --kind syn --to 25.0.1.2/32 \
	--rate 200000 --count 4000000 >/dev/null
attacked() { why after 0s | grep -q 'looks like an attack'; }
check refused_during_an_attack wait_for 8 attacked
wait "$LAB_PID"
# the flood has gone, and its entries; what it left in the table of sources has not
weir limit del from outside total
lab_flush
over() { ! attacked; }
check flood_is_over wait_for 8 over
check what_a_flood_left_is_no_model eval \
	'weir -j limit suggest after 0s | json "v[0][\"refused\"]" | grep -qE "never again|too few|lost flows"'
known=$(weir -j source top limit 1000000 | json 'len(v)')
began=$(date +%s%N)
weir source top >/dev/null
echo "# source top over $known sources: $((($(date +%s%N) - began) / 1000000)) ms"
began=$(date +%s%N)
weir limit show >/dev/null
echo "# limit show over $known sources: $((($(date +%s%N) - began) / 1000000)) ms"
check million_sources_are_known [ "$known" -ge 900000 ]
finish
