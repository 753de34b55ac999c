// SPDX-License-Identifier: GPL-2.0-only
/* Files: reading one, and include "glob" */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy_include.h"

/* Opens what only its owner, root or ourselves, can have written. */
static int open_safe(const char *path, bool unsafe, struct stat *stat, struct fail *fail)
{
	/* O_NONBLOCK: a FIFO must not hold us */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return fail_set(fail, EXIT_USAGE, "name a file that can be read", "%s: %s", path, strerror(errno));
	if (fstat(fd, stat))
		fail_set(fail, EXIT_USAGE, NULL, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(stat->st_mode))
		fail_set(fail, EXIT_USAGE, "name a file, or - for what comes from a pipe",
			 "%s is not a regular file", path);
	else if (!unsafe && (stat->st_mode & (S_IWGRP | S_IWOTH)))
		fail_set(fail, EXIT_USAGE, "chmod go-w it", "%s can be written by others", path);
	else if (!unsafe && stat->st_uid && stat->st_uid != geteuid())
		fail_set(fail, EXIT_USAGE, "chown it to root", "%s belongs to another user", path);
	else
		return fd;
	close(fd);
	return -EXIT_USAGE;
}

/* Reads fd to its end. The text is the caller's to free. */
static int read_all(int fd, const char *path, size_t guess, char **out, size_t *length,
		    struct fail *fail)
{
	size_t room = guess < FILE_MAX_BYTES ? guess + 2 : FILE_MAX_BYTES + 2, used = 0;
	char *text = NULL;

	for (;;) {
		char *grown = realloc(text, room);
		ssize_t got;

		if (!grown) {
			free(text);
			return fail_set(fail, EXIT_REFUSED, NULL, "out of memory for %s", path);
		}
		text = grown;
		do
			got = read(fd, text + used, room - used - 1);
		while (got < 0 && errno == EINTR);
		if (got < 0) {
			free(text);
			return fail_set(fail, EXIT_USAGE, NULL, "%s: %s", path, strerror(errno));
		}
		used += got;
		if (!got)
			break;
		if (used > FILE_MAX_BYTES) {
			free(text);
			return fail_set(fail, EXIT_USAGE, NULL, "%s has more than %lu MiB", path,
					FILE_MAX_BYTES >> 20);
		}
		if (used + 1 == room)
			room *= 2;
	}
	text[used] = '\0';
	*out = text;
	*length = used;
	return 0;
}

/* What editors of other systems put in front of a text is none of it. */
static void skip_mark(char *text, size_t *length)
{
	if (*length < 3 || memcmp(text, "\xef\xbb\xbf", 3))
		return;
	*length -= 3;
	memmove(text, text + 3, *length + 1);
}

int file_text(const char *path, bool unsafe, char **out, size_t *length, struct stat *stat,
	      struct fail *fail)
{
	int fd, status;

	memset(stat, 0, sizeof(*stat));
	if (!strcmp(path, "-")) {
		status = read_all(STDIN_FILENO, "standard input", 65536, out, length, fail);
	} else {
		fd = open_safe(path, unsafe, stat, fail);
		if (fd < 0)
			return fd;
		status = read_all(fd, path, stat->st_size, out, length, fail);
		close(fd);
	}
	if (!status)
		skip_mark(*out, length);
	return status;
}

int reader_text_of(struct reader *reader, const char *name, const char *text, size_t length,
		   const struct stat *stat)
{
	char **names = array_room(reader->name, reader->name_count, sizeof(*names));
	struct lexer outer = reader->lexer;

	if (!names)
		return fail_set(reader->fail, EXIT_REFUSED, NULL, "out of memory");
	reader->name = names;
	names[reader->name_count] = strdup(name);
	if (!names[reader->name_count])
		return fail_set(reader->fail, EXIT_REFUSED, NULL, "out of memory");
	name = names[reader->name_count++];
	reader->open[reader->depth].dev = stat->st_dev;
	reader->open[reader->depth].ino = stat->st_ino;
	reader->depth++;
	reader->failed = lexer_init(&reader->lexer, name, text, length, reader->fail);
	policy_statements(reader);
	reader->depth--;
	reader->lexer = outer;
	return reader->failed ? -reader->fail->status : 0;
}

/* One file of an include statement; at is the statement's path, for failures. */
static int include_file(struct reader *reader, const struct token *at, const char *path)
{
	struct stat stat;
	size_t length;
	char *text;

	if (reader->depth == INCLUDE_DEPTH)
		return reader_fail_at(reader, at, NULL,
				      "files include each other more than %d deep", INCLUDE_DEPTH);
	if (reader->name_count == INCLUDE_FILES)
		return reader_fail_at(reader, at, NULL, "more than %d files", INCLUDE_FILES);
	if (file_text(path, reader->unsafe, &text, &length, &stat, reader->fail)) {
		reader->failed = true;
		return lexer_place(&reader->lexer, at, reader->fail);
	}
	for (unsigned int i = 0; i < reader->depth && !reader->failed; i++)
		if (reader->open[i].ino == stat.st_ino && reader->open[i].dev == stat.st_dev)
			reader_fail_at(reader, at, NULL, "%s includes itself", path);
	if (!reader->failed)
		reader_text_of(reader, path, text, length, &stat);
	free(text);
	return reader->failed ? -EXIT_USAGE : 0;
}

/* what the path means beside the file that names it */
static bool beside(const char *file, const char *path, char *out, size_t size)
{
	const char *slash = strrchr(file, '/');
	int length = path[0] == '/' || !slash ? 0 : (int)(slash + 1 - file);

	return (size_t)snprintf(out, size, "%.*s%s", length, file, path) < size;
}

int include_statement(struct reader *reader)
{
	const struct token at = reader->lexer.now;
	char text[WORD_SIZE], pattern[4096];
	glob_t found = {};
	int status;

	if (reader_text(reader, true, "a \"path\"", text))
		return -EXIT_USAGE;
	if (!beside(reader->lexer.name, text, pattern, sizeof(pattern)))
		return reader_fail_at(reader, &at, NULL, "the path is too long");
	if (!strpbrk(text, "*?["))
		return include_file(reader, &at, pattern);
	status = glob(pattern, 0, NULL, &found);
	if (status && status != GLOB_NOMATCH)
		reader_fail_at(reader, &at, NULL, "%s can't be searched", pattern);
	for (size_t i = 0; i < found.gl_pathc && !reader->failed; i++)
		include_file(reader, &at, found.gl_pathv[i]);
	globfree(&found);
	return reader->failed ? -EXIT_USAGE : 0;
}
