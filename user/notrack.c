// SPDX-License-Identifier: GPL-2.0-only
#include <nftables/libnftables.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "notrack.h"
#include "pin.h"

#define TABLE_NAME (INSTANCE_MAX + 8)
#define STAMP_TEXT 32

/* ---- text ---------------------------------------------------------------------------------- */

/* One value is compared, which is less than a look-up in a set of one. */
static const char *set_begins(size_t count) { return count == 1 ? "" : "{ "; }
static const char *set_ends(size_t count) { return count == 1 ? " " : " } "; }

static void print_prefixes(FILE *to, const char *field, const struct prefix *prefix, size_t count,
			   __u8 family)
{
	const char *between = "";
	char text[PREFIX_TEXT];
	size_t mine = 0;

	if (!count)
		return;
	for (size_t i = 0; i < count; i++)
		mine += prefix[i].family == family;
	fprintf(to, "%s %s %s", family == 4 ? "ip" : "ip6", field, set_begins(mine));
	for (size_t i = 0; i < count; i++) {
		if (prefix[i].family != family)
			continue;
		fprintf(to, "%s%s", between, prefix_print(&prefix[i], text, sizeof(text)));
		between = ", ";
	}
	fputs(set_ends(mine), to);
}

static void print_service(FILE *to, const struct bypass_group *group, const char *side)
{
	char text[PORTS_TEXT];

	if (group->protocol)
		fprintf(to, "meta l4proto %u ", group->protocol);
	else if (!group->any_port)
		fprintf(to, "meta l4proto { tcp, udp, sctp, dccp, udplite } ");
	if (group->any_port)
		return;
	fprintf(to, "th %s %s", side, set_begins(group->port_count));
	for (size_t i = 0; i < group->port_count; i++)
		fprintf(to, "%s%s", i ? ", " : "",
			ports_print(&group->ports[i], text, sizeof(text)));
	fputs(set_ends(group->port_count), to);
}

static bool has_family(const struct prefix *prefix, size_t count, __u8 family)
{
	for (size_t i = 0; i < count; i++)
		if (prefix[i].family == family)
			return true;
	return !count;
}

/* Both directions, answers first: they are the more; for one address family; 0: no address is asked for. */
static void print_group(FILE *to, const struct bypass_group *group, __u8 family)
{
	if (family && (!has_family(group->to, group->to_count, family) ||
		       !has_family(group->from, group->from_count, family)))
		return;
	fprintf(to, "\t\t");
	print_prefixes(to, "saddr", group->to, group->to_count, family);
	print_prefixes(to, "daddr", group->from, group->from_count, family);
	print_service(to, group, "sport");
	fprintf(to, "notrack\n\t\t");
	print_prefixes(to, "daddr", group->to, group->to_count, family);
	print_prefixes(to, "saddr", group->from, group->from_count, family);
	print_service(to, group, "dport");
	fprintf(to, "notrack\n");
}

static void print_rules(FILE *to, const struct bypass_groups *groups, __u32 mark)
{
	fprintf(to, "\tchain prerouting {\n"
		"\t\ttype filter hook prerouting priority raw; policy accept;\n"
		"\t\tmeta mark & 0x%x == 0x%x notrack\n\t}\n", mark, mark);
	fprintf(to, "\tchain output {\n"
		"\t\ttype filter hook output priority raw; policy accept;\n");
	for (size_t i = 0; i < groups->count; i++) {
		const struct bypass_group *group = &groups->at[i];

		if (!group->to_count && !group->from_count) {
			print_group(to, group, 0);
			continue;
		}
		print_group(to, group, 4);
		print_group(to, group, 6);
	}
	fprintf(to, "\t\tmeta mark & 0x%x == 0x%x notrack\n\t}\n}\n", mark, mark);
}

static const char *table_name(const char *instance, char name[static TABLE_NAME])
{
	snprintf(name, TABLE_NAME, "weir_%s", instance);
	return name;
}

/* What the rules say, in short: FNV-1a. */
static const char *stamp_of(const char *rules, char stamp[static STAMP_TEXT])
{
	__u64 hash = 0xcbf29ce484222325ULL;

	for (; *rules; rules++)
		hash = (hash ^ (unsigned char)*rules) * 0x100000001b3ULL;
	snprintf(stamp, STAMP_TEXT, "weir %016llx", (unsigned long long)hash);
	return stamp;
}

static char *rules_text(const struct policy *policy, struct fail *fail)
{
	struct bypass_groups groups;
	char *text = NULL;
	size_t size;
	FILE *to;

	if (bypass_gather(policy, &groups, fail))
		return NULL;
	to = open_memstream(&text, &size);
	if (to) {
		print_rules(to, &groups, bypass_mark(policy));
		fclose(to);
	}
	bypass_groups_free(&groups);
	if (!text)
		fail_set(fail, EXIT_REFUSED, NULL, "out of memory");
	return text;
}

char *notrack_text(const char *instance, const struct policy *policy, bool owner, bool owned,
		   struct fail *fail)
{
	char *rules = rules_text(policy, fail), *text = NULL;
	char name[TABLE_NAME], stamp[STAMP_TEXT];

	if (!rules)
		return NULL;
	table_name(instance, name);
	/* one transaction: the table before, if there is one, is replaced at one instant */
	if (asprintf(&text, "add table inet %s%s\ndelete table inet %s\ntable inet %s {\n"
		     "\tcomment \"%s\"\n%s%s", name, owned ? " { flags owner; }" : "", name, name,
		     stamp_of(rules, stamp), owner ? "\tflags owner\n" : "", rules) < 0) {
		fail_set(fail, EXIT_REFUSED, NULL, "out of memory");
		text = NULL;
	}
	free(rules);
	return text;
}

/* ---- nftables ------------------------------------------------------------------------------ */

static int nft_failed(const char *said, struct fail *fail)
{
	const char *end = said ? strchr(said, '\n') : NULL;
	int length = end ? (int)(end - said) : said ? (int)strlen(said) : 0;

	return fail_set(fail, EXIT_REFUSED, "bypass needs nf_tables, and CAP_NET_ADMIN",
			"nftables refused weir's own table: %.*s", length, length ? said : "");
}

static struct nft_ctx *nft_open(void)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);

	if (!nft)
		return NULL;
	if (nft_ctx_buffer_output(nft) || nft_ctx_buffer_error(nft)) {
		nft_ctx_free(nft);
		return NULL;
	}
	return nft;
}

static int nft_run(struct nft_ctx *owner, const char *text, struct fail *fail)
{
	struct nft_ctx *nft = owner ? owner : nft_open();
	int result = 0;

	if (!nft)
		return nft_failed("out of memory", fail);
	if (nft_run_cmd_from_buffer(nft, text))
		result = nft_failed(nft_ctx_get_error_buffer(nft), fail);
	if (!owner)
		nft_ctx_free(nft);
	return result;
}

/* The table as nftables lists it, or NULL when there is none; the caller frees it. */
static char *table_listed(const char *instance)
{
	char command[TABLE_NAME + 32], name[TABLE_NAME], *text = NULL;
	struct nft_ctx *nft = nft_open();

	if (!nft)
		return NULL;
	snprintf(command, sizeof(command), "list table inet %s", table_name(instance, name));
	if (!nft_run_cmd_from_buffer(nft, command))
		text = strdup(nft_ctx_get_output_buffer(nft));
	nft_ctx_free(nft);
	return text;
}

int notrack_look(const char *instance, const struct policy *policy, enum notrack_state *state,
		 struct fail *fail)
{
	char *rules = rules_text(policy, fail), *listed, stamp[STAMP_TEXT];

	if (!rules)
		return -fail->status;
	listed = table_listed(instance);
	if (!listed)
		*state = NOTRACK_ABSENT;
	else if (strstr(listed, "flags owner"))
		*state = strstr(listed, stamp_of(rules, stamp)) ? NOTRACK_OWNED_FITS : NOTRACK_OWNED;
	else
		*state = strstr(listed, stamp_of(rules, stamp)) ? NOTRACK_FITS : NOTRACK_OTHER;
	free(listed);
	free(rules);
	return 0;
}

int notrack_remove(const char *instance, struct fail *fail)
{
	char command[2 * TABLE_NAME + 64], name[TABLE_NAME], *listed = table_listed(instance);

	if (!listed)
		return 0;
	free(listed);
	table_name(instance, name);
	snprintf(command, sizeof(command), "delete table inet %s", name);
	return nft_run(NULL, command, fail);
}

struct nft_ctx *notrack_owner(void)
{
	return nft_open();
}

void notrack_settle(const char *instance, const struct policy *policy)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	enum notrack_state state;
	struct fail ignored;

	for (int tries = 0; tries < 100; tries++) {
		if (notrack_look(instance, policy, &state, &ignored) || state != NOTRACK_OWNED)
			return;
		nanosleep(&pause, NULL);
	}
}

/* Without an owner: is there nothing to do but to let be or remove what is there? */
static int plain_put(const char *instance, const struct policy *policy, enum notrack_state state,
		     bool *done, struct fail *fail)
{
	*done = true;
	if (state == NOTRACK_OWNED || state == NOTRACK_OWNED_FITS)
		return 0;
	if (!policy->bypass_count)
		return state == NOTRACK_ABSENT ? 0 : notrack_remove(instance, fail);
	*done = state == NOTRACK_FITS;
	return 0;
}

int notrack_put(const char *instance, const struct policy *policy, struct nft_ctx *owner,
		struct fail *fail)
{
	enum notrack_state state;
	bool owned, done = false;
	char *text;
	int result = notrack_look(instance, policy, &state, fail);

	if (!result && !owner)
		result = plain_put(instance, policy, state, &done, fail);
	if (result || done)
		return result;
	owned = state == NOTRACK_OWNED || state == NOTRACK_OWNED_FITS;
	text = notrack_text(instance, policy, owner, owned, fail);
	if (!text)
		return -fail->status;
	result = nft_run(owner, text, fail);
	free(text);
	return result;
}
