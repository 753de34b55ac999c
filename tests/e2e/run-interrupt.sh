#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `make run` leaves nothing behind, at whatever moment it is interrupted; and what a run that was
# killed outright had to leave is removed by the next lab.
. "$(dirname "$0")/lib.sh"

# begin: starts a run with its own process group, as a terminal does; RUN is its process id
begin() {
	LOG=$TMP/log.$RANDOM
	export WEIR LAB_TOOLS LAB_SECONDS=1 LAB_RATE=20 LAB_FLOOD=20000 TMPDIR=$TMP/files
	mkdir -p "$TMPDIR"
	env --default-signal=INT,TERM setsid tests/lab/run.sh >"$LOG" 2>&1 &
	RUN=$!
}

namespaces() { ls /run/netns 2>/dev/null | grep "^weir-$RUN-"; }

left_behind() {
	namespaces
	ls "$TMP/files"
	ls -d "/run/weir/bpf/lab-$RUN" 2>/dev/null
	ps -eo pgid=,stat=,args= | awk -v group="$RUN" '$1 == group && $2 !~ /^Z/'
}

nothing_left() { [ -z "$(left_behind)" ]; }

# interrupted NAME SIGNAL COMMAND...: waits until the command succeeds, then interrupts the run
interrupted() {
	local name=$1 signal=$2
	shift 2
	begin
	wait_for 60 "$@" || { fail "$name" "never came so far: $(tail -n 3 "$LOG")"; kill -TERM -- "-$RUN"; return; }
	kill "-$signal" -- "-$RUN"
	wait_for 20 ended "$RUN" || { fail "$name" "still runs"; kill -KILL -- "-$RUN"; return; }
	wait "$RUN"
	check_eq "${name}_status" $? $((128 + $(kill -l "$signal")))
	# a process of a pipe may end a moment after the shell
	wait_for 5 nothing_left
	check_eq "$name" "$(left_behind)" ""
}

is_begun() { [ -n "$(namespaces)" ]; }
prints() { grep -q "$1" "$LOG"; }

interrupted interrupt_while_the_lab_is_made INT is_begun
interrupted interrupt_in_the_quiet_phase INT prints '^quiet '
interrupted interrupt_under_flood INT prints '^flood, without weir'
interrupted terminate_under_flood TERM prints '^flood, without weir'
if [ -x "$WEIR" ]; then
	interrupted interrupt_with_weir INT prints '^flood, with weir'
else
	skip interrupt_with_weir "weir is not built"
fi

begin
wait_for 60 prints '^flood, without weir' || fail killed_run "never came so far"
kill -KILL "$RUN"
wait "$RUN" 2>/dev/null
# the lab's own processes: those inside its namespaces
no_tools() {
	local ns
	for ns in $(namespaces); do
		[ -z "$(ip netns pids "$ns")" ] || return 1
	done
}
check tools_end_with_a_killed_run wait_for 10 no_tools
check namespaces_of_a_killed_run_are_left_over is_begun
lab_sweep
check_eq next_lab_removes_them "$(namespaces)" ""

if [ -x "$WEIR" ]; then
	begin
	wait_for 60 prints '^flood, with weir  ' || fail killed_with_weir "never came so far"
	kill -KILL "$RUN"
	wait "$RUN" 2>/dev/null
	dead=$RUN
	check instance_of_a_killed_run_is_left_over [ -d "/run/weir/bpf/lab-$dead" ]
	begin
	wait_for 60 prints '^quiet  ' || fail next_run "does not begin"
	check_eq next_run_removes_it "$(ls -d "/run/weir/bpf/lab-$dead" 2>/dev/null; ls /run/netns | grep "^weir-$dead-")" ""
	kill -TERM -- "-$RUN"
	wait "$RUN"
else
	skip next_run_removes_it "weir is not built"
fi
finish
