/*
 * Lines: what libinih would let pass or misread is refused, each with its line
 * number, and what is good arrives as it stands.
 */
#include "config/reader.h"

#include "config_test.h"

struct told {
	char text[4096];
	int fail_at;        /* negative errno of the first assignment */
	const char *refuse; /* a section */
};

static int on_section(const char *name, unsigned line, void *userdata)
{
	struct told *h = userdata;
	size_t n = strlen(h->text);

	snprintf(h->text + n, sizeof(h->text) - n, "%u [%s]\n", line, name);
	return h->refuse && strcmp(name, h->refuse) == 0 ? CONFIG_E_INVALID : 0;
}

static int on_assign(const char *key, const char *value, unsigned line, void *userdata)
{
	struct told *h = userdata;
	size_t n = strlen(h->text);

	snprintf(h->text + n, sizeof(h->text) - n, "%u %s=%s\n", line, key, value);
	return h->fail_at;
}

static int run(const void *data, size_t size, struct told *h, struct config_problems *p)
{
	struct reader_events events = { on_section, on_assign, h };

	return reader_run("f", data, size, &events, p);
}

static void expect(const char *text, size_t size, const char *heard, const char *error)
{
	struct config_problems p = { 0 };
	struct told h = { .text = "" };

	assert_int_equal(run(text, size, &h, &p), 0);
	assert_string_equal(h.text, heard);
	assert_int_equal(p.error_count, error ? 1 : 0);
	if (error)
		assert_string_equal(p.errors[0], error);
	config_problems_done(&p);
}

static void good_lines(void **state)
{
	static const struct {
		const char *text, *heard;
	} rows[] = {
		{ "", "" },
		{ "\n\n", "" },
		{ "[A]\nk=v", "1 [A]\n2 k=v\n" },
		{ "[A]\nk=v\n", "1 [A]\n2 k=v\n" },
		{ "# c\n; c\n  # c\n\t\n[A]\nk=v\n", "5 [A]\n6 k=v\n" },
		{ "[A]\r\nk=v\r\n", "1 [A]\n2 k=v\n" },
		{ "\xef\xbb\xbf[A]\nk=v\n", "1 [A]\n2 k=v\n" },
		{ "[A]  \nk = v  \nl=\nm= \n", "1 [A]\n2 k=v\n3 l=\n4 m=\n" },
		{ "[A]\nk=a b\tc\n", "1 [A]\n2 k=a b c\n" },
		{ "[A]\nk=a=b:c;d#e\n", "1 [A]\n2 k=a=b:c;d#e\n" },
		{ "[A]\nk=;x\nl=#x\n", "1 [A]\n2 k=;x\n3 l=#x\n" },
		{ "[A]\nk=\xc3\xa9\n", "1 [A]\n2 k=\xc3\xa9\n" },
		{ "[A]\n[B]\n[A]\nk=1\nk=2\n", "1 [A]\n2 [B]\n3 [A]\n4 k=1\n5 k=2\n" },
		{ "[A name]\n", "1 [A name]\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect(rows[i].text, strlen(rows[i].text), rows[i].heard, NULL);
	expect(NULL, 0, "", NULL);
}

static void bad_lines(void **state)
{
	static const struct {
		const char *text, *heard, *error;
	} rows[] = {
		{ "[A]\nk=v\n l=w\nm=x\n", "1 [A]\n2 k=v\n4 m=x\n",
			"f:3: is indented; begin it in the first column" },
		{ "[A]\n\tk=v\n", "1 [A]\n", "f:2: is indented; begin it in the first column" },
		{ "[A]\n [B]\nk=v\n", "1 [A]\n3 k=v\n",
			"f:2: is indented; begin it in the first column" },
		{ "[A]\nk: v\n", "1 [A]\n", "f:2: has : after the key; write Key=value" },
		{ "[A]\nk:x=v\n", "1 [A]\n", "f:2: has : after the key; write Key=value" },
		{ "[A]\nk=v ; c\n", "1 [A]\n",
			"f:2: has a comment behind the value; put it on a line of its own" },
		{ "[A]\nk=v # c\n", "1 [A]\n",
			"f:2: has a comment behind the value; put it on a line of its own" },
		{ "[A]\nk= ;c\n", "1 [A]\n",
			"f:2: has a comment behind the value; put it on a line of its own" },
		{ "[A]\nk\n", "1 [A]\n",
			"f:2: is no [Section], no Key=value and no comment; comments begin with # "
			"or ;" },
		{ "[A]\n=v\n", "1 [A]\n", "f:2: has no proper key in front of =; write Key=value" },
		{ "[A]\na b=v\n", "1 [A]\n",
			"f:2: has no proper key in front of =; write Key=value" },
		{ "[A]\nk=v\\\n", "1 [A]\n",
			"f:2: ends with a backslash; lines cannot be continued, repeat the key if "
			"it "
			"is a list" },
		{ "k=v\nl=w\n[A]\nm=x\n", "3 [A]\n4 m=x\n",
			"f:1: stands before the first section; begin with a line like [Gateway]" },
		{ "[A\nk=v\n[B]\n", "3 [B]\n",
			"f:1: begins a section that does not end with ]; write [Section] alone on "
			"its line" },
		{ "[\n", "",
			"f:1: begins a section that does not end with ]; write [Section] alone on "
			"its line" },
		{ "[A] # c\nk=v\n", "",
			"f:1: begins a section that does not end with ]; write [Section] alone on "
			"its line" },
		{ "[]\n", "",
			"f:1: is no section; write [Section] or [Section name] alone on its line" },
		{ "[A]]\n", "",
			"f:1: is no section; write [Section] or [Section name] alone on its line" },
		{ "[A]\nk=\xff\nl=w\n", "1 [A]\n3 l=w\n",
			"f:2: is not valid UTF-8; save the file as UTF-8 text" },
		{ "[A]\nk=\x01\n", "1 [A]\n", "f:2: holds a control character; delete it" },
		{ "[A]\nk=\x7f\n", "1 [A]\n", "f:2: holds a control character; delete it" },
		{ "[A]\nk=\xc2\x85\n", "1 [A]\n", "f:2: holds a control character; delete it" },
		{ "[A]\nk=a\rb\n", "1 [A]\n", "f:2: holds a control character; delete it" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect(rows[i].text, strlen(rows[i].text), rows[i].heard, rows[i].error);
}

static void binary_is_told_once(void **state)
{
	static const char text[] = "[A]\nk=\0\n\0\n\0\nl=w\n";

	expect(text, sizeof(text) - 1, "1 [A]\n",
		"f:2: holds a NUL byte, so this is no text file; save it as UTF-8 text");
}

static void long_lines(void **state)
{
	char text[2400], heard[400];

	/* 199 bytes go through whole, 200 do not. */
	memset(text, 'x', sizeof(text));
	memcpy(text, "[A]\nk=", 6);
	text[4 + 199] = '\n';
	snprintf(heard, sizeof(heard), "1 [A]\n2 k=%.197s\n", text + 6);
	expect(text, 4 + 200, heard, NULL);

	text[4 + 199] = 'x';
	text[4 + 200] = '\n';
	expect(text, 4 + 201, "1 [A]\n",
		"f:2: is longer than 199 bytes; shorten it, or repeat the key if it is a "
		"list");

	/* Beyond what is looked at. */
	memset(text + 4 + 199, 'x', 2000);
	expect(text, 4 + 2100, "1 [A]\n",
		"f:2: is longer than 199 bytes; shorten it, or repeat the key if it is a "
		"list");

	/* A comment may be of any length. */
	text[4] = '#';
	expect(text, 4 + 2100, "1 [A]\n", NULL);
}

static void long_sections(void **state)
{
	char text[64] = "[", heard[64];

	memset(text + 1, 'x', 49);
	memcpy(text + 50, "]\n", 2);
	snprintf(heard, sizeof(heard), "1 [%.49s]\n", text + 1);
	expect(text, 52, heard, NULL);
	memcpy(text + 50, "x]\nk=v\n", 7);
	expect(text, 57, "",
		"f:1: has a section name of more than 49 characters; names of devices and "
		"rules have at most 40");
}

/* The keys of a section that was refused are nobody's: not the former one's either. */
static void a_refused_section_takes_its_keys_along(void **state)
{
	static const char text[] = "[A]\nk=1\n[B]\nk=2\n  l\n[C]\nk=3\n";
	struct config_problems p = { 0 };
	struct told h = { .refuse = "B" };

	assert_int_equal(run(text, strlen(text), &h, &p), 0);
	assert_string_equal(h.text, "1 [A]\n2 k=1\n3 [B]\n6 [C]\n7 k=3\n");
	assert_int_equal(p.error_count, 0);
	config_problems_done(&p);
}

static void an_errno_ends_the_reading(void **state)
{
	static const char text[] = "[A]\nk=1\nl=2\n";
	struct config_problems p = { 0 };
	struct told h = { .fail_at = -ENOMEM };

	assert_int_equal(run(text, strlen(text), &h, &p), -ENOMEM);
	assert_string_equal(h.text, "1 [A]\n2 k=1\n");
	config_problems_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines),
		cmocka_unit_test(bad_lines),
		cmocka_unit_test(binary_is_told_once),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(long_sections),
		cmocka_unit_test(a_refused_section_takes_its_keys_along),
		cmocka_unit_test(an_errno_ends_the_reading),
	};

	return RUN_TESTS(tests);
}
