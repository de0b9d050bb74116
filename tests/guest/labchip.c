/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A kernel module for the guest of tests/guest/run: GPIO chips whose pins are
 * memory, labchip.0 to labchip.2, and a LED on the second through the kernel's
 * own leds-gpio. So the ioctls and the LED class are the kernel's; only the
 * wires are missing. The third can be unbound from its driver while lines are in
 * use, as when an adapter is pulled: /sys/bus/platform/drivers/labchip/unbind. It
 * has no names: Linux 6.1 stumbles over a chip with names that comes after one
 * that was pulled while in use (gpiod_free() keeps it in the list, and
 * gpio_name_to_desc() looks into what is gone).
 */
#include <linux/gpio/driver.h>
#include <linux/gpio/machine.h>
#include <linux/leds.h>
#include <linux/module.h>
#include <linux/platform_device.h>

#define LINES 8
#define CHIPS 3

static bool levels[CHIPS][LINES];
static const char *const names[LINES] = { "LAMP0", "LAMP1", "LAMP2", "BOTH", "BOTH" };

static bool *pin(struct gpio_chip *c, unsigned int line)
{
	return &levels[to_platform_device(c->parent)->id][line];
}

static int lab_get(struct gpio_chip *c, unsigned int line)
{
	return *pin(c, line);
}

static void lab_set(struct gpio_chip *c, unsigned int line, int value)
{
	*pin(c, line) = value;
}

static int lab_input(struct gpio_chip *c, unsigned int line)
{
	return 0;
}

static int lab_output(struct gpio_chip *c, unsigned int line, int value)
{
	*pin(c, line) = value;
	return 0;
}

static int lab_probe(struct platform_device *p)
{
	struct gpio_chip *c = devm_kzalloc(&p->dev, sizeof(*c), GFP_KERNEL);

	if (!c)
		return -ENOMEM;
	c->label = dev_name(&p->dev);
	c->parent = &p->dev;
	c->owner = THIS_MODULE;
	c->base = -1;
	c->ngpio = LINES;
	c->names = p->id == 0 ? names : NULL;
	c->get = lab_get;
	c->set = lab_set;
	c->direction_input = lab_input;
	c->direction_output = lab_output;
	return devm_gpiochip_add_data(&p->dev, c, NULL);
}

static struct platform_driver driver = { .probe = lab_probe, .driver = { .name = "labchip" } };

static struct gpiod_lookup_table wires = {
	.dev_id = "leds-gpio",
	.table = { GPIO_LOOKUP_IDX("labchip.1", 0, NULL, 0, GPIO_ACTIVE_HIGH), {} },
};
static const struct gpio_led led = { .name = "lab:red", .default_trigger = "heartbeat" };
static const struct gpio_led_platform_data leds = { .num_leds = 1, .leds = &led };
static struct platform_device *devices[CHIPS + 1];

static int __init lab_init(void)
{
	int r = platform_driver_register(&driver);

	if (r < 0)
		return r;
	gpiod_add_lookup_table(&wires);
	for (int i = 0; i < CHIPS; i++)
		devices[i] = platform_device_register_simple("labchip", i, NULL, 0);
	devices[CHIPS] = platform_device_register_data(NULL, "leds-gpio", -1, &leds, sizeof(leds));
	return 0;
}

static void __exit lab_exit(void)
{
	for (int i = CHIPS; i >= 0; i--)
		if (!IS_ERR_OR_NULL(devices[i]))
			platform_device_unregister(devices[i]);
	gpiod_remove_lookup_table(&wires);
	platform_driver_unregister(&driver);
}

module_init(lab_init);
module_exit(lab_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("GPIO chips and a LED for tests");
