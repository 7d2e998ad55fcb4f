/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_LEJP_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_LEJP_H

/*
 * What programs know of the JSON parser.
 */
#include <libwebsockets/lws-base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lejp_string_piece;
struct lejp_string_unifier;
struct _lejp_stack;
struct _lejp_parsing_stack;
struct lejp_ctx;

/** The verdict of a JSON parser: below zero, or how much was left over. */
enum lejp_reasons {
    /** More input is wanted. */
    LEJP_CONTINUE = -1,
    /** No brace or bracket at the start. */
    LEJP_REJECT_IDLE_NO_BRACE = -2,
    /** An object does not close. */
    LEJP_REJECT_MEMBERS_NO_CLOSE = -3,
    /** A name does not begin with a quote. */
    LEJP_REJECT_MP_NO_OPEN_QUOTE = -4,
    /** A string ends too early. */
    LEJP_REJECT_MP_STRING_UNDERRUN = -5,
    /** A control character in a string. */
    LEJP_REJECT_MP_ILLEGAL_CTRL = -6,
    /** An unknown escape in a string. */
    LEJP_REJECT_MP_STRING_ESC_ILLEGAL_ESC = -7,
    /** An escape with something else than hex digits. */
    LEJP_REJECT_ILLEGAL_HEX = -8,
    /** No colon after a name. */
    LEJP_REJECT_MP_DELIM_MISSING_COLON = -9,
    /** No value begins like that. */
    LEJP_REJECT_MP_DELIM_BAD_VALUE_START = -10,
    /** A decimal point without digits. */
    LEJP_REJECT_MP_VAL_NUM_INT_NO_FRAC = -11,
    /** Not a number. */
    LEJP_REJECT_MP_VAL_NUM_FORMAT = -12,
    /** Not an exponent. */
    LEJP_REJECT_MP_VAL_NUM_EXP_BAD_EXP = -13,
    /** A word other than true, false, null. */
    LEJP_REJECT_MP_VAL_TOK_UNKNOWN = -14,
    /** More is closed than was opened. */
    LEJP_REJECT_MP_C_OR_E_UNDERF = -15,
    /** A bracket closes something that is not an array. */
    LEJP_REJECT_MP_C_OR_E_NOTARRAY = -16,
    /** An array does not close. */
    LEJP_REJECT_MP_ARRAY_END_MISSING = -17,
    /** Nested too deep. */
    LEJP_REJECT_STACK_OVERFLOW = -18,
    /** Too many nested arrays. */
    LEJP_REJECT_MP_DELIM_ISTACK = -19,
    /** A number with too many digits. */
    LEJP_REJECT_NUM_TOO_LONG = -20,
    /** Neither a comma nor an end after a value. */
    LEJP_REJECT_MP_C_OR_E_NEITHER = -21,
    /** Any other error. */
    LEJP_REJECT_UNKNOWN = -22,
    /** Well-formed, but its content was refused. */
    LEJP_REJECT_CALLBACK = -23,
};

/** A callback: context and reason. */
typedef signed char (*lejp_callback)(struct lejp_ctx*, char);

/** A piece of a long string. */
struct lejp_string_piece {
    /** The next piece, or NULL. */
    struct lejp_string_piece *next;
    /** The text. */
    const char *piece;
    /** Its length. */
    size_t len;
};

/** The C name of `lejp_string_piece`. */
typedef struct lejp_string_piece lejp_string_piece_t;

/** Puts the pieces of a long string together. */
struct lejp_string_unifier {
    /** The first piece, or NULL. */
    struct lejp_string_piece *sph;
    /** Where the next piece goes. */
    struct lejp_string_piece **sp_next;
    /** Number of pieces. */
    int pieces;
    /** Length of all of them. */
    size_t asl;
    /** The whole string. */
    char *fp;
};

/** The C name of `lejp_string_unifier`. */
typedef struct lejp_string_unifier lejp_string_unifier_t;

/** A level of nesting. */
struct _lejp_stack {
    /** State. */
    char s;
    /** Length of the path. */
    char p;
    /** Length of the index array. */
    char i;
    /** The program's bits. */
    char b;
};

/** A callback with the paths that it wants. */
struct _lejp_parsing_stack {
    /** Its pointer. */
    void *user;
    /** The callback: context and reason. */
    signed char (*callback)(struct lejp_ctx*, char);
    /** The paths. */
    const char *const *paths;
    /** Number of paths. */
    uint8_t count_paths;
    /** Length of the path where it began. */
    uint8_t ppos;
    /** The path matched, from 1; 0 for none. */
    uint8_t path_match;
};

/** A JSON parser. Declared so that programs compile that keep one in their objects. */
struct lejp_ctx {
    /** The program's pointer. */
    void *user;
    /** Callbacks, nested. */
    struct _lejp_parsing_stack pst[10];
    /** Levels of nesting. */
    struct _lejp_stack st[64];
    /** Indexes in arrays. */
    uint16_t i[64];
    /** Where wildcards matched. */
    uint16_t wild[64];
    /** Path of the value at hand. */
    char path[192];
    /** Text of the value at hand. */
    char buf[255];
    /** The string being put together. */
    lejp_string_unifier_t su;
    /** Bytes from one path to the next, 0 if they are pointers. */
    size_t path_stride;
    /** Line. */
    uint32_t line;
    /** Unicode escape being read. */
    uint16_t uni;
    /** Flags. */
    uint16_t flags;
    /** Bytes in `buf`. */
    uint8_t npos;
    /** Digits read. */
    uint8_t dcount;
    /** Number flags. */
    uint8_t f;
    /** Level of nesting. */
    uint8_t sp;
    /** Indexes in use. */
    uint8_t ipos;
    /** Number of paths. */
    uint8_t count_paths;
    /** The path matched, from 1; 0 for none. */
    uint8_t path_match;
    /** Length of the match. */
    uint8_t path_match_len;
    /** Wildcards matched. */
    uint8_t wildcount;
    /** Callback in use. */
    uint8_t pst_sp;
    /** The text is an array. */
    uint8_t outer_array;
};

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_LEJP_H */
