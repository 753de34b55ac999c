#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Real traffic, replayed frame by frame, with weir and without: nothing is dropped that conntrack wants.
# It is captured here from programs at work, and comes from Debian packages that carry captures, which
# are downloaded for it once, to build/captures, and not installed. What of INVALID was dropped is
# printed for each.
#
# CAPTURES		of your own: "a.pcap b.pcap"
# CAPTURE_PACKETS	of each capture at most (20000)
. "$(dirname "$0")/lib.sh"
: "${DIFFERENTIAL:=$PWD/build/differential}"
for tool in tcpdump iperf3 curl ping; do
	command -v $tool >/dev/null || { skip captures "needs $tool"; finish; }
done
[ -x "$DIFFERENTIAL" ] || { skip captures "$DIFFERENTIAL is not built"; finish; }
lab_make || bail "can't make the lab"
lab_in ethtool -K in0 gro off >/dev/null	# frames as they are on a wire

background "$LAB_IN" tcpdump -i in0 -w "$TMP/lab.pcap" -s 0 -U --immediate-mode 2>"$TMP/tcpdump"
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

# packaged PACKAGE DIRECTORY: unpacks the captures of that directory to build/captures/PACKAGE
packaged() {
	local into=build/captures/$1 file
	[ -d "$into" ] && return
	(cd "$TMP" && timeout 120 apt-get -qq -o APT::Sandbox::User=root download "$1" &&
	 dpkg -x "$1"_*.deb "$1") >"$TMP/download" 2>&1 || return 1
	for file in "$TMP/$1/$2"/*.gz; do
		[ -e "$file" ] || continue
		while gzip -t "$file" 2>/dev/null; do	# some are compressed twice
			gunzip -c <"$file" >"$file.out" && mv "$file.out" "$file" || return 1
		done
		mv "$file" "${file%.gz}" || return 1
	done
	mkdir -p build/captures
	mv -T "$TMP/$1/$2" "$into" 2>"$TMP/download" || [ -d "$into" ]	# a test beside this one was faster
}

captures=("$TMP/lab.pcap") long=("$TMP/lab.pcap")
if packaged pathspider usr/lib/python3/dist-packages/pathspider/tests/data; then
	for name in real tcp_ecn tcp_http mss_ipv4 mss_ipv6 tfo_data_on_syn icmp_synack_unreachable \
		ecn_ipv6_unreachable_ce_on_syn; do
		captures+=("build/captures/pathspider/$name.pcap")
	done
	long+=(build/captures/pathspider/real.pcap)
else
	skip captures_of_pathspider "not to be had: $(tail -n 1 "$TMP/download")"
fi
if packaged python3-libtrace usr/share/doc/python3-libtrace/examples; then
	for name in anon-v4 anon-v6 icmp-sample icmp6-sample; do
		captures+=("build/captures/python3-libtrace/$name.pcap")
	done
else
	skip captures_of_libtrace "not to be had: $(tail -n 1 "$TMP/download")"
fi
# shellcheck disable=SC2206  # a list of words
captures+=(${CAPTURES:-})

# replayed NAME OPTION...: one case
replayed() {
	local name=$1
	shift
	if lab_gw "$DIFFERENTIAL" -n "${CAPTURE_PACKETS:-20000}" "$@" >"$TMP/log" 2>&1; then
		sed -n 's|^\(.*/\)*\(.* frames, .*\)|# \2|p' "$TMP/log"
		pass "$name"
	else
		fail "$name" "$(cat "$TMP/log")"
	fi
}

for loose in 0 1; do
	for liberal in 0 1; do
		replayed "whole_loose${loose}_liberal$liberal" -l $loose -b $liberal "${captures[@]}"
	done
done
frames=$(sed -n 's|.*/lab.pcap: \([0-9]*\) frames, .*|\1|p' "$TMP/log" | head -n 1)
check there_were_many_frames [ "${frames:-0}" -gt 1000 ]
# as a gateway sees it that was restarted: flows whose beginning it has missed
for loose in 0 1; do
	replayed "from_the_middle_loose$loose" -l $loose -b 0 -k 700 "${long[@]}"
done
finish
