import CZooPlugin
import PluginSupport
import ZooPlugin

/// ai.onnx.ml CastMap: the values of a map by their keys, as a matrix of one row; an empty text or 0 for keys that
/// are not there.
struct CastMap: Operator {
  let signature = Signature("CastMap", domain: machineLearningDomain, since: 1)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let type = try node.attributes.string("cast_to") ?? "TO_FLOAT"
    let isSparse = try node.attributes.string("map_form") == "SPARSE"
    let width = isSparse ? try node.attributes.int("max_map") ?? 1 : nil
    return ClosureKernel { call in
      try call.withMap { keys, values in
        guard keys.type == .int64 else { throw OperatorError("the keys of the map are \(keys.type.name), not int64") }
        let places = try Self.places(of: keys.elements(as: Int64.self), width: width)
        let count = width ?? places.count
        let output = try call.allocateOutput(0, shape: [1, count])
        func write<Element>(_ nothing: Element, _ cast: (MapValue) throws -> Element) throws {
          let row = UnsafeMutableBufferPointer(start: output.assumingMemoryBound(to: Element.self), count: count)
          row.update(repeating: nothing)
          for (index, place) in places.enumerated() { row[place] = try cast(MapValue(values, index)) }
        }
        switch type {
        case "TO_STRING": try write(zoo_string()) { try $0.text(call) }
        case "TO_FLOAT": try write(Float(0)) { try $0.float() }
        default: try write(Int64(0)) { try $0.integer() }
        }
      }
    }
  }

  /// Where in the row the value of each key goes: in the keys' order, or where they say.
  private static func places(of keys: UnsafeBufferPointer<Int64>, width: Int?) throws -> [Int] {
    if let width {
      return try keys.map { key in
        guard key >= 0, key < width else { throw OperatorError("the map has the key \(key), but max_map is \(width)") }
        return Int(key)
      }
    }
    var places = [Int](repeating: 0, count: keys.count)
    for (place, index) in keys.indices.sorted(by: { keys[$0] < keys[$1] }).enumerated() { places[index] = place }
    return places
  }
}

/// A value of a map.
private enum MapValue {
  case number(Float)
  case text(zoo_string)

  init(_ values: TensorView, _ index: Int) throws {
    switch values.type {
    case .string: self = .text(values.pointer(as: zoo_string.self)[index])
    case .float32: self = .number(values.pointer(as: Float.self)[index])
    default: throw OperatorError("the values of the map are \(values.type.name)")
    }
  }

  func text(_ call: Call) throws -> zoo_string {
    switch self {
    case .number(let number): try call.string(Array("\(number)".utf8))
    case .text(let text): try call.string(text)
    }
  }

  func float() throws -> Float {
    switch self {
    case .number(let number): number
    case .text(let text): try Self.read(text, Float.init)
    }
  }

  func integer() throws -> Int64 {
    switch self {
    case .number(let number): Int64(exactly: number.rounded(.towardZero)) ?? .min
    case .text(let text): try Self.read(text) { Int64($0) }
    }
  }

  private static func read<Number>(_ text: zoo_string, _ read: (String) -> Number?) throws -> Number {
    let string = String(decoding: UnsafeRawBufferPointer(start: text.bytes, count: text.count), as: UTF8.self)
    guard let number = read(string) else { throw OperatorError("the map holds the text \(string), not a number") }
    return number
  }
}
