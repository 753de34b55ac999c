# SPDX-License-Identifier: GPL-2.0-only
# What benchmarks in the lab share: what stands in front of wan0, and packets a second. Source it.
# Everything is measured in turns, and medians count; goals that are missed are said and no more.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
: "${WEIR:=$PWD/build/weir}" "${LAB_TOOLS:=$PWD/build/lab}"
: "${BENCH_SECONDS:=1}" "${BENCH_ROUNDS:=7}"
. tests/lab/gateway.sh

INSTANCE=bench-$$
LAST_CPU=$(($(nproc) - 1))

die() { echo "${0##*/}: $*" >&2; exit 1; }
weir() { lab_gw "$WEIR" -I "$INSTANCE" "$@" >/dev/null; }
bench_at_exit() { [ -z "$LAB_GW" ] || weir off 2>/dev/null; }
LAB_AT_EXIT=bench_at_exit
lab_trap
[ "$(id -u)" = 0 ] || die "needs root"
lab_make || die "can't make the lab"

# floor_on NS DEV pass|drop, floor_off NS DEV
floor_on() { nsenter --net="$LAB_RUN/$1" ip link set dev "$2" xdp obj "$LAB_TOOLS/floor.bpf.o" program "floor_$3"; }
floor_off() { nsenter --net="$LAB_RUN/$1" ip link set dev "$2" xdp off; }

# flood_from NS DEV MAC ARGUMENT...: as fast as it goes, on one CPU: the receiver works there, too
flood_from() {
	local ns=$1 dev=$2 mac=$3
	shift 3
	nsenter --net="$LAB_RUN/$ns" taskset -c "$LAST_CPU" "$LAB_TOOLS/flood" --dev "$dev" --mac "$mac" --rate 0 "$@"
}

# received NS DEV: packets that a device has received
received() { nsenter --net="$LAB_RUN/$1" cat /proc/net/dev | awk -v dev="$2:" '$1 == dev { print $3 }'; }

# median NUMBER...
median() { printf '%s\n' "$@" | sort -g | awk '{ n[NR] = $1 } END { print n[int((NR + 1) / 2)] }'; }
