/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The BPF programs that are inside of this binary: probe the kernel for what they can use, load
 * them with the maps of an instance. The only file that includes skeletons.
 */
#ifndef WEIR_PROGRAM_H
#define WEIR_PROGRAM_H

#include "store.h"

enum program_kind {
	PROGRAM_XDP,
	PROGRAM_GENERIC,	/* XDP without a driver */
	PROGRAM_TC,
	PROGRAM_MARK,		/* tc ingress behind XDP */
	PROGRAM_CHAIN,		/* XDP behind a dispatcher: opened, and loaded by libxdp */
};

struct program {
	struct bpf_object *object;	/* owned */
	int	fd;			/* valid as long as the object */
};

/* What the kernel offers to programs loaded from now on (enum feature); loads nf_conntrack. */
__u32 program_probe(void);
/* Whether the kernel describes its types: without that no program of ours loads. */
bool program_btf(void);

/* Makes and pins the maps of an instance: their sizes follow run->sources. */
int program_make_maps(const struct store *store, const struct run *run, struct fail *fail);

/*
 * Loads the program of a slot, with the instance's maps and keys; probes the kernel again, and
 * writes what it found to map "run". l3: the device has no Ethernet header. Free the result.
 */
int program_load(const struct store *store, enum program_kind kind, __u32 slot, bool l3,
		 struct program *program, struct fail *fail);
/* The same, but for the load. turn: of PROGRAM_CHAIN. */
int program_open(const struct store *store, enum program_kind kind, __u32 slot, bool l3, __u8 turn,
		 struct program *program, struct fail *fail);
void program_free(struct program *program);

/* The name that the kernel shows for it. */
const char *program_name(enum program_kind kind);

#endif
