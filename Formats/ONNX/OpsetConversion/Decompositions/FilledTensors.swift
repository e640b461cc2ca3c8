import Glibc
import ZooCore

/// Operators whose result, or what they need, depends on shapes and constants alone.
let filledDecompositions: [Adapter] = [
  Adapter("BlackmanWindow", at: 17, down: { try window([0.42, 0.5, 0.08], $0, $1) }),
  Adapter("HammingWindow", at: 17, down: { try window([25.0 / 46, 21.0 / 46], $0, $1) }),
  Adapter("HannWindow", at: 17, down: { try window([0.5, 0.5], $0, $1) }),
  Adapter(
    "Range", at: 11,
    down: { node, bench in
      guard let start = try bench.integers(node.input(0))?.first, let limit = try bench.integers(node.input(1))?.first,
        let delta = try bench.integers(node.input(2))?.first, delta != 0, bench.elementType(node.input(0)) == .int64
      else { throw Refusal("its limits are no constants of int64") }
      guard [start, limit, delta].allSatisfy({ (-1 << 60...1 << 60).contains($0) }),
        (limit - start) / delta < 1 << 20
      else { throw Refusal("it is too long") }
      let values = stride(from: start, to: limit, by: delta).map(Int64.init)
      return [constant(try Tensor(values, shape: [values.count]), of: node)]
    }),
  Adapter(
    "EyeLike", at: 9,
    down: { node, bench in
      guard let shape = bench.fullShape(node.input(0)), shape.count == 2 else {
        throw Refusal("the shape is not known")
      }
      guard let type = bench.elementType(node.output(0)) else { throw Refusal("the element type is not known") }
      let diagonal = node.int("k") ?? 0
      let tensor = try pattern(shape[0], shape[1], type) { $1 - $0 == diagonal }
      return [constant(tensor, of: node)]
    }),
  Adapter(
    "Trilu", at: 14,
    down: { node, bench in
      guard let shape = bench.shape(node.input(0)), shape.count >= 2, let rows = shape[shape.count - 2],
        let columns = shape[shape.count - 1]
      else { throw Refusal("the shape is not known") }
      var diagonal = 0
      if !node.input(1).isEmpty {
        guard let given = try bench.integers(node.input(1))?.first else { throw Refusal("k is no constant") }
        diagonal = min(max(given, -1 << 40), 1 << 40)
      }
      let isUpper = node.int("upper") ?? 1 != 0
      var writer = NodeWriter(node, bench)
      let mask = try pattern(rows, columns, .bool) { row, column in
        let place = column - row - diagonal
        return isUpper ? place >= 0 : place <= 0
      }
      let zero = try writer.scalar(0, try writer.type(node.input(0)), "zero")
      writer.node(
        "Where", [try bench.constant(mask, writer.name("mask")), node.input(0), zero], to: node.output(0))
      return writer.nodes
    }),
]

private func constant(_ tensor: Tensor, of node: Node) -> Node {
  Node(
    "Constant", name: node.name, inputs: [], outputs: node.outputs,
    attributes: [Attribute("value", .tensor(NamedTensor(name: "", tensor: StoredTensor(tensor))))])
}

/// A matrix of ones and zeros.
private func pattern(_ rows: Int, _ columns: Int, _ type: ElementType, _ isOne: (Int, Int) -> Bool) throws -> Tensor {
  let one = try filledTensor(1, type, shape: [1])
  let blank = try filledTensor(0, type, shape: [rows, columns])
  let width = type.bitWidth / 8
  return try Tensor(type: type, shape: [rows, columns]) { bytes in
    blank.withUnsafeBytes { bytes.copyMemory(from: $0) }
    one.withUnsafeBytes { one in
      for row in 0..<rows {
        for column in 0..<columns where isOne(row, column) {
          let start = (row * columns + column) * width
          UnsafeMutableRawBufferPointer(rebasing: bytes[start..<(start + width)]).copyMemory(from: one)
        }
      }
    }
  }
}

/// A sum of cosines with alternating signs (ONNX's BlackmanWindow, HammingWindow, HannWindow).
private func window(_ coefficients: [Double], _ node: Node, _ bench: Workbench) throws -> [Node] {
  guard let size = try bench.integers(node.input(0))?.first, (0...1 << 22).contains(size) else {
    throw Refusal("its size is no constant")
  }
  let isPeriodic = node.int("periodic") ?? 1 != 0
  let period = Double(isPeriodic ? size : size - 1)
  let values = (0..<size).map { index in
    coefficients.enumerated().reduce(0.0) { sum, term in
      sum + (term.offset % 2 == 0 ? 1 : -1) * term.element * cos(2 * .pi * Double(term.offset * index) / period)
    }
  }
  switch bench.elementType(node.output(0)) {
  case .float32?: return [constant(try Tensor(values.map { Float($0) }, shape: [size]), of: node)]
  case .float64?: return [constant(try Tensor(values, shape: [size]), of: node)]
  default: throw Refusal("windows of that element type can't be made")
  }
}
