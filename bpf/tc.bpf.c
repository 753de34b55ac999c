// SPDX-License-Identifier: GPL-2.0-only
/*
 * tc ingress: __sk_buff -> bytes, reason -> TC_ACT_*. No checks. In front of netfilter, for devices
 * without XDP, also those without an Ethernet header.
 */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include "checksum_skb.h"
#include "conntrack_skb.h"
#include "audit.h"
#include "count.h"
#include "judge.h"
#include "parse.h"
#include "parse_plain.h"

#define PULL_BYTES	512	/* more than all headers that a packet which is not hostile has */
#define VLAN_TAG_BYTES	4

const volatile bool dev_l3;	/* the device's packets begin with the IP header */

/*
 * Fills *pkt from the linear part of the packet. The tag that the kernel keeps beside the packet
 * counts as if it stood in it.
 */
__noinline int weir_read(struct __sk_buff *skb, struct pkt *pkt)
{
	if (!pkt)
		return 0;
	parse((void *)(long)skb->data, (void *)(long)skb->data_end, skb->len, dev_l3, pkt);
	if (skb->vlan_present) {
		pkt->vlan_tags++;
		pkt->bytes += VLAN_TAG_BYTES;
	}
	return 0;
}

/* A driver may leave headers in fragments of the skb: they are pulled only if they are missed. */
static __always_inline void read_whole(struct __sk_buff *skb, struct pkt *pkt)
{
	__u32 bytes = skb->len < PULL_BYTES ? skb->len : PULL_BYTES;

	weir_read(skb, pkt);
	if (pkt->flags & PKT_TOO_DEEP && !bpf_skb_pull_data(skb, bytes))
		weir_read(skb, pkt);
}

static __always_inline int passed(struct __sk_buff *skb, const struct scratch *scratch)
{
	if (scratch->mark)
		skb->mark |= scratch->mark;
	return TC_ACT_UNSPEC;
}

/* Of a packet that was found plain; it is looked for again, so that nothing has to be kept. */
static __always_inline bool read_plain(struct __sk_buff *skb, struct pkt *pkt)
{
	return plain_fill((void *)(long)skb->data, (void *)(long)skb->data_end, skb->len, pkt);
}

/* Of a plain packet, before it is read further. */
static __always_inline int dropped(struct __sk_buff *skb, struct scratch *scratch, enum reason reason)
{
	if (audit_due(reason, count(reason, false, skb->len)) && read_plain(skb, &scratch->pkt))
		weir_audit(skb, &scratch->pkt, AUDIT_INDEX(false, reason & 127));
	return TC_ACT_SHOT;
}

SEC("tc")
int weir_tc(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	struct scratch *scratch = scratch_of_cpu();
	__u32 bytes = skb->len;
	struct scene scene = {};
	enum reason reason;
	struct pkt *pkt;
	bool would;
	__u64 nth;

	if (!scratch)
		return TC_ACT_UNSPEC;
	if (!scene_open(&scene, scratch)) {
		count(REASON_FAIL_OPEN, false, bytes + (skb->vlan_present ? VLAN_TAG_BYTES : 0));
		return TC_ACT_UNSPEC;
	}
	pkt = &scratch->pkt;
	scratch->plain = !dev_l3 && !skb->vlan_present && plain_look(data, data_end, bytes, &scratch->look);
	if (scratch->plain) {
		reason = shortcut_plain(&scene, scratch);
		if (reason >= REASON_DROP_FIRST)
			return dropped(skb, scratch, reason);
		if (reason) {
			count(reason, false, bytes);
			return passed(skb, scratch);
		}
	}
	if (!scratch->plain || !read_plain(skb, pkt))
		read_whole(skb, pkt);
	foresee(pkt, scratch);
	reason = judge(skb, &scene, scratch);
	would = reason >= REASON_DROP_FIRST && scene_monitors(&scene, reason);
	nth = count(reason, would, pkt->bytes);
	if (audit_due(reason, nth))
		weir_audit(skb, pkt, AUDIT_INDEX(would, reason & 127));
	if (reason >= REASON_DROP_FIRST && !would)
		return TC_ACT_SHOT;
	return passed(skb, scratch);
}

char LICENSE[] SEC("license") = "GPL";
