#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Real clients complete their work during a flood of SYNs from random addresses, with each way of
# the challenge: curl, a client that fetches many things at once as a browser does, ssh, iperf3.
# Each comes from an address that was never seen before, so each has to prove itself first.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"

lab_out ip route add local 45.0.0.0/8 dev lo || bail "no addresses for clients"
lab_out ip link set dev out0 xdpdrv obj "$LAB_TOOLS/foreign.bpf.o" sec xdp || bail "no program for the peer"

# ---- what they come for ----------------------------------------------------------------------

mkdir "$TMP/www" "$TMP/home"
for i in {1..24}; do head -c $((i * 5000)) /dev/urandom >"$TMP/www/$i"; done
head -c 1000000 /dev/urandom >"$TMP/www/large"
sum() { sha256sum "$@" | cut -d' ' -f1; }
listens() { [ -n "$(lab_in ss -Hltn "sport = :$1")" ]; }

background "$LAB_IN" python3 -m http.server --directory "$TMP/www" 443 >"$TMP/www.log" 2>&1
wait_for 5 listens 443 || bail "no web server: $(cat "$TMP/www.log")"

# lacks TOOL...: the first one that is not there
lacks() {
	local tool
	for tool; do PATH=$PATH:/usr/sbin command -v "$tool" >/dev/null || { echo "$tool"; return 0; }; done
	return 1
}

# the server reads the keys below the home of its user, which is another one for it alone
if ! SSH_LACKS=$(lacks ssh ssh-keygen dropbear dropbearkey unshare); then
	mkdir -m 0700 "$TMP/home/.ssh"
	chmod 0700 "$TMP/home"
	ssh-keygen -q -t ed25519 -N '' -f "$TMP/key" || bail "no key"
	install -m 0600 "$TMP/key.pub" "$TMP/home/.ssh/authorized_keys"
	PATH=$PATH:/usr/sbin dropbearkey -t ed25519 -f "$TMP/host" >/dev/null 2>&1 || bail "no host key"
	background "$LAB_IN" unshare -m bash -c 'mount --bind "$1/home" ~root &&
		exec /usr/sbin/dropbear -F -E -s -p 2222 -r "$1/host" -P "$1/dropbear.pid"' _ "$TMP" >"$TMP/ssh.log" 2>&1
	wait_for 5 listens 2222 || bail "no ssh server: $(cat "$TMP/ssh.log")"
fi
if ! IPERF_LACKS=$(lacks iperf3); then
	background "$LAB_IN" iperf3 -s -p 5201 >"$TMP/iperf.log" 2>&1
	wait_for 5 listens 5201 || bail "no iperf3 server: $(cat "$TMP/iperf.log")"
fi

# ---- the clients: CLIENT ADDRESS; each says no more than its status ----------------------------

fetches() {
	lab_out curl -sS -m 10 --interface "$1" -o "$TMP/got" http://$LAB_WAN:443/large &&
		[ "$(sum "$TMP/got")" = "$(sum "$TMP/www/large")" ]
}
# six connections to one host at once, as browsers do
browses() {
	local i
	mkdir -p "$TMP/got.$1"
	lab_out curl -sS -m 30 --fail --interface "$1" --http1.1 --parallel --parallel-immediate --parallel-max 6 2>/dev/null \
		-o "$TMP/got.$1/#1" "http://$LAB_WAN:443/[1-24]" || return
	for i in {1..24}; do cmp -s "$TMP/got.$1/$i" "$TMP/www/$i" || return; done
}
logs_in() {
	[ "$(lab_out timeout 30 ssh -F none -b "$1" -p 2222 -i "$TMP/key" -o IdentitiesOnly=yes -o BatchMode=yes \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
		root@$LAB_ROUTED sha256sum <"$TMP/www/large" | cut -d' ' -f1)" = "$(sum "$TMP/www/large")" ]
}
# The control connection and two for data. When the client has sent its last byte the server counts no further:
# what is under way then, as much as sockets hold, is not in its sum.
measures() {
	lab_out timeout 30 iperf3 -c $LAB_ROUTED -p 5201 -B "$1" -n 2M -P 2 --json >"$TMP/iperf.json" &&
		json 'v["end"]["sum_received"]["bytes"] > 500000' <"$TMP/iperf.json" | grep -q true
}

# ---- under flood -----------------------------------------------------------------------------

weir link attach dev wan0 role outside driver native || bail "weir does not attach"
MAC=$(lab_mac wan0)
challenged() { weir -j challenge show | json "v['challenge']['$1']"; }
engaged() { [ "$(challenged engaged)" = true ]; }

# client WAY HOW NAME COMMAND ADDRESS: does its work, and had to prove itself for it
client() {
	local before start
	before=$(challenged "$2") start=${EPOCHREALTIME/./}
	if "$4" "$5"; then
		echo "# $1: $3: $(((${EPOCHREALTIME/./} - start) / 1000)) ms"
		pass "$1_$3"
	else
		fail "$1_$3" "$(weir challenge show)"
	fi
	check "$1_$3_proved_itself" [ "$(challenged "$2")" -gt "$before" ]
}

# under_flood WAY HOW NET
under_flood() {
	policy "$1" || bail "no challenge: $(cat "$TMP/error")"
	lab_start "$LAB_OUT" "$LAB_TOOLS/flood" --dev out0 --mac "$MAC" --kind syn --to $LAB_WAN --to $LAB_ROUTED \
		--dport 443 --rate 100000 --seconds 120 >"$TMP/flood"
	PIDS+=("$LAB_PID")
	local flood=$LAB_PID
	wait_for 10 engaged || fail "$1_engages" "$(weir stats show)"
	client "$1" "$2" curl fetches "$3.1"
	client "$1" "$2" browser browses "$3.2"
	if [ -n "$SSH_LACKS" ]; then skip "$1_ssh" "no $SSH_LACKS"; else client "$1" "$2" ssh logs_in "$3.3"; fi
	if [ -n "$IPERF_LACKS" ]; then skip "$1_iperf3" "no $IPERF_LACKS"; else client "$1" "$2" iperf3 measures "$3.4"; fi
	check "$1_flood_went_on" kill -0 "$flood"
	kill -INT "$flood"
	wait "$flood"
	echo "# $1: $(cat "$TMP/flood")"
}

policy() {
	cat >"$TMP/weir.conf" <<-CONF
		mode enforce
		interface wan0 { role outside; driver native }
		challenge { syn $1; engage above 500/second unproven }
	CONF
	chmod 600 "$TMP/weir.conf"
	weir config load "$TMP/weir.conf" 2>"$TMP/error"
}

lacks curl >/dev/null && { skip "${0##*/}" "no curl"; exit 0; }
under_flood retransmit retransmitted 45.7.7
under_flood cookie answered 45.8.8
finish
