import CConvKernels
import PluginSupport
import ZooPlugin

/// A convolution of float32 tensors, or of bytes with what they stand for, by register tiles.
final class ConvKernel: Kernel, @unchecked Sendable {
  private let geometry: ConvGeometry
  private let epilogue: Epilogue
  private let algorithm: ConvAlgorithm
  /// What weights are packed as.
  private let form: WeightForm
  private let host: ZooHost
  /// Immutable once made.
  private let plan: OpaquePointer
  /// `nil` where weights or bias are known only when the kernel runs.
  private let packed: HostMemory?
  private let packedByteCount: Int
  private let scratchByteCount: Int
  /// Of weights of int8, one for each output channel.
  private let scales: [Float]
  /// Products of vectors, about.
  private let steps: Int

  /// - Parameter sharing: a kernel of the same node whose packed weights this one takes over.
  init(
    _ geometry: ConvGeometry, _ epilogue: Epilogue, _ algorithm: ConvAlgorithm, _ node: Node, host: ZooHost,
    executor: Executor, sharing other: ConvKernel?
  ) throws {
    self.geometry = geometry
    self.epilogue = epilogue
    self.algorithm = algorithm
    let isKnown = geometry.type != .float32 || Self.canPack(geometry, node)
    form = other?.form ?? (isKnown ? WeightForm(node, geometry, algorithm) : .float32)
    self.host = host
    steps = saturatingProduct(geometry.outputShape + [geometry.products]) / 16
    scales = form == .int8 ? try QuantizedConv.scales(node, geometry) : []
    var shape = geometry.raw
    var numbers = try Self.numbers(geometry, epilogue, node)
    let machine = conv_machine(host, workerCount: executor.workerCount)
    guard let plan = conv_plan_create(&shape, algorithm.raw, form.code, epilogue.raw, &numbers, machine) else {
      throw OperatorError("no memory for the plan of a convolution", kind: .outOfMemory)
    }
    self.plan = plan
    packedByteCount = Self.aligned(Int(conv_packed_count(plan)) * 4)
    scratchByteCount = Self.aligned(Int(conv_workspace_count(plan)) * 4)
    if let other {
      packed = other.packed
      return
    }
    do {
      packed = try Self.pack(
        geometry, node, form, scales, plan: plan, byteCount: packedByteCount, host: host, executor: executor)
    } catch {
      conv_plan_destroy(plan)
      throw error
    }
  }

  deinit { conv_plan_destroy(plan) }

  private static func numbers(_ geometry: ConvGeometry, _ epilogue: Epilogue, _ node: Node) throws -> conv_numbers {
    let range = node.calibratedRange(0)
    return conv_numbers(
      range: conv_range(low: range?.lowerBound ?? .nan, high: range?.upperBound ?? .nan),
      input: geometry.type == .float32 ? conv_bytes() : try QuantizedConv.numbers(node),
      residual: epilogue.residualNumbers, output: epilogue.output, rounded: epilogue.rounded)
  }

  private static func aligned(_ byteCount: Int) -> Int { (byteCount + 63) / 64 * 64 }

  /// Weights that are read at once: enough for the host to decode them fast, little beside the weights of a model.
  private static let pieceByteCount = 1 << 20

  private static func canPack(_ geometry: ConvGeometry, _ node: Node) -> Bool {
    node.constant(1) != nil && (!geometry.hasBias || node.optionalInput(2)?.data != nil)
  }

  /// The weights and bias packed, if both are constants.
  private static func pack(
    _ geometry: ConvGeometry, _ node: Node, _ form: WeightForm, _ scales: [Float], plan: OpaquePointer, byteCount: Int,
    host: ZooHost, executor: Executor
  ) throws -> HostMemory? {
    guard canPack(geometry, node), let weights = node.constant(1) else { return nil }
    let bias = geometry.hasBias ? node.optionalInput(2)?.data : nil
    let memory = try host.allocate(max(byteCount, 64))
    let row = geometry.inputChannels * geometry.window.taps
    let pieces = pieces(plan, rowByteCount: row * form.elementByteCount)
    try executor.parallelTry(pieces.count) { index in
      let piece = pieces[index]
      try form.withElements(of: weights, from: piece.rows.lowerBound * row, count: piece.rows.count * row) {
        pack(
          plan, piece.tasks, weights: $0, origin: piece.rows.lowerBound, bias: bias, scales, into: memory.address)
      }
    }
    return memory
  }

  /// Packing tasks that follow each other, with the rows of the weights that they read.
  private static func pieces(_ plan: OpaquePointer, rowByteCount: Int) -> [(tasks: Range<Int>, rows: Range<Int>)] {
    var pieces: [(tasks: Range<Int>, rows: Range<Int>)] = []
    for task in 0..<Int(conv_pack_tasks(plan)) {
      var (first, end): (Int64, Int64) = (0, 0)
      conv_pack_rows(plan, Int64(task), &first, &end)
      if let last = pieces.last, last.rows.count * rowByteCount < pieceByteCount {
        pieces[pieces.count - 1] = (last.tasks.lowerBound..<task + 1, last.rows.lowerBound..<Int(end))
      } else {
        pieces.append((task..<task + 1, Int(first)..<Int(end)))
      }
    }
    return pieces
  }

  private static func pack(
    _ plan: OpaquePointer, _ tasks: Range<Int>, weights: UnsafeRawPointer, origin: Int,
    bias: UnsafeMutableRawPointer?, _ scales: [Float], into target: UnsafeMutableRawPointer
  ) {
    scales.withUnsafeBufferPointer { scales in
      var parameters = conv_parameters(
        weights: weights, origin: Int64(origin),
        bias: bias.map { UnsafePointer($0.assumingMemoryBound(to: Float.self)) },
        scales: scales.baseAddress)
      for task in tasks { conv_pack(plan, &parameters, target.assumingMemoryBound(to: Float.self), Int64(task)) }
    }
  }

  var workspaceByteCount: Int { scratchByteCount + (packed == nil ? packedByteCount : 0) }
  var consumedInputs: [Int] { packed == nil ? [] : geometry.hasBias ? [1, 2] : [1] }
  /// Either, as the call has it.
  var outputLayouts: [Layout]? { nil }
  var summary: String? { algorithm.summary(geometry) + form.summary }

  /// A residual that is added first is read before its element is written.
  var inPlaceInputs: [Int] {
    guard let residual = epilogue.residual, epilogue.raw.residual == Int32(CONV_RESIDUAL_BEFORE_ACTIVATION),
      (epilogue.residualNumbers.type == 0) == (epilogue.output.type == 0)
    else { return [] }
    return [residual]
  }

  func run(_ call: Call) throws {
    let executor = call.executor
    let output = call.output(0)
    let residual = epilogue.residual.map { call.input($0) }
    let blocked = output.layout == .nchw16c
    guard residual.map({ $0.layout == output.layout }) ?? true, blocked || algorithm == .plain,
      !blocked || algorithm != .plain || geometry.groups == 1
    else { throw OperatorError("the convolution's output has an unexpected layout") }
    guard let input = call.input(0).data ?? call.workspace, let target = output.data else { return }
    let plan = plan
    var weights = packed?.address
    if weights == nil, let workspace = call.workspace, let unpacked = call.input(1).data {
      let target = workspace + scratchByteCount
      let bias = geometry.hasBias ? call.optionalInput(2)?.data : nil
      executor.parallelFor(Int(conv_pack_tasks(plan))) { task, _ in
        Self.pack(
          plan, task..<task + 1, weights: unpacked, origin: 0, bias: bias, scales, into: target)
      }
      weights = target
    }
    guard let weights else { throw OperatorError("the weights are missing") }
    let buffers = conv_buffers(
      input: UnsafePointer(input.assumingMemoryBound(to: Float.self)),
      packed: weights.assumingMemoryBound(to: Float.self),
      residual: residual?.data.map { UnsafePointer($0.assumingMemoryBound(to: Float.self)) },
      output: target.assumingMemoryBound(to: Float.self),
      workspace: call.workspace?.assumingMemoryBound(to: Float.self), blocked_output: blocked ? 1 : 0, reserved: 0)
    for phase in 0..<conv_phases(plan) {
      executor.parallelFor(Int(conv_tasks(plan, phase)), steps: steps) { task, worker in
        withUnsafePointer(to: buffers) { conv_run(plan, $0, phase, Int64(task), Int64(worker)) }
      }
    }
  }

  func reshaped(for node: Node, on executor: Executor) throws -> (any Kernel)? {
    guard packed != nil else { return nil }
    let geometry = geometry.type == .float32 ? try ConvGeometry(node) : try ConvGeometry(quantized: node)
    let algorithm = try ConvAlgorithm(geometry, node, on: host)
    if saturatingProduct(geometry.outputShape) == 0 { return EmptyKernel() }
    guard algorithm == self.algorithm else { return nil }
    return try ConvKernel(
      geometry, Epilogue(node, geometry), algorithm, node, host: host, executor: executor, sharing: self)
  }
}

extension conv_machine {
  init(_ host: ZooHost, workerCount: Int = 1) {
    self.init(isa: host.isa.rawValue, features: host.features, workers: Int64(workerCount))
  }
}

/// Writes an output without elements.
final class EmptyKernel: Kernel {
  var outputLayouts: [Layout]? { nil }
  func run(_ call: Call) {}
}

/// A convolution of any floating-point type, summed in double precision.
final class ReferenceConvKernel: Kernel {
  private let geometry: ConvGeometry
  private let epilogue: Epilogue

  init(_ geometry: ConvGeometry, _ epilogue: Epilogue) {
    self.geometry = geometry
    self.epilogue = epilogue
  }

  var summary: String? { ConvAlgorithm.reference.summary(geometry) }

  func run(_ call: Call) {
    let shape = geometry.raw
    let planes = geometry.batch * geometry.groups * geometry.outputChannels
    let bias = geometry.hasBias ? call.optionalInput(2)?.data : nil
    let residual = epilogue.residual.flatMap { call.input($0).data }
    let (input, weights, output) = (call.input(0), call.input(1), call.output(0))
    call.executor.parallelFor(planes) { plane, _ in
      withUnsafePointer(to: shape) { shape in
        conv_reference(
          shape, geometry.type.rawValue, epilogue.raw, input.data, weights.data, bias, residual, output.data,
          Int64(plane))
      }
    }
  }
}
