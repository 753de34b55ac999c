// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "capacity.h"
#include "conntrack.h"
#include "program.h"
#include "mark.skel.h"
#include "tc.skel.h"
#include "xdp.skel.h"

extern char **environ;

static const struct {
	const char	*name;
	const void	*(*elf)(size_t *size);
} programs[] = {
	[PROGRAM_XDP]	= { "weir_xdp", xdp__elf_bytes },
	[PROGRAM_GENERIC] = { "weir_generic", xdp__elf_bytes },
	[PROGRAM_TC]	= { "weir_tc", tc__elf_bytes },
	[PROGRAM_MARK]	= { "weir_mark", mark__elf_bytes },
	[PROGRAM_CHAIN]	= { "weir_chain", xdp__elf_bytes },
};

/* the maps that live as long as the instance; sums are for the group, addresses of people are not */
static const struct { const char *name; bool stats; } pinned[] = {
	{ MAP_POLICY, false }, { MAP_SECRET, false }, { MAP_DEV, true }, { MAP_COUNTER, true },
	{ MAP_AUDIT, true }, { MAP_HIT, true }, { MAP_BUDGET, false }, { MAP_BUDGET_USE, true },
	{ MAP_SOURCE, false }, { MAP_SOURCE_MORE, false }, { MAP_GROUP, false },
	{ MAP_PRESSURE, true }, { MAP_RUN, true },
	{ MAP_FLOW, false }, { MAP_FLOW_HOT, false }, { MAP_BLOOM, false }, { MAP_STRANGERS, false },
	{ MAP_CHALLENGE_USE, true }, { MAP_ENGAGED, true }, { MAP_FORWARD, false },
	{ MAP_TURN_TAKEN, false }, { MAP_ROUTES, false }, { MAP_ROUTE_ANSWER, false },
};
#define PINNED_COUNT (sizeof(pinned) / sizeof(pinned[0]))

const char *program_name(enum program_kind kind)
{
	return programs[kind].name;
}

static int log_quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (!getenv("WEIR_DEBUG") || level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(stderr, format, arguments);
}

/* ---- the kernel ---------------------------------------------------------------------------- */

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

__u32 program_probe(void)
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
	if (btf_has(vmlinux, "tcx_link_attach"))
		features |= FEATURE_TCX;
	if (btf_has_constant(vmlinux, "BPF_FIB_LOOKUP_TBID"))
		features |= FEATURE_FIB_TBID;
	btf__free(module);
	btf__free(vmlinux);
	return features;
}

bool program_btf(void)
{
	struct btf *vmlinux;

	libbpf_set_print(log_quiet);
	vmlinux = btf__load_vmlinux_btf();
	if (libbpf_get_error(vmlinux))
		return false;
	btf__free(vmlinux);
	return true;
}

static int load_failed(struct fail *fail, int error)
{
	if (!program_btf())
		return fail_set(fail, EXIT_REFUSED, "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y",
				"the kernel has no BTF (/sys/kernel/btf/vmlinux)");
	if (error == EPERM || error == EACCES)
		return fail_set(fail, EXIT_REFUSED, "run it as root, with CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN",
				"the kernel refused the program: %s", strerror(error));
	if (error == ENOMEM)
		return fail_set(fail, EXIT_REFUSED, "give it more memory, or remember fewer: sources { capacity N }",
				"no memory for the tables");
	return fail_set(fail, EXIT_REFUSED, "see why with WEIR_DEBUG=1",
			"the kernel refused the program: %s", strerror(error));
}

/* ---- objects ------------------------------------------------------------------------------- */

/* Where a load-time constant stands in the section, or NULL. */
static const struct btf_var_secinfo *constant_find(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
	const struct btf_type *section = id < 0 ? NULL : btf__type_by_id(btf, id);
	const struct btf_var_secinfo *variable = section ? btf_var_secinfos(section) : NULL;

	for (int i = 0; variable && i < btf_vlen(section); i++, variable++) {
		const struct btf_type *type = btf__type_by_id(btf, variable->type);

		if (!strcmp(btf__name_by_offset(btf, type->name_off), name))
			return variable;
	}
	return NULL;
}

/* Before the object is loaded. A constant that a program does not have is none of its business. */
static int constant_set(struct bpf_object *object, const char *name, const void *value, size_t size)
{
	const struct btf_var_secinfo *at = constant_find(bpf_object__btf(object), name);
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".rodata");
	size_t room = 0;
	const void *now = map ? bpf_map__initial_value(map, &room) : NULL;
	char *bytes;
	int error;

	if (!at)
		return 0;
	if (!now || at->size != size || at->offset + size > room)
		return -EINVAL;
	bytes = malloc(room);
	if (!bytes)
		return -ENOMEM;
	memcpy(bytes, now, room);
	memcpy(bytes + at->offset, value, size);
	error = bpf_map__set_initial_value(map, bytes, room);
	free(bytes);
	return error;
}

/* Opens an object with its maps bound to the instance's pins, made or to be made. */
static struct bpf_object *object_open(const struct store *store, enum program_kind kind,
				      const struct run *run, struct fail *fail)
{
	__u32 lines = run->sources / SOURCE_WAYS, mask = lines - 1;
	__u32 strangers = lines / STRANGER_SHARE, stranger_mask = strangers - 1;
	__u8 length6 = capacity_made(run).length6;
	struct bpf_program *program;
	struct bpf_object *object;
	char path[PIN_PATH + 32];
	const void *elf;
	size_t size;

	libbpf_set_print(log_quiet);
	elf = programs[kind].elf(&size);
	object = bpf_object__open_mem(elf, size, NULL);
	if (libbpf_get_error(object)) {
		load_failed(fail, errno);
		return NULL;
	}
	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, !strcmp(bpf_program__name(program), programs[kind].name));
	for (size_t i = 0; i < PINNED_COUNT; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(object, pinned[i].name);

		snprintf(path, sizeof(path), "%s/%s", store->directory, pinned[i].name);
		if (map)
			bpf_map__set_pin_path(map, path);
	}
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, MAP_SOURCE), lines);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, MAP_SOURCE_MORE), run->sources);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, MAP_GROUP), lines);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, MAP_STRANGERS), strangers);
	if (!constant_set(object, "source_mask", &mask, sizeof(mask)) &&
	    !constant_set(object, "group_mask", &mask, sizeof(mask)) &&
	    !constant_set(object, "source_length6", &length6, sizeof(length6)) &&
	    !constant_set(object, "challenge_mask", &stranger_mask, sizeof(stranger_mask)) &&
	    !constant_set(object, "features", &run->features, sizeof(run->features)))
		return object;
	bpf_object__close(object);
	load_failed(fail, EINVAL);
	return NULL;
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

/* An instance that was never finished has left maps, perhaps of another size, that nobody uses. */
static void pins_drop(const struct store *store)
{
	char path[PIN_PATH + 32];

	for (size_t i = 0; i < PINNED_COUNT; i++) {
		snprintf(path, sizeof(path), "%s/%s", store->directory, pinned[i].name);
		unlink(path);
	}
}

static struct store_shape shape_wanted(const struct bpf_map *map)
{
	return (struct store_shape){
		bpf_map__type(map), bpf_map__key_size(map), bpf_map__value_size(map),
		bpf_map__max_entries(map), bpf_map__map_flags(map),
	};
}

/* The first difference in words; false: there is none. */
static bool shape_differs(const struct store_shape *is, const struct store_shape *wanted, char *text,
			  size_t size)
{
	const struct { const char *name; __u32 is, wanted; } facts[] = {
		{ "type", is->type, wanted->type },
		{ "key size", is->key_size, wanted->key_size },
		{ "value size", is->value_size, wanted->value_size },
		{ "entries", is->entries, wanted->entries },
		{ "flags", is->flags, wanted->flags },
	};

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		if (facts[i].is == facts[i].wanted)
			continue;
		snprintf(text, size, "%s %u, not %u", facts[i].name, facts[i].is, facts[i].wanted);
		return true;
	}
	return false;
}

/* The maps of the instance are those that the object was made for. */
static int pins_fit(const struct store *store, struct bpf_object *object, struct fail *fail)
{
	char remedy[INSTANCE_MAX + 64], differs[64], call[INSTANCE_CALL];
	struct store_shape is, wanted;
	struct fail absent;

	for (size_t i = 0; i < PINNED_COUNT; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(object, pinned[i].name);

		if (!map || store_map_shape(store, pinned[i].name, &is, &absent))
			continue;	/* libbpf makes it */
		wanted = shape_wanted(map);
		if (!shape_differs(&is, &wanted, differs, sizeof(differs)))
			continue;
		snprintf(remedy, sizeof(remedy), "make it anew: %s off, then load its file again",
			 pin_call(store->instance, call));
		return fail_set(fail, EXIT_REFUSED, remedy,
				"instance %s was made by another weir: its map %s has another shape: %s",
				store->instance, pinned[i].name, differs);
	}
	return 0;
}

int program_make_maps(const struct store *store, const struct run *run, struct fail *fail)
{
	struct bpf_object *object;
	mode_t mask;
	int error;

	pins_drop(store);
	object = object_open(store, PROGRAM_XDP, run, fail);
	if (!object)
		return -fail->status;
	mask = umask(077);
	error = bpf_object__load(object);
	umask(mask);
	bpf_object__close(object);
	if (error)
		return load_failed(fail, -error);
	return pins_mode(store, fail);
}

int program_open(const struct store *store, enum program_kind kind, __u32 slot, bool l3, __u8 turn,
		 struct program *program, struct fail *fail)
{
	struct bpf_object *object;
	struct secret secret;
	struct run run;
	int error;

	*program = (struct program){ .fd = -1 };
	if (store_run_read(store, &run, fail) || store_secret_read(store, &secret, fail))
		return -fail->status;
	run.features = program_probe();
	run.conntrack = conntrack_settings();
	if (store_run_write(store, &run, fail))
		return -fail->status;
	object = object_open(store, kind, &run, fail);
	if (!object)
		return -fail->status;
	if (pins_fit(store, object, fail)) {
		bpf_object__close(object);
		return -fail->status;
	}
	error = constant_set(object, "dev_slot", &slot, sizeof(slot));
	if (!error)
		error = constant_set(object, "dev_l3", &l3, sizeof(l3));
	if (!error)
		error = constant_set(object, "dev_turn", &turn, sizeof(turn));
	if (!error)
		error = constant_set(object, "hash_key", secret.key, sizeof(secret.key));
	if (error) {
		bpf_object__close(object);
		return load_failed(fail, -error);
	}
	program->object = object;
	return 0;
}

int program_load(const struct store *store, enum program_kind kind, __u32 slot, bool l3,
		 struct program *program, struct fail *fail)
{
	int error;

	if (program_open(store, kind, slot, l3, 0, program, fail))
		return -fail->status;
	error = bpf_object__load(program->object);
	if (error) {
		program_free(program);
		return load_failed(fail, -error);
	}
	program->fd = bpf_program__fd(bpf_object__find_program_by_name(program->object,
								       programs[kind].name));
	return 0;
}

void program_free(struct program *program)
{
	bpf_object__close(program->object);
	*program = (struct program){ .fd = -1 };
}
