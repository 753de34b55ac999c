// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "device.h"
#include "hook.h"
#include "program.h"

static const char *pin_path(const struct hook *hook, char path[static PIN_PATH + 32])
{
	snprintf(path, PIN_PATH + 32, "%s/link-%u", hook->store->directory, hook->slot);
	return path;
}

static __u32 program_on(__u32 ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	if (bpf_xdp_query(ifindex, 0, &query))
		return 0;
	if (query.prog_id)
		return query.prog_id;
	return query.drv_prog_id ? query.drv_prog_id : query.skb_prog_id;
}

static int foreign_program(const char *shown, __u32 id, struct fail *fail)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd >= 0)
		bpf_obj_get_info_by_fd(fd, &info, &size);
	if (fd >= 0)
		close(fd);
	if (!strcmp(info.name, program_name(PROGRAM_XDP)) || !strcmp(info.name, program_name(PROGRAM_CHAIN)) ||
	    !strcmp(info.name, program_name(PROGRAM_GENERIC)))
		return fail_set(fail, EXIT_REFUSED, "detach it there: weir -I INSTANCE link detach dev IF",
				"%s: another instance of weir is attached (XDP program %u)", shown, id);
	return fail_set(fail, EXIT_REFUSED,
			"detach it with the tool that put it there, or run behind it: `driver tc`",
			"%s: carries XDP program %u (%s) already", shown, id,
			info.name[0] ? info.name : "no name");
}

int hook_xdp_check(const struct hook *hook, enum driver driver, struct fail *fail)
{
	__u32 there = program_on(hook->ifindex);
	struct hook_chain chain;

	if (driver == DRIVER_CHAIN && hook_chain_check(hook, fail))
		return -fail->status;
	if (!there || hook_xdp_state(hook) == LINK_ALIVE)
		return 0;
	if (hook_chain_look(hook, fail))
		return -fail->status;
	if (!hook_chain_read(hook, &chain))
		return foreign_program(hook->shown, there, fail);
	if (!chain.others[0] || (driver == DRIVER_CHAIN && chain.native))
		return 0;
	return fail_set(fail, EXIT_REFUSED, chain.native ? "join them: `driver auto`, or `driver chain`" :
			"they are generic XDP: run behind them with `driver tc`",
			"%s: carries XDP programs behind libxdp's dispatcher already: %s", hook->shown,
			chain.others);
}

static int attach_failed(const char *shown, bool generic, int error, struct fail *fail)
{
	if (error == EOPNOTSUPP && !generic && device_is_bond(shown))
		return fail_set(fail, EXIT_REFUSED, "use `driver tc`, or `driver auto`",
				"%s: no native XDP in this mode of the bond, or on one of its ports", shown);
	if (error == EOPNOTSUPP && !generic)
		return fail_set(fail, EXIT_REFUSED, "use `driver tc`, or `driver auto`",
				"%s: its driver has no native XDP", shown);
	if (error == ERANGE || error == EINVAL)
		return fail_set(fail, EXIT_REFUSED, "lower its MTU or its number of queues, or use `driver tc`",
				"%s: the driver refused the program: %s", shown, strerror(error));
	return fail_set(fail, EXIT_REFUSED, NULL, "%s: the kernel refused to attach: %s", shown,
			strerror(error));
}

int hook_xdp_put(const struct hook *hook, int program, bool generic, bool *unsupported,
		 struct fail *fail)
{
	__u32 flags = generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
	char path[PIN_PATH + 32];
	int error;

	*unsupported = false;
	if (hook_xdp_state(hook) == LINK_ALIVE)
		return link_swap(pin_path(hook, path), program, fail);
	error = link_make(pin_path(hook, path), program, hook->ifindex, BPF_XDP, flags);
	if (!error)
		return 0;
	*unsupported = error == -EOPNOTSUPP || error == -ERANGE || error == -EINVAL;
	return attach_failed(hook->shown, generic, -error, fail);
}

enum link_state hook_xdp_state(const struct hook *hook)
{
	char path[PIN_PATH + 32];

	return link_state(pin_path(hook, path), hook->ifindex);
}

int hook_xdp_remove(const struct hook *hook, struct fail *fail)
{
	char path[PIN_PATH + 32];

	return link_remove(pin_path(hook, path), fail);
}
