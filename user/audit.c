// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stddef.h>
#include "audit.h"
#include "reasons.h"

static bool is_alarming(enum reason reason)
{
	return reason >= REASON_BLOCKED && reason != REASON_WINDOW;
}

struct audit_alarm audit_alarm(const struct audit audits[AUDIT_MAX])
{
	struct audit_alarm alarm = {};
	__u64 most = 0;

	for (size_t i = 0; i < reason_name_count; i++) {
		const struct audit *dropped = &audits[AUDIT_INDEX(0, reason_names[i].reason)];
		const struct audit *would = &audits[AUDIT_INDEX(1, reason_names[i].reason)];
		__u64 established = dropped->established + would->established;

		if (!is_alarming(reason_names[i].reason))
			continue;
		alarm.asked += dropped->asked + would->asked;
		alarm.established += established;
		if (established > most) {
			most = established;
			alarm.reason = reason_names[i].name;
		}
	}
	return alarm;
}

void audit_show(struct out *out, const struct audit audits[AUDIT_MAX])
{
	static const struct out_column columns[] = {
		{ "reason", "reason", OUT_TEXT }, { "action", "action", OUT_TEXT },
		{ "looked up", "looked_up", OUT_NUMBER },
		{ "of established flows", "established", OUT_NUMBER },
	};

	out_table_begin(out, "audit", columns, 4);
	for (size_t i = 0; i < reason_name_count; i++) {
		for (int would = 0; would < 2; would++) {
			const struct audit *audit = &audits[AUDIT_INDEX(would, reason_names[i].reason)];

			if (!audit->asked)
				continue;
			out_text(out, reason_names[i].name);
			out_text(out, would ? "would-drop" : "drop");
			out_number(out, audit->asked);
			out_number(out, audit->established);
		}
	}
	out_table_end(out, NULL);
}
