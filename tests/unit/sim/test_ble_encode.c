/* What the simulated devices send, byte for byte: against captures of real devices, examples of the
 * services' own documents, and frames written by hand from their field lists. */
#include "unit/unit.h"

#include "sim/ble_crypto.h"
#include "sim/ble_encode.h"

#define SECOND INT64_C(1000)

static void expect(const struct octets *o, const char *hex)
{
	char got[2 * OCTETS_MAX + 1];

	for (size_t i = 0; i < o->n; i++)
		snprintf(got + 2 * i, 3, "%02X", o->at[i]);
	got[2 * o->n] = 0;
	assert_string_equal(got, hex);
}

static void test_numbers_keep_their_digits(void **state)
{
	/* the examples of HL7's guide for personal health devices */
	assert_int_equal(sble_sfloat(2, 0), 0x0002);
	assert_int_equal(sble_sfloat(20, -1), 0xf014);
	assert_int_equal(sble_sfloat(200, -2), 0xe0c8);
	assert_int_equal(sble_sfloat(2, 1), 0x1002);
	assert_int_equal(sble_sfloat(2, 2), 0x2002);
	assert_int_equal(sble_sfloat(1234, 0), 0x04d2);
	assert_int_equal(sble_sfloat(-1234, 0), 0x0b2e);
	assert_int_equal(sble_float(20, -1), 0xff000014);
	assert_int_equal(sble_float(200, -2), 0xfe0000c8);
	assert_int_equal(sble_float(-1234, 0), 0x00fffb2e);
	assert_int_equal(sble_float(2, 2), 0x02000002);
	/* 99 mg/dL in kg/L, 5.5 mmol/L in mol/L */
	assert_int_equal(sble_sfloat(99, -5), 0xb063);
	assert_int_equal(sble_sfloat(55, -4), 0xc037);
}

/* domain 15, 16, 18 */
static void test_heart_rate(void **state)
{
	struct octets o = { 0 };

	sble_put_heart(&o, &(struct sble_heart){ .rate = 85 });
	expect(&o, "0055");
	o.n = 0;
	sble_put_heart(&o, &(struct sble_heart){ .rate = 255, .tells_contact = true });
	expect(&o, "04FF");
	o.n = 0;
	sble_put_heart(&o, &(struct sble_heart){ .rate = 257,
				   .tells_contact = true,
				   .contact = true,
				   .has_energy = true,
				   .energy = 306,
				   .rr = { 1, 258, 65535 },
				   .rr_count = 3 });
	expect(&o, "1F01013201010002"
		   "01FFFF");
}

/* domain 13: 37.60 Cel of a finger on the 5th of December 2012 */
static void test_temperature(void **state)
{
	struct octets o = { 0 };

	sble_put_temperature(&o, &(struct sble_temperature){ .value = sble_float(3760, -2),
					 .has_time = true,
					 .wall_ms = 1354708227 * SECOND,
					 .type = 4 });
	expect(&o, "06B00E00FEDC070C050B321B04");
}

/* domain 1 and 2, a boso medicus: as it measures, and as its cuff has moved */
static void test_blood_pressure(void **state)
{
	struct sble_pressure p = { .systolic = sble_sfloat(124, 0),
		.diastolic = sble_sfloat(86, 0),
		.mean = sble_sfloat(97, 0),
		.pulse = sble_sfloat(51, 0),
		.has_time = true,
		.has_pulse = true,
		.has_status = true,
		.wall_ms = 1718471847 * SECOND };
	struct octets o = { 0 };

	sble_put_pressure(&o, &p);
	expect(&o, "167C0056006100E807060F11111B33000000");
	o.n = 0;
	p.systolic = p.diastolic = p.mean = p.pulse = SBLE_SFLOAT_NAN;
	p.wall_ms = 1719153310 * SECOND;
	sble_put_pressure(&o, &p);
	expect(&o, "16FF07FF07FF07E80706170E230AFF070000");
	/* in kPa, by user 1, from a clock that was never set: 16.0/10.4 */
	o.n = 0;
	sble_put_pressure(&o, &(struct sble_pressure){ .systolic = sble_sfloat(160, -1),
				      .diastolic = sble_sfloat(104, -1),
				      .kpa = true,
				      .has_time = true,
				      .wall_ms = INT64_MIN,
				      .has_user = true,
				      .user = 1 });
	expect(&o, "0BA0F068F000000000000000000001");
}

/* domain 20 and 23; the spot check by hand: its flags are other ones */
static void test_oximetry(void **state)
{
	struct sble_oximetry p = { .spo2 = sble_sfloat(95, 0),
		.pulse = sble_sfloat(90, 0),
		.has_status = true,
		.status = 0x0020,
		.has_sensor = true,
		.has_amplitude = true,
		.amplitude = sble_sfloat(87, -1) };
	struct octets o = { 0 };

	sble_put_continuous(&o, &p);
	expect(&o, "1C5F005A00200000000057F0");
	o.n = 0;
	sble_put_continuous(&o, &(struct sble_oximetry){ .spo2 = sble_sfloat(1000, -1),
					.pulse = sble_sfloat(900, -1) });
	expect(&o, "00E8F384F3");
	o.n = 0;
	p.has_time = p.clock_unset = true;
	p.wall_ms = 1718471847 * SECOND;
	p.sensor = 0x000800;
	sble_put_spot(&o, &p);
	expect(&o, "1F5F005A00E807060F11111B200000080057F0");
	o.n = 0;
	sble_put_continuous(&o, &(struct sble_oximetry){ .spo2 = 97,
					.pulse = 72,
					.has_pairs = true,
					.fast = { 96, 73 },
					.slow = { 97, 71 } });
	expect(&o, "03610048006000490061004700");
}

/* domain 25, and a context by hand: 30 g of breakfast, before the meal */
static void test_glucose(void **state)
{
	struct octets o = { 0 };

	sble_put_glucose(&o, &(struct sble_glucose){ .sequence = 1,
				     .base_ms = 1551265830 * SECOND,
				     .has_offset = true,
				     .offset_minutes = -5,
				     .has_concentration = true,
				     .concentration = sble_sfloat(30, 0),
				     .type = 2,
				     .location = 1,
				     .has_status = true,
				     .status = 0x0105,
				     .context = true });
	expect(&o, "1B0100E307021B0B0A1EFBFF1E00120501");
	o.n = 0;
	sble_put_glucose_context(&o, 1, 1, sble_sfloat(30, -3), 1);
	expect(&o, "030100011ED001");
}

/* domain 26, 28 with its checksum put right, and 29: the example of CGMS 3.11 */
static void test_continuous_glucose(void **state)
{
	struct octets o = { 0 };

	sble_put_cgm(&o, &(struct sble_cgm){ .concentration = sble_sfloat(1234, -2),
				 .offset_minutes = 5,
				 .status = 0xff1402,
				 .has_trend = true,
				 .trend = sble_sfloat(2, -1),
				 .has_quality = true,
				 .quality = sble_sfloat(997, -1),
				 .crc = true });
	expect(&o, "0FE3D2E40500"
		   "0214FF"
		   "02F0E5F38E3F");
	o.n = 0;
	sble_put_cgm(&o,
		&(struct sble_cgm){
			.concentration = sble_sfloat(12, 1), .offset_minutes = 6, .crc = true });
	expect(&o, "08000C100600596F");
	o.n = 0;
	octets_bytes(&o, "\x3e\1\2\3\4\5\6\7\x08\x09", 10);
	sble_put_crc(&o, 0);
	expect(&o, "3E010203040506070809012F");
}

/* By hand: 70.5 kg in steps of 5 g, 155.43 lb in hundredths. */
static void test_scales(void **state)
{
	struct octets o = { 0 };

	sble_put_weight(&o, &(struct sble_weight){ .weight = 14100,
				    .bmi = 238,
				    .height = 1720,
				    .has_time = true,
				    .wall_ms = 1718471847 * SECOND,
				    .has_user = true,
				    .user = 1,
				    .has_height = true });
	expect(&o, "0E1437E807060F11111B01EE00B806");
	o.n = 0;
	sble_put_weight(&o, &(struct sble_weight){ .weight = 15543, .imperial = true });
	expect(&o, "01B73C");
	o.n = 0;
	sble_put_composition(&o, &(struct sble_composition){ .fat = 245,
					 .metabolism = 7000,
					 .muscle = 412,
					 .impedance = 4890,
					 .weight = 14100 });
	expect(&o, "1806F500581B9C011A131437");
}

static void test_current_time(void **state)
{
	struct octets o = { 0 };

	sble_put_current_time(&o, 1718471847 * SECOND + 500, 2); /* a Saturday */
	expect(&o, "E807060F11111B068002");
	o.n = 0;
	sble_put_current_time(&o, 1718496000 * SECOND, 0); /* Sunday is the 7th */
	expect(&o, "E8070610000000070000");
	o.n = 0;
	sble_put_current_time(&o, INT64_MIN, 0);
	expect(&o, "00000000000000000000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_keep_their_digits),
		cmocka_unit_test(test_heart_rate),
		cmocka_unit_test(test_temperature),
		cmocka_unit_test(test_blood_pressure),
		cmocka_unit_test(test_oximetry),
		cmocka_unit_test(test_glucose),
		cmocka_unit_test(test_continuous_glucose),
		cmocka_unit_test(test_scales),
		cmocka_unit_test(test_current_time),
	};

	return RUN_TESTS(tests);
}
