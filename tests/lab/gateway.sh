# SPDX-License-Identifier: GPL-2.0-only
# The lab: a NAT gateway between inside hosts and an outside network, in network namespaces.
# Source it, then: lab_make; ... ; everything is removed when the shell exits, is interrupted or
# terminated. What a shell that died by SIGKILL left behind is removed by the next lab_make.
#
#	$LAB_IN                  $LAB_GW                        $LAB_OUT
#	in0 ------------------ lan0   wan0 ------------------- out0
#	10.77.0.2 service      10.77.0.1  25.0.0.1             25.0.0.254 the provider's router
#	10.77.0.10-17 hosts    masquerade, conntrack           25.0.0.10-13 servers
#	25.0.1.2 routed host   fd77::1    2a00:25::1           2a00:25::10-13
#
# The gateway is an ordinary one: hosts go out masqueraded; TCP 80 and 443 and UDP 443 of its own
# address are forwarded (DNAT) to the service inside; 25.0.1.0/28 is routed without NAT; of the
# gateway itself only ICMP and TCP 22 answer. The outside addresses are ones that count as public:
# the prefixes for documentation are martians on an outside device.
# The functions run commands with `nsenter --net=`: `ip netns exec` would hide pinned BPF objects.

LAB_IN= LAB_GW= LAB_OUT=
LAB_RUN=/run/netns
LAB_SERVICE=10.77.0.2 LAB_SERVICE6=fd77::2 LAB_ROUTED=25.0.1.2 LAB_ROUTED6=2a00:25:1::2
LAB_WAN=25.0.0.1 LAB_WAN6=2a00:25::1
LAB_HOSTS=$(printf '%s,' 10.77.0.{10..17}) LAB_HOSTS=${LAB_HOSTS%,}
LAB_HOSTS6=$(printf '%s,' fd77::{10..17}) LAB_HOSTS6=${LAB_HOSTS6%,}
LAB_SERVERS=25.0.0.10,25.0.0.11,25.0.0.12,25.0.0.13
LAB_SERVERS6=2a00:25::10,2a00:25::11,2a00:25::12,2a00:25::13

lab_in() { nsenter --net="$LAB_RUN/$LAB_IN" "$@"; }
lab_gw() { nsenter --net="$LAB_RUN/$LAB_GW" "$@"; }
lab_out() { nsenter --net="$LAB_RUN/$LAB_OUT" "$@"; }

# lab_alive PID: a process of that number still runs
lab_alive() { [ -d "/proc/$1" ]; }

# lab_remove_namespace NAME: ends what runs in it, too; the namespace is the lab's own
lab_remove_namespace() {
	local pids pid
	pids=$(ip netns pids "$1" 2>/dev/null)
	for pid in $pids; do
		[ "$pid" = $$ ] || kill -KILL "$pid" 2>/dev/null
	done
	[ -z "$pids" ] || wait $pids 2>/dev/null
	ip netns del "$1" 2>/dev/null
}

# lab_remove: everything that this shell made, also the namespaces it added to the lab
lab_remove() {
	local path
	for path in "$LAB_RUN/weir-$$-"*; do
		[ -e "$path" ] && lab_remove_namespace "${path##*/}"
	done
	LAB_IN= LAB_GW= LAB_OUT=
}

# lab_sweep: removes the namespaces of labs whose shell is dead
lab_sweep() {
	local path name pid
	for path in "$LAB_RUN"/weir-[0-9]*-*; do
		[ -e "$path" ] || continue
		name=${path##*/} pid=${name#weir-} pid=${pid%%-*}
		case $pid in *[!0-9]*) continue ;; esac
		lab_alive "$pid" || lab_remove_namespace "$name"
	done
}

# lab_trap: removes the lab at the end of the shell, whichever way it ends; LAB_AT_EXIT is called first. A second
# signal, as timeout sends one to the program and one to its group, does not end that.
LAB_AT_EXIT=:
lab_trap() {
	trap 'lab_status=$?; trap "" INT TERM HUP; $LAB_AT_EXIT; lab_remove; exit $lab_status' EXIT
	trap 'trap "" INT TERM HUP; exit 130' INT
	trap 'trap "" INT TERM HUP; exit 143' TERM
	trap 'trap "" INT TERM HUP; exit 129' HUP
}

# lab_veth NS1 IF1 NS2 IF2: a wire that XDP and the flood can use. The stack must send complete
# checksums, since nothing fills them in behind XDP; and a veth accepts redirected frames only if
# its peer polls, which GRO makes it do.
lab_veth() {
	ip link add "$2" netns "$1" type veth peer name "$4" netns "$3" || return
	local ns dev
	for ns in "$1 $2" "$3 $4"; do
		dev=${ns#* } ns=${ns% *}
		nsenter --net="$LAB_RUN/$ns" ip link set "$dev" up || return
		nsenter --net="$LAB_RUN/$ns" ethtool -K "$dev" tx off gro on >/dev/null || return
	done
}

# lab_sysctl NAME VALUE...: in the namespace of the caller; a kernel without one of them is fine
lab_sysctl() {
	while [ $# -gt 1 ]; do
		[ -w "/proc/sys/$1" ] && echo "$2" >"/proc/sys/$1"
		shift 2
	done
	:
}
export -f lab_sysctl

# lab_namespace NAME: the name must begin with weir-$$-
lab_namespace() {
	ip netns add "$1" || return
	nsenter --net="$LAB_RUN/$1" ip link set lo up
	nsenter --net="$LAB_RUN/$1" bash -c 'lab_sysctl net/ipv6/conf/default/accept_dad 0 \
		net/ipv6/conf/all/accept_dad 0 net/ipv6/conf/default/dad_transmits 0 \
		net/ipv4/conf/all/rp_filter 0 net/ipv4/conf/default/rp_filter 0'
}

# lab_addresses RUN DEV ADDRESS/LENGTH...
lab_addresses() {
	local run=$1 dev=$2 a
	shift 2
	for a; do
		case $a in *:*) set -- nodad ;; *) set -- ;; esac
		echo "address add $a dev $dev $*"
	done | $run ip -batch -
}

lab_make() {
	lab_sweep
	LAB_IN=weir-$$-in LAB_GW=weir-$$-gw LAB_OUT=weir-$$-out
	lab_namespace "$LAB_IN" && lab_namespace "$LAB_GW" && lab_namespace "$LAB_OUT" || return
	lab_veth "$LAB_IN" in0 "$LAB_GW" lan0 && lab_veth "$LAB_OUT" out0 "$LAB_GW" wan0 || return

	lab_addresses lab_in in0 $LAB_SERVICE/24 $LAB_SERVICE6/64 $LAB_ROUTED/32 $LAB_ROUTED6/128 \
		10.77.0.{10..17}/24 fd77::{10..17}/64 &&
	lab_addresses lab_gw lan0 10.77.0.1/24 fd77::1/64 &&
	lab_addresses lab_gw wan0 $LAB_WAN/24 $LAB_WAN6/64 &&
	lab_addresses lab_out out0 25.0.0.254/24 2a00:25::fe/64 25.0.0.{10..13}/24 2a00:25::{10..13}/64 || return

	printf 'route add %s\n' 'default via 10.77.0.1' 'default via fd77::1' | lab_in ip -batch - &&
	printf 'route add %s\n' 'default via 25.0.0.254' 'default via 2a00:25::fe' \
		'25.0.1.0/28 dev lan0' '2a00:25:1::/64 dev lan0' | lab_gw ip -batch - &&
	printf 'route add %s\n' "25.0.1.0/28 via $LAB_WAN" "2a00:25:1::/64 via $LAB_WAN6" |
		lab_out ip -batch - || return

	lab_gw bash -c 'lab_sysctl net/ipv4/ip_forward 1 net/ipv6/conf/all/forwarding 1'
	lab_in bash -c 'lab_sysctl net/ipv4/tcp_tw_reuse 1 net/core/somaxconn 4096'
	lab_out bash -c 'lab_sysctl net/core/somaxconn 4096'
	lab_gw nft -f - <<-RULES
	table inet lab {
		chain prerouting {
			type nat hook prerouting priority dstnat;
			ip daddr $LAB_WAN tcp dport { 80, 443 } dnat ip to $LAB_SERVICE
			ip daddr $LAB_WAN udp dport 443 dnat ip to $LAB_SERVICE
			ip6 daddr $LAB_WAN6 tcp dport { 80, 443 } dnat ip6 to $LAB_SERVICE6
			ip6 daddr $LAB_WAN6 udp dport 443 dnat ip6 to $LAB_SERVICE6
		}
		chain postrouting {
			type nat hook postrouting priority srcnat;
			oifname "wan0" ip saddr 10.77.0.0/24 masquerade
			oifname "wan0" ip6 saddr fd77::/64 masquerade
		}
		chain input {
			type filter hook input priority filter; policy drop;
			ct state established,related accept
			iifname { "lo", "lan0" } accept
			meta l4proto { icmp, icmpv6 } accept
			tcp dport 22 accept
		}
		chain forward {
			type filter hook forward priority filter; policy drop;
			ct state established,related accept
			iifname "lan0" accept
			ct status dnat accept
			ip daddr 25.0.1.0/28 accept
			ip6 daddr 2a00:25:1::/64 accept
		}
	}
	RULES
}

# lab_mac DEV: the Ethernet address of a device of the gateway; /sys shows another namespace
lab_mac() { lab_gw ip -o link show dev "$1" | sed -n 's/.* link\/ether \([0-9a-f:]*\).*/\1/p'; }

# ---- what the gateway's conntrack says -------------------------------------------------------

lab_count() { lab_gw cat /proc/sys/net/netfilter/nf_conntrack_count; }
lab_max() { lab_gw cat /proc/sys/net/netfilter/nf_conntrack_max; }

# lab_sample: with one short-lived process, since who watches often must not be what is measured:
# LAB_COUNT  entries in the table     LAB_DROP   packets dropped for a full table
# LAB_EARLY  entries evicted for room LAB_RX     packets that wan0 has received
lab_sample() {
	local line drop=-1 early=-1 i
	LAB_COUNT= LAB_DROP=0 LAB_EARLY=0 LAB_RX=0
	while read -r -a line; do
		case ${line[0]-} in
		entries)
			for i in "${!line[@]}"; do
				case ${line[i]} in drop) drop=$i ;; early_drop) early=$i ;; esac
			done ;;
		wan0:) LAB_RX=${line[2]} ;;
		*:*|face|Inter-*) ;;
		*)
			if [ -z "$LAB_COUNT" ]; then
				LAB_COUNT=${line[0]}
			elif [ $drop -ge 0 ] && [ ${#line[@]} -gt $early ]; then
				LAB_DROP=$((LAB_DROP + 16#${line[drop]}))
				LAB_EARLY=$((LAB_EARLY + 16#${line[early]}))
			fi ;;
		esac
	done < <(lab_gw cat /proc/sys/net/netfilter/nf_conntrack_count /proc/net/stat/nf_conntrack /proc/net/dev)
}

# lab_full_messages: lines of the kernel log that say that the gateway's table is full. The kernel
# limits their rate; -1: the log can't be read.
lab_full_messages() {
	dmesg >/dev/null 2>&1 || { echo -1; return; }
	dmesg | grep -c "table full in netns $(stat -Lc %i "$LAB_RUN/$LAB_GW")"
}

# lab_received DEV: packets that the gateway's device handed to its driver's receive path
lab_received() { lab_gw cat /proc/net/dev | awk -v dev="$1:" '$1 == dev { print $3 }'; }

lab_flush() { lab_gw conntrack -F >/dev/null 2>&1; }

# lab_prefill PERCENT: fills the table up to that share with ASSURED flows; prints JSON
lab_prefill() {
	lab_gw "$LAB_TOOLS/prefill" $(($(lab_max) * $1 / 100)) 10.77.1.0 25.0.0.200
}

# lab_start NAMESPACE COMMAND...: runs it beside the shell; its process id is in LAB_PID
lab_start() {
	local ns=$1
	shift
	nsenter --net="$LAB_RUN/$ns" "$@" &
	LAB_PID=$!
}

# lab_flood ARGUMENT...: the flood, from the outside towards wan0
lab_flood() { lab_out "$LAB_TOOLS/flood" --dev out0 --mac "$(lab_mac wan0)" "$@"; }
