#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# How many sources are remembered, and what of an IPv6 address is one, is policy: an instance is made
# with both, keeps them, and says so when a later policy wants others.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"
PINS=/run/weir/bpf
ABI=v$(awk '$2 == "WEIR_ABI" { print $3 }' headers/abi.h)
config() {	# CAPACITY BITS
	printf '%s\n' 'interface wan0 { role outside }' 'check { martians off }' "sources { capacity $1; ipv6 $2 }"
}
status() { weir -j status | json "$1"; }
entries() { bpftool -j map show pinned "$PINS/$INSTANCE/$ABI/$1" | json 'v["max_entries"]'; }

config 4k 56 >"$TMP/small"
check_exit check_tells_the_memory 0 lab_gw "$WEIR" -j check "$TMP/small"
check_eq check_knows_how_much "$(json '[v["config"]["sources"], v["config"]["source_bytes"]]' <"$TMP/output")" '[4096, 294912]'
check_exit first_load 0 weir config load "$TMP/small"
check_eq nothing_is_warned_of "$(cat "$TMP/output")" ""
check_eq status_tells_what_it_is "$(status '[v["sources"], v["source_bytes"], v["source_ipv6"]]')" '[4096, 294912, 56]'
check_eq maps_are_of_that_size "$(entries source) $(entries source_more) $(entries group) $(entries strangers)" "1024 4096 1024 512"
check_eq show_has_it "$(weir config show | grep -A3 '^sources' | xargs)" "sources { capacity 4k ipv6 56 }"

# ---- used: one address of each of so many /64 in one /56, and more sources than there is room for
flood() { lab_flood --kind syn --dport 80 "$@" >/dev/null; }
six=2a00:99:0:100::/56
flood --from "$six" --to $LAB_ROUTED6 --count 200 --rate 2000
check_eq a_56_is_one_source "$(weir -j source top | json '[[r["source"], r["total"]] for r in v]')" '[["2a00:99:0:100::/56", 200]]'
check_eq get_finds_it_by_an_address "$(weir -j source get 2a00:99:0:1ff::1 | json 'v[0]["total"]')" 200
flood --from 26.0.0.0/8 --to $LAB_ROUTED --count 20000 --rate 50000
known=$(weir -j source top limit 1000000 | json 'len(v)')
check remembers_so_many [ "$known" -gt 3500 ]
check remembers_no_more [ "$known" -le 4096 ]

# ---- a policy that wants another table: in force, and the table is what it was
config 8k 128 >"$TMP/large"
check_exit other_policy_loads 0 weir config load "$TMP/large"
check says_what_is_not_so grep -q '4096 sources, not 8192; an IPv6 source is a /56, not a /128' "$TMP/output"
check says_what_to_do grep -q "weir -I $INSTANCE off, then weir -I $INSTANCE config load $TMP/large" "$TMP/output"
check_eq table_is_what_it_was "$(status '[v["sources"], v["source_ipv6"]]')" '[4096, 56]'
check status_says_it_too grep -q '4096 sources, not 8192' <(weir status)
check_exit attach_again 0 weir link attach dev wan0 role outside
flood --from "$six" --to $LAB_ROUTED6 --count 50 --rate 2000
check_eq a_new_program_has_the_same_sources "$(weir -j source get 2a00:99:0:100::1 | json '[[r["source"], r["total"]] for r in v]')" '[["2a00:99:0:100::/56", 250]]'
weir config save "$TMP/saved"
weir off
check_exit made_anew 0 weir config load "$TMP/saved"
check_eq now_nothing_differs "$(cat "$TMP/output")" ""
check_eq takes_effect "$(status '[v["sources"], v["source_ipv6"]]')" '[8192, 128]'
flood --from 2a00:99::7/128 --to $LAB_ROUTED6 --count 10 --rate 2000
flood --from 2a00:99::8/128 --to $LAB_ROUTED6 --count 20 --rate 2000
check_eq neighbours_are_told_apart "$(weir -j source top | json 'sorted([r["source"], r["total"]] for r in v if r["source"][:4] == "2a00" and r["total"] > 1)')" \
	'[["2a00:99::7", 10], ["2a00:99::8", 20]]'

# ---- maps of another size: those of nobody are made anew, those of an instance are refused
weir off
mkdir -p "$PINS/$INSTANCE/$ABI"
bpftool map create "$PINS/$INSTANCE/$ABI/source" type array key 4 value 64 entries 7 name source flags 0x400 ||
	bail "can't pin a map"
check_exit half_made_instance 0 weir config load "$TMP/small"
check_eq half_made_is_made_anew "$(entries source)" 1024
rm "$PINS/$INSTANCE/$ABI/hit"
bpftool map create "$PINS/$INSTANCE/$ABI/hit" type percpu_array key 4 value 16 entries 7 name hit || bail "can't pin a map"
check_exit foreign_map_is_refused 2 weir link attach dev wan0
check foreign_map_is_named grep -q 'its map hit has another shape: entries 7, not 4096' "$TMP/output"
check foreign_map_says_what_to_do grep -q "weir -I $INSTANCE off" "$TMP/output"
finish
