// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "privilege.h"

/* The kernel's numbers end where it refuses one. */
static int bounding_drop(__u64 keep)
{
	for (int number = 0; number < 64; number++) {
		if (keep & CAPABILITY(number))
			continue;
		if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0))
			return errno == EINVAL && number ? 0 : -1;
	}
	return 0;
}

static int capabilities_set(__u64 keep)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2], have[2];

	if (syscall(SYS_capget, &header, have))
		return -1;
	for (int word = 0; word < 2; word++) {
		__u32 kept = (__u32)(keep >> (32 * word)) & have[word].permitted;

		data[word] = (struct __user_cap_data_struct){ .effective = kept, .permitted = kept };
	}
	return syscall(SYS_capset, &header, data) ? -1 : 0;
}

int privilege_drop(__u64 keep, struct fail *fail)
{
	if (bounding_drop(keep) == 0 &&
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 &&
	    capabilities_set(keep) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		return 0;
	return fail_set(fail, EXIT_REFUSED, NULL, "can't drop privileges: %s", strerror(errno));
}
