import CZooPlugin
import PluginSupport
import ZooPlugin

/// ai.onnx.ml CastMap: the values of a map by their keys, as a matrix of one row; nothing and 0 for keys that are not there.
struct CastMap: Operator {
  let signature = Signature("CastMap", domain: machineLearningDomain, since: 1)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let type = try node.attributes.string("cast_to") ?? "TO_FLOAT"
    let isSparse = try node.attributes.string("map_form") == "SPARSE"
    let width = isSparse ? try node.attributes.int("max_map") ?? 1 : nil
    return ClosureKernel { call in
      try call.withMap { keys, values in
        guard keys.type == .int64 else { throw OperatorError("the keys of the map are \(keys.type.name), not int64") }
        let row = try Self.row(of: keys.elements(as: Int64.self), width: width)
        let output = try call.allocateOutput(0, shape: [1, row.count])
        switch type {
        case "TO_STRING": try Self.write(row, of: values, to: output) { try $0.text(call) }
        case "TO_FLOAT": try Self.write(row, of: values, to: output) { try $0.float() }
        default: try Self.write(row, of: values, to: output) { try $0.integer() }
        }
      }
    }
  }

  /// Where among the values each element of the row is: in the keys' order, or where their keys say.
  private static func row(of keys: UnsafeBufferPointer<Int64>, width: Int?) throws -> [Int?] {
    guard let width else { return keys.indices.sorted { keys[$0] < keys[$1] } }
    var row = [Int?](repeating: nil, count: width)
    for (index, key) in keys.enumerated() {
      guard key >= 0, key < width else { throw OperatorError("the map has the key \(key), but max_map is \(width)") }
      row[Int(key)] = index
    }
    return row
  }

  private static func write<Element>(
    _ row: [Int?], of values: TensorView, to output: UnsafeMutableRawPointer, _ cast: (MapValue) throws -> Element
  ) throws {
    let elements = output.assumingMemoryBound(to: Element.self)
    for (index, place) in row.enumerated() {
      let value: MapValue =
        switch (values.type, place) {
        case (_, nil): .nothing
        case (.string, let place?): .text(values.elements(as: zoo_string.self)[place])
        case (.float32, let place?): .number(values.elements(as: Float.self)[place])
        default: throw OperatorError("the values of the map are \(values.type.name)")
        }
      elements[index] = try cast(value)
    }
  }
}

/// A value of a map.
private enum MapValue {
  case nothing
  case number(Float)
  case text(zoo_string)

  func text(_ call: Call) throws -> zoo_string {
    switch self {
    case .nothing: zoo_string()
    case .number(let number): try call.string(Array("\(number)".utf8))
    case .text(let text): try call.string(text)
    }
  }

  func float() throws -> Float {
    switch self {
    case .nothing: 0
    case .number(let number): number
    case .text(let text): try Self.read(text, Float.init)
    }
  }

  func integer() throws -> Int64 {
    switch self {
    case .nothing: 0
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
