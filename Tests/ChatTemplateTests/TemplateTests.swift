import Foundation
import JSON
import Synchronization
import Testing
import ZooCore

@testable import ChatTemplate

/// What templates write, and what they are refused for. Expected texts are Jinja 3.1's.
@Suite struct TemplateTests {
  private static let variables = """
    {"s": "Hello World", "n": 7, "l": [3, 1, 2], "d": {"b": 2, "a": 1}, "none": null,
     "messages": [{"role": "user", "content": " Hi "}, {"role": "assistant", "content": "There"}]}
    """

  private func rendered(_ template: String, _ variables: String = variables) throws -> String {
    let members = try #require(JSON(variables).members)
    return try ChatTemplate(template).render(members.map { ($0.name, $0.value) }, time: 0)
  }

  @Test(arguments: [
    ("{{ s[::-1] ~ n }}", "dlroW olleH7"), ("{{ -n|abs }} {{ n // 2 }} {{ -n % 4 }} {{ 7 / 2 }}", "7 3 1 3.5"),
    ("{{ [1, 2.0, none, true, 'a\\'b'] }}", #"[1, 2.0, None, True, "a'b"]"#), ("{{ (1,) + (2,) }}", "(1, 2)"),
    ("{{ 1e16 }} {{ 1e-5 }} {{ 123456789.125 }} {{ 0.1 + 0.2 }}", "1e+16 1e-05 123456789.125 0.30000000000000004"),
    ("{{ 'a' 'b' + 'c' ~ 1 + 2 }}", ""),  // an error: "abc1" and 2
    ("{{ d|tojson }}|{{ d|tojson(indent=2) }}", "{\"b\": 2, \"a\": 1}|{\n  \"b\": 2,\n  \"a\": 1\n}"),
    ("{{ d|dictsort }}{{ d.items() }}", "[('a', 1), ('b', 2)]dict_items([('b', 2), ('a', 1)])"),
    ("{% for k, v in d|items %}{{ k }}={{ v }}{{ ', ' if not loop.last }}{% endfor %}", "b=2, a=1"),
    ("{% for x in l if x > 1 %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% else %}none{% endfor %}", "1/2:3 2/2:2 "),
    (
      "{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% if x == 2 %}{% break %}{% endif %}{% endfor %}",
      "32"
    ),
    (
      "{% set ns = namespace(c=0) %}{% for x in l %}{% set ns.c = ns.c + x %}{% set c = 9 %}{% endfor %}{{ ns.c }}{{ c }}",
      "6"
    ),
    (
      "{% macro m(a, b=a ~ '!') %}<{{ a }}{{ b }}{{ caller() if caller }}>{% endmacro %}{{ m(1) }}{% call m(2, b='') %}x{% endcall %}",
      "<11!><2x>"
    ),
    ("{% set t %}a{{ n }}{% endset %}{{ t|upper }}{% filter title %}b c{% endfilter %}", "A7B C"),
    ("a\n  {% if n %}\n  b\n  {%- endif %}\n  {{- s }}\n", "a\n  bHello World"),
    ("  {%+ if n %}x{% endif +%}\ny", "  x\ny"),
    ("{# c #}\n{% raw %}{{ x }}{% endraw %}\n{{ '{{' }}", "{{ x }}{{"),
    ("{{ x }}{{ x is defined }}{{ d.x|default('y') }}", "Falsey"),
    (
      "{{ messages[0].content.strip().split('i') }}{{ messages|map(attribute='role')|join(',') }}",
      "['H', '']user,assistant"
    ),
    (
      "{{ messages|selectattr('role', 'equalto', 'user')|list|length }}{{ 'tool' in (messages|map(attribute='role')) }}",
      "1False"
    ),
    ("{% generation %}{% set n = 8 %}{{ n }}{% endgeneration %}{{ n }}", "87"),
    ("{{ strftime_now('%Y-%m') }}", "1970-01"),
    ("{{ '%05.1f|%-4s|%x' % (3.14159, 'ab', 255) }}{{ '{}-{0}'.format(1) if false else '' }}", "003.1|ab  |ff"),
    ("{{ 'e\\u0301\\x41\\101\\q' | length }}", "6"), ("{{ {'a': {'b': {}}}.a.b }}", "{}"),
    ("{{ 1 if false }}{{ none or 'x' }}", "x"),
    ("{{ 3 in l and 'x' not in s and 1 < n <= 7 }}", "True"),
    ("{{ l is iterable }}{{ s is mapping }}{{ n is divisibleby 7 }}", "TrueFalseTrue"),
  ]) func templatesWrite(_ template: String, _ expected: String) throws {
    let output = try? rendered(template)
    #expect(output ?? "" == expected)
  }

  @Test(arguments: [
    ("a\n{{ raise_exception('roles') }}", ZooError.Kind.badInput, "line 2", "roles"),
    ("\n\n{{ x.y }}", .badData, "line 3", "'x' is undefined"), ("{{ s + 1 }}", .badData, "line 1", "str + int"),
    ("{% if n %}", .badData, "line 1", "endif"), ("{{ 'a }}", .badData, "line 1", "never closed"),
    ("{{ n", .badData, "line 1", "never closed"), ("{% frob %}", .badData, "line 1", "frob"),
    ("{% include 'x' %}", .unsupported, "line 1", "include"), ("{{ s|frob }}", .unsupported, "line 1", "frob"),
    ("{{ s is frob }}", .unsupported, "line 1", "frob"), ("{{ l.append(1) }}", .badData, "line 1", "append"),
    ("{% set d.x = 1 %}", .badData, "line 1", "namespace"), ("{% break %}", .badData, "line 1", "loop"),
    ("{{ s() }}", .badData, "line 1", "called"), ("{{ 1 // 0 }}", .badData, "line 1", "zero"),
    ("{{ 9223372036854775807 + 1 }}", .badData, "line 1", "larger"),
    ("{{ 99999999999999999999 }}", .badData, "line 1", "large"),
    ("{% set ns = namespace(__class__=1) %}", .badData, "line 1", "underscore"), ("{{ ] }}", .badData, "line 1", "]"),
    // Letters to Unicode, but not to Python.
    ("{{ f\u{65E} }}", .badData, "line 1", "means nothing"), ("{{ \u{B2} }}", .badData, "line 1", "means nothing"),
    ("{% for a, b in l %}{% endfor %}", .badData, "line 1", "int"),
    ("{{ '\\ud800' }}", .badData, "line 1", "character"),
  ])
  func errorsSayWhatAndWhere(_ template: String, _ kind: ZooError.Kind, _ place: String, _ word: String) throws {
    let error = #expect(throws: ZooError.self) { try rendered(template) }
    #expect(error?.kind == kind, "\(error?.description ?? "")")
    #expect(error?.location?.contains(place) == true, "\(error?.description ?? "")")
    #expect(error?.message.contains(word) == true, "\(error?.description ?? "")")
    #expect(error?.advice != nil)
  }

  /// Each would take years, or all memory, or all of the stack.
  @Test(arguments: [
    "{% set ns = namespace(s='ab') %}{% for i in range(99999) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
    "{% set ns = namespace(s=['ab']) %}{% for i in range(99999) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{% endfor %}{% endfor %}{% endfor %}",
    "{{ 'x' * 99999999999 }}", "{{ [1] * 9223372036854775807 }}", "{{ range(999999999)|list }}",
    "{{ 'x'|center(999999999999) }}",
    "{{ '%999999999d' % 1 }}", "{{ '%*d' % (9999999999, 1) }}", "{{ 'a'.ljust(9223372036854775807) }}",
    "{{ ''|indent(9999999999) }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "{% set ns = namespace(l=[]) %}{% for i in range(99999) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
    "{% set ns = namespace(l={}) %}{% for i in range(99999) %}{% set ns.l = {'a': ns.l} %}{% endfor %}{{ ns.l == ns.l }}",
    "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}",
    "{% set ns = namespace() %}{% set ns.me = [ns] %}{{ ns }}",
    "{{ ('a' * 999999).replace('', 'b' * 999) }}", "{{ [['a' * 99999] * 99]|tojson(indent='x' * 999999) }}",
    "{{ ('ab' * 9999999).split('') }}", "{% for i in range(99999) %}{{ 'x' * 99999 }}{% endfor %}",
    "{% for i in range(99999) %}{{ ('a' * 999999).find('a' * 9999 ~ 'b') }}{% endfor %}",
    "{{ ([1] * 99999)|batch(9223372036854775807, 1)|list }}",
    "{{ ([1] * 9)|slice(99999999999)|list }}", "{{ 2 ** 9999999999 }}",
    "{{ 's'.expandtabs(9) ~ '\\t'.expandtabs(99999999999) }}",
    String(repeating: "(", count: 100_000), "{{ " + String(repeating: "(", count: 100_000),
    "{{ " + String(repeating: "not ", count: 100_000) + "1 }}", "{{ " + String(repeating: "-", count: 100_000) + "1 }}",
    "{{ " + String(repeating: "[", count: 100_000), String(repeating: "{% if 1 %}", count: 100_000),
    "{{ " + String(repeating: "1 if 1 else ", count: 50_000) + "1 }}", "{{ " + String(repeating: "{1:", count: 100_000),
    "{{ x" + String(repeating: " is in x", count: 10) + " }}" + String(repeating: " ", count: 1 << 20),
  ]) func hostileTemplatesEnd(_ template: String) {
    let clock = ContinuousClock()
    var output: Result<String, any Error>?
    let time = clock.measure { output = Result { try rendered(template) } }
    // Unoptimized and beside others; without limits none of them would end.
    #expect(time < .seconds(120))
    switch output {
    case .failure(let error as ZooError): #expect(error.kind == .badData, "\(error)")
    case .success(let text): #expect(text == template || text.isEmpty, "\(text.prefix(100))")
    default: Issue.record("\(String(describing: output))")
    }
  }

  /// Chains are long, not deep.
  @Test(arguments: [
    "{{ 0" + String(repeating: " + 1", count: 20_000) + " }}",
    "{{ (1" + String(repeating: ", 1", count: 19_999) + ")|length }}",
    "{{ ''" + String(repeating: " ~ ''", count: 20_000) + " ~ 20000 }}",
    "{{ 20000" + String(repeating: "|int", count: 20_000) + " }}",
    "{% if 0 %}" + String(repeating: "{% elif 0 %}", count: 20_000) + "{% else %}20000{% endif %}",
  ]) func longChainsAreTaken(_ template: String) throws { #expect(try rendered(template) == "20000") }

  /// The deepest that is allowed fits into the stack of a thread that nobody made large. Unoptimized it takes most of a
  /// mebibyte, optimized less than an eighth of one.
  @Test func greatestDepthFitsTheStack() throws {
    let loop = "{% for x in [1] %}{% if n %}{{ (m(n - 1)|upper ~ 'a') if n else 2 }}{% endif %}{% endfor %}"
    let templates = [
      "{{ \(String(repeating: "(", count: 58))1\(String(repeating: ")", count: 58)) }}",
      "{{ \(String(repeating: "[", count: 58))\(String(repeating: "]", count: 58))|tojson }}",
      "{% macro m(n) %}{% if n %}{{ [[m(n - 1)]]|join('') }}{% else %}end{% endif %}{% endmacro %}{{ m(100) }}",
      "{% macro m(n) %}\(loop){% endmacro %}{{ m(100) }}",
      "{% set ns = namespace(l=[]) %}{% for i in range(140) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l|tojson ~ ns.l }}",
      String(repeating: "{% if 1 %}", count: 60) + "x" + String(repeating: "{% endif %}", count: 60),
    ]
    let outputs = Mutex<[String?]>([])
    let thread = Thread {
      for template in templates {
        let output = try? ChatTemplate(template).render([])
        outputs.withLock { $0.append(output) }
      }
    }
    thread.stackSize = 1 << 20
    thread.start()
    while !thread.isFinished { Thread.sleep(forTimeInterval: 0.01) }
    let written = outputs.withLock { $0.map { $0?.utf8.count } }
    #expect(written == [1, 116, nil, nil, 564, 1])
  }

  @Test func conversationsAreRendered() throws {
    let template = try ChatTemplate(
      "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.reasoning_content }}|{{ m.thinking }}|{{ m.content }}"
        + "{% endfor %}{% if tools %}{{ tools|length }}{% endif %}{% if add_generation_prompt %}<assistant>{% endif %}{{ mood }}"
    )
    let messages = try JSON(
      #"[{"role":"user","content":"Hi","name":null},{"role":"assistant","reasoning":"hm","content":"Hello"}]"#)
    let text = try template.render(
      messages: messages, tools: .list([.object([])]), addsGenerationPrompt: true,
      specialTokens: [("bos_token", "<s>")],
      settings: [("mood", .text("glad"))])
    #expect(text == "<s><user>||Hi<assistant>hm|hm|Hello1<assistant>glad")
    #expect(throws: ZooError.self) { try template.render(messages: .text("Hi")) }
    #expect(throws: ZooError.self) { try template.render(messages: .list([.text("Hi")])) }
  }
}
