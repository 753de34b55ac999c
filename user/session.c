// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#include "out.h"
#include "reach.h"
#include "session.h"

#define PARENTS_MAX 32

/* "192.0.2.7 50123 ...": the address. A link-local one has its device behind a '%'. */
static bool peer_read(const char *text, struct prefix *peer)
{
	char address[64];
	struct fail ignored;
	size_t length = strcspn(text, " %");

	if (length >= sizeof(address) || memchr(text, '/', length))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	return prefix_parse(address, peer, &ignored) == 0;
}

/* The value of a variable in "NAME=value" strings that follow each other. */
static const char *environ_value(const char *environ, size_t size, const char *name)
{
	const char *end = environ + size;

	for (const char *at = environ; at < end; at += strlen(at) + 1)
		if (!strncmp(at, name, strlen(name)) && at[strlen(name)] == '=')
			return at + strlen(name) + 1;
	return NULL;
}

static bool environ_peer(const char *environ, size_t size, struct prefix *peer)
{
	const char *text = environ_value(environ, size, "SSH_CONNECTION");

	if (!text)
		text = environ_value(environ, size, "SSH_CLIENT");
	return text && peer_read(text, peer);
}

/* the parent of a process, 0: none that we may see */
static pid_t parent_of(pid_t process)
{
	char path[64], text[512], *after;
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", process);
	file = fopen(path, "re");
	if (!file)
		return 0;
	size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[size] = '\0';
	after = strrchr(text, ')');	/* the name in front may hold anything */
	return after && strlen(after) > 4 ? atoi(after + 4) : 0;
}

static bool process_peer(pid_t process, struct prefix *peer)
{
	char path[64], *text = NULL;
	size_t room = 0;
	bool found = false;
	ssize_t size;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/environ", process);
	file = fopen(path, "re");
	if (!file)
		return false;
	/* one variable at a time */
	while (!found && (size = getdelim(&text, &room, '\0', file)) > 0)
		found = environ_peer(text, size, peer);
	free(text);
	fclose(file);
	return found;
}

bool session_peer(struct prefix *peer)
{
	const char *text = getenv("SSH_CONNECTION");
	pid_t process = getppid();

	if (!text)
		text = getenv("SSH_CLIENT");
	if (text)
		return peer_read(text, peer);
	for (int i = 0; i < PARENTS_MAX && process > 1; i++, process = parent_of(process))
		if (process_peer(process, peer))
			return true;
	return false;
}

/* What of the policy drops the peer. */
static bool dropped_by(const struct policy *policy, const struct prefix *peer, __u64 now_ns,
		       char *what, size_t size)
{
	const struct entry *entry = entries_find(&policy->block, peer, now_ns);
	enum reason reason;

	if (entry) {
		prefix_print(&entry->prefix, what, size);
		return true;
	}
	if (!reach_drops(policy, peer, now_ns, &reason))
		return false;
	snprintf(what, size, "%s", reason == REASON_MARTIAN ? "check { martians }" :
		 reason == REASON_BLACKHOLE ? "check { blackhole }" : "the sources of an interface");
	return true;
}

void session_warn(const struct policy *policy, __u64 now_ns)
{
	char peer_text[PREFIX_TEXT], what[PREFIX_TEXT];
	struct prefix peer;

	if (!session_peer(&peer) || entries_find(&policy->trust, &peer, now_ns))
		return;
	if (!dropped_by(policy, &peer, now_ns, what, sizeof(what)))
		return;
	prefix_print(&peer, peer_text, sizeof(peer_text));
	fprintf(stderr, "weir: warning: %s blocks %s, from where this session comes%s\n"
		"  keep it: weir trust add %s\n", what, peer_text,
		policy->mode == MODE_ENFORCE ? "" : " (in monitor mode nothing is dropped yet)", peer_text);
}
