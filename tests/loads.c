// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every BPF program that only tests and benchmarks load is one that the kernel takes: all objects
 * that were built from tests/bpf/, so that none can be forgotten here.
 */
#include <bpf/libbpf.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <unistd.h>
#include "attach.h"
#include "test.h"

#define TAIL	2000

static char said[1 << 20];	/* the longest that libbpf said: the verifier's log, whose end tells why */

static int keep(enum libbpf_print_level level, const char *format, va_list arguments)
{
	static char line[sizeof(said)];

	if (level == LIBBPF_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), format, arguments);
	if (strlen(line) > strlen(said))
		strcpy(said, line);
	return 0;
}

static void load(const char *path)
{
	struct bpf_object *object;
	int error;

	said[0] = '\0';
	object = bpf_object__open_file(path, NULL);
	error = object ? bpf_object__load(object) : -1;
	CHECK_SAID(!error, "%s: %d\n%s", path, error,
		   strlen(said) > TAIL ? said + strlen(said) - TAIL : said);
	bpf_object__close(object);
}

TEST(each_program_of_tests_loads)
{
	char path[PATH_MAX] = "", pattern[PATH_MAX + 16];
	glob_t found;

	if (geteuid())
		SKIP("needs root");
	CHECK(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
	snprintf(pattern, sizeof(pattern), "%s/bpf/*.bpf.o", dirname(path));
	if (glob(pattern, 0, NULL, &found))
		SKIP("the objects are not here");
	attach_probe();		/* some call functions of nf_conntrack */
	libbpf_set_print(keep);
	for (size_t i = 0; i < found.gl_pathc; i++)
		load(found.gl_pathv[i]);
	printf("# %zu objects\n", found.gl_pathc);
	globfree(&found);
}

int main(void)
{
	return test_main();
}
