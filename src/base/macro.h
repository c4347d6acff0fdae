/* SPDX-License-Identifier: MIT */
/* Attributes and ownership helpers used by every other file. */
#pragma once

#include <stddef.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _must_check_ __attribute__((warn_unused_result))
#define _noreturn_ __attribute__((noreturn))
#define _unused_ __attribute__((unused))

#define ELEMENTSOF(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* Hands the value over and leaves `empty` behind, so that the cleanup finds nothing. */
#define TAKE_AS(var, empty)                                                              \
	({                                                                               \
		typeof(var) *take_p_ = &(var);                                           \
		typeof(var) take_v_ = *take_p_;                                          \
		*take_p_ = (empty);                                                      \
		take_v_;                                                                 \
	})
#define TAKE_PTR(p) TAKE_AS(p, NULL)
#define TAKE_FD(fd) TAKE_AS(fd, -EBADF)

/* Defines noun_freep() for _cleanup_(noun_freep) from a function that accepts NULL. */
#define DEFINE_FREEP(type, function)                                                     \
	static inline void function##p(type **p)                                         \
	{                                                                                \
		function(*p);                                                            \
	}
