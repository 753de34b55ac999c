// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <nftables/libnftables.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "conntrack.h"
#include "nat.h"

struct limit nat_guard(const struct snat_pool *pool, __u64 unreplied_ns)
{
	__u64 ports = pool->addresses * pool->ports * 7 / 8, burst = ports / 4;
	__u64 seconds = unreplied_ns / 1000000000 ? unreplied_ns / 1000000000 : 1;
	__u64 rate = (ports - burst) / seconds;

	return (struct limit){
		.kind = LIMIT_DESTINATION,
		.roles = 1 << ROLE_INSIDE,
		.rate = { .count = rate ? rate : 1, .per_ns = 1000000000 },
		.burst = burst ? burst : 1,
	};
}

/* A chain of type nat at postrouting: sets *data, a bool. */
static int chain_seen(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attribute, *inner;
	bool *nat = data, typed = false, hooked = false;

	mnl_attr_for_each(attribute, message, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attribute) == NFTA_CHAIN_TYPE)
			typed = !strcmp(mnl_attr_get_str(attribute), "nat");
		if (mnl_attr_get_type(attribute) != NFTA_CHAIN_HOOK)
			continue;
		mnl_attr_for_each_nested(inner, attribute)
			if (mnl_attr_get_type(inner) == NFTA_HOOK_HOOKNUM)
				hooked = ntohl(mnl_attr_get_u32(inner)) == NF_INET_POST_ROUTING;
	}
	*nat |= typed && hooked;
	return MNL_CB_OK;
}

/* Asks nf_tables, and calls seen() with each message of its answer. */
static void nftables_ask(int type, int flags, mnl_cb_t seen, void *data)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	char buffer[16384];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *head;
	ssize_t size;

	if (!socket)
		return;
	message->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | type;
	message->nlmsg_flags = NLM_F_REQUEST | flags;
	message->nlmsg_seq = time(NULL);
	head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	head->nfgen_family = NFPROTO_UNSPEC;
	head->version = NFNETLINK_V0;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) >= 0 &&
	    mnl_socket_sendto(socket, message, message->nlmsg_len) >= 0)
		while ((size = mnl_socket_recvfrom(socket, buffer, sizeof(buffer))) > 0)
			if (mnl_cb_run(buffer, size, 0, 0, seen, data) <= MNL_CB_STOP)
				break;
	mnl_socket_close(socket);
}

/* Is there such a chain at all? Asked first: listing the rules costs more. */
static bool nftables_translates(void)
{
	bool nat = false;

	nftables_ask(NFT_MSG_GETCHAIN, NLM_F_DUMP, chain_seen, &nat);
	return nat;
}

static int generation_seen(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attribute;

	mnl_attr_for_each(attribute, message, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attribute) == NFTA_GEN_ID)
			*(__u32 *)data = ntohl(mnl_attr_get_u32(attribute));
	return MNL_CB_STOP;
}

/* The tables of the older iptables, of this namespace. */
static bool iptables_translates(void)
{
	FILE *names = fopen("/proc/net/ip_tables_names", "re");
	char line[64];
	bool nat = false;

	while (names && fgets(line, sizeof(line), names))
		nat |= !strcmp(line, "nat\n");
	if (names)
		fclose(names);
	return nat;
}

/* Of rules of iptables that it can't translate libnftables complains to stderr, whatever it is told:
 * that is no matter of the command that was typed. Returns what unsilence() takes. */
static int silence(void)
{
	int kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	fflush(stderr);
	if (kept >= 0 && null >= 0)
		dup2(null, STDERR_FILENO);
	if (null >= 0)
		close(null);
	return kept;
}

static void unsilence(int kept)
{
	fflush(stderr);
	if (kept < 0)
		return;
	dup2(kept, STDERR_FILENO);
	close(kept);
}

/* The smallest pool of the rules of nftables; false: none of them translates sources. */
static bool nftables_pool(struct snat_pool *pool)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	bool found, listed = false;
	int kept;

	if (!nft)
		return false;
	/* without what is in sets, which can be millions */
	nft_ctx_output_set_flags(nft, NFT_CTX_OUTPUT_TERSE);
	if (!nft_ctx_buffer_output(nft) && !nft_ctx_buffer_error(nft)) {
		kept = silence();
		listed = !nft_run_cmd_from_buffer(nft, "list ruleset");
		unsilence(kept);
	}
	found = listed && snat_smallest(nft_ctx_get_output_buffer(nft), pool);
	if (!listed) {
		*pool = snat_pool_one(true, "");	/* there is a chain, whatever is in it */
		found = true;
	}
	nft_ctx_free(nft);
	return found;
}

bool nat_pool(struct snat_pool *pool)
{
	bool found = nftables_translates() && nftables_pool(pool);

	/* its rules are not read: one address is the least */
	if (iptables_translates() && (!found || pool->addresses * pool->ports >= SNAT_PORTS)) {
		*pool = snat_pool_one(true, "");
		found = true;
	}
	return found;
}

bool nat_changed(struct nat_seen *seen)
{
	struct nat_seen now = *seen;

	nftables_ask(NFT_MSG_GETGEN, 0, generation_seen, &now.generation);
	now.iptables = iptables_translates();
	if (!seen->looked || now.generation != seen->generation || now.iptables != seen->iptables) {
		now.looked = true;
		now.pool = (struct snat_pool){};
		nat_pool(&now.pool);
	}
	now.unreplied_ns = conntrack_unreplied_ns();
	seen->generation = now.generation;
	seen->iptables = now.iptables;
	if (seen->looked && now.pool.addresses == seen->pool.addresses &&
	    now.pool.ports == seen->pool.ports && now.unreplied_ns == seen->unreplied_ns)
		return false;
	*seen = now;
	return true;
}

void nat_guard_find(struct policy *policy)
{
	struct snat_pool pool;
	bool inside = false;

	policy->guard = (struct limit){};
	for (size_t i = 0; i < policy->interface_count; i++)
		inside |= policy->interface[i].role == ROLE_INSIDE;
	if (inside && nat_pool(&pool))
		policy->guard = nat_guard(&pool, conntrack_unreplied_ns());
}
