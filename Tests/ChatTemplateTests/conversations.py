"""Templates of our own with the constructs of each family's, and conversations for them: jobs for jinja_peer.py."""

TIME = 1764500000

# What each is modelled on is its name: the same statements, filters and tests in another order and with other words.
TEMPLATES = {
    "llama2": """{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}{% set preface = messages[0]['content'] %}{% else %}{% set rest = messages %}{% set preface = false %}{% endif %}{% for message in rest %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles take turns: user, assistant, user.') }}{% endif %}{% if loop.index0 == 0 and preface != false %}{% set text = '{{SYS}}\\n' + preface + '\\n{{/SYS}}\\n\\n' + message['content'] %}{% else %}{% set text = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '(I) ' + text.strip() + ' (/I)' }}{% elif message['role'] == 'assistant' %}{{ ' '  + text.strip() + ' ' + eos_token }}{% endif %}{% endfor %}""",
    "llama3": """{% set turns = messages %}{% for message in turns %}{% set text = '<head>' + message['role'] + '</head>\\n\\n'+ message['content'] | trim + '<end>' %}{% if loop.index0 == 0 %}{% set text = bos_token + text %}{% endif %}{{ text }}{% endfor %}{% if add_generation_prompt %}{{ '<head>assistant</head>\\n\\n' }}{% endif %}""",
    "llama3.1-tools": """{{- bos_token }}
{%- if own_tools is defined %}
    {%- set tools = own_tools %}
{%- endif %}
{%- if not in_user is defined %}
    {%- set in_user = true %}
{%- endif %}
{%- if not today is defined %}
    {%- if strftime_now is defined %}
        {%- set today = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set today = "1 Jan 2000" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}

{#- The first message is the system's, perhaps. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set preface = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set preface = "" %}
{%- endif %}
{{- "<head>system</head>\\n\\n" }}
{%- if builtin is defined or tools is not none %}
    {{- "Place: console\\n" }}
{%- endif %}
{%- if builtin is defined %}
    {{- "Own: " + builtin | reject('equalto', 'shell') | join(", ") + "\\n\\n"}}
{%- endif %}
{{- "Date: " + today + "\\n\\n" }}
{%- if tools is not none and not in_user %}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{{- preface }}
{{- "<end>" }}
{%- if in_user and not tools is none %}
    {%- if messages | length != 0 %}
        {%- set first = messages[0]['content']|trim %}
        {%- set messages = messages[1:] %}
    {%- else %}
        {{- raise_exception("There is no first question to put the functions into!") }}
{%- endif %}
    {{- '<head>user</head>\\n\\n' -}}
    {{- 'Answer as {"name": function, "parameters": arguments}. ' }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
    {{- first + "<end>"}}
{%- endif %}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<head>' + message['role'] + '</head>\\n\\n'+ message['content'] | trim + '<end>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("One call at a time!") }}
        {%- endif %}
        {%- set call = message.tool_calls[0].function %}
        {%- if builtin is defined and call.name in builtin %}
            {{- '<head>assistant</head>\\n\\n' -}}
            {{- "<py>" + call.name + ".call(" }}
            {%- for name, value in call.arguments | items %}
                {{- name + '="' + value + '"' }}
                {%- if not loop.last %}
                    {{- ", " }}
                {%- endif %}
                {%- endfor %}
            {{- ")" }}
        {%- else  %}
            {{- '<head>assistant</head>\\n\\n' -}}
            {{- '{"name": "' + call.name + '", ' }}
            {{- '"parameters": ' }}
            {{- call.arguments | tojson }}
            {{- "}" }}
        {%- endif %}
        {{- "<end>" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {{- "<head>ipython</head>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<end>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<head>assistant</head>\\n\\n' }}
{%- endif %}
""",
    "smollm2": """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<s1>system
You help.<s2>
' }}{% endif %}{{'<s1>' + message['role'] + '
' + message['content'] + '<s2>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<s1>assistant
' }}{% endif %}""",
    "smollm3": """{%- macro list_tools(all) -%}
{%- for t in all %}
{{ t | string }}
{% endfor %}
{%- endmacro -%}
{%- if enable_thinking is not defined -%}
{%- set enable_thinking = true -%}
{%- endif -%}
{%- set mode = "/think" if enable_thinking else "/no_think" -%}
{%- if messages[0].role == "system" -%}
  {%- set preface = messages[0].content -%}
  {%- if "/no_think" in preface -%}
    {%- set mode = "/no_think" -%}
  {%- endif -%}
  {%- set own = preface.replace("/no_think", "").replace("/think", "").rstrip() -%}
{%- endif -%}
<s1>system
{% if "/override" in (own | default("")) %}
{{- own.replace("/override", "").rstrip() }}<s2>
{% else %}
{{- "Today: " ~ strftime_now("%d %B %Y") ~ "\\n" }}Mode: {{ mode }}
{% if own %}
{{ own }}
{% else %}
You help{{ "." if mode == "/no_think" else ", with thought." }}
{% endif %}
{%- if tools %}
<functions>
{{ list_tools(tools) }}
</functions>
{%- endif %}
<s2>
{% endif %}
{%- for message in messages -%}
  {%- set text = message.content if message.content is string else "" -%}
  {%- if message.role == "user" -%}
{{ "<s1>" + message.role + "\\n" + text + "<s2>\\n" }}
  {%- elif message.role == "assistant" -%}
{% generation %}
{%- if mode == "/think" -%}
{{ "<s1>assistant\\n" + text.lstrip("\\n") + "<s2>\\n" }}
{%- else -%}
{{ "<s1>assistant\\n" + "<think>\\n\\n</think>\\n" + text.lstrip("\\n") + "<s2>\\n" }}
{%- endif -%}
{% endgeneration %}
  {%- elif message.role == "tool" -%}
{{ "<s1>user\\n" + text + "<s2>\\n" }}
  {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{ "<s1>assistant\\n" }}{%- if mode == "/no_think" -%}{{ "<think>\\n\\n</think>\\n" }}{%- endif -%}
{%- endif -%}
""",
    "mistral": """{%- if messages[0]["role"] == "system" %}
    {%- set preface = messages[0]["content"] %}
    {%- set turns = messages[1:] %}
{%- else %}
    {%- set turns = messages %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- elif tools is not none %}
    {%- set shown = [] %}
{%- endif %}
{%- set asked = turns | selectattr("role", "equalto", "user") | list %}

{#- Calls and their results don't count as turns. #}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in turns %}
    {%- if not (message.role == "tool" or message.role == "tool_results" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("User and assistant take turns.") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}

{{- bos_token }}
{%- for message in turns %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == asked[-1]) %}
            {{- "(TOOLS) [" }}
            {%- for tool in tools %}
                {%- set tool = tool.function %}
                {{- '{"type": "function", "function": {' }}
                {%- for key, val in tool.items() if key != "return" %}
                    {%- if val is string %}
                        {{- '"' + key + '": "' + val + '"' }}
                    {%- else %}
                        {{- '"' + key + '": ' + val|tojson }}
                    {%- endif %}
                    {%- if not loop.last %}
                        {{- ", " }}
                    {%- endif %}
                {%- endfor %}
                {{- "}}" }}
                {%- if not loop.last %}
                    {{- ", " }}
                {%- else %}
                    {{- "]" }}
                {%- endif %}
            {%- endfor %}
            {{- "(/TOOLS)" }}
        {%- endif %}
        {%- if loop.last and preface is defined %}
            {{- "(I) " + preface + "\\n\\n" + message["content"] + "(/I)" }}
        {%- else %}
            {{- "(I) " + message["content"] + "(/I)" }}
        {%- endif %}
    {%- elif message.tool_calls is defined and message.tool_calls is not none %}
        {{- "(CALLS) [" }}
        {%- for call in message.tool_calls %}
            {%- set out = call.function|tojson %}
            {{- out[:-1] }}
            {%- if not call.id is defined or call.id|length != 9 %}
                {{- raise_exception("The id of a call has nine letters!") }}
            {%- endif %}
            {{- ', "id": "' + call.id + '"}' }}
            {%- if not loop.last %}
                {{- ", " }}
            {%- else %}
                {{- "]" + eos_token }}
            {%- endif %}
        {%- endfor %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- elif message["role"] == "tool_results" or message["role"] == "tool" %}
        {%- if message.content is defined and message.content.content is defined %}
            {%- set content = message.content.content %}
        {%- else %}
            {%- set content = message.content %}
        {%- endif %}
        {{- '(RESULTS) {"content": ' + content|string + ", " }}
        {{- '"id": "' + message.tool_call_id + '"}(/RESULTS)' }}
    {%- else %}
        {{- raise_exception("Only user and assistant, and the system at first.") }}
    {%- endif %}
{%- endfor %}
""",
    "qwen2.5": """{%- if tools %}
    {{- '<s1>system\\n' }}
    {%- if messages[0]['role'] == 'system' %}
        {{- messages[0]['content'] }}
    {%- else %}
        {{- 'You help.' }}
    {%- endif %}
    {{- "\\n\\n# Functions\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools>\\n{\\"name\\": <name>}<s2>\\n" }}
{%- else %}
    {%- if messages[0]['role'] == 'system' %}
        {{- '<s1>system\\n' + messages[0]['content'] + '<s2>\\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<s1>' + message.role + '\\n' + message.content + '<s2>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {{- '<s1>' + message.role }}
        {%- if message.content %}
            {{- '\\n' + message.content }}
        {%- endif %}
        {%- for tool_call in message.tool_calls %}
            {%- if tool_call.function is defined %}
                {%- set tool_call = tool_call.function %}
            {%- endif %}
            {{- '\\n<call>\\n{"name": "' }}
            {{- tool_call.name }}
            {{- '", "arguments": ' }}
            {{- tool_call.arguments | tojson }}
            {{- '}\\n</call>' }}
        {%- endfor %}
        {{- '<s2>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<s1>user' }}
        {%- endif %}
        {{- '\\n<result>\\n' }}
        {{- message.content }}
        {{- '\\n</result>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<s2>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<s1>assistant\\n' }}
{%- endif %}
""",
    "qwen3": """{%- set ns = namespace(searching=true, last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.searching and message.role == "user" and message.content is string and not(message.content.startswith('<result>') and message.content.endswith('</result>')) %}
        {%- set ns.searching = false %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if message.role == "assistant" %}
        {%- set thought = '' %}
        {%- if message.reasoning_content is string %}
            {%- set thought = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in content %}
                {%- set thought = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
                {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last %}
            {%- if loop.last or (not loop.last and thought) %}
                {{- '<s1>' + message.role + '\\n<think>\\n' + thought.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
            {%- else %}
                {{- '<s1>' + message.role + '\\n' + content }}
            {%- endif %}
        {%- else %}
            {{- '<s1>' + message.role + '\\n' + content }}
        {%- endif %}
        {%- for call in message.tool_calls or [] %}
            {%- if (loop.first and content) or (not loop.first) %}
                {{- '\\n' }}
            {%- endif %}
            {{- '<call>' }}
            {%- if call.function.arguments is string %}
                {{- call.function.arguments }}
            {%- else %}
                {{- call.function.arguments | tojson }}
            {%- endif %}
            {{- '</call>' }}
        {%- endfor %}
        {{- '<s2>\\n' }}
    {%- else %}
        {{- '<s1>' + message.role + '\\n' + content + '<s2>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<s1>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}""",
    "gemma2": """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('No system messages') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<t1>' + role + '
' + message['content'] | trim + '<t2>
' }}{% endfor %}{% if add_generation_prompt %}{{'<t1>model
'}}{% endif %}""",
    "gemma3": """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set before = messages[0]['content'] + '

' -%}
    {%- else -%}
        {%- set before = messages[0]['content'][0]['text'] + '

' -%}
    {%- endif -%}
    {%- set turns = messages[1:] -%}
{%- else -%}
    {%- set before = "" -%}
    {%- set turns = messages -%}
{%- endif -%}
{%- for message in turns -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<t1>' + role + '
' + (before if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'image' -%}
                {{ '<picture>' }}
            {%- elif item['type'] == 'text' -%}
                {{ item['text'] | trim }}
            {%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("Neither text nor parts") }}
    {%- endif -%}
    {{ '<t2>
' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<t1>model
'}}
{%- endif -%}
""",
    "phi3": """{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}{{'<|a|>
' + message['content'] + '<|z|>
'}}{% elif message['role'] == 'user' %}{{'<|b|>
' + message['content'] + '<|z|>
'}}{% elif message['role'] == 'assistant' %}{{'<|c|>
' + message['content'] + '<|z|>
'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|c|>
' }}{% else %}{{ eos_token }}{% endif %}""",
    "olmo2": """{{ bos_token }}{% for message in messages %}{% if message['role'] == 'system' %}{{ '<|s|>
' + message['content'] + '
' }}{% elif message['role'] == 'assistant' %}{% if not loop.last %}{{ '<|c|>
'  + message['content'] + eos_token + '
' }}{% else %}{{ '<|c|>
'  + message['content'] + eos_token }}{% endif %}{% else %}{{ '<|b|>
' ~ message['content'] ~ '
' }}{% endif %}{% if loop.last and add_generation_prompt %}{{ '<|c|>
' }}{% endif %}{% endfor %}""",
    "granite": """{%- if messages[0]['role'] == 'system' %}
     {%- set preface = messages[0]['content'] %}
     {%- set turns = messages[1:] %}
 {%- else %}
     {%- set preface = "Today's Date: " + strftime_now('%B %d, %Y') + ".\\nYou help." %}
     {%- if tools and documents %}
         {%- set preface = preface + " With functions and documents." %}
     {%- elif tools %}
         {%- set preface = preface + " With functions." %}
     {%- elif documents %}
         {%- set preface = preface + " With documents." %}
     {%- endif %}
     {%- if 'citations' in controls and documents %}
         {%- set preface = preface + '\\n\\nCite.' %}
     {%- endif %}
     {%- set turns = messages %}
 {%- endif %}
 {{- '<r1>system<r2>' + preface + '<r3>\\n' }}
 {%- if tools %}
     {{- '<r1>tools<r2>' }}
     {{- tools | tojson(indent=4) }}
     {{- '<r3>\\n' }}
 {%- endif %}
 {%- for message in turns %}
     {{- '<r1>' + message['role'] + '<r2>' + (message['content'] if message['content'] is string else message['content'] | map(attribute='text') | select('string') | join('\\n')) + '<r3>\\n' }}
     {%- if loop.last and add_generation_prompt %}
         {{- '<r1>assistant' }}
         {%- if controls %}
             {{- ' ' + controls | tojson() }}
         {%- endif %}
         {{- '<r2>' }}
     {%- endif %}
 {%- endfor %}
""",
    "typed-tools": """{%- macro kind(schema) -%}
    {%- if schema.type is string and schema.type == "object" -%}
        dict[{% for name, inner in schema.properties|dictsort %}{{ name }}: {{ kind(inner) }}{{ ", " if not loop.last }}{% endfor %}]
    {%- elif schema.type == "array" -%}
        list[{{ kind(schema['items']) }}]
    {%- elif schema.type is iterable and schema.type is not string -%}
        {{- schema.type | map('replace', 'null', 'None') | join(' | ') -}}
    {%- else -%}
        {{- schema.type | default('Any') -}}
    {%- endif -%}
{%- endmacro -%}
{%- macro block(title, level=2, mark='#') -%}
{{ mark * level }} {{ title | title }}
{{ caller(level + 1) | indent(2, true) }}
{% endmacro -%}
{%- for tool in tools or [] if tool.type == 'function' %}
{%- set f = tool.function %}
{%- call(next) block(f.name) -%}
def {{ f.name }}({% for name, inner in f.parameters.properties.items() %}{{ name }}: {{ kind(inner) }}{% if name not in f.parameters.required|default([]) %} = {{ inner.default | default(none) | tojson }}{% endif %}{% if not loop.last %}, {% endif %}{% endfor %}):
    "{{ f.description | truncate(24) | replace('"', "'") }}" {# level {{ next }} #}
{%- endcall %}
{%- endfor %}
{%- for group in messages | groupby('role') %}{{ group[0] }}={{ group[1] | length }};{% endfor %}
{% for message in messages %}
{% if message.role not in ['user', 'assistant', 'system', 'tool'] %}{% continue %}{% endif %}
{% if loop.index > 3 %}{% break %}{% endif %}
{{ loop.index }}/{{ loop.length }} {{ '%-10s|%3d' % (message.role, message.content | length) }} {{ loop.cycle('odd', 'even') }}
{% else %}
nobody said anything
{% endfor %}
{% set summary | trim %}
  {{ messages | map(attribute='role') | unique | sort | join('+') }}
{% endset %}
{% filter upper %}{{ summary }}{% endfilter %}
{%+ if true %}{{ {'z': 1, 'a': [none, true, 1.0, 1e-7]} | tojson(indent=2, sort_keys=true) }}{% endif +%}

{% raw %}{{ not this }}{% endraw %}
{% with x = 3, y = 4 %}{{ (x ** 2 + y ** 2) ** 0.5 }} {{ x // 2 }} {{ -7 % 3 }} {{ 7 / 2 }}{% endwith %}
""",
}


def call(arguments):
    function = {"name": "weather", "arguments": arguments}
    return {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "id": "abcdef123", "function": function}]}


CONVERSATIONS = {
    "one": [{"role": "user", "content": " Hello, wörld! \n"}],
    "system": [{"role": "system", "content": "Be <b>brief</b>.  /no_think"}, {"role": "user", "content": "Hi"},
               {"role": "assistant", "content": " Hello "}, {"role": "user", "content": "日本?"}],
    "thought": [{"role": "user", "content": "1"}, {"role": "assistant", "content": "<think>\nhm\n</think>\n\nA"},
                {"role": "user", "content": "2"}, {"role": "assistant", "content": "B", "reasoning_content": "\nso\n"}],
    "call": [{"role": "user", "content": "Weather?"}, call({"city": "Köln", "days": [1, 2.5, None], "deep": {"a": True}}),
             {"role": "tool", "name": "weather", "tool_call_id": "abcdef123", "content": '{"t": 3}'},
             {"role": "assistant", "content": "3 degrees"}, {"role": "user", "content": "thanks"}],
    "parts": [{"role": "user", "content": [{"type": "text", "text": " one "}, {"type": "image"}, {"type": "text", "text": "two"}]}],
    "twice": [{"role": "assistant", "content": "x"}, {"role": "critic", "content": "y"}],
    "none": [],
}

TOOLS = [
    {"type": "function", "function": {
        "name": "weather", "description": "Get the \"weather\" of a <city> somewhere",
        "parameters": {"type": "object", "required": ["city"], "properties": {
            "city": {"type": "string", "description": "Which"}, "unit": {"type": ["string", "null"], "default": "c"},
            "days": {"type": "array", "items": {"type": "integer"}},
            "more": {"type": "object", "properties": {"é": {"type": "number"}, "b": {"type": "boolean"}}}}},
        "return": {"type": "string"}}},
    {"type": "function", "function": {"name": "now", "description": "Time", "parameters": {"type": "object", "properties": {}}}},
]


def jobs():
    for name, template in TEMPLATES.items():
        for title, messages in CONVERSATIONS.items():
            for tools in [None] + ([TOOLS] if title in ("one", "system", "call") else []):
                for prompt in (False, True):
                    variables = {"messages": messages, "tools": tools, "documents": None, "add_generation_prompt": prompt,
                                 "bos_token": "<s>", "eos_token": "</s>"}
                    if prompt and title == "thought":
                        variables["enable_thinking"] = False
                    yield {"name": f"{name}, {title}", "template": template, "variables": variables, "time": TIME}
