import ChatTemplate
import JSON
import ZooCore

extension FuzzTarget {
  /// A template renders a conversation of its own, what it is given behind a zero byte, and nothing.
  static let chatTemplate = FuzzTarget(
    name: "chat-template",
    seeds: {
      [
        "{% for m in messages %}{{ '<' + m['role'] + '>' + m.content | trim }}{% endfor %}{% if add_generation_prompt %}{{ bos_token }}{% endif %}",
        "{%- set ns = namespace(i=0) -%}{% for m in messages[::-1] if m is mapping %}{% set ns.i = ns.i + loop.index0 %}{% else %}{{ raise_exception('x') }}{% endfor %}{{ ns.i }}",
        "{% macro f(a, b=1) %}{{ a ~ b }}{{ caller() if caller }}{% endmacro %}{% call f(2) %}x{% endcall %}{{ tools | tojson(indent=2) }}",
        "{{ 'a,b'.split(',')|map('upper')|join('-') }}{{ (1, 2.5)|sum }}{{ 'x' if 1 in [1] and not y else z }}{{ '%5.2f' % 3 }}",
        "{% set a, b = 1, {'k': [none, true]} %}{% filter indent(2) %}{{ b.k }}{% raw %}{{{% endraw %}{% endfilter %}{% with c = a %}{{ c ** 2 // 3 }}{% endwith %}",
        "{% generation %}{{ messages|groupby('role')|list }}{{ messages|selectattr('role', 'eq', 'user')|map(attribute='content')|first }}{% endgeneration %}{# c #}",
        "{% for x in range(3) %}{% if x is odd %}{% continue %}{% endif %}{{ loop.cycle('a', 'b') }}{% break %}{% endfor %}{{ strftime_now('%Y') }}",
      ].map { Array($0.utf8) }
    }
  ) { bytes in
    let end = bytes.firstIndex(of: 0) ?? bytes.endIndex
    guard let text = String(validating: bytes[..<end], as: UTF8.self) else { return }
    let template = try ChatTemplate(text)
    let own = String(decoding: bytes[min(end + 1, bytes.endIndex)...], as: UTF8.self)
    let messages = JSON.list([
      .object([.init(name: "role", value: .text("user")), .init(name: "content", value: .text(" H\u{e9} "))]),
      .object([.init(name: "role", value: .text("assistant")), .init(name: "content", value: .text(own))]),
    ])
    let tools = try JSON(#"[{"type":"function","function":{"name":"f","parameters":{"x":[1,2.5,null,true]}}}]"#)
    for messages in [messages, .list([])] {
      do {
        _ = try template.render(
          messages: messages, tools: tools, addsGenerationPrompt: true, specialTokens: [("bos_token", "<s>")], time: 0)
      } catch is ZooError {}
    }
  }
}
