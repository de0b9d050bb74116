"""MQTT packets by hand, versions 3.1.1 and 5, the server's side: what fakebroker.py needs to read
and to write, no more."""
import struct

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK, UNSUBSCRIBE, \
    UNSUBACK, PINGREQ, PINGRESP, DISCONNECT, AUTH = range(1, 16)

# MQTT 5 section 2.2.2.2: identifier -> (name, type)
PROPERTIES = {
    0x01: ("payload_format", "b"), 0x02: ("message_expiry", "4"), 0x03: ("content_type", "s"),
    0x08: ("response_topic", "s"), 0x09: ("correlation_data", "d"), 0x0B: ("subscription_id", "v"),
    0x11: ("session_expiry", "4"), 0x12: ("assigned_client_id", "s"), 0x13: ("server_keep_alive", "2"),
    0x15: ("auth_method", "s"), 0x16: ("auth_data", "d"), 0x17: ("request_problem", "b"),
    0x18: ("will_delay", "4"), 0x19: ("request_response", "b"), 0x1A: ("response_info", "s"),
    0x1C: ("server_reference", "s"), 0x1F: ("reason_string", "s"), 0x21: ("receive_maximum", "2"),
    0x22: ("topic_alias_maximum", "2"), 0x23: ("topic_alias", "2"), 0x24: ("maximum_qos", "b"),
    0x25: ("retain_available", "b"), 0x26: ("user", "p"), 0x27: ("maximum_packet_size", "4"),
    0x28: ("wildcard_available", "b"), 0x29: ("subscription_id_available", "b"),
    0x2A: ("shared_available", "b"),
}
_BY_NAME = {name: (number, kind) for number, (name, kind) in PROPERTIES.items()}


class Malformed(Exception):
    pass


def varint(n):
    out = bytearray()
    while True:
        n, low = divmod(n, 128)
        out.append(low | (0x80 if n else 0))
        if not n:
            return bytes(out)


def text(s):
    raw = s if isinstance(s, bytes) else s.encode()
    return struct.pack(">H", len(raw)) + raw


def packet(kind, flags, body):
    return bytes([kind << 4 | flags]) + varint(len(body)) + body


def properties(values):
    """{"receive_maximum": 5, "user": [("k", "v")]} as a property block with its length."""
    out = b""
    for name, value in (values or {}).items():
        number, kind = _BY_NAME[name]
        for one in value if kind == "p" else [value]:
            out += bytes([number])
            if kind == "b":
                out += bytes([one])
            elif kind in "24":
                out += int(one).to_bytes(int(kind), "big")
            elif kind == "v":
                out += varint(one)
            elif kind == "p":
                out += text(one[0]) + text(one[1])
            else:
                out += text(one)
    return varint(len(out)) + out


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        if self.at + n > len(self.data):
            raise Malformed("packet too short")
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self, n):
        return int.from_bytes(self.take(n), "big")

    def binary(self):
        return self.take(self.number(2))

    def text(self):
        return self.binary().decode()

    def varint(self):
        value = shift = 0
        while True:
            b = self.number(1)
            value |= (b & 127) << shift
            if not b & 128:
                return value
            shift += 7
            if shift > 21:
                raise Malformed("variable byte integer too long")

    def properties(self):
        inner = Reader(self.take(self.varint()))
        values = {}
        while inner.at < len(inner.data):
            number = inner.number(1)
            if number not in PROPERTIES:
                raise Malformed(f"unknown property 0x{number:02x}")
            name, kind = PROPERTIES[number]
            if kind == "p":
                values.setdefault(name, []).append((inner.text(), inner.text()))
            elif kind == "v":
                values[name] = inner.varint()
            elif kind in "b24":
                values[name] = inner.number(1 if kind == "b" else int(kind))
            else:
                values[name] = inner.text() if kind == "s" else inner.binary()
        return values

    def rest(self):
        return self.take(len(self.data) - self.at)


class Connect:
    def __init__(self, body):
        r = Reader(body)
        if r.text() != "MQTT":
            raise Malformed("protocol name")
        self.level = r.number(1)
        flags = r.number(1)
        self.clean = bool(flags & 2)
        self.keep_alive = r.number(2)
        self.properties = r.properties() if self.level == 5 else {}
        self.client = r.text()
        self.will = None
        if flags & 4:
            will_properties = r.properties() if self.level == 5 else {}
            self.will = {"topic": r.text(), "payload": r.binary(), "qos": flags >> 3 & 3,
                         "retain": bool(flags & 32), "properties": will_properties}
        self.username = r.text() if flags & 128 else None
        self.password = r.binary() if flags & 64 else None


class Publish:
    def __init__(self, flags, body, level):
        r = Reader(body)
        self.dup, self.qos, self.retain = bool(flags & 8), flags >> 1 & 3, bool(flags & 1)
        self.topic = r.text()
        self.mid = r.number(2) if self.qos else 0
        self.properties = r.properties() if level == 5 else {}
        self.payload = r.rest()
        self.size = len(body)

    def __repr__(self):
        return f"<PUBLISH {self.mid} {self.topic} {self.payload[:120]!r}>"


def connack(level, code=0, present=False, props=None):
    body = bytes([1 if present else 0, code])
    return packet(CONNACK, 0, body + (properties(props) if level == 5 else b""))


def puback(level, mid, code=0):
    body = struct.pack(">H", mid)
    if level == 5 and code:
        body += bytes([code])
    return packet(PUBACK, 0, body)


def suback(level, mid, codes):
    return packet(SUBACK, 0, struct.pack(">H", mid) + (b"\0" if level == 5 else b"") + bytes(codes))


def unsuback(level, mid, count):
    body = struct.pack(">H", mid) + (b"\0" + bytes(count) if level == 5 else b"")
    return packet(UNSUBACK, 0, body)


def disconnect(level, code=0, props=None):
    return packet(DISCONNECT, 0, bytes([code]) + properties(props) if level == 5 else b"")


def publish(level, topic, payload, qos=0, mid=1, retain=False, props=None, dup=False):
    body = text(topic) + (struct.pack(">H", mid) if qos else b"")
    if level == 5:
        body += properties(props)
    return packet(PUBLISH, (8 if dup else 0) | qos << 1 | (1 if retain else 0), body + payload)


def topic_matches(pattern, topic):
    p, t = pattern.split("/"), topic.split("/")
    for i, level in enumerate(p):
        if level == "#":
            return True
        if i >= len(t) or level not in ("+", t[i]):
            return False
    return len(p) == len(t)
