/* SPDX-License-Identifier: GPL-2.0-only */
/* What one NOTRACK rule of iptables or nft matches. */
#ifndef WEIR_IMPORT_MATCH_H
#define WEIR_IMPORT_MATCH_H

/* Lists are words with commas between; "" and 0: it does not say. They stand in the line that was
 * read. */
struct match {
	const char	*protocols;
	const char	*source, *destination;
	const char	*source_ports, *destination_ports;
	unsigned int	family;		/* 4 or 6 */
	const char	*why;		/* it can't be taken; NULL: it can */
};

/* Both read one line that makes packets untracked, without the spaces before it, and cut it up. */
/* "-A CHAIN ... -j NOTRACK" or "-j CT --notrack" */
void match_iptables(char *line, struct match *match);
/* "... notrack" */
void match_nft(char *line, struct match *match);

#endif
