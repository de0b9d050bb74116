/*
 * Pre-shared keys: what a line may be, who may read the file, and that no key
 * gets into a message.
 */
#include "config/psk.h"

#include "config_test.h"

#define K16 "000102030405060708090a0b0c0d0e0f"
#define K64 K16 K16 K16 K16

static void good_lines(void **state)
{
	static const char text[] = "# comment\n"
				   "; comment\n"
				   "\n"
				   "bed3:" K16 "\r\n"
				   "  bed 4 : ward 7:" K16 "  \n"
				   "upper:000102030405060708090A0B0C0D0E0F\n"
				   "long:" K64 "\n"
				   "bed:" K16 "ff";
	struct config_problems p = { 0 };
	struct psk_table *t = NULL;
	const uint8_t *key;
	size_t length;

	assert_int_equal(psk_parse("k", text, strlen(text), &t, &p), 0);
	assert_int_equal(p.error_count, 0);
	assert_int_equal(psk_count(t), 5);
	key = psk_find(t, "bed3", 4, &length);
	assert_non_null(key);
	assert_int_equal(length, 16);
	for (size_t i = 0; i < 16; i++)
		assert_int_equal(key[i], i);
	key = psk_find(t, "bed", 3, &length);
	assert_non_null(key);
	assert_int_equal(length, 17);
	assert_int_equal(key[16], 0xff);
	assert_non_null(psk_find(t, "bed 4 : ward 7", 14, &length));
	assert_non_null(psk_find(t, "upper", 5, &length));
	assert_int_equal(length, 16);
	assert_non_null(psk_find(t, "long", 4, &length));
	assert_int_equal(length, 64);
	assert_null(psk_find(t, "bed33", 5, &length));
	assert_null(psk_find(t, "be", 2, &length));
	assert_null(psk_find(t, "", 0, &length));
	assert_null(psk_find(t, "BED3", 4, &length));
	psk_free(t);
}

static void nothing(void **state)
{
	struct config_problems p = { 0 };
	struct psk_table *t = NULL;
	size_t length;

	assert_int_equal(psk_parse("k", NULL, 0, &t, &p), 0);
	assert_int_equal(psk_count(t), 0);
	assert_null(psk_find(t, "a", 1, &length));
	psk_free(t);
	assert_null(psk_free(NULL));
}

#define I128                                                                                       \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"                         \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static void bad_lines(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ K16, "k:1: is no IDENTITY:HEXKEY; the colon is missing" },
		{ ":" K16, "k:1: has no identity in front of the colon" },
		{ "a:", "k:1: the key is shorter than 16 bytes; make one with `openssl rand -hex "
			"16`" },
		{ "a:000102030405060708090a0b0c0d0e",
			"k:1: the key is shorter than 16 bytes; make one with `openssl rand -hex "
			"16`" },
		{ "a:" K64 "00",
			"k:1: the key is longer than 64 bytes; make one with `openssl rand "
			"-hex 16`" },
		{ "a:" K16 "0",
			"k:1: the key has an odd number of hex digits; a digit is missing or "
			"too many" },
		{ "a:" K16 "0g", "k:1: the key has something other than hex digits; make one with "
				 "`openssl rand -hex 16`" },
		{ "a: " K16, "k:1: the key has something other than hex digits; make one with "
			     "`openssl rand -hex 16`" },
		{ "\n\na:" K16 "\nb:" K16 "\na:" K16 "\n",
			"k:5: \"a\" has a key in line 3 already; keep one of the two" },
		{ I128 "x:" K16, "k:1: has an identity of more than 128 bytes" },
		{ "a\tb:" K16, "k:1: has an identity that is not printable UTF-8" },
		{ "a\xff:" K16, "k:1: has an identity that is not printable UTF-8" },
		/* Turned round: what looks like the identity is the key. */
		{ K16 ":oximeter",
			"k:1: the key has something other than hex digits; make one with "
			"`openssl rand -hex 16`" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct config_problems p = { 0 };
		struct psk_table *t = NULL;

		assert_int_equal(psk_parse("k", rows[i].text, strlen(rows[i].text), &t, &p),
			CONFIG_E_INVALID);
		assert_null(t);
		assert_int_equal(p.error_count, 1);
		assert_string_equal(p.errors[0], rows[i].error);
		assert_null(strstr(p.errors[0], "0405"));
		config_problems_done(&p);
	}
	{
		struct config_problems p = { 0 };
		struct psk_table *t = NULL;

		assert_int_equal(psk_parse("k", I128 ":" K16, 128 + 33, &t, &p), 0);
		psk_free(t);
	}
}

static void all_bad_lines_at_once(void **state)
{
	static const char text[] = "a\nb:00\n" K16 ":c\nd:" K16 "\n";
	struct config_problems p = { 0 };
	struct psk_table *t = NULL;

	assert_int_equal(psk_parse("k", text, strlen(text), &t, &p), CONFIG_E_INVALID);
	assert_int_equal(p.error_count, 3);
	config_problems_done(&p);
}

/* Backwards, which is the hard way for a sorted table. */
static void the_cap(void **state)
{
	for (size_t extra = 0; extra < 2; extra++) {
		struct config_problems p = { 0 };
		struct psk_table *t = NULL;
		size_t size, length;
		char *text;
		FILE *f = open_memstream(&text, &size);

		assert_non_null(f);
		for (size_t i = PSK_ENTRIES_MAX + extra; i > 0; i--)
			fprintf(f, "id-%05zu:" K16 "\n", i);
		fclose(f);
		if (extra == 0) {
			assert_int_equal(psk_parse("k", text, size, &t, &p), 0);
			assert_int_equal(psk_count(t), PSK_ENTRIES_MAX);
			assert_non_null(psk_find(t, "id-00001", 8, &length));
			assert_non_null(psk_find(t, "id-04096", 8, &length));
			assert_null(psk_find(t, "id-04097", 8, &length));
		} else {
			assert_int_equal(psk_parse("k", text, size, &t, &p), CONFIG_E_INVALID);
			assert_int_equal(p.error_count, 1);
			assert_string_equal(p.errors[0], "k:4097: is one more than the 4096 keys "
							 "that one gateway takes");
		}
		psk_free(t);
		free(text);
		config_problems_done(&p);
	}
}

static void modes(void **state)
{
	static const struct {
		mode_t mode;
		const char *error; /* NULL: good */
	} rows[] = {
		{ 0600, NULL },
		{ 0640, NULL },
		{ 0400, NULL },
		{ 0440, NULL },
		{ 0644, "has mode 0644, so that others can read it; chmod 0640 " },
		{ 0604, "has mode 0604, so that others can read it; chmod 0640 " },
		{ 0660, "has mode 0660, so that others can change it; chmod 0640 " },
		{ 0666, "has mode 0666, so that others can change it; chmod 0640 " },
		{ 0602, "has mode 0602, so that others can change it; chmod 0640 " },
	};
	char *path = path_in(*state, "psk"), error[512];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct config_problems p = { 0 };
		struct psk_table *t = NULL;
		int r;

		unlink(path);
		write_file(*state, "psk", rows[i].mode, "a:" K16 "\n");
		r = psk_read(path, &t, &p);
		assert_int_equal(r, rows[i].error ? CONFIG_E_INVALID : 0);
		if (rows[i].error) {
			snprintf(error, sizeof(error), "%s: %s%s", path, rows[i].error, path);
			assert_string_equal(p.errors[0], error);
		}
		psk_free(t);
		config_problems_done(&p);
	}
	free(path);
}

static void files_as_such(void **state)
{
	struct config_problems p = { 0 };
	struct psk_table *t = NULL;
	char *path = path_in(*state, "missing");

	assert_int_equal(psk_read(path, &t, &p), CONFIG_E_INVALID);
	assert_non_null(strstr(p.errors[0], ": cannot be read: No such file or directory"));
	config_problems_done(&p);
	assert_int_equal(psk_read(*state, &t, &p), CONFIG_E_INVALID);
	assert_non_null(strstr(p.errors[0], ": is a directory; give a regular file"));
	config_problems_done(&p);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines),
		cmocka_unit_test(nothing),
		cmocka_unit_test(bad_lines),
		cmocka_unit_test(all_bad_lines_at_once),
		cmocka_unit_test(the_cap),
		cmocka_unit_test_setup_teardown(modes, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(files_as_such, make_directory, remove_directory),
	};

	return RUN_TESTS(tests);
}
