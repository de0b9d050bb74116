/*
 * SenML in JSON: any bytes, through to readings. The first byte chooses what the
 * device is known for; the rest is the body.
 */
#include <stddef.h>
#include <stdint.h>

#include "fuzz/senml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	judge_senml(senml_decode_json, data, size);
	return 0;
}
