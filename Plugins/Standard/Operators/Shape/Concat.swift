import CZooPlugin
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Concat.
  static func concat(_ host: ZooHost) -> any Operator { Concat() }
}

private struct Concat: Operator {
  let signature = Signature("Concat", since: 1)

  /// Bytes of the output that one worker writes.
  private static let unit = 64

  private func axis(_ node: Node) throws -> Int {
    let rank = try node.input(0).rank
    guard let axis = try node.attributes.int("axis") ?? (node.opset < 4 ? 1 : nil) else {
      throw OperatorError("attribute axis is missing")
    }
    return try normalized(axis: axis, rank: rank)
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    let inputs = try (0..<node.ownInputCount).map { try node.input($0) }
    guard try axis(node) == 1, inputs.contains(where: { $0.layout == .nchw16c }),
      !inputs.contains(where: { $0.type == .string })
    else { return nil }
    // Whole blocks follow each other as whole channels do. Others are picked, if plain ones don't have to be reordered for it.
    let blocked = inputs.filter { $0.layout == .nchw16c }.reduce(0) { $0 + $1[dimension: 1] }
    guard
      Self.isWhole(inputs)
        || inputs.contains(where: \.hasChannelsToPick)
          && 2 * blocked >= inputs.reduce(0, { $0 + $1[dimension: 1] })
    else { return nil }
    return LayoutChoice(inputs: inputs.map { _ in .nchw16c }, outputs: [.nchw16c])
  }

  private static func isWhole(_ inputs: [TensorView]) -> Bool { inputs.allSatisfy { $0[dimension: 1] % 16 == 0 } }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let inputs = try (0..<node.ownInputCount).map { try node.input($0) }
    if let first = inputs.first, first.layout == .nchw16c, !Self.isWhole(inputs) {
      let channels = inputs.indices.flatMap { input in
        (0..<inputs[input][dimension: 1]).map { (input: input, number: $0) }
      }
      let picks = ChannelPicks(channels, of: inputs)
      let isBytes = try first.type.elementByteCount == 1
      return ClosureKernel(layout: .nchw16c) { call in picks.run(call, isBytes: isBytes) }
    }
    return try plainKernel(node)
  }

  private func plainKernel(_ node: Node) throws -> any Kernel {
    let (axis, type) = (try axis(node), try node.input(0).type)
    let size = try type.elementByteCount
    let views = try (0..<node.ownInputCount).map { AxisView(try node.input($0).shape, axis: axis) }
    // Where each input's part of a row ends.
    var ends: [Int] = []
    for view in views { ends.append((ends.last ?? 0) + view.length * view.inner * size) }
    let (whole, rows) = (ends.last ?? 0, views.first?.outer ?? 0)
    let starts = [0] + ends.dropLast()
    let places: [Int?] = rows == 1 && type != .string ? starts : []
    return ClosureKernel(places: places, layout: try node.input(0).layout) { [ends] call in
      guard whole > 0, rows > 0, let y = call.output(0).data else { return }
      let parts = ends.indices.filter { starts[$0] < ends[$0] }.map { index in
        let x = call.input(index).data
        return (start: starts[index], end: ends[index], x: rows == 1 && x == y + starts[index] ? nil : x)
      }
      guard parts.contains(where: { $0.x != nil }) else { return }
      call.executor.parallelRanges((rows * whole + Self.unit - 1) / Self.unit, grain: 1024) { range in
        let end = min(range.upperBound * Self.unit, rows * whole)
        var place = range.lowerBound * Self.unit
        var index = parts.firstIndex { $0.end > place % whole } ?? 0
        while place < end {
          let (row, offset) = (place / whole, place % whole)
          let part = parts[index]
          let count = min(part.end - offset, end - place)
          if let x = part.x {
            (y + place).copyMemory(from: x + row * (part.end - part.start) + offset - part.start, byteCount: count)
          }
          place += count
          index = index + 1 == parts.count ? 0 : index + 1
        }
      }
      guard type == .string else { return }
      let strings = y.assumingMemoryBound(to: zoo_string.self)
      for index in 0..<call.output(0).count {
        strings[index] = try call.string(strings[index])
      }
    }
  }
}
