#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Replacing the program, or the policy, under traffic loses no packet and counts each exactly once:
# a counted flood passes through a gateway in monitor mode while both are replaced again and again.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"
FRAMES=50000

# the destination counts what it gets, in front of everything else, and answers nothing
lab_in nft -f - <<-RULES || bail "no counter at the destination"
	table ip counted {
		chain arrives {
			type filter hook prerouting priority -300;
			ip daddr $LAB_ROUTED udp dport 9 counter drop
		}
	}
RULES
arrived() { lab_in nft -j list table ip counted | json '[e["counter"]["packets"] for r in v["nftables"]
	if "rule" in r for e in r["rule"]["expr"] if "counter" in e][0]'; }

# judged: frames of the flood, whatever was said of them; ARP, neighbour discovery and a late ICMP
# answer of the lab's own are none, and are told by reasons that no frame of the flood can have. All
# in one reading: they come at any time
judged() {
	weir -j stats show | watch_rows | awk '$2 !~ /^(not-ip|clean|related|unjudged)$/ { n += $3 }
		END { printf "%.0f\n", n }'
}

# under_flood NAME COMMAND...: repeats the command while the flood passes; REPLACED is how often
under_flood() {
	local name=$1 before_judged before_arrived
	shift
	before_judged=$(judged) before_arrived=$(arrived) REPLACED=0
	# few flows, so that nothing depends on the size of the connection table
	lab_flood --kind udp --from 25.0.2.0/28 --to $LAB_ROUTED --sport 1024-1039 --dport 9 \
		--rate 10000 --count $FRAMES >"$TMP/flood" 2>&1 &
	PIDS+=($!)
	until ended "${PIDS[-1]}"; do
		"$@" || fail "${name}_command" "$*"
		REPLACED=$((REPLACED + 1))
	done
	wait "${PIDS[-1]}"
	check_eq "${name}_flood_was_sent" $? 0
	check "${name}_many_times" [ $REPLACED -ge 2 ]
	check_eq "${name}_each_is_counted_once" $(($(judged) - before_judged)) $FRAMES
	check_eq "${name}_none_is_lost" $(($(arrived) - before_arrived)) $FRAMES
}

# the gateway knows its neighbour before: frames that wait for ARP may be lost, with or without weir
knows() { lab_gw ip neigh show $LAB_ROUTED dev lan0 | grep -q REACHABLE; }
lab_gw bash -c "echo >/dev/udp/$LAB_ROUTED/10"
wait_for 5 knows || bail "the destination does not answer"

attach() { weir link attach dev wan0 role outside driver native; }
attach || bail "can't attach"
weir link attach dev lan0 role inside || bail "can't attach inside"
weir limit add per source 1/second || bail "can't limit"
weir config show >"$TMP/one"
weir limit add total 1/second || bail "can't limit"
weir block add 25.0.2.4 || bail "can't block"
weir config show >"$TMP/two"
load_both() { weir config load "$TMP/one" && weir config load "$TMP/two"; }

under_flood program attach
under_flood policy load_both
check "would_have_dropped_some" [ "$(counted would-drop)" -gt 0 ]
check_eq monitor_drops_nothing "$(counted drop)" 0

# two policies that say the same of the flood in different words: there is no moment without either
cat >"$TMP/whole" <<-CONFIG
	mode enforce
	interface wan0 { role outside }
	interface lan0 { role inside }
	blocked { 25.0.2.0/28 }
CONFIG
cat >"$TMP/halves" <<-CONFIG
	mode enforce
	interface wan0 { role outside }
	interface lan0 { role inside }
	blocked { 25.0.2.0/29; 25.0.2.8/29; 2001:db8::/32 }
	limit new-flows { total 1000000/second; prefix 25.0.0.0/8 total 500000/second }
CONFIG
weir config load "$TMP/whole" || bail "can't load"
before=$(counter blocked drop) arrived_before=$(arrived)
load_same() { weir config load "$TMP/halves" && weir config load "$TMP/whole"; }
lab_flood --kind udp --from 25.0.2.0/28 --to $LAB_ROUTED --dport 9 --rate 10000 --count $FRAMES >"$TMP/flood" 2>&1 &
PIDS+=($!)
until ended "${PIDS[-1]}"; do load_same || fail instant_command "config load"; done
wait "${PIDS[-1]}"
check_eq instant_blocks_each "$(($(counter blocked drop) - before))" $FRAMES
check_eq instant_lets_none_through "$(arrived)" "$arrived_before"

# a flow that conntrack can't be asked about is remembered by weir, and a new program knows it
printf 'mode enforce\ninterface wan0 { role outside }\n' >"$TMP/plain"
weir config load "$TMP/plain" || bail "can't load"
new_before=$(counter new pass) known_before=$(counter known pass)
background "$LAB_OUT" ping -q -c 15 -i 0.2 $LAB_WAN >"$TMP/ping"
PING=$LAB_PID
began() { [ "$(counter new pass)" -gt "$new_before" ]; }
wait_for 10 began || bail "ping does not begin"
attach || fail flow_attach "can't attach"
wait "$PING"
check_eq ping_is_one_flow "$(($(counter new pass) - new_before))" 1
check_eq ping_stays_known "$(($(counter known pass) - known_before))" 14
finish
