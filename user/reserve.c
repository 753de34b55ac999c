// SPDX-License-Identifier: GPL-2.0-only
#include "reserve.h"

static struct ports ports_of(const struct reserve *item)
{
	return item->ports.first ? item->ports : (struct ports){ 0, 65535 };
}

int reserve_service(const struct policy_reserve *line, const struct reserve *item)
{
	struct ports ports = ports_of(item);

	for (int i = 0; i < RESERVE_SERVICES; i++)
		if (line->last[i] == ports.last && line->first[i] == ports.first &&
		    line->protocol[i] == item->protocol)
			return i;
	return -1;
}

int compile_reserve(const struct policy *policy, struct policy_reserve *line, struct fail *fail)
{
	const struct pressure_conf *pressure = &policy->pressure;
	int count = 0;

	*line = (struct policy_reserve){};
	for (size_t i = 0; i < pressure->reserve_count; i++) {
		const struct reserve *item = &pressure->reserve[i];
		struct ports ports = ports_of(item);

		if (reserve_service(line, item) >= 0)
			continue;
		if (count == RESERVE_SERVICES)
			return fail_set(fail, EXIT_USAGE, "name port ranges, or prefixes instead of ports",
					"reserve: more than %d different services", RESERVE_SERVICES);
		line->first[count] = ports.first;
		line->last[count] = ports.last;
		line->protocol[count] = item->protocol;
		count++;
	}
	return 0;
}
