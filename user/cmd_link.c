// SPDX-License-Identifier: GPL-2.0-only
#include <net/if.h>
#include <string.h>
#include "apply.h"
#include "attach.h"
#include "cli.h"
#include "session.h"
#include "vlan.h"

/* "dev IF", or IF alone */
static const char *device_word(struct cli *cli)
{
	const char *name;

	cli_take(cli, "dev");
	name = cli_need(cli, "the name of a device");
	if (name && strlen(name) >= IF_NAMESIZE) {
		fail_set(&cli->fail, EXIT_USAGE, "see the names with: ip link",
			 "%s: longer than a device's name can be", name);
		return NULL;
	}
	return name;
}

static int priority_word(struct cli *cli, __u8 *priority)
{
	const char *word = cli_need(cli, "a number from 1 to 255");
	struct fail ignored;
	__u64 number;

	if (!word)
		return -cli->fail.status;
	if (number_parse(word, 1, PRIORITY_MAX, &number, &ignored))
		return fail_set(&cli->fail, EXIT_USAGE, "it is a number from 1 to 255; the lowest comes first",
				"%s: not a priority", word);
	*priority = number;
	return 0;
}

/* keep: what is not said */
static int attach_words(struct cli *cli, struct attach_request *request, unsigned int *keep)
{
	static const char *const words[] = { "role", "driver", "priority", NULL };
	const char *word, *value;
	int which, choice;

	*keep = APPLY_KEEP_ROLE | APPLY_KEEP_DRIVER | APPLY_KEEP_PRIORITY;
	request->name = device_word(cli);
	if (!request->name)
		return -cli->fail.status;
	while ((word = cli_next(cli))) {
		which = cli_choose(cli, word, "word", words);
		if (which < 0)
			return which;
		*keep &= ~(1U << which);
		if (which == 2) {
			if (priority_word(cli, &request->priority))
				return -cli->fail.status;
			continue;
		}
		value = cli_need(cli, which ? "auto, native, generic, tc or chain" : "outside or inside");
		if (!value)
			return -cli->fail.status;
		choice = cli_choose(cli, value, word, which ? DRIVER_WORDS : ROLE_WORDS);
		if (choice < 0)
			return choice;
		if (which)
			request->driver = choice;
		else
			request->role = choice;
	}
	return 0;
}

static void session_check(const char *instance)
{
	struct policy policy;
	struct store store;
	struct fail ignored;

	if (store_open(instance, STORE_READ, &store, &ignored))
		return;
	if (!apply_read(&store, &policy, &ignored)) {
		session_warn(stderr, instance, &policy, apply_now_ns());
		policy_free(&policy);
	}
	store_close(&store);
}

int cmd_link_attach(struct cli *cli)
{
	struct attach_request request = { .role = ROLE_OUTSIDE, .driver = DRIVER_AUTO };
	unsigned int keep;

	if (attach_words(cli, &request, &keep) ||
	    apply_attach(cli->instance, &request, keep, &cli->fail))
		return -cli->fail.status;
	if (request.used != DRIVER_TC)
		vlan_warn(stderr, request.name);
	session_check(cli->instance);
	if (!(keep & ~APPLY_KEEP_PRIORITY) && !request.note[0] && !cli->out.json)
		return 0;	/* it is what was asked for */
	out_object_begin(&cli->out, NULL, NULL);
	out_field_text(&cli->out, "attached", "dev", request.name);
	out_field_text(&cli->out, "role", "role", ROLE_WORDS[request.role]);
	out_field_text(&cli->out, "driver", "driver", DRIVER_WORDS[request.used]);
	if (request.note[0])
		out_field_text(&cli->out, "because", "because", request.note);
	out_object_end(&cli->out);
	return 0;
}

int cmd_link_detach(struct cli *cli)
{
	const char *name = device_word(cli);

	if (!name || cli_end(cli))
		return -cli->fail.status;
	return apply_detach(cli->instance, name, &cli->fail);
}

int cmd_link_show(struct cli *cli)
{
	static const struct out_column columns[] = {
		{ "dev", "dev", OUT_TEXT }, { "ifindex", "ifindex", OUT_NUMBER },
		{ "role", "role", OUT_TEXT }, { "driver", "driver", OUT_TEXT },
		{ "state", "state", OUT_TEXT }, { "priority", "priority", OUT_NUMBER },
	};
	struct dev devs[DEV_MAX];
	struct store store;

	if (cli_end(cli) || store_open(cli->instance, STORE_STATS, &store, &cli->fail) ||
	    store_devs_read(&store, devs, &cli->fail))
		return -cli->fail.status;
	out_table_begin(&cli->out, NULL, columns, 6);
	for (int slot = 0; slot < DEV_MAX; slot++) {
		if (!devs[slot].ifindex)
			continue;
		out_text(&cli->out, devs[slot].name);
		out_number(&cli->out, devs[slot].ifindex);
		out_text(&cli->out, ROLE_WORDS[devs[slot].role % ROLE_COUNT]);
		out_text(&cli->out, DRIVER_WORDS[devs[slot].driver % DRIVERS]);
		out_text(&cli->out, attach_state(&store, slot, &devs[slot]));
		if (devs[slot].driver == DRIVER_CHAIN)
			out_number(&cli->out, devs[slot].priority);
		else
			out_absent(&cli->out);	/* nothing is in front of it or behind it */
	}
	out_table_end(&cli->out, "attached to no device");
	store_close(&store);
	return 0;
}
