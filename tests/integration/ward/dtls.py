"""A DTLS 1.2 client with a pre-shared key on OpenSSL's library, one per socket, for what a command
cannot do: keep a session while other things happen, choose the port, vanish without a word, put a
raw datagram on the same path."""
import ctypes
import ctypes.util
import select
import socket
import time

_ssl = ctypes.CDLL("libssl.so.3")
_crypto = ctypes.CDLL("libcrypto.so.3")

_PSK_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_uint, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p,
                                 ctypes.c_uint, ctypes.c_void_p, ctypes.c_uint)


def _declare(library, name, result, *args):
    f = getattr(library, name)
    f.restype, f.argtypes = result, args
    return f


_P, _I, _L = ctypes.c_void_p, ctypes.c_int, ctypes.c_long
_method = _declare(_ssl, "DTLS_client_method", _P)
_ctx_new = _declare(_ssl, "SSL_CTX_new", _P, _P)
_ctx_free = _declare(_ssl, "SSL_CTX_free", None, _P)
_ctx_ciphers = _declare(_ssl, "SSL_CTX_set_cipher_list", _I, _P, ctypes.c_char_p)
_ctx_psk = _declare(_ssl, "SSL_CTX_set_psk_client_callback", None, _P, _PSK_CALLBACK)
_new = _declare(_ssl, "SSL_new", _P, _P)
_free = _declare(_ssl, "SSL_free", None, _P)
_set_bio = _declare(_ssl, "SSL_set_bio", None, _P, _P, _P)
_connect = _declare(_ssl, "SSL_connect", _I, _P)
_read = _declare(_ssl, "SSL_read", _I, _P, ctypes.c_char_p, _I)
_write = _declare(_ssl, "SSL_write", _I, _P, ctypes.c_char_p, _I)
_error = _declare(_ssl, "SSL_get_error", _I, _P, _I)
_shutdown = _declare(_ssl, "SSL_shutdown", _I, _P)
_ssl_ctrl = _declare(_ssl, "SSL_ctrl", _L, _P, _I, _L, _P)
_cipher = _declare(_ssl, "SSL_get_current_cipher", _P, _P)
_cipher_name = _declare(_ssl, "SSL_CIPHER_get_name", ctypes.c_char_p, _P)
_use_cert = _declare(_ssl, "SSL_CTX_use_certificate_chain_file", _I, _P, ctypes.c_char_p)
_use_key = _declare(_ssl, "SSL_CTX_use_PrivateKey_file", _I, _P, ctypes.c_char_p, _I)
_clear = _declare(_crypto, "ERR_clear_error", None)
_bio_dgram = _declare(_crypto, "BIO_new_dgram", _P, _I, _I)
_bio_ctrl = _declare(_crypto, "BIO_ctrl", _L, _P, _I, _L, _P)
_get_error = _declare(_crypto, "ERR_get_error", ctypes.c_ulong)
_error_text = _declare(_crypto, "ERR_error_string_n", None, ctypes.c_ulong, ctypes.c_char_p,
                       ctypes.c_size_t)

_HANDLE_TIMEOUT = 74  # DTLS_CTRL_HANDLE_TIMEOUT
_SET_CONNECTED = 32   # BIO_CTRL_DGRAM_SET_CONNECTED
_WANT_READ, _WANT_WRITE, _ZERO_RETURN = 2, 3, 6


class HandshakeFailed(Exception):
    pass


class Closed(Exception):
    """The peer ended the session."""


class Session:
    """Handshakes at once; deadline in seconds. cert: a certs.Pair instead of a key."""

    def __init__(self, host, port, identity=None, key=None, local_port=0, deadline=20, cert=None,
                 ciphers=b"PSK-AES128-CCM8:PSK-AES128-GCM-SHA256:@SECLEVEL=0", sock=None):
        self.socket = sock
        if sock is None:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.bind(("127.0.0.1", local_port))
            self.socket.connect((host, port))
        self.socket.setblocking(False)
        self.local_port = self.socket.getsockname()[1]
        self.ssl = None
        self.ctx = _ctx_new(_method())
        if cert is not None:
            ciphers = b"ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0"
            assert _use_cert(self.ctx, cert.cert.encode()) == 1
            assert _use_key(self.ctx, cert.key.encode(), 1) == 1
        assert _ctx_ciphers(self.ctx, ciphers) == 1

        @_PSK_CALLBACK
        def psk(_ssl_object, _hint, identity_at, identity_size, key_at, key_size):
            name = (identity or "").encode()
            secret = key if isinstance(key, bytes) else (key or "").encode()
            if len(name) + 1 > identity_size or len(secret) > key_size:
                return 0
            ctypes.memmove(identity_at, name + b"\0", len(name) + 1)
            ctypes.memmove(key_at, secret, len(secret))
            return len(secret)
        self._psk = psk  # kept: the library calls it later
        if cert is None:
            _ctx_psk(self.ctx, psk)
        self.ssl = _new(self.ctx)
        bio = _bio_dgram(self.socket.fileno(), 0)
        self._set_peer(bio)
        _set_bio(self.ssl, bio, bio)
        self._handshake(deadline)

    def _set_peer(self, bio):
        # BIO_ADDR is a sockaddr union: family, port and address as the kernel has them
        host, port = self.socket.getpeername()[:2]
        raw = socket.AF_INET.to_bytes(2, "little") + port.to_bytes(2, "big") + socket.inet_aton(host)
        self._peer = ctypes.create_string_buffer(raw + bytes(128), 144)
        _bio_ctrl(bio, _SET_CONNECTED, 0, ctypes.addressof(self._peer))

    def _handshake(self, deadline):
        end = time.monotonic() + deadline
        while True:
            _clear()
            rc = _connect(self.ssl)
            if rc == 1:
                return
            error = _error(self.ssl, rc)
            if error not in (_WANT_READ, _WANT_WRITE):
                text = self._library_error()
                self.vanish()
                raise HandshakeFailed(text)
            if time.monotonic() >= end:
                self.vanish()
                raise HandshakeFailed(f"no handshake within {deadline:g} s")
            self._await(min(0.25, max(0.0, end - time.monotonic())))
            _ssl_ctrl(self.ssl, _HANDLE_TIMEOUT, 0, None)

    @staticmethod
    def _library_error():
        text = ctypes.create_string_buffer(256)
        _error_text(_get_error(), text, 256)
        return text.value.decode()

    def _await(self, seconds):
        return bool(select.select([self.socket], [], [], seconds)[0])

    @property
    def cipher(self):
        return _cipher_name(_cipher(self.ssl)).decode()

    def send(self, data):
        _clear()
        rc = _write(self.ssl, data, len(data))
        if rc <= 0:
            raise Closed(f"SSL_write: {_error(self.ssl, rc)}")

    def receive(self, deadline):
        """One datagram's plaintext, or None after so many seconds."""
        end = time.monotonic() + deadline
        buffer = ctypes.create_string_buffer(66000)
        while True:
            _clear()
            rc = _read(self.ssl, buffer, len(buffer))
            if rc > 0:
                return buffer.raw[:rc]
            error = _error(self.ssl, rc)
            if error not in (_WANT_READ, _WANT_WRITE):
                raise Closed("close_notify" if error == _ZERO_RETURN else self._library_error())
            left = end - time.monotonic()
            if left <= 0:
                return None
            self._await(left)

    def send_raw(self, datagram):
        """Past the session: as it is, from the same address and port."""
        self.socket.send(datagram)

    def vanish(self):
        """Power loss: no close_notify, nothing."""
        if self.ssl:
            _free(self.ssl)
            self.ssl = None
        if self.ctx:
            _ctx_free(self.ctx)
            self.ctx = None
        self.socket.close()

    def close(self):
        if self.ssl:
            _shutdown(self.ssl)
        self.vanish()


def client_hello(cookie=b""):
    """A well-formed ClientHello in epoch 0, built by hand: what anybody can forge."""
    random = bytes(range(32))
    suites = bytes.fromhex("c0a800a8")
    body = b"\xfe\xfd" + random + b"\0" + bytes([len(cookie)]) + cookie
    body += len(suites).to_bytes(2, "big") + suites + b"\x01\x00"
    handshake = b"\x01" + len(body).to_bytes(3, "big") + b"\0\0" + b"\0\0\0" + \
        len(body).to_bytes(3, "big") + body
    return b"\x16\xfe\xff" + b"\0\0" + bytes(6) + len(handshake).to_bytes(2, "big") + handshake


def send_spoofed(source_port, target_port, payload, host="127.0.0.1"):
    """A UDP datagram with a forged source, by a raw socket. Root only."""
    length = 8 + len(payload)
    udp = source_port.to_bytes(2, "big") + target_port.to_bytes(2, "big") + \
        length.to_bytes(2, "big") + b"\0\0" + payload
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as s:
        s.bind((host, 0))
        s.sendto(udp, (host, 0))
