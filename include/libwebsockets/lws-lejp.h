/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_LEJP_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_LEJP_H

/*
 * Why JSON was not accepted.
 */
#include <libwebsockets/lws-base.h>

#ifdef __cplusplus
extern "C" {
#endif

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

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_LEJP_H */
