#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Devices come and go while the daemon runs: what a name or a glob speaks of is attached when it
# appears, stays attached through a rename, is forgotten when it goes, and is put back when somebody
# takes it off. One policy for all of them. The nftables table of bypass survives a flush of all
# rules while the daemon runs; whatever dies, traffic goes on.
. "$(dirname "$0")/lib.sh"
[ -x "$WEIR" ] || { skip devices "weir is not built"; finish; }
lab_make || bail "can't make the lab"

echo_ready=$TMP/echo
background "$LAB_GW" python3 tests/e2e/echo.py serve 5353 >"$echo_ready"
wait_for 5 test -s "$echo_ready" || bail "the echo server does not start"
lab_gw nft add rule inet lab input udp dport 5353 accept || bail "can't add a rule"
ask() { lab_out python3 tests/e2e/echo.py ask udp $LAB_WAN 5353; }
entries() { lab_gw conntrack -L -p udp --dport 5353 2>/dev/null | wc -l; }

# state DEV: "driver role state", or nothing
state() {
	weir -j link show | json '"".join(" ".join((r["driver"], r["role"], r["state"])) for r in v if r["dev"] == "'"$1"'")'
}
is_state() { [ "$(state "$1")" = "$2" ]; }

cat >"$TMP/weir.conf" <<'CONF'
mode enforce
check { martians drop }
interface wan0 { role outside }
interface "dyn*" { role inside; urpf strict }
interface "up*" { role outside }
blocked { 25.0.0.13 }
CONF
chmod 0600 "$TMP/weir.conf"
background "$LAB_GW" "$WEIR" -I "$INSTANCE" daemon -f "$TMP/weir.conf" 2>"$TMP/daemon.log"
DAEMON=$LAB_PID
attached() { is_state wan0 "native outside attached"; }
wait_for 20 attached || bail "the daemon does not attach: $(cat "$TMP/daemon.log")"
pass named_device_is_attached

# ---- they appear -----------------------------------------------------------------------------

lab_gw ip link add dyn0 type veth peer name far0
wait_for 10 is_state dyn0 "native inside attached"
check_eq glob_is_attached "$(state dyn0)" "native inside attached"
lab_gw ip tuntap add dyn1 mode tun
wait_for 10 is_state dyn1 "tc inside attached"
check_eq device_without_ethernet_is_attached_by_tc "$(state dyn1)" "tc inside attached"
check_eq others_are_left_alone "$(state far0)" ""

# ---- they are renamed ------------------------------------------------------------------------

lab_gw ip link set dyn0 name kept0
wait_for 10 is_state kept0 "native inside attached"
check_eq rename_is_followed "$(state kept0)" "native inside attached"
check_eq old_name_is_gone "$(state dyn0)" ""
lab_gw ip link set far0 name dyn0
wait_for 10 is_state dyn0 "native inside attached"
check_eq rename_into_a_glob_attaches "$(state dyn0)" "native inside attached"
lab_gw ip link set dyn1 name up1
wait_for 10 is_state up1 "tc outside attached"
check_eq rename_into_another_glob_changes_the_role "$(state up1)" "tc outside attached"

# ---- what changes on this machine ------------------------------------------------------------

settings() { weir -j status | json '" ".join(w for w in v["conntrack"]["settings"].split() if w == "tcp_loose")'; }
is_set() { [ "$(settings)" = "$1" ]; }
loose() { lab_gw bash -c 'echo $1 >/proc/sys/net/netfilter/nf_conntrack_tcp_loose' - "$1"; }
loose 0
wait_for 10 is_set ""
check_eq sysctl_off_is_followed "$(settings)" ""
loose 1
wait_for 10 is_set tcp_loose
check_eq sysctl_on_is_followed "$(settings)" tcp_loose

# a packet from an address that becomes one of this machine's own
from_new() { lab_flood --kind udp --from 25.0.0.77 --to $LAB_WAN --sport 1000 --dport 9 --count 1 --rate 100 >/dev/null; }
martians() { from_new; [ "$(counter martian)" -gt 0 ]; }
from_new
check_eq address_of_others_passes "$(counter martian)" 0
lab_gw ip address add 25.0.0.77/32 dev wan0
wait_for 10 martians
check new_address_is_a_martian_outside martians
lab_gw ip address del 25.0.0.77/32 dev wan0
mild() { local before; before=$(counter martian); from_new; [ "$(counter martian)" = "$before" ]; }
wait_for 10 mild
check old_address_is_none_any_more mild

# what stands behind a device that is checked strictly
if command -v bpftool >/dev/null; then
	behind() {	# IFINDEX
		bpftool -j map dump pinned "$(echo /run/weir/bpf/"$INSTANCE"/v*)/dev" |
			json '"yes" if '"$1"' in [i for e in v for i in e["formatted"]["value"]["behind"]] else "no"'
	}
	is_behind() { [ "$(behind "$1")" = "$2" ]; }
	lab_gw ip link add bridge0 index 7777 type bridge
	check_eq bridge_without_ports "$(behind 7777)" no
	lab_gw ip link set dyn0 master bridge0
	wait_for 10 is_behind 7777 yes
	check_eq bridge_of_a_port_is_followed "$(behind 7777)" yes
	lab_gw ip link del bridge0
	wait_for 10 is_behind 7777 no
	check_eq bridge_that_has_gone_is_followed "$(behind 7777)" no
else
	skip bridge_of_a_port_is_followed "no bpftool here"
fi

# ---- warnings --------------------------------------------------------------------------------

weir check >/dev/null 2>"$TMP/warnings"
check_eq no_warning_without_vlans "$(grep -c 'VLAN' "$TMP/warnings")" 0

# ---- they go, and come again -----------------------------------------------------------------

lab_gw ip link del kept0
gone() { [ -z "$(state kept0)$(state dyn0)" ]; }
wait_for 10 gone
check_eq what_has_gone_is_forgotten "$(state kept0)$(state dyn0)" ""
lab_gw ip link add dyn0 type veth peer name far0
wait_for 10 is_state dyn0 "native inside attached"
check_eq the_same_name_again "$(state dyn0)" "native inside attached"

# ---- somebody takes it off -------------------------------------------------------------------

slot=$(ls /run/weir/bpf/"$INSTANCE"/v* | sed -n 's/^tcx-//p' | head -n 1)
if [ -n "$slot" ]; then
	rm /run/weir/bpf/"$INSTANCE"/v*/tcx-"$slot"
	wait_for 90 is_state up1 "tc outside attached"
	check_eq a_lost_program_is_put_back "$(state up1)" "tc outside attached"
else
	skip a_lost_program_is_put_back "no tcx here"
fi

# ---- detached on purpose ---------------------------------------------------------------------

weir link detach dev dyn0
lab_gw ip link add dyn7 type veth peer name far7
wait_for 10 is_state dyn7 "native inside attached"
check_eq detached_stays_detached "$(state dyn0)" ""

# ---- what can't be attached is tried again ---------------------------------------------------

foreign() { lab_gw ip link set dev "$1" xdpdrv obj "$LAB_TOOLS/foreign.bpf.o" sec xdp; }
complaints() { grep -c "^weir: $1: .*foreign_pass" "$TMP/daemon.log"; }
looked() {	# makes the daemon look at all devices, and waits until it has
	lab_gw ip link add "$1" type veth peer name "far$1"
	wait_for 10 is_state "$1" "native inside attached"
	check_eq "$1_is_attached" "$(state "$1")" "native inside attached"
}
lab_gw ip link add taken0 type veth peer name taken1
{ foreign taken0 && foreign taken1; } || bail "no foreign program"
{ lab_gw ip link set taken0 name dyn8 && lab_gw ip link set taken1 name dyn9; } || bail "can't rename"
complained() { [ "$(complaints dyn8)$(complaints dyn9)" = 11 ]; }
wait_for 10 complained
looked dyn20
looked dyn21
check_eq taken_devices_are_told_of_once "$(complaints dyn8) $(complaints dyn9)" "1 1"
check_eq taken_devices_are_not_attached "$(state dyn8)$(state dyn9)" ""
lab_gw ip link set dev dyn8 xdpdrv off
wait_for 10 is_state dyn8 "native inside attached"
check_eq free_device_is_attached "$(state dyn8)" "native inside attached"
is_told() { grep -q 'dyn8: attached' "$TMP/daemon.log"; }
wait_for 10 is_told
check_eq success_is_told_of_once "$(grep -c 'dyn8: attached' "$TMP/daemon.log")" 1
weir link detach dev dyn8
looked dyn22
check_eq detached_after_a_failure_stays_detached "$(state dyn8)" ""

# attached in another way by hand, and detached, before or after the daemon has looked
weir link attach dev dyn9 driver tc >/dev/null || fail attach_by_hand "can't attach"
weir link detach dev dyn9
lab_gw ip link set dev dyn9 xdpdrv off
looked dyn23
check_eq detached_by_hand_stays_detached "$(state dyn9)" ""

# ---- bypass and its table --------------------------------------------------------------------

untracked() {
	lab_flush
	check "$1_works" ask
	check_eq "$1_has_no_entry" "$(entries)" 0
}
lab_flush
check before_bypass ask
check before_bypass_is_tracked [ "$(entries)" -gt 0 ]
weir bypass add udp port 5353 to $LAB_WAN 2>/dev/null
owned() { lab_gw nft list table inet "weir_$INSTANCE" | grep -q 'flags owner'; }
wait_for 10 owned
check daemon_owns_the_table owned
lab_gw nft insert rule inet lab input ct state untracked accept
untracked bypass_with_daemon
weir bypass add udp port 5354 to $LAB_WAN 2>/dev/null
check owner_follows grep -q 5354 <(lab_gw nft list table inet "weir_$INSTANCE")
lab_gw nft flush ruleset
untracked after_a_flush_of_all_rules
check table_survives owned
# conntrack works only where some rule asks for it
lab_gw nft -f - <<-RULES
table inet asks {
	chain input {
		type filter hook input priority 0;
		ct state established counter
	}
}
RULES

kill "$DAEMON"
wait "$DAEMON" 2>/dev/null
plain() { lab_gw nft list table inet "weir_$INSTANCE" | grep -q notrack; }
wait_for 10 plain
check_eq no_owner_after_the_daemon "$(lab_gw nft list table inet "weir_$INSTANCE" | grep -c owner)" 0
untracked after_the_daemon

# ---- whoever owns the table dies -------------------------------------------------------------

background "$LAB_GW" "$WEIR" -I "$INSTANCE" daemon -f 2>"$TMP/daemon.log"
DAEMON=$LAB_PID
wait_for 10 owned
check daemon_takes_the_table owned
untracked again_with_daemon
kill -KILL $(ps -o pid= --ppid "$DAEMON") "$DAEMON"
wait "$DAEMON" 2>/dev/null
no_table() { ! lab_gw nft list table inet "weir_$INSTANCE" >/dev/null 2>&1; }
wait_for 10 no_table
check the_table_goes_with_its_owner no_table
lab_flush
check death_breaks_nothing ask
check death_means_tracked [ "$(entries)" -gt 0 ]
check_eq devices_stay_attached "$(state wan0)" "native outside attached"

# ---- somebody else owns a table of that name, for a while -------------------------------------

coproc OTHER { exec nsenter --net="$LAB_RUN/$LAB_GW" nft -i >/dev/null 2>&1; }
other=$OTHER_PID
PIDS+=("$other")
echo "add table inet weir_$INSTANCE { flags owner; }" >&"${OTHER[1]}"
wait_for 10 owned || bail "nobody else can own the table"
background "$LAB_GW" "$WEIR" -I "$INSTANCE" daemon -f 2>"$TMP/daemon.log"
refused() { grep "nftables refused weir's own table" "$TMP/daemon.log"; }
wait_for 10 refused
check refused_table_is_told refused
kill "$other"
wait "$other" 2>/dev/null
wait_for 10 plain
check table_is_tried_again plain
check table_is_owned_again owned
check_eq refusal_is_told_once "$(refused | wc -l)" 1
untracked after_a_refusal
finish
