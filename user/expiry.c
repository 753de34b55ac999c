// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>
#include "announce.h"
#include "apply.h"
#include "expiry.h"
#include "notify.h"

#define EXPIRY_PERIOD_NS	5000000000ULL

static struct loop_source timer = { .fd = -1 };
static bool failing;

static void expire(void *data)
{
	struct fail fail;

	(void)data;
	loop_timer_take(&timer);
	if (announce_expire(apply_now_ns(), &fail) == 0) {
		failing = false;
		return;
	}
	if (!failing)
		notify_log(LOG_WARNING, "announced routes: %s", fail.what);
	failing = true;
}

int expiry_start(struct daemon *daemon, struct fail *fail)
{
	timer.ready = expire;
	return loop_timer(&daemon->loop, &timer, EXPIRY_PERIOD_NS, fail);
}

void expiry_stop(struct daemon *daemon)
{
	loop_remove(&daemon->loop, &timer);
	close(timer.fd);
	timer.fd = -1;
}
