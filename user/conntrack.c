// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include "abi.h"
#include "conntrack.h"

long conntrack_sysctl(const char *name)
{
	char path[128];
	long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/netfilter/nf_conntrack_%s", name);
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%ld", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

int conntrack_fill(__u64 *count, __u64 *max)
{
	long entries = conntrack_sysctl("count"), room = conntrack_sysctl("max");

	if (entries < 0 || room < 0)
		return -1;
	*count = entries;
	*max = room;
	return 0;
}

__u32 conntrack_settings(void)
{
	__u32 settings = CONNTRACK_SETTINGS_KNOWN;
	long loose = conntrack_sysctl("tcp_loose");

	if (loose < 0)
		return 0;
	if (loose)
		settings |= CONNTRACK_TCP_LOOSE;
	if (conntrack_sysctl("tcp_be_liberal"))
		settings |= CONNTRACK_TCP_BE_LIBERAL;
	if (conntrack_sysctl("tcp_ignore_invalid_rst"))
		settings |= CONNTRACK_TCP_IGNORE_RST;
	if (conntrack_sysctl("checksum") == 1)
		settings |= CONNTRACK_CHECKSUM;
	return settings;
}
