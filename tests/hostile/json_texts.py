"""Owns the texts of JSON that RFC 8259 is plain about: what it allows (SOUND) and what it forbids (BAD)."""

from __future__ import annotations

BOM = b"\xef\xbb\xbf"

SOUND_NUMBERS = (
    *(b"0", b"-0", b"1", b"-1", b"10", b"1234567890", b"0.0", b"-0.0", b"0.5", b"-0.5", b"1.0", b"3.14159"),
    *(b"1e0", b"1E0", b"1e1", b"1e+1", b"1e-1", b"1E+10", b"1E-10", b"0e0", b"0e+1", b"0E-1", b"1.5e3"),
    *(b"-1.5E-3", b"1e01", b"1e00", b"0.10", b"100.00e2", b"2147483647", b"-2147483648", b"4294967296"),
    *(b"9007199254740991", b"-9007199254740991", b"9223372036854775807", b"-9223372036854775808", b"1e22"),
)

SOUND_STRINGS = (
    *(b'""', b'" "', b'"a"', b'"\\""', b'"\\\\"', b'"\\/"', b'"/"', b'"\\b\\f\\n\\r\\t"', b'"\\u0041"'),
    *(
        b'"\\u00e9"',
        b'"\\u00E9"',
        b'"\\u20ac"',
        b'"\\ud83d\\ude00"',
        b'"\\uD83D\\uDE00"',
        b'"\\udbff\\udfff"',
    ),
    *(b'"\xc3\xa9"', b'"\xe2\x82\xac"', b'"\xf0\x9f\x98\x80"', b'"\xf4\x8f\xbf\xbf"', b'"\xc2\x80"'),
    *(b'"\xe2\x80\xa8\xe2\x80\xa9"', b'"\x7f"', b'"\\u007f"', b'"\\u001f"', b'"\\u2028"', b'"a\\\\"'),
    *(b'"\\\\u0041"', b'"\\\\\\""', b'"null"', b'"[1,2]"', b'"{\\"a\\":1}"', b'"\'"', b'"// no comment"'),
    *(
        b'"\xee\x80\x80"',
        b'"\xef\xbf\xbd"',
        b'"e\xcc\x81"',
        b'"\xd7\xa9\xd6\xb8"',
        b'"%00"',
        b'"\\u0061\\u0062"',
    ),
)

SOUND_STRUCTURES = (
    *(b"[]", b"{}", b"[[]]", b"[{}]", b'{"a":[]}', b'{"a":{}}', b"[1]", b"[1,2,3]", b"[null,true,false]"),
    *(b'{"a":1}', b'{"a":1,"b":2}', b'{"":1}', b'{"a":{"a":{"a":1}}}', b'[{"a":1},{"a":1}]', b"[[],[],[]]"),
    *(b'{"a":null}', b'{"1":2}', b'{"a b":1}', b'{"\\u0061":1}', b'{"a/b":1}', b'{"~":1}', b'{"null":null}'),
    *(b'{"\xc3\xa9":1}', b'["a",1,null,{"b":[true]}]', b'{"A":1,"a":2}', b'{"a":1,"a ":2}', b"[0,0,0,0,0]"),
    *(b'{"__proto__":1}', b'{"constructor":{"prototype":{}}}', b'["",""]', b'{"a":"b","b":"a"}'),
)

SOUND_SPACES = (
    *(b" 1", b"1 ", b"\t1", b"1\t", b"\r1", b"1\r", b" [ ] ", b" { } ", b'{ "a" : 1 }', b"[ 1 , 2 ]"),
    *(b'{"a":\t1}', b'{\t"a"\t:\t1\t}', b"[1\t,2]", b'{"a" :1}', b'{"a": 1}', b"[\r]", b"  [  1  ]  "),
    *(b"\n1", b"1\n", b"[\n1\n,\n2\n]", b'{\n"a"\n:\n1\n}', b'{\r\n"a": 1\r\n}', b"\n\n[]\n\n"),
)

SOUND_ALONE = (b"null", b"true", b"false", b"42", b'"alone"', b"[]", b"{}")

BAD_NUMBERS = (
    *(b"01", b"-01", b"00", b"-", b"+1", b"+0", b".5", b"-.5", b"1.", b"-1.", b"1.e1", b".e1", b"1e", b"1e+"),
    *(
        b"1e-",
        b"1E",
        b"e1",
        b"1e1.5",
        b"1e1e1",
        b"1.2.3",
        b"--1",
        b"-+1",
        b"1-",
        b"1+1",
        b"0x10",
        b"0b1",
        b"0o7",
    ),
    *(
        b"1_000",
        b"1,000",
        b"1 000",
        b"1f",
        b"1d",
        b"1L",
        b"1n",
        b"0e",
        b"0.e1",
        b"- 1",
        b"1 .5",
        b"1e 5",
        b"1/2",
    ),
    *(b"NaN", b"-NaN", b"nan", b"Infinity", b"-Infinity", b"+Infinity", b"inf", b"-inf", b"1.#INF", b"$1"),
    *(
        "\uff11".encode(),
        "\u0663".encode(),
        "\u22121".encode(),
        b"1%",
        b"1,5e",
        b"012",
        b"-0x1",
        b"1e0x1",
        b"0.0.0",
        b"++1",
    ),
)

BAD_STRINGS = (
    *(
        b'"',
        b'"a',
        b'a"',
        b"'a'",
        b"\"a'",
        b'"\\"',
        b'"\\x41"',
        b'"\\a"',
        b'"\\0"',
        b'"\\v"',
        b'"\\\'"',
        b'"\\ "',
    ),
    *(b'"\\u"', b'"\\u1"', b'"\\u12"', b'"\\u123"', b'"\\u12G4"', b'"\\U0041"', b'"\\u{41}"', b'"\\u+041"'),
    *(b'"\\u 041"', b'"\\', b'"\\u', b'"a"b"', b'"a" "b"', b'"a""b"', b"`a`", b'\\"a\\"', b'"\\\xc3\xa9"'),
    *("“a”".encode(), b"\\u0022a\\u0022", b'u"a"', b'b"a"', b'"a"+"b"', b'"\\u00"41"', b'""a""'),
)

BAD_CONTROLS = tuple(b'"a%cb"' % code for code in range(0x20))

BAD_BYTES = (
    *(
        b'"\xff"',
        b'"\xfe"',
        b'"\x80"',
        b'"\xbf"',
        b'"\xc3"',
        b'"\xc3("',
        b'"\xe2\x82"',
        b'"\xe2("',
        b'"\xf0\x9f\x98"',
    ),
    *(
        b'"\xc0\x80"',
        b'"\xc1\xbf"',
        b'"\xe0\x80\x80"',
        b'"\xe0\x9f\xbf"',
        b'"\xf0\x80\x80\x80"',
        b'"\xf8\x88\x80\x80\x80"',
    ),
    *(
        b'"\xed\xa0\x80"',
        b'"\xed\xbf\xbf"',
        b'"\xed\xa0\xbd\xed\xb8\x80"',
        b'"\xf4\x90\x80\x80"',
        b'"\xf5\x80\x80\x80"',
    ),
    *(b'"caf\xe9"', b"\xff", b"\xe9", b'{"\xff":1}', b'{"a":"\x93\x94"}', b"[\xa0]"),
)

BAD_STRUCTURES = (
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b"[1",
        b"1]",
        b'{"a":1',
        b'"a":1}',
        b"[1,]",
        b"[,1]",
        b"[,]",
        b"[1,,2]",
        b"[1 2]",
    ),
    *(
        b'{"a":1,}',
        b'{,"a":1}',
        b'{"a":1,,"b":2}',
        b'{"a" 1}',
        b'{"a":}',
        b"{:1}",
        b'{"a"}',
        b'{"a":1 "b":2}',
    ),
    *(
        b"{1:1}",
        b"{a:1}",
        b"{'a':1}",
        b"{null:1}",
        b"{[]:1}",
        b'{"a"::1}',
        b'{"a":1:2}',
        b'{"a"=1}',
        b'{"a"=>1}',
    ),
    *(
        b"[1}",
        b'{"a":1]',
        b"[[]",
        b"[]]",
        b"{{}}",
        b'{"a",1}',
        b"[1:2]",
        b'["a":1]',
        b"(1)",
        b"<1>",
        b"[1;2]",
    ),
    *(b"[}", b"{]", b'{"a":[}', b'{"a":{]}', b"[*]", b"[...]", b'{"a":1;"b":2}', b"[1,2", b'{"a":{"b":1}'),
)

BAD_WORDS = (
    *(
        b"True",
        b"TRUE",
        b"False",
        b"None",
        b"Null",
        b"NULL",
        b"nul",
        b"nulll",
        b"tru",
        b"truee",
        b"fals",
        b"undefined",
    ),
    *(b"yes", b"no", b"on", b"nil", b"truefalse", b"true false", b"null,", b"t", b"void 0", b"new Date(0)"),
)

BAD_TAILS = (
    *(
        b"1 x",
        b"[] x",
        b"{} {}",
        b"[][]",
        b"1;",
        b"{}#",
        b"{}//",
        b"{}/**/",
        b"null null",
        b'"a",',
        b"[],",
        b"{},",
    ),
    *(
        b"[]\x00",
        b"{}\x00\x00",
        b"1\x0b",
        b"1\x0c",
        b"1\xc2\xa0",
        b"1\xe2\x80\xa8",
        b"1\xef\xbb\xbf",
        b"{}]",
        b"[]}",
    ),
)

BAD_REMARKS = (
    b"/* a */ 1",
    b"// a",
    b"# a",
    b"1 // a",
    b"[1, /* a */ 2]",
    b"[1 # a",
    b"<!-- 1 -->",
    b"--1",
    b"%1",
)

BAD_SPACES = (
    *(
        b"\x0b1",
        b"\x0c1",
        b"\xc2\xa01",
        b"\xe2\x80\x831",
        b"\xe3\x80\x801",
        b"\x001",
        b"[\x0b]",
        b"[\x0c1]",
        b"\x1f1",
    ),
    *(b'{\xc2\xa0"a":1}', b"[1,\xe2\x80\x8b2]", b"\\n1", b"[\\t1]", b"\xc2\x85[]"),
)

BAD_EMPTY = (b"", b" ", b"\t", b"\r", b" \t ", BOM)
