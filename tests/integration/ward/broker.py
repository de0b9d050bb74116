"""A real mosquitto on a loopback port of its own, with mutual TLS, that can be stopped, restarted
and frozen."""
import os
import socket

from .base import Process, free_port, wait_until


class Mosquitto:
    """tls False gives a plaintext listener. Options are lines of mosquitto.conf."""

    def __init__(self, directory, certs, tls=True, options=(), pair=None, port=None, ca=None):
        self.dir = str(directory)
        os.makedirs(self.dir, exist_ok=True)
        self.port = port or free_port()
        self.tls = tls
        self.certs = certs
        self.pair = pair or certs.broker()
        self.ca = ca or certs.authority.ca
        self.options = list(options)
        self.process = None
        self.earlier = []

    def uri(self, host="localhost"):
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"

    def _write_config(self):
        lines = ["per_listener_settings false", "user root", "persistence true",
                 f"persistence_location {self.dir}/", "autosave_interval 3600",
                 "max_queued_messages 0", "max_inflight_messages 0", "allow_anonymous true",
                 "connection_messages true", "log_dest stderr", "log_type error",
                 "log_type warning", "log_type notice", "log_type information",
                 "set_tcp_nodelay true"]
        for option in self.options:
            key = option.split()[0]
            lines = [line for line in lines if line.split()[0] != key]
        lines += [o for o in self.options if not o.startswith("log_type ")]
        lines += [o for o in self.options if o.startswith("log_type ")]
        lines.append(f"listener {self.port} 127.0.0.1")
        if self.tls:
            lines += [f"cafile {self.ca}", f"certfile {self.pair.cert}",
                      f"keyfile {self.pair.key}", "require_certificate true",
                      "use_identity_as_username true"]
        path = os.path.join(self.dir, "mosquitto.conf")
        with open(path, "w", encoding="ascii") as f:
            f.write("\n".join(lines) + "\n")
        return path

    def start(self):
        config = self._write_config()
        self.process = Process(["/usr/sbin/mosquitto", "-c", config], "mosquitto")
        wait_until(self._answers, lambda: "mosquitto listening: " + self.process.text())
        return self

    def _answers(self):
        if not self.process.alive():
            raise AssertionError("mosquitto ended: " + self.process.text())
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
            return True
        except OSError:
            return False

    def stop(self):
        """A clean stop; sessions and queues are kept in its database for start()."""
        self.process.terminate()
        self._retire()

    def kill(self):
        self.process.kill()
        self._retire()

    def _retire(self):
        self.earlier.append(self.process)
        if self.process in Process.running:
            Process.running.remove(self.process)

    def freeze(self):
        self.process.freeze()

    def thaw(self):
        self.process.thaw()

    def connects(self, client="wardgate-ward7-gw1"):
        """How often that client connected, over all restarts, from the broker's own log."""
        return sum(line.count(f" as {client} ") for p in self.earlier + [self.process]
                   for line in p.lines if "New client connected" in line)

    def wait_connects(self, count, client="wardgate-ward7-gw1"):
        wait_until(lambda: self.connects(client) >= count,
                   lambda: f"{count} connects of {client}:\n{self.process.text()}")

    def end(self):
        if self.process is not None:
            self.process.end()
