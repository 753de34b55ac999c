#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The daemon: one an instance, few privileges, waits for an instance that goes away, and leaves
# nothing behind that matters when it dies.
. "$(dirname "$0")/lib.sh"
lab_make || bail "can't make the lab"

# daemon_start LOG [ARGUMENT...]: in the foreground, beside the shell
daemon_start() {
	local log=$1
	shift
	background "$LAB_GW" "$WEIR" -I "$INSTANCE" daemon -f "$@" 2>"$log"
	DAEMON=$LAB_PID
}
log_has() { grep -q "$2" "$1"; }
beats() { [ "$(weir -j status | json 'v["daemon"]["running"]')" = "$1" ]; }

check_exit status_without_an_instance 3 weir status
daemon_start "$TMP/first"
check waits_for_an_instance wait_for 20 log_has "$TMP/first" 'waiting for it'
check_exit attached 0 weir link attach dev wan0 role outside
check sees_the_instance wait_for 20 log_has "$TMP/first" 'is there'
check status_says_running wait_for 20 beats true
check_exit second_one_is_refused 2 weir daemon -f
check second_one_says_why grep -q "runs already, as process $DAEMON" "$TMP/output"
check_exit what_looks_like_an_option_is_no_file 1 weir daemon -x
check says_that_it_is_none grep -q -- '-x: nothing more was expected' "$TMP/output"

# capabilities: NET_ADMIN (bit 12) at most, and no way to more
check_eq few_capabilities "$(awk '/^CapPrm/ { print $2 }' /proc/$DAEMON/status)" 0000000000001000
check_eq bounded "$(awk '/^CapBnd/ { print $2 }' /proc/$DAEMON/status)" 0000000000001000
check_eq no_new_privileges "$(awk '/^NoNewPrivs/ { print $2 }' /proc/$DAEMON/status)" 1

weir off
check sees_it_go wait_for 20 log_has "$TMP/first" 'is not running: waiting'
weir link attach dev wan0 role outside >/dev/null
check sees_it_come_back wait_for 20 beats true

kill -KILL $DAEMON
check status_says_it_died wait_for 10 beats false
daemon_start "$TMP/second"
check next_one_takes_over wait_for 20 beats true
kill -TERM $DAEMON
wait $DAEMON
check_eq ends_in_order $? 0

# as systemd starts it: it tells when it is ready
cat >"$TMP/notified.py" <<'PYTHON'
import os, socket, subprocess, sys
told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
told.bind(sys.argv[1])
told.settimeout(10)
daemon = subprocess.Popen(sys.argv[2:], env=dict(os.environ, NOTIFY_SOCKET=sys.argv[1]))
words = [told.recv(100).decode()]
daemon.terminate()
words.append(told.recv(100).decode())
print(*words, daemon.wait())
PYTHON
check_eq tells_when_it_is_ready "$(lab_gw python3 "$TMP/notified.py" "$TMP/notify" \
	"$WEIR" -I "$INSTANCE" daemon 2>/dev/null)" "READY=1 STOPPING=1 0"

# what a config with bypass means under the rules of this machine is told as by `weir config load`
printf '%s\n' 'interface wan0 { role outside }' 'bypass { udp port 53; to 25.0.1.0/28 fast }' >"$TMP/bypass"
chmod 600 "$TMP/bypass"
daemon_start "$TMP/third" "$TMP/bypass"
check loads_a_file_with_bypass wait_for 20 log_has "$TMP/third" 'is running'
check tells_of_nat_that_leaks grep -q '^weir: table inet lab, chain postrouting: `.*masquerade`: .* not translated' "$TMP/third"
check tells_of_chains_that_drop grep -q '^weir: table inet lab, chain forward: accepts by' "$TMP/third"
check tells_what_fast_means grep -q '^weir: what is bypassed `fast` is forwarded by XDP: ' "$TMP/third"
kill -TERM $DAEMON
wait $DAEMON
weir off

# in the background: the command ends when the daemon is ready, or says why it is not
check_exit bad_config_is_refused 1 weir daemon "$TMP/no-such-file"
check_eq bad_config_is_said_once "$(grep -c 'No such file' "$TMP/output")" 1
echo 'interface wan0 { role outside }' >"$TMP/conf"
chmod 600 "$TMP/conf"
check background_daemon_loads_a_file weir daemon "$TMP/conf"
check background_daemon_runs wait_for 20 beats true
check_exit background_daemon_holds_the_lock 2 weir daemon -f
finish
