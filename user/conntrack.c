// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "abi.h"
#include "conntrack.h"

#define SYSCTLS "/proc/sys/net/netfilter/nf_conntrack_"

long conntrack_sysctl(const char *name)
{
	char path[128];
	long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), SYSCTLS "%s", name);
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

/* The number at the beginning of an open file of /proc/sys, or -1. */
static long number_read(int fd)
{
	char text[32];
	ssize_t size = pread(fd, text, sizeof(text) - 1, 0);

	if (size <= 0)
		return -1;
	text[size] = '\0';
	return strtol(text, NULL, 10);
}

void conntrack_meter_close(struct conntrack_meter *meter)
{
	if (meter->count >= 0)
		close(meter->count);
	if (meter->max >= 0)
		close(meter->max);
	*meter = (struct conntrack_meter){ -1, -1 };
}

int conntrack_meter_read(struct conntrack_meter *meter, __u64 *count, __u64 *max)
{
	long entries, room;

	if (meter->count < 0)
		meter->count = open(SYSCTLS "count", O_RDONLY | O_CLOEXEC);
	if (meter->max < 0)
		meter->max = open(SYSCTLS "max", O_RDONLY | O_CLOEXEC);
	entries = number_read(meter->count);
	room = number_read(meter->max);
	if (entries < 0 || room < 0) {
		conntrack_meter_close(meter);	/* the module has gone: its files with it */
		return -1;
	}
	*count = entries;
	*max = room;
	return 0;
}

__u64 conntrack_unreplied_ns(void)
{
	long syn = conntrack_sysctl("tcp_timeout_syn_sent"), udp = conntrack_sysctl("udp_timeout");
	long longest = syn > udp ? syn : udp;

	/* of a kernel that does not tell: nf_conntrack_proto_tcp.c has 2 minutes */
	return (longest > 0 ? longest : 120) * 1000000000ULL;
}
