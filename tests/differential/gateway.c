// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "listing.h"
#include "front.h"
#include "gateway.h"
#include "headers/reason.h"

#define LOG_GROUP	7
#define FRAME_TIME_NS	400000000	/* between two frames, as weir's memory of flows sees it */
#define PATIENCE_MS	10000	/* on a machine with other things to do */
#define MARK_PROTOCOL	253	/* RFC 3692: for experiments */

enum { ALONE, BEHIND, GATEWAYS };

const char *const ct_state_name[CT_STATES] = {
	"none", "new", "established", "related", "invalid", "untracked",
};

static struct {
	int			netns;
	int			log;		/* nfnetlink_log */
	struct mnl_socket	*log_socket;
	int			wire[SIDES];	/* AF_PACKET */
} gateway[GATEWAYS];

static int home = -1;
static struct frame mark_frame;

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("differential: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	exit(1);
}

static void enter(int netns)
{
	if (setns(netns, CLONE_NEWNET))
		die("setns: %s", strerror(errno));
}

static int new_netns(void)
{
	int fd;

	if (unshare(CLONE_NEWNET))
		die("unshare: %s (root?)", strerror(errno));
	fd = open("/proc/self/ns/net", O_RDONLY);
	if (fd < 0)
		die("/proc/self/ns/net: %s", strerror(errno));
	return fd;
}

static void shell(const char *format, ...)
{
	char command[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	if (system(command))
		die("failed: %s", command);
}

static void set(const char *name, int value)
{
	char path[256], text[16];
	int fd, length = snprintf(text, sizeof(text), "%d", value);

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, text, length) != length)
		die("%s: %s", path, strerror(errno));
	close(fd);
}

/* The wires end in the home namespace as <which>inside and <which>outside. */
static void build_devices(int which)
{
	const char *mac[SIDES] = { "02:00:00:00:00:01", "02:00:00:00:00:02" };
	const char *name[SIDES] = { "inside", "outside" };

	for (int side = 0; side < SIDES; side++) {
		shell("ip link add %s address %s type veth peer name %d%s netns /proc/%d/fd/%d",
		      name[side], mac[side], which, name[side], getpid(), home);
		shell("ip link set %s up; ethtool -K %s tx off >/dev/null", name[side], name[side]);
	}
	shell("ip link set lo up;"
	      "ip address add 10.255.0.1/24 dev inside; ip address add 198.51.100.1/24 dev outside;"
	      "ip -6 address add 2001:db8:fa::1/64 dev inside nodad;"
	      "ip -6 address add 2001:db8:fb::1/64 dev outside nodad;"
	      "for n in '10.255.0.2 dev inside' '198.51.100.2 dev outside' '2001:db8:fa::2 dev inside'"
	      " '2001:db8:fb::2 dev outside'; do"
	      " ip neighbour add $n lladdr 02:00:00:00:00:63 nud permanent; done;"
	      "ip route add 10.0.0.0/16 via 10.255.0.2; ip route add default via 198.51.100.2;"
	      "ip -6 route add 2001:db8:1::/64 via 2001:db8:fa::2;"
	      "ip -6 route add default via 2001:db8:fb::2");
}

static void build_rules(const struct setting *setting)
{
	shell("nft -f - <<'END'\n"
	      "table inet tracked {\n"
	      "	chain marks {\n"
	      "		type filter hook prerouting priority -300\n"
	      "		meta l4proto %d log prefix \"0\" group %d drop\n"
	      "	}\n"
	      "	chain pre {\n"
	      "		type filter hook prerouting priority -150\n"
	      "		iif lo accept\n"
	      "		ct state invalid counter log prefix \"4\" group %d drop\n"
	      "		ct state untracked counter log prefix \"5\" group %d accept\n"
	      "		ct state related counter log prefix \"3\" group %d accept\n"
	      "		ct state established counter log prefix \"2\" group %d accept\n"
	      "		ct state new counter log prefix \"1\" group %d\n"
	      "	}\n"
	      "	chain post {\n"
	      "		type nat hook postrouting priority 100\n"
	      "		oifname outside ip saddr 10.0.0.0/16 masquerade\n"
	      "	}\n"
	      "}\n"
	      "END\n", MARK_PROTOCOL, LOG_GROUP, LOG_GROUP, LOG_GROUP, LOG_GROUP, LOG_GROUP, LOG_GROUP);
	set("netfilter/nf_conntrack_tcp_loose", setting->loose);
	set("netfilter/nf_conntrack_tcp_be_liberal", setting->liberal);
	set("ipv4/ip_forward", 1);
	set("ipv6/conf/all/forwarding", 1);
	set("ipv4/conf/all/rp_filter", 0);
	set("ipv4/icmp_ratelimit", 0);
}

static struct nlmsghdr *log_config(char *buffer, int family)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *head;

	message->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	head->nfgen_family = family;
	head->version = NFNETLINK_V0;
	head->res_id = htons(LOG_GROUP);
	return message;
}

static void log_ask(struct mnl_socket *socket, struct nlmsghdr *message)
{
	char answer[MNL_SOCKET_BUFFER_SIZE];
	int length;

	if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0)
		die("nfnetlink_log: %s", strerror(errno));
	length = mnl_socket_recvfrom(socket, answer, sizeof(answer));
	if (length < 0 || mnl_cb_run(answer, length, 0, mnl_socket_get_portid(socket), NULL, NULL) < 0)
		die("nfnetlink_log: %s", strerror(errno));
}

static void open_log(int which)
{
	struct nfulnl_msg_config_cmd bind = { .command = NFULNL_CFG_CMD_BIND };
	struct nfulnl_msg_config_mode mode = { .copy_mode = NFULNL_COPY_META };
	struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
	char buffer[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *message;

	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink: %s", strerror(errno));
	message = log_config(buffer, AF_UNSPEC);
	mnl_attr_put(message, NFULA_CFG_CMD, sizeof(bind), &bind);
	log_ask(socket, message);
	message = log_config(buffer, AF_UNSPEC);
	mnl_attr_put(message, NFULA_CFG_MODE, sizeof(mode), &mode);
	mnl_attr_put_u32(message, NFULA_CFG_QTHRESH, htonl(1));
	log_ask(socket, message);
	gateway[which].log_socket = socket;
	gateway[which].log = mnl_socket_get_fd(socket);
}

static void open_wires(int which)
{
	const char *name[SIDES] = { "inside", "outside" };

	for (int side = 0; side < SIDES; side++) {
		struct sockaddr_ll to = { .sll_family = AF_PACKET };
		char wire[IF_NAMESIZE];
		int fd;

		snprintf(wire, sizeof(wire), "%d%s", which, name[side]);
		shell("sysctl -qw net.ipv6.conf.%s.disable_ipv6=1; ip link set %s arp off up", wire, wire);
		to.sll_ifindex = if_nametoindex(wire);
		fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
		if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)))
			die("%s: %s", wire, strerror(errno));
		gateway[which].wire[side] = fd;
	}
}

void gateways_open(const struct setting *setting)
{
	const struct letter mark = { .family = 4, .protocol = MARK_PROTOCOL,
				     .from.bytes = { 10, 0, 0, 2 }, .to.bytes = { 192, 0, 2, 2 } };
	cpu_set_t one;

	/* on one CPU a frame is through, softirqs included, when send() returns */
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	frame_other(&mark_frame, &mark, 8);
	home = new_netns();
	for (int which = 0; which < GATEWAYS; which++) {
		gateway[which].netns = new_netns();
		build_devices(which);
		build_rules(setting);
		open_log(which);
		if (which == BEHIND)
			front_attach(setting, "inside", "outside");
		enter(home);
		open_wires(which);
	}
}

void gateways_close(void)
{
	for (int which = 0; which < GATEWAYS; which++) {
		mnl_socket_close(gateway[which].log_socket);
		for (int side = 0; side < SIDES; side++)
			close(gateway[which].wire[side]);
		close(gateway[which].netns);
	}
	front_detach();
	close(home);
}

static int log_read(const struct nlattr *attr, void *state)
{
	if (mnl_attr_get_type(attr) == NFULA_PREFIX)
		*(enum ct_state *)state = mnl_attr_get_str(attr)[0] - '0';
	return MNL_CB_OK;
}

static int log_packet(const struct nlmsghdr *message, void *state)
{
	return mnl_attr_parse(message, sizeof(struct nfgenmsg), log_read, state);
}

/* What is logged next; CT_STATES: nothing within that time. */
static enum ct_state log_state(int which, int wait_ms)
{
	char buffer[MNL_SOCKET_BUFFER_SIZE];
	struct pollfd ready = { .fd = gateway[which].log, .events = POLLIN };
	enum ct_state state = CT_STATES;
	int length;

	if (poll(&ready, 1, wait_ms) <= 0)
		return CT_STATES;
	length = mnl_socket_recvfrom(gateway[which].log_socket, buffer, sizeof(buffer));
	if (length < 0)
		die("nfnetlink_log: %s", strerror(errno));
	mnl_cb_run(buffer, length, 0, 0, log_packet, &state);
	return state;
}

static void put_on_wire(int which, const struct frame *frame)
{
	if (send(gateway[which].wire[frame->side], frame->bytes, frame->length, 0) !=
	    (ssize_t)frame->length)
		die("send of %u bytes: %s", frame->length, strerror(errno));
}

/*
 * What conntrack alone makes of the frame that was just sent. It may not see it at all, so when
 * nothing is logged at once a mark is sent after it, which is logged in front of conntrack: frames
 * do not overtake each other, and what is not there by then does not come.
 */
static enum ct_state state_alone(void)
{
	enum ct_state state = log_state(ALONE, 0), mark;

	if (state != CT_STATES)
		return state;
	put_on_wire(ALONE, &mark_frame);
	state = log_state(ALONE, PATIENCE_MS);
	mark = state == CT_NONE ? state : log_state(ALONE, PATIENCE_MS);
	if (mark != CT_NONE)
		die("the gateway without weir does not answer");
	return state;
}

struct opinion gateways_send(const struct frame *frame)
{
	struct opinion opinion;

	front_pass_time(FRAME_TIME_NS);
	put_on_wire(ALONE, frame);
	put_on_wire(BEHIND, frame);
	opinion.reason = front_reason();
	opinion.alone = state_alone();
	opinion.behind = CT_NONE;
	if (opinion.reason < REASON_DROP_FIRST && opinion.alone != CT_NONE)
		opinion.behind = log_state(BEHIND, PATIENCE_MS);
	if (opinion.behind == CT_STATES)
		die("a frame that weir passed did not reach conntrack");
	return opinion;
}

unsigned long gateways_differ(unsigned long *total)
{
	struct listing listing[GATEWAYS];
	unsigned long differ;

	for (int which = 0; which < GATEWAYS; which++) {
		enter(gateway[which].netns);
		listing[which] = listing_read();
	}
	enter(home);
	*total = listing[ALONE].count;
	differ = listings_differ(&listing[ALONE], &listing[BEHIND]);
	for (int which = 0; which < GATEWAYS; which++)
		listing_free(&listing[which]);
	return differ;
}

unsigned long long gateways_counted(enum ct_state state)
{
	char command[256], line[64] = "";
	unsigned long long packets;
	FILE *nft;

	enter(gateway[ALONE].netns);
	snprintf(command, sizeof(command),
		 "nft list table inet tracked | sed -n 's/.*ct state %s counter packets \\([0-9]*\\).*/\\1/p'",
		 ct_state_name[state]);
	nft = popen(command, "r");
	if (!nft || !fgets(line, sizeof(line), nft))
		die("the rules have no counter of %s", ct_state_name[state]);
	pclose(nft);
	enter(home);
	packets = strtoull(line, NULL, 10);
	return packets;
}
