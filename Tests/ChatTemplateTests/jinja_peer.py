"""Renders templates as transformers does: the environment of its apply_chat_template, without the package.

jinja_peer.py random SEED COUNT: templates made at random
jinja_peer.py conversations: those of conversations.py
jinja_peer.py folder FOLDER: the .jinja files of a folder, with the same conversations

Prints a job a line: {"template", "variables", "time"} and what comes out, {"output"} or {"error"}.
"""

import datetime
import functools
import json
import pathlib
import random
import sys

import conversations
import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.sandbox


class Generation(jinja2.ext.Extension):
    """The tag that marks what the model says."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_render"), [], [], body).set_lineno(line)

    def _render(self, caller):
        return caller()


def fail(message):
    raise jinja2.TemplateError(message)


@functools.cache
def environment(time):
    env = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
    )

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = fail
    env.globals["strftime_now"] = lambda form: datetime.datetime.fromtimestamp(time).strftime(form)
    return env


def render(job):
    try:
        template = environment(job["time"]).from_string(job["template"])
        return {"output": template.render(**job["variables"])}
    except Exception as error:  # whatever it is, the other side must fail, too
        return {"error": f"{type(error).__name__}: {error}"[:200]}


class Maker:
    """Random templates that mostly mean something."""

    TEXTS = ["", "a", "Ab c", " x ", "hello world", "été", "日本語", "a,b,,c", "A\nb\r\nc", "it's", 'q"', "<b>&", "ǆ ŉ ß",
             "123", "-4", "2.5", "aaa", "x\ty", "ΑΣ", "\u00a0z\u2003", "\U0001f600e\u0301", "a|b|c", "</think>x</think>y"]
    VARIABLES = {
        "n": 7, "m": -3, "zero": 0, "f": 2.5, "g": -0.125, "t": True, "nothing": None, "s": "Hello World", "e": "",
        "u": "größe ΑΣ 日本", "l": [3, 1, 2], "ls": ["b", "A", "c", "a"], "empty": [], "d": {"b": 2, "a": 1, "C": 3},
        "ed": {}, "nested": [{"k": "x", "v": 1, "w": {"z": 5}}, {"k": "Y", "v": 2}, {"k": "x", "v": None}],
        "items": {"items": 1, "get": 2, "x y": [1, {"q": None}]},
        "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": " there \n"},
                     {"role": "tool", "content": [{"type": "text", "text": "ü"}]}],
    }

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, *options):
        return self.random.choice(options)

    def literal(self, text):
        return json.dumps(text, ensure_ascii=False) if self.random.random() < 0.5 else repr(text)

    def number(self, depth):
        if depth <= 0:
            return self.pick("n", "m", "zero", "f", "g", "t", "0", "1", "2", "-1", "10", "3.0", "1e3", "l[0]", "d.a",
                             "d['b']", "nested[0].v", "ls|length", "u|length", "1_000", "0x1f")
        a, b = self.number(depth - 1), self.number(depth - 1)
        return self.pick(
            f"({a} + {b})", f"{a} - {b}", f"({a} * {b})", f"({a} / {b})", f"({a} // {b})", f"({a} % {b})", f"-{a}",
            f"({a}|abs)", f"({a}|int)", f"({a}|float)", f"({a}|round)", f"({a}|round({self.pick(0, 1, 2, -1)}))",
            f"({self.list(depth - 1)}|length)", f"({self.list(depth - 1)}|first)", f"({self.text(depth - 1)}|length)",
            f"({a} if {self.truth(depth - 1)} else {b})", f"{self.text(depth - 1)}.count({self.text(0)})",
            f"{self.text(depth - 1)}.find({self.text(0)})", f"{self.text(depth - 1)}.rfind({self.text(0)})",
            f"({self.text(depth - 1)}|int)", f"({self.text(depth - 1)}|float)", f"(l|sum)", f"(l|max)", f"(l|min)",
            f"({a} ** {self.pick(0, 1, 2, -1)})", f"({a}|round(1, 'floor'))", f"({a}|default(4))",
            f"({self.text(depth - 1)}|wordcount)")

    def text(self, depth):
        if depth <= 0:
            return self.pick("s", "u", "e", "ls[1]", "nested[0].k", "nested[1]['k']", "messages[0].content",
                             self.literal(self.pick(*self.TEXTS)), self.literal(self.pick(*self.TEXTS)))
        a, b = self.text(depth - 1), self.text(depth - 1)
        n = self.pick("", 0, 1, 2, -1, -2, 5)
        k = self.pick("", 0, 1, 3, -1, -3, 9)
        step = self.pick("", "", ":", ":1", ":2", ":-1", ":-2")
        return self.pick(
            f"({a} + {b})", f"({a} ~ {b})", f"({a} ~ {self.any(depth - 1)})", f"{a}.strip()", f"{a}.strip({b})",
            f"{a}.lstrip({self.pick('', repr(chr(10)), repr(' a'))})", f"{a}.rstrip()", f"{a}.upper()", f"{a}.lower()",
            f"{a}.title()", f"{a}.capitalize()", f"{a}.replace({b}, {self.text(0)})", f"({a}|replace({self.text(0)}, {b}))",
            f"({a}|upper)", f"({a}|lower)", f"({a}|title)", f"({a}|capitalize)", f"({a}|trim)", f"({a}|string)",
            f"({self.any(depth - 1)}|string)", f"{a}[{n}:{k}{step}]", f"({self.list(depth - 1)}|join({b}))",
            f"({self.any(depth - 1)}|tojson)", f"({self.any(depth - 1)}|tojson(indent={self.pick(0, 2, 4)}))",
            f"({a} if {self.truth(depth - 1)} else {b})", f"({a} * {self.pick(0, 1, 3)})", f"({a}|indent({self.pick(2, 4)}))",
            f"({a}|indent(3, true, {self.pick('true', 'false')}))", f"{a}.split({self.pick('', repr(','), repr('l'), repr(' '))})[{self.pick(0, -1)}]",
            f"{b}.join({self.list(depth - 1)}|map('string'))", f"({a}|reverse)", f"({a}|default({b}, true))",
            f"({a} or {b})", f"({a} and {b})", f"({a}|first)", f"({a}|last)", f"{a}[{self.pick(0, 1, -1, 7)}]",
            f"{a}.removeprefix({b})", f"{a}.removesuffix({b})", f"{a}.swapcase()", f"{a}.center({self.pick(3, 9, 12)})",
            f"{a}.zfill(6)", f"{a}.ljust(7, '.')", f"('%s|%5d|%.2f' % ({b}, {self.number(0)}, {self.number(0)}))",
            f"('%s-%r' | format({a}, {b}))", f"('{{}}{{}}'.format({a}, {b}))", f"({a}|escape ~ '')", f"((({a}|safe) + {b}) ~ '')",
            f"(({a} + ({b}|e)) ~ '')", f"((({a}|safe|trim) + {b}) ~ '')",
            f"({a}|truncate({self.pick(5, 8)}))", f"({a}|center(11))", f"{a}.expandtabs(4)",
            f"({self.any(depth - 1)}|tojson(separators=(',', ':'), sort_keys=true))",
            f"({self.any(depth - 1)}|tojson(ensure_ascii=true))")

    def list(self, depth):
        if depth <= 0:
            return self.pick("l", "ls", "empty", "[1, 'a']", "['x', 'y', 'z']", "[1, 2, 3, 4]", "(1, 2)", "d|list", "range(4)|list",
                             "nested|map(attribute='k')|list")
        a, b = self.list(depth - 1), self.list(depth - 1)
        return "(" + self.pick(
            f"{a} + {b}", f"({a})|list", f"({a})|reverse|list", f"({a})|unique|list", f"({a})|sort", f"({a})|map('string')|list",
            f"({a})|map('upper')|list", f"({a})|select|list", f"({a})|reject('string')|list", f"({a})|select('number')|list",
            f"{self.text(depth - 1)}.split()", f"{self.text(depth - 1)}.split({self.literal(self.pick(',', ' ', 'a', 'l'))})",
            f"{self.text(depth - 1)}.split({self.pick(repr(' '), 'none')}, {self.pick(0, 1, 2)})",
            f"{self.text(depth - 1)}.rsplit({self.pick(repr(' '), 'none')}, {self.pick(0, 1, 2)})",
            f"{self.text(depth - 1)}.splitlines({self.pick('', 'true')})", f"{self.text(depth - 1)}.partition(' ')|list",
            f"{self.text(depth - 1)}.rpartition('l')|list", f"{self.text(depth - 1)}|list", f"d|dictsort", f"d|dictsort(true)",
            f"d|dictsort(by='value', reverse=true)", f"d.items()|list", f"d.keys()|list", f"d.values()|list", "d|items|list",
            f"nested|selectattr('k', 'equalto', 'x')|list", f"nested|selectattr('v')|list", f"nested|rejectattr('v', 'none')|list",
            f"nested|selectattr('w', 'defined')|map(attribute='w.z')|list", f"nested|map(attribute='w.z', default=9)|list",
            f"nested|groupby('k')", f"nested|sort(attribute='k')", f"({a})|batch(2)|list", f"({a})|batch(2, 0)|list",
            f"({a})|slice(2)|list", f"[{self.any(depth - 1)}, {self.any(depth - 1)}]", f"range({self.pick(0, 3, 5)}, {self.pick(0, 3, -2)}, {self.pick(1, 2, -1)})|list",
            f"({a})[{self.pick('', 0, 1, -1)}:{self.pick('', 0, 2, -1)}{self.pick('', ':2', ':-1')}]",
            f"({a} if {self.truth(depth - 1)} else {b})", f"({a})|sort(reverse=true)", f"({a}) * 2") + ")"

    def truth(self, depth):
        if depth <= 0:
            return self.pick("true", "false", "t", "n", "e", "s", "empty", "l", "missing is defined", "n is defined",
                             "nothing is none", "d.zz is defined", "'a' in s", "1 in l", "'a' in d", "missing")
        a, b = self.any(depth - 1), self.any(depth - 1)
        x, y = self.number(depth - 1), self.number(depth - 1)
        p, q = self.text(depth - 1), self.text(depth - 1)
        test = self.pick("defined", "undefined", "none", "string", "mapping", "iterable", "number", "sequence", "boolean", "true",
                         "false", "integer", "float", "callable", "upper", "lower")
        return "(" + self.pick(
            f"{a} is {test}", f"{a} is not {test}", f"{x} < {y}", f"{x} >= {y}", f"{x} == {y}", f"{x} != {y}", f"{p} == {q}",
            f"{p} < {q}", f"{p} in {q}", f"{p} not in {q}", f"not {a}", f"{self.truth(depth - 1)} and {self.truth(depth - 1)}",
            f"{self.truth(depth - 1)} or {self.truth(depth - 1)}", f"{a} == {b}", f"{a} != {b}", f"{a} in {self.list(depth - 1)}",
            f"{p}.startswith({q})", f"{p}.endswith(({q}, 'c'))", f"{x} is divisibleby 3", f"{x} is odd", f"{x} is even",
            f"{x} is eq({y})", f"{p} is in({self.list(depth - 1)})", f"1 < {x} <= 5", f"{p}.isdigit()", f"{p}.isalpha()",
            f"{p}.isupper()", f"{p}.istitle()", f"{p}.isspace()", f"{p}.isalnum()", f"{self.list(depth - 1)} < {self.list(depth - 1)}",
            f"({self.list(depth - 1)}|select) is true") + ")"

    def any(self, depth):
        kind = self.random.random()
        if kind < 0.3:
            return self.text(depth)
        if kind < 0.5:
            return self.number(depth)
        if kind < 0.65:
            return self.list(depth)
        if kind < 0.75:
            return self.truth(depth)
        return self.pick("nothing", "d", "ed", "nested", "nested[2]", "items", "items['items']", "missing", "d.missing",
                         "d.get('a')", "d.get('q', 5)", "nested[0].w.z", "nested[9]", "{'k': 1, 2: [none, true, 1.5]}", "(1,)", "()",
                         "d.items()", "d.keys()", "{'é\\n': 'x\\'y\"'}", "1e22", "0.1 + 0.2", "1e16", "1e-7", "messages[-1]['role']",
                         "dict(a=1, b='c')", "namespace(a=2).a", "range(3)", "s[100]", "d[1]", "l['x']")

    def body(self, depth):
        parts = []
        for _ in range(self.random.randint(1, 3)):
            parts.append(self.statement(depth))
        return "".join(parts)

    def space(self):
        return self.pick("", "", "\n", " ", "\n  ", "\t\n", " \n\n ")

    def tag(self, content):
        return self.space() + "{%" + self.pick("", "", "-", "+") + " " + content + " " + self.pick("", "", "-", "+") + "%}" + self.space()

    def output(self, depth):
        return self.space() + "{{" + self.pick("", "", "-") + " " + self.any(depth) + " " + self.pick("", "", "-") + "}}" + self.space()

    def statement(self, depth):
        if depth <= 0:
            return self.pick("text", " <|im_start|> ", self.output(2), self.output(3), "{# note #}\n", "{#- note -#} ")
        body = lambda: self.body(depth - 1)
        kind = self.random.randrange(15)
        if kind == 0:
            return self.tag(f"if {self.truth(2)}") + body() + self.tag(f"elif {self.truth(1)}") + body() + self.tag("else") + body() + self.tag("endif")
        if kind in (1, 2):
            test = self.pick("", "", f" if {self.truth(1)}", " if x", " if loop is undefined")
            head = self.pick(f"for x in {self.list(2)}{test}", "for k, v in d.items()", "for x in nested", "for x in messages",
                             f"for x in {self.text(1)}", f"for x in {self.any(1)}", "for k, v in d|dictsort")
            info = self.pick("{{ loop.index }}", "{{ loop.last }}{{ loop.first }}", "{{ loop.previtem }}{{ loop.nextitem }}", "{{ loop.revindex0 }}",
                             "{{ loop.length }}", "{{ loop.cycle('a', 'b') }}", "{{ loop.changed(x) }}", "{{ x }}{{ k }}", "{{ loop.index0 }}")
            jump = self.pick("", "", self.tag("if loop.index > 2") + self.tag("break") + self.tag("endif"),
                             self.tag(f"if {self.truth(1)}") + self.tag("continue") + self.tag("endif"))
            return self.tag(head) + jump + info + body() + self.tag("else") + body() + self.tag("endfor")
        if kind == 3:
            return self.tag(f"set y = {self.any(2)}") + body() + "{{ y }}"
        if kind == 4:
            return self.tag("set y") + body() + self.tag("endset") + "[{{ y }}]"
        if kind == 5:
            return (self.tag("set ns = namespace(a=0, b=[])") + self.tag(f"for x in {self.list(1)}") + self.tag("set ns.a = ns.a + 1")
                    + self.tag("set ns.b = ns.b + [x]") + self.tag("endfor") + "{{ ns.a }}{{ ns.b }}{{ ns['a'] }}{{ ns.zz }}")
        if kind == 6:
            return (self.tag(f"macro mac(p, q={self.any(1)}, r=p)") + "({{ p }}|{{ q }}|{{ r }})" + body() + self.tag("endmacro")
                    + self.pick("{{ mac(1) }}", "{{ mac(r=n, p=s) }}", "{{ mac(1, 2, 3) }}", "{{ mac() }}", "{{ mac(1) ~ mac(2) }}", "{{ mac(1,2,3,4) }}"))
        if kind == 7:
            return (self.tag("macro box(a)") + "<{{ a }}:{{ caller(a) }}>" + self.tag("endmacro") + self.tag(f"call(z) box({self.any(1)})")
                    + "{{ z }}" + body() + self.tag("endcall"))
        if kind == 8:
            return self.tag("filter " + self.pick("upper", "trim", "replace('a', 'b')|lower", "indent(2)")) + body() + self.tag("endfilter")
        if kind == 9:
            return self.tag(f"with a = {self.any(1)}, b = {self.any(1)}") + "{{ a }}{{ b }}" + body() + self.tag("endwith")
        if kind == 10:
            return self.tag("raw") + self.pick("{{ x }}", "{% if %} ", " \n {# c #} \n") + self.tag("endraw")
        if kind == 11:
            return self.tag("generation") + body() + self.tag("endgeneration")
        if kind == 12:
            return self.tag("set a, b = 1, " + self.any(1)) + "{{ a }}{{ b }}" + self.tag("set y | upper") + body() + self.tag("endset") + "{{ y }}"
        return self.output(3)

    def job(self):
        text = self.output(4) if self.random.random() < 0.6 else self.body(2)
        return {"name": "random", "template": text, "variables": self.VARIABLES, "time": 0}


def jobs(kind, *arguments):
    if kind == "random":
        seed, count = map(int, arguments)
        return (Maker(seed + index).job() for index in range(count))
    if kind == "folder":
        files = sorted(pathlib.Path(arguments[0]).glob("*.jinja"))
        conversations.TEMPLATES = {path.name: path.read_text() for path in files}
    return conversations.jobs()


for job in jobs(*sys.argv[1:]):
    print(json.dumps({**job, **render(job)}, ensure_ascii=False))
