import Testing
import ZooCore

@Suite struct ValueTests {
  @Test func errorsSayWhatWhereAndWhatToDo() {
    let error = ZooError(.badData, "it is broken", at: "node \"a\"", advice: "mend it")
    #expect(error.description == "node \"a\": it is broken (mend it)")
    #expect(error.located("file.onnx").description == "file.onnx: node \"a\": it is broken (mend it)")
    let bare = ZooError(.usage, "no")
    #expect(bare.description == "no" && bare.located("here").location == "here")
    #expect(bare.located("here").kind == .usage)
  }

  @Test func nodesKnowTheirAttributes() {
    let node = Node(
      "Conv", domain: "test", name: "c", inputs: ["x"], outputs: ["y"],
      attributes: [Attribute("group", .int(2)), .text("auto_pad", "VALID"), Attribute("group", .int(3))])
    // Of two with one name the first counts.
    guard case .int(2)? = node[attribute: "group"], case .string(let text)? = node[attribute: "auto_pad"] else {
      Issue.record("attributes are lost")
      return
    }
    #expect(text == Array("VALID".utf8))
    #expect(node[attribute: "strides"] == nil)
  }

  @Test func labelsNameANodeOrItsOutput() {
    #expect(Node("Relu", name: "r", inputs: [], outputs: ["y"]).label == "Relu \"r\"")
    #expect(Node("Relu", inputs: [], outputs: ["", "y"]).label == "Relu \"y\"")
    #expect(Node("Foo", domain: "com.example", inputs: [], outputs: []).label == "com.example.Foo \"\"")
  }

  @Test func attributeKindsAreONNXs() throws {
    let tensor = NamedTensor(name: "t", tensor: StoredTensor(try Tensor([1] as [Float], shape: [1])))
    let type = ValueType(.tensor(elementType: 1, shape: nil))
    let kinds: [(Attribute.Value, Int32)] = [
      (.float(1), 1), (.int(1), 2), (.string([]), 3), (.tensor(tensor), 4), (.graph(Graph()), 5), (.floats([]), 6),
      (.ints([]), 7), (.strings([]), 8), (.tensors([]), 9), (.graphs([]), 10), (.type(type), 13), (.types([]), 14),
      (.opaque(kind: 11), 11),
    ]
    for (value, kind) in kinds { #expect(value.kind == kind) }
  }

  @Test func dimensionsCanBeWrittenShort() {
    let info = ValueInfo(name: "x", elementType: .float32, shape: ["N", 3, ShapeDimension(.unknown)])
    guard case .tensor(1, let shape?)? = info.type?.form else {
      Issue.record("not a tensor")
      return
    }
    #expect(shape.map(\.extent) == [.symbol("N"), .fixed(3), .unknown])
    // An unknown rank, no dimensions, and a zero are three things.
    let unknown = ValueType(.tensor(elementType: 1, shape: nil))
    let scalar = ValueType(.tensor(elementType: 1, shape: []))
    let empty = ValueType(.tensor(elementType: 1, shape: [0]))
    #expect(unknown != scalar && scalar != empty && unknown != empty)
  }
}
