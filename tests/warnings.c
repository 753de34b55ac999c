// SPDX-License-Identifier: GPL-2.0-only
/* Warnings as they are printed, read again one by one. */
#include "test.h"
#include "warnings.h"

static char *as_json(const char *text)
{
	char *json = NULL;
	struct out out;
	size_t size;
	FILE *to = open_memstream(&json, &size);

	out_init(&out, to, true);
	out_object_begin(&out, NULL, NULL);
	warnings_out(&out, text);
	out_object_end(&out);
	fclose(to);
	return json;
}

TEST(each_warning_is_an_object)
{
	static const struct { const char *text, *json; } cases[] = {
		{ "", "{\"warnings\":[]}\n" },
		{ "weir: warning: a\n", "{\"warnings\":[{\"what\":\"a\",\"details\":null}]}\n" },
		{ "weir: warning: a: `ip \"x\"`\n  do b\n",
		  "{\"warnings\":[{\"what\":\"a: `ip \\\"x\\\"`\",\"details\":\"do b\"}]}\n" },
		{ "weir: warning: a\n  b\n  c\nweir: warning: d\nweir: warning: e\n  f\n",
		  "{\"warnings\":[{\"what\":\"a\",\"details\":\"b c\"},\n{\"what\":\"d\",\"details\":null},\n"
		  "{\"what\":\"e\",\"details\":\"f\"}]}\n" },
		{ "weir: something else\n  b\n  c\nweir: warning: d\n",
		  "{\"warnings\":[{\"what\":\"d\",\"details\":null}]}\n" },
		{ "weir: warning: no newline\n  at the end",
		  "{\"warnings\":[{\"what\":\"no newline\",\"details\":\"at the end\"}]}\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *json = as_json(cases[i].text);

		CHECK_STR(json, cases[i].json);
		free(json);
	}
}

int main(void)
{
	return test_main();
}
