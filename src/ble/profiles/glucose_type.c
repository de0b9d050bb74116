/*
 * Types and places of a sample. See glucose_type.h.
 */
#include "ble/profiles/glucose_type.h"

#include "util/cleanup.h"

enum word glucose_sample(unsigned type)
{
	static const uint16_t samples[] = { WORD_NONE, WORD_CAPILLARY_BLOOD, WORD_CAPILLARY_PLASMA,
		WORD_VENOUS_BLOOD, WORD_VENOUS_PLASMA, WORD_ARTERIAL_BLOOD, WORD_ARTERIAL_PLASMA,
		WORD_UNDETERMINED_BLOOD, WORD_UNDETERMINED_PLASMA, WORD_INTERSTITIAL_FLUID,
		WORD_CONTROL_SOLUTION };

	return type < ARRAY_SIZE(samples) ? (enum word)samples[type] : WORD_NONE;
}

enum word glucose_site(unsigned location)
{
	/* 4 is control solution, which is nobody's; 5 is of sensors that stay in alone */
	static const uint16_t sites[] = { WORD_NONE, WORD_FINGER, WORD_ALTERNATIVE_SITE,
		WORD_EARLOBE, WORD_NONE, WORD_SUBCUTANEOUS };

	return location < ARRAY_SIZE(sites) ? (enum word)sites[location] : WORD_NONE;
}
