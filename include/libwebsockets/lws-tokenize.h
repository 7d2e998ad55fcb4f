/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_TOKENIZE_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_TOKENIZE_H

/*
 * Splitting text into tokens, and filling in ${...}.
 *
 * Where: everywhere, in every callback and in any thread; an object only in one thread at a time.
 */
#include <libwebsockets/lws-base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lws_tokenize;
struct lws_strexp;

/** What was found. */
enum lws_tokenize_element {
    /** How many errors there are. */
    LWS_TOKZE_ERRS = 7,
    /** Error: a token does not fit. */
    LWS_TOKZE_TOO_LONG = -7,
    /** More input is wanted. */
    LWS_TOKZE_WANT_READ = -6,
    /** Error: not UTF-8. */
    LWS_TOKZE_ERR_BROKEN_UTF8 = -5,
    /** Error: a quote is not closed. */
    LWS_TOKZE_ERR_UNTERM_STRING = -4,
    /** Error: not a number. */
    LWS_TOKZE_ERR_MALFORMED_FLOAT = -3,
    /** Error: a number stands for a name. */
    LWS_TOKZE_ERR_NUM_ON_LHS = -2,
    /** Error: commas in the wrong place. */
    LWS_TOKZE_ERR_COMMA_LIST = -1,
    /** The end. */
    LWS_TOKZE_ENDED = 0,
    /** A single character that separates. */
    LWS_TOKZE_DELIMITER = 1,
    /** A word. */
    LWS_TOKZE_TOKEN = 2,
    /** A whole number. */
    LWS_TOKZE_INTEGER = 3,
    /** A number with a point. */
    LWS_TOKZE_FLOAT = 4,
    /** A name with `=` after it. */
    LWS_TOKZE_TOKEN_NAME_EQUALS = 5,
    /** A name with `:` after it. */
    LWS_TOKZE_TOKEN_NAME_COLON = 6,
    /** Text in quotes, without them. */
    LWS_TOKZE_QUOTED_STRING = 7,
    /** A part of a word. */
    LWS_TOKZE_TOKEN_CHUNK = 8,
    /** A part of a text in quotes. */
    LWS_TOKZE_QUOTED_STRING_CHUNK = 9,
};

/** The C name of `enum lws_tokenize_element`. */
typedef enum lws_tokenize_element lws_tokenize_elem;

/** Where in a comma-separated list. */
enum lws_tokenize_delimiter_tracking {
    /** Before the first entry. */
    LWSTZ_DT_NEED_FIRST_CONTENT = 0,
    /** After an entry. */
    LWSTZ_DT_NEED_DELIM = 1,
    /** After a comma. */
    LWSTZ_DT_NEED_NEXT_CONTENT = 2,
};

/** Where in a token. */
enum lws_tokenize_position {
    /** Before it. */
    LWS_TOKZS_LEADING_WHITESPACE = 0,
    /** In quotes. */
    LWS_TOKZS_QUOTED_STRING = 1,
    /** In a word. */
    LWS_TOKZS_TOKEN = 2,
    /** After it. */
    LWS_TOKZS_TOKEN_POST_TERMINAL = 3,
};

/** The C name of `enum lws_tokenize_position`. */
typedef enum lws_tokenize_position lws_tokenize_state;

/** All done. */
#define LSTRX_DONE 0

/** The output is full: take it and go on. */
#define LSTRX_FILLED_OUT 1

/** Error: a name does not fit. */
#define LSTRX_FATAL_NAME_TOO_LONG -1

/** Error: nobody knows the name. */
#define LSTRX_FATAL_NAME_UNKNOWN -2

/**
 * Fills in a name: the caller's pointer, name, output, position in it, room, offset in the value.
 */
typedef int (*lws_strexp_expand_cb)(void *priv_,
                                    const char *name,
                                    char *out,
                                    size_t *pos,
                                    size_t olen,
                                    size_t *exp_ofs);

/**
 * Where the tokenizer stands. Set `start`, `len` and `flags`; read `token`, `token_len` and `e`.
 */
struct lws_tokenize {
    /** Holds tokens that came in pieces. */
    char collect[256];
    /** Text still to be read. */
    const char *start;
    /** The token found. */
    const char *token;
    /** Bytes still to be read. */
    size_t len;
    /** Bytes of the token. */
    size_t token_len;
    /** Where in a token. */
    lws_tokenize_state state;
    /** Line of the text. */
    int line;
    /** Line without continued ones. */
    int effline;
    /** `LWS_TOKENIZE_F_...`. */
    uint16_t flags;
    /** Where in a list. */
    uint8_t delim;
    /** What was found. */
    int8_t e;
    /** The next byte begins a token. */
    unsigned int reset_token: 1;
    /** The line ended with CR LF. */
    unsigned int crlf: 1;
    /** The input ran out. */
    unsigned int dry: 1;
};

/** The C name of `lws_tokenize`. */
typedef struct lws_tokenize lws_tokenize_t;

/** Where a `${...}` expansion stands; set up by `lws_strexp_init`. */
struct lws_strexp {
    /** The name being read. */
    char name[32];
    /** Fills in a name. */
    lws_strexp_expand_cb cb;
    /** The caller's pointer. */
    void *priv;
    /** The output, or NULL to count only. */
    char *out;
    /** Room at `out`. */
    size_t olen;
    /** Bytes written. */
    size_t pos;
    /** Offset in the value being filled in. */
    size_t exp_ofs;
    /** Bytes of the name. */
    uint8_t name_pos;
    /** Where in the syntax. */
    char state;
};

/** The C name of `lws_strexp`. */
typedef struct lws_strexp lws_strexp_t;

/** `-` belongs to words. */
#define LWS_TOKENIZE_F_MINUS_NONTERM (1 << 0)

/** A word with `:` is a name. */
#define LWS_TOKENIZE_F_AGG_COLON (1 << 1)

/** The text is a comma-separated list. */
#define LWS_TOKENIZE_F_COMMA_SEP_LIST (1 << 2)

/** Separators are those of HTTP headers. */
#define LWS_TOKENIZE_F_RFC7230_DELIMS (1 << 3)

/** `.` belongs to words. */
#define LWS_TOKENIZE_F_DOT_NONTERM (1 << 4)

/** Numbers with a point are words. */
#define LWS_TOKENIZE_F_NO_FLOATS (1 << 5)

/** Numbers are words. */
#define LWS_TOKENIZE_F_NO_INTEGERS (1 << 6)

/** `#` begins a comment. */
#define LWS_TOKENIZE_F_HASH_COMMENT (1 << 7)

/** `/` belongs to words. */
#define LWS_TOKENIZE_F_SLASH_NONTERM (1 << 8)

/** `*` belongs to words. */
#define LWS_TOKENIZE_F_ASTERISK_NONTERM (1 << 9)

/** `=` belongs to words. */
#define LWS_TOKENIZE_F_EQUALS_NONTERM (1 << 10)

/** `:` belongs to words. */
#define LWS_TOKENIZE_F_COLON_NONTERM (1 << 11)

/** More input follows what is there. */
#define LWS_TOKENIZE_F_EXPECT_MORE (1 << 12)

/** `+` belongs to words. */
#define LWS_TOKENIZE_F_PLUS_NONTERM (1 << 13)

/** Long words come in pieces. */
#define LWS_TOKENIZE_F_CHUNK (1 << 14)

/**
 * Sets `exp` up. `cb` is called with `priv` to write values. `out`, with room for `olen` bytes,
 * gets the text; NULL only counts, and `cb` is to do the same.
 *
 * Safety:
 * `exp` can be written; `out` is NULL or has that room as long as it is used.
 */
LWS_VISIBLE LWS_EXTERN
void lws_strexp_init(struct lws_strexp *exp,
                     void *priv,
                     lws_strexp_expand_cb cb,
                     char *out,
                     size_t olen);

/**
 * Gives `exp` a new place for what follows: `out`, with room for `olen` bytes, or NULL only to
 * count.
 *
 * Safety:
 * `exp` was set up; `out` is NULL or has that room.
 */
LWS_VISIBLE LWS_EXTERN void lws_strexp_reset_out(struct lws_strexp *exp, char *out, size_t olen);

/**
 * Fills the `len` bytes of `in` in, as the next ones of the text that `exp` was set up for: what
 * is not `${name}` is copied, for names the callback is called. Sets `*pused_in` to how much of
 * `in` is used and `*pused_out` to how much was written. Returns `LSTRX_DONE`, with a NUL behind
 * the text; `LSTRX_FILLED_OUT` when `out` is full: take that away, call `lws_strexp_reset_out`,
 * and then this with what is not used; or an error. A `$` that begins no name needs 3 bytes of
 * room.
 *
 * Safety:
 * `exp` was set up and what it points to is good; `in` has `len` readable bytes; the counts can
 * be written.
 */
LWS_VISIBLE LWS_EXTERN
int lws_strexp_expand(struct lws_strexp *exp,
                      const char *in,
                      size_t len,
                      size_t *pused_in,
                      size_t *pused_out);

/**
 * Sets `ts` up to split the text `start`, which ends with a NUL unless the length is then set in
 * `ts->len`. `flags` are `LWS_TOKENIZE_F_...`.
 *
 * Safety:
 * `ts` can be written; the text stays while it is split.
 */
LWS_VISIBLE LWS_EXTERN
void lws_tokenize_init(struct lws_tokenize *ts,
                       const char *start,
                       int flags);

/**
 * Finds the next element of the text that `ts` was set up for. Returns what it is, and sets
 * `ts->token` and `ts->token_len` to it; negative values are errors. Words and quoted text lie
 * in `ts->collect`, with a NUL. With `LWS_TOKENIZE_F_EXPECT_MORE` the end of the text is
 * `LWS_TOKZE_WANT_READ`: set `start` and `len` to the next part, in the last one take the flag
 * away.
 *
 * Safety:
 * `ts` was set up, and its text has `ts->len` readable bytes or ends with a NUL.
 */
LWS_VISIBLE LWS_EXTERN lws_tokenize_elem lws_tokenize(struct lws_tokenize *ts);

/**
 * Copies the element that `ts` found last to `str`, with a NUL. Returns 0, or 1 if it is longer
 * than `max` less 2 bytes; nothing is copied then.
 *
 * Safety:
 * `lws_tokenize` found an element; `str` has `max` writable bytes.
 */
LWS_VISIBLE LWS_EXTERN int lws_tokenize_cstr(struct lws_tokenize *ts, char *str, size_t max);

/**
 * Matches the `clen` bytes of `check` against the `wlen` bytes of the pattern `wildcard`, in
 * which each `*` stands for any number of bytes.
 * Returns 0 on a match, 1 otherwise.
 *
 * Safety:
 * The pointers are NULL or have that many readable bytes.
 */
LWS_VISIBLE LWS_EXTERN
int lws_strcmp_wildcard(const char *wildcard,
                        size_t wlen,
                        const char *check,
                        size_t clen);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_TOKENIZE_H */
