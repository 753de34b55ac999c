// SPDX-License-Identifier: GPL-2.0-only
/*
 * tc ingress behind XDP: sets the mark of packets that skip connection tracking, which XDP can't.
 * It believes what XDP wrote in front of the packet; where the driver does not carry that, it asks
 * the policy itself. Other bits of the mark stay.
 */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include "bypass.h"
#include "parse.h"

__noinline int weir_read(struct __sk_buff *skb, struct pkt *pkt)
{
	if (!pkt)
		return 0;
	parse((void *)(long)skb->data, (void *)(long)skb->data_end, skb->len, false, pkt);
	return 0;
}

static __always_inline __u32 mark_asked(struct __sk_buff *skb)
{
	struct scratch *scratch = scratch_of_cpu();
	const struct dev *dev = dev_of(dev_slot);

	if (!scratch || !dev || !(dev->flags & DEV_NO_METADATA))
		return 0;
	weir_read(skb, &scratch->pkt);
	return weir_bypass(&scratch->pkt, NULL, page_in_force());
}

SEC("tc")
int weir_mark(struct __sk_buff *skb)
{
	const struct handover *handover = (void *)(long)skb->data_meta;
	__u32 mark;

	if ((void *)(handover + 1) <= (void *)(long)skb->data && handover->magic == HANDOVER_MAGIC)
		mark = handover->mark;
	else
		mark = mark_asked(skb);
	if (mark)
		skb->mark |= mark;
	return TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "GPL";
