/*
 * [Annunciator]: the names of outputs, and what they may not say together.
 */
#include "config/output.h"
#include "config_test.h"

static struct config_output parse(const char *text)
{
	struct config_output o = { 0 };
	struct config_why why = { "" };

	if (config_parse_output(text, &o, &why) != 0)
		fail_msg("%s %s", text, why.text);
	return o;
}

static void test_leds(void **state)
{
	assert_string_equal(parse("led:red").path, "/sys/class/leds/red");
	assert_string_equal(parse("led:input0::capslock").path, "/sys/class/leds/input0::capslock");
	assert_string_equal(parse("led:/x/y").path, "/x/y");
	assert_false(parse("led:red").gpio);
}

static void test_lines(void **state)
{
	struct config_output o = parse("gpio:/dev/gpiochip0:17");

	assert_true(o.gpio && !o.active_low);
	assert_string_equal(o.path, "/dev/gpiochip0");
	assert_string_equal(o.line, "");
	assert_int_equal(o.offset, 17);

	o = parse("gpio:gpiochip2:0:active-low");
	assert_true(o.gpio && o.active_low);
	assert_string_equal(o.path, "/dev/gpiochip2");
	assert_int_equal(o.offset, 0);

	o = parse("gpio:/dev/gpio/lamps:PA.07");
	assert_string_equal(o.path, "/dev/gpio/lamps");
	assert_string_equal(o.line, "PA.07");
	o = parse("gpio:gpiochip0:5V0:active-low");
	assert_string_equal(o.line, "5V0");
	assert_true(o.active_low);
}

static void test_what_is_no_output(void **state)
{
	static const char *const wrong[] = { "", "red", "led", "led:", "led:a/b", "led:../x",
		"led:.", "led:/", "led://x", "led:/x/", "led:/x/../y", "gpio:", "gpio:gpiochip0",
		"gpio::1", "gpio:gpiochip0:", "gpio:gpiochip0::active-low",
		"gpio:gpiochip0:1:", "gpio:gpiochip0:1:low",
		"gpio:gpiochip0:1:active-low:", "gpio:a/b:1", "gpio:/:1", "gpio:gpiochip0:123456",
		"gpio:gpiochip0:12345678901234567890123456789012a", "pwm:1:2", "LED:red" };

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct config_output o;
		struct config_why why = { "" };

		print_message("%s\n", wrong[i]);
		assert_int_equal(config_parse_output(wrong[i], &o, &why), CONFIG_E_INVALID);
		assert_true(*why.text);
	}
}

static void test_all_is_off_by_default(void **state)
{
	struct outcome o = read_good(BASE);

	assert_int_equal(o.config->annunciator.high.count, 0);
	assert_int_equal(o.config->annunciator.running.count, 0);
	assert_int_equal(o.problems.warning_count, 0);
	outcome_done(&o);
}

static void test_lists(void **state)
{
	struct outcome o = read_good(BASE "[Annunciator]\nHigh=led:red\n"
					  "Medium=led:red led:green\nLow=led:green\n"
					  "Running=gpio:gpiochip0:4:active-low\n");

	assert_int_equal(o.config->annunciator.medium.count, 2);
	assert_string_equal(o.config->annunciator.medium.items[1], "led:green");
	assert_string_equal(o.config->annunciator.running.items[0], "gpio:gpiochip0:4:active-low");
	assert_int_equal(o.problems.warning_count, 0);
	outcome_done(&o);
}

static void test_faults(void **state)
{
	expect_error(BASE "[Annunciator]\nHigh=red\n",
		"t.conf:8: [Annunciator] High=red: is no output; give led:NAME, gpio:CHIP:LINE or "
		"gpio:CHIP:LINE:active-low");
	expect_error(BASE "[Annunciator]\nHigh=led:red\nBroker=led:red\n",
		"t.conf:9: [Annunciator] Broker=led:red: is in High=, too; only High=, Medium= and "
		"Low= may share an output");
	expect_error(BASE "[Annunciator]\nHigh=led:red\nSound=gpio:gpiochip0:1\n"
			  "Running=led:red2 gpio:/dev/gpiochip0:1\n",
		"t.conf:10: [Annunciator] Running=gpio:/dev/gpiochip0:1: is in Sound=, too; only "
		"High=, Medium= and Low= may share an output");
	expect_error(BASE "[Annunciator]\nHigh=gpio:gpiochip0:1\n"
			  "Medium=gpio:gpiochip0:1:active-low\n",
		"t.conf:9: [Annunciator] Medium=gpio:gpiochip0:1:active-low: is active-low at one "
		"place and not at another (High=); write it the same");
}

/* In one section and file a key stands once, and a line has 199 bytes: so over three keys. */
static void test_too_many(void **state)
{
	static const char *const keys[] = { "High", "Medium", "Low" };
	char text[4096], error[256];
	size_t n = (size_t)snprintf(text, sizeof(text), BASE "[Annunciator]");

	for (unsigned i = 0; i < CONFIG_OUTPUTS_MAX + 1; i++)
		n += i % 11 == 0 ? (size_t)snprintf(text + n, sizeof(text) - n, "\n%s=led:l%u",
					   keys[i / 11], i)
				 : (size_t)snprintf(text + n, sizeof(text) - n, " led:l%u", i);
	snprintf(text + n, sizeof(text) - n, "\n");
	snprintf(error, sizeof(error),
		"t.conf:10: [Annunciator] Low=led:l%d: makes more than %d outputs; give fewer",
		CONFIG_OUTPUTS_MAX, CONFIG_OUTPUTS_MAX);
	expect_error(text, error);
}

static void test_lights_without_the_most_urgent(void **state)
{
	struct outcome o = read_good(BASE "[Annunciator]\nMedium=led:yellow\n");

	assert_int_equal(o.problems.warning_count, 1);
	assert_non_null(strstr(o.problems.warnings[0], "the most urgent alarms are not seen here"));
	outcome_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leds),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_what_is_no_output),
		cmocka_unit_test(test_all_is_off_by_default),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_lights_without_the_most_urgent),
	};

	return RUN_TESTS(tests);
}
