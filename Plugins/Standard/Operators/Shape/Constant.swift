import CZooPlugin
import ZooPlugin

extension Catalogue {
  /// ONNX Constant, in all forms but sparse ones.
  static func constant(_ host: ZooHost) -> any Operator {
    ShapedOperator("Constant") { node in
      let attributes = node.attributes
      if let tensor = try attributes.tensor("value") {
        if tensor.type == .string {
          let strings = (0..<tensor.count).map { index in
            let string = tensor.pointer(as: zoo_string.self)[index]
            return [UInt8](UnsafeRawBufferPointer(start: string.bytes, count: string.count))
          }
          return stringForm(strings)
        }
        return try form(
          UnsafeRawBufferPointer(start: tensor.data, count: tensor.data == nil ? 0 : tensor.byteCount), node.host)
      }
      if let value = try attributes.float("value_float") {
        return try [value].withUnsafeBytes { try form($0, node.host) }
      }
      if let value = try attributes.int("value_int") {
        return try [value].withUnsafeBytes { try form($0, node.host) }
      }
      if let values = try attributes.floats("value_floats") {
        return try values.withUnsafeBytes { try form($0, node.host) }
      }
      if let values = try attributes.ints("value_ints") {
        return try values.withUnsafeBytes { try form($0, node.host) }
      }
      if let value = try attributes.string("value_string") { return stringForm([Array(value.utf8)]) }
      if let values = try attributes.strings("value_strings") {
        return stringForm(values.map { Array($0.utf8) })
      }
      throw OperatorError("the constant has no value that is supported", kind: .unsupported)
    }
  }
}

private func form(
  _ bytes: UnsafeRawBufferPointer, _ host: ZooHost
) throws -> ShapedOperator.Form {
  let copy = try host.scratch(bytes.count, of: UInt8.self)
  copy.withPointer { UnsafeMutableRawBufferPointer(start: $0, count: bytes.count).copyMemory(from: bytes) }
  return ShapedOperator.Form(
    compute: { _, outputs in
      guard let target = outputs.data(0) else { return }
      copy.withPointer { target.copyMemory(from: $0, byteCount: copy.count) }
    })
}

private func stringForm(_ strings: [[UInt8]]) -> ShapedOperator.Form {
  ShapedOperator.Form(
    compute: { _, outputs in
      guard outputs.isWritable(0) else { return }
      for (index, string) in strings.enumerated() {
        outputs.pointer(0, as: zoo_string.self)[index] = try outputs.call.string(string)
      }
    })
}
