/* SPDX-License-Identifier: MIT */
/* Accounts, through homectl and homed's bus. */
#include <crypt.h>
#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/str.h"
#include "base/variant.h"
#include "core/hash.h"
#include "owner/account.h"

#define RECORD_MAX (1U << 20)
#define SUFFIX ".identity"
/* Argon2id over a large home takes its time, on a slow machine minutes. */
#define CHANGE_MICROSECONDS (300ULL * 1000 * 1000)

bool account_name_good(const char *name, const char **why)
{
	/* What every system has; the rest is account_system_names'. */
	static const char *const taken[] = {"root", "nobody"};
	size_t n = strlen(name);

	*why = NULL;
	if (n == 0)
		*why = "A login name is needed";
	else if (n > ACCOUNT_NAME_MAX)
		*why = "It is longer than 31 letters";
	else if (!islower((unsigned char)name[0]))
		*why = "It must begin with one of the letters a to z";
	for (const char *c = name; *c && !*why; c++)
		if (!(*c >= 'a' && *c <= 'z') && !(*c >= '0' && *c <= '9') &&
		    !strchr("_-", *c))
			*why = "Only the letters a to z, digits, - and _ are possible";
	for (size_t i = 0; i < ELEMENTSOF(taken) && !*why; i++)
		if (streq(name, taken[i]))
			*why = "The system itself has an account of this name";
	return !*why;
}

char *account_name_guess(const char *real_name)
{
	char *name = xcalloc(1, ACCOUNT_NAME_MAX + 1);
	const char *why;
	size_t n = 0;

	for (const char *c = real_name; *c && *c != ' ' && n < ACCOUNT_NAME_MAX; c++)
		if (isalnum((unsigned char)*c) && (n > 0 || isalpha((unsigned char)*c)))
			name[n++] = (char)tolower((unsigned char)*c);
	if (!account_name_good(name, &why))
		name[0] = 0;
	return name;
}

static void add(struct secret *s, const char *text)
{
	size_t n = strlen(text);

	memcpy(s->data + s->size, text, n + 1);
	s->size += n;
}

static void add_quoted(struct secret *s, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char text[8] = {data[i], 0};

		if (strchr("\"\\", data[i]))
			snprintf(text, sizeof(text), "\\%c", data[i]);
		else if ((unsigned char)data[i] < 0x20)
			snprintf(text, sizeof(text), "\\u%04x", (unsigned char)data[i]);
		add(s, text);
		wipe(text, sizeof(text));
	}
}

int account_secret_text(const struct secret *password, struct secret *ret)
{
	if (password->size > ACCOUNT_PASSWORD_MAX)
		return -E2BIG;
	ret->size = 0;
	add(ret, "{\"password\":[\"");
	add_quoted(ret, password->data, password->size);
	add(ret, "\"]}");
	return 0;
}

/* yescrypt, as passwd(1) makes it: homed wants it beside the password itself. */
static int add_hash(const struct secret *password, struct secret *ret, struct error *err)
{
	_cleanup_free_ struct crypt_data *data = xcalloc(1, sizeof(*data));
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *hash = NULL;

	if (crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)))
		hash = crypt_rn(password->data, setting, data, sizeof(*data));
	if (hash) {
		add(ret, "\"privileged\":{\"hashedPassword\":[\"");
		add(ret, hash);
		add(ret, "\"]},");
	}
	wipe(data, sizeof(*data));
	return hash ? 0 : fail(err, -EIO, "The password can't be hashed: %m");
}

/* The record that homectl reads from its standard input. */
static int identity(const struct account *a, struct secret *ret, struct error *err)
{
	_cleanup_secret_ struct secret *secret = secret_new();
	int r = account_secret_text(a->password, secret);

	if (r < 0)
		return fail(err, r, "The password is longer than %d bytes",
			    ACCOUNT_PASSWORD_MAX);
	add(ret, "{\"userName\":\"");
	add(ret, a->name);
	/* Its quality was shown when it was chosen. */
	add(ret, "\",\"enforcePasswordPolicy\":false,");
	r = add_hash(a->password, ret, err);
	if (r < 0)
		return r;
	add(ret, "\"secret\":");
	add(ret, secret->data);
	add(ret, "}");
	return 0;
}

int account_create(const struct account *a, struct error *err)
{
	_cleanup_secret_ struct secret *record = secret_new();
	_cleanup_free_ char *output = NULL;
	/* All of its room is its own from the start, also while nobody is logged in: a
	 * home that has to get it back at log-in stays closed when others have filled the
	 * disk. */
	_cleanup_strv_ char **argv =
		strv_split("homectl create --identity=- --no-pager --storage=luks "
			   "--fs-type=btrfs --luks-discard=no --luks-offline-discard=no "
			   "--rebalance-weight=off --auto-resize-mode=off",
			   " ");
	struct process p = {0};
	int r = identity(a, record, err);

	if (r < 0)
		return r;
	argv = strv_consume(argv, xasprintf("--disk-size=%" PRIu64, a->home_bytes));
	if (a->real_name && a->real_name[0])
		argv = strv_consume(argv, xasprintf("--real-name=%s", a->real_name));
	if (a->administrator)
		argv = strv_add(argv, "--member-of=sudo");
	if (a->cheap) {
		argv = strv_add(argv, "--luks-pbkdf-type=pbkdf2");
		argv = strv_add(argv, "--luks-pbkdf-force-iterations=1000");
	}
	argv = strv_add(argv, a->name);
	p.argv = (const char *const *)argv;
	p.input = record->data;
	p.input_size = record->size;
	r = process_check(&p, &output, NULL, err);
	return r < 0 ? wrap(err, "The account %s can't be made", a->name) : 0;
}

static void bus_freep(sd_bus **bus)
{
	sd_bus_flush_close_unref(*bus);
}
static void message_freep(sd_bus_message **m)
{
	sd_bus_message_unref(*m);
}
static void bus_error_done(sd_bus_error *e)
{
	sd_bus_error_free(e);
}

static int change(sd_bus *bus, const char *name, const struct secret *const texts[2],
		  struct error *err)
{
	_cleanup_(bus_error_done) sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_(message_freep) sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(
		bus, &m, "org.freedesktop.home1", "/org/freedesktop/home1",
		"org.freedesktop.home1.Manager", "ChangePasswordHome");

	if (r >= 0)
		r = sd_bus_message_sensitive(m);
	if (r >= 0)
		r = sd_bus_message_append(m, "sss", name, texts[0]->data, texts[1]->data);
	if (r < 0)
		return fail(err, r, "systemd-homed can't be asked: %s", strerror(-r));
	r = sd_bus_call(bus, m, CHANGE_MICROSECONDS, &e, NULL);
	if (r >= 0)
		return 0;
	if (sd_bus_error_has_name(&e, "org.freedesktop.home1.BadPassword"))
		return fail(err, -EKEYREJECTED, "That isn't the password of %s", name);
	return fail(err, r, "systemd-homed can't change the password: %s",
		    e.message ? e.message : strerror(-r));
}

int account_change_password(const char *name, const struct secret *old,
			    const struct secret *new, struct error *err)
{
	_cleanup_secret_ struct secret *old_text = secret_new(), *new_text = secret_new();
	const struct secret *const texts[2] = {new_text, old_text};
	_cleanup_(bus_freep) sd_bus *bus = NULL;
	int r = account_secret_text(old, old_text);

	if (r == 0)
		r = account_secret_text(new, new_text);
	if (r < 0)
		return fail(err, r, "The password is longer than %d bytes",
			    ACCOUNT_PASSWORD_MAX);
	r = sd_bus_open_system(&bus);
	if (r < 0)
		return fail(err, r, "The system bus can't be reached: %s", strerror(-r));
	return change(bus, name, texts, err);
}

static int read_record(const char *records, const char *name, sd_json_variant **ret)
{
	_cleanup_free_ char *path = xasprintf("%s/%s" SUFFIX, records, name),
			    *text = NULL;
	int r = read_file_at(AT_FDCWD, path, RECORD_MAX, &text, NULL);

	return r < 0 ? r : variant_parse(text, "it", ret, NULL);
}

int account_encrypted(const char *records, const char *machine_id, const char *name)
{
	_cleanup_variant_ sd_json_variant *v = NULL;
	const char *storage;
	int r = read_record(records, name, &v);

	if (r < 0)
		return r;
	/* What was made on this machine, whatever is wished elsewhere in the record. */
	storage = variant_text(variant_get(variant_get(v, "binding"), machine_id),
			       "storage");
	if (!storage)
		return -EBADMSG;
	return streq(storage, "luks") || streq(storage, "fscrypt");
}

#define ADMINISTRATORS "sudo"

static int is_member(const char *groups, const char *name)
{
	_cleanup_fclose_ FILE *f = fopen(groups, "re");

	if (!f)
		return -EBADF;
	for (struct group *g; (g = fgetgrent(f));)
		if (streq(g->gr_name, ADMINISTRATORS))
			return strv_contains(g->gr_mem, name);
	return 0;
}

static bool names_group(sd_json_variant *o)
{
	_cleanup_strv_ char **groups = variant_texts(o, "memberOf");

	return strv_contains(groups, ADMINISTRATORS);
}

int account_administers(const char *records, const char *groups, const char *name)
{
	_cleanup_variant_ sd_json_variant *v = NULL;
	sd_json_variant *machines;
	int r = read_record(records, name, &v);

	if (r < 0)
		return r;
	if (names_group(v))
		return 1;
	r = is_member(groups, name);
	if (r != 0)
		return r;
	/* What may hold on some machines alone; which ones, is homed's to say. */
	machines = variant_get(v, "perMachine");
	if (!machines)
		return 0;
	if (!sd_json_variant_is_array(machines))
		return -EBADMSG;
	for (size_t i = 0; i < sd_json_variant_elements(machines); i++)
		if (names_group(sd_json_variant_by_index(machines, i)))
			return 1;
	return 0;
}

bool account_has_home(const char *homes, const char *name)
{
	static const char *const kinds[] = {".home", ".homedir"};

	for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s%s", homes, name, kinds[i]);

		if (access(path, F_OK) == 0 || errno != ENOENT)
			return true;
	}
	return false;
}

/* The list of hashes in the user's record, a part of *ret_record. */
static int read_hashes(const char *records, const char *name,
		       sd_json_variant **ret_record, sd_json_variant **ret)
{
	sd_json_variant *list;
	int r = read_record(records, name, ret_record);

	if (r < 0)
		return r;
	list = sd_json_variant_by_key(*ret_record, "privileged");
	list = list ? sd_json_variant_by_key(list, "hashedPassword") : NULL;
	*ret = list;
	return list ? 0 : -EBADMSG;
}

int account_password_is(const char *records, const char *name,
			const struct secret *password)
{
	_cleanup_free_ struct crypt_data *data = xcalloc(1, sizeof(*data));
	_cleanup_variant_ sd_json_variant *v = NULL;
	sd_json_variant *list;
	int r = read_hashes(records, name, &v, &list);
	size_t count = r < 0 ? 0 : sd_json_variant_elements(list);

	if (r == 0 && count == 0)
		r = -ENOENT;
	for (size_t i = 0; i < count && r == 0; i++) {
		sd_json_variant *e = sd_json_variant_by_index(list, i);
		const char *hash = sd_json_variant_is_string(e)
					   ? sd_json_variant_string(e)
					   : "",
			   *made = crypt_rn(password->data, hash, data, sizeof(*data));

		r = made && streq(made, hash);
	}
	wipe(data, sizeof(*data));
	return r;
}

int account_password_digest(const char *records, const char *name, char **ret)
{
	_cleanup_free_ char *hashes = NULL;
	_cleanup_variant_ sd_json_variant *v = NULL;
	sd_json_variant *list;
	uint8_t digest[SHA256_SIZE];
	int r = read_hashes(records, name, &v, &list);

	if (r < 0)
		return r;
	if (sd_json_variant_format(list, 0, &hashes) < 0)
		return -EBADMSG;
	sha256_buffer(hashes, strlen(hashes), digest);
	*ret = xmalloc(2 * SHA256_SIZE + 1);
	hex_encode(digest, SHA256_SIZE, *ret);
	return 0;
}

char **account_names(const char *records)
{
	_cleanup_closedir_ DIR *d = opendir(records);
	char **list = xcalloc(1, sizeof(char *));

	for (struct dirent *e; d && (e = readdir(d));) {
		const char *end = endswith(e->d_name, SUFFIX);

		if (end && e->d_name[0] != '.')
			list = strv_consume(
				list,
				xstrndup(e->d_name, strlen(e->d_name) - strlen(SUFFIX)));
	}
	strv_sort(list);
	return list;
}

char **account_system_names(const char *passwd)
{
	_cleanup_fclose_ FILE *f = fopen(passwd, "re");
	char **list = xcalloc(1, sizeof(char *));

	for (struct passwd *p; f && (p = fgetpwent(f));)
		list = strv_add(list, p->pw_name);
	return list;
}
