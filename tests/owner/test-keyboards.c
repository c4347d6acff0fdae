/* SPDX-License-Identifier: MIT */
/* The guess at a person's keyboard. */
#include <string.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "owner/keyboards.h"

static const char table[] = "# console keymap, layouts, model, variants, options\n"
			    "sg\t\tch\tpc105\tde_nodeadkeys\tterminate:x\n"
			    "uk\t\tgb\tpc105\t-\tterminate:x\n"
			    "de-latin1\tde\tpc105\t-\tterminate:x\n"
			    "de\t\tde\tpc105\t-\tterminate:x\n"
			    "de-latin1-nodeadkeys\tde\tpc105\tnodeadkeys\tterminate:x\n"
			    "fr_CH\t\tch\tpc105\tfr\tterminate:x\n"
			    "fr-latin9\tfr\tpc105\tlatin9\tterminate:x\n"
			    "us\t\tus\tpc105+inet\t-\tterminate:x\n"
			    "dvorak\t\tus\tpc105\tdvorak\tterminate:x\n"
			    "ua-utf\t\tua,us\tpc105\t-\tterminate:x\n"
			    "broken\n";

#define LIST(...) ((char *const[]){__VA_ARGS__, NULL})
#define K(name) ((char *)(name))

static void expect(char *const *offered, const char *locale, const char *keymap)
{
	const char *found = keyboards_guess(table, offered, "us", locale);

	assert_string_equal(found ? found : "none", keymap);
}

static void test_guess(void **state _unused_)
{
	char *const *all =
		LIST(K("us"), K("uk"), K("de-latin1"), K("de-latin1-nodeadkeys"), K("de"),
		     K("fr-latin9"), K("sg"), K("fr_CH"), K("ua-utf"), K("dvorak"));
	char *const *usual = LIST(K("us"), K("uk"), K("de-latin1-nodeadkeys"),
				  K("fr-latin9"), K("pl"), K("se-latin1"), K("dvorak"));

	expect(all, "de_DE.UTF-8", "de");
	expect(all, "fr_FR.UTF-8", "fr-latin9");
	expect(all, "en_GB.UTF-8", "uk");
	expect(all, "uk_UA.UTF-8", "ua-utf");
	expect(all, "de_CH.UTF-8", "sg");
	expect(all, "fr_CH.UTF-8", "fr_CH");
	/* Of what is offered alone. */
	expect(usual, "de_DE.UTF-8", "de-latin1-nodeadkeys");
	expect(usual, "de_CH.UTF-8", "de-latin1-nodeadkeys");
	expect(usual, "de_AT@euro", "de-latin1-nodeadkeys");
	expect(usual, "pl_PL.UTF-8", "pl");
	expect(usual, "sv_SE.UTF-8", "se-latin1");
	expect(usual, "nl_NL.UTF-8", "none");
	expect(usual, "uk_UA.UTF-8", "none");
	expect(usual, "en_US.UTF-8", "none");
	expect(usual, "C.UTF-8", "none");
	expect(usual, "", "none");
}

/* One of that country that the configuration has chosen stays. */
static void test_present(void **state _unused_)
{
	char *const *list = LIST(K("us"), K("de"), K("de-latin1"));

	assert_string_equal(keyboards_guess(table, list, "de-latin1", "de_DE.UTF-8"),
			    "de-latin1");
	assert_string_equal(keyboards_guess(table, list, "fr-latin9", "de_DE.UTF-8"),
			    "de");
	/* Not offered: nobody could choose it. */
	assert_string_equal(
		keyboards_guess(table, list, "de-latin1-nodeadkeys", "de_DE.UTF-8"),
		"de");
}

static void test_without_table(void **state _unused_)
{
	char *const *list = LIST(K("us"), K("de-latin1"), K("uk"));

	assert_string_equal(keyboards_guess(NULL, list, "us", "de_DE.UTF-8"),
			    "de-latin1");
	assert_string_equal(keyboards_guess(NULL, list, "us", "en_GB.UTF-8"), "uk");
	assert_null(keyboards_guess(NULL, list, "us", "uk_UA.UTF-8"));
}

/* The table as systemd ships it, with the keymaps that a configuration offers by itself.
 */
static void test_real(void **state _unused_)
{
	_cleanup_free_ char *text = NULL;
	char *const *usual =
		LIST(K("us"), K("uk"), K("de-latin1-nodeadkeys"), K("fr-latin9"), K("es"),
		     K("it"), K("pt-latin1"), K("br-abnt2"), K("pl"), K("se-latin1"));
	static const char *const pairs[][2] = {
		{"en_GB.UTF-8", "uk"},	      {"de_DE.UTF-8", "de-latin1-nodeadkeys"},
		{"fr_FR.UTF-8", "fr-latin9"}, {"es_ES.UTF-8", "es"},
		{"it_IT.UTF-8", "it"},	      {"pt_PT.UTF-8", "pt-latin1"},
		{"pt_BR.UTF-8", "br-abnt2"},  {"pl_PL.UTF-8", "pl"},
		{"sv_SE.UTF-8", "se-latin1"}};

	assert_int_equal(
		read_file_at(AT_FDCWD, KEYBOARDS_FILE, KEYBOARDS_MAX, &text, NULL), 0);
	for (size_t i = 0; i < ELEMENTSOF(pairs); i++)
		assert_string_equal(keyboards_guess(text, usual, "us", pairs[i][0]),
				    pairs[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guess),
		cmocka_unit_test(test_present),
		cmocka_unit_test(test_without_table),
		cmocka_unit_test(test_real),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
