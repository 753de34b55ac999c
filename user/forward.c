// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "device.h"
#include "forward.h"
#include "netdev.h"
#include "out.h"
#include "rtnl.h"
#include "vlan.h"

/*
 * Why what it receives can't be forwarded by XDP; NULL: it can. The kernel would redirect also what
 * XDP generic sees, but send it past what fills in a checksum that a sender of this machine left out.
 */
static const char *why_not_from(const struct dev *dev, const struct link *link,
				const struct links *links)
{
	char names[64];

	if (dev->driver == DRIVER_TC || dev->driver == DRIVER_GENERIC)
		return "only XDP in the driver forwards";
	if (!link)
		return "the kernel does not tell of it";
	if (link->master)
		return "it is a port of another device";
	if (vlan_hides(link->name) && vlan_names(links, link->index, names, sizeof(names)))
		return "it takes VLAN tags off before XDP sees them: ethtool -K DEV rxvlan off";
	return NULL;
}

/* Why nothing can be redirected to it, once the above does not hold; NULL: it can. */
static const char *why_not_to(const struct link *link)
{
	__u64 features;
	int error;

	if (link->bond)
		return "it is a bond: nothing can be redirected to it";
	error = netdev_features(link->index, &features);
	if (error)
		return link->veth ? "this kernel does not tell whether its peer takes redirected packets" :
				    NULL;
	if (features & NETDEV_REDIRECT_TARGET)
		return NULL;
	return link->veth ? "its peer takes no redirected packets: ethtool -K PEER gro on" :
			    "its driver says that nothing can be redirected to it";
}

/* What the datapath may do with a device, and why not all of it (NULL: all). */
static struct forward_dev forward_of(const struct dev *dev, const struct links *links,
				     const char **why)
{
	const struct link *link = link_find(links, dev->ifindex);
	struct forward_dev out = { .ifindex = dev->ifindex };

	*why = why_not_from(dev, link, links);
	if (*why)
		return (struct forward_dev){};
	memcpy(out.mac, link->mac, sizeof(out.mac));
	out.flags = FORWARD_FROM;
	*why = why_not_to(link);
	if (!*why)
		out.flags |= FORWARD_TO;
	return out;
}

/* What is told of the attached devices, each in its place. to: where to say what is left out, or NULL. */
static int forward_look(const struct store *store, struct forward_dev told[FORWARD_PLACES], FILE *to,
			struct fail *fail)
{
	char shown[4 * sizeof(((struct dev *)NULL)->name)];
	struct dev devs[DEV_MAX];
	struct links links;
	const char *why;

	memset(told, 0, FORWARD_PLACES * sizeof(*told));
	if (store_devs_read(store, devs, fail))
		return -fail->status;
	links_read(&links);
	for (int slot = 0; slot < DEV_MAX; slot++) {
		struct forward_dev *place = &told[devs[slot].ifindex % FORWARD_PLACES];
		struct forward_dev out;

		if (!devs[slot].ifindex)
			continue;
		out = forward_of(&devs[slot], &links, &why);
		if (out.ifindex && place->ifindex) {
			out = (struct forward_dev){};
			why = "another device has its place in the table: make it anew, for another ifindex";
		}
		if (out.ifindex)
			*place = out;
		if (why && to)
			fprintf(to, "weir: warning: %s: packets %s go by way of the kernel, bypassed\n  %s\n",
				out_escape(devs[slot].name, shown, sizeof(shown)),
				out.flags ? "to it" : "from it and to it", why);
	}
	free(links.at);
	return 0;
}

static bool has_fast(const struct bypass *bypass, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bypass[i].fast)
			return true;
	return false;
}

static int tell(const struct store *store, const struct policy *policy,
		struct forward_dev told[FORWARD_PLACES], struct fail *fail)
{
	struct fail ignored;

	if (!has_fast(policy->bypass, policy->bypass_count)) {
		/* an instance that is older than the map has none to clear */
		memset(told, 0, FORWARD_PLACES * sizeof(*told));
		store_forward_set(store, told, &ignored);
		return 0;
	}
	if (forward_look(store, told, NULL, fail))
		return -fail->status;
	return store_forward_set(store, told, fail);
}

int forward_tell(const struct store *store, const struct policy *policy, struct fail *fail)
{
	struct forward_dev told[FORWARD_PLACES];

	return tell(store, policy, told, fail);
}

int forward_follow(const struct store *store, const struct policy *policy, struct fail *fail)
{
	struct forward_dev told[FORWARD_PLACES];
	__u32 device[FORWARD_PLACES];
	size_t count = 0;

	if (tell(store, policy, told, fail))
		return -fail->status;
	for (int i = 0; i < FORWARD_PLACES; i++)
		if (told[i].flags & FORWARD_TO)
			device[count++] = told[i].ifindex;
	if (count)
		rtnl_neighbours_use(device, count);
	return 0;
}

void forward_warn(FILE *to, const struct bypass *bypass, size_t count, const struct store *store)
{
	struct forward_dev told[FORWARD_PLACES];
	struct fail ignored;

	if (!has_fast(bypass, count))
		return;
	fputs("weir: warning: what is bypassed `fast` is forwarded by XDP: no rule of nftables or iptables\n"
	      "  sees it, nor do rp_filter, IPsec policies, queueing disciplines, routing rules by mark, or\n"
	      "  accounting; only what is routed without NAT may be fast\n", to);
	if (store)
		forward_look(store, told, to, &ignored);
}
