#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A block list of PREFIXES prefixes takes the place of another one while packets flow: none of the
# honest is dropped, and there is no moment without the list. Entries count, and end by themselves.
# Prints what loading takes.
. "$(dirname "$0")/lib.sh"
: "${PREFIXES:=100000}"
LISTED=31.7.0.0/16 HONEST=25.0.0.10
lab_make || bail "can't make the lab"

# list SEED FILE: prefixes of /8 to /32 as feeds have them, none of which covers an honest address
list() {
	python3 - "$1" "$PREFIXES" >"$2" <<-'PYTHON'
		import random, sys
		random.seed(int(sys.argv[1]))
		lengths, weights = (12, 16, 20, 22, 24, 28, 32), (1, 40, 120, 250, 900, 40, 900)
		left, seen = int(sys.argv[2]) - 1, set()
		print("31.7.0.0/16")
		while left:
		    length = random.choices(lengths, weights)[0]
		    address = (random.randrange(64, 224) << 24 | random.getrandbits(24)) >> 32 - length << 32 - length
		    if (address, length) in seen:
		        continue
		    seen.add((address, length))
		    left -= 1
		    print("%d.%d.%d.%d/%d" % (*address.to_bytes(4, "big"), length))
	PYTHON
}
list 1 "$TMP/one" && list 2 "$TMP/two" || bail "can't make the lists"
printf 'mode enforce\ninterface wan0 { role outside }\n' >"$TMP/weir.conf"
weir config load "$TMP/weir.conf" >/dev/null || bail "can't load the configuration"

# load FILE [--replace]: seconds of CPU and of the clock, and kilobytes of memory, are in $TMP/load
load() {
	lab_gw python3 - "$TMP/load" "$WEIR" -I "$INSTANCE" block load "$@" <<-'PYTHON'
		import os, resource, subprocess, sys, time
		start = time.monotonic()
		status = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL).returncode
		took, use = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
		open(sys.argv[1], "w").write("%.2f %.2f %d" % (use.ru_utime + use.ru_stime, took, use.ru_maxrss))
		sys.exit(status)
	PYTHON
}
check first_list load "$TMP/one" --replace
read -r cpu clock memory <"$TMP/load"
check_eq all_of_it_is_on_the_list "$(weir -j block show | json 'len(v)')" "$PREFIXES"
echo "# $PREFIXES prefixes: $cpu s of CPU, $clock s of the clock, $((memory / 1024)) MB at most in the command"
check second_list_joins load "$TMP/two"
read -r cpu clock memory <"$TMP/load"
echo "# as many more: $cpu s of CPU, $clock s of the clock, $((memory / 1024)) MB at most in the command"
check both_take_less_than_80_bytes_a_prefix [ "$memory" -lt $((16 * 1024 + 2 * PREFIXES * 80 / 1024)) ]

# ---- replacement while packets flow ----------------------------------------------------------

# flood NAME FROM: at a pace that the wire bears, beside the shell
flood() {
	background "$LAB_OUT" "$LAB_TOOLS/flood" --dev out0 --mac "$(lab_mac wan0)" --kind udp \
		--to $LAB_WAN --dport 443 --from "$2" --rate 3000 --count 30000 >"$TMP/$1"
}
flood honest $HONEST/32
FLOODS=$LAB_PID
flood listed $LISTED
FLOODS="$FLOODS $LAB_PID"
some() { [ "$(counter "$1")" -gt 0 ]; }
wait_for 10 some blocked || bail "the flood does not arrive"
flows() { for pid in $FLOODS; do ended "$pid" || return 0; done; return 1; }
replaced=0
while flows; do
	load "$TMP/two" --replace && load "$TMP/one" --replace || { fail replace "block load failed"; break; }
	replaced=$((replaced + 2))
done
for pid in $FLOODS; do wait_for 60 ended "$pid"; done
check lists_were_replaced_under_way [ "$replaced" -ge 2 ]
echo "# replaced $replaced times"
honest=$(json 'v["packets"]' <"$TMP/honest") listed=$(json 'v["packets"]' <"$TMP/listed")
# fail-open: judged by two policies at once, and passed; neighbours talk, too
passed=$(($(counter new pass) + $(counter known pass) + $(counter fail-open pass)))
check_eq no_honest_packet_is_dropped "$passed" "$honest"
check_eq no_moment_without_the_list "$(counter blocked drop)" "$listed"
check_eq nothing_else_is_dropped "$(counted drop)" "$listed"

# ---- entries ---------------------------------------------------------------------------------

hits() { weir -j block get "$1" | json 'v[0]["packets"]'; }
probe() { lab_flood --kind udp --to $LAB_WAN --dport 443 --from "$1" --rate 2000 --count 100 >/dev/null; }
weir block add 20.1.1.1 comment "one of a kind" || fail add "block add failed"
probe 20.1.1.1/32
check_eq entries_count_their_packets "$(hits 20.1.1.1)" 100
weir block add 20.1.1.2 timeout 10s || fail add "block add failed"
check_exit entry_is_there 0 weir block get 20.1.1.2
open_again() {
	local before
	before=$(counter new pass)
	probe 20.1.1.2/32
	[ "$(counter new pass)" -gt "$before" ]
}
check entries_end_by_themselves wait_for 30 open_again
check_exit entry_is_gone 4 weir block get 20.1.1.2
weir trust add 20.1.1.1 || fail trust "trust add failed"
before=$(counter blocked)
probe 20.1.1.1/32
check_eq trust_wins_over_block "$(counter blocked)" "$before"
check flush weir block flush
check_eq flushed "$(weir -j block show | json 'len(v)')" 0
finish
