#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# status tells what the policy wants and what is not so, and what to type next.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"

# link DEV: "role driver state" as status has it, or nothing
link() { weir -j status | json '"".join(" ".join(str(r[k]) for k in ("role", "driver", "state")) for r in v["links"] if r["dev"] == "'"$1"'")'; }
# advised WORDS: is there advice with these words?
advised() { weir -j status | json '"yes" if any("'"$1"'" in a["text"] for a in v["advice"]) else "no"'; }

# ---- devices that the policy names and that have no program ----------------------------------

# health NAME STATUS WORDS: its exit status and its one line
health() {
	check_exit "health_$1" "$2" weir health
	check_eq "health_$1_is_one_line" "$(wc -l <"$TMP/output")" 1
	check "health_$1_says_why" grep -q -e "$3" "$TMP/output"
	check_eq "health_$1_in_json" "$(weir -j health | json 'v["healthy"], v["status"], v["why"] is None')" \
		"[$([ "$2" = 0 ] && echo true || echo false), $2, $([ "$2" = 0 ] && echo true || echo false)]"
}
health of_nothing 3 "^not healthy: instance $INSTANCE is not running: attach it"

cat >"$TMP/weir.conf" <<'CONF'
mode enforce
interface wan0 { role outside }
interface nope0 { role inside }
interface "dyn*" { role inside }
CONF
chmod 0600 "$TMP/weir.conf"
weir config load "$TMP/weir.conf" 2>/dev/null || bail "can't load"
check_eq attached_device "$(link wan0)" "outside native attached"
check_eq missing_device "$(link nope0)" "inside None missing"
check_eq missing_device_is_advised "$(advised "nope0 is in the policy, but there is no such device")" yes
health of_a_missing_device 3 '^not healthy: nope0 is in the policy'
check_eq a_glob_lacks_nothing "$(weir -j status | json 'len(v["links"])')" 2

lab_gw ip link add dyn0 type veth peer name far0 || bail "no device"
check_eq device_of_a_glob "$(link dyn0)" "inside None not attached"
check_eq what_to_type "$(advised "weir -I $INSTANCE link attach dev dyn0")" yes
check text_has_it grep -q '^ *dyn0 .* not attached' <(weir status)
weir link attach dev dyn0 >/dev/null || fail attach "can't attach what status named"
check_eq then_it_is_attached "$(link dyn0)" "inside native attached"
check_eq and_nothing_is_advised "$(advised dyn0)" no
lab_gw ip link add nope0 type veth peer name far1 || bail "no device"
check_eq missing_device_has_come "$(link nope0)" "inside None not attached"
weir link attach dev nope0 >/dev/null || fail attach "can't attach what had been missing"
check_eq nothing_is_wrong "$(weir -j status | json 'v["advice"]')" '[]'
health when_all_is_well 0 '^healthy: enforcing'
weir mode monitor
health in_monitor_mode 1 'monitor mode'
weir mode enforce

# ---- grace -----------------------------------------------------------------------------------

check_eq no_grace "$(weir -j status | json 'v["grace_ends_in"]')" null
weir grace 1h
check_eq grace_in_seconds "$(weir -j status | json '3500 < v["grace_ends_in"] <= 3600')" true
check grace_in_text grep -qE "^ *in grace, strays pass for: +(1h|59m)" <(weir status)
check_eq grace_is_advised "$(advised "weir -I $INSTANCE grace 0")" yes
health in_grace 0 '^healthy'
weir grace 0
check_eq grace_has_ended "$(weir -j status | json 'v["grace_ends_in"], v["advice"]')" '[null, []]'

# ---- a reader of the group weir sees what is attached, and no alarm ---------------------------

cp "$WEIR" "$TMP/weir" && chmod 755 "$TMP" "$TMP/weir"
printf 'interface lan0 { role inside }\ninterface nope9 { role inside }\n' >"$TMP/reader.conf"
chmod 0600 "$TMP/reader.conf"
lab_gw unshare -m bash -c '
	sed "/^weir:/d" /etc/group >"$1/group" && echo "weir:x:4242:" >>"$1/group" && chmod 644 "$1/group" &&
	mount --bind "$1/group" /etc/group && mount -t tmpfs tmpfs /run/weir && mkdir /run/weir/bpf &&
	mount -t bpf -o mode=0750 bpf /run/weir/bpf && chown 0:4242 /run/weir/bpf &&
	"$1/weir" -I reader config load "$1/reader.conf" 2>/dev/null || exit 1
	"$1/weir" -I reader -j status >"$1/root.json"
	setpriv --reuid=65534 --regid=4242 --clear-groups --bounding-set=-all "$1/weir" -I reader -j status >"$1/read.json"
	"$1/weir" -I reader mode enforce
	setpriv --reuid=65534 --regid=4242 --clear-groups --bounding-set=-all "$1/weir" -I reader health >"$1/read.health"
	"$1/weir" -I reader off
' - "$TMP" || fail reader "can't prepare a reader"
devices() { json 'sorted(r["dev"] for r in v["links"]), sum("nope9" in a["text"] for a in v["advice"])' <"$1"; }
check_eq root_sees_the_policy "$(devices "$TMP/root.json")" '[["lan0", "nope9"], 1]'
check_eq reader_sees_what_he_may "$(devices "$TMP/read.json")" '[["lan0"], 0]'
check_eq reader_asks_for_health "$(cat "$TMP/read.health")" "healthy: enforcing, and nothing is wrong"
finish
