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

# bench_threaded NS DEV: what it receives is then taken by a kernel thread, whose time can be told.
# /sys shows the namespace of its mount.
bench_threaded() { nsenter --net="$LAB_RUN/$1" unshare -m sh -c "mount -t sysfs none /sys && echo 1 >/sys/class/net/$2/threaded"; }

# nanoseconds PID: of CPU time
nanoseconds() { local ns rest; read -r ns rest <"/proc/$1/schedstat" && echo "$ns"; }

# find_thread DEV COMMAND...: THREAD is the one that receives for DEV, which the command floods. Its name
# has no namespace in it: ours is the one that works when packets come.
find_thread() {
	local dev=$1 comm name pid best=0 spent
	declare -A before=()
	shift
	for comm in /proc/[0-9]*/comm; do
		read -r name 2>/dev/null <"$comm" || continue
		case $name in "napi/$dev-"*) pid=${comm#/proc/} pid=${pid%/comm} before[$pid]=$(nanoseconds "$pid") ;; esac
	done
	"$@" >/dev/null
	THREAD=
	for pid in "${!before[@]}"; do
		spent=$(($(nanoseconds "$pid") - before[$pid]))
		[ $spent -le $best ] || best=$spent THREAD=$pid
	done
	[ -n "$THREAD" ] || die "no thread receives"
}

# in_turns WAY...: NS[WAY] is what `measure WAY` found, a number a turn, and BEST[WAY] the least of them:
# what disturbs can only slow it down. A turn in which nothing arrived is taken again, once.
declare -A NS=() BEST=()
in_turns() {
	local round way
	for ((round = 0; round < BENCH_ROUNDS; round++)); do
		for way in "$@"; do measure "$way" || measure "$way" || die "$way: nothing arrives"; done
	done
	# shellcheck disable=SC2086  # numbers, apart
	for way in "$@"; do BEST[$way]=$(printf '%s\n' ${NS[$way]} | sort -n | head -n 1); done
}

# way_through: routes 25.0.2.0/24 through a gateway without rules, to who drops at once. Both receive in
# threads of their own.
way_through() {
	lab_gw nft flush ruleset && lab_gw ip route add 25.0.2.0/24 via $LAB_SERVICE &&
		lab_gw ip neighbour replace $LAB_SERVICE dev lan0 nud permanent \
			lladdr "$(lab_in ip -o link show dev in0 | sed -n 's/.* link\/ether \([0-9a-f:]*\).*/\1/p')" &&
		floor_on "$LAB_IN" in0 drop || die "can't make the way through"
	bench_threaded "$LAB_GW" wan0 && bench_threaded "$LAB_IN" in0 || die "this kernel has no threaded NAPI"
}
