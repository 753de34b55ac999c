#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the README and the manual tell an operator to type works, as it stands there.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"
mkdir -p "$TMP/etc/weir"

# typed COMMAND: as an operator types it, with an /etc of its own
typed() {
	lab_gw unshare -m bash -c 'mount --bind "$1/etc" /etc || exit 99
		weir() { "$WEIR" -I "$INSTANCE" "$@"; }; eval "$2"' - "$TMP" "$1"
}
export WEIR INSTANCE

# lines FILE: the commands in it
blocks() { awk '/^```$/ && !inside { inside = 1; next } /^```/ { inside = 0; next } inside && /^weir /' README.md; }
examples() { awk '/^\.Sh/ { inside = /EXAMPLES/ } inside && /^weir /' man/weir.8; }
run_all() {	# NAME; the commands on standard input
	local name=$1 line number=0
	while IFS= read -r line; do
		number=$((number + 1))
		check_exit "${name}_$number ${line%%#*}" 0 typed "$line"
	done
	check "${name}_has_commands" [ $number -ge 5 ]
}
run_all readme < <(blocks)
check readme_saved_its_policy grep -q 'per source 200/second burst 400' "$TMP/etc/weir/weir.conf"
check_eq readme_ends_enforcing "$(weir -j mode show | json 'v["mode"]')" enforce
weir off
run_all manual < <(examples)
weir off

awk '/^```weir$/ { inside = 1; next } /^```/ { inside = 0 } inside' README.md >"$TMP/readme.conf"
awk '/^\.Sh/ { mine = /CONFIGURATION FILE/ } mine && /^\.Ed/ { inside = 0 } inside
	mine && /^\.Bd/ { inside = 1 }' man/weir.8 >"$TMP/manual.conf"
for which in readme manual; do
	check "${which}_config_is_there" [ "$(wc -l <"$TMP/$which.conf")" -ge 10 ]
	check_exit "${which}_config_is_checked" 0 weir check "$TMP/$which.conf"
	check_exit "${which}_config_loads" 0 weir config load "$TMP/$which.conf"
	check_eq "${which}_config_attaches" "$(weir -j link show | json 'sorted(l["dev"] for l in v)')" '["lan0", "wan0"]'
	check_eq "${which}_config_is_in_force" "$(weir -j config diff "$TMP/$which.conf" | json 'v["changes"]')" 0
done
finish
