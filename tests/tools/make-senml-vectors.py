#!/usr/bin/python3
"""Writes tests/vectors/senml_json.tsv and senml_cbor.tsv.

    make-senml-vectors.py            writes both
    make-senml-vectors.py --check    says whether they are up to date

What a good pack comes to is worked out by senml_oracle.py and not by the gateway's code. What a bad
pack is refused with stands in the cases.

Columns: name, layer (records: resolved SenML; readings: what the gateway makes of it), options,
input (JSON as text; CBOR as hex), what is expected. Times are microseconds: "@" since 1970, "+" or
"-" relative to the reception, which is at RECEIVED for the readings.
"""
import fractions
import math
import pathlib
import sys

from senml_oracle import (RECEIVED, Float, Fraction, cbor_records, encode, json_records, mmhg, pack,
                          reading, readings, rounded)

TOP = pathlib.Path(__file__).resolve().parents[2]
RFC = "urn:dev:ow:10e2073a0108006"

JSON_RECORDS = [
    ("rfc-5.1.1 single", f'[{{"n":"{RFC}3","u":"Cel","v":23.1}}]'),
    ("rfc-5.1.2 two", f'[{{"bn":"{RFC}:","n":"voltage","u":"V","v":120.1}},'
     '{"n":"current","u":"A","v":1.2}]'),
    ("rfc-5.1.2 base time", f'[{{"bn":"{RFC}:","bt":1.276020076001e+09,"bu":"A","bver":5,'
     '"n":"voltage","u":"V","v":120.1},{"n":"current","t":-5,"v":1.2},'
     '{"n":"current","t":-4,"v":1.3},{"n":"current","v":1.7}]'),
    ("rfc-5.1.3 moving", '[{"bn":"urn:dev:ow:10e2073a01080063","bt":1320067464,"bu":"%RH",'
     '"v":20},{"u":"lon","v":24.30621},{"u":"lat","v":60.07965},{"t":60,"v":20.3}]'),
    ("rfc-5.1.5 several types", '[{"bn":"urn:dev:ow:10e2073a01080063:","n":"temp","u":"Cel",'
     '"v":23.1},{"n":"label","vs":"Machine Room"},{"n":"open","vb":false},'
     '{"n":"nfc-reader","vd":"aGkgCg"}]'),
    ("relative to now", '[{"n":"spo2","u":"/","v":0.97,"t":-5.5},{"n":"spo2","u":"/","v":1}]'),
    ("2^28 is absolute", '[{"n":"a","v":1,"t":268435456},{"n":"a","v":1,"t":268435455}]'),
    ("base time before the test", '[{"bt":268435000,"n":"a","v":1,"t":456},{"n":"a","v":1}]'),
    ("base value adds", '[{"bn":"x","bv":20,"v":0.5},{"v":-0.25},{"bv":0.1,"v":0.2}]'),
    ("base fields replaced", '[{"bn":"a:","bu":"V","n":"x","v":1},{"bn":"b:","bu":"A","n":"x",'
     '"v":2},{"bn":"","n":"c","v":3}]'),
    ("a sum alone", '[{"n":"energy","u":"J","s":5}]'),
    ("a sum beside a value", '[{"n":"energy","u":"J","s":5,"v":1,"bs":2}]'),
    ("update time", '[{"n":"a","v":1,"ut":12.5}]'),
    ("versions up to ten", '[{"bver":10,"n":"a","v":1},{"n":"a","v":2,"bver":10.0}]'),
    ("unknown labels are ignored", '[{"n":"a","v":1,"foo":{"bar":[1,{"x":null}]},"N":"b"}]'),
    ("extensions", '[{"n":"a","v":1,"x-site":"finger","x-period":2.5,"x-on":true,"x-off":false}]'),
    ("digits", '[{"n":"a","v":37.60},{"n":"a","v":1e3},{"n":"a","v":-0.0},{"n":"a","v":1e-20},'
     '{"n":"a","v":0.30000000000000004}]'),
    ("white space", ' \t[\r\n{ "n" : "a" ,\n"v" : 1 } ] \n'),
    ("escapes", '[{"n":"a","vs":"\\u00e9\\\\u0000\\"\\ud83c\\udfe5"}]'),
    ("every character of a name", '[{"n":"0aZ-:./_9","v":1}]'),
    ("name of 128 bytes", '[{"bn":"%s","n":"%s","v":1}]' % ("b" * 100, "n" * 28)),
]

NUMBER_IN_WORDS = "too large or too small"
JSON_REFUSED = [
    ("not JSON", "[{", "", "not JSON: fault near byte"),
    ("nothing", "", "", "not JSON"),
    ("not an array", '{"n":"a","v":1}', "", "not an array; a pack is an array of records"),
    ("no record", "[]", "", "no record in the pack"),
    ("record is no object", '[{"n":"a","v":1},[]]', "", "record 2: not an object"),
    ("more after the array", '[{"n":"a","v":1}] x', "", "something follows the array, at byte 18"),
    ("NaN is no JSON", '[{"n":"a","v":NaN}]', "", "not JSON"),
    ("infinite", '[{"n":"a","v":1e999}]', "", f"v is {NUMBER_IN_WORDS}"),
    ("too long", '[{"n":"a","v":1e40}]', "", f"record 1: v is {NUMBER_IN_WORDS}"),
    ("null", '[{"n":"a","v":null}]', "", "v is not a number"),
    ("number as text", '[{"n":"a","v":"1"}]', "", "v is not a number"),
    ("text as number", '[{"n":5,"v":1}]', "", "n is not a string"),
    ("boolean as number", '[{"n":"a","vb":1}]', "", "vb is neither true nor false"),
    ("data with padding", '[{"n":"a","vd":"aGk="}]', "", "vd is not a string in base64url"),
    ("data of no length", '[{"n":"a","vd":"aGkgC"}]', "", "vd is not a string in base64url"),
    ("no name", '[{"v":1}]', "", "record 1: no name; give n"),
    ("empty name", '[{"bn":"","n":"","v":1}]', "", "no name"),
    ("name with +", '[{"n":"a+b","v":1}]', "", "the name has a character other than"),
    ("name with #", '[{"bn":"#","v":1}]', "", "the name has a character other than"),
    ("name with $", '[{"n":"$SYS","v":1}]', "", "the name has a character other than"),
    ("name begins with /", '[{"n":"/a","v":1}]', "", "the name begins with /"),
    ("name begins with _", '[{"bn":"_","n":"a","v":1}]', "", "the name begins with _"),
    ("name of 129 bytes", '[{"bn":"%s","n":"%s","v":1}]' % ("b" * 100, "n" * 29), "",
     "the name has more than 128 bytes"),
    ("base name of 129 bytes", '[{"bn":"%s","v":1}]' % ("b" * 129), "", "bn has 129 bytes"),
    ("text of 129 bytes", '[{"n":"a","vs":"%s"}]' % ("s" * 129), "", "vs has 129 bytes"),
    ("v and vs", '[{"n":"a","v":1,"vs":"x"}]', "", "more than one of v, vs, vb and vd"),
    ("vb and vd", '[{"n":"a","vb":true,"vd":"aGk"}]', "", "more than one of v, vs, vb and vd"),
    ("no value", '[{"n":"a","v":1},{"n":"b"}]', "", "record 2: no value; give one of"),
    ("bv without v", '[{"n":"a","bv":20}]', "", "bv without v; give v, 0 if bv is the value"),
    ("bver 11", '[{"bver":11,"n":"a","v":1}]', "", "bver is not a version that is known"),
    ("bver 0", '[{"bver":0,"n":"a","v":1}]', "", "bver is not a version that is known"),
    ("bver 5.5", '[{"bver":5.5,"n":"a","v":1}]', "", "bver is not a version that is known"),
    ("two versions", '[{"bver":10,"n":"a","v":1},{"bver":5,"n":"a","v":1}]', "",
     "record 2: bver differs"),
    ("label to be understood", '[{"n":"a","v":1,"x_":3}]', "", "x_ has to be understood"),
    ("label twice", '[{"n":"a","v":1,"v":2}]', "", "v is there twice"),
    ("extension twice", '[{"n":"a","v":1,"x-site":"ear","x-site":"toe"}]', "",
     "x-site is there twice"),
    ("extension is no scalar", '[{"n":"a","v":1,"x-site":["ear"]}]', "",
     "x-site is neither a string, a number nor a boolean"),
    ("too many extensions", '[{"n":"a","v":1,%s}]' % ",".join(f'"x-{i}":1' for i in range(13)), "",
     "too many x- labels"),
    ("long extension", '[{"n":"a","v":1,"x-site":"%s"}]' % ("s" * 129), "",
     "x-site has more than 128 bytes"),
    ("long label", '[{"n":"a","v":1,"x-%s":1}]' % ("s" * 127), "", "a label has 129 bytes"),
    ("time is too late", '[{"n":"a","v":1,"t":253402300800}]', "", "after the year 9999"),
    ("time is too early", '[{"n":"a","v":1,"t":-268435457}]', "", "more than 2^28 s ago"),
    ("times add up to too much", '[{"n":"a","v":1,"bt":1e38,"t":1e-30}]', "",
     "bt and t add up to more digits"),
    ("values add up to too much", '[{"n":"a","v":1e-20,"bv":1e20}]', "",
     "bv and v add up to more digits"),
    ("update time below zero", '[{"n":"a","v":1,"ut":-1}]', "", "ut is not between"),
    ("update time of years", '[{"n":"a","v":1,"ut":99999999}]', "", "ut is not between"),
    ("escaped NUL", '[{"n":"a\\u0000b","v":1}]', "", "at byte 8: \\u0000"),
    ("deep", "[" * 9 + "]" * 9, "", "nested too deep"),
    ("too many records", "[" + ",".join(['{"n":"a","v":1}'] * 513) + "]", "",
     "record 513: one too many"),
]

JSON_READINGS = [
    ("sentence of a monitor", '[{"bn":"urn:dev:mac:0024befffe804ff1:","bt":1716200000,"n":"hr",'
     '"u":"beat/min","v":72},{"n":"spo2","u":"/","v":0.97},{"n":"sys","u":"Pa","v":15999}]', "",
     readings(*[reading(m, v, "group=1", "key", *more, time="@1716200000000000") for m, v, *more in (
         ("heart-rate", "72"), ("spo2", "97", "raw=0.97 /"),
         ("bp-systolic", mmhg(15999), "raw=15999 Pa"))])),
    ("relative time", '[{"n":"pr","u":"1/min","v":60,"t":-10}]', "",
     reading("pulse-rate", "60", time=f"@{(RECEIVED - 10) * 1000000}")),
    ("no time", '[{"n":"rr","u":"1/min","v":12}]', "", reading("respiratory-rate", "12")),
    ("ratio in %", '[{"n":"spo2","u":"%","v":0.975}]', "",
     reading("spo2", "97.5", "raw=0.975 %")),
    ("percent in %", '[{"n":"spo2","u":"%","v":97}]', "percent", reading("spo2", "97")),
    ("ratio is rounded to 0.1 %", '[{"n":"spo2","u":"/","v":0.97021484375}]', "",
     reading("spo2", "97.0", "raw=0.97021484375 /")),
    ("perfusion index keeps 0.01 %", '[{"n":"pi","u":"/","v":0.0125}]', "",
     reading("perfusion-index", "1.25", "raw=0.0125 /")),
    ("%RH and %EL are percentages", '[{"n":"hum","u":"%RH","v":45.5},{"n":"battery","u":"%EL",'
     '"v":81,"t":-1}]', "", readings(reading("humidity", "45.5"), reading(
         "battery", "81", time=f"@{(RECEIVED - 1) * 1000000}"))),
    ("mmHg where it is accepted", '[{"n":"sys","u":"mmHg","v":120}]', "mmhg",
     reading("bp-systolic", "120")),
    ("mmHg named in Units=", '[{"n":"sys","u":"mmHg","v":120}]', "bp-systolic:mmHg",
     reading("bp-systolic", "120")),
    ("unit from Units=", '[{"n":"glucose","v":5.5},{"n":"temp","v":98.6,"t":-1}]',
     "glucose:mmol/L body-temperature:degF",
     readings(reading("glucose", "5.5", "unit-assumed"), reading(
         "body-temperature", "37.00", "raw=98.6 degF", "unit-assumed",
         time=f"@{(RECEIVED - 1) * 1000000}"))),
    ("hPa for a blood pressure", '[{"n":"map","u":"hPa","v":124}]', "",
     reading("bp-mean", mmhg(12400), "raw=124 hPa")),
    ("air pressure", '[{"n":"pressure","u":"Pa","v":100044}]', "",
     reading("pressure", "1000.44", "raw=100044 Pa")),
    ("kelvin", '[{"n":"fridge-temp","u":"K","v":278.4}]', "",
     reading("ambient-temperature", "5.25", "raw=278.4 K")),
    ("glucose by mass", '[{"n":"glu","u":"kg/m3","v":0.9}]', "",
     reading("glucose", rounded(fractions.Fraction(9, 10) * 1000000 / 180156, 2),
             "raw=0.9 kg/m3")),
    ("pounds", '[{"n":"weight","v":154}]', "weight:lb",
     reading("weight", rounded(fractions.Fraction(154 * 45359237, 10**8), 2), "raw=154 lb",
             "unit-assumed")),
    ("metres", '[{"n":"height","u":"m","v":1.82}]', "", reading("height", "182", "raw=1.82 m")),
    ("dBW", '[{"n":"rssi","u":"dBW","v":-90.5}]', "",
     reading("signal-strength", "-60.5", "raw=-90.5 dBW")),
    ("seconds", '[{"n":"rr-interval","u":"s","v":0.8125}]', "",
     reading("rr-interval", "812.5", "raw=0.8125 s")),
    ("score without unit", '[{"n":"gcs","v":15}]', "", reading("gcs", "15")),
    ("door", '[{"n":"ward/7/door","vb":true},{"n":"contact","vb":true,"t":-1}]', "",
     readings(reading("contact", "false"),
              reading("contact", "true", time=f"@{(RECEIVED - 1) * 1000000}"))),
    ("booleans ignore the base unit", '[{"bu":"Cel","n":"smoke","vb":false}]', "",
     reading("smoke", "false")),
    ("word", '[{"n":"button","vs":"double"}]', "", reading("button", "double")),
    ("sensor off", '[{"n":"spo2","vs":"sensor-off"}]', "",
     reading("spo2", "-", validity="sensor-off")),
    ("word metric not measured", '[{"n":"consciousness","vs":"not-measured"}]', "",
     reading("consciousness", "-", validity="not-measured")),
    ("below range without a bound", '[{"n":"glucose","vs":"below-range","x-reason":"too-cold"}]',
     "", reading("glucose", "-", "reason=too-cold", validity="below-range")),
    ("below range with a bound", '[{"n":"spo2","u":"/","v":0.35,"x-validity":"below-range"}]', "",
     reading("spo2", "35", "raw=0.35 /", validity="below-range")),
    ("questionable", '[{"n":"hr","u":"beat/min","v":72,"x-validity":"questionable",'
     '"x-reason":"motion"}]', "",
     reading("heart-rate", "72", "reason=motion", validity="questionable")),
    ("everything else", '[{"n":"Body_Temperature.2","u":"Cel","v":36.8,"x-site":"mouth",'
     '"x-method":"infrared","x-sample":"venous-blood","x-flags":" demo  episodic ",'
     '"x-origin":"manual","x-period":10,"x-other":1}]', "",
     reading("body-temperature.2", "36.8", "flags=demo,episodic", "site=mouth",
             "method=infrared", "sample=venous-blood", "origin=manual", "period=10000")),
    ("instance by label", '[{"n":"ambient-temperature","u":"Cel","v":4,"x-instance":3}]', "",
     reading("ambient-temperature.3", "4")),
    ("instance in both", '[{"n":"ambient-temperature.3","u":"Cel","v":4,"x-instance":"3"}]', "",
     reading("ambient-temperature.3", "4")),
    ("dot within an alias", '[{"n":"pm2.5","u":"ug/m3","v":12},{"n":"pm2-5.1","u":"ug/m3","v":1,'
     '"t":-1}]', "", readings(reading("pm2-5", "12"), reading(
         "pm2-5.1", "1", time=f"@{(RECEIVED - 1) * 1000000}"))),
    ("groups by time", '[{"n":"sys","u":"Pa","v":16000,"t":-5},{"n":"hr","u":"1/min","v":60},'
     '{"n":"dia","u":"Pa","v":10000,"t":-5},{"n":"rr","u":"1/min","v":12},'
     '{"n":"gcs","v":3,"t":-9}]', "",
     readings(reading("bp-systolic", mmhg(16000), "raw=16000 Pa", "group=1",
                      time=f"@{(RECEIVED - 5) * 1000000}"),
              reading("heart-rate", "60", "group=2"),
              reading("bp-diastolic", mmhg(10000), "raw=10000 Pa", "group=1",
                      time=f"@{(RECEIVED - 5) * 1000000}"),
              reading("respiratory-rate", "12", "group=2"),
              reading("gcs", "3", time=f"@{(RECEIVED - 9) * 1000000}"))),
    ("groups by label", '[{"n":"gcs","v":3,"x-group":"a"},{"n":"pain","v":3},'
     '{"n":"news2","v":3,"x-group":"a","t":-4}]', "",
     readings(reading("gcs", "3", "group=1"), reading("pain", "3"),
              reading("news2", "3", "group=1", time=f"@{(RECEIVED - 4) * 1000000}"))),
    ("a clock never set", '[{"n":"gcs","v":3,"t":300000000}]', "",
     reading("gcs", "3", "key", "ambiguous-time", time="@300000000000000")),
    ("bv is the value", '[{"n":"gcs","bv":7}]', "bare-base-value", reading("gcs", "7")),
]

JSON_READINGS_REFUSED = [
    ("no metric", '[{"n":"urn:dev:ow:10e2073a01080063","u":"Cel","v":23.1}]', "",
     'does not end in a metric known here'),
    ("name ends in a separator", '[{"n":"gcs:","v":3}]', "", '"gcs:" does not end in a metric'),
    ("instance is no number", '[{"n":"gcs.x","v":3}]', "", '"gcs.x" does not end in a metric'),
    ("instance is too large", '[{"n":"gcs.256","v":3}]', "", "does not end in a metric"),
    ("very long last part", '[{"n":"%s","v":3}]' % ("g" * 40), "", "does not end in a metric"),
    ("instances differ", '[{"n":"gcs.1","v":3,"x-instance":2}]', "", "not the one in the name"),
    ("instance by label is bad", '[{"n":"gcs","v":3,"x-instance":-2}]', "", "x-instance is not"),
    ("no unit", '[{"n":"gcs","v":3},{"n":"sys","v":120}]', "",
     "record 2: bp-systolic has no unit; give u as Pa or hPa"),
    ("mmHg", '[{"n":"sys","u":"mmHg","v":120}]', "",
     "bp-systolic in mmHg is not SenML; give Pa or hPa, or name the unit in Units="),
    ("wrong kind of unit", '[{"n":"spo2","u":"Cel","v":97}]', "",
     'spo2 is not measured in "Cel"; give /, %, /100 or /1000'),
    ("%RH is no saturation", '[{"n":"spo2","u":"%RH","v":97}]', "", 'not measured in "%RH"'),
    ("strange unit", '[{"n":"spo2","u":"\\n\\u00e9","v":97}]', "", 'not measured in "???"'),
    ("number for a boolean", '[{"n":"motion","v":1}]', "", "motion is true or false; give vb"),
    ("number for a word", '[{"n":"button","v":1}]', "", "button is a word; give vs"),
    ("boolean for a number", '[{"n":"hr","vb":true}]', "",
     "heart-rate is neither true nor false; give v"),
    ("boolean for a word", '[{"n":"button","vb":true}]', "", "give vs"),
    ("no such word", '[{"n":"button","vs":"pressed"}]', "",
     '"pressed" is no value of button; one of: single double'),
    ("word of another metric", '[{"n":"button","vs":"alert"}]', "", "is no value of button"),
    ("valid is no reason", '[{"n":"hr","vs":"valid"}]', "", '"valid" is no value of heart-rate'),
    ("text for a number", '[{"n":"hr","vs":"72"}]', "", '"72" is no value of heart-rate'),
    ("data", '[{"n":"hr","vd":"aGk"}]', "", "vd is not taken"),
    ("sum", '[{"n":"hr","s":5}]', "", "a sum alone is not taken"),
    ("flag unknown", '[{"n":"gcs","v":3,"x-flags":"demo nonsense"}]', "", '"nonsense" is not a flag'),
    ("flag of the gateway's", '[{"n":"gcs","v":3,"x-flags":"unit-assumed"}]', "",
     '"unit-assumed" is not a flag'),
    ("site unknown", '[{"n":"gcs","v":3,"x-site":"moon"}]', "", 'x-site: "moon" is not a word'),
    ("origin unknown", '[{"n":"gcs","v":3,"x-origin":"guess"}]', "", "x-origin is none of"),
    ("period is no number", '[{"n":"gcs","v":3,"x-period":"long"}]', "", "x-period is not"),
    ("period of two days", '[{"n":"gcs","v":3,"x-period":172800}]', "", "x-period is not"),
    ("validity unknown", '[{"n":"gcs","v":3,"x-validity":"fine"}]', "", '"fine" is no validity'),
    ("value of a sensor that is off", '[{"n":"gcs","v":3,"x-validity":"sensor-off"}]', "",
     "a value that is sensor-off; give vs instead"),
    ("boolean out of range", '[{"n":"smoke","vb":true,"x-validity":"above-range"}]', "",
     "above-range of something that is no number"),
    ("two validities", '[{"n":"gcs","vs":"sensor-off","x-validity":"invalid"}]', "",
     "x-validity is not what vs says"),
    ("a day ahead", '[{"n":"gcs","v":3,"t":%d}]' % (RECEIVED + 86401), "",
     "more than a day ahead of the gateway's"),
    ("a day ahead, relative", '[{"n":"gcs","v":3,"t":86401}]', "", "more than a day ahead"),
    ("beyond all measure", '[{"n":"voltage","u":"V","v":1},{"n":"spo2","u":"/","v":1e38}]', "",
     "record 2: spo2 is beyond all measure"),
    ("too many groups", "[" + ",".join(f'{{"n":"gcs","v":3,"t":-{i}}},{{"n":"pain","v":3,"t":-{i}}}'
                                       for i in range(1, 257)) + "]", "",
     "record 512: too many groups"),
]

RFC_CBOR = bytes.fromhex(
    "87a721781b75726e3a6465763a6f773a3130653230373361303130383030363a22fb41d303a15b00106223614120"
    "050067766f6c7461676501615602fb405e066666666666a3006763757272656e74062402fb3ff3333333333333a3"
    "006763757272656e74062302fb3ff4cccccccccccda3006763757272656e74062202fb3ff6666666666666a30067"
    "63757272656e74062102f93e00a3006763757272656e74062002fb3ff999999999999aa3006763757272656e7406"
    "0002fb3ffb333333333333")

TWO_HALVES = bytes.fromhex("82a521616422290061730161" "2f02f93bc3a3006173060502f93bae")

CBOR_RECORDS = [
    ("rfc-6 official dump", RFC_CBOR),
    ("with a base name", pack({"bn": "urn:dev:ow:10e2073a01080063", "u": "Cel",
                               "v": Float(23.1, "d")})),
    ("half float", bytes.fromhex("81a4216564657631" "3a006474656d70016343656c02f95090")),
    ("decimal fraction, relative", bytes.fromhex(
        "81a4006474656d70016343656c02c48220190170" "0624")),
    ("blood pressure and pulse", bytes.fromhex(
        "83a5216362703a221a664b22402362506100637379730219" "3e7fa20063646961021929aaa3006270720168"
        "626561742f6d696e021848")),
    ("the unit does not carry over", TWO_HALVES),
    ("whole pack", bytes.fromhex("85a521781d") + b"urn:dev:mac:0024befffe804ff1:" + bytes.fromhex(
        "221a664b2240006474656d70016343656c02fb4042666666666666a300626872016862656174"
        "2f6d696e021848a3006473706f3201612f02fb3fef0a3d70a3d70aa3006462617474016325454c021851a200"
        "64646f6f7204f5")),
    ("single floats", pack(*({"n": "a", "v": Float(v, "f")} for v in
                             (36.6, 0.97, 120.1, -5, 1e-7, 16777216.0)))),
    ("half floats", pack(*({"n": "a", "v": Float(v, "e")} for v in
                           (0.97, 36.8, 98, 0.0001, -2.5, 1.5)))),
    ("doubles", pack(*({"n": "a", "v": Float(v, "d")} for v in (0.1, 1 / 3, 1e15, -1e-9)))),
    ("digits of fractions stay", pack({"n": "a", "v": Fraction(-2, 3760)},
                                      {"n": "a", "v": Fraction(-1, -5)},
                                      {"n": "a", "v": Fraction(-3, 0)})),
    ("integers", pack({"n": "a", "v": 0}, {"n": "a", "v": -1}, {"n": "a", "v": 255},
                      {"n": "a", "v": -65536}, {"n": "a", "v": 2**63 - 1},
                      {"n": "a", "v": -2**63})),
    ("not a number", pack({"n": "a", "v": Float(math.nan, "e")})),
    ("not a number, with a base value", pack({"n": "a", "bv": 3, "v": Float(math.nan, "d")})),
    ("other values", pack({"n": "a", "vs": "caf\u00e9"}, {"n": "a", "vb": True},
                          {"n": "a", "vd": b"\x00\xff"}, {"n": "a", "s": 4})),
    ("unknown labels are ignored", encode([{0: "a", 2: 1, 99: [1, {2: b"x"}], -99: Fraction(1, 2),
                                           "foo": {"bar": [[]]}}])),
    ("extensions", encode([{0: "a", 2: 1, "x-site": "ear", "x-period": Float(2.5, "e"),
                            "x-on": True, "x-off": False, "x-instance": 3}])),
]

DEEP = encode([{0: "a", 2: 1}])[:-2]
CBOR_REFUSED = [
    ("nothing", b"", "", "the body ends within the pack"),
    ("cut off", RFC_CBOR[:-1], "", "the body ends within the pack"),
    ("more after the array", pack({"n": "a", "v": 1}) + b"\0", "",
     "something follows the array, at byte 7"),
    ("not an array", encode({0: "a", 2: 1}), "", "not an array; a pack is an array of records"),
    ("no record", b"\x80", "", "no record in the pack"),
    ("array without a length", bytes.fromhex("9fa200616102" "01ff"), "",
     "at byte 0: an indefinite length"),
    ("map without a length", bytes.fromhex("81bf0061610201ff"), "", "at byte 1: an indefinite"),
    ("text without a length", bytes.fromhex("81a2007f6161ff0201"), "", "at byte 3: an indefinite"),
    ("bytes without a length", bytes.fromhex("81a20061610" "85f4100ff"), "", "an indefinite length"),
    ("break out of place", b"\x81\xff", "", "an indefinite length"),
    ("record is no map", encode([{0: "a", 2: 1}, []]), "", "record 2: not a map"),
    ("reserved head", b"\x81\xfc", "", "not CBOR: fault at byte 1"),
    ("simple value", b"\x81\xf0", "", "not CBOR: fault at byte 1"),
    ("array of 2^64-1", bytes.fromhex("9bffffffffffffffff"), "", "the body ends within the pack"),
    ("map of 2^64-1", bytes.fromhex("81bbffffffffffffffff"), "", "the body ends within the pack"),
    ("text of 2^64-1", bytes.fromhex("81a1007bffffffffffffffff"), "", "the body ends within"),
    ("map to ignore of 2^63", bytes.fromhex("81a10abb8000000000000000"), "", "ends within the pack"),
    ("name of 60 KiB", encode([{0: "n" * 61440, 2: 1}]), "", "more than 128 bytes"),
    ("label as text", encode([{"n": "a", "v": 1}]), "",
     'the label "n" is a text; in CBOR it is the integer 0'),
    ("label is a float", bytes.fromhex("81a1f93c0001"), "", "neither an integer nor a text"),
    ("label to be understood", encode([{0: "a", 2: 1, "x_": 3}]), "", "x_ has to be understood"),
    ("label twice", bytes.fromhex("81a30061610201" "0202"), "", "v is there twice"),
    ("v and vs", pack({"n": "a", "v": 1, "vs": "x"}), "", "more than one of v, vs, vb and vd"),
    ("infinite", pack({"n": "a", "v": Float(math.inf, "e")}), "", "v is infinite"),
    ("infinite below", pack({"n": "a", "v": Float(-math.inf, "f")}), "", "v is infinite"),
    ("bv is not a number", pack({"n": "a", "v": 1, "bv": Float(math.nan, "e")}), "",
     "bv is not a number; leave it out"),
    ("t is not a number", pack({"n": "a", "v": 1, "t": Float(math.nan, "e")}), "",
     "t is not a number"),
    ("bt is not a number", pack({"n": "a", "v": 1, "bt": Float(math.nan, "e")}), "",
     "bt is not a number"),
    ("bver is not a number", pack({"n": "a", "v": 1, "bver": Float(math.nan, "e")}), "",
     "bver is not a number"),
    ("ut is not a number", pack({"n": "a", "v": 1, "ut": Float(math.nan, "e")}), "",
     "ut is not a number"),
    ("s is not a number", pack({"n": "a", "v": 1, "s": Float(math.nan, "e")}), "",
     "s is not a number"),
    ("double too long", pack({"n": "a", "v": Float(1e300, "d")}), "", NUMBER_IN_WORDS),
    ("single too small", pack({"n": "a", "v": Float(1e-44, "f")}), "", NUMBER_IN_WORDS),
    ("fraction too long", pack({"n": "a", "v": Fraction(2**40, 1)}), "", NUMBER_IN_WORDS),
    ("fraction of three", bytes.fromhex("81a200616102c483010203"), "", "an array of two integers"),
    ("fraction of text", bytes.fromhex("81a200616102c482016161"), "", "is two integers of 64 bits"),
    ("tag in a tag", bytes.fromhex("81a200616102c4c4820102"), "", "an array of two integers"),
    ("another tag", bytes.fromhex("81a200616102c101"), "", "v is not a number"),
    ("bignum", bytes.fromhex("81a200616102c249010000000000000000"), "", "v is not a number"),
    ("integer of 64 bits", pack({"n": "a", "v": 2**63}), "", "v is an integer of more than 63 bits"),
    ("null", pack({"n": "a", "v": None}), "", "v is not a number"),
    ("text as number", pack({"n": 5, "v": 1}), "", "n is not a text string"),
    ("boolean as number", pack({"n": "a", "vb": 1}), "", "vb is neither true nor false"),
    ("data as text", pack({"n": "a", "vd": "aGk"}), "", "vd is not a byte string"),
    ("not UTF-8", bytes.fromhex("81a20061ff0201"), "", "a text that is not UTF-8"),
    ("NUL in a name", pack({"n": "a\0", "v": 1}), "", "the name has a character other than"),
    ("NUL in a text", pack({"n": "a", "vs": "a\0b"}), "", "vs holds a NUL character"),
    ("NUL in an extension", encode([{0: "a", 2: 1, "x-site": "a\0b"}]), "", "or a NUL in it"),
    ("extension is no scalar", encode([{0: "a", 2: 1, "x-site": [1]}]), "",
     "x-site is neither a text, a number nor a boolean"),
    ("extension is not a number", encode([{0: "a", 2: 1, "x-site": Float(math.nan, "e")}]), "",
     "x-site is neither a text, a number nor a boolean"),
    ("extension twice", bytes.fromhex("81a40061610201") +
     encode("x-a") + b"\x01" + encode("x-a") + b"\x02", "", "x-a is there twice"),
    ("deep in what is ignored", encode([{0: "a", 2: 1, 50: 0}])[:-1] + b"\x81" * 9 + b"\0", "",
     "nested too deep"),
    ("tags deep in what is ignored", encode([{0: "a", 2: 1, 50: 0}])[:-1] + b"\xc1" * 9 + b"\0",
     "", "nested too deep"),
    ("too many records", pack(*[{"n": "a", "v": 1}] * 513), "", "record 513: one too many"),
]

CBOR_READINGS = [
    ("blood pressure and pulse", CBOR_RECORDS[4][1], "",
     readings(*[reading(m, v, *raw, "group=1", "key", time="@1716200000000000") for m, v, *raw in (
         ("bp-systolic", mmhg(15999), "raw=15999 Pa"),
         ("bp-diastolic", mmhg(10666), "raw=10666 Pa"), ("pulse-rate", "72"))])),
    ("whole pack", CBOR_RECORDS[6][1], "",
     readings(*[reading(m, v, *raw, "group=1", "key", time="@1716200000000000") for m, v, *raw in (
         ("body-temperature", "36.8"), ("heart-rate", "72"), ("spo2", "97", "raw=0.97 /"),
         ("battery", "81"), ("contact", "false"))])),
    ("digits of fractions stay", pack({"n": "temp", "u": "Cel", "v": Fraction(-2, 3760)}), "",
     reading("body-temperature", "37.60")),
    ("digits stay as the point moves", pack({"n": "spo2", "u": "/", "v": Fraction(-3, 970)}), "",
     reading("spo2", "97.0", "raw=0.970 /")),
    ("not a number", pack({"n": "spo2", "u": "/", "v": Float(math.nan, "e")}), "",
     reading("spo2", "-", "reason=nan", validity="not-measured")),
    ("labels as text", encode([{"n": "gcs", "v": 3}]), "text-labels", reading("gcs", "3")),
]

CBOR_READINGS_REFUSED = [
    ("the unit does not carry over", pack({"n": "spo2", "u": "/", "v": Float(0.97, "e")},
                                          {"n": "spo2", "v": Float(0.96, "e")}), "",
     "record 2: spo2 has no unit"),
    ("not a number for a boolean", pack({"n": "smoke", "v": Float(math.nan, "e")}), "",
     "smoke is true or false"),
]


def rows(records, refused, made, unmade, expect, shown):
    for name, text in records:
        yield name, "records", "", shown(text), expect(text)
    for name, text, options, fault in refused:
        yield name, "records", options, shown(text), "refused: " + fault
    for name, text, options, expected in made:
        yield name, "readings", options, shown(text), expected
    for name, text, options, fault in unmade:
        yield name, "readings", options, shown(text), "refused: " + fault


def table(source, *args):
    out = [f"# Made by tests/tools/make-senml-vectors.py, which says what the columns are: {source}."]
    for row in rows(*args):
        out.append("\t".join(field.replace("\n", "~n").replace("\r", "~r").replace("\t", "~t")
                             for field in row))
    return "\n".join(out) + "\n"


def main():
    tables = {
        "senml_json.tsv": table("JSON", JSON_RECORDS, JSON_REFUSED, JSON_READINGS,
                                JSON_READINGS_REFUSED, json_records, str),
        "senml_cbor.tsv": table("CBOR", CBOR_RECORDS, CBOR_REFUSED, CBOR_READINGS,
                                CBOR_READINGS_REFUSED, cbor_records, bytes.hex),
    }
    bad = 0
    for name, text in tables.items():
        path = TOP / "tests/vectors" / name
        if sys.argv[1:] != ["--check"]:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            print(f"{path.relative_to(TOP)} is not what the script makes of its cases")
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
