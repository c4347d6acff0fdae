/* SPDX-License-Identifier: MIT */
/* People's accounts, kept by systemd-homed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/secret.h"

/* Longer ones don't fit into a message to homed in every spelling. */
#define ACCOUNT_PASSWORD_MAX 500
#define ACCOUNT_NAME_MAX 31
#define ACCOUNT_RECORDS "/var/lib/systemd/home"
#define ACCOUNT_PASSWD "/etc/passwd"
#define ACCOUNT_GROUPS "/etc/group"
#define ACCOUNT_HOMES "/home"

struct account {
	const char *name, *real_name;
	bool administrator;
	const struct secret *password;
	uint64_t home_bytes; /* fixed: homes that resize at log-in have cost people theirs
			      */
	bool cheap;	     /* least work to open the home; for machines that only try */
};

/* True for a name that homed, ssh and every tool accept, whatever accounts there are;
 * else `why` says what is wrong. */
bool account_name_good(const char *name, const char **why);

/* A login name out of a person's name ("Ada Lovelace": "ada"); freed by the caller, ""
 * when there is nothing to make one of. */
char *account_name_guess(const char *real_name);

/* {"password":["…"]}, quoted as JSON wants it: what homed takes as the secret part of a
 * record. -E2BIG when the password is longer than ACCOUNT_PASSWORD_MAX. */
int account_secret_text(const struct secret *password, struct secret *ret);

/* Makes the account and its encrypted home (homectl create). */
int account_create(const struct account *a, struct error *err);

/* Changes the home's password through homed. -EKEYREJECTED when the old one is wrong. */
int account_change_password(const char *name, const struct secret *old,
			    const struct secret *new, struct error *err);

/* A digest (hexadecimal, freed by the caller) of the hashes in homed's record of the
 * user, below `records`: it changes whenever the password does. -ENOENT: no such user. */
int account_password_digest(const char *records, const char *name, char **ret);

/* Whether this is the password that the user logs in with: 1, 0, or a negative errno when
 * homed's record doesn't tell (-ENOENT: no such user, or one without a password). */
int account_password_is(const char *records, const char *name,
			const struct secret *password);

/* Whether what only the user's password opens encrypts the home, as homed's record of the
 * user says of the machine with this id: 1, 0 (the home lies open on its partition), or a
 * negative errno when the record doesn't tell (-EACCES: not to this process). */
int account_encrypted(const char *records, const char *machine_id, const char *name);

/* Whether the user is one of the group sudo, by homed's record of them or by a file in
 * the form of group(5): 1, 0, or a negative errno when the record doesn't tell (-ENOENT:
 * there is none). */
int account_administers(const char *records, const char *groups, const char *name);

/* Whether a home of this name lies below `homes`, whatever homed knows of it. */
bool account_has_home(const char *homes, const char *name);

/* The names homed has records of, a sorted NULL-terminated list, below `records`. */
char **account_names(const char *records);
/* The names of the accounts that the system itself brings (not homed's), which homed
 * refuses: a NULL-terminated list, out of a file in the form of passwd(5). */
char **account_system_names(const char *passwd);
