/* SPDX-License-Identifier: MIT */
/* What the tests of core share. */
#include <dirent.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "core/nar.h"
#include "fixture.h"

char *golden(const char *path, size_t *ret_size)
{
	const char *top = getenv("ATOMOS_TEST_DATA");
	_cleanup_free_ char *full = NULL;
	char *text = NULL;

	assert_non_null(top);
	full = xasprintf("%s/%s", top, path);
	if (read_file_at(AT_FDCWD, full, 1U << 28, &text, ret_size) < 0)
		fail_msg("%s can't be read", full);
	return text;
}

static bool wanted(const char *name, const char *suffix)
{
	return *suffix ? endswith(name, suffix) != NULL : !strchr(name, '.');
}

void each_golden(const char *folder, const char *suffix, const char *expected,
		 size_t least,
		 void (*check)(const char *path, const char *text, size_t size,
			       const char *expectation))
{
	_cleanup_free_ char *full =
		xasprintf("%s/%s", getenv("ATOMOS_TEST_DATA"), folder);
	DIR *dir = opendir(full);
	struct dirent *e;
	size_t count = 0;

	assert_non_null(dir);
	while ((e = readdir(dir))) {
		_cleanup_free_ char *path = NULL, *other = NULL, *text = NULL,
				    *words = NULL;
		size_t size;

		if (e->d_type == DT_DIR || !wanted(e->d_name, suffix))
			continue;
		path = xasprintf("%s/%s", folder, e->d_name);
		other = xasprintf("%.*s%s", (int)(strlen(path) - strlen(suffix)), path,
				  expected);
		text = golden(path, &size);
		words = golden(other, NULL);
		if (endswith(words, "\n"))
			words[strlen(words) - 1] = 0;
		check(path, text, size, words);
		count++;
	}
	closedir(dir);
	assert_true(count >= least);
}

char *pattern(size_t size)
{
	char *p = xmalloc(size + 1);

	for (size_t i = 0; i < size; i++)
		p[i] = (char)(i % 251);
	return p;
}

int temporary_directory(char **ret_path)
{
	const char *top = getenv("TMPDIR");
	int fd;

	*ret_path = xasprintf("%s/atomos-test-XXXXXX", top ? top : "/tmp");
	assert_non_null(mkdtemp(*ret_path));
	fd = open(*ret_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

void temporary_done(int fd, char *path)
{
	close(fd);
	assert_int_equal(remove_tree_at(AT_FDCWD, path), 0);
	free(path);
}

static void make_file(int dirfd, const char *path, const char *data, size_t size,
		      mode_t mode)
{
	int fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write_full(fd, data, size), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void make_node(int dirfd, const char *path, char kind, const char *text)
{
	_cleanup_free_ char *data = NULL;

	if (kind == 'd') {
		assert_int_equal(mkdirat(dirfd, path, 0755), 0);
	} else if (kind == 'l') {
		assert_int_equal(symlinkat(text, dirfd, path), 0);
	} else if (kind == 'z') {
		data = pattern((size_t)atol(text));
		make_file(dirfd, path, data, (size_t)atol(text), 0644);
	} else {
		make_file(dirfd, path, text, strlen(text), kind == 'x' ? 0755 : 0644);
	}
}

void make_tree(int dirfd, const char *top, const char *description)
{
	_cleanup_strv_ char **lines = strv_split(description, "\n");

	for (char **line = lines; *line; line++) {
		char *name = *line + 2, *text = strchr(name, ' ');
		_cleanup_free_ char *path = NULL;

		if (text)
			*text++ = 0;
		path = streq(name, ".") ? xstrdup(top) : xasprintf("%s/%s", top, name);
		make_node(dirfd, path, **line, text ? text : "");
	}
}

static struct evp_pkey_st *make_key(const char *name, char **text)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	uint8_t bytes[PUBLIC_KEY_SIZE];
	unsigned char base64[64];
	size_t size = sizeof(bytes);
	char *old = *text;

	assert_int_equal(EVP_PKEY_get_raw_public_key(key, bytes, &size), 1);
	EVP_EncodeBlock(base64, bytes, PUBLIC_KEY_SIZE);
	*text = xasprintf("%s%s:%s\n", old ? old : "", name, (char *)base64);
	free(old);
	return key;
}

void fixture_init(struct fixture *f)
{
	_cleanup_free_ char *text = NULL;
	struct error err;

	*f = (struct fixture){0};
	f->store = temporary_directory(&f->path);
	f->secret = make_key("test-1", &text);
	f->other_secret = make_key("other-1", &text);
	assert_int_equal(trusted_keys_parse(text, strlen(text), &f->keys, &err), 0);
}

void fixture_done(struct fixture *f)
{
	temporary_done(f->store, f->path);
	closure_done(&f->closure);
	trusted_keys_done(&f->keys);
	EVP_PKEY_free(f->secret);
	EVP_PKEY_free(f->other_secret);
}

char *fixture_sign(const struct path_info *p, const char *name,
		   struct evp_pkey_st *secret)
{
	_cleanup_free_ char *text = path_info_fingerprint(p);
	uint8_t signature[SIGNATURE_SIZE];
	unsigned char base64[128];
	size_t size = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, secret), 1);
	assert_int_equal(EVP_DigestSign(ctx, signature, &size, (const uint8_t *)text,
					strlen(text)),
			 1);
	EVP_MD_CTX_free(ctx);
	EVP_EncodeBlock(base64, signature, SIGNATURE_SIZE);
	return xasprintf("%s:%s", name, (char *)base64);
}

void fixture_register(struct fixture *f, const char *base, const char *references)
{
	_cleanup_nar_walker_ struct nar_walker *w = nar_walker_new();
	struct nar_walk walk = {0};
	struct path_info p = {.base = xstrdup(base),
			      .references = strv_split(references, " ")};
	struct error err;

	strv_sort(p.references);
	if (nar_hash(w, f->store, base, &walk, p.nar_hash, &p.nar_size, &err) < 0)
		fail_msg("%s: %s", base, err.message);
	p.signatures = strv_consume(NULL, fixture_sign(&p, "test-1", f->secret));
	closure_add(&f->closure, &p, &f->capacity);
	assert_int_equal(closure_sort(&f->closure, &err), 0);
}

void fixture_write(struct fixture *f, const char *path, const char *text, mode_t mode)
{
	assert_int_equal(make_parents_at(f->store, path), 0);
	make_file(f->store, path, text, strlen(text), mode);
}

struct path_info *fixture_info(struct fixture *f, const char *base)
{
	struct path_info *p = (struct path_info *)closure_find(&f->closure, base);

	assert_non_null(p);
	return p;
}
