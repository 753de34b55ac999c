// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "attach.h"
#include "conntrack.h"
#include "xdp.skel.h"

extern char **environ;

/* the maps that live as long as the instance; sums are for the group, addresses of people are not */
static const struct { const char *name; bool stats; } pinned[] = {
	{ MAP_POLICY, false }, { MAP_SECRET, false }, { MAP_DEV, true }, { MAP_COUNTER, true },
	{ MAP_HIT, true }, { MAP_BUDGET, false }, { MAP_BUDGET_USE, true }, { MAP_SOURCE, false },
	{ MAP_SOURCE_MORE, false }, { MAP_GROUP, false }, { MAP_PRESSURE, true }, { MAP_RUN, true },
};
#define PINNED_COUNT (sizeof(pinned) / sizeof(pinned[0]))

static int log_quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (!getenv("WEIR_DEBUG") || level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(stderr, format, arguments);
}

/* The kernel resolves our kfuncs when we load, so their module has to be there before. */
static void module_load(const char *module)
{
	char *argv[] = { "modprobe", "-q", (char *)module, NULL };
	pid_t child;

	if (posix_spawnp(&child, "modprobe", NULL, NULL, argv, environ))
		return;
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

static bool btf_has(const struct btf *btf, const char *function)
{
	return btf && btf__find_by_name_kind(btf, function, BTF_KIND_FUNC) > 0;
}

/* Does the kernel know this constant? */
static bool btf_has_constant(const struct btf *btf, const char *name)
{
	for (__u32 id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const struct btf_enum *value;

		if (!btf_is_enum(type))
			continue;
		value = btf_enum(type);
		for (int i = 0; i < btf_vlen(type); i++)
			if (!strcmp(btf__name_by_offset(btf, value[i].name_off), name))
				return true;
	}
	return false;
}

__u32 attach_probe(void)
{
	struct btf *vmlinux, *module;
	__u32 features = 0;

	libbpf_set_print(log_quiet);
	if (access("/proc/sys/net/netfilter/nf_conntrack_max", F_OK))
		module_load("nf_conntrack");
	vmlinux = btf__load_vmlinux_btf();
	if (libbpf_get_error(vmlinux))
		return 0;
	module = btf__load_module_btf("nf_conntrack", vmlinux);
	if (libbpf_get_error(module))
		module = NULL;
	if (btf_has(vmlinux, "bpf_xdp_ct_lookup") || btf_has(module, "bpf_xdp_ct_lookup"))
		features |= FEATURE_CT_XDP;
	if (btf_has(vmlinux, "bpf_skb_ct_lookup") || btf_has(module, "bpf_skb_ct_lookup"))
		features |= FEATURE_CT_SKB;
	if (btf_has_constant(vmlinux, "BPF_FIB_LOOKUP_TBID"))
		features |= FEATURE_FIB_TBID;
	btf__free(module);
	btf__free(vmlinux);
	return features;
}

static int load_failed(struct fail *fail, int error)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return fail_set(fail, EXIT_REFUSED, "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y",
				"the kernel has no BTF (/sys/kernel/btf/vmlinux)");
	if (error == EPERM || error == EACCES)
		return fail_set(fail, EXIT_REFUSED, "run it as root, with CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN",
				"the kernel refused the program: %s", strerror(error));
	if (error == ENOMEM)
		return fail_set(fail, EXIT_REFUSED, "give it more memory, or fewer sources",
				"no memory for the tables");
	return fail_set(fail, EXIT_REFUSED, "see why with WEIR_DEBUG=1",
			"the kernel refused the program: %s", strerror(error));
}

/* Opens the skeleton with its maps bound to the instance's pins, made or to be made. */
static struct xdp *skeleton_open(const struct store *store, const struct run *run,
				 struct fail *fail)
{
	struct xdp *skeleton;
	char path[PIN_PATH + 32];
	__u32 lines = run->sources / SOURCE_WAYS;

	libbpf_set_print(log_quiet);
	skeleton = xdp__open();
	if (!skeleton) {
		load_failed(fail, errno);
		return NULL;
	}
	for (size_t i = 0; i < PINNED_COUNT; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(skeleton->obj, pinned[i].name);

		snprintf(path, sizeof(path), "%s/%s", store->directory, pinned[i].name);
		bpf_map__set_pin_path(map, path);
	}
	bpf_map__set_max_entries(skeleton->maps.source, lines);
	bpf_map__set_max_entries(skeleton->maps.source_more, run->sources);
	bpf_map__set_max_entries(skeleton->maps.group, lines);
	skeleton->rodata->group_mask = lines - 1;
	skeleton->rodata->source_mask = lines - 1;
	skeleton->rodata->features = run->features;
	return skeleton;
}

static int pins_mode(const struct store *store, struct fail *fail)
{
	char path[PIN_PATH + 32];

	for (size_t i = 0; i < PINNED_COUNT; i++) {
		snprintf(path, sizeof(path), "%s/%s", store->directory, pinned[i].name);
		if (pin_mode(path, pinned[i].stats, fail))
			return -fail->status;
	}
	return 0;
}

static __u64 realtime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static __u32 sources_round(__u32 sources)
{
	__u32 rounded = 1024;

	while (rounded < sources && rounded < 1u << 26)
		rounded *= 2;
	return rounded;
}

int attach_create(struct store *store, __u32 sources, struct fail *fail)
{
	struct run run = { .sources = sources_round(sources), .made_ns = realtime_ns() };
	struct secret secret;
	struct stat netns;
	struct xdp *skeleton;
	mode_t mask;
	int error;

	if (stat("/proc/self/ns/net", &netns) == 0)
		run.netns = netns.st_ino;
	run.features = attach_probe();
	run.conntrack = conntrack_settings();
	skeleton = skeleton_open(store, &run, fail);
	if (!skeleton)
		return -fail->status;
	mask = umask(077);
	error = xdp__load(skeleton);
	umask(mask);
	xdp__destroy(skeleton);
	if (error)
		return load_failed(fail, -error);
	if (getrandom(&secret, sizeof(secret), 0) != sizeof(secret))
		return fail_set(fail, EXIT_REFUSED, NULL, "no random numbers: %s", strerror(errno));
	if (store_secret_write(store, &secret, fail) || store_run_write(store, &run, fail))
		return -fail->status;
	return pins_mode(store, fail);
}

/* The loaded program of a slot, or NULL. */
static struct xdp *program_load(const struct store *store, __u32 slot, struct fail *fail)
{
	struct secret secret;
	struct xdp *skeleton;
	struct run run;
	int error;

	if (store_run_read(store, &run, fail) || store_secret_read(store, &secret, fail))
		return NULL;
	run.features = attach_probe();
	run.conntrack = conntrack_settings();
	if (store_run_write(store, &run, fail))
		return NULL;
	skeleton = skeleton_open(store, &run, fail);
	if (!skeleton)
		return NULL;
	skeleton->rodata->dev_slot = slot;
	memcpy((void *)skeleton->rodata->hash_key, secret.key, sizeof(secret.key));
	error = xdp__load(skeleton);
	if (!error)
		return skeleton;
	load_failed(fail, -error);
	xdp__destroy(skeleton);
	return NULL;
}

static void link_path(const struct store *store, __u32 slot, char *path, size_t size)
{
	snprintf(path, size, "%s/link-%u", store->directory, slot);
}

/* The fd of the pinned link of a slot, or -1. */
static int link_open(const struct store *store, __u32 slot)
{
	char path[PIN_PATH + 32];

	link_path(store, slot, path, sizeof(path));
	return bpf_obj_get(path);
}

static bool link_is_on(int link, __u32 ifindex)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(link, &info, &size) == 0 && ifindex &&
	       info.xdp.ifindex == ifindex;
}

const char *attach_state(const struct store *store, __u32 slot, const struct dev *dev)
{
	int link = link_open(store, slot);
	bool alive;

	if (link < 0)
		return errno == ENOENT ? "gone" : "?";
	alive = link_is_on(link, dev->ifindex);
	close(link);
	return alive ? "attached" : "gone";
}

int attach_slot(const struct dev devs[DEV_MAX], const char *name)
{
	for (int slot = 0; slot < DEV_MAX; slot++)
		if (devs[slot].ifindex && !strncmp(devs[slot].name, name, sizeof(devs[slot].name)))
			return slot;
	return -1;
}

/* The slot that a device had before, or else a fresh one, or else one that is free. */
static int slot_choose(const struct dev devs[DEV_MAX], const char *name)
{
	int fresh = -1, free_slot = -1;

	for (int slot = 0; slot < DEV_MAX; slot++) {
		if (!strncmp(devs[slot].name, name, sizeof(devs[slot].name)))
			return slot;
		if (fresh < 0 && !devs[slot].name[0])
			fresh = slot;
		if (free_slot < 0 && !devs[slot].ifindex)
			free_slot = slot;
	}
	return fresh >= 0 ? fresh : free_slot;
}

static __u32 program_on(__u32 ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	if (bpf_xdp_query(ifindex, 0, &query))
		return 0;
	if (query.prog_id)
		return query.prog_id;
	return query.drv_prog_id ? query.drv_prog_id : query.skb_prog_id;
}

static int foreign_program(const char *shown, __u32 id, struct fail *fail)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd >= 0)
		bpf_obj_get_info_by_fd(fd, &info, &size);
	if (fd >= 0)
		close(fd);
	if (!strcmp(info.name, "weir_xdp"))
		return fail_set(fail, EXIT_REFUSED, "detach it there: weir -I INSTANCE link detach dev IF",
				"%s: another instance of weir is attached (XDP program %u)", shown, id);
	return fail_set(fail, EXIT_REFUSED, "detach it with the tool that put it there",
			"%s: carries XDP program %u (%s) already", shown, id,
			info.name[0] ? info.name : "no name");
}

static int attach_failed(const char *shown, enum driver driver, int error, struct fail *fail)
{
	if (error == EOPNOTSUPP && driver == DRIVER_NATIVE)
		return fail_set(fail, EXIT_REFUSED,
				"use `driver generic` if its cost (as high as nftables') is acceptable",
				"%s: its driver has no native XDP", shown);
	if (error == ERANGE || error == EINVAL)
		return fail_set(fail, EXIT_REFUSED, "lower its MTU or its number of queues, or use `driver generic`",
				"%s: the driver refused the program: %s", shown, strerror(error));
	return fail_set(fail, EXIT_REFUSED, NULL, "%s: the kernel refused to attach: %s", shown,
			strerror(error));
}

/* Attaches a loaded program by a new pinned link. */
static int link_make(const struct store *store, __u32 slot, int program, __u32 ifindex,
		     enum driver driver, const char *shown, struct fail *fail)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts);
	char path[PIN_PATH + 32];
	int link, error = 0;

	opts.flags = driver == DRIVER_GENERIC ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
	link = bpf_link_create(program, ifindex, BPF_XDP, &opts);
	if (link < 0)
		return attach_failed(shown, driver, errno, fail);
	link_path(store, slot, path, sizeof(path));
	unlink(path);	/* of a device that has gone */
	if (bpf_obj_pin(link, path))
		error = errno;
	close(link);
	if (error)
		return fail_set(fail, EXIT_REFUSED, NULL, "%s: can't pin: %s", path, strerror(error));
	return 0;
}

/* Swaps the program behind the slot's link. 1 when the slot has no live link on that device. */
static int link_swap(const struct store *store, __u32 slot, int program, __u32 ifindex,
		     struct fail *fail)
{
	int link = link_open(store, slot), error = 0;

	if (link < 0)
		return 1;
	if (!link_is_on(link, ifindex)) {
		close(link);
		return 1;
	}
	if (bpf_link_update(link, program, NULL))
		error = errno;
	close(link);
	if (error)
		return fail_set(fail, EXIT_REFUSED, NULL, "can't replace the program: %s", strerror(error));
	return 0;
}

/* Attaches the program of a slot to a device, by a swap where we are there already. */
static int program_attach(struct store *store, __u32 slot, __u32 ifindex, enum driver driver,
			  const char *shown, struct fail *fail)
{
	struct xdp *skeleton = program_load(store, slot, fail);
	int program, result;

	if (!skeleton)
		return -fail->status;
	program = bpf_program__fd(skeleton->progs.weir_xdp);
	result = link_swap(store, slot, program, ifindex, fail);
	if (result > 0)
		result = program_on(ifindex) ?
			 foreign_program(shown, program_on(ifindex), fail) :
			 link_make(store, slot, program, ifindex, driver, shown, fail);
	xdp__destroy(skeleton);
	return result;
}

int attach_dev(struct store *store, const struct attach_request *request, __u32 *slot,
	       struct fail *fail)
{
	enum driver driver = request->driver == DRIVER_AUTO ? DRIVER_NATIVE : request->driver;
	struct dev devs[DEV_MAX], dev = { .role = request->role, .driver = driver };
	const char *shown = request->name;
	struct fail ignored;
	int chosen;

	dev.ifindex = if_nametoindex(request->name);
	if (!dev.ifindex)
		return fail_set(fail, EXIT_REFUSED, "see the names with: ip link", "%s: no such device", shown);
	if (driver == DRIVER_TC)
		return fail_set(fail, EXIT_REFUSED, "use `driver native` or `driver generic`",
				"%s: driver tc is not built yet", shown);
	if (store_devs_read(store, devs, fail))
		return -fail->status;
	chosen = slot_choose(devs, request->name);
	if (chosen < 0)
		return fail_set(fail, EXIT_REFUSED, "detach one, or use another instance (-I)",
				"%s: %d devices are attached already", shown, DEV_MAX);
	if (devs[chosen].ifindex == dev.ifindex) {
		dev.urpf = devs[chosen].urpf;
		dev.flags = devs[chosen].flags;
		memcpy(dev.behind, devs[chosen].behind, sizeof(dev.behind));
	}
	if (strncmp(devs[chosen].name, request->name, sizeof(dev.name)) &&
	    store_counters_clear(store, chosen, fail))
		return -fail->status;
	memcpy(dev.name, request->name, strnlen(request->name, sizeof(dev.name) - 1));
	dev.attached_ns = realtime_ns();
	/* the role has to be there before the first packet is */
	if (store_dev_write(store, chosen, &dev, fail))
		return -fail->status;
	*slot = chosen;
	if (program_attach(store, chosen, dev.ifindex, driver, shown, fail) == 0)
		return 0;
	store_dev_write(store, chosen, &devs[chosen], &ignored);
	return -fail->status;
}

int attach_detach(struct store *store, const char *name, struct fail *fail)
{
	struct dev devs[DEV_MAX];
	char path[PIN_PATH + 32];
	int slot;

	if (store_devs_read(store, devs, fail))
		return -fail->status;
	slot = attach_slot(devs, name);
	if (slot < 0)
		return fail_set(fail, EXIT_NO_ENTRY, "see what is: weir link show",
				"%s: not attached", name);
	link_path(store, slot, path, sizeof(path));
	if (unlink(path) && errno != ENOENT)
		return fail_set(fail, EXIT_REFUSED, NULL, "%s: %s", path, strerror(errno));
	devs[slot].ifindex = 0;
	return store_dev_write(store, slot, &devs[slot], fail);
}
