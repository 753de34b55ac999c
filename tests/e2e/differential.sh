#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# weir drops what conntrack calls INVALID, and nothing else: generated conversations, frame by
# frame, in each setting that changes what conntrack means by it.
#
# DIFFERENTIAL_PACKETS  in each setting (20000)
# SEEDS                 of the conversations: the same one tells the same story. One that is always the
#                       same, and one that never was: the time
cd "$(dirname "$0")/../.." || exit 1
: "${DIFFERENTIAL:=build/differential}" "${DIFFERENTIAL_PACKETS:=20000}" "${SEEDS:=20261121 $(date +%s)}"
if [ ! -x "$DIFFERENTIAL" ]; then
	echo "skip differential: $DIFFERENTIAL is not built"
	exit 0
fi
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
status=0

# agrees NAME OPTION...: one case
agrees() {
	local name=$1
	shift
	if "$DIFFERENTIAL" -n "$DIFFERENTIAL_PACKETS" "$@" >"$log" 2>&1; then
		echo "ok $name"
	else
		sed 's/^/# /' "$log"
		echo "not ok $name"
		status=1
	fi
}

for seed in $SEEDS; do
	echo "# seed $seed"
	for loose in 0 1; do
		for liberal in 0 1; do
			agrees "seed_${seed}_loose${loose}_liberal$liberal" -s "$seed" -l $loose -b $liberal
		done
	done
done
exit $status
