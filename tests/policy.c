// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"
#include "policy_equal.h"

#define NOW	1000000000000ULL
#define SECOND	1000000000ULL
#define COUNT(rows) (sizeof(rows) / sizeof(rows[0]))

static const char example[] =
	"define OFFICE = { 192.0.2.0/24, 2001:db8:10::/48 }\n"
	"mode monitor\n"
	"interface wan0 { role outside; driver native }\n"
	"interface \"lan*\" { role inside }\n"
	"trusted { $OFFICE }\n"
	"check { malformed drop; martians drop; urpf loose; blackhole table 666; stray auto; window off }\n"
	"limit new-flows {\n"
	"	per source 200/second burst 400\n"
	"	prefix 100.64.0.0/10 per source 500/second burst 1000\n"
	"	prefix 203.0.113.0/24 total 2000/second burst 4000\n"
	"	per destination 500/second burst 50000\n"
	"	total 50000/second\n"
	"}\n"
	"pressure { tight above 70%; full above 90%; reserve 5% for tcp port 22, from $OFFICE }\n"
	"challenge { syn retransmit; engage above 5000/second unproven }\n"
	"bypass { udp port 53 to 203.0.113.53; tcp port 60000-60100 }\n";

static const char printed_example[] =
	"mode monitor\n"
	"interface wan0 {\n\trole outside\n\tdriver native\n}\n"
	"interface lan* {\n\trole inside\n}\n"
	"trusted {\n\t192.0.2.0/24\n\t2001:db8:10::/48\n}\n"
	"check {\n\tmalformed drop\n\tmartians drop\n\tstray auto\n\twindow off\n"
	"\tblackhole table 666\n\turpf loose\n}\n"
	"limit new-flows {\n"
	"\tper source 200/second burst 400\n"
	"\tprefix 100.64.0.0/10 per source 500/second burst 1000\n"
	"\tprefix 203.0.113.0/24 total 2000/second burst 4000\n"
	"\tper destination 500/second burst 50000\n"
	"\ttotal 50000/second\n"
	"}\n"
	"pressure {\n\ttight above 70%\n\tfull above 90%\n"
	"\treserve 5% for tcp port 22, from 192.0.2.0/24, from 2001:db8:10::/48\n}\n"
	"challenge {\n\tsyn retransmit\n\tengage above 5000/second unproven\n}\n"
	"bypass {\n\tudp port 53 to 203.0.113.53\n\ttcp port 60000-60100\n}\n";

static bool parses(const char *text, struct policy *policy)
{
	struct fail fail = {};
	bool done = !policy_parse(text, "test.conf", NOW, policy, &fail);

	CHECK_SAID(done, "%u:%u: %s\n%s", fail.line, fail.column, fail.what, text);
	return done;
}

/* parses, prints what is wanted (NULL: anything), and that parses to the same */
static void check_round_trip(const char *text, const char *wanted)
{
	struct policy policy, again;
	char *printed;

	if (!parses(text, &policy))
		return;
	printed = policy_text(&policy, NOW);
	if (wanted)
		CHECK_STR(printed, wanted);
	if (parses(printed, &again)) {
		CHECK_SAID(policy_equal(&policy, &again), "\n%s---\n%s", text, printed);
		policy_free(&again);
	}
	free(printed);
	policy_free(&policy);
}

TEST(the_example_says_what_it_means)
{
	struct policy policy;

	check_round_trip(example, printed_example);
	if (!parses(example, &policy))
		return;
	CHECK_EQ(policy.interface_count, 2);
	CHECK_EQ(policy.interface[0].driver, DRIVER_NATIVE);
	CHECK_EQ(policy.interface[1].role, ROLE_INSIDE);
	CHECK_EQ(policy.trust.count, 2);
	CHECK(policy.trust.at[0].until_ns == ~0ULL);
	CHECK_EQ(policy.check.blackhole_table, 666);
	CHECK_EQ(policy.check.l4_checksum, CHECK_DEFAULT);
	CHECK_EQ(policy.check.stray, CHECK_AUTO);
	CHECK_EQ(policy.limit_count, 5);
	CHECK_EQ(policy.limit[2].kind, LIMIT_PREFIX);
	CHECK_EQ(policy.limit[2].roles, 3);
	CHECK_EQ(policy.limit[4].kind, LIMIT_TOTAL);
	CHECK_EQ(policy.limit[4].burst, 0);
	CHECK_EQ(policy.pressure.reserve_count, 3);
	CHECK_EQ(policy.pressure.reserve[0].ports.first, 22);
	CHECK_EQ(policy.challenge.engage.count, 5000);
	CHECK_EQ(policy.bypass[1].ports.last, 60100);
	policy_free(&policy);
}

TEST(texts_round_trip)
{
	static const char *const rows[][2] = {
		{ "", "mode monitor\n" },
		{ "\n;;\n# nothing\n", "mode monitor\n" },
		{ "mode enforce", "mode enforce\n" },
		{ "mode enforce for 592", "mode enforce for 9m52s\n" },
		{ "mode monitor; trusted { }", "mode monitor\n" },
		{ "trusted { 192.0.2.1 timeout 592 comment \"a \\\"b\\\" \\x1b\" }",
		  "mode monitor\ntrusted {\n"
		  "\t192.0.2.1 timeout 9m52s comment \"a \\\"b\\\" \\x1b\"\n}\n" },
		{ "blocked { 10.0.0.0/8, ::/0,\n 192.0.2.1; 192.0.2.0/24\n }",
		  "mode monitor\nblocked {\n\t10.0.0.0/8\n\t192.0.2.0/24\n\t192.0.2.1\n\t::/0\n}\n" },
		{ "blocked { 192.0.2.1 timeout 10 }\nblocked { 192.0.2.1 timeout 20 }\n",
		  "mode monitor\nblocked {\n\t192.0.2.1 timeout 20s\n}\n" },
		{ "interface \"a b\\x1b\" { urpf strict; driver tc; sources { 10.0.0.0/8, fd00::/8 } }",
		  "mode monitor\ninterface \"a b\\x1b\" {\n\trole outside\n\tdriver tc\n\turpf strict\n"
		  "\tsources { 10.0.0.0/8, fd00::/8 }\n}\n" },
		{ "interface a { driver chain; priority 10 }",
		  "mode monitor\ninterface a {\n\trole outside\n\tdriver chain\n\tpriority 10\n}\n" },
		{ "interface a { urpf off }", "mode monitor\ninterface a {\n\trole outside\n\turpf off\n}\n" },
		{ "check { malformed monitor; l4-checksum off; stray drop; window monitor }", NULL },
		{ "check { martians drop except 10.0.0.0/8, { fd00::/8, 192.168.0.0/16 } }",
		  "mode monitor\ncheck {\n\tmartians drop except 10.0.0.0/8, fd00::/8, 192.168.0.0/16\n}\n" },
		{ "check { martians except 10.0.0.0/8 }", NULL },
		{ "check { blackhole off }", "mode monitor\ncheck {\n\tblackhole off\n}\n" },
		{ "check { blackhole drop }", "mode monitor\ncheck {\n\tblackhole table 254 drop\n}\n" },
		{ "check { blackhole table main monitor }",
		  "mode monitor\ncheck {\n\tblackhole table 254 monitor\n}\n" },
		{ "check { urpf off }", "mode monitor\n" },
		{ "check { urpf strict monitor }", "mode monitor\ncheck {\n\turpf strict monitor\n}\n" },
		{ "limit new-flows { from outside per source 10/m; from inside per source 5/h burst 2 }",
		  "mode monitor\nlimit new-flows {\n\tfrom outside per source 10/minute\n"
		  "\tfrom inside per source 5/hour burst 2\n}\n" },
		{ "define A = 10.0.0.0/8; define B = { $A 11.0.0.0/8 }\n"
		  "limit new-flows { prefix $B per aggregate 50k/s }",
		  "mode monitor\nlimit new-flows {\n\tprefix 10.0.0.0/8 per aggregate 50000/second\n"
		  "\tprefix 11.0.0.0/8 per aggregate 50000/second\n}\n" },
		{ "challenge { engage above 10/second; syn off }",
		  "mode monitor\nchallenge {\n\tsyn off\n\tengage above 10/second unproven\n}\n" },
		{ "define D = { 192.0.2.0/24, 2001:db8::/48 }\n"
		  "challenge { engage to $D above 5/s unproven; syn cookie; engage to 198.51.100.1 above 1k/m }",
		  "mode monitor\nchallenge {\n\tsyn cookie\n"
		  "\tengage to 192.0.2.0/24 above 5/second unproven\n"
		  "\tengage to 2001:db8::/48 above 5/second unproven\n"
		  "\tengage to 198.51.100.1 above 1000/minute unproven\n}\n" },
		{ "challenge { engage above 5/s }\nchallenge { syn cookie }",
		  "mode monitor\nchallenge {\n\tsyn cookie\n\tengage above 5/second unproven\n}\n" },
		{ "challenge { }", "mode monitor\n" },
		{ "sources { }", "mode monitor\n" },
		{ "sources { ipv6 56; capacity 4000k }", "mode monitor\nsources {\n\tcapacity 4M\n\tipv6 56\n}\n" },
		{ "sources { capacity 1048576 }", "mode monitor\nsources {\n\tcapacity 1048576\n}\n" },
		{ "define D = { 192.0.2.1, 2001:db8::1 }\nbypass { udp port 53 to $D from { ::/0 } fast }",
		  "mode monitor\nbypass {\n\tudp port 53 to 2001:db8::1 from ::/0 fast\n}\n" },
		{ "bypass { proto 99; proto tcp port 80; port 5-9; gre from 10.0.0.0/8; fast esp }",
		  "mode monitor\nbypass {\n\tproto 99\n\ttcp port 80\n\tport 5-9\n\tgre from 10.0.0.0/8\n"
		  "\tesp fast\n}\n" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		check_round_trip(rows[i][0], rows[i][1]);
}

TEST(errors_name_place_and_cure)
{
	static const struct {
		const char	*text;
		unsigned int	line, column;
		const char	*what;		/* begins with */
		const char	*remedy;	/* contains */
	} rows[] = {
		{ "mdoe monitor", 1, 1, "unexpected \"mdoe\"; expected mode, interface, trusted, blocked, "
		  "check, limit, pressure, challenge, sources, bypass, define or include", "did you mean \"mode\"?" },
		{ "mode\n", 1, 5, "unexpected end of line; expected monitor or enforce", "" },
		{ "mode", 1, 5, "unexpected end of text; expected monitor or enforce", "" },
		{ "mode enforce for 0", 1, 18, "a time of 0", "" },
		{ "mode enforce for 10x", 1, 18, "\"10x\" is not a duration", "1h30m" },
		{ "mode monitor\n\nmode enforce", 3, 1, "\"mode\" is already set at test.conf:1", "" },
		{ "mode monitor enforce", 1, 14, "unexpected \"enforce\"; expected end of line or ;", "" },
		{ "}", 1, 1, "unexpected \"}\"", "" },
		{ "trusted {\n 192.0.2.1\n", 1, 9, "this block is never closed", "}" },
		{ "trusted 192.0.2.1", 1, 9, "unexpected \"192.0.2.1\"; expected {", "" },
		{ "trusted { 192.0.2.1/24 }", 1, 11, "192.0.2.1/24 has host bits set",
		  "did you mean 192.0.2.0/24?" },
		{ "trusted { { 192.0.2.1 } }", 1, 11, "unexpected \"{\"; expected a prefix", "" },
		{ "trusted { $OFFICE }", 1, 11, "\"$OFFICE\" is not defined", "define" },
		{ "trusted { 192.0.2.1 tiemout 3 }", 1, 21, "unexpected \"tiemout\"; expected", "" },
		{ "trusted { 192.0.2.1 comment }", 1, 29, "unexpected \"}\"; expected a comment", "" },
		{ "trusted { 192.0.2.1 comment \"a }", 1, 29, "the string has no end", "" },
		{ "trusted { 192.0.2.1 comment \"a\\q\" }", 1, 31, "unknown escape", "" },
		{ "trusted { 192.0.2.1 comment \"\\x00\" }", 1, 30, "unknown escape", "" },
		{ "trusted { $ }", 1, 11, "expected a name after $", "" },
		{ "mode \x1b", 1, 6, "byte 0x1b", "quotes" },
		{ "mode \xc3\xa9", 1, 6, "byte 0xc3", "quotes" },
		{ "interface wan0 { rolle inside }", 1, 18, "unexpected \"rolle\"; expected role, driver, "
		  "priority, urpf or sources", "did you mean \"role\"?" },
		{ "interface wan0 { priority 256 }", 1, 27, "\"256\" is not within 1 and 255", "" },
		{ "interface wan0 { role left }", 1, 23, "unexpected \"left\"; expected outside or inside", "" },
		{ "interface wan0 { role inside; role inside }", 1, 31, "\"role\" is already set at "
		  "test.conf:1", "" },
		{ "interface wan0 {}\ninterface wan0 {}", 2, 11, "interface \"wan0\" is already described at "
		  "test.conf:1", "join" },
		{ "interface a234567890123456 {}", 1, 11, "a device name has at most 15", "" },
		{ "interface \"\" {}", 1, 11, "a device name has 1 to 63", "" },
		{ "check { martian drop }", 1, 9, "unexpected \"martian\"", "did you mean \"martians\"?" },
		{ "check { window auto }", 1, 16, "unexpected \"auto\"; expected drop, monitor or off", "" },
		{ "check { stray loose }", 1, 15, "unexpected \"loose\"; expected drop, monitor, off or auto",
		  "" },
		{ "check { stray drop\n stray off }", 2, 2, "\"stray\" is already set at test.conf:1", "" },
		{ "check { blackhole table 0 }", 1, 25, "\"0\" is not within 1 and 4294967295", "" },
		{ "check { blackhole table 1 off }", 1, 27, "unexpected \"off\"; expected drop or monitor", "" },
		{ "check { urpf maybe }", 1, 14, "unexpected \"maybe\"; expected off, loose or strict", "" },
		{ "check { urpf loose off }", 1, 20, "unexpected \"off\"; expected drop or monitor", "" },
		{ "check { martians drop except }", 1, 30, "unexpected \"}\"; expected a prefix", "" },
		{ "limit { total 1/s }", 1, 7, "unexpected \"{\"; expected new-flows", "" },
		{ "limit new-flows { total 0/second }", 1, 25, "\"0/second\": a rate of 0", "block" },
		{ "limit new-flows { total 5 }", 1, 25, "\"5\" is not a rate", "200/second" },
		{ "limit new-flows { 5/second }", 1, 19, "unexpected \"5/second\"; expected per or total", "" },
		{ "limit new-flows { per sourc 5/s }", 1, 23, "unexpected \"sourc\"; expected source, "
		  "destination or aggregate", "did you mean \"source\"?" },
		{ "limit new-flows { total 5/s burst 0 }", 1, 35, "\"0\" is not within 1", "" },
		{ "limit new-flows { total 1/h burst 99999 }", 1, 35, "at this rate the burst takes more than "
		  "a year", "" },
		{ "limit new-flows {\n\tper source 5/s\n\ttotal 6/s\n\tper source 7/s\n}", 4, 2,
		  "this limit is already set at test.conf:2", "keep one" },
		{ "limit new-flows { per source 5/s\n from inside per source 6/s }", 2, 2,
		  "this limit is already set at test.conf:1", "" },
		{ "limit new-flows { prefix 10.0.0.0/25 per aggregate 5/s }", 1, 19,
		  "10.0.0.0/25 is within one aggregate", "total" },
		{ "pressure { tight above 101% }", 1, 24, "\"101%\" is more than 100%", "" },
		{ "pressure { tight above 0% }", 1, 24, "0% says nothing", "" },
		{ "pressure { tight above 70 }", 1, 24, "\"70\" is not a percentage", "70%" },
		{ "pressure { tight above 90%; full above 90% }", 1, 40, "tight (90%) must begin below full "
		  "(90%)", "" },
		{ "pressure { full above 50%; tight above 90% }", 1, 40, "tight (90%) must begin below full "
		  "(50%)", "" },
		{ "pressure { tight below 90% }", 1, 18, "unexpected \"below\"; expected above", "" },
		{ "pressure { reserve 5% }", 1, 23, "unexpected \"}\"; expected for", "" },
		{ "pressure { reserve 5% for }", 1, 27, "unexpected \"}\"; expected a protocol", "" },
		{ "pressure { reserve 1% for port 1, port 2, port 3, port 4, port 5, port 6, port 7, port 8, port 9, "
		  "port 10, port 11, port 12, port 13 }", 1, 126, "reserve: more than 12 different services",
		  "name port ranges" },
		{ "pressure { reserve 5% for icmp port 8 }", 1, 32, "this protocol has no ports", "" },
		{ "challenge { syn cokie }", 1, 17, "unexpected \"cokie\"; expected off, retransmit or cookie",
		  "did you mean \"cookie\"?" },
		{ "challenge { engage above 0/s }", 1, 26, "\"0/s\": a rate of 0", "" },
		{ "mode monitor\nchallenge { engage above 5/s }\nmode enforce", 3, 1, "\"mode\" is already set", "" },
		{ "mode monitor\nchallenge {\n\tengage above 5/s\n}\n", 3, 2, "engage without a way to challenge; "
		  "expected syn retransmit or syn cookie", "challenge block" },
		{ "challenge { engage to 192.0.2.0/24 above 5/s\nengage above 5/s }", 1, 13,
		  "engage without a way to challenge", "" },
		{ "challenge { engage 192.0.2.0/24 above 5/s }", 1, 20, "unexpected \"192.0.2.0/24\"; expected above", "" },
		{ "challenge { engage to 192.0.2.0/24 5/s }", 1, 36, "unexpected \"5/s\"; expected above", "" },
		{ "challenge { engage to 192.0.2.1/24 above 5/s }", 1, 23, "192.0.2.1/24", "192.0.2.0/24" },
		{ "challenge { engage to 192.0.2.0/24 above 5/s\nengage to 192.0.2.0/24 above 6/s }", 2, 1,
		  "the rate to this prefix is already set at test.conf:1", "keep one of the two" },
		{ "sources { capacity 1023 }", 1, 20, "\"1023\" is not within 1024 and 67108864", "" },
		{ "sources { capacity 68M }", 1, 20, "\"68M\" is not within 1024 and 67108864", "" },
		{ "sources { capacity 4G }", 1, 20, "\"4G\" is not a number", "4M" },
		{ "sources { ipv6 47 }", 1, 16, "\"47\" is not within 48 and 128", "" },
		{ "sources { ipv6 129 }", 1, 16, "\"129\" is not within 48 and 128", "" },
		{ "sources { ipv6 56\nipv6 64 }", 2, 1, "\"ipv6\" is already set at test.conf:1", "" },
		{ "sources { size 4M }", 1, 11, "unexpected \"size\"; expected capacity or ipv6", "" },
		{ "bypass { upd port 53 }", 1, 10, "unexpected \"upd\"; expected a protocol", "" },
		{ "bypass { fast }", 1, 15, "unexpected \"}\"; expected a protocol", "" },
		{ "bypass { udp port 0 }", 1, 19, "\"0\": a port is 1 to 65535", "" },
		{ "bypass { udp port 9-8 }", 1, 19, "\"9-8\" ends before it begins", "8-9" },
		{ "bypass { icmp port 8 }", 1, 15, "this protocol has no ports", "" },
		{ "bypass { proto 0 }", 1, 16, "\"0\" is not within 1 and 255", "" },
		{ "bypass { proto foo }", 1, 16, "unexpected \"foo\"; expected tcp", "" },
		{ "bypass { mark 3 }", 1, 15, "\"3\" is not one bit of 32", "like" },
		{ "bypass { mark 1 }\nbypass { mark 1 }", 2, 10, "\"mark\" is already set at test.conf:1", "" },
		{ "bypass { to 10.0.0.1 from ::1 }", 1, 10, "no packet goes from IPv6 to IPv4", "" },
		{ "bypass { udp port 53\nudp port 53 fast }", 2, 1, "this bypass is already set at "
		  "test.conf:1", "" },
		{ "define A { }", 1, 10, "unexpected \"{\"; expected =", "" },
		{ "define A-B = 10.0.0.1", 1, 8, "\"A-B\": a name has letters", "" },
		{ "define A = 10.0.0.1\ndefine A = 10.0.0.2", 2, 8, "\"A\" is already defined at "
		  "test.conf:1", "" },
		{ "define A = { $A }", 1, 14, "\"$A\" is not defined", "" },
		{ "define A = { 10.0.0.1", 1, 22, "unexpected end of text; expected a prefix", "" },
		{ "include", 1, 8, "unexpected end of text; expected a \"path\"", "" },
		{ "include \"/nonexistent/weir\"", 1, 9, "/nonexistent/weir: No such file", "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct policy policy;
		struct fail fail = {};
		int status = policy_parse(rows[i].text, "test.conf", NOW, &policy, &fail);

		CHECK_SAID(status == -EXIT_USAGE, "for %s", rows[i].text);
		CHECK_SAID(fail.line == rows[i].line && fail.column == rows[i].column,
			   "for %s: %u:%u, not %u:%u: %s", rows[i].text, fail.line, fail.column,
			   rows[i].line, rows[i].column, fail.what);
		CHECK_SAID(!strncmp(fail.what, rows[i].what, strlen(rows[i].what)), "for %s: \"%s\"",
			   rows[i].text, fail.what);
		CHECK_SAID(strstr(fail.remedy, rows[i].remedy) != NULL, "for %s: \"%s\"", rows[i].text,
			   fail.remedy);
		CHECK_STR(fail.file, "test.conf");
		CHECK(!policy.limit && !policy.trust.at && !policy.interface && !policy.bypass);
	}
}

/* ---- lists --------------------------------------------------------------------------------- */

TEST(of_equal_prefixes_the_longest_stays)
{
	struct policy policy;

	if (!parses("blocked { 10.0.0.1 timeout 5; 10.0.0.1 comment \"b\"; 10.0.0.1 timeout 9 }", &policy))
		return;
	CHECK_EQ(policy.block.count, 1);
	CHECK(policy.block.at[0].until_ns == ~0ULL && policy.block.at[0].comment);
	policy_free(&policy);
}

TEST(a_million_entries_fit)
{
	size_t size = 40UL << 20, used;
	char *text = malloc(size);
	struct policy policy;

	used = sprintf(text, "blocked {\n");
	for (unsigned int i = 0; i < 1000000; i++) {
		__u32 address = i * 2654435761u;	/* odd: each address once, in no order */

		used += sprintf(text + used, "%u.%u.%u.%u\n", address >> 24, address >> 16 & 255,
				address >> 8 & 255, address & 255);
	}
	sprintf(text + used, "}\n");
	if (parses(text, &policy))
		CHECK_EQ(policy.block.count, 1000000);
	policy_free(&policy);
	free(text);
}

TEST(what_has_expired_is_not_printed)
{
	struct policy policy;
	char *text;

	if (!parses("mode enforce for 10; blocked { 10.0.0.1 timeout 10; 10.0.0.2 timeout 12 }", &policy))
		return;
	text = policy_text(&policy, NOW + 10 * SECOND);
	CHECK_STR(text, "mode monitor\nblocked {\n\t10.0.0.2 timeout 2s\n}\n");
	free(text);
	policy_free(&policy);
}

int main(void)
{
	return test_main();
}
