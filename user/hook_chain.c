// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xdp/libxdp.h>
#include "hook.h"
#include "program.h"

#define CHAIN_MAX	10	/* programs that a dispatcher of libxdp has room for */
#define MAPS_MAX	64	/* of one program */
#define PINS_UNSEEN	(-ENOLINK)	/* the dispatcher is there, and libxdp does not see its pins */

static int log_quiet(enum libxdp_print_level level, const char *format, va_list arguments)
{
	if (!getenv("WEIR_DEBUG") || level == LIBXDP_DEBUG)
		return 0;
	return vfprintf(stderr, format, arguments);
}

/* ---- what is there ------------------------------------------------------------------------- */

/* A dispatcher whose pins it does not see is to libxdp a program like any other. */
static bool is_dispatcher(const struct xdp_multiprog *all)
{
	const struct xdp_program *first = xdp_multiprog__main_prog(all);
	const char *name = first ? xdp_program__name(first) : NULL;

	return name && !strcmp(name, "xdp_dispatcher");
}

/* The dispatcher on the device; NULL: there is none, or *error says why it can't be read. */
static struct xdp_multiprog *dispatcher_on(__u32 ifindex, int *error)
{
	struct xdp_multiprog *dispatcher;

	libxdp_set_print(log_quiet);
	dispatcher = xdp_multiprog__get_from_ifindex(ifindex);
	*error = libxdp_get_error(dispatcher);
	if (*error || !dispatcher) {
		if (*error == -ENOENT || *error == -ENODEV)
			*error = 0;	/* no program, or no device */
		return NULL;
	}
	if (!xdp_multiprog__is_legacy(dispatcher))
		return dispatcher;
	if (is_dispatcher(dispatcher))
		*error = PINS_UNSEEN;
	xdp_multiprog__close(dispatcher);
	return NULL;
}

static int unreadable(const struct hook *hook, int error, struct fail *fail)
{
	char remedy[sizeof(fail->remedy)];

	if (error != PINS_UNSEEN)
		return fail_set(fail, EXIT_REFUSED, "run it as root; see more with WEIR_DEBUG=1",
				"%s: can't read libxdp's dispatcher: %s", hook->shown, strerror(-error));
	snprintf(remedy, sizeof(remedy), "use the /sys/fs/bpf it was made with (`ip netns exec` hides it, "
		 "nsenter --net=FILE does not); if they are lost, end all: ip link set dev %s xdp off",
		 hook->shown);
	return fail_set(fail, EXIT_REFUSED, remedy,
			"%s: can't read libxdp's dispatcher: its pins are not in /sys/fs/bpf/xdp", hook->shown);
}

/* What all programs of an instance have, and no others. */
static __u32 map_of(const struct store *store)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	char path[PIN_PATH + 32];
	int map;

	snprintf(path, sizeof(path), "%s/%s", store->directory, MAP_DEV);
	map = bpf_obj_get(path);
	if (map < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(map, &info, &size))
		info.id = 0;
	close(map);
	return info.id;
}

static bool has_map(const struct xdp_program *program, __u32 map)
{
	__u32 maps[MAPS_MAX];
	struct bpf_prog_info info = { .nr_map_ids = MAPS_MAX, .map_ids = (unsigned long)maps };
	__u32 size = sizeof(info);

	if (!map || bpf_obj_get_info_by_fd(xdp_program__fd(program), &info, &size))
		return false;
	for (__u32 i = 0; i < info.nr_map_ids && i < MAPS_MAX; i++)
		if (maps[i] == map)
			return true;
	return false;
}

bool hook_chain_read(const struct hook *hook, struct hook_chain *chain)
{
	struct xdp_multiprog *dispatcher = dispatcher_on(hook->ifindex, &chain->error);
	const __u32 map = map_of(hook->store);
	struct xdp_program *program = NULL;
	int error = chain->error;

	*chain = (struct hook_chain){ .error = error };
	if (!dispatcher)
		return false;
	chain->native = xdp_multiprog__attach_mode(dispatcher) == XDP_MODE_NATIVE;
	while ((program = xdp_multiprog__next_prog(program, dispatcher))) {
		size_t used = strlen(chain->others);

		if (has_map(program, map)) {
			chain->own++;
			chain->priority = xdp_program__run_prio(program);
			continue;
		}
		snprintf(chain->others + used, sizeof(chain->others) - used, "%s%s", used ? ", " : "",
			 xdp_program__name(program));
	}
	xdp_multiprog__close(dispatcher);
	return true;
}

enum link_state hook_chain_state(const struct hook *hook)
{
	struct hook_chain chain;

	if (!hook_chain_read(hook, &chain))
		return chain.error ? LINK_UNKNOWN : LINK_ABSENT;
	return chain.own ? LINK_ALIVE : LINK_ABSENT;
}

int hook_chain_look(const struct hook *hook, struct fail *fail)
{
	struct hook_chain chain;

	if (hook_chain_read(hook, &chain) || !chain.error)
		return 0;
	return unreadable(hook, chain.error, fail);
}

/* ---- one program --------------------------------------------------------------------------- */

static int refused(const struct hook *hook, int error, struct fail *fail)
{
	return fail_set(fail, EXIT_REFUSED, "see why with WEIR_DEBUG=1, or use `driver tc`",
			"%s: can't change the programs behind libxdp's dispatcher: %s", hook->shown,
			strerror(-error));
}

static int not_allowed(const struct hook *hook, struct fail *fail)
{
	return fail_set(fail, EXIT_REFUSED, "use `driver native`, or `driver auto`",
			"%s: this kernel does not allow libxdp's dispatcher (BPF_PROG_TYPE_EXT)", hook->shown);
}

int hook_chain_check(const struct hook *hook, struct fail *fail)
{
	return libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_EXT, NULL) == 1 ? 0 : not_allowed(hook, fail);
}

/* Loads the program of an open object into the device's dispatcher. *id: what the kernel calls it. */
static int join(const struct hook *hook, struct bpf_object *object, __u8 priority, __u32 *id,
		struct fail *fail)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts, .obj = object,
			    .prog_name = program_name(PROGRAM_CHAIN));
	struct xdp_program *program;
	struct hook_chain chain;
	int error;

	libxdp_set_print(log_quiet);
	program = xdp_program__create(&opts);
	error = libxdp_get_error(program);
	if (error)
		return refused(hook, error, fail);
	/* libxdp does not see it in the name of the section */
	xdp_program__set_xdp_frags_support(program, true);
	xdp_program__set_run_prio(program, priority);
	error = xdp_program__attach(program, hook->ifindex, XDP_MODE_NATIVE, 0);
	if (error) {
		refused(hook, error, fail);
	} else if (!hook_chain_read(hook, &chain)) {
		/* libxdp makes do without a dispatcher where the device is free */
		xdp_program__detach(program, hook->ifindex, XDP_MODE_NATIVE, 0);
		error = chain.error ? unreadable(hook, chain.error, fail) : not_allowed(hook, fail);
	}
	*id = error ? 0 : xdp_program__id(program);
	xdp_program__close(program);
	return error ? -fail->status : 0;
}

/* Takes this instance's programs out, but for one (0: none); the others stay. */
static int leave(const struct hook *hook, __u32 but, struct fail *fail)
{
	const __u32 map = map_of(hook->store);
	struct xdp_program *own[CHAIN_MAX], *program = NULL;
	struct xdp_multiprog *dispatcher;
	size_t count = 0;
	int error;

	dispatcher = dispatcher_on(hook->ifindex, &error);
	if (!dispatcher)
		return error ? unreadable(hook, error, fail) : 0;
	if (!map) {
		xdp_multiprog__close(dispatcher);
		return fail_set(fail, EXIT_REFUSED, "run it as root",
				"%s: can't tell which programs are of instance %s: no map " MAP_DEV,
				hook->shown, hook->store->instance);
	}
	while (count < CHAIN_MAX && (program = xdp_multiprog__next_prog(program, dispatcher)))
		if (xdp_program__id(program) != but && has_map(program, map))
			own[count++] = program;
	error = 0;
	if (count)
		error = xdp_program__detach_multi(own, count, hook->ifindex,
						  xdp_multiprog__attach_mode(dispatcher), 0);
	xdp_multiprog__close(dispatcher);
	return error ? refused(hook, error, fail) : 0;
}

/* ---- one after the other ------------------------------------------------------------------- */

/*
 * Returns when each packet that was under way has left. Where the kernel can't do that
 * (nohz_full), one packet a CPU may be counted twice or not at all.
 */
static void packets_leave(void)
{
	syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

static int turn_to(const struct hook *hook, struct dev *dev, __u8 turn, struct fail *fail)
{
	packets_leave();
	dev->turn = turn;
	return store_dev_write(hook->store, hook->slot, dev, fail);
}

/* never 0: that is a device without a chain */
static __u8 turn_after(__u8 turn)
{
	__u8 next = (turn & ~TURN_SWAP) + TURN_SWAP + 1;

	return next ? next : TURN_SWAP + 1;
}

/* A program that nobody replaces: it judges from its first packet on. */
static int join_alone(const struct hook *hook, struct bpf_object *object, struct dev *dev, __u8 turn,
		      struct fail *fail)
{
	__u32 id;

	if (leave(hook, 0, fail) || turn_to(hook, dev, turn, fail))
		return -fail->status;
	return join(hook, object, dev->priority, &id, fail);
}

static int swap(const struct hook *hook, struct bpf_object *object, struct dev *dev, __u8 turn,
		struct fail *fail)
{
	struct fail ignored;
	__u32 id;

	if (join(hook, object, dev->priority, &id, fail))
		return -fail->status;
	if (turn_to(hook, dev, turn | TURN_SWAP, fail) || turn_to(hook, dev, turn, fail))
		return -fail->status;
	leave(hook, id, &ignored);	/* what is left there has no turn; the next one takes it out */
	return 0;
}

int hook_chain_put(const struct hook *hook, struct dev *dev, struct fail *fail)
{
	const __u8 turn = turn_after(dev->turn);
	struct hook_chain chain = {};
	struct program program;
	bool there;
	int result;

	if (program_open(hook->store, PROGRAM_CHAIN, hook->slot, false, turn, &program, fail))
		return -fail->status;
	there = hook_chain_read(hook, &chain) && chain.own && chain.priority == dev->priority;
	result = (there ? swap : join_alone)(hook, program.object, dev, turn, fail);
	program_free(&program);
	return result;
}

int hook_chain_remove(const struct hook *hook, struct fail *fail)
{
	if (leave(hook, 0, fail))
		return -fail->status;
	/* of a device that has gone, libxdp's pins would keep the programs and their maps for ever */
	libxdp_clean_references(hook->ifindex);
	return 0;
}
