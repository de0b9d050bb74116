"""A host of Bluetooth by hand: packets of the kernel's management protocol and PDUs of the Attribute
Protocol, over the sockets of wardsim ble. Not the daemon's code, nor the simulator's."""
import socket
import struct
import time

from .base import DEADLINE, Missing


def _connect(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(DEADLINE)
    try:
        s.connect(path)
    except OSError:
        s.close()
        raise
    return s


def octets(address):
    """As on the wire."""
    return bytes(reversed(bytes.fromhex(address.replace(":", ""))))


def text(raw):
    return ":".join(f"{b:02X}" for b in reversed(raw))


class Mgmt:
    def __init__(self, directory):
        self.socket = _connect(f"{directory}/mgmt")
        self.events = []

    def close(self):
        self.socket.close()

    def send(self, opcode, payload=b"", index=0):
        self.socket.send(struct.pack("<HHH", opcode, index, len(payload)) + payload)

    def _receive(self):
        packet = self.socket.recv(65536)
        if not packet:
            raise Missing("mgmt was hung up")
        code, index, n = struct.unpack_from("<HHH", packet)
        assert n == len(packet) - 6
        return code, index, packet[6:]

    def answer(self, opcode):
        """(status, return parameters); what else comes meanwhile is kept."""
        while True:
            code, index, body = self._receive()
            if code in (1, 2) and struct.unpack_from("<H", body)[0] == opcode:
                return body[2], body[3:]
            self.events.append((code, index, body))

    def command(self, opcode, payload=b"", index=0):
        self.send(opcode, payload, index)
        return self.answer(opcode)

    def event(self, code, matches=lambda body: True, deadline=DEADLINE):
        """The next event of that code; earlier ones are passed over, those of other codes kept."""
        end = time.monotonic() + deadline
        kept = []
        while time.monotonic() < end:
            found = self.events.pop(0) if self.events else self._receive()
            if found[0] == code and matches(found[2]):
                self.events = kept + self.events
                return found[2]
            kept.append(found)
        raise Missing(f"no event {code:#x}")

    def bring_up(self, io=3, index=0):
        for opcode, payload in ((0x0d, b"\1"), (0x2d, b"\1"), (0x09, b"\1"), (0x18, bytes([io])),
                                (0x05, b"\1"), (0x53, b"\0\0"),
                                (0x52, b"\1" + bytes([1, 0, 1, 6]) + bytes(30))):
            assert self.command(opcode, payload, index)[0] == 0, hex(opcode)
        return self


class Att:
    def __init__(self, directory, address, mtu=247):
        self.socket = _connect(f"{directory}/att/{address}")
        self.told = []
        self.mtu = 23
        if mtu:
            self.mtu = min(mtu, struct.unpack("<H", self.ask(struct.pack("<BH", 2, mtu))[1:])[0])

    def close(self):
        self.socket.close()

    def receive(self):
        pdu = self.socket.recv(1024)
        if not pdu:
            raise Missing("the link has ended")
        return pdu

    def ask(self, pdu):
        """The answer; what is told meanwhile is kept."""
        self.socket.send(pdu)
        while True:
            answer = self.receive()
            if answer[0] not in (0x1b, 0x1d):
                return answer
            self.told.append(answer)

    def next_told(self):
        """(whether it is an indication, handle, value)."""
        pdu = self.told.pop(0) if self.told else self.receive()
        assert pdu[0] in (0x1b, 0x1d), pdu.hex()
        return pdu[0] == 0x1d, struct.unpack_from("<H", pdu, 1)[0], pdu[3:]

    def confirm(self):
        self.socket.send(b"\x1e")

    def read(self, handle):
        answer = self.ask(struct.pack("<BH", 0x0a, handle))
        return answer[1:] if answer[0] == 0x0b else -answer[4]

    def write(self, handle, value):
        """0 or the error."""
        answer = self.ask(struct.pack("<BH", 0x12, handle) + value)
        return 0 if answer == b"\x13" else answer[4]

    def _walk(self, opcode, kind, fields):
        found, at = [], 1
        while True:
            answer = self.ask(struct.pack("<BHHH", opcode, at, 0xffff, kind))
            if answer[0] == 1:
                assert answer[4] == 0x0a
                return found
            each = answer[1]
            for k in range(2, len(answer), each):
                found.append(answer[k:k + each])
            last = found[-1]
            at = struct.unpack_from("<H", last, 2 if fields == "group" else 0)[0] + 1
            if at > 0xffff:
                return found

    def services(self):
        """{UUID as on the wire: (first, last)}."""
        return {raw[4:]: struct.unpack_from("<HH", raw) for raw in self._walk(0x10, 0x2800, "group")}

    def characteristics(self):
        """{16-bit UUID: (handle of the value, properties)}."""
        return {struct.unpack_from("<H", raw, 5)[0]: (struct.unpack_from("<H", raw, 3)[0], raw[2])
                for raw in self._walk(0x08, 0x2803, "one") if len(raw) == 7}

    def subscribe(self, handle, indicate=False):
        """The descriptor stands behind the value in these devices."""
        return self.write(handle + 1, b"\2\0" if indicate else b"\1\0")
