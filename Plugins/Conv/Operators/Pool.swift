import CConvKernels
import PluginSupport
import ZooPlugin

/// ONNX's MaxPool, AveragePool and LpPool, over one to three spatial axes.
struct Pool: Operator {
  enum Kind: Sendable {
    case max, average, lp

    var name: String {
      switch self {
      case .max: "MaxPool"
      case .average: "AveragePool"
      case .lp: "LpPool"
      }
    }

    var raw: Int32 {
      switch self {
      case .max: Int32(POOL_MAX)
      case .average: Int32(POOL_AVERAGE)
      case .lp: Int32(POOL_LP)
      }
    }
  }

  let kind: Kind
  let signature: Signature
  let host: ZooHost

  init(_ kind: Kind, since: Int64, host: ZooHost) {
    self.kind = kind
    self.host = host
    signature = Signature(kind.name, since: since)
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let geometry = try PoolGeometry(kind, node)
    let blocked = try node.input(0).layout == .nchw16c
    if blocked, !geometry.canBeBlocked(node) {
      throw OperatorError("this pooling does not take blocked input", kind: .unsupported)
    }
    return PoolKernel(geometry, blocked: blocked, isa: host.isa)
  }

  /// A blocked input may stay so.
  func layouts(for node: Node) throws -> LayoutChoice? {
    guard try node.input(0).layout == .nchw16c, try PoolGeometry(kind, node).canBeBlocked(node) else { return nil }
    return LayoutChoice(inputs: [.nchw16c], outputs: [.nchw16c])
  }
}

/// The shapes of a pooling, checked.
struct PoolGeometry {
  var kind: Pool.Kind
  var type: ElementType
  var batch: Int
  var channels: Int
  var window: Window
  var countsPadding: Bool
  var columnMajor: Bool
  var power: Double

  init(_ kind: Pool.Kind, _ node: Node) throws {
    self.kind = kind
    let input = try node.input(0)
    type = input.type
    let floats: [ElementType] = [.float32, .float64, .float16, .bfloat16]
    guard floats.contains(type) || (kind == .max && [.int8, .uint8].contains(type)) else {
      throw OperatorError("\(kind.name) does not take element type \(type.rawValue)")
    }
    let shape = input.shape
    guard shape.count >= 3 else {
      throw OperatorError("the input's rank is \(shape.count), but \(kind.name) needs 3 or more")
    }
    batch = shape[0]
    channels = shape[1]
    let attributes = node.attributes
    window = try Window(attributes, input: Array(shape[2...]), kernel: nil, mayExceed: true)
    for axis in window.kernel.indices {
      let span = (window.kernel[axis] - 1) * window.dilations[axis] + 1
      guard window.padBegin[axis] < span, window.padEnd[axis] < span else {
        throw OperatorError("pads of spatial axis \(axis) are as large as the kernel")
      }
    }
    countsPadding = try kind == .average && attributes.int("count_include_pad") ?? 0 != 0
    columnMajor = try kind == .max && attributes.int("storage_order") ?? 0 != 0
    power = 2
    if kind == .lp, attributes.contains("p") {
      // Opset 1 gives a float.
      let whole = try? attributes.int("p")
      power = try whole.flatMap { $0 }.map { Double($0) } ?? attributes.float("p").map { Double($0) } ?? 2
    }
    guard power > 0 else { throw OperatorError("p is \(power), which is no norm") }
    _ = try elementCount(outputShape)
  }

  var outputShape: [Int] { [batch, channels] + window.output }

  func canBeBlocked(_ node: Node) -> Bool {
    // A dilated window can miss the input altogether, which would spoil the zero lanes of the last block.
    hasKernels(indices: node.output(1) != nil)
      && (channels % 16 == 0 || window.dilations.allSatisfy { $0 == 1 })
  }

  private var isOfBytes: Bool { type == .int8 || type == .uint8 }

  /// Whether kernels for vectors serve.
  func hasKernels(indices: Bool) -> Bool { (type == .float32 && kind != .lp || isOfBytes && kind == .max) && !indices }

  /// Pools rows of one plane.
  ///
  /// - Parameter shape: `raw`, made once.
  func pool(
    _ shape: pool_shape, _ input: TensorView, _ output: TensorView, isa: ZooHost.ISA, blocked: Bool, plane: Int,
    rows: Range<Int>
  ) {
    let (first, last, isBlocked) = (Int64(rows.lowerBound), Int64(rows.upperBound), Int32(blocked ? 1 : 0))
    withUnsafePointer(to: shape) { shape in
      if isOfBytes {
        pool_byte_rows(
          shape, type.rawValue, isBlocked, input.pointer(), output.pointer(), Int64(plane), first, last)
      } else {
        pool_rows(
          shape, isa.rawValue, isBlocked, input.pointer(), output.pointer(), Int64(plane), first, last)
      }
    }
  }

  var raw: pool_shape {
    pool_shape(
      window: window.raw, kind: kind.raw, count_include_pad: countsPadding ? 1 : 0, column_major: columnMajor ? 1 : 0,
      reserved: 0, p: power)
  }
}

final class PoolKernel: Kernel {
  private let geometry: PoolGeometry
  private let blocked: Bool
  private let isa: ZooHost.ISA

  init(_ geometry: PoolGeometry, blocked: Bool, isa: ZooHost.ISA) {
    self.geometry = geometry
    self.blocked = blocked
    self.isa = isa
  }

  var outputLayouts: [Layout]? { [blocked ? .nchw16c : .plain] }
  var summary: String? { blocked ? "blocked" : "plain" }

  func run(_ call: Call) throws {
    let (input, output) = (call.input(0), call.output(0))
    guard output.count > 0 else { return }
    let shape = geometry.raw
    if blocked || geometry.hasKernels(indices: call.outputCount > 1) {
      let (rows, width) = (output.shape.dropFirst(2).dropLast().reduce(1, *), output.shape[output.rank - 1])
      let planes = geometry.batch * (blocked ? (geometry.channels + 15) / 16 : geometry.channels)
      let vectors = blocked ? width : (width + 15) / 16
      // A row takes as long as some vectors by itself.
      let taps = saturatingProduct([vectors] + geometry.window.kernel)
      let steps = saturatingProduct([planes, rows, taps.saturatingPlus(8)])
      call.executor.parallelRanges(planes * rows, steps: steps) { range in
        var row = range.lowerBound
        while row < range.upperBound {
          let plane = row / rows
          let end = min(range.upperBound, (plane + 1) * rows)
          geometry.pool(
            shape, input, output, isa: isa, blocked: blocked, plane: plane,
            rows: row - plane * rows..<end - plane * rows)
          row = end
        }
      }
      return
    }
    let indices = call.outputCount > 1 ? call.output(1).data?.assumingMemoryBound(to: Int64.self) : nil
    let planes = geometry.batch * geometry.channels
    let steps = saturatingProduct([planes] + geometry.window.output + geometry.window.kernel)
    call.executor.parallelFor(planes, steps: steps) { plane, _ in
      withUnsafePointer(to: shape) { shape in
        pool_plane(shape, geometry.type.rawValue, input.data, output.data, indices, Int64(plane))
      }
    }
  }

  func reshaped(for node: Node, on executor: Executor) throws -> (any Kernel)? {
    let geometry = try PoolGeometry(self.geometry.kind, node)
    return PoolKernel(geometry, blocked: blocked, isa: isa)
  }
}
