/*
 * ATT error codes as words: Core Vol 3 Part F 3.4.1.1 table 3.4, and the
 * common profile errors of the Core Specification Supplement Part B 1.2.
 */
#include "ble/att.h"

static const char *const words[] = {
	[0x00] = "no error",
	[0x01] = "invalid handle",
	[0x02] = "read not permitted",
	[0x03] = "write not permitted",
	[0x04] = "invalid PDU",
	[0x05] = "insufficient authentication",
	[0x06] = "request not supported",
	[0x07] = "invalid offset",
	[0x08] = "insufficient authorization",
	[0x09] = "prepare queue full",
	[0x0A] = "attribute not found",
	[0x0B] = "attribute not long",
	[0x0C] = "encryption key too short",
	[0x0D] = "invalid length of the value",
	[0x0E] = "unlikely error",
	[0x0F] = "insufficient encryption",
	[0x10] = "unsupported group type",
	[0x11] = "insufficient resources",
	[0x12] = "database out of sync",
	[0x13] = "value not allowed",
};

const char *att_error_words(uint8_t error)
{
	if (error < sizeof(words) / sizeof(words[0]))
		return words[error];
	switch (error) {
	case 0xFC:
		return "write request rejected";
	case 0xFD:
		return "configuration descriptor improperly set";
	case 0xFE:
		return "procedure already in progress";
	case 0xFF:
		return "out of range";
	default:
		break;
	}
	if (error >= 0x80 && error <= 0x9F)
		return "an error of the application";
	if (error >= 0xE0)
		return "an unknown error of a profile";
	return "an error that is not known";
}

bool att_error_wants_security(uint8_t error)
{
	return error == ATT_ERROR_AUTHENTICATION || error == ATT_ERROR_ENCRYPTION ||
	       error == ATT_ERROR_KEY_SIZE;
}

const char *att_reason_word(enum att_reason reason)
{
	switch (reason) {
	case ATT_DOWN_TIMEOUT:
		return "timeout";
	case ATT_DOWN_UNCONFIRMED:
		return "too-many-indications";
	}
	return "unknown";
}
