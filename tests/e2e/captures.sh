#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Traffic of real programs, captured and replayed frame by frame, with weir and without: nothing is
# dropped that conntrack wants. Captures of your own are replayed, too: CAPTURES="a.pcap b.pcap".
. "$(dirname "$0")/lib.sh"
: "${DIFFERENTIAL:=$PWD/build/differential}"
for tool in tcpdump iperf3 curl ping; do
	command -v $tool >/dev/null || { skip captures "needs $tool"; finish; }
done
[ -x "$DIFFERENTIAL" ] || { skip captures "$DIFFERENTIAL is not built"; finish; }
lab_make || bail "can't make the lab"
lab_in ethtool -K in0 gro off >/dev/null	# frames as they are on a wire

background "$LAB_IN" tcpdump -i in0 -w "$TMP/real.pcap" -s 0 -U --immediate-mode 2>"$TMP/tcpdump"
wait_for 10 grep -q 'listening on' "$TMP/tcpdump" || bail "tcpdump does not listen"
TCPDUMP=$LAB_PID

# downloads, uploads, a refused connection, an aborted one, echoes, ports without a service
background "$LAB_OUT" iperf3 -s -p 5201 >"$TMP/iperf3"
head -c 300000 /dev/urandom >"$TMP/file"
background "$LAB_OUT" python3 -m http.server --bind 25.0.0.11 --directory "$TMP" 8000 >"$TMP/http" 2>&1
listens() { lab_out ss -Hltn "sport = :$1" | grep -q .; }
wait_for 10 listens 5201 && wait_for 10 listens 8000 || bail "no servers"
lab_in iperf3 -c 25.0.0.10 -p 5201 -n 500K >/dev/null || bail "no upload"
lab_in iperf3 -c 25.0.0.10 -p 5201 -n 500K -R >/dev/null || bail "no download"
for ((i = 0; i < 10; i++)); do
	lab_in curl -s -o /dev/null http://25.0.0.11:8000/file || bail "no page"
done
lab_in curl -s -o /dev/null --max-filesize 1000 http://25.0.0.11:8000/file
lab_in curl -s -o /dev/null http://25.0.0.11:8001/
lab_in ping -q -c 5 -i 0.05 25.0.0.12 >/dev/null || bail "no echo"
lab_in python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(5): s.sendto(b"anybody?", ("25.0.0.13", 9000 + i))'
kill -INT "$TCPDUMP"
wait "$TCPDUMP" 2>/dev/null

for capture in "$TMP/real.pcap" ${CAPTURES:-}; do
	for loose in 0 1; do
		for liberal in 0 1; do
			name=${capture##*/}_loose${loose}_liberal$liberal
			if lab_gw "$DIFFERENTIAL" -r "$capture" -l $loose -b $liberal >"$TMP/log" 2>&1; then
				pass "$name"
			else
				fail "$name" "$(cat "$TMP/log")"
			fi
		done
	done
done
frames=$(sed -n 's/^\([0-9]*\) frames, .*/\1/p' "$TMP/log")
check there_were_many_frames [ "${frames:-0}" -gt 1000 ]
finish
