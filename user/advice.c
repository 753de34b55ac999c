// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "advice.h"
#include "capacity.h"
#include "pin.h"
#include "value.h"

struct list {
	struct advice *at;
	int	count;
	char	weir[INSTANCE_CALL];	/* how this instance is spoken to */
};

__attribute__((format(printf, 3, 4)))
static void say(struct list *list, enum exit_status status, const char *format, ...)
{
	va_list values;

	if (list->count == ADVICE_MAX)
		return;
	va_start(values, format);
	list->at[list->count].status = status;
	vsnprintf(list->at[list->count++].text, ADVICE_TEXT, format, values);
	va_end(values);
}

/* Returns how many devices are attached, as far as one may look. */
static int say_devices(struct list *list, const struct situation *is)
{
	int attached = 0;

	for (int slot = 0; slot < DEV_MAX; slot++) {
		const struct dev *dev = &is->devs[slot];

		if (!dev->ifindex)
			continue;
		if (strcmp(is->state[slot], "gone")) {
			attached++;
			continue;
		}
		say(list, EXIT_ABSENT, "%s is gone, and one of that name is not judged: %s link attach dev %s, "
		    "or link detach", dev->name, list->weir, dev->name);
	}
	return attached;
}

/* What the policy wants to have a program and has none: its packets are not judged. */
static void say_lacks(struct list *list, const struct situation *is)
{
	for (size_t i = 0; i < is->lacks; i++) {
		const struct lack *lack = &is->lack[i];

		if (i == ADVICE_LACKS) {
			say(list, EXIT_ABSENT, "%zu more devices of the policy have no program: see links above",
			    is->lacks - i);
			return;
		}
		if (lack->there)
			say(list, EXIT_ABSENT, "%s is in the policy, but not attached: %s link attach dev %s",
			    lack->name, list->weir, lack->name);
		else if (is->watched)
			say(list, EXIT_ABSENT, "%s is in the policy, but there is no such device: the daemon "
			    "attaches it when it comes; see the names with: ip link", lack->name);
		else
			say(list, EXIT_ABSENT, "%s is in the policy, but there is no such device: once it is there, "
			    "%s link attach dev %s; `weir daemon` does it by itself", lack->name, list->weir,
			    lack->name);
	}
}

static void say_kernel(struct list *list, const struct situation *is)
{
	bool xdp = false, tc = false;

	for (int slot = 0; slot < DEV_MAX; slot++) {
		xdp |= is->devs[slot].ifindex && is->devs[slot].driver != DRIVER_TC;
		tc |= is->devs[slot].ifindex && is->devs[slot].driver == DRIVER_TC;
	}
	if ((xdp && !(is->run->features & FEATURE_CT_XDP)) ||
	    (tc && !(is->run->features & FEATURE_CT_SKB)))
		say(list, EXIT_REFUSED, "flows can't be looked up, so known ones are not told from new ones: "
		    "modprobe nf_conntrack, then attach again");
}

static void say_table(struct list *list, const struct situation *is, bool enforcing)
{
	unsigned int percent = is->max ? is->count * 100 / is->max : 0;

	if (!is->conntrack || percent < ADVICE_FULL)
		return;
	if (!enforcing)
		say(list, EXIT_REFUSED, "conntrack is %u %% full and nothing is dropped: %s mode enforce for 10m",
		    percent, list->weir);
	else
		say(list, EXIT_REFUSED, "conntrack is %u %% full: see who opens flows with %s source top, then "
		    "limit or block it", percent, list->weir);
}

static void say_audit(struct list *list, const struct situation *is)
{
	if (is->audit.established)
		say(list, EXIT_USAGE, "%llu of %llu drops that were looked up belonged to established flows, "
		    "most of them by %s: see %s stats show by reason", is->audit.established, is->audit.asked,
		    is->audit.reason, list->weir);
}

/* It counts UDP as if it lived as long as an unanswered SYN, so it can be too low for a DNS server. */
static void say_guard(struct list *list, const struct situation *is)
{
	char text[RATE_TEXT];

	if (is->guard.count && is->guarded)
		say(list, EXIT_DONE, "so far %llu packets from inside were beyond %s to one destination, the default "
		    "for source ports; for a server that gets more: %s limit add prefix ADDRESS "
		    "per destination RATE",
		    is->guarded, rate_print(&is->guard, text, sizeof(text)), list->weir);
}

static void say_mode(struct list *list, const struct situation *is, bool over)
{
	char text[DURATION_TEXT];
	__u64 end_ns = is->run->enforce_until_ns;

	if (over)
		say(list, EXIT_USAGE, "enforcing has ended by itself, %s ago: %s mode enforce",
		    duration_print(is->now_ns - end_ns, text, sizeof(text)), list->weir);
	else if (is->run->mode == MODE_ENFORCE && end_ns)
		say(list, EXIT_DONE, "enforcing ends by itself in %s: %s confirm",
		    duration_print(end_ns - is->now_ns, text, sizeof(text)), list->weir);
	else if (is->run->mode == MODE_MONITOR && is->would)
		say(list, EXIT_USAGE, "monitor mode drops nothing: look at %s stats show by reason; when only "
		    "the flood would be dropped: %s mode enforce for 10m", list->weir, list->weir);
	else if (is->run->mode == MODE_MONITOR)
		say(list, EXIT_USAGE, "monitor mode, and nothing would have been dropped; set limits with: "
		    "%s limit add", list->weir);
}

static void say_grace(struct list *list, const struct situation *is)
{
	char text[DURATION_TEXT];
	__u64 until_ns = is->run->grace_until_ns;

	if (until_ns > is->now_ns)
		say(list, EXIT_DONE, "grace: strays pass for another %s; to end it now: %s grace 0",
		    duration_print(until_ns - is->now_ns, text, sizeof(text)), list->weir);
}

int advise(const struct situation *is, struct advice advice[ADVICE_MAX])
{
	bool over = is->run->mode == MODE_ENFORCE && is->run->enforce_until_ns &&
		    is->run->enforce_until_ns <= is->now_ns;
	struct list list = { .at = advice };
	int attached;
	char differs[96];

	pin_call(is->instance, list.weir);
	attached = say_devices(&list, is);
	say_lacks(&list, is);
	if (!attached && !list.count)
		say(&list, EXIT_ABSENT, "attached to no device: %s link attach dev IF", list.weir);
	if (is->elsewhere)
		say(&list, EXIT_USAGE, "the instance belongs to another network namespace: what conntrack says "
		    "there is not seen here");
	say_kernel(&list, is);
	say_table(&list, is, is->run->mode == MODE_ENFORCE && !over);
	if (!is->watched && (is->run->tight_percent || is->run->full_percent || is->run->reserve_percent))
		say(&list, EXIT_ABSENT, "nothing is done about pressure while nobody watches conntrack: %s daemon",
		    list.weir);
	if (is->fail_open)
		say(&list, EXIT_REFUSED, "%llu packets passed since there was no policy or memory to judge them "
		    "(fail-open)", is->fail_open);
	say_audit(&list, is);
	say_guard(&list, is);
	say_mode(&list, is, over);
	say_grace(&list, is);
	if (capacity_differs(is->run, differs, sizeof(differs)))
		say(&list, EXIT_USAGE, "made with other sources than the policy wants, %s: %s off, then load its "
		    "file again", differs, list.weir);
	return list.count;
}

const struct advice *advise_worst(const struct advice *advice, int count)
{
	for (int i = 0; i < count; i++)
		if (advice[i].status != EXIT_DONE)
			return &advice[i];
	return NULL;
}

#define WITHOUT_LOOKUP \
	"TCP that opens no flow passes as unjudged, so stray and window drop nothing; UDP is known for half a " \
	"minute after a packet of its flow in the same direction, or else charged as a new flow; conntrack " \
	"proves no source"

const char *advise_features(__u32 features)
{
	if (!(features & (FEATURE_CT_XDP | FEATURE_CT_SKB)))
		return WITHOUT_LOOKUP ": modprobe nf_conntrack, then attach again";
	if (!(features & FEATURE_CT_XDP))
		return "by XDP: " WITHOUT_LOOKUP ": use driver tc";
	if (!(features & FEATURE_CT_SKB))
		return "by tc: " WITHOUT_LOOKUP ": use another driver";
	return NULL;
}
