#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A flood of sources that can't be there (martians, inside addresses, unroutable), dropped by weir and
# by nft's `fib saddr . iif oif missing drop` in raw, in turns in the same run: packets a second, the
# generator included, best of ROUNDS rounds of SECONDS_EACH: what disturbs can only slow it down.
. tests/e2e/lib.sh
: "${SECONDS_EACH:=1}" "${ROUNDS:=5}"
lab_make || bail "can't make the lab"
printf 'route %s\n' 'del default' 'add 20.0.0.0/8 via 25.0.0.254' | lab_gw ip -batch - ||
	bail "can't set the routes"
cat >"$TMP/weir.conf" <<-CONF
	mode enforce
	check { martians drop; urpf loose }
	interface wan0 { role outside }
	interface lan0 { role inside; sources { 25.0.1.0/28 } }
CONF

# rate SOURCES...: packets a second
rate() {
	local from=() p
	for p; do from+=(--from "$p"); done
	lab_flood --kind udp --to $LAB_WAN --dport 443 --rate 0 --seconds "$SECONDS_EACH" "${from[@]}" |
		json 'int(v["packets"] / v["seconds"])'
}
best() { sort -n | tail -n 1; }

with_weir() { weir config load "$TMP/weir.conf" >/dev/null || bail "can't load the configuration"; }
without_weir() { weir off; }
with_nft() {
	lab_gw nft -f - <<-RULES
		table inet spoof {
			chain raw {
				type filter hook prerouting priority raw;
				iifname "wan0" fib saddr . iif oif missing drop
			}
		}
	RULES
}
without_nft() { lab_gw nft delete table inet spoof; }

printf '%-24s %12s %12s %8s\n' 'packets a second' weir nft 'weir is'
for row in 'martians 10.200.0.0/16 192.168.0.0/16' 'inside 25.0.1.0/28' 'unroutable 31.0.0.0/8' \
	'all 10.200.0.0/16 25.0.1.0/28 31.0.0.0/8'; do
	read -r name sources <<<"$row"
	: >"$TMP/weir.$name"
	: >"$TMP/nft.$name"
	for ((round = 0; round < ROUNDS; round++)); do
		for who in weir nft; do
			with_$who
			# shellcheck disable=SC2086  # a list of words
			rate $sources >>"$TMP/$who.$name"
			without_$who
		done
	done
	a=$(best <"$TMP/weir.$name") b=$(best <"$TMP/nft.$name")
	awk -v n="$name" -v a="$a" -v b="$b" 'BEGIN { printf "%-24s %12d %12d %7.1fx\n", n, a, b, a / b }'
done
