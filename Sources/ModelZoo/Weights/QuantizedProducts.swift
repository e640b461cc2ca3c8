import Files
import OpsetConversion
import WeightBlocks
import ZooNumbers
import ZooOperators

extension ModelDefinition {
  /// The model with the constant factors of its products, and its tables of embeddings, in GGUF's blocks of `type`, and what
  /// that costs.
  ///
  /// These are matrices of float32 (or what was rounded to another form before) from 1024 elements on that MatMul and Gemm
  /// multiply by, and from 65536 elements on whose rows Gather takes, in the model's own graph. Rows that are no whole blocks are
  /// put into blocks of another type, as llama.cpp has it (`GGUFType.fallback`), or stay as they are; the cost tells which. All
  /// blocks are made here, side by side. The accuracy in the metadata is left out: it has to be measured anew.
  ///
  /// - Throws: `ZooError`: `usage` for a type that numbers can't be put into; what reading the weights throws.
  package func quantizingProducts(to type: GGUFType) throws -> (model: ModelDefinition, cost: WeightRounding) {
    guard GGUFType.quantizable.contains(type) else {
      throw ZooError(.usage, "weights can't be put into blocks of \(type.name)")
    }
    var cost = WeightRounding(storage: type.name.lowercased())
    cost.bytesBefore = graph.constantByteCount
    var model = try dequantizingBlocks().withInternalNames
    try model.graph.expandWeights(keepsTables: true)
    try model.graph.quantizeProducts(to: type, &cost)
    if cost.tensors > 0 {
      model.metadata.accuracy = []
      model.operatorSets.append(OperatorSet(domain: weightsDomain, version: 1))
    }
    cost.bytesAfter = model.graph.constantByteCount
    cost.showNames()
    return (model.withFileNames, cost)
  }
}

/// How the nodes of a graph read a constant matrix.
private struct MatrixUse {
  var isFactor = false
  /// Whether rows go along the product's sums, as they do in Gemm with `transB` and in tables; `nil` where nothing tells.
  var hasRows: Bool?
  /// Nodes that look its rows up.
  var lookups: [Int] = []
  var isOther = false

  mutating func add(rows: Bool) {
    isOther = isOther || hasRows.map { $0 != rows } ?? false
    hasRows = rows
  }
}

extension Graph {
  /// How nodes use the matrices among the initializers.
  private var matrixUses: [String: MatrixUse] {
    let ranks = Dictionary(initializers.map { ($0.name, $0.tensor.shape.count) }) { $1 }
    var uses: [String: MatrixUse] = [:]
    var factors: [String: Bool] = [:]
    for node in nodes {
      for name in node.inputs {
        let isFactor = node.operatorType == "MatMul" && node.inputs.last == name
        factors[name] = isFactor && factors[name] ?? true
      }
    }
    for place in nodes.indices {
      let node = nodes[place]
      let operatorType = node.domain.isEmpty || node.domain == "ai.onnx" ? node.operatorType : ""
      for (position, name) in node.inputs.enumerated() where ranks[name] == 2 {
        var use = uses[name] ?? MatrixUse()
        switch (operatorType, position) {
        case ("MatMul", 1):
          use.isFactor = true
          use.add(rows: false)
        case ("Gemm", 1):
          use.isFactor = true
          var isTransposed = false
          if case .int(let value)? = node[attribute: "transB"] { isTransposed = value != 0 }
          use.add(rows: isTransposed)
        case ("Transpose", 0):
          // Of a table that is a factor, too.
          use.isFactor = true
          use.add(rows: true)
          use.isOther = use.isOther || !(node.outputs.first.flatMap { factors[$0] } ?? true)
        case ("Gather", 0) where node.outputs.count == 1:
          if case .int(let axis)? = node[attribute: "axis"], axis != 0, axis != -2 { use.isOther = true }
          use.add(rows: true)
          use.lookups.append(place)
        default: use.isOther = true
        }
        uses[name] = use
      }
      for name in node.subgraphs.reduce(into: Set<String>(), { $0.formUnion($1.readNames) }) {
        uses[name, default: MatrixUse()].isOther = true
      }
    }
    for name in outputs.map(\.name) + inputs.map(\.name) { uses[name, default: MatrixUse()].isOther = true }
    return uses
  }

  fileprivate mutating func quantizeProducts(to type: GGUFType, _ cost: inout WeightRounding) throws {
    let uses = matrixUses
    var taken = valueNames
    var (stored, added): ([NamedTensor], [Node]) = ([], [])

    func unique(_ name: String) -> String {
      var unique = name
      while !taken.insert(unique).inserted { unique += "_" }
      return unique
    }

    for initializer in initializers {
      let (name, tensor) = (initializer.name, initializer.tensor)
      guard let use = uses[name], !use.isOther, let hasRows = use.hasRows, tensor.type == .float32,
        tensor.shape.reduce(1, *) >= (use.isFactor ? 1 << 10 : 1 << 16)
      else {
        stored.append(initializer)
        continue
      }
      let width = tensor.shape[hasRows ? 1 : 0]
      guard let fitting = type.fitting(width) else {
        stored.append(initializer)
        cost.unfit[name] = width
        continue
      }
      guard let blocks = try quantizedBlocks(of: initializer, rows: hasRows, fitting, &cost) else {
        stored.append(initializer)
        cost.kept.append(name)
        continue
      }
      if fitting != type { cost.fallbacks[name] = fitting.name.lowercased() }
      cost.tensors += 1
      var constant = initializer
      constant.name = unique("\(name)_\(fitting.name.lowercased())")
      constant.tensor = blocks
      stored.append(constant)
      func dequantized(_ input: String, _ output: String) -> Node {
        Node(
          "DequantizeBlocks", domain: weightsDomain, name: InternalName.shown(output) + "/DequantizeBlocks",
          inputs: [input], outputs: [output], attributes: [Attribute("type", .int(Int64(fitting.rawValue)))])
      }
      if use.isFactor {
        added.append(dequantized(constant.name, hasRows ? name : unique(name + "_rows")))
        if !hasRows {
          added.append(
            Node(
              "Transpose", name: InternalName.shown(name) + "/Transpose", inputs: added.last?.outputs ?? [],
              outputs: [name], attributes: [Attribute("perm", .ints([1, 0]))]))
        }
      }
      for place in use.lookups {
        let output = nodes[place].outputs[0]
        let rows = unique(output + "_blocks")
        nodes[place].inputs[0] = constant.name
        nodes[place].outputs[0] = rows
        added.append(dequantized(rows, output))
      }
    }
    initializers = stored
    // Nodes stand behind those that they read from.
    let made = Set(stored.map(\.name))
    let constants = added.filter { made.contains($0.inputs[0]) || $0.operatorType == "Transpose" }
    let lookups = Dictionary(added.filter { !made.contains($0.inputs[0]) }.map { ($0.inputs[0], $0) }) { $1 }
    nodes =
      constants + nodes.flatMap { node in [node] + (node.outputs.first.flatMap { lookups[$0] }.map { [$0] } ?? []) }
  }
}

/// Rows, or columns, that are quantized together.
private let blocksAtATime = 256

/// The blocks of a matrix's rows or columns, and what they cost; `nil` where they would hold numbers that are not finite.
private func quantizedBlocks(
  of constant: NamedTensor, rows: Bool, _ type: GGUFType, _ cost: inout WeightRounding
) throws -> StoredTensor? {
  if let (bytes, known) = rows ? constant.tensor.blocks : constant.tensor.columnBlocks, known == type { return bytes }
  let loaded = try constant.tensor.load()
  let exact = rows ? loaded : try loaded.transposed()
  let (height, width) = (exact.shape[0], exact.shape[1])
  let rowBytes = width / type.blockCount * type.blockBytes
  let memory = try TensorMemory(byteCount: height * rowBytes)
  let step = max(1, blocksAtATime * type.blockCount / max(width, 1))
  let target = SendableBytes(memory.mutableBytes)
  let pieces = try concurrentlyMapped((height + step - 1) / step) { piece in
    let count = min(step, height - piece * step)
    return exact.withUnsafeBytes { bytes in
      let numbers = UnsafeBufferPointer(rebasing: bytes.bindMemory(to: Float.self)[(piece * step * width)...])
      return RoundingErrors(
        numbers.baseAddress, target.bytes.baseAddress.map { $0 + piece * step * rowBytes },
        blocks: count * (width / type.blockCount), type)
    }
  }
  var errors = RoundingErrors()
  for piece in pieces { errors.add(piece) }
  guard errors.areFinite else { return nil }
  cost.note(errors, of: constant.name)
  return StoredTensor(try Tensor(type: .uint8, shape: [height, rowBytes], memory: memory))
}

/// Each piece has its own part of it.
private struct SendableBytes: @unchecked Sendable {
  let bytes: UnsafeMutableRawBufferPointer
  init(_ bytes: UnsafeMutableRawBufferPointer) { self.bytes = bytes }
}

/// How far rounded numbers are from the exact ones.
private struct RoundingErrors: Sendable {
  var areFinite = true
  var largest: Float = 0
  var worst: Float = 0
  var errors = 0.0
  var squares = 0.0

  init() {}

  /// Writes the blocks of `numbers` to `output`, and looks at what they stand for.
  init(_ numbers: UnsafePointer<Float>?, _ output: UnsafeMutableRawPointer?, blocks: Int, _ type: GGUFType) {
    guard let numbers, let output, blocks > 0 else { return }
    BlockQuantization.write(type, numbers, count: blocks, to: output)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: blocks * type.blockCount) { rounded in
      guard let base = rounded.baseAddress else { return }
      Dequantization.read(type, UnsafeRawPointer(output), count: blocks, to: base)
      for index in rounded.indices {
        let (exact, error) = (numbers[index], (numbers[index] - rounded[index]).magnitude)
        if !exact.isFinite || !rounded[index].isFinite { areFinite = false }
        largest = max(largest, exact.magnitude)
        worst = max(worst, error)
        errors += Double(error) * Double(error)
        squares += Double(exact) * Double(exact)
      }
    }
  }

  mutating func add(_ other: RoundingErrors) {
    areFinite = areFinite && other.areFinite
    largest = max(largest, other.largest)
    worst = max(worst, other.worst)
    errors += other.errors
    squares += other.squares
  }
}

extension WeightRounding {
  fileprivate mutating func note(_ found: RoundingErrors, of name: String) {
    if found.largest > 0 { largestError = max(largestError, Double(found.worst) / Double(found.largest)) }
    let relative = found.squares > 0 ? (found.errors / found.squares).squareRoot() : 0
    if relative > worstTensorError || worstTensor == nil { (worstTensorError, worstTensor) = (relative, name) }
  }
}
