/* Checks for the C programs: a failed one says where, and the program ends with 1. */

#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(cond)                                                                    \
	do {                                                                           \
		if (!(cond)) {                                                         \
			printf("%s:%d: failed: %s\n", __FILE__, __LINE__, #cond);      \
			exit(1);                                                       \
		}                                                                      \
	} while (0)

#define CHECK_STR(actual, expected)                                                    \
	do {                                                                           \
		const char *a_ = (actual), *e_ = (expected);                           \
		if (!a_ || strcmp(a_, e_)) {                                           \
			printf("%s:%d: \"%s\" instead of \"%s\"\n", __FILE__,          \
			       __LINE__, a_ ? a_ : "(NULL)", e_);                      \
			exit(1);                                                       \
		}                                                                      \
	} while (0)

#endif
