import OpsetConversion
import Testing
import ZooCore

/// Internal names tell apart what bytes tell apart.
@Suite struct InternalNameTests {
  private static let texts = [
    "", "x", "a/b:0", "é", "e\u{301}", "Å", "\u{212B}", "A\u{30A}", "¦", "§", "¦c3¦a9", "¦§", "x§weight", "x¦§weight",
    "¦c2¦a7", "K", "\u{212A}", "\u{1F}", "\0", "日本語", "¦4", "¦¦41", "a¦", "👩‍👩‍👧",
  ]

  @Test func bytesAreToldApart() {
    let forms = Self.texts.map(InternalName.ofFile)
    #expect(Set(forms).count == Self.texts.count)
    for (text, form) in zip(Self.texts, forms) {
      #expect(Array(InternalName.shown(form).utf8) == Array(text.utf8))
      #expect(text.utf8.allSatisfy { $0 < 0x80 } == (form == text))
    }
  }

  @Test func modelsAreRenamedThroughout() throws {
    var body = Graph()
    body.nodes = [Node("Neg", inputs: ["é"], outputs: ["e\u{301}"])]
    body.outputs = [ValueInfo(name: "e\u{301}")]
    var model = ModelDefinition()
    model.graph.inputs = [ValueInfo(name: "é")]
    model.graph.outputs = [ValueInfo(name: "y")]
    model.graph.initializers = [NamedTensor(name: "ñ", tensor: StoredTensor(try Tensor([true], shape: [])))]
    model.graph.nodes = [
      Node(
        "If", name: "é", inputs: ["ñ"], outputs: ["y"],
        attributes: [Attribute("then_branch", .graph(body)), Attribute("else_branch", .graphs([body]))])
    ]
    var function = Function()
    (function.inputs, function.outputs) = (["é"], ["e\u{301}"])
    function.nodes = body.nodes
    model.functions = [function]
    let renamed = model.withInternalNames
    #expect(renamed.graph.inputs[0].name == "¦c3¦a9" && renamed.graph.initializers[0].name == "¦c3¦b1")
    #expect(renamed.graph.nodes[0].name == "é" && renamed.graph.nodes[0].inputs == ["¦c3¦b1"])
    #expect(renamed.functions[0].outputs == ["e¦cc¦81"] && renamed.functions[0].nodes[0].inputs == ["¦c3¦a9"])
    guard case .graph(let then)? = renamed.graph.nodes[0][attribute: "then_branch"] else {
      Issue.record("the branch is lost")
      return
    }
    #expect(then.outputs[0].name == "e¦cc¦81" && then.nodes[0].outputs == ["e¦cc¦81"])
    let back = renamed.withFileNames
    #expect(Array(back.functions[0].outputs[0].utf8) == Array("e\u{301}".utf8))
    #expect(Array(back.graph.inputs[0].name.utf8) == Array("é".utf8))
  }
}
