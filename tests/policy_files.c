// SPDX-License-Identifier: GPL-2.0-only
/* Policies from files that include files. */
#include <sys/stat.h>
#include <unistd.h>
#include "test.h"
#include "policy.h"

#define NOW	1000000000000ULL

static char directory[] = "/tmp/weir-policy-XXXXXX";

static const char *path_of(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void write_file(const char *name, mode_t mode, const char *text)
{
	FILE *to = fopen(path_of(name), "w");

	CHECK(to != NULL);
	if (!to)
		return;
	fputs(text, to);
	CHECK(!fclose(to) && !chmod(path_of(name), mode));
}

/* reads the file, and what the failure says; NULL: it must be read */
static void check_read(const char *name, bool unsafe, const char *what, unsigned int line)
{
	struct policy policy;
	struct fail fail = {};
	int status = policy_read(path_of(name), NOW, unsafe, &policy, &fail);

	if (!what)
		CHECK_SAID(!status, "%s: %s:%u: %s", name, fail.file, fail.line, fail.what);
	else
		CHECK_SAID(status == -EXIT_USAGE && strstr(fail.what, what), "%s: \"%s\"", name,
			   fail.what);
	CHECK_EQ(fail.line, what ? line : 0);
	policy_free(&policy);
}

static void test_files(void)
{
	struct policy policy;
	struct fail fail = {};

	mkdir(path_of("conf.d"), 0755);
	write_file("conf.d/a.conf", 0644, "blocked { 10.0.0.1 }\n");
	write_file("conf.d/b.conf", 0644, "limit new-flows { total 5/s }");
	write_file("good", 0644, "define A = 10.0.0.2\ninclude \"conf.d/*.conf\"\ninclude none*\n"
		   "blocked { $A }\n");
	CHECK_EQ(policy_read(path_of("good"), NOW, false, &policy, &fail), 0);
	CHECK_EQ(policy.block.count, 2);
	CHECK_EQ(policy.limit_count, 1);
	policy_free(&policy);

	write_file("mark", 0644, "\xef\xbb\xbfmode monitor\r\n");
	check_read("mark", false, NULL, 0);
	write_file("marks", 0644, "\xef\xbb\xbf\xef\xbb\xbfmode monitor");
	check_read("marks", false, "byte 0xef", 1);
	write_file("only_mark", 0644, "\xef\xbb\xbf");
	check_read("only_mark", false, NULL, 0);

	write_file("loop", 0644, "mode monitor\ninclude \"loop2\"\n");
	write_file("loop2", 0644, "\n\ninclude \"loop\"\n");
	check_read("loop", false, "includes itself", 3);
	write_file("self", 0644, "include \"self\"");
	check_read("self", false, "includes itself", 1);
	for (int i = 0; i < 10; i++) {
		char name[16], text[32];

		snprintf(name, sizeof(name), "deep%d", i);
		snprintf(text, sizeof(text), "include \"deep%d\"", i + 1);
		write_file(name, 0644, i < 9 ? text : "mode monitor");
	}
	check_read("deep0", false, "more than 8 deep", 1);
	check_read("deep2", false, NULL, 0);

	write_file("twice", 0644, "limit new-flows { total 6/s }\ninclude \"conf.d/b.conf\"");
	check_read("twice", false, "already set at", 1);
	write_file("missing", 0644, "\ninclude \"nothing\"");
	check_read("missing", false, "No such file", 2);
	check_read("conf.d", false, "not a regular file", 0);
	check_read("nothing", false, "No such file", 0);

	/* a challenge can be said in several files; where the first rate is, if none has the way */
	write_file("rates", 0644, "\nchallenge { engage above 5/s }");
	write_file("way", 0644, "challenge { syn cookie }");
	write_file("both", 0644, "include \"rates\"\ninclude \"way\"");
	check_read("both", false, NULL, 0);
	write_file("rates_alone", 0644, "include \"rates\"\nmode monitor");
	check_read("rates_alone", false, "engage without a way", 2);
	CHECK_EQ(policy_read(path_of("rates_alone"), NOW, false, &policy, &fail), -EXIT_USAGE);
	CHECK_STR(fail.file, path_of("rates"));

	write_file("open", 0666, "mode monitor");
	write_file("group", 0664, "mode monitor");
	write_file("into", 0644, "include \"open\"");
	check_read("open", false, "written by others", 0);
	check_read("group", false, "written by others", 0);
	check_read("open", true, NULL, 0);
	check_read("into", false, "written by others", 1);
	check_read("into", true, NULL, 0);
	CHECK(!mkfifo(path_of("fifo"), 0644));
	check_read("fifo", false, "not a regular file", 0);
}

TEST(files_include_files)
{
	char command[64];

	if (!mkdtemp(directory))
		SKIP("no directory for files");
	test_files();
	snprintf(command, sizeof(command), "rm -r %s", directory);
	CHECK_EQ(system(command), 0);
}

TEST(a_byte_of_zero_is_no_end)
{
	struct policy policy;
	struct fail fail;
	char path[] = "/tmp/weir-zero-XXXXXX";
	int fd = mkstemp(path);

	CHECK_EQ(write(fd, "mode monitor\n\0mode enforce", 26), 26);
	close(fd);
	CHECK_EQ(policy_read(path, NOW, false, &policy, &fail), -EXIT_USAGE);
	CHECK_EQ(fail.line, 2);
	CHECK_STR(fail.what, "byte 0x00 is no part of any word");
	unlink(path);
}

int main(void)
{
	return test_main();
}
