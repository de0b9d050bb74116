"""A private D-Bus, and a gateway on it that says what a test wants: for what wardgatectl makes of
answers that a real one gives seldom. Not for what the daemon does; that is tested with the daemon."""
import os
import queue
import socket
import threading

from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

from .base import Process, wait_until

NAME, PATH = "org.wardgate.Gateway1", "/org/wardgate/Gateway1"

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
    <allow user="*"/>
  </policy>
  {more}
</busconfig>
"""


class PrivateBus:
    """more: further policies, as XML."""

    def __init__(self, directory, more=""):
        os.makedirs(directory, exist_ok=True)
        self.path = os.path.join(directory, "bus")
        self.address = "unix:path=" + self.path
        self.config = os.path.join(directory, "bus.conf")
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(CONFIG.format(path=self.path, more=more))
        self.process = None
        self.start()

    def start(self):
        self.process = Process(["dbus-daemon", "--nofork", "--nopidfile", "--nosyslog",
                                "--config-file=" + self.config], "dbus-daemon")
        wait_until(lambda: self._answers() or not self.process.alive(), "the bus")
        assert self.process.alive(), self.process.text()

    def _answers(self):
        """Its socket is there a moment before it listens."""
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(self.path) == 0

    def end(self):
        self.process.end()


class Refused(Exception):
    """One of the interface's errors."""

    def __init__(self, name, message):
        super().__init__(message)
        self.name, self.message = name, message


class FakeGateway:
    """answers: method -> (signature, body) or a callable of the arguments that returns one or raises
    Refused; None: no answer ever. calls records what was asked."""

    def __init__(self, bus, answers=None, properties=None, name=NAME):
        self.answers = dict(answers or {})
        self.properties = dict(properties or {})
        self.calls = queue.Queue()
        self.connection = open_dbus_connection(bus.address)
        self.ended = False
        reply = self.connection.send_and_get_reply(message_bus.RequestName(name))
        assert reply.body == (1,), reply.body
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while not self.ended:
            try:
                m = self.connection.receive(timeout=0.2)
            except TimeoutError:
                continue
            except (OSError, ConnectionError):
                return
            if m.header.message_type is MessageType.method_call:
                self._answer(m)

    def _send(self, m):
        with self.lock:
            try:
                self.connection.send(m)
            except OSError:
                pass

    def _answer(self, m):
        member = m.header.fields[HeaderFields.member]
        self.calls.put((member, m.body, m.header.fields[HeaderFields.sender]))
        if member == "GetAll":
            self._send(new_method_return(m, "a{sv}", (self.properties,)))
            return
        try:
            if member not in self.answers:
                raise Refused("org.freedesktop.DBus.Error.UnknownMethod", "no such method")
            answer = self.answers[member]
            answer = answer(*m.body) if callable(answer) else answer
        except Refused as e:
            name = e.name if "." in e.name else f"{NAME}.Error.{e.name}"
            self._send(new_error(m, name, "s", (e.message,)))
            return
        if answer is not None:
            self._send(new_method_return(m, *answer))

    def call(self, member, deadline=30):
        """Waits for a call; gives (arguments, caller)."""
        while True:
            name, body, sender = self.calls.get(timeout=deadline)
            if name == member:
                return body, sender

    def signal(self, member, signature, body, to=None):
        m = new_signal(DBusAddress(PATH, NAME, NAME), member, signature, body)
        if to:
            m.header.fields[HeaderFields.destination] = to
        self._send(m)

    def end(self):
        self.ended = True
        self.thread.join(5)
        self.connection.close()
