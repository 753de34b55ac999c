#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The main promise: a gateway whose table is nearly full of established flows fails under a flood of
# random sources, and serves every connection from inside with weir in front.
. "$(dirname "$0")/lib.sh"
if [ ! -x "$WEIR" ]; then
	skip flood "weir is not built"
	finish
fi
LAB_SECONDS=6 LAB_FLOOD=150000 LAB_JSON=$TMP/result WEIR=$WEIR LAB_TOOLS=$LAB_TOOLS tests/lab/run.sh >"$TMP/output" 2>&1 ||
	bail "$(tail -n 20 "$TMP/output")"
result() { json "$1" <"$TMP/result"; }

check_eq quiet_gateway_serves_all "$(result 'v["quiet"]["succeeded"] == v["quiet"]["opened"]')" true
# else the lab shows nothing: the flood was no flood
check_eq without_weir_the_table_is_full "$(result 'v["without"]["drop"] > 10000')" true
check_eq without_weir_new_connections_fail "$(result 'v["without"]["succeeded"] < 0.9 * v["without"]["opened"]')" true
check_eq with_weir_new_connections_succeed "$(result 'v["with"]["succeeded"] >= 0.99 * v["with"]["opened"]')" true
check_eq with_weir_the_table_is_never_full "$(result 'v["with"]["drop"] + v["with"]["early"]')" 0
check_eq with_weir_long_lived_ones_stay "$(result 'v["with"]["long_alive"]')" 40
# 50 a second for at most 40 s, a burst of 50, and what the clients opened themselves
check_eq with_weir_the_table_grows_by_the_limits_at_most \
	"$(result 'v["with"]["count"] - v["with"]["begin"] <= 50 * 40 + 50 + v["with"]["opened"] + 40')" true
[ $FAILED = 0 ] || sed 's/^/# /' "$TMP/output"
finish
