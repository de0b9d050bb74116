"""A minimal Zigbee host: ASH and EZSP by hand, from the protocols' descriptions, so that the simulated
radio is proven by something that shares no code with it or with the daemon. One thread; waits have
deadlines. `Line` is the bytes, `Host` the commands, and what devices need to be interviewed."""
import binascii
import collections
import os
import select
import struct
import termios
import time
import tty

from .base import DEADLINE, Missing

RESERVED = {0x7e, 0x7d, 0x11, 0x13, 0x18, 0x1a}
WELL_KNOWN = b"ZigBeeAlliance09"
ANYBODY = b"\xff" * 8

Frame = collections.namedtuple("Frame", "control data")
Callback = collections.namedtuple("Callback", "id flags body")
Incoming = collections.namedtuple("Incoming", "type profile cluster source destination sender lqi payload sequence")


def lfsr():
    """The bytes that data fields are randomized with."""
    r = 0x42
    while True:
        yield r
        r = r >> 1 ^ 0xb8 if r & 1 else r >> 1


def randomized(data):
    return bytes(a ^ b for a, b in zip(data, lfsr()))


def stuffed(data):
    out = bytearray()
    for b in data:
        out += bytes([0x7d, b ^ 0x20]) if b in RESERVED else bytes([b])
    return bytes(out)


def encode(control, data=b""):
    plain = bytes([control]) + (randomized(data) if not control & 0x80 else data)
    return stuffed(plain + struct.pack(">H", binascii.crc_hqx(plain, 0xffff))) + b"\x7e"


class Decoder:
    """Bytes to frames; `bad` counts what was no frame, `odd` the bytes that are reserved."""

    def __init__(self):
        self.raw, self.bad, self.spoiled = bytearray(), 0, False
        self.odd = collections.Counter()

    def feed(self, data):
        for b in data:
            if b in RESERVED:
                self.odd[b] += 1
            if b == 0x7e:
                frame = self._finish()
                self.raw, self.spoiled = bytearray(), False
                if frame:
                    yield frame
            elif b == 0x1a:
                self.raw, self.spoiled = bytearray(), False
            elif b == 0x18:
                self.spoiled = True
            elif b not in (0x11, 0x13):
                self.raw.append(b)

    def _finish(self):
        if not self.raw:
            return None
        plain, escaped = bytearray(), False
        for b in self.raw:
            if b == 0x7d:
                escaped = True
            else:
                plain.append(b ^ 0x20 if escaped else b)
                escaped = False
        if self.spoiled or len(plain) < 3 or binascii.crc_hqx(bytes(plain), 0xffff):
            self.bad += 1
            return None
        control, data = plain[0], bytes(plain[1:-2])
        return Frame(control, data if control & 0x80 else randomized(data))


class Line:
    """ASH from the host's side. `acks` off: it hears and does not acknowledge."""

    def __init__(self, path):
        self.path = path
        self.fd = None
        self.acks = True
        self.decoder = Decoder()
        self.frames = []       # everything that came, as Frame
        self.received = collections.deque()   # EZSP frames in order
        self.errors = []       # codes of ERROR frames
        self.resets = []       # codes of RSTACK
        self.retransmits_heard = self.strays = 0
        self._forget()
        self.open()

    def _forget(self):
        self.tx, self.rx, self.unacked = 0, 0, {}
        self.rejecting = self.owed = False

    def open(self):
        self.close()
        self.fd = os.open(self.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.fd)
        termios.tcflush(self.fd, termios.TCIOFLUSH)

    def close(self):
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None

    def write(self, data):
        while data:
            select.select([], [self.fd], [], DEADLINE)
            data = data[os.write(self.fd, data):]

    def send(self, data, again=False, number=None):
        number = self.tx if number is None else number
        self.write(encode(number << 4 | (8 if again else 0) | self.rx, data))
        if not again:
            self.unacked[number] = (data, time.monotonic())
            self.tx = (number + 1) % 8

    def _take_ack(self, number):
        for n in list(self.unacked):
            if (number - n - 1) % 8 < 4:
                del self.unacked[n]

    def _on_data(self, frame):
        number, again = frame.control >> 4 & 7, frame.control & 8
        self.retransmits_heard += bool(again)
        if number == self.rx:
            self.rx = (self.rx + 1) % 8
            self.rejecting = False
            self.owed = True
            self.received.append(frame.data)
        elif again:
            self.owed = True
        else:
            self.strays += 1
            if not self.rejecting:
                self.rejecting = True
                self.write(encode(0xa0 | self.rx))

    def _on_frame(self, frame):
        self.frames.append(frame)
        if not frame.control & 0x80:
            self._take_ack(frame.control & 7)
            self._on_data(frame)
        elif frame.control == 0xc1:
            self.resets.append(frame.data[1])
        elif frame.control == 0xc2:
            self.errors.append(frame.data[1])
        elif frame.control < 0xc0:
            self._take_ack(frame.control & 7)
            if frame.control & 0x20:
                self._retransmit()

    def _retransmit(self):
        for number, (data, _) in list(self.unacked.items()):
            self.send(data, again=True, number=number)
            self.unacked[number] = (data, time.monotonic())

    def turn(self, seconds=0.05):
        """Reads what there is, acknowledges it once, sends again what was not acknowledged for a second.
        False: the line is gone."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if ready:
            try:
                data = os.read(self.fd, 65536)
            except BlockingIOError:
                return True     # somebody else has read it
            except OSError:
                data = b""
            if not data:
                return False
            bad = self.decoder.bad
            for frame in self.decoder.feed(data):
                self._on_frame(frame)
            if self.decoder.bad > bad and not self.rejecting:
                self.rejecting = True
                self.write(encode(0xa0 | self.rx))
            if self.owed and self.acks:
                self.owed = False
                self.write(encode(0x80 | self.rx))
        if any(time.monotonic() - at > 1 for _, at in self.unacked.values()):
            self._retransmit()
        return True

    def wait(self, condition, what, deadline=DEADLINE):
        end = time.monotonic() + deadline
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > end:
                raise Missing(f"after {deadline:g} s still missing: {what}; the last frames were "
                              f"{[f'{f.control:02x}:{f.data.hex()}' for f in self.frames[-6:]]}")
            if not self.turn():
                raise Missing(f"the line went away before this: {what}")

    def reset(self):
        """RST until RSTACK says that it was this."""
        before = len(self.resets)
        self.received.clear()
        self.write(b"\x1a" + encode(0xc0))
        at = time.monotonic()

        def answered():
            nonlocal at
            if time.monotonic() - at > 2:
                self.write(b"\x1a" + encode(0xc0))
                at = time.monotonic()
            return 0x0b in self.resets[before:]
        self.wait(answered, "RSTACK")
        self._forget()
        self.received.clear()


class Host:
    """EZSP over a Line. Commands are called by number with their bytes, and return bytes."""

    def __init__(self, path, version=None):
        self.line = Line(path)
        self.version = version
        self.sequence = 0
        self.callbacks = []     # Callback, in order; never shortened
        self.answers = collections.deque()
        self.overflows = self.late = 0
        self.profile_sequence = 0
        self.tag = 0

    def end(self):
        self.line.close()

    # -- frames

    def _sort(self):
        while self.line.received:
            raw = self.line.received.popleft()
            if len(raw) > 4 and raw[2] & 3 == 1 and raw[2] != 0xff:
                ident, body = struct.unpack_from("<H", raw, 3)[0], raw[5:]
            else:
                ident, body = raw[2], raw[3:]
            self.overflows += raw[1] & 1
            if raw[1] & 0x10:
                self.callbacks.append(Callback(ident, raw[1], body))
            else:
                self.answers.append((raw[0], ident, body))

    def _exchange(self, frame, ident, deadline):
        self.answers.clear()
        self.line.send(frame)

        def answered():
            self._sort()
            while self.answers:
                sequence, got, body = self.answers.popleft()
                if sequence == frame[0] and got in (ident, 0x58):
                    return got, body
                self.late += 1
            return None
        return self.line.wait(answered, f"the answer to {ident:04x}", deadline)

    def _next(self):
        self.sequence = (self.sequence + 1) % 256
        return self.sequence

    def ask(self, ident, body=b"", deadline=DEADLINE):
        """(id of the answer, its body); 0x58 is a refusal."""
        return self._exchange(struct.pack("<BBBH", self._next(), 0, 1, ident) + body, ident, deadline)

    def call(self, ident, body=b"", deadline=DEADLINE):
        got, answer = self.ask(ident, body, deadline)
        assert got == ident, f"{ident:04x} was refused: {answer.hex()}"
        return answer

    @property
    def wide(self):
        return self.version >= 14

    def status(self, answer):
        """(status, what follows it)."""
        return (struct.unpack_from("<I", answer)[0], answer[4:]) if self.wide else (answer[0], answer[1:])

    def well(self, ident, body=b""):
        """Calls what answers with a status that has to be 0; returns the rest."""
        status, rest = self.status(self.call(ident, body))
        assert status == 0, f"{ident:04x}: {status:x}"
        return rest

    # -- start

    def negotiate(self):
        _, first = self._exchange(bytes([self._next(), 0, 0, 4]), 0, DEADLINE)
        version, kind, _ = struct.unpack("<BBH", first[:4])
        assert kind == 2
        second = self.call(0x0000, bytes([version]))
        assert second[:4] == first[:4]
        self.version = version
        return version

    def connect(self):
        self.line.reset()
        self.negotiate()
        return self

    def configure(self):
        self.well(0x0053, struct.pack("<BH", 0x12, 7680))
        self.well(0x0055, struct.pack("<BB", 0, 2))
        self.well(0x0002, struct.pack("<BHHBBBHH", 1, 0x0104, 0x0005, 0, 1, 1, 0x0000, 0x0500))
        return self

    def stack_status(self, narrow, wide, what, start=0):
        wanted = struct.pack("<I", wide) if self.wide else bytes([narrow])
        return self.wait(0x0019, lambda b: b.startswith(wanted), what, start)

    def up(self, start=0):
        return self.stack_status(0x90, 0x15, "the network to be up", start)

    def form(self, key=bytes(range(16)), pan=0x1a62, extended=bytes(range(1, 9)), channel=15, bitmask=0x0b84):
        self.well(0x0068, struct.pack("<H16s16sB8s", bitmask, os.urandom(16), key, 0, bytes(8)))
        start = len(self.callbacks)
        self.well(0x001e, struct.pack("<8sHbBBHBI", extended, pan, 8, channel, 0, 0, 0, 0x07fff800))
        self.up(start)
        return self

    def init(self):
        """networkInit's status; waits for the network when that is 0."""
        start = len(self.callbacks)
        status, _ = self.status(self.call(0x0017, b"\x03\x00"))
        if status == 0:
            self.up(start)
        return status

    def start(self):
        """All that a host does until it has a network, which it forms when there is none."""
        self.connect().configure()
        if self.init():
            self.form()
        return self

    def parameters(self):
        rest = self.well(0x0028)
        return dict(zip(("node_type", "extended", "pan", "power", "channel", "method", "manager", "update", "channels"),
                        struct.unpack("<B8sHbBBHBI", rest[:21])))

    def eui(self):
        return self.call(0x0026)[:8]

    def transient_key(self, eui=ANYBODY, key=WELL_KNOWN):
        if self.version < 12:
            self.well(0x00af, eui + key)
        else:
            answer = self.call(0x0111, eui + key + (b"\0" if not self.wide else b""))
            assert answer[:4] == bytes(4)

    def permit(self, seconds=60, policy=3, eui=ANYBODY, key=WELL_KNOWN):
        self.transient_key(eui, key)
        self.well(0x0055, bytes([0, policy]))
        self.well(0x0022, bytes([seconds]))

    # -- callbacks

    def pump(self, seconds=0.05):
        alive = self.line.turn(seconds)
        self._sort()
        return alive

    def wait(self, ident, condition, what, start=0, deadline=DEADLINE):
        """The first callback of that id for which condition(body) holds."""
        at = start

        def found():
            nonlocal at
            self._sort()
            while at < len(self.callbacks):
                c = self.callbacks[at]
                at += 1
                if c.id == ident and condition(c.body):
                    return c.body
            return None
        return self.line.wait(found, what, deadline)

    def parse(self, body):
        """An incomingMessage."""
        kind, profile, cluster, source, destination, _, _, sequence = struct.unpack_from("<BHHBBHHB", body)
        if self.wide:
            sender, _, _, lqi, _, _ = struct.unpack_from("<H8sHBbI", body, 12)
            length, at = body[30], 31
        else:
            lqi, _, sender, _ = struct.unpack_from("<BbHH", body, 12)
            length, at = body[18], 19
        return Incoming(kind, profile, cluster, source, destination, sender, lqi, body[at:at + length], sequence)

    def incoming(self, start=0):
        """All messages so far."""
        return [self.parse(c.body) for c in self.callbacks[start:] if c.id == 0x45]

    def wait_incoming(self, condition, what, start=0, deadline=DEADLINE):
        return self.parse(self.wait(0x45, lambda b: condition(self.parse(b)), what, start, deadline))

    def joined(self, eui, start=0):
        """The short address of a device that joins, once it has announced itself."""
        m = self.wait_incoming(lambda m: m.cluster == 0x0013 and m.payload[3:11] == eui,
                               f"{eui.hex()} to join", start)
        return struct.unpack_from("<H", m.payload, 1)[0]

    # -- messages

    def aps(self, profile, cluster, source, destination):
        return struct.pack("<HHBBHHB", profile, cluster, source, destination, 0x1140, 0, 0)

    def unicast(self, node, profile, cluster, payload, endpoint=1):
        source = 0 if profile == 0 else 1
        self.tag = (self.tag + 1) % 256
        tag = struct.pack("<H", self.tag) if self.wide else bytes([self.tag])
        return self.status(self.call(0x0034, struct.pack("<BH", 0, node) +
                                     self.aps(profile, cluster, source, endpoint if profile else 0) + tag +
                                     bytes([len(payload)]) + payload))[0]

    def sent(self, body):
        """(tag, status) of a messageSent."""
        if self.wide:
            status, tag = struct.unpack_from("<I", body)[0], struct.unpack_from("<H", body, 18)[0]
        else:
            tag, status = body[14], body[15]
        return tag, status

    def delivered(self, node, profile, cluster, payload, endpoint=1):
        """Sends, and returns the status of its delivery."""
        start = len(self.callbacks)
        assert self.unicast(node, profile, cluster, payload, endpoint) == 0
        tag = self.tag
        return self.sent(self.wait(0x3f, lambda b: self.sent(b)[0] == tag, "messageSent", start))[1]

    def zdo(self, node, cluster, body=b"", tries=3):
        """The answer behind its sequence number."""
        for left in reversed(range(tries)):
            self.profile_sequence = (self.profile_sequence + 1) % 128
            seq, start = self.profile_sequence, len(self.callbacks)
            self.delivered(node, 0, cluster, bytes([seq]) + body)
            try:
                m = self.wait_incoming(lambda m: m.profile == 0 and m.cluster == cluster | 0x8000 and
                                       m.payload[0] == seq, f"the answer to ZDO {cluster:04x}", start,
                                       1 if left else DEADLINE)
                return m.payload[1:]
            except Missing:
                if not left:
                    raise
        return None

    def zcl(self, node, cluster, command, body=b"", frame=0x10, wanted=None):
        """The answer: (frame control, command, what follows)."""
        self.profile_sequence = (self.profile_sequence + 1) % 128
        seq, start = self.profile_sequence, len(self.callbacks)
        self.delivered(node, 0x0104, cluster, bytes([frame, seq, command]) + body)

        def is_answer(m):
            return m.profile == 0x0104 and m.cluster == cluster and m.sender == node and m.payload[1] == seq and \
                m.payload[0] & 3 == 0 and m.payload[2] in (wanted if wanted else (command + 1, 0x0b))
        p = self.wait_incoming(is_answer, f"the answer to ZCL {cluster:04x}/{command:02x}", start).payload
        return p[0], p[2], p[3:]

    def read(self, node, cluster, *attributes):
        """{attribute: (type, bytes) or status}."""
        _, command, body = self.zcl(node, cluster, 0x00, struct.pack(f"<{len(attributes)}H", *attributes))
        assert command == 0x01, body.hex()
        found = {}
        while body:
            attribute, status = struct.unpack_from("<HB", body)
            body = body[3:]
            if status:
                found[attribute] = status
                continue
            kind, n = body[0], width(body)
            found[attribute] = (kind, body[1:1 + n])
            body = body[1 + n:]
        return found

    def bind(self, node, eui, cluster):
        return self.zdo(node, 0x0021, eui + struct.pack("<BHB", 1, cluster, 3) + self.eui() + b"\x01")[0]

    def report_every(self, node, cluster, attribute, kind, low, high, change=b""):
        """The status of one Configure Reporting record."""
        body = struct.pack("<BHBHH", 0, attribute, kind, low, high) + change
        _, command, answer = self.zcl(node, cluster, 0x06, body)
        assert command == 0x07, answer.hex()
        return answer[0]

    def enroll(self, node):
        """Both ways at once, as hosts have to: writes the address and answers unasked too."""
        _, command, answer = self.zcl(node, 0x0500, 0x02, struct.pack("<HB", 0x0010, 0xf0) + self.eui(),
                                      wanted=(0x04, 0x0b))
        assert (command, answer) == (0x04, b"\0")
        for _ in range(40):
            self.profile_sequence = (self.profile_sequence + 1) % 128
            self.delivered(node, 0x0104, 0x0500, bytes([0x11, self.profile_sequence, 0x00, 0x00, 23]))
            if self.read(node, 0x0500, 0x0000)[0x0000] == (0x30, b"\1"):
                return
        raise Missing("the zone to be enrolled")


def width(body):
    """Bytes of the value behind a type."""
    fixed = {0x10: 1, 0x18: 1, 0x19: 2, 0x1b: 4, 0x20: 1, 0x21: 2, 0x23: 4, 0x29: 2, 0x30: 1, 0x31: 2, 0x39: 4,
             0xf0: 8}
    return fixed[body[0]] if body[0] in fixed else 1 + body[1]


def records(payload):
    """{attribute: (type, bytes)} of a report."""
    body, found = payload[5 if payload[0] & 4 else 3:], {}
    while body:
        attribute, rest = struct.unpack_from("<H", body)[0], body[2:]
        n = width(rest)
        found[attribute] = (rest[0], rest[1:1 + n])
        body = rest[1 + n:]
    return found
