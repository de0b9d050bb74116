/*
 * See install_code.h.
 */
#include "config/install_code.h"

#include <string.h>

#include "config/problems.h"
#include "config/secret.h"

#define FILE_MAX 80
#define WANTED "wanted are 16, 20, 28 or 36 hex digits as they are printed on the device"

int config_install_code(const char *value, uint8_t ret[static INSTALLCODE_MAX], size_t *ret_length,
	struct config_why *why)
{
	char text[FILE_MAX + 1];
	int r = config_secret_read(value, "an install code; " WANTED, text, sizeof(text), why);

	if (r == 0) {
		switch (installcode_read(text, ret, ret_length)) {
		case 0:
			break;
		case INSTALLCODE_E_CHECK:
			r = config_refuse(why,
				"holds a check, its last four digits, that does not belong to the "
				"digits before: one of them is mistyped; compare it with what is "
				"printed on the device");
			break;
		case INSTALLCODE_E_LENGTH:
			r = config_refuse(why, "holds too many or too few hex digits; " WANTED);
			break;
		default:
			r = config_refuse(why, "holds something other than hex digits; " WANTED);
		}
	}
	explicit_bzero(text, sizeof(text));
	return r;
}
