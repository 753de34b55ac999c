// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "link.h"

static bool is_on(int link, __u32 ifindex)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);

	/* links of XDP and of tcx tell their device at the same place */
	return bpf_obj_get_info_by_fd(link, &info, &size) == 0 && ifindex &&
	       info.xdp.ifindex == ifindex;
}

enum link_state link_state(const char *path, __u32 ifindex)
{
	int link = bpf_obj_get(path);
	enum link_state state;

	if (link < 0)
		return errno == ENOENT ? LINK_ABSENT : LINK_UNKNOWN;
	state = is_on(link, ifindex) ? LINK_ALIVE : LINK_ABSENT;
	close(link);
	return state;
}

int link_swap(const char *path, int program, struct fail *fail)
{
	int link = bpf_obj_get(path), error = 0;

	if (link < 0 || bpf_link_update(link, program, NULL))
		error = errno;
	if (link >= 0)
		close(link);
	if (error)
		return fail_set(fail, EXIT_REFUSED, NULL, "can't replace the program: %s", strerror(error));
	return 0;
}

int link_make(const char *path, int program, __u32 ifindex, enum bpf_attach_type type, __u32 flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	int link = bpf_link_create(program, ifindex, type, &opts), error;

	if (link < 0)
		return -errno;
	unlink(path);	/* of a device that has gone */
	error = bpf_obj_pin(link, path) ? -ENOLINK : 0;
	close(link);
	return error;
}

int link_remove(const char *path, struct fail *fail)
{
	if (unlink(path) && errno != ENOENT)
		return fail_set(fail, EXIT_REFUSED, NULL, "%s: %s", path, strerror(errno));
	return 0;
}
