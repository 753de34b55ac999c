#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Config files: loaded all or nothing; counters, budgets and known sources stay; what is shown can
# be loaded again; a save is the whole new file or the whole old one.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"

# state: all that a command could have changed; ARP and neighbour discovery go on meanwhile
state() { weir config show; weir link show; counters; lab_gw ip -d link show | grep -o 'prog/xdp id [0-9]*'; }
counters() { weir -j stats show | json 'sorted(json.dumps(r) for r in v if r["dev"] == "wan0" and r["reason"] not in ("clean", "not-ip"))'; }
# unchanged NAME STATUS WORD COMMAND...: it fails so, says the word, and has changed nothing
unchanged() {
	local name=$1 status=$2 word=$3
	shift 3
	state >"$TMP/before"
	check_exit "${name}_fails" "$status" "$@"
	check "${name}_says_why" grep -q -e "$word" "$TMP/output"
	state >"$TMP/after"
	check "${name}_changes_nothing" diff "$TMP/before" "$TMP/after"
}

cat >"$TMP/good" <<-CONFIG
	define OFFICE = { 192.0.2.0/24, 2001:db8:10::/48 }
	mode monitor
	interface wan0 { role outside; driver native }
	interface "lan*" { role inside }
	trusted { \$OFFICE }
	blocked { 198.51.100.0/24 comment "seen in March" }
	check { malformed drop; window off }
	limit new-flows {
		per source 200/second burst 400
		prefix 25.0.2.0/24 per source 500/second burst 1000
		prefix 25.0.2.0/24 total 5/hour burst 5
		total 50000/second
	}
CONFIG
check_exit first_load 0 weir config load "$TMP/good"
check_eq first_load_attaches "$(weir -j status | json 'sorted(l["dev"] + " " + l["role"] for l in v["links"])')" \
	'["lan0 inside", "wan0 outside"]'

# ---- show and load are each other's mirror
weir config show >"$TMP/shown"
check_exit shown_loads 0 weir config load "$TMP/shown"
weir config show | diff "$TMP/shown" - >"$TMP/difference"
check_eq shown_is_a_fixed_point "$(cat "$TMP/difference")" ""
check_exit diff_of_what_is_in_force 0 weir config diff "$TMP/good"
check_eq diff_finds_none "$(weir -j config diff "$TMP/good" | json 'v["changes"]')" 0
sed 's/50000/40000/; /seen in March/d' "$TMP/good" >"$TMP/other"
check_exit diff_of_another_file 0 weir config diff "$TMP/other"
check_eq diff_names_each_change "$(sort "$TMP/output")" "$(printf '%s\n' \
	'+ limit new-flows total 40000/second' '- blocked 198.51.100.0/24 comment "seen in March"' \
	'- limit new-flows total 50000/second' | sort)"
check_exit diff_of_a_bad_file 1 weir config diff /dev/null/none
check_exit diff_without_an_instance 3 lab_gw "$WEIR" -I "$INSTANCE-none" config diff "$TMP/good"

# ---- what is counted and remembered stays
flood() { lab_flood --kind udp --from 25.0.2.7 --to $LAB_ROUTED --sport "$1" --dport 9 --count "$2" --rate 1000 >/dev/null; }
weir mode enforce
flood 1000-1999 200
check_eq budget_admits_its_burst "$(($(counter rate-prefix drop) < 200 && $(counter rate-prefix drop) > 150))" 1
admitted() { weir -j limit show | json '[l for l in v if l["rate"] == "5/hour"][0]["admitted"]'; }
first=$(admitted)
check_eq budget_admits_no_more "$first" 5
weir source get 25.0.2.7 >"$TMP/source"
total() { weir -j source get 25.0.2.7 | json 'v[0]["total"]'; }
known=$(total)
counters >"$TMP/stats"
sed 's/monitor/enforce/' "$TMP/good" >"$TMP/enforce"
echo 'limit new-flows { prefix 10.0.0.0/8 total 1/second }' >>"$TMP/enforce"
check_exit load_another_policy 0 weir config load "$TMP/enforce"
check "load_keeps_counters" diff "$TMP/stats" <(counters)
check_eq load_keeps_sources "$(total)" "$known"
flood 2000-2999 200
check_eq load_keeps_budgets "$(admitted)" 5
weir mode monitor

# ---- what runs out is no difference, nor is what is attached again
weir mode enforce for 10m >/dev/null
weir trust add 192.0.2.99 timeout 1h
weir config save "$TMP/running"
check_eq diff_of_what_runs_out "$(weir -j config diff "$TMP/running" | json 'v["changes"], v["diff"]')" '[0, ""]'
weir trust del 192.0.2.99
check_eq diff_shows_the_time_left "$(weir config diff "$TMP/running" | grep -c 'timeout 1h$\|timeout 59m[0-9]*s$')" 1
weir mode monitor
check_exit attach_without_a_role 0 weir link attach dev lan0
check_eq attach_keeps_the_role "$(weir -j link show | json 'sorted(l["dev"] + " " + l["role"] for l in v)')" '["lan0 inside", "wan0 outside"]'
check_exit attach_with_a_role 0 weir link attach dev lan0 role outside
check_eq attach_changes_the_role "$(weir -j link show | json '[l["role"] for l in v if l["dev"] == "lan0"][0]')" outside
check_exit role_is_back 0 weir config load "$TMP/good"

# ---- all or nothing
bad() {	# NAME WORD TEXT: a file with this line at its end
	{ cat "$TMP/other"; printf '%s\n' "$3"; } >"$TMP/$1"
	unchanged "$1" 1 "$2" weir config load "$TMP/$1"
	check "$1_tells_the_place" grep -q "^$TMP/$1:[0-9]*:[0-9]*: " "$TMP/output"
	check_exit "$1_is_found_by_check" 1 weir check "$TMP/$1"
}
bad unknown_word limit 'limt new-flows { total 5/second }'
bad host_bits 192.0.2.0/24 'trusted { 192.0.2.1/24 }'
bad rate_zero 0 'limit new-flows { per destination 0/second }'
bad same_limit_twice already 'limit new-flows { total 7/second }'
bad no_end '}' 'trusted {'
bad unknown_name NOBODY 'trusted { $NOBODY }'
bad includes_itself . "include \"$TMP/includes_itself\""

# a device that refuses: the other one, which comes first, is as it was
sed 's/wan0 { role outside/wan0 { role inside/; s/"lan\*" { role inside/"lan*" { role outside/' "$TMP/other" >"$TMP/turned"
weir link detach dev lan0
lab_gw ip link set dev lan0 xdpdrv obj "$LAB_TOOLS/foreign.bpf.o" sec xdp || bail "can't attach a foreign program"
unchanged device_refuses 2 foreign_pass weir config load "$TMP/turned"
check_eq device_refuses_keeps_roles "$(weir -j status | json '[l["dev"] + " " + l["role"] for l in v["links"] if l["state"] == "attached"]')" '["wan0 outside"]'
check_exit first_load_that_fails 2 lab_gw "$WEIR" -I "$INSTANCE-none" config load "$TMP/turned"
check_exit first_load_that_fails_leaves_no_instance 3 lab_gw "$WEIR" -I "$INSTANCE-none" status
lab_gw ip link set dev lan0 xdpdrv off

# ---- a device that is not there yet is said, and is no error
sed 's/"lan\*"/ppp7/' "$TMP/good" >"$TMP/missing"
weir config load "$TMP/good" || bail "can't load the file again"
check_exit missing_device_loads 0 weir config load "$TMP/missing"
check missing_device_is_named grep -q ppp7 "$TMP/output"
check unnamed_device_is_told grep -qx "weir: detached, since $TMP/missing does not name it: lan0" "$TMP/output"
check_eq unnamed_device_is_detached "$(weir -j status | json '[l["dev"] + " " + l["state"] for l in v["links"]]')" \
	'["wan0 attached", "ppp7 missing"]'
check_exit nothing_to_detach_loads 0 weir config load "$TMP/missing"
check_eq nothing_to_detach_is_told_of "$(grep -c detached "$TMP/output")" 0
echo 'mode monitor' >"$TMP/devices_of_none"
check diff_shows_what_is_detached grep -q '^- interface wan0' <(weir config diff "$TMP/devices_of_none")
check_exit file_without_devices_loads 0 weir config load "$TMP/devices_of_none"
check file_without_devices_detaches_all grep -q 'does not name it: wan0$' "$TMP/output"
weir config load "$TMP/missing" 2>/dev/null

# ---- bypass: what the rules of this machine would do to it is said as by `weir bypass add`
sed 's/^mode/bypass { udp port 53; to 25.0.1.0\/28 fast }\n&/' "$TMP/good" >"$TMP/bypass"
warnings() { sed -n '/^weir: warning: \(table\|what is bypassed\)/,/^  /p' "$1"; }
check_exit load_with_bypass 0 weir config load "$TMP/bypass"
warnings "$TMP/output" >"$TMP/warned"
check load_names_nat_that_leaks grep -q 'chain postrouting: .*masquerade' "$TMP/warned"
check load_names_chains_that_drop grep -qx 'weir: warning: table inet lab, chain forward' "$TMP/warned"
check load_tells_what_fast_means grep -q 'forwarded by XDP' "$TMP/warned"
check_exit load_again 0 weir config load "$TMP/bypass"
check load_again_says_the_same diff "$TMP/warned" <(warnings "$TMP/output")
for words in "$TMP/bypass" ''; do
	check_exit "check${words:+_of_the_file}_with_bypass" 0 weir check $words
	check "check${words:+_of_the_file}_says_the_same" diff <(sort "$TMP/warned") <(warnings "$TMP/output" | sort)
done
check_exit load_without_bypass 0 weir config load "$TMP/missing"
check_eq load_without_bypass_does_not_warn "$(warnings "$TMP/output")" ""

# ---- save
check_exit save 0 weir config save "$TMP/saved"
check "saved_is_what_is_shown" diff "$TMP/saved" <(weir config show)
check_eq saved_is_private "$(stat -c %a "$TMP/saved")" 600
check_exit save_again 0 weir config save "$TMP/saved"
check_eq save_leaves_nothing_beside "$(cd "$TMP" && echo saved*)" saved
check_exit save_where_nothing_can_be 2 weir config save "$TMP/nowhere/weir.conf"
# what is no file is not replaced by one, and a link keeps leading where it leads
mknod "$TMP/node" c 1 3 || bail "no device node"
mkfifo "$TMP/fifo"
for what in node fifo ""; do
	kind=$(stat -c %F "$TMP/$what")
	check_exit "save_to_${what:-directory}" 1 weir config save "$TMP/$what"
	check "save_to_${what:-directory}_says_why" grep -q 'not a regular file' "$TMP/output"
	check_eq "save_leaves_the_${what:-directory}" "$(stat -c %F "$TMP/$what")" "$kind"
done
check_exit save_to_a_dash 1 weir config save -
ln -s saved "$TMP/link"
echo old >"$TMP/saved"
check_exit save_through_a_link 0 weir config save "$TMP/link"
check_eq save_keeps_the_link "$(readlink "$TMP/link")" saved
check save_through_a_link_is_where_it_leads diff "$TMP/saved" <(weir config show)

# a disk with one page left
mkdir "$TMP/disk"
printf '%s\n' 10.{0..7}.{0..255}.0 >"$TMP/list"
weir block load "$TMP/list" >/dev/null || bail "can't fill the list"
weir config show >"$TMP/large"
lab_gw unshare -m bash -c '
	mount -t tmpfs -o size=16k tmpfs "$1/disk" && cd "$1/disk" && echo old >weir.conf &&
	head -c 8192 /dev/zero >filler || exit 99
	"$2" -I "$3" config save "$1/disk/weir.conf" >"$1/full" 2>&1
	echo $? "$(cat weir.conf)" $(ls) >"$1/after_full"
	rm filler
' - "$TMP" "$WEIR" "$INSTANCE" || fail full_disk "can't make a small disk"
check_eq full_disk_keeps_the_old_file "$(cat "$TMP/after_full")" "2 old filler weir.conf"
check full_disk_says_why grep -q 'No space left' "$TMP/full"
check full_disk_says_what_to_do grep -q 'make room' "$TMP/full"
finish
