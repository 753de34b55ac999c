#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a flood does to a NAT gateway, without weir and with it, in network namespaces of its own.
# Takes a minute; Ctrl-C at any time leaves nothing behind. With DEV=eth0 it does something else:
# it watches that network card in monitor mode, which drops nothing, until Ctrl-C.
#
# LAB_SECONDS  how long each phase opens connections (10)   LAB_FLOOD  packets a second (220000)
# LAB_RATE     new connections a second (200)               LAB_FILL   percent of the table (98)
# LAB_FAMILY   4 or 6: which addresses all of it uses (4)   LAB_JSON   file for the table as JSON
# WEIR, LAB_TOOLS  where the programs are
set -u
cd "$(dirname "$0")/../.." || exit 1
: "${LAB_SECONDS:=10}" "${LAB_RATE:=200}" "${LAB_FLOOD:=220000}" "${LAB_FILL:=98}" "${LAB_FAMILY:=4}"
: "${WEIR:=build/weir}" "${LAB_TOOLS:=build/lab}"
. tests/lab/gateway.sh
. tests/lab/watch.sh

LIVE=0; [ -t 1 ] && LIVE=1
DIR= FLOOD_PID= CLIENTS_PID= INSTANCE=lab-$$ WEIR_ON=0
declare -A RESULT		# "phase fact" -> value
PHASES=()

die() { echo "make run: $*" >&2; exit 1; }
say() { [ $LIVE = 1 ] && printf '\r\033[K'; printf '%s\n' "$*"; }
pause() { read -r -t "$1" <&"$QUIET_PIPE"; }	# sleep without a process that could be left behind

weir() { lab_gw "$WEIR" -I "$INSTANCE" "$@"; }

# at_exit: called before the lab is removed, however the script ends
at_exit() {
	# the clients write their status to the last: what they write to goes after them
	[ -n "$FLOOD_PID$CLIENTS_PID" ] && kill $FLOOD_PID $CLIENTS_PID 2>/dev/null
	[ -n "$FLOOD_PID$CLIENTS_PID" ] && wait $FLOOD_PID $CLIENTS_PID 2>/dev/null
	[ $WEIR_ON = 1 ] && weir off >/dev/null 2>&1
	[ -n "$DIR" ] && rm -rf "$DIR"
	[ $LIVE = 1 ] && printf '\r\033[K\033[?25h'
	:
}

# sweep_instances: what a run that was killed outright left of weir; its namespaces go first, since an
# instance is ended from its own
sweep_instances() {
	local path pid
	lab_sweep
	for path in /run/weir/bpf/lab-*; do
		pid=${path##*-}
		[ -e "$path" ] && ! lab_alive "$pid" && "$WEIR" -I "${path##*/}" off >/dev/null 2>&1
	done
	:
}

# field FILE NAME: a number of a one-line JSON object
field() { sed -n 's/.*"'"$2"'": *\(-\{0,1\}[0-9.]*\).*/\1/p' "$1" 2>/dev/null; }

# The flood keeps one CPU busy to keep its pace, as another machine would: it gets the last one for
# itself, and the clients and servers the rest, in all phases.
LAST_CPU=$(($(nproc) - 1))
start_beside() {	# NAMESPACE COMMAND...
	local ns=$1
	shift
	[ $LAST_CPU = 0 ] || set -- taskset -c "0-$((LAST_CPU - 1))" "$@"
	lab_start "$ns" "$@"
}

# ---- one phase -------------------------------------------------------------------------------

cpu_ticks() { awk '/^cpu / { print $8, $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9; exit }' /proc/stat; }

ms() { awk -v us="${1:-0}" 'BEGIN { printf us < 10000 ? "%.2f ms" : "%.0f ms", us / 1000 }'; }
percent() { awk -v part="${1:-0}" -v all="${2:-0}" 'BEGIN { printf "%.1f %%", all ? 100 * part / all : 0 }'; }

# bash_field NAME: of the line in STATUS, without a process of its own, into VALUE
bash_field() {
	VALUE=0
	[[ $STATUS =~ \"$1\":\ *([0-9]+) ]] && VALUE=${BASH_REMATCH[1]}
}

show_progress() {	# PHASE ELAPSED
	local STATUS= VALUE key got=() line
	[ $LIVE = 1 ] || [ "$2" -ge "$NEXT_LINE" ] || return 0
	read -r STATUS 2>/dev/null <"$DIR/status"
	for key in succeeded opened median_us long_alive long_lived; do
		bash_field $key
		got+=("$VALUE")
	done
	lab_sample
	if [ "$SECONDS" != "$LAST_SECOND" ]; then
		[ -z "$LAST_SECOND" ] || KPPS=$(((LAB_RX - LAST_PACKETS) / (SECONDS - LAST_SECOND) / 1000))
		LAST_PACKETS=$LAB_RX LAST_SECOND=$SECONDS
	fi
	printf -v line '%-19s %2d s  table %6d/%d  full drops %7d  new %4d/%-4d  median %4d.%02d ms  long-lived %d/%d  in %d kpps' \
		"$1" "$2" "$LAB_COUNT" "$MAX" $((LAB_DROP - DROP0)) "${got[0]}" "${got[1]}" \
		$((got[2] / 1000)) $((got[2] % 1000 / 10)) "${got[3]}" "${got[4]}" "$KPPS"
	if [ $LIVE = 1 ]; then
		printf '\r\033[K%s' "$line"
	else
		echo "$line"
		NEXT_LINE=$(($2 + 2))
	fi
}

start_clients() {
	local from=$LAB_HOSTS to=$LAB_SERVERS
	[ "$LAB_FAMILY" = 6 ] && from=$LAB_HOSTS6 to=$LAB_SERVERS6
	rm -f "$DIR/warm" "$DIR/status"
	start_beside "$LAB_IN" "$LAB_TOOLS/clients" --from "$from" --to "$to" --port 7000 --long 40 \
		--rate "$LAB_RATE" --seconds "$LAB_SECONDS" --warm "$DIR/warm" --status "$DIR/status" >"$DIR/clients"
	CLIENTS_PID=$LAB_PID
	until [ "$(field "$DIR/status" long_alive)" = 40 ]; do
		kill -0 "$CLIENTS_PID" 2>/dev/null || die "the clients ended early"
		[ $((SECONDS - $1)) -lt 10 ] || die "the long-lived connections do not come up"
		pause 0.05
	done
}

# Random public sources, SYN and UDP, to the forwarded service: only packets that are let through
# leave an entry behind, so a flood to closed ports of the gateway itself would do no such harm.
start_flood() {
	local to=$LAB_WAN first
	[ "$LAB_FAMILY" = 6 ] && to=$LAB_WAN6
	lab_start "$LAB_OUT" taskset -c $LAST_CPU "$LAB_TOOLS/flood" --dev out0 --mac "$(lab_mac wan0)" --kind syn,udp --to "$to" \
		--dport 443 --rate "$LAB_FLOOD" --seconds $((LAB_SECONDS + 10)) >"$DIR/flood"
	FLOOD_PID=$LAB_PID
	first=$(lab_received wan0)
	until [ $(($(lab_received wan0) - first)) -ge "$LAB_FLOOD" ]; do
		kill -0 "$FLOOD_PID" 2>/dev/null || die "the flood ended early"
		pause 0.05
	done
}

finish() {	# PID [SIGNAL]
	[ -z "${2:-}" ] || kill "-$2" "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# phase NAME TITLE FLOOD(0|1)
phase() {
	local begun=$SECONDS started ticks0 ticks early0 key packets0 time0
	local title=$2
	PHASES+=("$1")
	LAST_SECOND= LAST_PACKETS= KPPS=0 NEXT_LINE=0
	lab_flush
	start_clients "$begun"
	lab_prefill "$LAB_FILL" >"$DIR/prefill" || die "can't fill the table"
	lab_sample
	DROP0=$LAB_DROP early0=$LAB_EARLY
	RESULT[$1 log]=$(lab_full_messages) RESULT[$1 begin]=$LAB_COUNT
	[ "$3" = 1 ] && start_flood
	ticks0=$(cpu_ticks) time0=${EPOCHREALTIME/./}
	lab_sample
	packets0=$LAB_RX
	: >"$DIR/warm"
	started=$SECONDS
	while kill -0 "$CLIENTS_PID" 2>/dev/null; do
		show_progress "$title" $((SECONDS - started))
		[ $((SECONDS - started)) -lt $((LAB_SECONDS + 15)) ] || die "the clients do not end"
		pause 0.25
	done
	finish "$CLIENTS_PID"
	CLIENTS_PID=
	ticks=$(cpu_ticks)
	lab_sample
	RESULT[$1 pps]=$(((LAB_RX - packets0) * 1000000 / (${EPOCHREALTIME/./} - time0)))
	RESULT[$1 cpu]=$(set -- $ticks0 $ticks; percent $(($3 - $1)) $(($4 - $2)))
	RESULT[$1 count]=$LAB_COUNT RESULT[$1 drop]=$((LAB_DROP - DROP0)) RESULT[$1 early]=$((LAB_EARLY - early0))
	[ "${RESULT[$1 log]}" -ge 0 ] && RESULT[$1 log]=$(($(lab_full_messages) - RESULT[$1 log]))
	if [ "$3" = 1 ]; then
		finish "$FLOOD_PID" INT
		FLOOD_PID=
		RESULT[$1 sent]=$(field "$DIR/flood" rate)
	fi
	for key in opened prompt succeeded failed median_us p99_us long_lived long_alive; do
		RESULT[$1 $key]=$(field "$DIR/clients" "$key")
	done
	say "$title: ${RESULT[$1 succeeded]} of ${RESULT[$1 opened]} new connections answered, $(
		)${RESULT[$1 long_alive]} of ${RESULT[$1 long_lived]} long-lived ones alive"
}

# ---- with weir -------------------------------------------------------------------------------

# The limits are the operator's part: what strangers may open. The hosts inside are not limited.
LIMITS=("per source 10/second burst 20" "total 50/second")

weir_on() {
	local limit
	WEIR_ON=1
	weir link attach dev wan0 role outside driver native || return
	for limit in "${LIMITS[@]}"; do
		weir limit add $limit || return
	done
	weir mode enforce
}

# ---- the table -------------------------------------------------------------------------------

row() {	# LABEL VALUE...
	printf '%-34s' "$1"
	shift
	printf ' %16s' "$@"
	echo
}

rows() {	# LABEL EXPRESSION, in which P is the phase
	local P values=()
	for P in "${PHASES[@]}"; do
		values+=("$(eval "echo $2")")
	done
	row "$1" "${values[@]}"
}

print_table() {
	declare -A title=([quiet]=quiet [without]="without weir" [with]="with weir")
	local P titles=()
	for P in "${PHASES[@]}"; do titles+=("${title[$P]}"); done
	echo
	row "" "${titles[@]}"
	rows "flood arriving, packets/s" '${RESULT[$P sent]:+${RESULT[$P pps]}}'
	rows "table before, of $MAX" '${RESULT[$P begin]}'
	rows "table after" '${RESULT[$P count]}'
	rows "'table full' drops" '${RESULT[$P drop]}'
	rows "entries evicted early" '${RESULT[$P early]}'
	rows "'table full' lines in the log" '$([ ${RESULT[$P log]} -ge 0 ] && echo ${RESULT[$P log]} || echo unreadable)'
	rows "new connections opened" '${RESULT[$P opened]}'
	rows "  connected at the first attempt" '$(percent ${RESULT[$P prompt]} ${RESULT[$P opened]})'
	rows "  answered within 3 s" '$(percent ${RESULT[$P succeeded]} ${RESULT[$P opened]})'
	rows "  median time to connect" '$(ms ${RESULT[$P median_us]})'
	rows "  99th percentile" '$(ms ${RESULT[$P p99_us]})'
	rows "long-lived connections alive" '${RESULT[$P long_alive]}/${RESULT[$P long_lived]}'
	rows "CPU in softirq, of all CPUs" '${RESULT[$P cpu]}'
}

# print_json: {"quiet": {...}, "without": {...}, "with": {...}}
print_json() {
	local P key phases=()
	for P in "${PHASES[@]}"; do
		local facts=()
		for key in opened prompt succeeded failed median_us p99_us long_lived long_alive \
			   drop early log begin count pps sent; do
			facts+=("\"$key\": ${RESULT[$P $key]:-null}")
		done
		phases+=("\"$P\": {$(IFS=,; echo "${facts[*]}")}")
	done
	(IFS=,; echo "{${phases[*]}}")
}

print_reasons() {
	echo
	echo "What weir said, packets by reason (limits: $(printf '%s; ' "${LIMITS[@]}")inside: none)"
	watch_rows <"$DIR/stats" | while read -r action reason packets bytes; do
		printf '  %-10s %-18s %12s packets %14s bytes\n' "$action" "$reason" "$packets" "$bytes"
	done
}

# ---- main ------------------------------------------------------------------------------------

[ "$(id -u)" = 0 ] || die "needs root: sudo make run"
exec {QUIET_PIPE}<> <(:)
if [ -n "${DEV:-}" ]; then
	watch_device "$DEV"
	exit
fi
for tool in ip nft ethtool conntrack nsenter; do
	command -v "$tool" >/dev/null || die "needs $tool (apt-get install iproute2 nftables ethtool conntrack util-linux)"
done
LAB_AT_EXIT=at_exit
lab_trap
DIR=$(mktemp -d) || exit 1
sweep_instances
lab_make || die "can't make the lab's namespaces"
lab_flush
MAX=$(lab_max)
start_beside "$LAB_OUT" "$LAB_TOOLS/server" 7000 >"$DIR/server"
start_beside "$LAB_IN" "$LAB_TOOLS/server" 80 443 >"$DIR/service"
until [ -s "$DIR/server" ] && [ -s "$DIR/service" ]; do pause 0.02; done

echo "hosts inside -- gateway with masquerade -- servers outside; the table is filled to $LAB_FILL % with established flows"
echo "flood: $LAB_FLOOD packets/s, SYN and UDP from random addresses, to a service that the gateway forwards (DNAT)"
[ $LIVE = 1 ] && printf '\033[?25l'
phase quiet "quiet" 0
phase without "flood, without weir" 1
if [ -x "$WEIR" ]; then
	weir_on || die "weir did not start"
	phase with "flood, with weir" 1
	weir -j stats show >"$DIR/stats"
fi
print_table
[ -n "${LAB_JSON:-}" ] && print_json >"$LAB_JSON"
[ -s "$DIR/stats" ] && print_reasons
exit 0
