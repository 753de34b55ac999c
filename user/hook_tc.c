// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "hook.h"

/* <linux/bpf.h> of the kernels that have them; older headers build this, too */
#define TCX_INGRESS	((enum bpf_attach_type)46)
#define TCX_BEFORE	(1U << 3)	/* with nothing named: in front of all others */

/* of the clsact filter: in front, and with a handle that nobody else chooses ("weir") */
#define FILTER_PRIORITY	1
#define FILTER_HANDLE	0x77656972

static const char *pin_path(const struct hook *hook, const char *kind,
			    char path[static PIN_PATH + 32])
{
	snprintf(path, PIN_PATH + 32, "%s/%s-%u", hook->store->directory, kind, hook->slot);
	return path;
}

/* ---- clsact -------------------------------------------------------------------------------- */

static __u32 program_id(int program)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(program, &info, &size) ? 0 : info.id;
}

/* The program of weir's filter on the device; 0: there is none, or no clsact any more. */
static __u32 filter_program(__u32 ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, at, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, filter, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);

	return bpf_tc_query(&at, &filter) ? 0 : filter.prog_id;
}

static enum link_state filter_state(const struct hook *hook)
{
	char path[PIN_PATH + 32];
	int program = bpf_obj_get(pin_path(hook, "filter", path));
	__u32 id;

	if (program < 0)
		return errno == ENOENT ? LINK_ABSENT : LINK_UNKNOWN;
	id = program_id(program);
	close(program);
	return id && hook->ifindex && filter_program(hook->ifindex) == id ? LINK_ALIVE : LINK_ABSENT;
}

static int filter_put(const struct hook *hook, int program, struct fail *fail)
{
	LIBBPF_OPTS(bpf_tc_hook, at, .ifindex = hook->ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, filter, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY,
		    .prog_fd = program);
	char path[PIN_PATH + 32];
	int error;

	if (filter_state(hook) == LINK_ALIVE)
		filter.flags = BPF_TC_F_REPLACE;
	else if (filter_program(hook->ifindex))
		return fail_set(fail, EXIT_REFUSED, "detach it there: weir -I INSTANCE link detach dev IF",
				"%s: another instance of weir is attached", hook->shown);
	error = bpf_tc_hook_create(&at);
	if (!error || error == -EEXIST)
		error = bpf_tc_attach(&at, &filter);
	if (error)
		return fail_set(fail, EXIT_REFUSED, NULL, "%s: the kernel refused the tc filter: %s",
				hook->shown, strerror(-error));
	unlink(pin_path(hook, "filter", path));
	if (bpf_obj_pin(program, path))
		return fail_set(fail, EXIT_REFUSED, NULL, "%s: %s", path, strerror(errno));
	return 0;
}

/* clsact itself stays: others may have filters there. */
static int filter_remove(const struct hook *hook, struct fail *fail)
{
	LIBBPF_OPTS(bpf_tc_hook, at, .ifindex = hook->ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, filter, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);
	char path[PIN_PATH + 32];
	int error = 0;

	if (filter_state(hook) == LINK_ALIVE)
		error = bpf_tc_detach(&at, &filter);
	if (error)
		return fail_set(fail, EXIT_REFUSED, NULL, "can't remove the tc filter: %s",
				strerror(-error));
	return link_remove(pin_path(hook, "filter", path), fail);
}

/* ---- both ---------------------------------------------------------------------------------- */

int hook_tc_put(const struct hook *hook, int program, bool tcx, struct fail *fail)
{
	char path[PIN_PATH + 32];
	int error;

	pin_path(hook, "tcx", path);
	if (link_state(path, hook->ifindex) == LINK_ALIVE)
		return link_swap(path, program, fail);
	if (!tcx)
		return filter_put(hook, program, fail);
	error = link_make(path, program, hook->ifindex, TCX_INGRESS, TCX_BEFORE);
	if (!error)
		return 0;
	return fail_set(fail, EXIT_REFUSED, NULL, "%s: the kernel refused to attach at tc ingress: %s",
			hook->shown, strerror(-error));
}

enum link_state hook_tc_state(const struct hook *hook)
{
	char path[PIN_PATH + 32];
	enum link_state state = link_state(pin_path(hook, "tcx", path), hook->ifindex);

	return state == LINK_ABSENT ? filter_state(hook) : state;
}

int hook_tc_remove(const struct hook *hook, struct fail *fail)
{
	char path[PIN_PATH + 32];

	if (link_remove(pin_path(hook, "tcx", path), fail))
		return -fail->status;
	return filter_remove(hook, fail);
}
