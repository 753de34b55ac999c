// SPDX-License-Identifier: GPL-2.0-only
/*
 * pppoe DEV PEER_MAC SESSION: one end of a PPPoE session that is taken as agreed on, without
 * discovery and without LCP. Says the name of its ppp device, which goes with this process.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_pppox.h>
#include <linux/ppp-ioctl.h>
#include <netinet/ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int failed(const char *what)
{
	perror(what);
	return 1;
}

int main(int argc, char **argv)
{
	struct sockaddr_pppox to = { .sa_family = AF_PPPOX, .sa_protocol = PX_PROTO_OE };
	const struct ether_addr *peer = argc == 4 ? ether_aton(argv[2]) : NULL;
	int session, channel, unit, number, name = -1;

	if (!peer) {
		fprintf(stderr, "usage: pppoe DEV PEER_MAC SESSION\n");
		return 1;
	}
	to.sa_addr.pppoe.sid = htons(atoi(argv[3]));
	memcpy(to.sa_addr.pppoe.remote, peer, ETH_ALEN);
	snprintf(to.sa_addr.pppoe.dev, sizeof(to.sa_addr.pppoe.dev), "%s", argv[1]);
	session = socket(AF_PPPOX, SOCK_STREAM, PX_PROTO_OE);
	if (session < 0 || connect(session, (struct sockaddr *)&to, sizeof(to)))
		return failed("session");
	channel = open("/dev/ppp", O_RDWR);
	unit = open("/dev/ppp", O_RDWR);
	if (channel < 0 || unit < 0)
		return failed("/dev/ppp");
	if (ioctl(session, PPPIOCGCHAN, &number) || ioctl(channel, PPPIOCATTCHAN, &number) ||
	    ioctl(unit, PPPIOCNEWUNIT, &name) || ioctl(channel, PPPIOCCONNECT, &name))
		return failed("unit");
	printf("ppp%d\n", name);
	fflush(stdout);
	pause();
	return 0;
}
