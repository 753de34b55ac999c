#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The same as bgp.sh with FRR as packaging/examples/frr.conf has it: its table of blackholes is the
# main one. FRR is taken from where Debian's package has it, or from build/frr, where
# `packaging/install-deps test` unpacks it: installed, it would start daemons of its own.
. "$(dirname "$0")/lib.sh"
FRR=
for root in "" build/frr; do
	[ -x "$root/usr/lib/frr/bgpd" ] && [ -x "$root/usr/bin/vtysh" ] && FRR=${root:+$PWD/$root} && break
done || { skip bgp-frr "needs frr: packaging/install-deps test"; finish; }
. tests/lab/fleet.sh
FRR_LIBRARIES=$FRR/usr/lib/$(uname -m)-linux-gnu
# the package's group, in which the daemons have to be, and vtysh's right to speak to them; both are
# seen by them alone
sed '/^frrvty:/d' /etc/group >"$TMP/group" && echo 'frrvty:x:999:root' >>"$TMP/group" || bail "no /etc/group"

# frr far|near COMMAND...: becomes that program in the namespace of the gateway
cat >"$TMP/frr" <<-SHELL
	mount --bind "$TMP/group" /etc/group || exit 1
	[ -e /etc/pam.d/frr ] || mount --bind "$FRR/etc/pam.d" /etc/pam.d || exit 1
	export LD_LIBRARY_PATH="$FRR_LIBRARIES:$FRR_LIBRARIES/frr"
	exec "\$@"
SHELL
frr() {
	local ns
	ns=$(fleet_namespace "$1")
	shift
	background "$ns" unshare -m bash "$TMP/frr" "$@"
}
# start_daemon far|near zebra|staticd|bgpd OPTION...: process id in LAB_PID
start_daemon() {
	local who=$1 name=$2
	shift 2
	rm -f "$TMP/$who/$name.vty"
	frr "$who" "$FRR/usr/lib/frr/$name" -u root -g root -f /dev/null -i "$TMP/$who/$name.pid" \
		-z "$TMP/$who/zserv" --vty_socket "$TMP/$who" --moduledir "$FRR_LIBRARIES/frr/modules" \
		--log stdout "$@" >>"$TMP/$who/log" 2>&1
	wait_for 10 test -S "$TMP/$who/$name.vty" || bail "$name does not start: $(tail -n 5 "$TMP/$who/log")"
}
vtysh() {
	local who=$1
	shift
	nsenter --net="$LAB_RUN/$(fleet_namespace "$who")" unshare -m bash "$TMP/frr" \
		"$FRR/usr/bin/vtysh" --vty_socket "$TMP/$who" --config_dir "$TMP/$who" "$@"
}

for who in far near; do
	mkdir "$TMP/$who"
	sed "s/router-id 10.99.0.1/router-id $(fleet_own $who)/; s/neighbor 10.99.0.2/neighbor $(fleet_other $who)/" \
		packaging/examples/frr.conf >"$TMP/$who/frr.conf"
	echo 'service integrated-vtysh-config' >"$TMP/$who/vtysh.conf"
done
configure() { vtysh "$1" -b >>"$TMP/$1/log" 2>&1 || fail "frr_reads_the_example_$1" "$(tail -n 5 "$TMP/$1/log")"; }
established() { vtysh "$1" -c 'show bgp neighbors' | grep -q 'BGP state = Established'; }
declare -A PIDS_OF BGPD
start_bgpd() { start_daemon "$1" bgpd && configure "$1"; BGPD[$1]=$LAB_PID; }
start_frr() {
	start_daemon "$1" zebra -K 30	# 120 in the example: for how long routes of an earlier run are left alone
	PIDS_OF[$1]=$LAB_PID
	start_daemon "$1" staticd
	PIDS_OF[$1]+=" $LAB_PID"
	start_bgpd "$1"
}
start_frr far
start_frr near
wait_for 30 established near || bail "no BGP session: $(tail -n 5 "$TMP"/*/log)"

fleet_weir main
fleet_announces
fleet_cuts
# where bgpd dies alone, zebra takes its routes back; where all end, they stay in the kernel
fleet_survives near_frr "${PIDS_OF[near]} ${BGPD[near]}" "start_frr near" "established near"
fleet_survives far_bgpd "${BGPD[far]}" "start_bgpd far" "established far"
fleet_ends 60	# not before zebra has waited
finish
