/*
 * Scripts of vectors. See script.h.
 */
#include "unit/ble/script.h"

#include <errno.h>
#include <time.h>

#include "ble/adverts/adverts.h"
#include "ble/ccm.h"
#include "ble/profiles/session.h"
#include "unit/codec/reading_line.h"
#include "unit/unit.h"
#include "util/text.h"

/* 2026-11-21T10:00:00Z */
#define START_US (INT64_C(1795255200) * 1000000)
#define BOOT_US (INT64_C(3600) * 1000000)
#define ERROR_READ_NOT_PERMITTED 0x02
#define HELD_MAX 64
#define BYTES_MAX 600

struct play {
	struct session session;
	struct profile_device device;
	struct decode_time now;
	struct decoded readings;
	struct text out;
	bool first;
	/* what reads answer; a second one of a characteristic answers the second read */
	struct {
		uint16_t characteristic;
		size_t length;
		uint8_t bytes[80];
		bool used;
	} values[16];
	size_t value_count;
	uint8_t write_error;
	bool hold, unsafe;
	uint64_t held[HELD_MAX];
	size_t held_count;
};

static int64_t zone_minutes;

static int64_t by_zone(int64_t wall_us, bool *ret_ambiguous)
{
	*ret_ambiguous = false;
	return wall_us - zone_minutes * 60000000;
}

static void separate(struct play *p)
{
	if (!p->first)
		text_lit(&p->out, " | ");
	p->first = false;
}

static void show_reading(struct play *p, const struct reading *r)
{
	separate(p);
	line_reading(&p->out, r);
}

static const char *note_word(unsigned note)
{
	static const char *const words[_PROFILE_NOTE_MAX] = {
		[PROFILE_NOTE_MISSING] = "missing",
		[PROFILE_NOTE_REFUSED] = "refused",
		[PROFILE_NOTE_STORED_DONE] = "stored-done",
		[PROFILE_NOTE_STORED_DELETED] = "stored-deleted",
		[PROFILE_NOTE_STORED_KEPT] = "stored-kept",
		[PROFILE_NOTE_STORED_REFUSED] = "stored-refused",
		[PROFILE_NOTE_STORED_FAILED] = "stored-failed",
		[PROFILE_NOTE_STORED_ABORTED] = "stored-aborted",
		[PROFILE_NOTE_STORED_BUSY] = "stored-busy",
		[PROFILE_NOTE_STORED_TIMEOUT] = "stored-timeout",
		[PROFILE_NOTE_CLOCK_SET] = "clock-set",
		[PROFILE_NOTE_CLOCK_NOT_TAKEN] = "clock-not-taken",
		[PROFILE_NOTE_NEW_SESSION] = "new-session",
	};

	assert_true(profile_note_text((enum profile_note)note)[0] != 0);
	return words[note];
}

static void show(struct play *p, int r, const struct session_result *res)
{
	static const char *const outcomes[] = { "", "malformed", "checksum", "overflow",
		"unknown" };

	for (size_t i = 0; i < p->readings.count; i++)
		show_reading(p, &p->readings.list[i]);
	if (r != 0) {
		separate(p);
		text_printf(&p->out, "!%s", outcomes[r]);
	}
	if (res->profile.note != 0) {
		separate(p);
		text_printf(&p->out, "!%s", note_word(res->profile.note));
	}
	if (res->profile.battery_percent >= 0) {
		separate(p);
		text_printf(&p->out, "battery=%d", res->profile.battery_percent);
	}
	if (res->profile.memory_changed) {
		separate(p);
		text_printf(&p->out, "mark=%u", p->device.memory[p->session.slots[0].id].mark);
	}
	if (res->profile.finished) {
		separate(p);
		text_lit(&p->out, "finished");
	}
}

static void drain(struct play *p);

static void answer_safe(struct play *p, uint64_t token, bool is_safe)
{
	struct session_result res;
	int r = session_safe(&p->session, token, is_safe, &p->now, &p->readings, &res);

	show(p, r, &res);
	drain(p);
}

static void came(struct play *p, int r, const struct session_result *res)
{
	uint64_t token = res->token;
	bool ask = res->profile.ask_safe;

	show(p, r, res);
	if (!ask)
		return;
	if (p->hold) {
		assert_true(p->held_count < HELD_MAX);
		p->held[p->held_count++] = token;
		return;
	}
	answer_safe(p, token, !p->unsafe);
}

static uint16_t characteristic_at(const struct play *p, uint16_t handle)
{
	for (size_t i = 0; i < p->session.attribute_count; i++)
		if (p->session.attributes[i].handle == handle)
			return p->session.attributes[i].characteristic;
	fail_msg("no attribute at %u", handle);
	return 0;
}

static void answer_read(struct play *p, uint16_t characteristic)
{
	struct session_result res;
	int r;

	for (size_t i = 0; i < p->value_count; i++)
		if (p->values[i].characteristic == characteristic && !p->values[i].used) {
			p->values[i].used = true;
			r = session_done(&p->session, 0, p->values[i].bytes, p->values[i].length,
				&p->now, &p->readings, &res);
			came(p, r, &res);
			return;
		}
	r = session_done(
		&p->session, ERROR_READ_NOT_PERMITTED, NULL, 0, &p->now, &p->readings, &res);
	came(p, r, &res);
}

/* Does what the session wants until it wants nothing more. */
static void drain(struct play *p)
{
	struct session_action a;
	struct session_result res;

	for (;;) {
		bool more = session_next(&p->session, &p->now, &p->readings, &a, &res);
		uint16_t characteristic;
		int r;

		show(p, 0, &res);
		if (!more && res.profile.note == 0)
			return;
		if (!more)
			continue;
		characteristic = characteristic_at(p, a.handle);
		if (a.kind == SESSION_READ) {
			answer_read(p, characteristic);
			continue;
		}
		if (a.kind == SESSION_WRITE) {
			separate(p);
			text_printf(&p->out, "w%04X=", characteristic);
			line_hex(&p->out, a.bytes, a.length);
		}
		r = session_done(&p->session, a.kind == SESSION_WRITE ? p->write_error : 0, NULL, 0,
			&p->now, &p->readings, &res);
		came(p, r, &res);
	}
}

/* ---- steps ---- */

static bool read_time(const char *text, int64_t *ret_us)
{
	struct tm tm = { 0 };

	if (!strptime(text, "%Y-%m-%dT%H:%M:%S", &tm))
		return false;
	*ret_us = (int64_t)timegm(&tm) * 1000000;
	return true;
}

static bool option(struct play *p, const char *step)
{
	unsigned a;

	if (strcmp(step, "delete") == 0)
		p->device.delete_stored = true;
	else if (strcmp(step, "setclock") == 0)
		p->device.set_clock = true;
	else if (strcmp(step, "hold") == 0)
		p->hold = true;
	else if (strcmp(step, "unsafe") == 0)
		p->unsafe = true;
	else if (sscanf(step, "e=%x", &a) == 1)
		p->write_error = (uint8_t)a;
	else if (sscanf(step, "quirks=%x", &a) == 1)
		p->device.quirks = a;
	else if (sscanf(step, "zone=%u", &a) == 1)
		zone_minutes = a;
	else if (strncmp(step, "now=", 4) == 0)
		return read_time(step + 4, &p->now.utc_us);
	else if (sscanf(step, "offset=%d", (int *)&a) == 1)
		p->device.clock = (struct device_clock){ .known = true,
			.offset_us = (int)a * INT64_C(1000000) };
	else
		return false;
	return true;
}

static bool value_step(struct play *p, const char *step)
{
	unsigned characteristic;
	uint8_t bytes[BYTES_MAX];
	size_t n;

	if (sscanf(step, "r%4x=", &characteristic) != 1 ||
		!line_read_hex(step + 6, bytes, BYTES_MAX, &n) || n > sizeof(p->values[0].bytes))
		return false;
	p->values[p->value_count].characteristic = (uint16_t)characteristic;
	p->values[p->value_count].length = n;
	memcpy(p->values[p->value_count++].bytes, bytes, n);
	return true;
}

static bool heard_step(struct play *p, const char *step)
{
	uint16_t handle = 0;
	unsigned characteristic;
	uint8_t bytes[BYTES_MAX], *own;
	struct session_result res;
	size_t n;
	int r;

	if (sscanf(step + 1, "%4x=", &characteristic) != 1 ||
		!line_read_hex(step + 6, bytes, BYTES_MAX, &n))
		return false;
	for (size_t i = 0; i < p->session.attribute_count; i++)
		if (p->session.attributes[i].characteristic == characteristic)
			handle = p->session.attributes[i].handle;
	/* a block of its own size: a sanitizer sees each byte read beyond the value */
	own = malloc(n > 0 ? n : 1);
	assert_non_null(own);
	memcpy(own, bytes, n);
	r = session_heard(&p->session, handle, step[0] == 'i', own, n, &p->now, &p->readings, &res);
	free(own);
	came(p, r, &res);
	drain(p);
	return true;
}

static const struct ble_profile *row_by_file(const char *file)
{
	for (unsigned i = 0; i < _PROFILE_MAX; i++) {
		static const char *const ids[] = {
#define PROFILE(id) #id,
#include "ble/profiles/profiles.def"
#undef PROFILE
		};

		if (strcmp(ids[i], file) == 0)
			return profile_row(i);
	}
	fail_msg("no profile %s", file);
	return NULL;
}

static void begin(struct play *p, const struct ble_profile *row)
{
	struct session_attribute attributes[32];
	struct device_clock clock = p->device.clock;

	for (size_t i = 0; i < row->characteristic_count; i++)
		attributes[i] = (struct session_attribute){ .service = row->service,
			.service_handle = 1,
			.characteristic = row->characteristics[i].uuid,
			.handle = (uint16_t)(3 + 3 * i),
			.properties = ATTRIBUTE_READ | ATTRIBUTE_WRITE | ATTRIBUTE_NOTIFY };
	assert_int_equal(
		session_begin(&p->session, &p->device, attributes, row->characteristic_count), 1);
	p->device.clock = clock; /* as if the clock had been read before */
}

static bool step_of(struct play *p, const char *step)
{
	struct session_result res;
	unsigned seconds, error;

	if (sscanf(step, "t+%u", &seconds) == 1) {
		p->now.boot_us += seconds * INT64_C(1000000);
		p->now.utc_us += seconds * INT64_C(1000000);
		if (session_deadline(&p->session) <= p->now.boot_us) {
			int r = session_tick(&p->session, &p->now, &p->readings, &res);

			came(p, r, &res);
			drain(p);
		}
		return true;
	}
	if (sscanf(step, "e=%x", &error) == 1) {
		p->write_error = (uint8_t)error;
		return true;
	}
	/* another connection of the same device; reads give the same, or what comes next */
	if (strcmp(step, "again") == 0 || strcmp(step, "next") == 0) {
		for (size_t i = 0; step[0] == 'a' && i < p->value_count; i++)
			p->values[i].used = false;
		p->held_count = 0;
		begin(p, p->session.slots[0].row);
		drain(p);
		return true;
	}
	if (strcmp(step, "safe") == 0 || strcmp(step, "lost") == 0) {
		uint64_t token = p->held[0];

		assert_true(p->held_count > 0);
		memmove(p->held, p->held + 1, --p->held_count * sizeof(p->held[0]));
		answer_safe(p, token, step[0] == 's');
		return true;
	}
	return (step[0] == 'n' || step[0] == 'i') && heard_step(p, step);
}

static void show_facts(struct play *p)
{
	for (int i = 0; i < _FACT_MAX; i++)
		if (p->device.facts[i][0] != 0) {
			separate(p);
			text_printf(&p->out, "%s=%s", device_fact_text((enum device_fact)i),
				p->device.facts[i]);
		}
}

static void show_clock(struct play *p)
{
	if (!p->device.clock.known || profile_row(PROFILE_current_time) != p->session.slots[0].row)
		return;
	separate(p);
	text_printf(&p->out, "offset=%lld", (long long)(p->device.clock.offset_us / 1000));
	if (p->device.clock.set)
		text_printf(&p->out, ";former=%lld", (long long)(p->device.clock.former_us / 1000));
}

bool script_profile(const char *profile, char *steps, char *ret, size_t size)
{
	static struct play p;
	char *save = NULL, *step = strtok_r(steps, " ", &save);

	memset(&p, 0, sizeof(p));
	p.first = true;
	p.now = (struct decode_time){ .boot_us = BOOT_US, .utc_us = START_US };
	p.out = text_init(ret, size);
	p.device.zone = by_zone;
	zone_minutes = 0;
	for (; step && (option(&p, step) || value_step(&p, step));
		step = strtok_r(NULL, " ", &save))
		;
	p.device.zone_offset_us = zone_minutes * 60000000;
	begin(&p, row_by_file(profile));
	drain(&p);
	for (; step; step = strtok_r(NULL, " ", &save))
		if (!step_of(&p, step)) {
			print_error("step %s is not understood\n", step);
			return false;
		}
	show_facts(&p);
	show_clock(&p);
	return text_done(&p.out) >= 0;
}

/* ---- advertisements ---- */

struct listen {
	struct play p; /* of it, the text and the readings */
	struct advert_device device;
	uint8_t address[ADVERT_ADDRESS_SIZE];
	struct ccm *ccm;
};

static void heard_advert(struct listen *l, const uint8_t *bytes, size_t n)
{
	static const char *const kinds[] = { "none", "address", "ibeacon", "eddystone" };
	struct advert_summary s;
	struct advert_call c = { .address = l->address,
		.now = l->p.now,
		.device = &l->device,
		.open = ccm_open,
		.cipher = l->ccm,
		.out = &l->p.readings };
	uint8_t *own = malloc(n > 0 ? n : 1);

	assert_non_null(own);
	memcpy(own, bytes, n);
	adverts_heard(&c, own, n, &s);
	free(own);
	for (size_t i = 0; i < l->p.readings.count; i++)
		show_reading(&l->p, &l->p.readings.list[i]);
	if (s.outcome != 0) {
		separate(&l->p);
		text_printf(&l->p.out, "!%s", advert_outcome_text(s.outcome));
	}
	if (s.broken) {
		separate(&l->p);
		text_lit(&l->p.out, "!broken");
	}
	if (s.tag.kind != TAG_NONE) {
		separate(&l->p);
		text_printf(&l->p.out, "tag=%s:", kinds[s.tag.kind]);
		line_hex(&l->p.out, s.tag.bytes, s.tag.length);
		text_printf(&l->p.out, ":%d", s.tag.measured_dbm);
	}
	if (s.name_length > 0) {
		separate(&l->p);
		text_printf(&l->p.out, "name=%s", s.name);
	}
	for (unsigned i = 0; i < s.service_count && s.outcome == ADVERT_E_OTHER; i++) {
		separate(&l->p);
		text_printf(&l->p.out, "service=%04X", s.services[i]);
	}
}

static bool advert_step(struct listen *l, const char *step)
{
	uint8_t bytes[BYTES_MAX], whole[BYTES_MAX + 4];
	unsigned number, id;
	size_t n;

	if (strncmp(step, "key=", 4) == 0) {
		l->device.has_key = true;
		return line_read_hex(step + 4, l->device.key, ADVERT_KEY_SIZE, &n) &&
		       n == ADVERT_KEY_SIZE;
	}
	if (strncmp(step, "addr=", 5) == 0)
		return line_read_hex(step + 5, l->address, ADVERT_ADDRESS_SIZE, &n) &&
		       n == ADVERT_ADDRESS_SIZE;
	if (strncmp(step, "now=", 4) == 0)
		return read_time(step + 4, &l->p.now.utc_us);
	if (sscanf(step, "counter=%u", &number) == 1) {
		l->device.counter_known = true;
		l->device.counter = number;
		return true;
	}
	if (sscanf(step, "t+%u", &number) == 1) {
		l->p.now.boot_us += number * INT64_C(1000000);
		l->p.now.utc_us += number * INT64_C(1000000);
		return true;
	}
	if (step[0] == 'a' && step[1] == '=') {
		if (!line_read_hex(step + 2, bytes, BYTES_MAX, &n))
			return false;
		heard_advert(l, bytes, n);
		return true;
	}
	/* s181A=... and m0499=... are wrapped up here */
	if ((step[0] != 's' && step[0] != 'm') || sscanf(step + 1, "%4x=", &id) != 1 ||
		!line_read_hex(step + 6, bytes, BYTES_MAX, &n) || n + 3 > UINT8_MAX)
		return false;
	whole[0] = (uint8_t)(n + 3);
	whole[1] = step[0] == 's' ? 0x16 : 0xff;
	whole[2] = (uint8_t)id;
	whole[3] = (uint8_t)(id >> 8);
	memcpy(whole + 4, bytes, n);
	heard_advert(l, whole, n + 4);
	return true;
}

bool script_advert(char *steps, char *ret, size_t size)
{
	static struct listen l;
	char *save = NULL;
	bool good = true;

	memset(&l, 0, sizeof(l));
	l.p.first = true;
	l.p.now = (struct decode_time){ .boot_us = BOOT_US, .utc_us = START_US };
	l.p.out = text_init(ret, size);
	assert_int_equal(ccm_new(&l.ccm), 0);
	for (char *step = strtok_r(steps, " ", &save); step && good;
		step = strtok_r(NULL, " ", &save)) {
		good = advert_step(&l, step);
		if (!good)
			print_error("step %s is not understood\n", step);
	}
	l.ccm = ccm_free(l.ccm);
	if (l.p.first) /* nothing came of it */
		text_lit(&l.p.out, "-");
	return good && text_done(&l.p.out) >= 0;
}
