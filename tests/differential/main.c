// SPDX-License-Identifier: GPL-2.0-only
/*
 * differential: weir against the kernel's conntrack, frame by frame.
 *
 *	differential [-n PACKETS] [-s SEED] [-l 0|1] [-b 0|1] [-v[v]]
 *	differential [-n PACKETS] [-k SKIP] [-l 0|1] [-b 0|1] [-v[v]] CAPTURE...
 *
 * Conversations that the seed makes, or the frames of pcap files: so many of each, but for the first
 * SKIP. -l: nf_conntrack_tcp_loose, -b: nf_conntrack_tcp_be_liberal, -v: print each disagreement, and not
 * the first of those alone that fail, -vv: each packet.
 * Exit status 0: weir dropped nothing that conntrack calls new, established, related or
 * untracked, and at least 99.5 % of what it calls invalid and can be known in front of it; what weir
 * passed conntrack judged behind it as it did without it; and in the end the entries are the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "capture.h"
#include "cause.h"
#include "front.h"
#include "gateway.h"
#include "headers/reason.h"
#include "talk.h"

static unsigned long seen[CT_STATES][REASON_COUNT];
static unsigned long missed[CAUSE_COUNT][KINDS_COUNT], invalid, invalid_dropped;
static unsigned long wronged[KINDS_COUNT][REASON_COUNT];
static unsigned long diverged;
static int verbose;

/* What fails is printed, so many of it, whatever is asked for: its seed may not show it again. */
#define TOLD_MAX 10
static unsigned int told;

static const char *reason_name(int reason)
{
	static const char *const names[REASON_COUNT] = {
#define X(number, identifier, name, help) [number] = name,
		REASONS(X)
#undef X
	};

	return names[reason] ? names[reason] : "?";
}

static void hex(const struct frame *frame)
{
	printf("  %s ", frame->side == INSIDE ? "inside" : "outside");
	for (unsigned int i = frame->l3; i < frame->length && i < frame->l3 + 96; i++)
		printf("%02x", frame->bytes[i]);
	putchar('\n');
}

/* What conntrack knew of the flow when weir looked. */
static void print_flow(const struct tcp_flow *flow)
{
	const struct tcp_side *sides[] = { &flow->sender, &flow->receiver };

	printf("  flow: state %u, last %u ending %u%s%s%s", flow->state, flow->last, flow->last_end,
	       flow->reply ? ", reply" : "", flow->replied ? ", replied" : "",
	       flow->assured ? ", assured" : "");
	for (int i = 0; i < 2; i++)
		printf("; %s end %u max_end %u window %u ack %u flags %02x", i ? "receiver" : "sender",
		       sides[i]->end, sides[i]->max_end, sides[i]->max_window, sides[i]->max_ack,
		       sides[i]->flags);
	putchar('\n');
}

static void note(unsigned long number, const struct burst *burst, const struct opinion *opinion)
{
	bool dropped = opinion->reason >= REASON_DROP_FIRST;
	bool good = opinion->alone != CT_INVALID && opinion->alone != CT_NONE;
	bool diverges = !dropped && opinion->behind != opinion->alone;

	seen[opinion->alone][opinion->reason]++;
	if (opinion->alone == CT_INVALID) {
		invalid++;
		invalid_dropped += dropped;
	}
	if (opinion->alone == CT_INVALID && !dropped)
		missed[cause_of(opinion, front_seen())][burst->kind]++;
	if (good && dropped)
		wronged[burst->kind][opinion->reason]++;
	diverged += diverges;
	if (!verbose && (!(diverges || (good && dropped)) || told++ >= TOLD_MAX))
		return;
	if (verbose == 1 && !diverges && (opinion->alone == CT_NONE || good != dropped))
		return;
	printf("%lu: %s: conntrack %s, behind weir %s, weir %s\n", number, kind_name[burst->kind],
	       ct_state_name[opinion->alone], ct_state_name[opinion->behind],
	       reason_name(opinion->reason));
	hex(&burst->frame[0]);
	if (opinion->reason == REASON_KNOWN || opinion->reason == REASON_WINDOW)
		print_flow(&front_seen()->flow);
}

/* A packet in fragments is dropped when one of them is; conntrack speaks at the last one. */
static struct opinion send_burst(const struct burst *burst)
{
	struct opinion whole = {}, part;

	for (unsigned int i = 0; i < burst->frames; i++) {
		part = gateways_send(&burst->frame[i]);
		if (part.alone != CT_NONE)
			whole.alone = part.alone;
		if (part.behind != CT_NONE)
			whole.behind = part.behind;
		if (whole.reason < REASON_DROP_FIRST)
			whole.reason = part.reason;
	}
	return whole;
}

static void print_table(void)
{
	printf("%-16s", "weir \\ conntrack");
	for (int state = 0; state < CT_STATES; state++)
		printf(" %11s", ct_state_name[state]);
	putchar('\n');
	for (int reason = 0; reason < REASON_COUNT; reason++) {
		unsigned long sum = 0;

		for (int state = 0; state < CT_STATES; state++)
			sum += seen[state][reason];
		if (!sum)
			continue;
		printf("%-16s", reason_name(reason));
		for (int state = 0; state < CT_STATES; state++)
			printf(" %11lu", seen[state][reason]);
		putchar('\n');
	}
}

/* Returns how many there were. */
static unsigned long print_wronged(void)
{
	unsigned long sum = 0;

	for (int kind = 0; kind < KINDS_COUNT; kind++)
		for (int reason = 0; reason < REASON_COUNT; reason++) {
			if (!wronged[kind][reason])
				continue;
			printf("dropped though conntrack wants it: %lu %s (%s)\n",
			       wronged[kind][reason], kind_name[kind], reason_name(reason));
			sum += wronged[kind][reason];
		}
	return sum;
}

/* Returns how many there were. */
static unsigned long print_cause(enum cause cause)
{
	unsigned long sum = 0;

	for (int kind = 0; kind < KINDS_COUNT; kind++)
		sum += missed[cause][kind];
	if (!sum)
		return 0;
	printf("%8lu  %6.3f %%  %s\n%20s", sum, 100.0 * sum / invalid, cause_text[cause], "");
	for (int kind = 0; kind < KINDS_COUNT; kind++)
		if (missed[cause][kind])
			printf(" %s %lu;", kind_name[kind], missed[cause][kind]);
	putchar('\n');
	return sum;
}

/* Returns whether enough of INVALID was dropped. */
static bool print_missed(void)
{
	unsigned long beyond = 0;
	double share;

	puts("passed though conntrack calls it INVALID, by cause:");
	for (int cause = 0; cause < CAUSE_MISSED; cause++)
		beyond += print_cause(cause);
	print_cause(CAUSE_MISSED);
	share = invalid > beyond ? 100.0 * invalid_dropped / (invalid - beyond) : 100;
	printf("invalid: %lu; dropped: %lu, %.3f %% of all and %.3f %% of what can be known\n", invalid,
	       invalid_dropped, invalid ? 100.0 * invalid_dropped / invalid : 100, share);
	return share >= 99.5;
}

/* The states that were told frame by frame are those that nftables counted. */
static bool counters_agree(void)
{
	bool agree = true;

	for (int state = CT_NEW; state < CT_STATES; state++) {
		unsigned long long told = 0, counted = gateways_counted(state);

		for (int reason = 0; reason < REASON_COUNT; reason++)
			told += seen[state][reason];
		if (told == counted)
			continue;
		printf("nftables counted %llu %s packets, but %llu were told\n", counted,
		       ct_state_name[state], told);
		agree = false;
	}
	return agree;
}

static void converse(unsigned long long seed, unsigned long packets)
{
	struct burst burst;

	talk_begin(seed);
	for (unsigned long i = 0; i < packets; i++) {
		struct opinion opinion;

		talk_next(&burst);
		opinion = send_burst(&burst);
		note(i, &burst, &opinion);
	}
}

static void replay(const char *capture, unsigned long skip, unsigned long packets)
{
	struct burst burst = { .kind = KIND_CAPTURED, .frames = 1 };
	unsigned long frames = 0, invalid_before = invalid, dropped_before = invalid_dropped;

	capture_open(capture);
	while (frames < skip + packets && capture_next(&burst.frame[0])) {
		struct opinion opinion;

		if (frames++ < skip)
			continue;
		opinion = send_burst(&burst);
		note(frames, &burst, &opinion);
	}
	printf("%s: %lu frames, %lu left out; invalid: %lu, dropped: %lu\n", capture,
	       frames < skip ? 0 : frames - skip, capture_close(), invalid - invalid_before,
	       invalid_dropped - dropped_before);
}

int main(int argc, char **argv)
{
	struct setting setting = { .loose = true };
	unsigned long packets = 20000, skip = 0, entries, differ;
	unsigned long long seed = time(NULL);
	bool good;
	int option;

	while ((option = getopt(argc, argv, "n:s:k:l:b:v")) != -1) {
		switch (option) {
		case 'n': packets = strtoul(optarg, NULL, 0); break;
		case 's': seed = strtoull(optarg, NULL, 0); break;
		case 'k': skip = strtoul(optarg, NULL, 0); break;
		case 'l': setting.loose = atoi(optarg); break;
		case 'b': setting.liberal = atoi(optarg); break;
		case 'v': verbose++; break;
		default: return 1;
		}
	}
	if (optind == argc)
		printf("seed %llu, ", seed);
	printf("%lu packets, tcp_loose %d, tcp_be_liberal %d\n", packets, setting.loose, setting.liberal);
	fflush(stdout);
	gateways_open(&setting);
	if (optind == argc)
		converse(seed, packets);
	for (int i = optind; i < argc; i++)
		replay(argv[i], skip, packets);
	print_table();
	good = counters_agree();
	good &= print_wronged() == 0;
	good &= print_missed();
	differ = gateways_differ(&entries);
	printf("entries: %lu; behind weir %lu differ\n", entries, differ);
	good &= differ == 0 && diverged == 0;
	printf("conntrack behind weir said something else: %lu\n", diverged);
	gateways_close();
	puts(good ? "ok" : "not ok");
	return !good;
}
