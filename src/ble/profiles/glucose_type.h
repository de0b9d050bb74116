/*
 * What was measured and where, as the two services of glucose number it (GLS
 * 3.1.1.6, CGMS 3.2.1.2).
 */
#pragma once

#include "wardgate/metric.h"

/* Both: WORD_NONE for what is reserved or not said. */
enum word glucose_sample(unsigned type);
enum word glucose_site(unsigned location);
