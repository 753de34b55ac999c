/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A source that can't be there, as far as its class tells: a martian, or an address of the other
 * side of the gateway. What only the routing table tells is in route.h.
 */
#ifndef WEIR_SPOOF_H
#define WEIR_SPOOF_H

#include <stdbool.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/types.h>
#include <bpf/bpf_endian.h>
#include "abi.h"
#include "pkt.h"
#include "reason.h"

enum spoof_lawful {
	DHCP_SERVER = 67, DHCP_CLIENT = 68,
	MLD_QUERY = 130, NDP_LAST = 136, MLD_REPORT2 = 143,
};

static __always_inline bool source_unspecified(const struct pkt *pkt)
{
	return !(pkt->saddr[0] | pkt->saddr[1] | pkt->saddr[2] | pkt->saddr[3]);
}

/* fe80::/10, 169.254.0.0/16: lawful on every link, and on no route */
static __always_inline bool source_link_local(const struct pkt *pkt)
{
	if (pkt->family == 6)
		return (pkt->saddr[0] & bpf_htonl(0xffc00000)) == bpf_htonl(0xfe800000);
	return (pkt->saddr[0] & bpf_htonl(0xffff0000)) == bpf_htonl(0xa9fe0000);
}

/*
 * What a host says before it has an address: DHCP (RFC 2131 4.1), group membership (RFC 3376
 * 4.2.13, RFC 3810 5.2.13), router solicitation and duplicate address detection (RFC 4861, 4862).
 */
static __always_inline bool spoof_addressless(const struct pkt *pkt)
{
	if (!source_unspecified(pkt))
		return false;
	if (pkt->family == 6)
		return pkt->l4_proto == IPPROTO_ICMPV6 &&
		       ((pkt->icmp_type >= MLD_QUERY && pkt->icmp_type <= NDP_LAST) ||
			pkt->icmp_type == MLD_REPORT2);
	if (pkt->l4_proto == IPPROTO_IGMP)
		return true;
	return pkt->l4_proto == IPPROTO_UDP && pkt->daddr[0] == 0xffffffff &&
	       pkt->sport == bpf_htons(DHCP_CLIENT) && pkt->dport == bpf_htons(DHCP_SERVER);
}

/*
 * class_flags: of the source; role and dev_flags: of the device. An inside device is held to what
 * lives inside only if its own statement lists sources: one without a list accepts all.
 */
static __always_inline enum reason spoof(const struct pkt *pkt, __u32 class_flags, __u8 role,
					 __u32 dev_flags)
{
	bool inside = role == ROLE_INSIDE;

	if (class_flags & (inside ? CLASS_MARTIAN_INSIDE : CLASS_MARTIAN))
		return spoof_addressless(pkt) ? REASON_NONE : REASON_MARTIAN;
	if (!inside)
		return class_flags & CLASS_INSIDE ? REASON_WRONG_SIDE : REASON_NONE;
	if (!(dev_flags & DEV_SOURCES) || class_flags & CLASS_INSIDE)
		return REASON_NONE;
	return source_unspecified(pkt) || source_link_local(pkt) ? REASON_NONE : REASON_WRONG_SIDE;
}

#endif
