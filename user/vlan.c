// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "out.h"
#include "vlan.h"

/* Marks what stands on a device that is marked; true when there was one more. */
static bool mark_above(const struct links *links, bool *above)
{
	bool more = false;

	for (size_t i = 0; i < links->count; i++) {
		for (size_t j = 0; j < links->count; j++) {
			const struct link *low = &links->at[i], *high = &links->at[j];

			if (!above[i] || above[j])
				continue;
			if (high->lower != low->index && high->index != low->master)
				continue;
			above[j] = true;
			more = true;
		}
	}
	return more;
}

size_t vlan_names(const struct links *links, __u32 index, char *names, size_t size)
{
	bool *above = calloc(links->count + 1, sizeof(*above));
	size_t count = 0;

	names[0] = '\0';
	if (!above)
		return 0;
	for (size_t i = 0; i < links->count; i++)
		above[i] = links->at[i].index == index;
	while (mark_above(links, above))
		;
	for (size_t i = 0; i < links->count; i++) {
		const struct link *link = &links->at[i];
		size_t used = strlen(names);

		if (!above[i] || !link->vlan || link->index == index)
			continue;
		snprintf(names + used, size - used, "%s%s", count++ ? ", " : "", link->name);
	}
	free(above);
	return count;
}

bool vlan_hides(const char *device)
{
	struct ethtool_value flags = { .cmd = ETHTOOL_GFLAGS };
	struct ifreq request = { .ifr_data = (void *)&flags };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return false;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	error = ioctl(fd, SIOCETHTOOL, &request);
	close(fd);
	return !error && flags.data & ETH_FLAG_RXVLAN;
}

void vlan_warn(FILE *to, const char *device)
{
	char names[256], shown[4 * sizeof(names)], name[4 * IF_NAMESIZE];
	struct links links;

	if (!vlan_hides(device))
		return;
	links_read(&links);
	if (vlan_names(&links, if_nametoindex(device), names, sizeof(names))) {
		out_escape(device, name, sizeof(name));
		fprintf(to, "weir: warning: %s takes VLAN tags off before XDP sees them, and there are %s:\n"
			"  an answer of the challenge `cookie` would leave without its tag: ethtool -K %s rxvlan off\n",
			name, out_escape(names, shown, sizeof(shown)), name);
	}
	free(links.at);
}
