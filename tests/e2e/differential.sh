#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# weir drops what conntrack calls INVALID, and nothing else: generated conversations, frame by
# frame, in each setting that changes what conntrack means by it.
#
# DIFFERENTIAL_PACKETS  in each setting (20000)
# SEED                  of the conversations: the same one tells the same story, so a failure here is
#                       one of the change at hand; `make differential` and `make soak` look for new
#                       ones with the time as the seed
cd "$(dirname "$0")/../.." || exit 1
: "${DIFFERENTIAL:=build/differential}" "${DIFFERENTIAL_PACKETS:=20000}" "${SEED:=20261121}"
if [ ! -x "$DIFFERENTIAL" ]; then
	echo "skip differential: $DIFFERENTIAL is not built"
	exit 0
fi
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
status=0
for loose in 0 1; do
	for liberal in 0 1; do
		name=conntrack_agrees_loose${loose}_liberal$liberal
		if "$DIFFERENTIAL" -n "$DIFFERENTIAL_PACKETS" -s "$SEED" -l $loose -b $liberal >"$log" 2>&1; then
			echo "ok $name"
		else
			sed 's/^/# /' "$log"
			echo "not ok $name"
			status=1
		fi
	done
done
exit $status
