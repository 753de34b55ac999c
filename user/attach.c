// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <net/if.h>	/* before the kernel's, which then leaves out what both have */
#include <linux/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "attach.h"
#include "clock.h"
#include "conntrack.h"
#include "device.h"
#include "hook.h"
#include "netns.h"
#include "program.h"

__u32 attach_probe(void)
{
	return program_probe();
}

int attach_create(struct store *store, const struct capacity *said, struct fail *fail)
{
	struct capacity capacity = capacity_of(said);
	struct run run = {
		.sources = capacity.sources, .length6 = capacity.length6, .made_ns = realtime_ns(),
	};
	struct secret secret;

	run.netns = netns_here();
	run.features = program_probe();
	run.conntrack = conntrack_settings();
	if (program_make_maps(store, &run, fail))
		return -fail->status;
	if (getrandom(&secret, sizeof(secret), 0) != sizeof(secret))
		return fail_set(fail, EXIT_REFUSED, NULL, "no random numbers: %s", strerror(errno));
	if (store_secret_write(store, &secret, fail) || store_run_write(store, &run, fail))
		return -fail->status;
	return 0;
}

/* ---- devices and slots --------------------------------------------------------------------- */

/* Do its packets begin with the IP header? As dev_is_mac_header_xmit() of the kernel has it. */
static bool is_l3(const char *name)
{
	struct ifreq request = {};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return false;
	memcpy(request.ifr_name, name, strnlen(name, IF_NAMESIZE - 1));
	error = ioctl(fd, SIOCGIFHWADDR, &request);
	close(fd);
	if (error)
		return false;
	switch (request.ifr_hwaddr.sa_family) {
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
	case ARPHRD_PPP:
	case ARPHRD_RAWIP:
	case ARPHRD_NONE:
	case ARPHRD_VOID:
		return true;
	default:
		return false;
	}
}

static struct hook hook_of(const struct store *store, __u32 slot, const struct dev *dev)
{
	return (struct hook){ .store = store, .slot = slot, .ifindex = dev->ifindex, .shown = dev->name };
}

static enum link_state state_of(const struct hook *hook, enum driver driver)
{
	if (driver == DRIVER_TC)
		return hook_tc_state(hook);
	return driver == DRIVER_CHAIN ? hook_chain_state(hook) : hook_xdp_state(hook);
}

static int remove_from(const struct hook *hook, enum driver driver, struct fail *fail)
{
	if (driver == DRIVER_TC)
		return hook_tc_remove(hook, fail);
	return driver == DRIVER_CHAIN ? hook_chain_remove(hook, fail) : hook_xdp_remove(hook, fail);
}

const char *attach_state(const struct store *store, __u32 slot, const struct dev *dev)
{
	static const char *const words[] = {
		[LINK_ABSENT] = "gone", [LINK_ALIVE] = "attached", [LINK_UNKNOWN] = "?",
	};
	struct hook hook = hook_of(store, slot, dev);

	return words[state_of(&hook, dev->driver)];
}

int attach_slot(const struct dev devs[DEV_MAX], const char *name)
{
	for (int slot = 0; slot < DEV_MAX; slot++)
		if (devs[slot].ifindex && !strncmp(devs[slot].name, name, sizeof(devs[slot].name)))
			return slot;
	return -1;
}

/* The slot that the device has, or had before, or else a fresh one, or else one that is free. */
static int slot_choose(const struct dev devs[DEV_MAX], const struct dev *dev)
{
	int had = -1, fresh = -1, free_slot = -1;

	for (int slot = 0; slot < DEV_MAX; slot++) {
		if (devs[slot].ifindex == dev->ifindex)
			return slot;
		if (had < 0 && !strncmp(devs[slot].name, dev->name, sizeof(dev->name)))
			had = slot;
		if (fresh < 0 && !devs[slot].name[0])
			fresh = slot;
		if (free_slot < 0 && !devs[slot].ifindex)
			free_slot = slot;
	}
	if (had >= 0)
		return had;
	return fresh >= 0 ? fresh : free_slot;
}

/* ---- attaching ----------------------------------------------------------------------------- */

static enum program_kind program_for(enum driver driver)
{
	if (driver == DRIVER_TC)
		return PROGRAM_TC;
	return driver == DRIVER_GENERIC ? PROGRAM_GENERIC : PROGRAM_XDP;
}

/* Puts the program where dev->driver says. *unsupported: the device can't have it there. */
static int program_put(struct store *store, __u32 slot, struct dev *dev, bool *unsupported,
		       struct fail *fail)
{
	struct hook hook = hook_of(store, slot, dev);
	struct program program;
	struct run run;
	int result;

	*unsupported = false;
	if (dev->driver == DRIVER_CHAIN)
		return hook_chain_put(&hook, dev, fail);
	if (program_load(store, program_for(dev->driver), slot, dev->l3, &program, fail))
		return -fail->status;
	result = store_run_read(store, &run, fail);
	if (!result && dev->driver == DRIVER_TC)
		result = hook_tc_put(&hook, program.fd, run.features & FEATURE_TCX, fail);
	else if (!result)
		result = hook_xdp_put(&hook, program.fd, dev->driver == DRIVER_GENERIC, unsupported, fail);
	program_free(&program);
	return result;
}

static bool same_place(const struct dev *old, const struct dev *new)
{
	return (old->driver == DRIVER_TC) == (new->driver == DRIVER_TC);
}

/* Is the old program another one than the new one replaces? */
static bool has_old(const struct dev *old, const struct dev *new)
{
	return old->ifindex && (old->ifindex != new->ifindex || old->driver != new->driver);
}

/*
 * What an earlier attachment of the slot leaves behind when the device or the driver is another
 * one. The kernel has one XDP program a device in one mode, so that one goes before the new one
 * comes; between XDP and tc the new one comes first.
 */
static void leave_old(struct store *store, __u32 slot, const struct dev *old, const struct dev *new,
		      bool before)
{
	struct hook hook = hook_of(store, slot, old);
	struct fail ignored;

	if (!has_old(old, new) || before != same_place(old, new))
		return;
	store_forward_drop(store, old->ifindex);
	remove_from(&hook, old->driver, &ignored);
}

/* What is carried from XDP to tc is not there any more when the next program has its own to carry. */
static void metadata_of(struct dev *dev, enum driver before)
{
	if (dev->driver == DRIVER_CHAIN)
		dev->flags |= DEV_NO_METADATA;
	else if (before == DRIVER_CHAIN)
		dev->flags &= ~DEV_NO_METADATA;
}

/* One attempt with one driver. */
static int attach_with(struct store *store, __u32 slot, const struct dev *old, struct dev *dev,
		       enum driver driver, bool *unsupported, struct fail *fail)
{
	struct hook hook = hook_of(store, slot, dev);
	struct dev back = *old;
	struct fail ignored;

	*unsupported = false;
	dev->driver = driver;
	metadata_of(dev, old->driver);
	if (dev->l3 && driver != DRIVER_TC) {
		*unsupported = true;
		return fail_set(fail, EXIT_REFUSED, "use `driver tc`, or `driver auto`",
				"%s: has no Ethernet header, which XDP needs", dev->name);
	}
	if (driver != DRIVER_TC && hook_xdp_check(&hook, driver, fail))
		return -fail->status;
	if (has_old(old, dev) && attach_detachable(store, slot, old, fail))
		return -fail->status;
	/* the role has to be there before the first packet is */
	if (store_dev_write(store, slot, dev, fail))
		return -fail->status;
	leave_old(store, slot, old, dev, true);
	if (program_put(store, slot, dev, unsupported, fail)) {
		if (back.ifindex == dev->ifindex && back.driver != driver && same_place(&back, dev))
			program_put(store, slot, &back, &(bool){ false }, &ignored);
		return -fail->status;
	}
	leave_old(store, slot, old, dev, false);
	return 0;
}

static int attach_slot_to(struct store *store, __u32 slot, const struct dev *old, struct dev *dev,
			  struct attach_request *request, struct fail *fail)
{
	struct hook hook = hook_of(store, slot, dev);
	struct hook_chain chain;
	bool unsupported;

	if (request->driver != DRIVER_AUTO)
		return attach_with(store, slot, old, dev, request->driver, &unsupported, fail);
	if (hook_chain_read(&hook, &chain) && chain.native) {
		if (chain.others[0])
			snprintf(request->note, sizeof(request->note), "other XDP programs are there: %s",
				 chain.others);
		return attach_with(store, slot, old, dev, DRIVER_CHAIN, &unsupported, fail);
	}
	if (!attach_with(store, slot, old, dev, DRIVER_NATIVE, &unsupported, fail))
		return 0;
	if (!unsupported)
		return -fail->status;
	snprintf(request->note, sizeof(request->note), "%s", fail->what);
	return attach_with(store, slot, old, dev, DRIVER_TC, &unsupported, fail);
}

int attach_dev(struct store *store, struct attach_request *request, __u32 *slot, struct fail *fail)
{
	struct dev devs[DEV_MAX], dev = { .role = request->role };
	const char *shown = request->name;
	char bond[IF_NAMESIZE], remedy[80];
	struct fail ignored;
	int chosen;

	request->note[0] = '\0';
	dev.ifindex = if_nametoindex(request->name);
	if (!dev.ifindex)
		return fail_set(fail, EXIT_REFUSED, "see the names with: ip link", "%s: no such device", shown);
	if (device_bonded(request->name, bond)) {
		snprintf(remedy, sizeof(remedy), "attach to the bond: weir link attach dev %s", bond);
		return fail_set(fail, EXIT_REFUSED, remedy, "%s: is a port of %s", shown, bond);
	}
	if (store_devs_read(store, devs, fail))
		return -fail->status;
	memcpy(dev.name, request->name, strnlen(request->name, sizeof(dev.name) - 1));
	chosen = slot_choose(devs, &dev);
	if (chosen < 0)
		return fail_set(fail, EXIT_REFUSED, "detach one, or use another instance (-I)",
				"%s: %d devices are attached already", shown, DEV_MAX);
	if (devs[chosen].ifindex == dev.ifindex) {
		dev.urpf = devs[chosen].urpf;
		dev.flags = devs[chosen].flags;
		dev.turn = devs[chosen].turn;
		memcpy(dev.behind, devs[chosen].behind, sizeof(dev.behind));
	}
	if (devs[chosen].ifindex != dev.ifindex &&
	    strncmp(devs[chosen].name, dev.name, sizeof(dev.name)) &&
	    store_counters_clear(store, chosen, fail))
		return -fail->status;
	dev.l3 = is_l3(request->name);
	dev.attached_ns = realtime_ns();
	dev.priority = request->priority ? request->priority : CHAIN_PRIORITY;
	*slot = chosen;
	if (attach_slot_to(store, chosen, &devs[chosen], &dev, request, fail)) {
		store_dev_write(store, chosen, &devs[chosen], &ignored);
		return -fail->status;
	}
	request->used = dev.driver;
	return 0;
}

static int mark_put(struct store *store, __u32 slot, const struct dev *dev, struct fail *fail)
{
	struct hook hook = hook_of(store, slot, dev);
	struct program program;
	struct run run;
	int result;

	if (hook_tc_state(&hook) == LINK_ALIVE)
		return 0;
	if (program_load(store, PROGRAM_MARK, slot, false, &program, fail))
		return -fail->status;
	result = store_run_read(store, &run, fail);
	if (!result)
		result = hook_tc_put(&hook, program.fd, run.features & FEATURE_TCX, fail);
	program_free(&program);
	return result;
}

int attach_marks(struct store *store, bool on, struct fail *fail)
{
	struct dev devs[DEV_MAX];
	int result = store_devs_read(store, devs, fail);

	for (int slot = 0; slot < DEV_MAX && !result; slot++) {
		struct hook hook = hook_of(store, slot, &devs[slot]);

		if (!devs[slot].ifindex || devs[slot].driver == DRIVER_TC ||
		    state_of(&hook, devs[slot].driver) == LINK_ABSENT)
			continue;
		result = on ? mark_put(store, slot, &devs[slot], fail) : hook_tc_remove(&hook, fail);
	}
	return result;
}

int attach_detachable(const struct store *store, __u32 slot, const struct dev *dev, struct fail *fail)
{
	struct hook hook = hook_of(store, slot, dev);

	return dev->driver == DRIVER_CHAIN ? hook_chain_look(&hook, fail) : 0;
}

int attach_detach(struct store *store, const char *name, struct fail *fail)
{
	struct dev devs[DEV_MAX];
	struct hook hook;
	int slot;

	if (store_devs_read(store, devs, fail))
		return -fail->status;
	slot = attach_slot(devs, name);
	if (slot < 0)
		return fail_set(fail, EXIT_NO_ENTRY, "see what is: weir link show",
				"%s: not attached", name);
	if (attach_detachable(store, slot, &devs[slot], fail))
		return -fail->status;
	store_forward_drop(store, devs[slot].ifindex);
	hook = hook_of(store, slot, &devs[slot]);
	if (remove_from(&hook, devs[slot].driver, fail) || hook_tc_remove(&hook, fail))
		return -fail->status;
	devs[slot].ifindex = 0;
	return store_dev_write(store, slot, &devs[slot], fail);
}
