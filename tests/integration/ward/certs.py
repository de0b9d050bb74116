"""A throw-away certificate authority on the openssl command: good, expired, foreign and misnamed
certificates for broker, gateway and subscribers."""
import datetime
import os

from .base import run

_CONFIG = """
[ca]
default_ca = throwaway
[throwaway]
dir = {dir}
database = $dir/index.txt
serial = $dir/serial
new_certs_dir = $dir
certificate = $dir/ca.crt
private_key = $dir/ca.key
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
"""


def _openssl(*args):
    done = run(["openssl", *args])
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(args)}: {done.stderr}")
    return done


def _validity(start, end):
    """Days from now, as options of openssl ca."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return [part for option, days in (("-startdate", start), ("-enddate", end))
            for part in (option, (now + datetime.timedelta(days=days)).strftime("%Y%m%d%H%M%SZ"))]


class Pair:
    """A certificate, its key and its authority's certificate, as paths."""

    def __init__(self, cert, key, ca):
        self.cert, self.key, self.ca = cert, key, ca


class Authority:
    def __init__(self, directory, name="wardgate test authority"):
        self.dir = str(directory)
        os.makedirs(self.dir, exist_ok=True)
        self.config = os.path.join(self.dir, "openssl.cnf")
        self.ca = os.path.join(self.dir, "ca.crt")
        with open(self.config, "w", encoding="ascii") as f:
            f.write(_CONFIG.format(dir=self.dir, name=name))
        open(os.path.join(self.dir, "index.txt"), "w", encoding="ascii").close()
        with open(os.path.join(self.dir, "serial"), "w", encoding="ascii") as f:
            f.write("1000\n")
        key, request = os.path.join(self.dir, "ca.key"), os.path.join(self.dir, "ca.csr")
        _openssl("req", "-new", "-config", self.config, "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request)
        # valid from yesterday, so that a clock that is put back finds it valid
        _openssl("ca", "-selfsign", "-batch", "-notext", "-config", self.config, "-in", request,
                 "-out", self.ca, "-keyfile", key, "-extensions", "authority", *_validity(-30, 365))
        self.count = 0

    def issue(self, name, hosts=(), start=-1, end=90):
        """A pair whose validity begins and ends so many days from now. hosts: "localhost",
        "127.0.0.1" become subject alternative names."""
        self.count += 1
        base = os.path.join(self.dir, f"{self.count}")
        key, request, cert, ext = base + ".key", base + ".csr", base + ".crt", base + ".ext"
        _openssl("req", "-new", "-config", self.config, "-subj", f"/CN={name}", "-newkey", "ec",
                 "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request)
        with open(ext, "w", encoding="ascii") as f:
            f.write("basicConstraints = CA:FALSE\n")
            names = [("IP:" if h.replace(".", "").isdigit() or ":" in h else "DNS:") + h
                     for h in hosts]
            if names:
                f.write("subjectAltName = " + ",".join(names) + "\n")
        _openssl("ca", "-batch", "-notext", "-config", self.config, "-in", request, "-out", cert,
                 "-extfile", ext, *_validity(start, end))
        os.chmod(key, 0o600)
        return Pair(cert, key, self.ca)


class Certificates:
    """The session's certificates, each made when first asked for."""

    def __init__(self, directory):
        self.dir = str(directory)
        self.authority = Authority(os.path.join(self.dir, "ca"))
        self.made = {}
        self.foreign_authority = None

    def _pair(self, label, make):
        if label not in self.made:
            self.made[label] = make()
        return self.made[label]

    def broker(self):
        return self._pair("broker", lambda: self.authority.issue("broker", ["localhost", "127.0.0.1",
                                                                            "::1"]))

    def gateway(self):
        return self._pair("gateway", lambda: self.authority.issue("ward7-gw1"))

    def subscriber(self):
        return self._pair("subscriber", lambda: self.authority.issue("subscriber"))

    def other_gateway(self):
        return self._pair("gateway2", lambda: self.authority.issue("ward7-gw1-renewed"))

    def expired_broker(self):
        return self._pair("expired", lambda: self.authority.issue("broker", ["localhost"], -20, -10))

    def misnamed_broker(self):
        return self._pair("misnamed", lambda: self.authority.issue("broker", ["elsewhere.example"]))

    def foreign(self):
        if self.foreign_authority is None:
            self.foreign_authority = Authority(os.path.join(self.dir, "foreign"), "another authority")
        return self.foreign_authority

    def foreign_broker(self):
        return self._pair("foreign", lambda: self.foreign().issue("broker", ["localhost",
                                                                             "127.0.0.1"]))
