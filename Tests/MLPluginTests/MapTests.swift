import CZooPlugin
import MLPlugin
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime

/// ai.onnx.ml operators that take or give maps.
@Suite struct MapTests {
  private static func registry() throws -> OperatorRegistry {
    let registry = OperatorRegistry()
    try registry.register(
      #require(mlPluginEntry(UInt32(ZOO_PLUGIN_ABI_VERSION), HostTable.shared.pointer)), origin: "tests")
    return registry
  }

  private func run(
    _ type: String, _ attributes: [Attribute], keys: Tensor, values: Tensor
  ) throws -> Tensor {
    var model = ModelDefinition()
    model.operatorSets = [OperatorSet(domain: "ai.onnx.ml", version: 1)]
    let element = ValueType(.tensor(elementType: values.type.rawValue, shape: []))
    model.graph.inputs = [ValueInfo(name: "x", type: ValueType(.map(keyType: keys.type.rawValue, value: element)))]
    model.graph.outputs = [ValueInfo(name: "y")]
    model.graph.nodes = [Node(type, domain: "ai.onnx.ml", inputs: ["x"], outputs: ["y"], attributes: attributes)]
    let compiled = try CompiledModel(model, registry: Self.registry())
    let result = try compiled.run(exactly: [("x", .map(keys: keys, values: values))])
    return try #require(result[0].value.tensor)
  }

  private func texts(_ texts: [String]) throws -> Tensor {
    try Tensor(strings: texts.map { Array($0.utf8) }, shape: [texts.count])
  }

  @Test func vocabulary() throws {
    let words = Attribute("string_vocabulary", .strings(["a", "c", "b", "z"].map { Array($0.utf8) }))
    let vector = try run(
      "DictVectorizer", [words], keys: texts(["c", "a", "nowhere"]), values: Tensor([Float(8), 4, 1], shape: [3]))
    #expect(try vector.shape == [1, 4] && vector.elements(Float.self) == [4, 8, 0, 0])
    let numbers = Attribute("int64_vocabulary", .ints([7, 5]))
    let named = try run(
      "DictVectorizer", [numbers], keys: Tensor([Int64(5)], shape: [1]), values: texts(["five"]))
    #expect(named.shape == [1, 2] && named.strings?.map { String(decoding: $0, as: UTF8.self) } == ["", "five"])
    #expect(throws: ZooError.self) {
      try run("DictVectorizer", [numbers], keys: texts(["a"]), values: Tensor([Float(8)], shape: [1]))
    }
  }

  private func zip(_ matrix: Tensor, _ labels: Attribute) throws -> [Value] {
    var model = ModelDefinition()
    model.operatorSets = [OperatorSet(domain: "ai.onnx.ml", version: 1)]
    let extents = matrix.shape.map { ShapeDimension(.fixed(Int64($0))) }
    model.graph.inputs = [ValueInfo(name: "x", elementType: .float32, shape: extents)]
    model.graph.outputs = [ValueInfo(name: "y")]
    model.graph.nodes = [Node("ZipMap", domain: "ai.onnx.ml", inputs: ["x"], outputs: ["y"], attributes: [labels])]
    let compiled = try CompiledModel(model, registry: Self.registry())
    guard case .sequence(let maps) = try compiled.run(exactly: [("x", .tensor(matrix))])[0].value else { return [] }
    return maps
  }

  @Test func zippedRows() throws {
    let labels = Attribute("classlabels_strings", .strings(["cat", "", "dog"].map { Array($0.utf8) }))
    let maps = try zip(Tensor([Float(1), 2, 3, 4, 5, 6], shape: [2, 3]), labels)
    #expect(maps.count == 2)
    for (row, map) in maps.enumerated() {
      guard case .map(let keys, let values) = map else {
        Issue.record("row \(row) is no map")
        continue
      }
      #expect(keys.shape == [3] && keys.strings == [Array("cat".utf8), [], Array("dog".utf8)])
      #expect(try values.elements(Float.self) == (1...3).map { Float(3 * row + $0) })
    }
    let numbers = Attribute("classlabels_int64s", .ints([7, -5]))
    let alone = try zip(Tensor([Float(0.25), 0.75], shape: [2]), numbers)
    guard alone.count == 1, case .map(let keys, let values) = alone[0] else {
      Issue.record("a vector is not one map")
      return
    }
    #expect(try keys.elements(Int64.self) == [7, -5] && values.elements(Float.self) == [0.25, 0.75])
    #expect(try zip(Tensor([Float](), shape: [0, 2]), numbers).isEmpty)
    #expect(throws: ZooError.self) { try zip(Tensor([Float(1), 2, 3], shape: [1, 3]), numbers) }
  }

  @Test func casts() throws {
    let keys = try Tensor([Int64(4), 1, 2], shape: [3])
    let numbers = try Tensor([Float(4.5), -1.5, 2], shape: [3])
    func attributes(_ type: String, _ form: String) -> [Attribute] {
      [
        Attribute("cast_to", .string(Array(type.utf8))), Attribute("map_form", .string(Array(form.utf8))),
        Attribute("max_map", .int(5)),
      ]
    }
    let dense = try run("CastMap", attributes("TO_FLOAT", "DENSE"), keys: keys, values: numbers)
    #expect(try dense.shape == [1, 3] && dense.elements(Float.self) == [-1.5, 2, 4.5])
    let sparse = try run("CastMap", attributes("TO_INT64", "SPARSE"), keys: keys, values: numbers)
    #expect(try sparse.shape == [1, 5] && sparse.elements(Int64.self) == [0, -1, 2, 0, 4])
    let read = try run("CastMap", attributes("TO_FLOAT", "DENSE"), keys: keys, values: texts(["1", "2.5", "-3"]))
    #expect(try read.elements(Float.self) == [2.5, -3, 1])
    let written = try run("CastMap", attributes("TO_STRING", "SPARSE"), keys: keys, values: numbers)
    #expect(written.strings?.map { String(decoding: $0, as: UTF8.self) } == ["", "-1.5", "2.0", "", "4.5"])
    #expect(throws: ZooError.self) {
      try run("CastMap", attributes("TO_FLOAT", "DENSE"), keys: keys, values: texts(["1", "two", "3"]))
    }
    #expect(throws: ZooError.self) {
      try run(
        "CastMap", attributes("TO_FLOAT", "SPARSE"), keys: Tensor([Int64(5), 1, 2], shape: [3]), values: numbers)
    }
  }
}
