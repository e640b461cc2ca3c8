import CZooPlugin
import Synchronization
import ZooCompiler
import ZooCore
import ZooOperators

/// What runs a graph of a node, whoever that is.
package protocol NodeBody: Sendable {}

/// A graph of a node, as kernels know it.
package final class BodyHandle: Sendable {
  package let body: any NodeBody

  package init(_ body: any NodeBody) { self.body = body }

  /// Valid as long as this object is.
  var pointer: OpaquePointer { OpaquePointer(Unmanaged.passUnretained(self).toOpaque()) }

  package static func at(_ pointer: OpaquePointer) -> BodyHandle {
    Unmanaged.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
  }
}

/// Values as plugins look at them: a sequence, an optional value, a map's keys and values, what a body has given, or a value
/// that a kernel has made.
package final class ValueHandle {
  package let elements: [Value]
  /// Made for whoever looks; many values are only handed on.
  private let table = Mutex<Table?>(nil)

  private final class Table: @unchecked Sendable {
    private let memory = ScratchMemory()
    private let inner: [ValueHandle?]
    let tensors: UnsafeMutablePointer<zoo_tensor>

    init(_ elements: [Value]) {
      inner = elements.map { $0.tensor == nil ? ValueHandle(of: $0) : nil }
      tensors = memory.allocate(zoo_tensor.self, count: elements.count)
      for (index, element) in elements.enumerated() {
        tensors[index] = memory.tensor(element.kind, element.tensor?.shape)
        if let tensor = element.tensor {
          tensors[index].data = memory.data(of: tensor)
          tensors[index].byte_count =
            tensor.type == .string ? tensor.count * MemoryLayout<zoo_string>.stride : tensor.byteCount
        }
        tensors[index].value = inner[index]?.pointer
      }
    }
  }

  package init(_ elements: [Value]) { self.elements = elements }

  /// The values in `value`, or itself where it is a tensor.
  package convenience init(of value: Value) {
    switch value {
    case .tensor: self.init([value])
    case .sequence(let elements): self.init(elements)
    case .optional(let element): self.init(element.map { [$0] } ?? [])
    case .map(let keys, let values): self.init([.tensor(keys), .tensor(values)])
    }
  }

  /// Valid as long as this object is.
  package var pointer: OpaquePointer { OpaquePointer(Unmanaged.passUnretained(self).toOpaque()) }

  /// As `pointer`, until it is released.
  package var retained: OpaquePointer { OpaquePointer(Unmanaged.passRetained(self).toOpaque()) }

  package static func at(_ pointer: OpaquePointer?) -> ValueHandle? {
    pointer.map { Unmanaged.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue() }
  }

  static func release(_ pointer: OpaquePointer?) {
    pointer.map { Unmanaged<ValueHandle>.fromOpaque(UnsafeRawPointer($0)).release() }
  }

  var count: Int { elements.count }

  func describe(_ index: Int, in element: UnsafeMutablePointer<zoo_tensor>?) -> zoo_status {
    guard elements.indices.contains(index), let element else { return zoo_status(ZOO_INVALID) }
    let table = table.withLock { table in
      let made = table ?? Table(elements)
      table = made
      return made
    }
    element.fill(with: table.tensors[index])
    return zoo_status(ZOO_OK)
  }
}

extension Value {
  /// A sequence, an optional value or a map of other values.
  ///
  /// - Throws: `ZooError` (`defect`) for a kind that can't be made of them.
  package init(of elements: [Value], kind: Int32) throws {
    switch Int(kind) {
    case ZOO_VALUE_SEQUENCE: self = .sequence(elements)
    case ZOO_VALUE_OPTIONAL where elements.count <= 1: self = .optional(elements.first)
    case ZOO_VALUE_MAP:
      guard elements.count == 2, let keys = elements[0].tensor, let values = elements[1].tensor,
        keys.shape.count == 1, keys.shape == values.shape
      else { throw ZooError(.defect, "a plugin makes a map of what are not its keys and values") }
      self = .map(keys: keys, values: values)
    default: throw ZooError(.defect, "a plugin makes a value of kind \(kind) of \(elements.count)")
    }
  }

  /// What a plugin hands on, whose memory is its own.
  package init(borrowing pointer: UnsafePointer<zoo_tensor>, owner: TensorMemory) throws {
    guard let tensor = pointer.copy(into: zoo_tensor(), through: \.kind) else {
      throw ZooError(.defect, "a plugin hands on a value that is malformed")
    }
    if tensor.kind != ZOO_VALUE_TENSOR {
      guard let elements = ValueHandle.at(tensor.value)?.elements else {
        throw ZooError(.defect, "a plugin hands on a value that is not there")
      }
      try self.init(of: elements, kind: tensor.kind)
      return
    }
    guard let type = ElementType(rawValue: tensor.type), 0...ZOO_MAX_RANK ~= tensor.rank,
      tensor.layout == ZOO_LAYOUT_PLAIN
    else { throw ZooError(.defect, "a plugin hands on a tensor of no type or shape, or one that is not plain") }
    let shape = (0..<Int(tensor.rank)).map { Int(tensor.shape[$0]) }
    let byteCount = try Tensor.byteCount(type: type, shape: shape)
    guard tensor.data != nil || byteCount == 0 else {
      throw ZooError(.defect, "a plugin hands on a tensor without elements")
    }
    let bytes = UnsafeRawBufferPointer(start: tensor.data, count: byteCount)
    if type == .string {
      let strings = bytes.bindMemory(to: zoo_string.self).map {
        Array(UnsafeRawBufferPointer(start: $0.bytes, count: $0.count))
      }
      self = .tensor(try Tensor(strings: strings, shape: shape))
    } else {
      self = .tensor(try Tensor(type: type, shape: shape, memory: TensorMemory(borrowing: bytes, owner: owner)))
    }
  }
}
