#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Devices without XDP are judged at tc ingress, in front of netfilter: the same reasons and counters,
# also where packets have no Ethernet header, and where the driver leaves headers in fragments of the
# packet. `driver auto` says what it took and why; a swap of the driver loses nothing.
. "$(dirname "$0")/lib.sh"
[ -x "$WEIR" ] || { skip tc "weir is not built"; finish; }
lab_make || bail "can't make the lab"
lab_gw ip tuntap add tun0 mode tun vnet_hdr || bail "can't make a tun device"
lab_gw ip link set tun0 up
lab_gw ip address add 10.99.0.1/24 dev tun0

# ---- what auto takes -------------------------------------------------------------------------

weir -j link attach dev tun0 role inside >"$TMP/tun"
check_eq auto_takes_tc "$(json 'v["driver"]' <"$TMP/tun")" tc
check auto_says_why grep -q 'no Ethernet header' "$TMP/tun"
check_eq auto_takes_native "$(weir -j link attach dev wan0 role outside | json 'v["driver"]')" native
check_exit native_is_refused_there 2 weir link attach dev tun0 role inside driver native
check_exit generic_is_refused_there 2 weir link attach dev tun0 role inside driver generic
check_eq a_refusal_changes_nothing \
	"$(weir -j link show | json '[(r["driver"], r["state"]) for r in v if r["dev"] == "tun0"][0]')" \
	'["tc", "attached"]'

# ---- packets without an Ethernet header ------------------------------------------------------

coproc TUN { lab_gw python3 tests/e2e/tun.py tun0; }
tun_out=${TUN[0]} tun_in=${TUN[1]} tun_pid=$TUN_PID
PIDS+=("$tun_pid")
read -r -t 10 word <&"$tun_out"
[ "$word" = ready ] || bail "the tun device does not open"
tun() {	# SOURCE PORT BYTES LINEAR
	echo "udp $1 10.99.0.1 $2 $3 $4" >&"$tun_in"
	read -r -t 10 word <&"$tun_out"
}
# on_tun REASON: packets counted on tun0
on_tun() { weir -j stats show | json 'sum(r["packets"] for r in v if r["dev"] == "tun0" and r["reason"] == "'"$1"'")'; }

weir mode enforce || bail "can't enforce"
weir limit add per source 1/hour burst 2 || bail "can't limit"
weir block add 10.99.0.66 || bail "can't block"
lab_gw nft insert rule inet lab input iifname tun0 accept || bail "can't add a rule"
lab_flush
tun 10.99.0.2 1001 100 0
tun 10.99.0.2 1002 100 0
tun 10.99.0.2 1003 100 0
tun 10.99.0.66 1001 100 0
check_eq new "$(on_tun new)" 2
check_eq rate_source "$(on_tun rate-source)" 1
check_eq blocked "$(on_tun blocked)" 1
# beyond a page the driver is asked to leave only the IP header in one piece: the ports are elsewhere
tun 10.99.0.3 1001 6000 20
tun 10.99.0.3 1002 6000 20
tun 10.99.0.3 1003 6000 20
check_eq headers_in_fragments "$(on_tun new) $(on_tun rate-source) $(on_tun too-deep)" "4 2 0"
check_eq known_flow "$(tun 10.99.0.2 1001 100 0; on_tun known)" 1

# ---- the other tools' programs ---------------------------------------------------------------

if lab_gw tc qdisc add dev tun0 clsact 2>/dev/null; then
	before=$(on_tun known)
	if lab_gw tc filter add dev tun0 ingress prio 2 matchall action drop 2>/dev/null; then
		tun 10.99.0.2 1001 100 0
		check_eq judged_in_front_of_others $(($(on_tun known) - before)) 1
	else
		skip judged_in_front_of_others "no matchall classifier"
	fi
	lab_gw tc qdisc del dev tun0 clsact
	before=$(on_tun known)
	tun 10.99.0.2 1001 100 0
	if [ -e /run/weir/bpf/"$INSTANCE"/v*/tcx-0 ]; then
		check_eq survives_the_end_of_clsact $(($(on_tun known) - before)) 1
	else
		skip survives_the_end_of_clsact "no tcx here"
	fi
fi

# ---- one driver after the other --------------------------------------------------------------

weir limit del per source
sent=0
for driver in tc native tc generic tc native; do
	weir link attach dev wan0 role outside driver $driver || fail "attach_$driver" "refused"
	lab_out ping -q -c 20 -i 0.01 $LAB_WAN >"$TMP/ping" || fail "ping_$driver" "$(cat "$TMP/ping")"
	sent=$((sent + 20))
	check_eq "state_of_$driver" \
		"$(weir -j link show | json '[(r["driver"], r["state"]) for r in v if r["dev"] == "wan0"][0]')" \
		"[\"$driver\", \"attached\"]"
done
check_eq nothing_is_lost_or_counted_twice \
	"$(weir -j stats show | json 'sum(r["packets"] for r in v if r["dev"] == "wan0" and r["reason"] in ("new", "known", "unjudged"))')" \
	$sent
check_eq one_program_is_left "$(ls /run/weir/bpf/"$INSTANCE"/v* | grep -c -- '-[0-9]')" 2
weir link detach dev wan0
weir link detach dev tun0
check_eq none_is_left "$(ls /run/weir/bpf/"$INSTANCE"/v* | grep -c -- '-[0-9]')" 0
exec {tun_in}>&-
finish
