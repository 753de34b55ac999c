// SPDX-License-Identifier: GPL-2.0-only
/*
 * A packet generator for the lab: frames leave through a veth of the current network namespace and
 * arrive in the driver of its peer, as from a wire. It refuses devices that are no veth.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/sockios.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "flood.h"
#include "flood.skel.h"

#define NS_PER_SECOND	1000000000ULL
#define HEADERS		(14 + 40 + 20)
#define PAYLOAD_MAX	1400
#define BATCH		64

struct options {
	const char	*dev;
	__u64		rate;		/* packets a second; 0: as fast as it goes */
	double		seconds;	/* 0: no bound */
	struct flood_plan plan;
};

static const char usage[] =
"usage: flood --dev VETH --mac MAC --to PREFIX [OPTION]...\n"
"  --mac MAC          Ethernet address of the receiver\n"
"  --to PREFIX        destination, random inside the prefix; may be repeated\n"
"  --from PREFIX      source, random inside the prefix; may be repeated; default: any public address\n"
"  --kind KIND[,...]  syn udp ack rst synack fin icmp, evenly; name one twice for twice as many\n"
"  --sport N[-M]  --dport N[-M]   ports, random in the range; default: 1024-65535\n"
"  --payload BYTES    after the UDP or ICMP header (default 18)\n"
"  --rate N           packets a second; 0: as fast as it goes (default 200000)\n"
"  --count N  --seconds S   where to end; one is needed\n"
"  --seed N           the same seed makes the same packets\n";

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "flood: %s: %s\n", what, why);
	exit(1);
}

static __u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}

/* ---- arguments ----------------------------------------------------------------------------- */

static __u64 number(const char *what, const char *text, __u64 max)
{
	char *end;
	__u64 n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || n > max)
		fail(what, "not a number that fits");
	return n;
}

static void read_prefix(struct options *o, struct flood_prefix *list, __u32 *count, char *text)
{
	char *slash = strchr(text, '/');
	bool ipv6 = strchr(text, ':');
	int bits = ipv6 ? 128 : 32, length;
	__u32 address[4] = {};

	if (*count == FLOOD_LIST)
		fail(text, "too many prefixes");
	if (slash)
		*slash = '\0';
	length = slash ? (int)number("prefix length", slash + 1, bits) : bits;
	if (inet_pton(ipv6 ? AF_INET6 : AF_INET, text, address) != 1)
		fail(text, "not an address");
	if (o->plan.sources + o->plan.destinations && o->plan.ipv6 != ipv6)
		fail(text, "all prefixes must be of one family");
	o->plan.ipv6 = ipv6;
	for (int i = 0; i < bits / 32; i++) {
		int fixed = length - 32 * i;

		list[*count].word[i] = ntohl(address[i]);
		list[*count].random[i] = fixed <= 0 ? ~0U : fixed >= 32 ? 0 : ~0U >> fixed;
		list[*count].word[i] &= ~list[*count].random[i];
	}
	++*count;
}

static void read_ports(const char *what, __u16 range[2], char *text)
{
	char *dash = strchr(text, '-');

	if (dash)
		*dash = '\0';
	range[0] = number(what, text, 65535);
	range[1] = dash ? number(what, dash + 1, 65535) : range[0];
	if (range[1] < range[0])
		fail(what, "last port is before the first");
}

static void read_kinds(struct flood_plan *plan, char *text)
{
	static const char *const names[] = {
#define X(identifier, name) [FLOOD_##identifier] = name,
		FLOOD_KINDS(X)
#undef X
	};
	char *save;

	plan->kinds = 0;
	for (char *word = strtok_r(text, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		int kind = 0;

		while (kind < FLOOD_KIND_COUNT && strcmp(names[kind], word))
			kind++;
		if (kind == FLOOD_KIND_COUNT || plan->kinds == FLOOD_LIST)
			fail(word, "unknown kind, or too many");
		plan->kind[plan->kinds++] = kind;
	}
	if (!plan->kinds)
		fail("--kind", "names nothing");
}

static void read_mac(struct flood_plan *plan, const char *text)
{
	struct ether_addr *mac = ether_aton(text);

	if (!mac)
		fail(text, "not an Ethernet address");
	memcpy(plan->ethernet, mac, 6);
}

static void read_options(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {
		{ "dev", 1, NULL, 'D' }, { "mac", 1, NULL, 'm' }, { "to", 1, NULL, 't' },
		{ "from", 1, NULL, 'f' }, { "kind", 1, NULL, 'k' }, { "sport", 1, NULL, 's' },
		{ "dport", 1, NULL, 'd' }, { "payload", 1, NULL, 'p' }, { "rate", 1, NULL, 'r' },
		{ "count", 1, NULL, 'c' }, { "seconds", 1, NULL, 'S' }, { "seed", 1, NULL, 'e' },
		{ "help", 0, NULL, 'h' }, {},
	};
	struct flood_plan *plan = &o->plan;
	bool mac = false;
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 'D': o->dev = optarg; break;
		case 'm': read_mac(plan, optarg); mac = true; break;
		case 't': read_prefix(o, plan->destination, &plan->destinations, optarg); break;
		case 'f': read_prefix(o, plan->source, &plan->sources, optarg); break;
		case 'k': read_kinds(plan, optarg); break;
		case 's': read_ports("--sport", plan->sport, optarg); break;
		case 'd': read_ports("--dport", plan->dport, optarg); break;
		case 'p': plan->payload = number("--payload", optarg, PAYLOAD_MAX); break;
		case 'r': o->rate = number("--rate", optarg, NS_PER_SECOND); break;
		case 'c': plan->count = number("--count", optarg, 1ULL << 40); break;
		case 'S': o->seconds = strtod(optarg, NULL); break;
		case 'e': plan->seed = number("--seed", optarg, ~0ULL); break;
		case 'h': fputs(usage, stdout); exit(0);
		default: fputs(usage, stderr); exit(1);
		}
	}
	if (optind != argc || !o->dev || !mac || !plan->destinations ||
	    (!plan->count && !(o->seconds > 0))) {
		fputs(usage, stderr);
		exit(1);
	}
}

/* Fills in the sender's own address, and makes sure that nothing but a veth is ever flooded. */
static int check_device(struct options *o)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq request = {};
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	int ifindex = if_nametoindex(o->dev);

	if (s < 0 || !ifindex)
		fail(o->dev, strerror(errno));
	strncpy(request.ifr_name, o->dev, IFNAMSIZ - 1);
	request.ifr_data = (char *)&info;
	if (ioctl(s, SIOCETHTOOL, &request) || strcmp(info.driver, "veth"))
		fail(o->dev, "is no veth: the flood stays in the lab");
	if (ioctl(s, SIOCGIFHWADDR, &request))
		fail(o->dev, strerror(errno));
	memcpy(o->plan.ethernet + 6, request.ifr_hwaddr.sa_data, 6);
	close(s);
	return ifindex;
}

/* ---- sending ------------------------------------------------------------------------------- */

struct watch {
	const struct flood_bpf	*skel;
	__u64			end_ns;		/* 0: no bound */
	__u64			count;		/* 0: no bound */
	pthread_t		sender;
	atomic_bool		over;
};

static void wake(int signal)
{
	(void)signal;
}

/* Interrupts BPF_PROG_RUN, which ends early only by a signal, when the flood has lasted or sent enough. */
static void *watch(void *argument)
{
	struct watch *w = argument;
	const struct timespec pause = { .tv_nsec = 1000000 };
	volatile const __u64 *total = &w->skel->bss->total;

	while (!w->over) {
		if (stopped || (w->end_ns && now_ns() >= w->end_ns) || (w->count && *total >= w->count))
			pthread_kill(w->sender, SIGUSR1);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

/* returns how long it sent, in ns */
static __u64 flood(const struct options *o, const struct flood_bpf *skel, int ifindex)
{
	static char frame[HEADERS + PAYLOAD_MAX];
	__u32 bytes = HEADERS + o->plan.payload;
	struct xdp_md ctx = { .data_end = bytes, .ingress_ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = bytes,
		    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .repeat = INT_MAX,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);
	__u64 start = now_ns();
	struct watch w = { .skel = skel, .count = o->plan.count, .sender = pthread_self() };
	pthread_t thread;
	int err;

	if (o->seconds > 0)
		w.end_ns = start + o->seconds * NS_PER_SECOND;
	skel->bss->next_burst_ns = start;
	if (pthread_create(&thread, NULL, watch, &w))
		fail("thread", strerror(errno));
	do
		err = bpf_prog_test_run_opts(bpf_program__fd(skel->progs.flood), &run);
	while (!err);
	start = now_ns() - start;
	w.over = true;
	pthread_join(thread, NULL);
	if (err != -EINTR)
		fail("BPF_PROG_RUN", strerror(-err));
	return start;
}

static void report(const struct flood_bpf *skel, __u64 elapsed_ns)
{
	static const char *const names[] = {
#define X(identifier, name) name,
		FLOOD_KINDS(X)
#undef X
	};
	struct rusage usage;
	__u64 total = skel->bss->total;

	getrusage(RUSAGE_SELF, &usage);
	printf("{\"packets\": %llu, \"seconds\": %.3f, \"rate\": %.0f, \"cpu_seconds\": %.3f", total,
	       elapsed_ns * 1e-9, total / (elapsed_ns * 1e-9),
	       usage.ru_stime.tv_sec + usage.ru_stime.tv_usec * 1e-6 +
	       usage.ru_utime.tv_sec + usage.ru_utime.tv_usec * 1e-6);
	for (int i = 0; i < FLOOD_KIND_COUNT; i++)
		printf(", \"%s\": %llu", names[i], skel->bss->sent[i]);
	printf("}\n");
}

int main(int argc, char **argv)
{
	struct options o = { .rate = 200000, .plan = {
		.payload = 18, .kinds = 1, .sport = { 1024, 65535 }, .dport = { 1024, 65535 } } };
	struct sigaction action = { .sa_handler = stop };
	struct flood_bpf *skel;
	__u64 elapsed;
	int ifindex;

	o.plan.seed = now_ns();
	read_options(&o, argc, argv);
	ifindex = check_device(&o);
	if (o.rate)
		o.plan.burst_ns = FLOOD_BURST * NS_PER_SECOND / o.rate;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	action.sa_handler = wake;
	sigaction(SIGUSR1, &action, NULL);

	skel = flood_bpf__open();
	if (!skel)
		fail("open", strerror(errno));
	memcpy((void *)&skel->rodata->plan, &o.plan, sizeof(o.plan));
	if (flood_bpf__load(skel))
		fail("load", strerror(errno));
	elapsed = flood(&o, skel, ifindex);
	report(skel, elapsed);
	flood_bpf__destroy(skel);
	return 0;
}
