/* SPDX-License-Identifier: MIT */
/* Which closures are trusted: complete, and each path signed by a trusted key. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "fixture.h"

#define LIBA "00000000000000000000000000000000-liba"
#define PROG "11111111111111111111111111111111-prog"
#define SYSTEM "22222222222222222222222222222222-system"
#define ALONE "33333333333333333333333333333333-alone"

static void make(struct fixture *f)
{
	fixture_init(f);
	fixture_write(f, LIBA "/file", "a", 0644);
	fixture_write(f, PROG "/file", "b", 0644);
	fixture_write(f, SYSTEM "/file", "c", 0644);
	fixture_write(f, ALONE "/file", "d", 0644);
	fixture_register(f, LIBA, LIBA);
	fixture_register(f, PROG, LIBA " " PROG);
	fixture_register(f, SYSTEM, PROG);
	fixture_register(f, ALONE, "");
}

static void sign_again(struct path_info *p, const char *name, struct evp_pkey_st *secret)
{
	strv_free(p->signatures);
	p->signatures = strv_consume(NULL, fixture_sign(p, name, secret));
}

static void expect(struct fixture *f, int code, const char *words)
{
	_cleanup_trusted_closure_ struct trusted_closure t = {0};
	struct error err = {0};

	assert_int_equal(closure_resolve(&f->closure, SYSTEM, &f->keys, &t, &err), code);
	if (code < 0)
		assert_string_equal(err.message, words);
	else
		assert_int_equal(t.count, 3);
	assert_true(code == 0 || t.paths == NULL);
}

static void test_good(void **state)
{
	_cleanup_trusted_closure_ struct trusted_closure t = {0};
	struct fixture f;
	struct error err;

	make(&f);
	assert_int_equal(closure_resolve(&f.closure, SYSTEM, &f.keys, &t, &err), 0);
	assert_int_equal(t.count, 3);
	assert_string_equal(t.paths[0].info->base, SYSTEM);
	assert_string_equal(t.paths[0].key->name, "test-1");
	assert_int_equal(t.nar_size, t.paths[0].info->nar_size +
					     t.paths[1].info->nar_size +
					     t.paths[2].info->nar_size);
	assert_non_null(trusted_closure_find(&t, LIBA));
	assert_null(trusted_closure_find(&t, ALONE));
	fixture_done(&f);
}

static void test_golden_from_nix(void **state)
{
	_cleanup_closure_ struct closure c = {0};
	_cleanup_trusted_keys_ struct trusted_keys k = {0};
	_cleanup_trusted_closure_ struct trusted_closure t = {0};
	_cleanup_free_ char *text = golden("narinfo/signed.narinfo", NULL);
	_cleanup_free_ char *keys = golden("trusted-keys/golden", NULL);
	struct error err;

	assert_int_equal(closure_parse(text, strlen(text), &c, &err), 0);
	assert_int_equal(trusted_keys_parse(keys, strlen(keys), &k, &err), 0);
	assert_int_equal(closure_resolve(&c, SYSTEM, &k, &t, &err), 0);
	assert_int_equal(t.count, 3);
}

static void test_unknown_system(void **state)
{
	struct fixture f;

	make(&f);
	f.closure.count = 2; /* liba and prog remain: they are first in the order */
	expect(&f, -ENOENT,
	       "/nix/store/" SYSTEM " is needed but not described in the closure");
	f.closure.count = 4;
	fixture_done(&f);
}

static void test_incomplete(void **state)
{
	struct fixture f;
	struct path_info *p;

	make(&f);
	p = fixture_info(&f, LIBA);
	p->base[0] = '1'; /* sorted between the others still */
	expect(&f, -ENOENT,
	       "/nix/store/" LIBA " is needed by /nix/store/" PROG
	       " but not described in the closure");
	fixture_done(&f);
}

static void test_unsigned(void **state)
{
	struct fixture f;
	struct path_info *p;

	make(&f);
	p = fixture_info(&f, LIBA);
	strv_free(p->signatures);
	p->signatures = xcalloc(1, sizeof(char *));
	expect(&f, -ENOKEY, "/nix/store/" LIBA " has no signature");
	p->content_addressed = true;
	expect(&f, -ENOKEY,
	       "/nix/store/" LIBA " is content-addressed and has no signature");
	fixture_done(&f);
}

static void test_wrong_key(void **state)
{
	struct fixture f;
	struct path_info *p;

	make(&f);
	p = fixture_info(&f, LIBA);
	/* A key that bears the name of a trusted one. */
	sign_again(p, "test-1", f.other_secret);
	expect(&f, -EKEYREJECTED,
	       "/nix/store/" LIBA " has a wrong signature by the key test-1");
	sign_again(p, "stranger-1", f.other_secret);
	expect(&f, -ENOKEY,
	       "/nix/store/" LIBA " is signed by stranger-1, which is not a trusted key");
	/* One good signature among bad ones is enough. */
	p->signatures =
		strv_consume(p->signatures, fixture_sign(p, "other-1", f.other_secret));
	expect(&f, 0, NULL);
	fixture_done(&f);
}

/* Whatever the signature covers may not be changed. */
static void test_changed_description(void **state)
{
	static const char words[] =
		"/nix/store/" LIBA " has a wrong signature by the key test-1";
	struct fixture f;
	struct path_info *p;

	make(&f);
	p = fixture_info(&f, LIBA);
	p->nar_hash[31] ^= 0x80;
	expect(&f, -EKEYREJECTED, words);
	p->nar_hash[31] ^= 0x80;
	p->nar_size++;
	expect(&f, -EKEYREJECTED, words);
	p->nar_size--;
	strv_free(p->references);
	p->references = xcalloc(1, sizeof(char *));
	expect(&f, -EKEYREJECTED, words);
	p->references = strv_add(p->references, LIBA);
	expect(&f, 0, NULL);
	p->content_addressed = true;
	expect(&f, 0, NULL);
	p->signatures[0][strlen(p->signatures[0]) - 8] ^= 1;
	expect(&f, -EKEYREJECTED, words);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_golden_from_nix),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_unknown_system),
		cmocka_unit_test(test_unsigned),
		cmocka_unit_test(test_wrong_key),
		cmocka_unit_test(test_changed_description),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
