/*
 * Commands, status codes and reasons of the management protocol in words, for
 * people: see mgmt.h.
 */
#include "ble/mgmt.h"

const char *mgmt_op_words(uint16_t op)
{
	switch ((enum mgmt_op)op) {
	case MGMT_READ_VERSION:
		return "read version";
	case MGMT_READ_INDEX_LIST:
	case MGMT_READ_EXT_INDEX_LIST:
		return "read controller list";
	case MGMT_READ_INFO:
		return "read controller information";
	case MGMT_SET_POWERED:
		return "set powered";
	case MGMT_SET_BONDABLE:
		return "set bondable";
	case MGMT_SET_SSP:
		return "set secure simple pairing";
	case MGMT_SET_LE:
		return "set low energy";
	case MGMT_LOAD_LTKS:
		return "load long-term keys";
	case MGMT_DISCONNECT:
		return "disconnect";
	case MGMT_SET_IO_CAPABILITY:
		return "set IO capability";
	case MGMT_PAIR:
		return "pair device";
	case MGMT_CANCEL_PAIR:
		return "cancel pair device";
	case MGMT_UNPAIR:
		return "unpair device";
	case MGMT_CONFIRM:
		return "user confirmation reply";
	case MGMT_CONFIRM_NEGATIVE:
		return "user confirmation negative reply";
	case MGMT_PASSKEY:
		return "user passkey reply";
	case MGMT_PASSKEY_NEGATIVE:
		return "user passkey negative reply";
	case MGMT_START_DISCOVERY:
		return "start discovery";
	case MGMT_STOP_DISCOVERY:
		return "stop discovery";
	case MGMT_SET_SECURE_CONNECTIONS:
		return "set secure connections";
	case MGMT_LOAD_IRKS:
		return "load identity resolving keys";
	case MGMT_LOAD_PARAMS:
		return "load connection parameters";
	case MGMT_ADD_MONITOR:
		return "add advertisement monitor";
	case MGMT_REMOVE_MONITOR:
		return "remove advertisement monitor";
	}
	return "unknown command";
}

const char *mgmt_status_words(uint8_t status)
{
	static const char *const words[] = {
		[MGMT_SUCCESS] = "success",
		[MGMT_UNKNOWN_COMMAND] = "unknown command",
		[MGMT_NOT_CONNECTED] = "not connected",
		[MGMT_FAILED] = "failed",
		[MGMT_CONNECT_FAILED] = "could not connect",
		[MGMT_AUTH_FAILED] = "authentication failed",
		[MGMT_NOT_PAIRED] = "not paired",
		[MGMT_NO_RESOURCES] = "no resources left",
		[MGMT_TIMEOUT] = "timed out",
		[MGMT_ALREADY_CONNECTED] = "already connected",
		[MGMT_BUSY] = "busy",
		[MGMT_REJECTED] = "rejected",
		[MGMT_NOT_SUPPORTED] = "not supported",
		[MGMT_INVALID_PARAMETERS] = "invalid parameters",
		[MGMT_DISCONNECTED] = "disconnected",
		[MGMT_NOT_POWERED] = "not powered",
		[MGMT_CANCELLED] = "cancelled",
		[MGMT_INVALID_INDEX] = "no such controller",
		[MGMT_RFKILLED] = "blocked by rfkill",
		[MGMT_ALREADY_PAIRED] = "already paired",
		[MGMT_PERMISSION_DENIED] = "permission denied",
	};

	return status < sizeof(words) / sizeof(*words) ? words[status] : "unknown status";
}

const char *mgmt_reason_words(uint8_t reason)
{
	switch ((enum mgmt_reason)reason) {
	case MGMT_REASON_UNKNOWN:
		return "for no reason given";
	case MGMT_REASON_TIMEOUT:
		return "out of reach";
	case MGMT_REASON_LOCAL:
		return "ended by the gateway";
	case MGMT_REASON_REMOTE:
		return "ended by the device";
	case MGMT_REASON_AUTH:
		return "authentication failed";
	case MGMT_REASON_SUSPEND:
		return "the machine was suspended";
	}
	return "for an unknown reason";
}
