import CStandardKernels
import PluginSupport
import ZooPlugin

/// ONNX Resize and Upsample. Blocked tensors of which only positions are resized stay blocked.
struct ResizeOperator: Operator {
  let signature: Signature
  /// What the scales and sizes of a node make of its axes; `nil` while they are unknown.
  let axes: @Sendable (Node) throws -> (ResizeSettings, @Sendable (Inputs) throws -> [AxisResizing]?)

  func layouts(for node: Node) throws -> LayoutChoice? {
    let x = try node.input(0)
    let (settings, axes) = try axes(node)
    guard x.layout == .nchw16c, x.type == .float32, settings.coordinates != .cropAndResize,
      let resized = try axes(Inputs(node)), resized.prefix(2).allSatisfy({ $0.length == $0.resized && $0.scale == 1 })
    else { return nil }
    return LayoutChoice(inputs: [.nchw16c], outputs: [.nchw16c])
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let (settings, axes) = try axes(node)
    let x = try node.input(0)
    let isBlocked = x.layout == .nchw16c
    // Tables are made once where the sizes are known.
    let known = try axes(Inputs(node)).map { try Resampling($0, settings, isBlocked: isBlocked, host: node.host) }
    return ClosureKernel(layout: x.layout) { call in
      let inputs = Inputs(call)
      var resampling = known
      if resampling == nil {
        guard let resized = try axes(inputs) else { throw OperatorError("the sizes are unknown") }
        resampling = try Resampling(resized, settings, isBlocked: isBlocked, host: call.host)
        if call.output(0).data == nil {
          let memory = try call.allocateOutput(0, shape: resized.map(\.resized))
          try resampling?.run(inputs[0], to: memory, executor: call.executor)
          return
        }
      }
      guard let target = call.output(0).data else { return }
      try resampling?.run(inputs[0], to: target, executor: call.executor)
    }
  }
}

/// The tables of all axes.
private struct Resampling: Sendable {
  private let settings: ResizeSettings
  /// In memory, blocks of channels being an axis of their own.
  private let tables: [ResizeTable]
  private let shape: [Int]
  private let result: [Int]

  init(_ axes: [AxisResizing], _ settings: ResizeSettings, isBlocked: Bool, host: ZooHost) throws {
    self.settings = settings
    var stored = axes
    if isBlocked {
      let blocks = (axes[1].length + 15) / 16
      stored[1] = AxisResizing(length: blocks, resized: blocks, scale: 1)
      stored.append(AxisResizing(length: 16, resized: 16, scale: 1))
    }
    shape = stored.map(\.length)
    result = stored.map(\.resized)
    let isEmpty = shape.contains(0) || result.contains(0)
    tables = isEmpty ? [] : try stored.map { try ResizeTable($0, settings, host: host) }
  }

  func run(_ x: TensorView, to target: UnsafeMutableRawPointer, executor: Executor) throws {
    guard let source = x.data, !tables.isEmpty else { return }
    if settings.mode == .nearest {
      try pick(source, to: target, elementByteCount: try x.elementByteCount, executor, host: x.host)
    } else {
      try sum(source, to: target, type: x.type, executor, host: x.host)
    }
    try extrapolate(target, type: x.type)
  }

  /// Nearest: rows of the innermost axis, or stretches of axes that stay as they are.
  private func pick(
    _ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, elementByteCount: Int, _ executor: Executor,
    host: ZooHost
  ) throws {
    let changed = tables.lastIndex { !$0.isIdentity } ?? -1
    let run = shape[(changed + 1)...].reduce(elementByteCount, *)
    guard changed >= 0 else { return target.copyMemory(from: source, byteCount: run) }
    let strides = rowMajorStrides(Array(shape[...changed])).map { $0 * run }
    let width = result[changed]
    let rows = result[..<changed].reduce(1, *)
    let offsets = try tables[...changed].enumerated().map { axis, table in
      let offsets = try host.scratch(table.places.count, of: Int.self)
      for index in offsets.indices { offsets[index] = Int(table.places[index]) * strides[axis] }
      return offsets
    }
    executor.parallelRanges(rows, grain: max(1, 65536 / max(width * run, 1))) { range in
      for row in range {
        var (rest, from) = (row, source)
        for axis in (0..<changed).reversed() {
          from += offsets[axis][rest % result[axis]]
          rest /= result[axis]
        }
        let to = target + row * width * run
        offsets[changed].withPointer { last in
          switch run {
          case 1:
            for j in 0..<width {
              to.storeBytes(of: (from + last[j]).load(as: UInt8.self), toByteOffset: j, as: UInt8.self)
            }
          case 4:
            for j in 0..<width {
              to.storeBytes(of: (from + last[j]).load(as: UInt32.self), toByteOffset: 4 * j, as: UInt32.self)
            }
          default: for j in 0..<width { (to + j * run).copyMemory(from: from + last[j], byteCount: run) }
          }
        }
      }
    }
  }

  /// Weighted sums, axis by axis: those first that leave least, and of equals the inner ones, whose neighbours lie apart.
  private func sum(
    _ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, type: ElementType, _ executor: Executor,
    host: ZooHost
  ) throws {
    // Integers are summed as float64 and cut off.
    let work: ElementType = type == .float32 || type == .float64 ? type : .float64
    let size = try work.elementByteCount
    var extents = shape
    var buffer: HostMemory?
    func room(_ count: Int) throws -> HostMemory { try host.allocate(count.times(size)) }
    if work != type {
      let count = shape.reduce(1, *)
      let values = try room(count)
      buffer = values
      guard zs_cast(type.rawValue, work.rawValue, source, values.address, count, 1) == 1 else {
        throw unsupported(type)
      }
    }
    let order = tables.indices.filter { !tables[$0].isIdentity }.sorted {
      (tables[$0].resizing.scale, -$0) < (tables[$1].resizing.scale, -$1)
    }
    for (number, axis) in order.enumerated() {
      let view = AxisView(extents, axis: axis)
      let table = tables[axis]
      let isLast = number + 1 == order.count && work == type
      extents[axis] = result[axis]
      let next = isLast ? nil : try room(extents.reduce(1, *))
      let (from, to) = (buffer.map { UnsafeRawPointer($0.address) } ?? source, next?.address ?? target)
      withExtendedLifetime((buffer, next)) {
        executor.parallelRanges(view.outer * result[axis], grain: max(1, 8192 / view.inner)) { range in
          table.withPointers { starts, places, weights in
            _ = zs_resample(
              work.rawValue, from, to, view.length, view.inner, result[axis], starts, places, weights,
              range.lowerBound, range.upperBound)
          }
        }
      }
      buffer = next
    }
    if work != type {
      withExtendedLifetime(buffer) {
        _ = zs_cast(work.rawValue, type.rawValue, buffer?.address, target, result.reduce(1, *), 1)
      }
    } else if order.isEmpty {
      target.copyMemory(from: source, byteCount: result.reduce(size, *))
    }
  }

  /// tf_crop_and_resize shows a value of its own for what lies outside.
  private func extrapolate(_ target: UnsafeMutableRawPointer, type: ElementType) throws {
    let size = try type.elementByteCount
    var value = settings.extrapolation
    for (axis, table) in tables.enumerated() where table.outside.count > 0 {
      var element: (UInt64, UInt64) = (0, 0)
      guard zs_cast(ElementType.float32.rawValue, type.rawValue, &value, &element, 1, 1) == 1 else {
        throw unsupported(type)
      }
      let view = AxisView(result, axis: axis)
      for outer in 0..<view.outer {
        for number in 0..<table.outside.count {
          let place = table.outside[number]
          let row = target + (outer * view.length + place) * view.inner * size
          for index in 0..<view.inner { (row + index * size).copyMemory(from: &element, byteCount: size) }
        }
      }
    }
  }
}
