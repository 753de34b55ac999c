/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the blocks of a policy's text are read with: the lexer, what was seen so far, and one
 * function for each thing that the grammar has in many places. For the policy_*.c files alone.
 *
 * Functions return 0 or -EXIT_USAGE. The first failure stays: after it nothing matches any more
 * and the reader's place no longer moves, so a caller may look at the result once, at the end.
 */
#ifndef WEIR_READER_H
#define WEIR_READER_H

#include <stdlib.h>
#include <sys/types.h>
#include "lexer.h"
#include "policy.h"

#define INCLUDE_DEPTH	8
#define INCLUDE_FILES	1024		/* in all */
#define FILE_MAX_BYTES	(128UL << 20)
#define DEFINES_MAX	4096
#define DEFINE_MAX	65536		/* prefixes in one definition */
#define STATEMENTS_MAX	16384		/* limits, bypasses or interfaces, each */
#define EXPANSION_MAX	(4UL << 20)	/* prefixes that $NAMEs stand for, in all */

/* where something was said */
struct place {
	const char	*file;		/* NULL: it was not */
	unsigned int	line;
};

struct prefixes {
	struct prefix	*at;		/* owned */
	size_t		count;
};

struct define {
	char		*name;		/* owned */
	struct place	place;
	struct prefixes	prefixes;
};

enum setting {
	SETTING_MODE, SETTING_TIGHT, SETTING_FULL, SETTING_RESERVE, SETTING_SYN, SETTING_ENGAGE,
	SETTING_CAPACITY, SETTING_LENGTH6, SETTING_MARK,
	SETTING_CHECK,			/* the first of CHECK_WORDS */
	SETTING_COUNT = SETTING_CHECK + 7,
};

struct reader {
	struct lexer	lexer;
	struct policy	*policy;
	struct fail	*fail;
	bool		failed;
	bool		unsafe;		/* include files that others may write */
	__u64		now_ns;
	struct place	seen[SETTING_COUNT];
	struct place	*interface_place, *limit_place, *bypass_place,
			*engage_place;	/* owned; as in policy */
	struct fail	engaged;	/* what is wrong with the first engage if no syn is said */
	struct define	*define;	/* owned */
	size_t		define_count;
	size_t		expanded;
	struct {
		dev_t	dev;
		ino_t	ino;
	} open[INCLUDE_DEPTH];		/* the files that are being read */
	unsigned int	depth;
	char		**name;		/* owned; of the files read */
	size_t		name_count;
};

/* words as from a command line, joined, instead of a file; frees with reader_words_end(). */
int reader_words(struct reader *reader, int argc, char **argv, struct fail *fail);
/* Fails if words are left. Returns what the reading came to. */
int reader_words_end(struct reader *reader);

int reader_next(struct reader *reader);
/* A failure at a token, or at the current one. */
int reader_fail_at(struct reader *reader, const struct token *token, const char *remedy,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));
int reader_expected(struct reader *reader, const char *what);
int reader_no_memory(struct reader *reader);

/* Steps over the word or mark if it is there. */
bool reader_take(struct reader *reader, const char *word);
bool reader_take_type(struct reader *reader, enum token_type type);
/* Steps over one of the words (NULL-terminated); returns its number, or negative. */
int reader_pick(struct reader *reader, const char *const *words);
/* at the end of a statement? */
bool reader_at_end(const struct reader *reader);

/* Steps over a word (or string, if `quoted`); text is its value, the failure calls it `what`. */
int reader_text(struct reader *reader, bool quoted, const char *what, char text[static WORD_SIZE]);
int reader_rate(struct reader *reader, struct rate *out);
int reader_duration(struct reader *reader, __u64 *out_ns);
int reader_ports(struct reader *reader, struct ports *out);
int reader_percent(struct reader *reader, unsigned int *out);
int reader_number(struct reader *reader, __u64 min, __u64 max, __u64 *out);
int reader_amount(struct reader *reader, __u64 min, __u64 max, __u64 *out);

/* One prefix, or those of a $NAME, added to the list. */
int reader_prefixes(struct reader *reader, struct prefixes *list);
/* One prefix, one $NAME or { any of them, ... }, added to the list. */
int reader_prefix_set(struct reader *reader, struct prefixes *list);

/* { statement; statement ... }: calls read() at the first word of each. */
int reader_block(struct reader *reader, int (*read)(struct reader *, void *), void *context);

/* Fails if the setting was made before, and names where; else remembers the place. */
int reader_once(struct reader *reader, struct place *seen, const struct token *token);
struct place reader_place(const struct reader *reader, const struct token *token);

/* Room for one element more in an array that only this function has grown; NULL: no memory. */
void *array_room(void *array, size_t count, size_t size);

/* the blocks, from behind their first word */
int interface_block(struct reader *reader);
int check_block(struct reader *reader);
int limit_block(struct reader *reader);
int bypass_block(struct reader *reader);
int pressure_block(struct reader *reader);
int challenge_block(struct reader *reader);
/* at the end of all texts, since blocks add up: a rate that engages nothing is a mistake */
int challenge_whole(struct reader *reader);
int sources_block(struct reader *reader);
int entries_block(struct reader *reader, struct entries *entries);
int define_statement(struct reader *reader);
int include_statement(struct reader *reader);
/* statements up to the end of the text */
int policy_statements(struct reader *reader);

/* the words that files and printers share; NULL-terminated, numbered as their enums are */
extern const char *const MODE_WORDS[], *const URPF_WORDS[],
	*const CHALLENGE_WORDS[], *const CHECK_WORDS[], *const ACTION_WORDS[];
#define BLACKHOLE_MAIN 254	/* RT_TABLE_MAIN */
enum check_word {
	CHECK_WORD_MALFORMED, CHECK_WORD_L4_CHECKSUM, CHECK_WORD_MARTIANS, CHECK_WORD_STRAY,
	CHECK_WORD_WINDOW, CHECK_WORD_BLACKHOLE, CHECK_WORD_URPF,
};
/* [[proto] tcp|udp|...|N] [port N[-M]]; what is not there stays as it was */
int reader_service(struct reader *reader, __u8 *protocol, struct ports *ports);

#endif
