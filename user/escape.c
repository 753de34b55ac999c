// SPDX-License-Identifier: GPL-2.0-only
/* Foreign bytes on their way out: what a terminal or a JSON reader must not meet. */
#include "out.h"

/* Length of the UTF-8 character at text (RFC 3629) and its code point; 0: not valid there. */
static int utf8_read(const char *text, unsigned int *point)
{
	const unsigned char *at = (const unsigned char *)text;
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int length = at[0] < 0x80 ? 1 : at[0] >> 5 == 6 ? 2 : at[0] >> 4 == 14 ? 3 :
		     at[0] >> 3 == 30 ? 4 : 0;

	if (length < 2) {
		*point = at[0];
		return length;
	}
	*point = at[0] & (0x7f >> length);
	for (int i = 1; i < length; i++) {
		if (at[i] >> 6 != 2)
			return 0;
		*point = *point << 6 | (at[i] & 0x3f);
	}
	if (*point < least[length] || *point > 0x10ffff || (*point >= 0xd800 && *point <= 0xdfff))
		return 0;
	return length;
}

/* what may not reach a terminal: C0, DEL, C1, and the marks that turn the direction of text */
static bool is_hostile(unsigned int point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x200e ||
	       point == 0x200f || (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2066 && point <= 0x2069);
}

char *out_escape(const char *text, char *out, size_t size)
{
	size_t used = 0;

	while (*text) {
		unsigned int point;
		int length = utf8_read(text, &point);
		bool plain = length && !is_hostile(point);

		length = length ? length : 1;
		if (used + (plain ? 1 : 4) * length >= size)
			break;
		for (int i = 0; i < length; i++, text++)
			used += sprintf(out + used, plain ? "%c" : "\\x%02x", (unsigned char)*text);
	}
	if (size)
		out[used] = '\0';
	return out;
}

void out_json_string(FILE *to, const char *text)
{
	putc('"', to);
	while (*text) {
		unsigned int point;
		int length = utf8_read(text, &point);

		if (!length)
			/* JSON has no bytes: show it as the terminal does */
			fprintf(to, "\\\\x%02x", (unsigned char)*text);
		else if (is_hostile(point))
			fprintf(to, "\\u%04x", point);
		else if (point == '"' || point == '\\')
			fprintf(to, "\\%c", *text);
		else
			fwrite(text, 1, length, to);
		text += length ? length : 1;
	}
	putc('"', to);
}
