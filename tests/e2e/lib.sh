# SPDX-License-Identifier: GPL-2.0-only
# What end-to-end tests share. A test is tests/e2e/NAME.sh, run from anywhere, as root:
#
#	. "$(dirname "$0")/lib.sh"
#	lab_make || bail "can't make the lab"
#	weir link attach dev wan0 role outside
#	check known_flow_passes [ "$(counter known)" -gt 0 ]
#	finish
#
# It prints one line a case, as tests/test.h does, so that tests/run adds them up. Namespaces,
# processes, files below $TMP and the instance of weir are gone when it ends, however it ends; two
# of the same test can run at once. See tests/lab/gateway.sh for the lab and its lab_ functions.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
: "${WEIR:=$PWD/build/weir}" "${LAB_TOOLS:=$PWD/build/lab}"
. tests/lab/gateway.sh
. tests/lab/watch.sh

TMP=$(mktemp -d) || exit 1
INSTANCE=e2e-$$
FAILED=0 CASES=0
PIDS=()

# ---- cases -----------------------------------------------------------------------------------

pass() { CASES=$((CASES + 1)); echo "ok $1"; }
fail() {	# NAME [WHY]
	CASES=$((CASES + 1)) FAILED=1
	[ -z "${2:-}" ] || printf '%s\n' "$2" | sed 's/^/# /'
	echo "not ok $1"
}
skip() { CASES=$((CASES + 1)); echo "skip $1: $2"; }

# check NAME COMMAND...: passes if the command does
check() {
	local name=$1
	shift
	if "$@"; then pass "$name"; else fail "$name" "$* (exit status $?)"; fi
}

# check_eq NAME GOT WANTED
check_eq() { if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "is \"$2\", not \"$3\""; fi; }

# check_exit NAME STATUS COMMAND...: its output is in $TMP/output
check_exit() {
	local name=$1 wanted=$2 got
	shift 2
	"$@" >"$TMP/output" 2>&1
	got=$?
	if [ "$got" = "$wanted" ]; then
		pass "$name"
	else
		fail "$name" "$* ended with $got, not $wanted: $(head -c 2000 "$TMP/output")"
	fi
}

# bail WHY: the test can't even begin
bail() { fail "${0##*/}" "$1"; exit 1; }

finish() { [ "$CASES" -gt 0 ] || fail "${0##*/}" "no case was run"; exit $FAILED; }

# ---- waiting ---------------------------------------------------------------------------------

exec {E2E_QUIET}<> <(:)

# wait_for SECONDS COMMAND...: asks again and again, without output, until the command succeeds
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		read -r -t 0.02 <&"$E2E_QUIET"
	done
	:
}

# ended PID: for wait_for; a process nobody has waited for yet has ended, too
ended() { ! kill -0 "$1" 2>/dev/null || [ "$(awk '{ print $3 }' "/proc/$1/stat" 2>/dev/null)" = Z ]; }

# background NAMESPACE COMMAND...: its process id is in LAB_PID; it is ended with the test
background() {
	lab_start "$@"
	PIDS+=("$LAB_PID")
}

# server NAMESPACE PORT...: an echo server for tests/lab/clients.c, ready when this returns
server() {
	local out=$TMP/server.$RANDOM ns=$1
	shift
	background "$ns" "$LAB_TOOLS/server" "$@" >"$out"
	wait_for 5 test -s "$out"
}

# ---- weir ------------------------------------------------------------------------------------

weir() { lab_gw "$WEIR" -I "$INSTANCE" "$@"; }

# counter REASON [pass|drop|would-drop]: packets, all devices; 0 if there are none
counter() {
	weir -j stats show | watch_rows | awk -v reason="$1" -v action="${2:-}" \
		'$2 == reason && (action == "" || $1 == action) { n += $3 } END { printf "%.0f\n", n }'
}

# counted [pass|drop|would-drop]: packets of all reasons
counted() {
	weir -j stats show | watch_rows |
		awk -v action="${1:-}" 'action == "" || $1 == action { n += $3 } END { printf "%.0f\n", n }'
}

# json EXPRESSION: of the JSON value on standard input, as v in Python: weir -j status | json 'v["mode"]'
json() { python3 -c 'import json, sys; v = json.load(sys.stdin); r = eval(sys.argv[1])
print(r if isinstance(r, (str, int, float)) and not isinstance(r, bool) else json.dumps(r))' "$1"; }

# ---- the end ---------------------------------------------------------------------------------

e2e_at_exit() {
	[ ${#PIDS[@]} = 0 ] || kill "${PIDS[@]}" 2>/dev/null
	[ -n "$LAB_GW" ] && [ -x "$WEIR" ] && weir off >/dev/null 2>&1
	rm -rf "$TMP"
}
LAB_AT_EXIT=e2e_at_exit
lab_trap

if [ "$(id -u)" != 0 ]; then
	skip "${0##*/}" "needs root"
	exit 0
fi
