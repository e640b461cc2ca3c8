import CZooPlugin
import Foundation
import StandardPlugin
import Synchronization
import Testing
import ZooCompiler
import ZooCore
import ZooPlugin
import ZooPluginHost
import ZooRuntime
import ZooNumbers

/// Plugins and hosts of different age work together. The binary is one that was built with the first release of version 2.
@Suite("Plugin ABI") struct PluginABITests {
  private static let binary = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Fixtures/libfirst_release.so")

  /// Calls `body` with a copy that only its owner can change, as a host wants it.
  private func withBinary<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("zoo-\(UUID().uuidString)")
      .resolvingSymlinksInPath()
    let files = FileManager.default
    try files.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    defer { try? files.removeItem(at: folder) }
    let copy = folder.appendingPathComponent("libfirst_release.so").path
    try files.copyItem(atPath: Self.binary.path, toPath: copy)
    try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: copy)
    return try body(copy)
  }

  /// What the binary and the plugin for ONNX's operators offer.
  private func registry() throws -> OperatorRegistry {
    let host = try PluginHost()
    try withBinary { try host.load($0) }
    try host.registry.register(
      #require(standardPlugin.export(ZOO_PLUGIN_ABI_VERSION, HostTable.shared.pointer)), origin: "test")
    return host.registry
  }

  private func compiled(
    _ nodes: [ZooCore.Node], inputs: [ValueInfo], outputs: [String], constants: [String: Tensor] = [:]
  ) throws -> CompiledModel {
    var definition = model(nodes, inputs: inputs, outputs: outputs, constants: constants)
    definition.operatorSets.append(OperatorSet(domain: "first.release", version: 1))
    return try CompiledModel(definition, registry: registry())
  }

  private func node(
    _ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [Attribute] = []
  ) -> ZooCore.Node {
    Node(type, domain: "first.release", inputs: inputs, outputs: outputs, attributes: attributes)
  }

  // MARK: The binary

  @Test func theFirstReleasesPluginComputes() throws {
    let model = try compiled(
      [node("Mix", ["x", "y"], ["z"], [Attribute("weight", .float(0.25))]), node("Mix", ["z"], ["half"])],
      inputs: [tensorInput("x", ["n"]), tensorInput("y", ["n"])], outputs: ["z", "half"])
    for count in [3, 5, 3] {
      let results = try model.run([
        "x": try Tensor([Float](repeating: 4, count: count), shape: [count]),
        "y": try Tensor((0..<count).map(Float.init), shape: [count]),
      ])
      let expected = (0..<count).map { 1 + 0.75 * Float($0) }
      #expect(try results["z"]?.elements(Float.self) == expected)
      #expect(try results["half"]?.elements(Float.self) == expected.map { $0 / 2 })
    }
  }

  @Test func pluginsMakeAndReadSequences() throws {
    let model = try compiled(
      [
        node("Parts", ["x"], ["rows"]), Node("SequenceInsert", inputs: ["rows", "more"], outputs: ["all"]),
        node("Total", ["all"], ["sum", "count"]), Node("SequenceLength", inputs: ["rows"], outputs: ["length"]),
      ], inputs: [tensorInput("x", ["n", 2]), tensorInput("more", [1])],
      outputs: ["sum", "count", "length"])
    for rows in [3, 0] {
      let results = try model.run([
        "x": try Tensor((0..<2 * rows).map(Float.init), shape: [rows, 2]),
        "more": try Tensor([100 as Float], shape: [1]),
      ])
      #expect(try results["sum"]?.elements(Float.self) == [rows == 0 ? 100 : 115])
      #expect(try results["count"]?.elements(Int64.self) == [Int64(rows) + 1])
      #expect(try results["length"]?.elements(Int64.self) == [Int64(rows)])
    }
  }

  /// A body that reads a value of the graph around it, and doubles the length each time.
  private func repeating(_ nodes: [ZooCore.Node], times: Int64) -> ZooCore.Node {
    var body = Graph()
    body.nodes = nodes
    body.inputs = [ValueInfo(name: "before", elementType: .float32, shape: ["n"])]
    body.outputs = [ValueInfo(name: "after")]
    return node("Repeat", ["x"], ["y"], [Attribute("times", .int(times)), Attribute("body", .graph(body))])
  }

  @Test(arguments: [1, 3]) func pluginsRunGraphs(times: Int) throws {
    let model = try compiled(
      [
        Node("Mul", inputs: ["w", "w"], outputs: ["square"]),
        repeating(
          [
            Node("Add", inputs: ["before", "square"], outputs: ["sum"]),
            Node("Concat", inputs: ["sum", "before"], outputs: ["after"], attributes: [Attribute("axis", .int(0))]),
          ], times: Int64(times)), Node("Neg", inputs: ["y"], outputs: ["negative"]),
      ], inputs: [tensorInput("x", [1]), tensorInput("w", [1])], outputs: ["y", "negative"])
    var expected: [Float] = [5]
    for _ in 0..<times { expected = expected.map { $0 + 9 } + expected }
    for _ in 0..<2 {
      let results = try model.run([
        "x": try Tensor([5 as Float], shape: [1]), "w": try Tensor([3 as Float], shape: [1]),
      ])
      #expect(try results["y"]?.elements(Float.self) == expected)
      #expect(try results["negative"]?.elements(Float.self) == expected.map { -$0 })
    }
  }

  @Test func whatGoesWrongInAGraphIsTold() throws {
    let model = try compiled(
      [repeating([Node("Gather", inputs: ["before", "place"], outputs: ["after"])], times: 1)],
      inputs: [tensorInput("x", [1]), tensorInput("place", [1], .int64)], outputs: ["y"])
    let error = #expect(throws: ZooError.self) {
      _ = try model.run([
        "x": try Tensor([5 as Float], shape: [1]), "place": try Tensor([7 as Int64], shape: [1]),
      ])
    }
    #expect(error?.kind == .badData && error?.message.contains("index 7 is outside") == true, "\(error as Any)")
  }

  @Test func moreThan64InputsAndOutputs() throws {
    let count = 130
    let names = (0..<count).map { "x\($0)" }
    let model = try compiled(
      [
        node("Turn", names, (0..<count).map { $0 % 3 == 0 ? "y\($0)" : "" }),
        Node("Sum", inputs: names, outputs: ["sum"]),
      ], inputs: names.map { tensorInput($0, [2]) },
      outputs: stride(from: 0, to: count, by: 3).map { "y\($0)" } + ["sum"])
    let results = try model.run(
      Dictionary(
        uniqueKeysWithValues: names.enumerated().map { ($1, try Tensor([Float($0), 1], shape: [2])) }))
    for index in stride(from: 0, to: count, by: 3) {
      #expect(try results["y\(index)"]?.elements(Float.self) == [Float(count - 1 - index), 1])
    }
    #expect(try results["sum"]?.elements(Float.self) == [Float(count * (count - 1) / 2), Float(count)])
  }

  // MARK: Constants

  /// What only running an operator on constants tells is told while the graph is compiled, as long as it is small.
  @Test func resultsOfUnknownSizeAreFolded() throws {
    for count in [5, 1 << 20] {
      let marks = (0..<count).map { $0 % 2 == 0 }
      let model = try compiled(
        [
          Node("NonZero", inputs: ["marks"], outputs: ["places"]),
          Node("Gather", inputs: ["places", "x"], outputs: ["y"], attributes: [Attribute("axis", .int(1))]),
        ], inputs: [tensorInput("x", [1], .int64)], outputs: ["y"],
        constants: ["marks": try Tensor(marks, shape: [count])])
      let inputs = ["x": try Tensor([2 as Int64], shape: [1])]
      #expect(try model.run(inputs)["y"]?.elements(Int64.self) == [4])
      #expect(try model.profile(inputs).steps.contains { $0.operatorType == "NonZero" } == (count > 5))
    }
  }

  /// Numbers of 16 bits, of which a source gives the whole, or parts of it as well.
  private final class Halves: TensorSource {
    let tensor: Tensor
    let readsInPieces: Bool
    let bytesRead = Mutex(0)

    init(_ bits: [UInt16], readsInPieces: Bool) throws {
      tensor = try Tensor(type: .float16, shape: [bits.count]) { bytes in
        bits.withUnsafeBytes { bytes.copyMemory(from: $0) }
      }
      self.readsInPieces = readsInPieces
    }

    func read(into bytes: UnsafeMutableRawBufferPointer, type: ZooCore.ElementType, shape: [Int]) {
      read(into: bytes, at: 0, type: type, shape: shape)
    }

    func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int, type: ZooCore.ElementType, shape: [Int]) {
      bytesRead.withLock { $0 += bytes.count }
      tensor.withUnsafeBytes {
        bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + bytes.count]))
      }
    }
  }

  /// `x`, and a node that reads the constant behind a Cast to float32.
  private func reading(
    _ source: Halves, node: ZooCore.Node, count: Int
  ) throws -> (definition: ModelDefinition, input: [String: Tensor]) {
    var definition = model(
      [Node("Cast", inputs: ["w"], outputs: ["numbers"], attributes: [Attribute("to", .int(1))]), node],
      inputs: [tensorInput("x", [ShapeDimension(integerLiteral: Int64(count))])], outputs: ["y"])
    definition.operatorSets.append(OperatorSet(domain: "first.release", version: 1))
    let stored = try StoredTensor(type: .float16, shape: source.tensor.shape, source: source)
    definition.graph.initializers.append(NamedTensor(name: "w", tensor: stored))
    return (definition, ["x": try Tensor([Float](repeating: 0, count: count), shape: [count])])
  }

  /// All of them: zeros, subnormals, infinities and whatever is no number.
  private static let everyHalf = (0...UInt16.max).map { $0 }

  @Test(arguments: [true, false], [true, false])
  func numbersOf16BitsComeAsTheyAreStored(sourceReadsInPieces: Bool, operatorReadsInPieces: Bool) throws {
    let registry = OperatorRegistry()
    let plugin = Plugin(name: "Halves", version: "1") { _ in [StoredHalves(readsInPieces: operatorReadsInPieces)] }
    for plugin in [plugin, standardPlugin] {
      try registry.register(
        #require(plugin.export(ZOO_PLUGIN_ABI_VERSION, HostTable.shared.pointer)), origin: "test")
    }
    let source = try Halves(Self.everyHalf, readsInPieces: sourceReadsInPieces)
    let node = Node("StoredHalves", domain: "test", inputs: ["x", "numbers"], outputs: ["y"])
    let (definition, input) = try reading(source, node: node, count: Self.everyHalf.count)
    let y = try #require(CompiledModel(definition, registry: registry).run(input)["y"])
    #expect(try y.elements(Float.self) == Self.everyHalf.map { Float($0) })
    // No number was made float32 for an operator that does without.
    if operatorReadsInPieces { #expect(source.bytesRead.withLock { $0 } == source.tensor.byteCount) }
  }

  @Test func anOldPluginGetsThemAsFloat32() throws {
    let bits = Self.everyHalf.filter { $0 & 0x7c00 != 0x7c00 }
    let source = try Halves(bits, readsInPieces: true)
    let (definition, input) = try reading(
      source, node: node("Mix", ["numbers", "x"], ["y"], [Attribute("weight", .float(0.5))]), count: bits.count)
    let y = try #require(CompiledModel(definition, registry: registry()).run(input)["y"])
    #expect(try y.elements(Float.self) == bits.map { Float(half: $0) / 2 })
  }

  @Test func whatIsNotThereIsNotRead() throws {
    let halves = try StoredTensor(type: .float16, shape: [8], source: Halves([UInt16](0..<8), readsInPieces: true))
    var graph = CompilerGraph()
    let values = [try #require(try halves.asFloat32()), StoredTensor(try Tensor([1, 2] as [Float], shape: [2]))].map {
      graph.addConstant($0, name: "w")
    }
    let bound = try BoundNode(
      CompilerNode("Mul", opset: 14, name: "", inputs: values, outputs: []), in: graph, arithmetic: Arithmetic())
    func read(_ input: Int, _ offset: Int, _ count: Int) -> Bool {
      withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) {
        bound.pointer.pointee.read_narrow(bound.pointer, input, offset, count, $0.baseAddress) == ZOO_OK
      }
    }
    #expect(read(0, 0, 16) && read(0, 14, 2) && read(0, 16, 0))
    #expect(!read(0, 2, 16) && !read(0, 18, 0) && !read(0, -2, 2) && !read(1, 0, 2) && !read(2, 0, 2))
  }

  // MARK: Other sizes

  /// `plugin`, whose tables end after their required fields, or go on after all that is known.
  private func table(
    of plugin: Plugin, isOlder: Bool
  ) throws -> UnsafePointer<zoo_plugin> {
    let original = try #require(plugin.export(ZOO_PLUGIN_ABI_VERSION, HostTable.shared.pointer)).pointee
    func resized<Table>(_ table: UnsafePointer<Table>, required: Int) -> UnsafePointer<Table> {
      let size = isOlder ? required : MemoryLayout<Table>.size + 48
      let memory = UnsafeMutableRawPointer.allocate(byteCount: 512, alignment: 16)
      memory.initializeMemory(as: UInt8.self, repeating: 0xA5, count: 512)
      memory.copyMemory(from: table, byteCount: min(size, MemoryLayout<Table>.size))
      memory.storeBytes(of: size, as: Int.self)
      return UnsafePointer(memory.assumingMemoryBound(to: Table.self))
    }
    let operators = UnsafeMutablePointer<UnsafePointer<zoo_operator>?>.allocate(capacity: original.operator_count)
    for index in 0..<original.operator_count {
      operators[index] = resized(
        try #require(original.operators[index]),
        required: try #require(MemoryLayout<zoo_operator>.offset(of: \.accepts)))
    }
    return withUnsafePointer(to: original) { original in
      let plugin = resized(original, required: MemoryLayout<zoo_plugin>.size)
      UnsafeMutablePointer(mutating: plugin).pointee.operators = UnsafePointer(operators)
      return plugin
    }
  }

  @Test(arguments: [true, false]) func tablesOfOtherSizes(isOlder: Bool) throws {
    let registry = OperatorRegistry()
    try registry.register(table(of: testPlugin, isOlder: isOlder), origin: "test")
    // What accepts Relu at its end does not say so where its table is too short.
    let compiled = try CompiledModel(
      model(
        [
          Node("Sub", inputs: ["x", "y"], outputs: ["d"]), Node("Add", inputs: ["d", "y"], outputs: ["s"]),
          Node("Relu", inputs: ["s"], outputs: ["r"]),
          Node("EvenNumbers", domain: "test", inputs: ["n"], outputs: ["e"]),
        ], inputs: [tensorInput("x", [2]), tensorInput("y", [2]), tensorInput("n", [3], .int64)],
        outputs: ["r", "e"]), registry: registry)
    let inputs = [
      "x": try Tensor([-1, 2] as [Float], shape: [2]), "y": try Tensor([3, 4] as [Float], shape: [2]),
      "n": try Tensor([1, 2, 4] as [Int64], shape: [3]),
    ]
    let results = try compiled.run(inputs)
    #expect(try results["r"]?.elements(Float.self) == [0, 2])
    #expect(try results["e"]?.elements(Int64.self) == [2, 4])
    #expect(try compiled.profile(inputs).steps.contains { $0.operatorType == "Relu" } == isOlder)
  }

  /// A host whose structs are larger than those that the binary was built with.
  @Test func aNewerHostsStructsAreLarger() throws {
    try withBinary { path in
      let library = try #require(dlopen(path, RTLD_NOW | RTLD_LOCAL))
      let entry = unsafeBitCast(
        try #require(dlsym(library, ZOO_PLUGIN_ENTRY)), to: zoo_plugin_entry_function.self)
      func larger<Table>(_ table: Table) -> UnsafeMutablePointer<Table> {
        let size = MemoryLayout<Table>.size + 40
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        memory.initializeMemory(as: UInt8.self, repeating: 0xA5, count: size)
        memory.initializeMemory(as: Table.self, to: table)
        memory.storeBytes(of: size, as: Int.self)
        return memory.assumingMemoryBound(to: Table.self)
      }
      let host = larger(HostTable.shared.pointer.pointee)
      let mix = try #require(entry(ZOO_PLUGIN_ABI_VERSION, host)?.pointee.operators[0]).pointee
      var (x, y, shape) = ([1, 2, 3] as [Float], [Float](repeating: 0, count: 3), [3 as Int64])
      let result: [Float] = x.withUnsafeMutableBytes { x in
        y.withUnsafeMutableBytes { y in
          shape.withUnsafeMutableBufferPointer { shape in
            func tensor(_ data: UnsafeMutableRawPointer?) -> UnsafePointer<zoo_tensor>? {
              var tensor = zoo_tensor()
              (tensor.type, tensor.rank, tensor.byte_count) = (1, 1, 12)
              (tensor.shape, tensor.data) = (UnsafePointer(shape.baseAddress), data)
              return UnsafePointer(larger(tensor))
            }
            let (inputs, outputs) = ([tensor(x.baseAddress)], [tensor(y.baseAddress)])
            return inputs.withUnsafeBufferPointer { inputs in
              outputs.withUnsafeBufferPointer { outputs in
                var executor = zoo_executor()
                executor.worker_count = 1
                executor.parallel_for = { _, count, task, argument in
                  for index in 0..<count { task?(argument, index, 0) }
                }
                var (node, call, kernel) = (zoo_node(), zoo_call(), zoo_kernel())
                (node.inputs, node.input_count, node.own_input_count) = (inputs.baseAddress, 1, 1)
                (node.outputs, node.output_count) = (outputs.baseAddress, 1)
                (call.inputs, call.input_count) = (inputs.baseAddress, 1)
                (call.outputs, call.output_count) = (outputs.baseAddress, 1)
                call.executor = UnsafePointer(larger(executor))
                kernel.in_place_inputs = .allocate(capacity: 1)
                kernel.output_layouts = .allocate(capacity: 1)
                let made = larger(kernel)
                guard mix.create(mix.context, larger(node), call.executor, made) == ZOO_OK,
                  made.pointee.run(made.pointee.state, larger(call)) == ZOO_OK
                else { return [] }
                made.pointee.destroy(made.pointee.state)
                return Array(y.bindMemory(to: Float.self))
              }
            }
          }
        }
      }
      #expect(result == [0.5, 1, 1.5])
    }
  }

  /// A Swift plugin asks a host that knows no names of layouts.
  @Test func anOlderHostsTableIsSmaller() throws {
    let table = UnsafeMutableRawPointer.allocate(byteCount: MemoryLayout<zoo_host>.size, alignment: 16)
    table.initializeMemory(as: UInt8.self, repeating: 0xA5, count: MemoryLayout<zoo_host>.size)
    let size = try #require(MemoryLayout<zoo_host>.offset(of: \.layout_named))
    table.copyMemory(from: HostTable.shared.pointer, byteCount: size)
    table.storeBytes(of: size, as: Int.self)
    let plugin = Plugin(name: "Asking", version: "1") { host in
      #expect(host.layout(named: "NCHW16C") == nil)
      return []
    }
    #expect(plugin.export(ZOO_PLUGIN_ABI_VERSION, UnsafePointer(table.assumingMemoryBound(to: zoo_host.self))) != nil)
    table.storeBytes(of: 24, as: Int.self)
    #expect(plugin.export(ZOO_PLUGIN_ABI_VERSION, UnsafePointer(table.assumingMemoryBound(to: zoo_host.self))) == nil)
  }

  /// A host that knows of types of 16 bits, but can't give such numbers.
  @Test func anOlderHostsNodeIsSmaller() throws {
    let plugin = Plugin(name: "Asking", version: "1") { host in
      var tensor = zoo_tensor()
      (tensor.size, tensor.type, tensor.is_constant) = (MemoryLayout<zoo_tensor>.size, 1, 1)
      tensor.narrow_type = ZooPlugin.ElementType.float16.rawValue
      withUnsafePointer(to: tensor) { tensor in
        withUnsafePointer(to: Optional(tensor)) { inputs in
          var node = zoo_node()
          (node.inputs, node.input_count) = (inputs, 1)
          for (field, type) in [(MemoryLayout<zoo_node>.offset(of: \.read_narrow), nil), (144 + 8, .float16)]
            as [(Int?, ZooPlugin.ElementType?)]
          {
            node.size = field ?? 0
            #expect(ZooPlugin.Node(&node, host: host).constant(0)?.narrowType == type)
          }
        }
      }
      return []
    }
    _ = try #require(plugin.export(ZOO_PLUGIN_ABI_VERSION, HostTable.shared.pointer))
  }

  // MARK: Layouts

  @Test func layoutsHaveNames() throws {
    let plugin = Plugin(name: "Asking", version: "1") { host in
      #expect(host.layout(named: "plain") == .plain && host.layout(named: "NCHW16C") == .nchw16c)
      #expect(host.layout(named: "nobody's") == nil)
      #expect(host.registerLayout(named: "NCHW16C", domain: "test.layout") { _, _ in 1 } == nil)
      return []
    }
    _ = try #require(plugin.export(ZOO_PLUGIN_ABI_VERSION, HostTable.shared.pointer))
  }

  /// Two plugins share a layout that the first of them brings: elements in reverse, behind one that is 0.
  @Test func pluginsBringLayouts() throws {
    let name = "test/REVERSED \(UUID().uuidString)"
    let domain = "test.layout"
    let registry = OperatorRegistry()
    let bringing = Plugin(name: "Bringing", version: "1") { host in
      let layout = try #require(
        host.registerLayout(named: name, domain: domain) { type, shape in
          type == .float32 ? 4 * (shape.reduce(1, *) + 1) : 0
        })
      return [Reverse(domain: domain, layout: layout)]
    }
    let sharing = Plugin(name: "Sharing", version: "1") { host in
      [Negate(domain: domain, layout: try #require(host.layout(named: name)))]
    }
    for plugin in [bringing, sharing, standardPlugin] {
      try registry.register(
        #require(plugin.export(ZOO_PLUGIN_ABI_VERSION, HostTable.shared.pointer)), origin: "test")
    }
    var definition = model(
      [
        Node("Negate", domain: domain, inputs: ["x"], outputs: ["a"]),
        Node("Negate", domain: domain, inputs: ["a"], outputs: ["b"]),
        Node("Add", inputs: ["a", "b"], outputs: ["zero"]),
      ], inputs: [tensorInput("x", [3])], outputs: ["b", "zero"])
    definition.operatorSets.append(OperatorSet(domain: domain, version: 1))
    let compiled = try CompiledModel(definition, registry: registry)
    let inputs = ["x": try Tensor([1, 2, 3] as [Float], shape: [3])]
    let results = try compiled.run(inputs)
    #expect(try results["b"]?.elements(Float.self) == [1, 2, 3])
    #expect(try results["zero"]?.elements(Float.self) == [0, 0, 0])
    // x once, and each result once.
    #expect(try compiled.profile(inputs).steps.count { $0.operatorType == "Reorder" } == 3)
  }

  private struct Reverse: Operator {
    let signature: Signature
    let layout: ZooPlugin.Layout

    init(domain: String, layout: ZooPlugin.Layout) {
      signature = Signature("Reorder", domain: domain, since: 1)
      self.layout = layout
    }

    func layouts(for node: ZooPlugin.Node) throws -> LayoutChoice? {
      let given = try node.input(0).layout
      return LayoutChoice(inputs: [given], outputs: [given == .plain ? layout : .plain])
    }

    func makeKernel(_ node: ZooPlugin.Node, on executor: Executor) throws -> any Kernel {
      let (isPlain, layout) = (try node.input(0).layout == .plain, layout)
      #expect(node.output(0)?.layout == (isPlain ? layout : .plain))
      return FunctionKernel(layout: isPlain ? layout : .plain) { call in
        let count = call.input(0).count
        let (from, to) = (call.input(0).pointer(as: Float.self), call.output(0).pointer(as: Float.self))
        if isPlain { to[0] = 0 }
        for index in 0..<count {
          if isPlain { to[count - index] = from[index] } else { to[index] = from[count - index] }
        }
      }
    }
  }

  private struct Negate: Operator {
    let signature: Signature
    let layout: ZooPlugin.Layout

    init(domain: String, layout: ZooPlugin.Layout) {
      signature = Signature("Negate", domain: domain, since: 1)
      self.layout = layout
    }

    func infer(_ node: ZooPlugin.Node) throws -> [OutputType] { [OutputType(like: try node.input(0))] }
    func layouts(for node: ZooPlugin.Node) throws -> LayoutChoice? {
      LayoutChoice(inputs: [layout], outputs: [layout])
    }

    func makeKernel(_ node: ZooPlugin.Node, on executor: Executor) throws -> any Kernel {
      FunctionKernel(layout: layout) { call in
        let (from, to) = (call.input(0).pointer(as: Float.self), call.output(0).pointer(as: Float.self))
        for index in 0...call.input(0).count { to[index] = -from[index] }
      }
    }
  }

  private final class FunctionKernel: Kernel {
    private let body: @Sendable (Call) throws -> Void
    let outputLayouts: [ZooPlugin.Layout]?

    init(layout: ZooPlugin.Layout, _ body: @escaping @Sendable (Call) throws -> Void) {
      (outputLayouts, self.body) = ([layout], body)
    }

    func run(_ call: Call) throws { try body(call) }
  }
}
