// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "notify.h"
#include "out.h"

static bool to_syslog;

bool notify_wanted(void)
{
	return getenv("NOTIFY_SOCKET");
}

void notify_state(const char *state)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t length = path ? strlen(path) : 0;
	int fd;

	if (!length || length >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, length);
	if (to.sun_path[0] == '@')	/* the abstract name space */
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&to,
		      offsetof(struct sockaddr_un, sun_path) + length);
	close(fd);
}

void notify_log_open(bool here)
{
	to_syslog = !here;
	if (to_syslog)
		openlog("weir", LOG_PID, LOG_DAEMON);
}

static void write_line(int priority, const char *text)
{
	if (to_syslog)
		syslog(priority, "%s", text);
	else if (notify_wanted())	/* the journal reads the priority off the line, sd-daemon(3) */
		fprintf(stderr, "<%d>%s\n", priority, text);
	else
		fprintf(stderr, "weir: %s\n", text);
}

/* Whether one more line may be written now. *left_out: lines to be told of before it. */
static bool may_write(unsigned long *left_out)
{
	static unsigned long written, missed;
	static time_t since;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec - since >= NOTIFY_PERIOD) {
		since = now.tv_sec;
		written = 0;
	}
	if (++written > NOTIFY_BURST) {
		missed++;
		return false;
	}
	*left_out = missed;
	missed = 0;
	return true;
}

void notify_log(int priority, const char *format, ...)
{
	char text[2048], shown[4096];	/* a rule of somebody else can be long */
	unsigned long left_out;
	va_list arguments;

	if (!may_write(&left_out))
		return;
	if (left_out) {
		snprintf(text, sizeof(text), "%lu lines were left out", left_out);
		write_line(LOG_WARNING, text);
	}
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	write_line(priority, out_escape(text, shown, sizeof(shown)));
}
