/* Requests of the Attribute Protocol answered; see ble_att.h. Sections are those of Core Vol 3
 * Part F. */
#include "sim/ble_att.h"

#include "util/cursor.h"

#define ERROR_RESPONSE 0x01
#define MTU_REQUEST 0x02
#define FIND_INFORMATION 0x04
#define FIND_BY_TYPE_VALUE 0x06
#define READ_BY_TYPE 0x08
#define READ 0x0a
#define READ_BLOB 0x0c
#define READ_MULTIPLE 0x0e
#define READ_BY_GROUP 0x10
#define WRITE 0x12
#define PREPARE_WRITE 0x16
#define EXECUTE_WRITE 0x18
#define NOTIFICATION 0x1b
#define INDICATION 0x1d
#define CONFIRMATION 0x1e
#define WRITE_COMMAND 0x52
#define SIGNED_WRITE 0xd2

void sble_att_init(struct sble_att *a, const struct sble_db *db, uint16_t *cccds, uint16_t own_mtu,
	const struct sble_att_hooks *hooks, void *userdata)
{
	a->db = db;
	a->hooks = hooks;
	a->userdata = userdata;
	a->cccds = cccds;
	a->mtu = 23;
	a->own_mtu = own_mtu;
	a->level = SBLE_OPEN;
	a->has_key = false;
	a->queue.handle = a->queue.n = 0;
}

static void send(struct sble_att *a, const struct octets *o)
{
	a->hooks->send(a->userdata, o->at, o->n < a->mtu ? o->n : a->mtu);
}

void sble_att_refuse(struct sble_att *a, uint8_t opcode, uint16_t handle, uint8_t error)
{
	struct octets o = { 0 };

	octets_u8(&o, ERROR_RESPONSE);
	octets_u8(&o, opcode);
	octets_le(&o, handle, 2);
	octets_u8(&o, error);
	send(a, &o);
}

static uint8_t check_security(const struct sble_att *a, const struct sble_attribute *at)
{
	if (at->security <= a->level)
		return 0;
	/* 4.4.1 of Part C 10.3: with a key it is encryption that is missing. */
	return a->level == SBLE_OPEN && a->has_key ? ATT_INSUFFICIENT_ENCRYPTION
						   : ATT_INSUFFICIENT_AUTHENTICATION;
}

static uint8_t read_value(struct sble_att *a, const struct sble_attribute *at, struct octets *o)
{
	uint8_t e;

	if (at->type == SBLE_PRIMARY || at->type == SBLE_CHARACTERISTIC) {
		sble_db_declaration(a->db, at, o);
		return 0;
	}
	if (at->type == SBLE_CCCD) {
		octets_le(o, a->cccds[at->cccd], 2);
		return 0;
	}
	if (!(at->properties & SBLE_P_READ))
		return ATT_READ_NOT_PERMITTED;
	e = check_security(a, at);
	return e ?: a->hooks->read(a->userdata, at, o);
}

static uint8_t write_value(
	struct sble_att *a, const struct sble_attribute *at, const uint8_t *p, size_t n, bool blind)
{
	uint8_t e;
	uint16_t v;

	if (at->type == SBLE_PRIMARY || at->type == SBLE_CHARACTERISTIC)
		return ATT_WRITE_NOT_PERMITTED;
	if (at->type != SBLE_CCCD) {
		if (!(at->properties & (blind ? SBLE_P_WRITE_BLIND : SBLE_P_WRITE)))
			return ATT_WRITE_NOT_PERMITTED;
		e = check_security(a, at);
		return e ?: a->hooks->write(a->userdata, at, p, n);
	}
	e = check_security(a, at);
	if (e)
		return e;
	if (n != 2)
		return ATT_INVALID_LENGTH;
	v = (uint16_t)(p[0] | p[1] << 8);
	if (v & ~3u || (v & 1 && !(at->properties & SBLE_P_NOTIFY)) ||
		(v & 2 && !(at->properties & SBLE_P_INDICATE)))
		return ATT_CCCD_IMPROPER;
	a->cccds[at->cccd] = v;
	a->hooks->subscribed(a->userdata, at, v);
	return 0;
}

static void on_mtu(struct sble_att *a, struct cursor *c)
{
	uint16_t theirs = cursor_le16(c);
	struct octets o = { 0 };

	octets_u8(&o, MTU_REQUEST + 1);
	octets_le(&o, a->own_mtu, 2);
	send(a, &o);
	if (theirs > a->own_mtu)
		theirs = a->own_mtu;
	a->mtu = theirs > 23 ? theirs : 23;
}

/* The range that most of discovery begins with. Returns whether it is one; else it is refused. */
static bool take_range(
	struct sble_att *a, uint8_t opcode, struct cursor *c, uint16_t *first, uint16_t *last)
{
	*first = cursor_le16(c);
	*last = cursor_le16(c);
	if (!c->failed && *first && *first <= *last)
		return true;
	sble_att_refuse(a, opcode, *first, c->failed ? ATT_INVALID_PDU : ATT_INVALID_HANDLE);
	return false;
}

/* 3.4.3.1: only UUIDs of one length go into one response. */
static void on_find_information(struct sble_att *a, struct cursor *c)
{
	struct octets o = { 0 };
	uint16_t first, last;
	size_t each = 0;

	if (!take_range(a, FIND_INFORMATION, c, &first, &last))
		return;
	for (size_t i = 0; i < a->db->count; i++) {
		const struct sble_attribute *at = &a->db->attributes[i];
		struct octets uuid = { 0 };

		if (at->handle < first || at->handle > last)
			continue;
		sble_db_uuid(at->type, &uuid);
		if (!each) {
			each = uuid.n;
			octets_u8(&o, FIND_INFORMATION + 1);
			octets_u8(&o, each == 2 ? 1 : 2);
		}
		if (uuid.n != each || o.n + 2u + each > a->mtu)
			break;
		octets_le(&o, at->handle, 2);
		octets_bytes(&o, uuid.at, uuid.n);
	}
	if (each)
		send(a, &o);
	else
		sble_att_refuse(a, FIND_INFORMATION, first, ATT_NOT_FOUND);
}

static void on_find_by_type_value(struct sble_att *a, struct cursor *c)
{
	struct octets o = { 0 };
	uint16_t first, last, type;
	const uint8_t *wanted;
	size_t n;

	if (!take_range(a, FIND_BY_TYPE_VALUE, c, &first, &last))
		return;
	type = cursor_le16(c);
	n = cursor_remaining(c);
	wanted = cursor_bytes(c, n);
	octets_u8(&o, FIND_BY_TYPE_VALUE + 1);
	for (size_t i = 0; i < a->db->count && o.n + 4u <= a->mtu; i++) {
		const struct sble_attribute *at = &a->db->attributes[i];
		struct octets v = { 0 };

		if (at->handle < first || at->handle > last || at->type != type ||
			at->type != SBLE_PRIMARY)
			continue;
		sble_db_declaration(a->db, at, &v);
		if (v.n != n || memcmp(v.at, wanted, n) != 0)
			continue;
		octets_le(&o, at->handle, 2);
		octets_le(&o, at->last, 2);
	}
	if (o.n > 1)
		send(a, &o);
	else
		sble_att_refuse(a, FIND_BY_TYPE_VALUE, first, ATT_NOT_FOUND);
}

/* A type as 2 or 16 octets against that of an attribute. */
static bool is_type(const struct sble_attribute *at, const uint8_t *type, size_t n)
{
	struct octets uuid = { 0 };

	sble_db_uuid(at->type, &uuid);
	return uuid.n == n && !memcmp(uuid.at, type, n);
}

static void on_read_by(struct sble_att *a, uint8_t opcode, struct cursor *c)
{
	struct octets o = { 0 };
	uint16_t first, last;
	const uint8_t *type;
	size_t n, each = 0, head = opcode == READ_BY_GROUP ? 4 : 2;

	if (!take_range(a, opcode, c, &first, &last))
		return;
	n = cursor_remaining(c);
	type = cursor_bytes(c, n);
	if (n != 2 && n != 16) {
		sble_att_refuse(a, opcode, first, ATT_INVALID_PDU);
		return;
	}
	if (opcode == READ_BY_GROUP && (n != 2 || type[0] || type[1] != SBLE_PRIMARY >> 8)) {
		sble_att_refuse(a, opcode, first, ATT_UNSUPPORTED_GROUP);
		return;
	}
	for (size_t i = 0; i < a->db->count; i++) {
		const struct sble_attribute *at = &a->db->attributes[i];
		struct octets v = { 0 };
		size_t length;
		uint8_t e;

		if (at->handle < first || at->handle > last || !is_type(at, type, n))
			continue;
		e = read_value(a, at, &v);
		if (e && !each) {
			sble_att_refuse(a, opcode, at->handle, e);
			return;
		}
		length = head + v.n;
		if (length > a->mtu - 2u)
			length = a->mtu - 2u;
		if (length > 255)
			length = 255;
		if (!each) {
			each = length;
			octets_u8(&o, opcode + 1u);
			octets_u8(&o, (unsigned)each);
		}
		if (e || length != each || o.n + each > a->mtu)
			break;
		octets_le(&o, at->handle, 2);
		if (opcode == READ_BY_GROUP)
			octets_le(&o, at->last, 2);
		octets_bytes(&o, v.at, each - head);
	}
	if (each)
		send(a, &o);
	else
		sble_att_refuse(a, opcode, first, ATT_NOT_FOUND);
}

static void on_read(struct sble_att *a, uint8_t opcode, struct cursor *c)
{
	uint16_t handle = cursor_le16(c), offset = opcode == READ_BLOB ? cursor_le16(c) : 0;
	const struct sble_attribute *at = sble_db_by_handle(a->db, handle);
	struct octets v = { 0 }, o = { 0 };
	uint8_t e = c->failed ? ATT_INVALID_PDU : at ? read_value(a, at, &v) : ATT_INVALID_HANDLE;
	size_t n;

	if (!e && offset > v.n)
		e = ATT_INVALID_OFFSET;
	if (e) {
		sble_att_refuse(a, opcode, handle, e);
		return;
	}
	n = v.n - offset;
	if (n > a->mtu - 1u)
		n = a->mtu - 1u;
	octets_u8(&o, opcode + 1u);
	octets_bytes(&o, v.at + offset, n);
	send(a, &o);
}

static void on_read_multiple(struct sble_att *a, struct cursor *c)
{
	struct octets o = { 0 };

	octets_u8(&o, READ_MULTIPLE + 1);
	while (cursor_remaining(c)) {
		uint16_t handle = cursor_le16(c);
		const struct sble_attribute *at = sble_db_by_handle(a->db, handle);
		struct octets v = { 0 };
		uint8_t e = c->failed ? ATT_INVALID_PDU
			    : at      ? read_value(a, at, &v)
				      : ATT_INVALID_HANDLE;

		if (e) {
			sble_att_refuse(a, READ_MULTIPLE, handle, e);
			return;
		}
		octets_bytes(&o, v.at, v.n < a->mtu - o.n ? v.n : (size_t)(a->mtu - o.n));
	}
	send(a, &o);
}

static void on_write(struct sble_att *a, uint8_t opcode, struct cursor *c)
{
	uint16_t handle = cursor_le16(c);
	const struct sble_attribute *at = sble_db_by_handle(a->db, handle);
	size_t n = cursor_remaining(c);
	const uint8_t *p = cursor_bytes(c, n);
	uint8_t e = c->failed ? ATT_INVALID_PDU : at ? 0 : ATT_INVALID_HANDLE;
	struct octets o = { 0 };

	if (opcode == WRITE_COMMAND) {
		if (!e)
			(void)write_value(a, at, p, n, true);
		return;
	}
	/* Answered before what it causes: a device confirms the write, then it tells. */
	if (!e && at->type == SBLE_CCCD)
		e = check_security(a, at);
	if (!e)
		e = write_value(a, at, p, n, false);
	if (e) {
		sble_att_refuse(a, opcode, handle, e);
		return;
	}
	octets_u8(&o, WRITE + 1);
	send(a, &o);
}

static void on_prepare(struct sble_att *a, struct cursor *c)
{
	const uint8_t *whole = c->at;
	uint16_t handle = cursor_le16(c), offset = cursor_le16(c);
	size_t n = cursor_remaining(c);
	const uint8_t *p = cursor_bytes(c, n);
	const struct sble_attribute *at = sble_db_by_handle(a->db, handle);
	uint8_t e = c->failed ? ATT_INVALID_PDU : at ? 0 : ATT_INVALID_HANDLE;
	struct octets o = { 0 };

	if (!e && !(at->properties & SBLE_P_WRITE))
		e = ATT_WRITE_NOT_PERMITTED;
	if (!e)
		e = check_security(a, at);
	if (!e && ((a->queue.n && a->queue.handle != handle) || offset != a->queue.n ||
			  offset + n > sizeof(a->queue.at)))
		e = ATT_PREPARE_QUEUE_FULL;
	if (e) {
		sble_att_refuse(a, PREPARE_WRITE, handle, e);
		return;
	}
	a->queue.handle = handle;
	memcpy(a->queue.at + offset, p, n);
	a->queue.n = (uint16_t)(offset + n);
	octets_u8(&o, PREPARE_WRITE + 1);
	octets_bytes(&o, whole, n + 4);
	send(a, &o);
}

static void on_execute(struct sble_att *a, struct cursor *c)
{
	bool now = cursor_u8(c) & 1;
	const struct sble_attribute *at = sble_db_by_handle(a->db, a->queue.handle);
	uint8_t e = 0;
	struct octets o = { 0 };

	if (now && a->queue.n && at)
		e = write_value(a, at, a->queue.at, a->queue.n, false);
	if (e) {
		sble_att_refuse(a, EXECUTE_WRITE, a->queue.handle, e);
	} else {
		octets_u8(&o, EXECUTE_WRITE + 1);
		send(a, &o);
	}
	a->queue.handle = a->queue.n = 0;
}

enum sble_request sble_att_classify(const struct sble_att *a, const uint8_t *pdu, size_t n)
{
	const struct sble_attribute *at =
		n >= 3 ? sble_db_by_handle(a->db, (uint16_t)(pdu[1] | pdu[2] << 8)) : NULL;

	switch (n ? pdu[0] : 0) {
	case MTU_REQUEST:
		return SBLE_REQUEST_MTU;
	case FIND_INFORMATION:
	case FIND_BY_TYPE_VALUE:
	case READ_BY_GROUP:
		return SBLE_REQUEST_DISCOVERY;
	case READ_BY_TYPE:
		/* of declarations; of a value by its type it is a read */
		return n == 7 && pdu[6] == 0x28 ? SBLE_REQUEST_DISCOVERY : SBLE_REQUEST_READ;
	case READ:
	case READ_BLOB:
	case READ_MULTIPLE:
		return SBLE_REQUEST_READ;
	case WRITE:
		return at && at->type == SBLE_CCCD ? SBLE_REQUEST_SUBSCRIBE : SBLE_REQUEST_WRITE;
	case PREPARE_WRITE:
	case EXECUTE_WRITE:
		return SBLE_REQUEST_WRITE;
	default:
		return _SBLE_REQUEST_NONE;
	}
}

void sble_att_receive(struct sble_att *a, const uint8_t *pdu, size_t n)
{
	struct cursor c = cursor_init(pdu, n);
	uint8_t opcode = cursor_u8(&c);

	if (!n)
		return;
	switch (opcode) {
	case MTU_REQUEST:
		on_mtu(a, &c);
		break;
	case FIND_INFORMATION:
		on_find_information(a, &c);
		break;
	case FIND_BY_TYPE_VALUE:
		on_find_by_type_value(a, &c);
		break;
	case READ_BY_TYPE:
	case READ_BY_GROUP:
		on_read_by(a, opcode, &c);
		break;
	case READ:
	case READ_BLOB:
		on_read(a, opcode, &c);
		break;
	case READ_MULTIPLE:
		on_read_multiple(a, &c);
		break;
	case WRITE:
	case WRITE_COMMAND:
		on_write(a, opcode, &c);
		break;
	case PREPARE_WRITE:
		on_prepare(a, &c);
		break;
	case EXECUTE_WRITE:
		on_execute(a, &c);
		break;
	case CONFIRMATION:
		a->hooks->confirmed(a->userdata);
		break;
	case SIGNED_WRITE:
		break;
	default:
		/* Odd: an answer to us. A command that is not known is passed over (3.3). */
		if (opcode & 1)
			a->hooks->answered(a->userdata, pdu, n);
		else if (!(opcode & 0x40))
			sble_att_refuse(a, opcode, 0, ATT_NOT_SUPPORTED);
		break;
	}
}

bool sble_att_subscribed(const struct sble_att *a, uint32_t uuid, bool indicate)
{
	const struct sble_attribute *v = sble_db_value(a->db, uuid);

	return v && v->cccd != 0xff && a->cccds[v->cccd] & (indicate ? 2 : 1) &&
	       v->security <= a->level;
}

bool sble_att_tell(struct sble_att *a, uint32_t uuid, bool indicate, const uint8_t *p, size_t n)
{
	const struct sble_attribute *v = sble_db_value(a->db, uuid);
	struct octets o = { 0 };

	if (!sble_att_subscribed(a, uuid, indicate))
		return false;
	octets_u8(&o, indicate ? INDICATION : NOTIFICATION);
	octets_le(&o, v->handle, 2);
	octets_bytes(&o, p, n);
	send(a, &o);
	return true;
}
