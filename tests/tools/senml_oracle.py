"""SenML once more, for make-senml-vectors.py: from RFC 8428 and with Python's own JSON, CBOR
(python3-cbor2) and exact fractions. Shares no code with the gateway."""
import decimal
import fractions
import json
import math
import struct

import cbor2

RECEIVED = 1716300000
decimal.getcontext().prec = 60

LABELS = {-1: "bver", -2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs", 0: "n", 1: "u", 2: "v",
          3: "vs", 4: "vb", 5: "s", 6: "t", 7: "ut", 8: "vd"}
NUMBERS = {name: number for number, name in LABELS.items()}


def plain(number):
    text = format(number, "f")
    return text[1:] if text.startswith("-") and not number else text


def shortest(value, form="d"):
    """The decimal with the fewest digits that packs into the same bytes as value."""
    if isinstance(value, int) or value == 0:
        return decimal.Decimal(int(value))
    exact = decimal.Decimal(value)
    for digits in range(1, 18):
        rounded = +decimal.Context(prec=digits).create_decimal(exact)
        if struct.pack(">" + form, float(rounded)) == struct.pack(">" + form, value):
            # as an integer would be: no exponent above 0
            return rounded.quantize(1) if rounded.as_tuple().exponent > 0 else rounded
    raise ValueError(value)


def resolve(records):
    """RFC 8428 section 4.6; numbers are decimals already."""
    base = {"bn": "", "bt": decimal.Decimal(0), "bu": None, "bv": decimal.Decimal(0)}
    out = []
    for r in records:
        base.update({k: r[k] for k in base if k in r})
        name = base["bn"] + r.get("n", "")
        if "v" in r or not {"vs", "vb", "vd", "s"} & set(r):
            v = r.get("v", decimal.Decimal(0))
            value = "nan" if v.is_nan() else "n:" + plain(base["bv"] + v)
        elif "vs" in r:
            value = "s:" + r["vs"]
        elif "vb" in r:
            value = "b:" + ("true" if r["vb"] else "false")
        else:
            value = "d" if "vd" in r else "none"
        time = base["bt"] + r.get("t", 0)
        us = int(time * 1000000)
        when = f"@{us}" if time >= 2**28 else f"{us:+d}" if us else "now"
        fields = [name, r.get("u", base["bu"]) or "-", value, when]
        if "ut" in r:
            fields.append(f"ut={int(r['ut'] * 1000000)}")
        for label, text in r.items():
            if str(label).startswith("x-"):
                text = str(text).lower() if isinstance(text, bool) else \
                    plain(text) if isinstance(text, decimal.Decimal) else text
                fields.append(f"{label}={text}")
        out.append(";".join(fields))
    return " | ".join(out)


def json_records(text):
    def number(digits):
        return shortest(float(digits)) if set(digits) & set(".eE") else decimal.Decimal(digits)
    return resolve(json.loads(text, parse_float=number, parse_int=number))


class Float:
    """A float of a stated size, which cbor2 does not choose by itself."""
    def __init__(self, value, form):
        self.value, self.form = value, form

    def encode(self):
        return {"e": b"\xf9", "f": b"\xfa", "d": b"\xfb"}[self.form] + \
            struct.pack(">" + self.form, self.value)


class Fraction:
    def __init__(self, exponent, mantissa):
        self.exponent, self.mantissa = exponent, mantissa

    def encode(self):
        return b"\xc4\x82" + cbor2.dumps(self.exponent) + cbor2.dumps(self.mantissa)


def encode(value):
    if hasattr(value, "encode") and not isinstance(value, str):
        return value.encode()
    if isinstance(value, dict):
        head = cbor2.dumps({i: 0 for i in range(len(value))})[:1] if len(value) < 24 else None
        return head + b"".join(encode(k) + encode(v) for k, v in value.items())
    if isinstance(value, list):
        return cbor_head(4, len(value)) + b"".join(map(encode, value))
    return cbor2.dumps(value)


def cbor_head(major, count):
    return bytes([major << 5 | count]) if count < 24 else bytes([major << 5 | 25]) + \
        struct.pack(">H", count)


def pack(*records):
    """CBOR with the RFC's integer labels."""
    return encode([{NUMBERS.get(k, k): v for k, v in r.items()} for r in records])


def cbor_records(raw):
    """By cbor2, with the size of each float noted so that its own shortest form is found."""
    def number(v, form="d"):
        if isinstance(v, bool) or not isinstance(v, (int, float, decimal.Decimal)):
            return v
        if isinstance(v, decimal.Decimal):
            # written as an integer would be: no exponent above 0
            return v
        if isinstance(v, float) and math.isnan(v):
            return decimal.Decimal("NaN")
        return shortest(v, form)

    forms = float_forms(raw)
    records = cbor2.loads(raw)
    out = []
    for r in records:
        out.append({})
        for k, v in r.items():
            form = forms.pop(0) if isinstance(v, float) else "d"
            out[-1][LABELS.get(k, k)] = number(v, form)
    return resolve(out)


def float_forms(raw):
    """The sizes of the floats, in order; by a walk over the heads."""
    forms, at = [], 0
    while at < len(raw):
        major, info = raw[at] >> 5, raw[at] & 31
        size = {24: 1, 25: 2, 26: 4, 27: 8}.get(info, 0)
        count = int.from_bytes(raw[at + 1:at + 1 + size], "big") if size else info
        if major == 7 and info in (25, 26, 27):
            forms.append({25: "e", 26: "f", 27: "d"}[info])
        at += 1 + size + (count if major in (2, 3) else 0)
    return forms


def rounded(value, places):
    """A fraction to so many places, half away from zero."""
    scaled = abs(value) * 10**places
    whole = int(scaled) + (scaled - int(scaled) >= fractions.Fraction(1, 2))
    text = f"{whole:0{places + 1}d}"
    text = text[:len(text) - places] + "." + text[len(text) - places:] if places else text
    return ("-" if value < 0 and whole else "") + text


def mmhg(pascal):
    return rounded(fractions.Fraction(pascal) * 10**9 / 133322387415, 1)


def reading(metric, value, *more, time="now", validity="valid"):
    return ";".join([metric, value, validity, time, *sorted(more)])


def readings(*rows):
    return " | ".join(rows)
