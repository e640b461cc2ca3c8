import CZooPlugin
import CZooSystem
import Logging
import Synchronization
import ZooCore

/// How a model is compiled and run.
public struct CompileOptions: Sendable {
  /// The most threads that one run uses.
  public var threads: Int
  /// How exactly products are computed.
  public var arithmetic: Arithmetic
  /// Graphs of more nodes go without the passes that they don't need, which take longer there than they save.
  package var mostNodesOfPasses = 1 << 17

  public init(threads: Int = ThreadPool.shared.workerCount, arithmetic: Arithmetic = Arithmetic()) {
    self.threads = threads
    self.arithmetic = arithmetic
  }
}

/// How exactly products are computed, and what is known for it.
public struct Arithmetic: Sendable {
  public var precision: Precision
  /// By the name of a value: its least and greatest element, as calibration saw them. Only `int8` uses them.
  public var ranges: [String: ClosedRange<Float>]

  public init(_ precision: Precision = .float32, ranges: [String: ClosedRange<Float>] = [:]) {
    self.precision = precision
    self.ranges = ranges
  }
}

extension Arithmetic {
  /// The same with values' internal names.
  fileprivate var withInternalNames: Arithmetic {
    Arithmetic(
      precision, ranges: Dictionary(ranges.map { (InternalName.ofPublished($0), $1) }, uniquingKeysWith: { $1 }))
  }
}

extension ZooError {
  /// What `body` gives. Errors name values as the model's file does.
  static func showingNames<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch var error as ZooError {
      error.message = InternalName.shown(error.message)
      error.location = error.location.map(InternalName.shown)
      error.advice = error.advice.map(InternalName.shown)
      throw error
    }
  }
}

/// What the operands of products (matrix products, convolutions) may be rounded to. Sums stay float32.
public enum Precision: Int32, Sendable, CaseIterable {
  /// Exact to float32's rounding.
  case float32 = 0
  /// Weights and activations rounded to bfloat16 (8 bits of mantissa) where an operator can.
  case bfloat16 = 1
  /// Weights and activations rounded to 8-bit integers, each times a scale, where an operator can; as `bfloat16` where
  /// it can't.
  case int8 = 2
}

/// A model ready to run. Any number of threads may run it at once; each run has its own arena.
///
/// ```swift
/// let model = try CompiledModel(definition, registry: registry)
/// let outputs = try model.run(["input": tensor])
/// ```
///
/// Shapes are fixed when they are first seen: for each new set of input shapes the graph is rewritten, laid out and
/// planned once. Kernels for other shapes of the same node share packed weights where their plugin can.
public final class CompiledModel: Sendable {
  /// What a caller gives, in the model's order.
  public let inputs: [ValueInfo]
  /// What a caller may give: the model has a default value for each, which is as fast as any constant where it serves.
  public var optionalInputs: [ValueInfo] { checked.defaults }
  /// What a caller gets, each name once.
  public let outputs: [ValueInfo]
  public let options: CompileOptions

  private let checked: WorkGraph
  private let registry: OperatorRegistry
  private let plans = Mutex(Plans())
  /// Held while a plan is made, so that packed weights are shared and not made twice.
  private let compiling = Mutex(CompileState())
  private let residents: ResidentConstants
  /// The model with some of the defaults as inputs, by their names.
  private let variants = Mutex<[Set<String>: CompiledModel]>([:])
  private let dimensionWarnings: DimensionWarnings

  /// How one set of input shapes is served.
  private enum Program: Sendable {
    case planned(Plan)
    /// The graph as far as it is known ahead.
    case nodeByNode(WorkGraph)
  }

  private struct Plans {
    var programs: [[[Int]]: Program] = [:]
    /// By age, oldest first.
    var order: [[[Int]]] = []
    static let limit = 32
  }

  private struct CompileState: ~Copyable {
    let kernels = KernelCache()
  }

  /// Checks the graph. Kernels are made when input shapes are known: now, where the model fixes them all.
  ///
  /// - Throws: `ZooError`: `badData` for a damaged graph, `unsupported` for an operator that no plugin offers.
  public convenience init(
    _ definition: ModelDefinition, registry: OperatorRegistry, options: CompileOptions = CompileOptions()
  ) throws {
    try self.init(definition, registry: registry, options: options, residents: ResidentConstants())
  }

  /// - Parameter residents: What models share that are made from parts of one definition.
  package convenience init(
    _ definition: ModelDefinition, registry: OperatorRegistry, options: CompileOptions, residents: ResidentConstants
  ) throws {
    guard options.threads > 0 else { throw ZooError(.usage, "a run needs at least one thread, not \(options.threads)") }
    let checked = try ZooError.showingNames {
      var checked = try checkedGraph(definition)
      try checked.loadSmallConstants()
      checked.arithmetic = options.arithmetic.withInternalNames
      checked.derivations = residents.derivations
      for entry in checked.nodes where !isCondition(entry.node) && entry.node.constantTensor == nil {
        _ = try registry.require(entry.node, opset: checked.opset(of: entry))
      }
      return checked
    }
    let infos = Dictionary(
      definition.graph.outputs.map { (ExactText($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    try self.init(
      checked, outputs: checked.outputs.compactMap { infos[ExactText($0.name)] }, registry: registry, options: options,
      residents: residents, dimensionWarnings: DimensionWarnings())
  }

  private init(
    _ checked: WorkGraph, outputs: [ValueInfo], registry: OperatorRegistry, options: CompileOptions,
    residents: ResidentConstants, dimensionWarnings: DimensionWarnings
  ) throws {
    self.checked = checked
    inputs = checked.inputs.map { input in
      var shown = input
      shown.name = InternalName.shown(input.name)
      return shown
    }
    self.outputs = outputs
    self.registry = registry
    self.options = options
    self.residents = residents
    self.dimensionWarnings = dimensionWarnings
    if let shapes = fixedShapes { _ = try program(for: shapes) }
  }

  /// A closed model's memory goes back to the system, also where the C library would keep it for later.
  deinit {
    plans.withLock { $0 = Plans() }
    variants.withLock { $0 = [:] }
    compiling.withLock { $0 = CompileState() }
    zoo_return_memory()
  }

  /// Computes the outputs.
  ///
  /// - Throws: `ZooError` (`badData`) for inputs that are missing, unknown or of the wrong type or shape.
  ///   `usage` for a model with outputs whose names are one to `String`: see `run(exactly:)`.
  public func run(_ values: [String: Tensor]) throws -> [String: Tensor] {
    let results = try run(exactly: values.map { ($0, $1) })
    let table = Dictionary(results.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    guard table.count == results.count else {
      throw ZooError(
        .usage, "names of the model's outputs differ only in Unicode's normal form", advice: "call run(exactly:)")
    }
    return table
  }

  /// Computes the outputs, in the model's order. Names are bytes here, as in ONNX, so that also those of inputs and outputs
  /// that differ only in Unicode's normal form, which `String` holds for equal, are told apart.
  ///
  /// - Throws: as `run(_:)`.
  public func run(exactly values: [(name: String, tensor: Tensor)]) throws -> [(name: String, tensor: Tensor)] {
    if let variant = try variant(for: values.map(\.name)) { return try variant.run(exactly: values) }
    let tensors = try checkInputs(values)
    let program = try program(for: tensors.map(\.shape))
    let results = try ThreadPool.shared.withExecutor(limit: options.threads) { executor in
      try run(program, tensors, executor: executor, recorder: nil)
    }
    return zip(outputs, results).map { ($0.name, $1) }
  }

  /// Runs the model and shows `body` what its products (Conv, ConvTranspose, MatMul, Gemm) read that is no constant:
  /// before each of them, the name of the value and its elements, which are float32 in any order.
  ///
  /// The names are those that `Arithmetic.ranges` knows values by.
  ///
  /// - Throws: as `run(_:)`; `ZooError` (`unsupported`) for a model that runs node by node, whose products are never
  ///   rounded.
  public func observeProducts(
    _ values: [String: Tensor], _ body: (_ value: String, _ elements: UnsafeBufferPointer<Float>) -> Void
  ) throws {
    let (plan, tensors) = try plan(for: values)
    try ThreadPool.shared.withExecutor(limit: options.threads) { executor in
      try withoutActuallyEscaping(body) { body in
        try ZooError.showingNames {
          _ = try plan.run(tensors, executor: executor, observer: ProductObserver(plan, body))
        }
      }
    }
  }

  /// Computes the outputs and tells when each node was computed; its `step` counts `steps(for:)` of these shapes.
  ///
  /// Taking the times makes the run a little slower; runs without a profile don't pay for it.
  ///
  /// - Throws: as `run(_:)`.
  public func profile(_ values: [String: Tensor]) throws -> Profile {
    if let variant = try variant(for: Array(values.keys)) { return try variant.profile(values) }
    let tensors = try checkInputs(values)
    let program = try program(for: tensors.map(\.shape))
    return try ThreadPool.shared.withExecutor(limit: options.threads) { executor in
      let recorder = ProfileRecorder(executor)
      _ = try recorder.withExecutor { try run(program, tensors, executor: $0, recorder: recorder) }
      return recorder.finish()
    }
  }

  /// The plan for inputs like `values`, and these in the model's order.
  ///
  /// - Throws: as `run(_:)`; `ZooError` (`unsupported`) for a model that runs node by node.
  func plan(for values: [String: Tensor]) throws -> (plan: Plan, inputs: [Tensor]) {
    if let variant = try variant(for: Array(values.keys)) { return try variant.plan(for: values) }
    let tensors = try checkInputs(values)
    guard case .planned(let plan) = try program(for: tensors.map(\.shape)) else {
      throw ZooError(
        .unsupported, "shapes or branches of the model depend on its data, so that it can't be planned ahead")
    }
    return (plan, tensors)
  }

  private func run(
    _ program: Program, _ tensors: [Tensor], executor: UnsafePointer<zoo_executor>, recorder: ProfileRecorder?
  ) throws -> [Tensor] {
    try ZooError.showingNames {
      switch program {
      case .planned(let plan): try plan.run(tensors, executor: executor, observer: recorder)
      case .nodeByNode(let graph):
        try NodeByNode(graph: graph, registry: registry).run(tensors, executor: executor, recorder: recorder)
      }
    }
  }

  /// One step of the compiled graph.
  public struct Step: Sendable {
    public var node: String
    public var operatorType: String
    /// Operators folded onto the node's end.
    public var epilogue: [String]
    /// How the kernel computes, in its plugin's words.
    public var summary: String?
    /// Shapes of the outputs; `nil` for one that only running can tell.
    public var outputShapes: [[Int]?]
    /// Scratch memory in bytes.
    public var workspaceByteCount: Int
  }

  /// What the graph became for the given input shapes, in the order of `inputs`.
  public func steps(for shapes: [[Int]]) throws -> [Step] {
    switch try program(for: shapes) {
    case .planned(let plan):
      plan.steps.map { step in
        Step(
          node: step.node.name, operatorType: step.node.operatorType, epilogue: step.epilogue,
          summary: step.kernel.summary, outputShapes: step.outputs.map(\.description.shape),
          workspaceByteCount: step.kernel.workspaceByteCount)
      }
    case .nodeByNode(let graph):
      graph.nodes.map { entry in
        Step(
          node: entry.node.name, operatorType: entry.node.operatorType, epilogue: [], summary: "node by node",
          outputShapes: entry.node.outputs.map { _ in nil }, workspaceByteCount: 0)
      }
    }
  }

  /// Bytes of memory that each run at the given input shapes takes besides its inputs, outputs and weights.
  public func arenaByteCount(for shapes: [[Int]]) throws -> Int {
    guard case .planned(let plan) = try program(for: shapes) else { return 0 }
    return plan.arenaByteCount + plan.workspaceByteCount
  }

  // MARK: Plans

  private func program(for shapes: [[Int]]) throws -> Program {
    if let known = plans.withLock({ $0.programs[shapes] }) { return known }
    return try compiling.withLock { state in
      if let known = plans.withLock({ $0.programs[shapes] }) { return known }
      let made = try ZooError.showingNames { try specialize(shapes, kernels: state.kernels) }
      plans.withLock { plans in
        plans.programs[shapes] = made
        plans.order.append(shapes)
        if plans.order.count > Plans.limit { plans.programs[plans.order.removeFirst()] = nil }
      }
      return made
    }
  }

  private func specialize(_ shapes: [[Int]], kernels: KernelCache) throws -> Program {
    var graph = checked
    for (input, shape) in zip(checked.inputs, shapes) {
      if let type = try elementType(of: input) {
        graph.types[input.name] = ValueDescription(type: type, shape: shape)
      } else {
        graph.unknown.insert(input.name)
      }
    }
    guard try inferShapes(&graph, registry: registry) else { return .nodeByNode(graph) }
    let isHuge = graph.nodes.count > options.mostNodesOfPasses
    removeIdentities(&graph)
    try foldBatchNormalization(&graph)
    if !isHuge, graph.mayHoldPatterns {
      var pattern = PatternGraph(graph)
      fuseLayerNormalization(&pattern, registry: registry)
      fuseGelu(&pattern, registry: registry)
      try fuseAttention(&pattern, registry: registry)
      fuseProductArgMax(&pattern, registry: registry)
      fuseQuantizeDequantize(&pattern, registry: registry)
      graph = pattern.graph
    }
    if !isHuge { try fuseEpilogues(&graph, registry: registry) }
    removeDeadCode(&graph)
    if !isHuge { try assignLayouts(&graph, registry: registry) }
    return try ThreadPool.shared.withExecutor(limit: options.threads) { executor in
      .planned(
        try PlanBuilder(
          graph: graph, registry: registry, kernels: kernels, residents: residents, executor: executor
        ).build())
    }
  }

  // MARK: Inputs

  /// The model in which those defaults are inputs that callers give others for; `nil` where they give none.
  private func variant(for given: [String]) throws -> CompiledModel? {
    guard !checked.defaults.isEmpty else { return nil }
    let names = Set(checked.defaults.map(\.name)).intersection(given.map(InternalName.ofFile))
    guard !names.isEmpty else { return nil }
    if let known = variants.withLock({ $0[names] }) { return known }
    let made = try CompiledModel(
      checked.taking(names), outputs: outputs, registry: registry, options: options, residents: residents,
      dimensionWarnings: dimensionWarnings)
    variants.withLock { variants in
      // Callers give one set of them, as a rule.
      if variants.count >= Plans.limit { variants = [:] }
      variants[names] = made
    }
    return made
  }

  private func elementType(of input: ValueInfo) throws -> ElementType? {
    guard let form = input.type?.form else { return nil }
    guard case .tensor(let number, _) = form else {
      throw ZooError(.unsupported, "the input \"\(input.name)\" is not a tensor")
    }
    guard let type = ElementType(rawValue: number) else {
      throw ZooError(.unsupported, "the input \"\(input.name)\" has the unknown element type \(number)")
    }
    return type
  }

  private func dimensions(of input: ValueInfo) -> [Dimension]? {
    guard case .tensor(_, let shape) = input.type?.form else { return nil }
    return shape
  }

  /// The inputs' shapes, where the model fixes them all.
  private var fixedShapes: [[Int]]? {
    var shapes: [[Int]] = []
    for input in inputs {
      guard let dimensions = dimensions(of: input) else { return nil }
      var shape: [Int] = []
      for dimension in dimensions {
        guard case .fixed(let extent) = dimension.extent, extent >= 0 else { return nil }
        shape.append(Int(extent))
      }
      shapes.append(shape)
    }
    return shapes
  }

  private func checkInputs(_ values: [String: Tensor]) throws -> [Tensor] {
    try checkInputs(values.map { ($0, $1) })
  }

  private func checkInputs(_ values: [(name: String, tensor: Tensor)]) throws -> [Tensor] {
    try ZooError.showingNames { try checkInputs(byInternalName: withInternalNames(values)) }
  }

  /// A name that no input has exactly stands for the only one that Unicode holds for equivalent.
  private func withInternalNames(_ values: [(name: String, tensor: Tensor)]) throws -> [String: Tensor] {
    let known = Dictionary(grouping: inputs.map(\.name)) { $0 }
    var internals: [String: Tensor] = [:]
    for (name, tensor) in values {
      let forms = known[name] ?? []
      let meant = forms.count == 1 ? forms[0] : name
      guard internals.updateValue(tensor, forKey: InternalName.ofFile(meant)) == nil else {
        throw ZooError(.badData, "the input \"\(name)\" is given twice")
      }
    }
    return internals
  }

  private func checkInputs(byInternalName values: [String: Tensor]) throws -> [Tensor] {
    let inputs = checked.inputs
    let names = inputs.map(\.name)
    for name in Set(values.keys).subtracting(names).sorted() {
      throw ZooError(
        .badData, "the model has no input \"\(name)\"",
        advice: "its inputs are \(listed(names + checked.defaults.map(\.name)))")
    }
    var symbols: [String: (extent: Int, input: String)] = [:]
    return try inputs.map { input in
      guard let tensor = values[input.name] else {
        throw ZooError(.badData, "the input \"\(input.name)\" is missing", advice: "the inputs are \(listed(names))")
      }
      if let type = try elementType(of: input), type != tensor.type {
        throw ZooError(.badData, "the input \"\(input.name)\" has to be \(type.name), not \(tensor.type.name)")
      }
      if let dimensions = dimensions(of: input) {
        var fits = dimensions.count == tensor.shape.count
        for (dimension, extent) in zip(dimensions, tensor.shape) {
          if case .fixed(let wanted) = dimension.extent { fits = fits && Int64(extent) == wanted }
        }
        guard fits else {
          throw ZooError(
            .badData,
            "the input \"\(input.name)\" has to have the shape \(written(dimensions)), not \(written(tensor.shape))")
        }
        for (dimension, extent) in zip(dimensions, tensor.shape) {
          guard case .symbol(let symbol) = dimension.extent else { continue }
          if let known = symbols[symbol], known.extent != extent {
            dimensionWarnings.warn(
              symbol,
              "\(symbol) is \(known.extent) in the input \"\(known.input)\", but \(extent) in \"\(input.name)\"")
          } else {
            symbols[symbol] = (extent, input.name)
          }
        }
      }
      return tensor
    }
  }

  private func listed(_ names: [String]) -> String { names.map { "\"\($0)\"" }.joined(separator: ", ") }

  private func written(_ shape: [Int]) -> String { "[" + shape.map(String.init).joined(separator: ", ") + "]" }

  private func written(_ dimensions: [Dimension]) -> String {
    let parts = dimensions.map { dimension in
      switch dimension.extent {
      case .fixed(let extent): String(extent)
      case .symbol(let name): name
      case .unknown: "?"
      }
    }
    return "[" + parts.joined(separator: ", ") + "]"
  }
}

/// Says once a model that a symbolic dimension has several extents: exporters give one name to what only happened to be
/// equal, and each shape is planned for itself.
private final class DimensionWarnings: Sendable {
  private let warned = Mutex<Set<String>>([])

  func warn(_ symbol: String, _ message: @autoclosure () -> String) {
    guard warned.withLock({ $0.insert(symbol).inserted }) else { return }
    Logger(label: "zoo.model").warning("\(message())")
  }
}
