#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The lab is what it claims to be: each packet of the flood arrives and has correct checksums (else
# conntrack would make no entry), the table is filled to the entry, and clients get through the NAT.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"
server "$LAB_OUT" 7000 || bail "no server"
server "$LAB_IN" 80 443 || bail "no service"

# entries N: exactly that many; those of IPv6 neighbour discovery are none, it is not tracked
entries() { [ "$(lab_count)" = "$1" ]; }

# makes_entries NAME COUNT ARGUMENT...: a flood of 2000 packets makes so many entries
makes_entries() {
	local name=$1 count=$2 before
	shift 2
	lab_flush
	before=$(lab_received wan0)
	lab_flood "$@" --count 2000 --rate 10000 --seed 7 >"$TMP/flood" || { fail "$name" "flood failed"; return; }
	check "${name}_arrives" [ $(($(lab_received wan0) - before)) -ge 2000 ]
	if wait_for 3 entries "$count"; then pass "$name"; else fail "$name" "made $(lab_count) entries"; fi
}

for to in $LAB_WAN $LAB_WAN6; do
	case $to in *:*) family=ipv6 routed=$LAB_ROUTED6 ;; *) family=ipv4 routed=$LAB_ROUTED ;; esac
	makes_entries "${family}_syn_to_the_service" 2000 --kind syn --to $to --dport 443
	makes_entries "${family}_udp_to_the_service" 2000 --kind udp --to $to --dport 443
	makes_entries "${family}_udp_to_a_routed_host" 2000 --kind udp --to $routed --payload 300
	makes_entries "${family}_ping_of_the_gateway" 2000 --kind icmp --to $to
	makes_entries "${family}_udp_that_is_refused" 0 --kind udp --to $to
	makes_entries "${family}_rst_and_synack_without_flow" 0 --kind rst,synack --to $to --dport 443
done
# what the host inside answers may be lost on the wire, and with it the end of an entry
few_entries() { [ "$(lab_count)" -le 40 ]; }
lab_flush
before=$(lab_received wan0)
lab_flood --kind ack --to $LAB_WAN --dport 443 --count 2000 --rate 10000 --seed 7 >"$TMP/flood" ||
	fail ack_is_picked_up_and_reset "flood failed"
check acks_arrive [ $(($(lab_received wan0) - before)) -ge 2000 ]
check ack_is_picked_up_and_reset wait_for 3 few_entries

lab_out "$LAB_TOOLS/flood" --dev lo --mac "$(lab_mac wan0)" --to $LAB_WAN --count 1 2>"$TMP/output"
check_eq flood_refuses_what_is_no_veth $? 1

for _ in 1 2; do
	lab_flush
	lab_flood --kind udp --to $LAB_WAN --dport 443 --count 500 --rate 10000 --seed 9 >/dev/null
	lab_gw conntrack -L 2>/dev/null | sed 's/.*\(src=[0-9.]* dst=25.0.0.1 sport=[0-9]*\).*/\1/' | sort >>"$TMP/seeds"
done
check_eq same_seed_same_packets "$(sort "$TMP/seeds" | uniq -c | awk '$1 != 2' | wc -l)" 0

lab_flush
wanted=$(($(lab_max) * 98 / 100))
if lab_prefill 98 >"$TMP/prefill" 2>&1; then
	check_eq prefill_is_exact "$(lab_count)" $wanted
	check_eq prefill_is_assured "$(lab_gw conntrack -L 2>/dev/null | grep -c ASSURED)" $wanted
elif [ $? = 3 ]; then
	skip prefill_is_exact "$(cat "$TMP/prefill")"
	skip prefill_is_assured "$(cat "$TMP/prefill")"
else
	fail prefill_is_exact "$(cat "$TMP/prefill")"
fi

for pair in "$LAB_HOSTS $LAB_SERVERS ipv4" "$LAB_HOSTS6 $LAB_SERVERS6 ipv6"; do
	set -- $pair
	lab_in "$LAB_TOOLS/clients" --from "$1" --to "$2" --port 7000 --rate 100 --seconds 1 --long 16 >"$TMP/clients"
	check_eq "$3_clients_are_answered" "$(json 'v["succeeded"]' <"$TMP/clients")" 100
	check_eq "$3_long_lived_ones_stay" "$(json 'v["long_alive"]' <"$TMP/clients")" 16
done
lab_in "$LAB_TOOLS/clients" --to 25.0.0.77 --port 7000 --rate 20 --seconds 0.5 --deadline 0.3 >"$TMP/clients"
check_eq nobody_there_is_no_success "$(json 'v["succeeded"], v["failed"] + v["pending"]' <"$TMP/clients")" "[0, 10]"
check nobody_there_is_a_failure [ "$(json 'v["failed"]' <"$TMP/clients")" -gt 0 ]
finish
