import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// Computes an Einsum whose dimensions are named.
struct EinsumEngine {
  typealias Label = EinsumEquation.Label

  let type: ElementType
  let size: Int
  let extents: [Label: Int]
  let kernels: VectorKernels
  let executor: Executor
  let host: ZooHost

  /// Elements with a stride for each name; 0 where an operand of length 1 repeats.
  struct Operand {
    var labels: [Label]
    var strides: [Int]
    var data: UnsafeRawPointer?
    /// What keeps the data.
    var owner: HostMemory?
  }

  private func extent(_ label: Label) -> Int { extents[label] ?? 1 }
  /// Sums in between may have more elements than any tensor.
  private func count(_ labels: [Label]) throws -> Int { try elementCount(labels.map(extent)) }
  private func buffer(_ labels: [Label]) throws -> HostMemory { try host.allocate(count(labels).times(size)) }

  /// A tensor's dimensions by name; one that occurs twice becomes a diagonal.
  func operand(_ tensor: TensorView, _ labels: [Label]) throws -> Operand {
    var result = Operand(labels: [], strides: [], data: tensor.data.map { UnsafeRawPointer($0) })
    for (axis, stride) in rowMajorStrides(tensor.shape).enumerated() {
      let repeats = tensor.shape[axis] == 1 && extent(labels[axis]) != 1
      let step = repeats ? 0 : stride
      if let known = result.labels.firstIndex(of: labels[axis]) {
        result.strides[known] += step
      } else {
        result.labels.append(labels[axis])
        result.strides.append(step)
      }
    }
    return result
  }

  /// The elements in order of `labels`, dense.
  private func dense(_ operand: Operand, _ labels: [Label]) throws -> Operand {
    let wanted = rowMajorStrides(labels.map(extent))
    let strides = labels.map { label in
      operand.labels.firstIndex(of: label).map { operand.strides[$0] } ?? 0
    }
    if strides == wanted, operand.data != nil {
      return Operand(labels: labels, strides: strides, data: operand.data, owner: operand.owner)
    }
    let buffer = try buffer(labels)
    if let data = operand.data {
      copyStrided(
        data, to: buffer.address, shape: labels.map(extent),
        strides: zip(labels, strides).map { extent($0) == 1 ? 0 : $1 },
        elementByteCount: size, executor: executor)
    }
    withExtendedLifetime(operand.owner) {}
    return Operand(labels: labels, strides: wanted, data: UnsafeRawPointer(buffer.address), owner: buffer)
  }

  /// Sums over the names that nobody needs any more.
  func summed(_ operand: Operand, keeping kept: Set<Label>) throws -> Operand {
    let gone = operand.labels.filter { !kept.contains($0) }
    guard !gone.isEmpty else { return operand }
    let left = operand.labels.filter { kept.contains($0) }
    let ordered = try dense(operand, left + gone)
    let buffer = try buffer(left)
    _ = zs_typed_reduce(
      type.rawValue, ZS_SUM.code, ordered.data, try count(left), try count(gone), 1, buffer.address)
    withExtendedLifetime(ordered.owner) {}
    return Operand(
      labels: left, strides: rowMajorStrides(left.map(extent)), data: UnsafeRawPointer(buffer.address), owner: buffer)
  }

  /// The products of two operands as stacks of matrices: names of both that stay, of the first, of the second, and those
  /// summed over.
  func product(_ first: Operand, _ second: Operand, keeping kept: Set<Label>) throws -> Operand {
    let a = try summed(first, keeping: kept.union(second.labels))
    let b = try summed(second, keeping: kept.union(first.labels))
    let shared = a.labels.filter { b.labels.contains($0) }
    let stack = shared.filter { kept.contains($0) }
    let inner = shared.filter { !kept.contains($0) }
    let rows = a.labels.filter { !shared.contains($0) }
    let columns = b.labels.filter { !shared.contains($0) }
    let (left, right) = (try dense(a, stack + rows + inner), try dense(b, stack + inner + columns))
    let (m, n, k) = (try count(rows), try count(columns), try count(inner))
    let labels = stack + rows + columns
    let buffer = try buffer(labels)
    if try count(labels) > 0, let x = left.data, let y = right.data {
      for index in 0..<(try count(stack)) {
        try multiply(
          x + index * m * k * size, y + index * k * n * size, to: buffer.address + index * m * n * size, m, n, k)
      }
    }
    withExtendedLifetime((left.owner, right.owner)) {}
    return Operand(
      labels: labels, strides: rowMajorStrides(labels.map(extent)), data: UnsafeRawPointer(buffer.address),
      owner: buffer)
  }

  private func multiply(
    _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, to c: UnsafeMutableRawPointer, _ m: Int, _ n: Int, _ k: Int
  ) throws {
    guard type == .float32 else {
      _ = zs_typed_matmul(type.rawValue, a, k, 1, b, n, 1, c, m, n, k)
      return
    }
    let panels = (n + kernels.raw.panel_columns - 1) / kernels.raw.panel_columns
    let packed = try host.allocate(panels * kernels.raw.panel_columns * k * 4)
    let target = packed.address.assumingMemoryBound(to: Float.self)
    kernels.raw.pack(b.assumingMemoryBound(to: Float.self), n, 1, k, n, 1, 0, panels, target)
    var g = zs_gemm()
    g.a = a.assumingMemoryBound(to: Float.self)
    g.a_stride = k
    g.b = UnsafePointer(target)
    g.c = c.assumingMemoryBound(to: Float.self)
    g.c_stride = n
    (g.rows, g.columns, g.depth) = (m, n, k)
    g.form = ZS_NUMBERS.code
    g.activation = ZS_IDENTITY.code
    StandardPlugin.multiply(g, kernels: kernels, executor: executor)
    withExtendedLifetime(packed) {}
  }

  /// Writes an operand in the result's order.
  func write(_ operand: Operand, as labels: [Label], to target: UnsafeMutableRawPointer) throws {
    let result = try dense(operand, labels)
    if let data = result.data { target.copyMemory(from: data, byteCount: try count(labels) * size) }
    withExtendedLifetime(result.owner) {}
  }
}
