// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#include "out.h"
#include "pin.h"
#include "reach.h"
#include "session.h"

#define PARENTS_MAX 32

/* The first word as an address. A link-local one has its device behind a '%'. */
static bool address_read(const char *text, struct prefix *out)
{
	char address[64];
	struct fail ignored;
	size_t length = strcspn(text, " %");

	if (length >= sizeof(address) || memchr(text, '/', length))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	return prefix_parse(address, out, &ignored) == 0;
}

static const char *word_after(const char *text)
{
	text += strcspn(text, " ");
	return text + strspn(text, " ");
}

/* SSH_CONNECTION: "192.0.2.7 50123 192.0.2.1 22"; SSH_CLIENT: "192.0.2.7 50123 22" */
static bool session_read(const char *text, struct session *session)
{
	*session = (struct session){ 0 };
	if (!address_read(text, &session->peer))
		return false;
	text = word_after(word_after(text));
	if (*word_after(text) && !address_read(text, &session->here))
		session->here.family = 0;
	return true;
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

static bool environ_session(const char *environ, size_t size, struct session *session)
{
	const char *text = environ_value(environ, size, "SSH_CONNECTION");

	if (!text)
		text = environ_value(environ, size, "SSH_CLIENT");
	return text && session_read(text, session);
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

static bool process_session(pid_t process, struct session *session)
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
		found = environ_session(text, size, session);
	free(text);
	fclose(file);
	return found;
}

bool session_find(struct session *session)
{
	const char *text = getenv("SSH_CONNECTION");
	pid_t process = getppid();

	if (!text)
		text = getenv("SSH_CLIENT");
	if (text)
		return session_read(text, session);
	for (int i = 0; i < PARENTS_MAX && process > 1; i++, process = parent_of(process))
		if (process_session(process, session))
			return true;
	return false;
}

/* What of the policy drops the session's packets; empty: nothing. */
static enum reason dropped_by(const struct policy *policy, const struct session *session, __u64 now_ns,
			      char *what, size_t size)
{
	const struct entry *entry = entries_find(&policy->block, &session->peer, now_ns);
	enum reason reason;

	*what = '\0';
	if (entry && !entries_find(&policy->trust, &session->peer, now_ns)) {
		prefix_print(&entry->prefix, what, size);
		return REASON_BLOCKED;
	}
	if (reach_drops(policy, session, now_ns, &reason))
		snprintf(what, size, "%s", reason == REASON_MARTIAN ? "check { martians }" :
			 reason == REASON_BLACKHOLE ? "check { blackhole }" :
			 reason == REASON_URPF ? "urpf" : "the sources of an interface");
	return reason;
}

void session_warn(FILE *to, const char *instance, const struct policy *policy, __u64 now_ns)
{
	char peer[PREFIX_TEXT], what[PREFIX_TEXT], call[INSTANCE_CALL];
	struct session session;
	enum reason reason;

	if (!session_find(&session))
		return;
	reason = dropped_by(policy, &session, now_ns, what, sizeof(what));
	if (!reason)
		return;
	prefix_print(&session.peer, peer, sizeof(peer));
	fprintf(to, "weir: warning: %s blocks %s, from where this session comes%s\n", what, peer,
		policy->mode == MODE_ENFORCE ? "" : " (in monitor mode nothing is dropped yet)");
	if (reason == REASON_WRONG_SIDE)
		fprintf(to, "  keep it: name %s among the sources of the interface it comes by\n", peer);
	else
		fprintf(to, "  keep it: %s trust add %s\n", pin_call(instance, call), peer);
}
