#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# One destination can use up the source ports of the masquerade address: the table is then three
# quarters empty, and the gateway forwards a fraction of what it could. With weir in front it keeps
# forwarding, by a limit that nobody had to set.
. "$(dirname "$0")/lib.sh"
SECONDS_EACH=${E2E_SECONDS:-6}
VICTIM=25.0.0.200 OTHER=25.0.0.201
lab_make || bail "can't make the lab"
[ "$(lab_max)" -gt 100000 ] || { skip port_pool "the table is smaller than the pool of ports"; finish; }

# both addresses swallow all that comes; what came for the others is counted
out_mac=$(lab_out ip -o link show dev out0 | sed -n 's/.* link\/ether \([0-9a-f:]*\).*/\1/p')
for address in $VICTIM $OTHER; do
	lab_gw ip neighbour add $address lladdr "$out_mac" dev wan0 || bail "can't add a neighbour"
done
lab_out nft -f - <<-RULES
	table ip sink {
		counter others { }
		chain in {
			type filter hook prerouting priority raw;
			ip daddr $OTHER udp dport 2000 counter name others drop
			ip daddr $VICTIM drop
		}
	}
RULES
arrived() { lab_out nft -j list counter ip sink others | json 'v["nftables"][-1]["counter"]["packets"]'; }
from_inside() { background "$LAB_IN" "$LAB_TOOLS/flood" --dev in0 --mac "$(lab_mac lan0)" "$@" >/dev/null; }
# how many entries the table has for the victim's port
victims() { lab_gw conntrack -C >/dev/null; lab_gw conntrack -L -p tcp -d $VICTIM 2>/dev/null | grep -c .; }

# the others: 64 flows that go on as long as the test does
from_inside --kind udp --from $LAB_SERVICE/32 --sport 2000-2063 --to $OTHER/32 --dport 2000 \
	--rate 50000 --seconds $((SECONDS_EACH * 3 + 30))
OTHERS=$LAB_PID
some_arrived() { [ "$(arrived)" -gt 1000 ]; }
wait_for 10 some_arrived || bail "nothing is forwarded"

# measured NAME [flood]: packets a second of the others that arrive, into RATE
measured() {
	local before after
	if [ -n "${2:-}" ]; then
		from_inside --kind syn --from 10.77.0.64/26 --to $VICTIM/32 --dport 80 --rate 150000 \
			--seconds $((SECONDS_EACH + 4))
		wait_for 4 flood_began
	fi
	before=$(arrived)
	sleep $SECONDS_EACH	# how long is measured, not what is waited for
	after=$(arrived)
	RATE=$(((after - before) / SECONDS_EACH))
	echo "# $1: $RATE packets/s of the others arrive, table $(lab_count) of $(lab_max)"
	[ -z "${2:-}" ] || { VICTIMS=$(victims); kill $LAB_PID; wait $LAB_PID 2>/dev/null; }
}
flood_began() { [ "$(lab_count)" -gt 1000 ]; }

measured "no flood"
ALONE=$RATE
measured "without weir" flood
WITHOUT=$RATE
# the flood was one: the pool is used up, and the table is not the reason
check the_pool_is_used_up [ "$VICTIMS" -gt 60000 ]
check the_table_is_not_full [ "$(lab_count)" -lt $(($(lab_max) / 2)) ]

lab_gw conntrack -D -p tcp -d $VICTIM >/dev/null 2>&1
{ weir link attach dev wan0 role outside && weir link attach dev lan0 role inside &&
	weir mode enforce; } >/dev/null || bail "can't attach"
check limit_show_has_it eval \
	'[ "$(weir -j limit show | json "[x[\"what\"] + \" \" + x[\"from\"] + \" \" + x[\"set\"] for x in v]")" = "[\"per destination inside default\"]" ]'
check config_show_has_it eval 'weir config show | grep -q "^# by default.*from inside per destination"'
burst=$(weir -j limit show | json 'v[0]["burst"]')
rate=$(weir -j limit show | json 'v[0]["rate"]')
measured "with weir" flood
WITH=$RATE
echo "# of its forwarding rate the gateway keeps: without weir $((WITHOUT * 100 / (ALONE + 1))) %, with weir $((WITH * 100 / (ALONE + 1))) %"
check limited_by_destination [ "$(counter rate-destination drop)" -gt 10000 ]
check_eq nobody_else_is_limited "$(counter rate-source drop) $(counter rate-total drop) $(counter rate-prefix drop)" "0 0 0"
# what may come at once, and what comes in a minute: the test is not as long
check what_was_admitted_fits [ "$VICTIMS" -le $((burst + ${rate%%/*} * 60)) ]
check something_was_admitted [ "$VICTIMS" -ge "$burst" ]

# an explicit limit takes its place, and it comes back
weir limit add from inside per destination 1000/second burst 5
check_eq explicit_limit_overrides "$(weir -j limit show | json '[x["set"] for x in v]')" '["policy"]'
weir limit del from inside per destination
check_eq default_comes_back "$(weir -j limit show | json '[x["set"] for x in v]')" '["default"]'
lab_gw nft delete table inet lab
weir mode monitor
check_eq no_default_without_masquerading "$(weir -j limit show | json 'v')" '[]'
kill $OTHERS
finish
