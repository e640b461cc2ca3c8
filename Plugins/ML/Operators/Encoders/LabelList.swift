import CZooPlugin
import PluginSupport
import ZooPlugin

/// A list among a node's attributes: keys or values of a mapping.
enum LabelList: Sendable {
  case texts([[UInt8]])
  case ints([Int], ElementType)
  case floats([Double], ElementType)

  /// The one list among the attributes `name`_floats, `name`_int64s, `name`_strings and `name`_tensor.
  init(_ attributes: Attributes, _ name: String) throws {
    var lists: [LabelList] = []
    if let list = try attributes.floats("\(name)_floats"), !list.isEmpty {
      lists.append(.floats(list.map(Double.init), .float32))
    }
    if let list = try attributes.ints("\(name)_int64s"), !list.isEmpty { lists.append(.ints(list, .int64)) }
    if let list = try attributes.strings("\(name)_strings"), !list.isEmpty {
      lists.append(.texts(list.map { Array($0.utf8) }))
    }
    if let tensor = try attributes.tensor("\(name)_tensor") { lists.append(try LabelList(tensor)) }
    guard lists.count == 1 else {
      throw OperatorError("there are \(lists.count) lists of \(name) in place of one")
    }
    self = lists[0]
  }

  init(_ tensor: TensorView) throws {
    func ints<Element: FixedWidthInteger>(_: Element.Type) -> LabelList {
      .ints(
        UnsafeBufferPointer(start: tensor.pointer(as: Element.self), count: tensor.count).map { Int($0) }, tensor.type)
    }
    func floats<Element: BinaryFloatingPoint>(_: Element.Type) -> LabelList {
      .floats(
        UnsafeBufferPointer(start: tensor.pointer(as: Element.self), count: tensor.count).map { Double($0) },
        tensor.type)
    }
    switch tensor.type {
    case .string:
      self = .texts(
        UnsafeBufferPointer(start: tensor.pointer(as: zoo_string.self), count: tensor.count).map {
          Array(UnsafeRawBufferPointer(start: $0.bytes, count: $0.count))
        })
    case .int64: self = ints(Int64.self)
    case .int32: self = ints(Int32.self)
    case .int16: self = ints(Int16.self)
    case .float32: self = floats(Float.self)
    case .float64: self = floats(Double.self)
    default: throw unsupported(tensor.type)
    }
  }

  var count: Int {
    switch self {
    case .texts(let list): list.count
    case .ints(let list, _): list.count
    case .floats(let list, _): list.count
    }
  }

  var type: ElementType {
    switch self {
    case .texts: .string
    case .ints(_, let type): type
    case .floats(_, let type): type
    }
  }

  /// One of type `type` that stands for what is not found: the attribute for it, or what the specification names.
  init(standard attributes: Attributes, _ type: ElementType) throws {
    if let tensor = try attributes.tensor("default_tensor") {
      self = try LabelList(tensor)
      guard count == 1, self.type == type else {
        throw OperatorError("default_tensor holds \(count) values of \(self.type.name), not one of \(type.name)")
      }
      return
    }
    switch type {
    case .string: self = .texts([Array((try attributes.string("default_string") ?? "_Unused").utf8)])
    case .float32, .float64: self = .floats([Double(try attributes.float("default_float") ?? -0.0)], type)
    default: self = .ints([try attributes.int("default_int64") ?? -1], type)
    }
  }

  /// Writes one element of the list to place `index` of an output of the list's type.
  func write(_ number: Int, to output: TensorView, _ index: Int, _ call: Call) throws {
    switch self {
    case .texts(let list): output.pointer(as: zoo_string.self)[index] = try call.string(list[number])
    case .ints(let list, let type):
      switch type {
      case .int64: output.pointer(as: Int64.self)[index] = Int64(list[number])
      case .int32: output.pointer(as: Int32.self)[index] = Int32(truncatingIfNeeded: list[number])
      default: output.pointer(as: Int16.self)[index] = Int16(truncatingIfNeeded: list[number])
      }
    case .floats(let list, let type):
      if type == .float64 {
        output.pointer(as: Double.self)[index] = list[number]
      } else {
        output.pointer(as: Float.self)[index] = Float(list[number])
      }
    }
  }
}

/// Each element of an input replaced by the value that goes with it.
struct Mapping: Sendable {
  let keys: KeyTable
  let values: LabelList
  let standard: LabelList

  func kernel() -> any Kernel {
    ClosureKernel { call in
      let output = call.output(0)
      guard output.data != nil else { return }
      try keys.forEach(call.input(0)) { index, number in
        if let number {
          try values.write(number, to: output, index, call)
        } else {
          try standard.write(0, to: output, index, call)
        }
      }
    }
  }
}
