import CStandardKernels
import CZooPlugin
import PluginSupport
import ZooPlugin

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Converts texts to `type`, or numbers to texts.
func textCastForm(to type: ElementType) -> ShapedOperator.Form {
  ShapedOperator.Form(
    compute: { inputs, outputs in
      let x = try inputs[0]
      guard outputs.isWritable(0), let target = outputs.data(0) else { return }
      if type == .string { return try write(x, to: outputs.pointer(0), outputs.call) }
      let texts = x.pointer(as: zoo_string.self)
      switch type {
      case .float32:
        let values = outputs.pointer(0, as: Float.self)
        for index in 0..<x.count { values[index] = try number(texts[index]) { Float($0) } }
      case .float64, .float16, .bfloat16:
        let values = try x.host.scratch(x.count, of: Double.self)
        for index in values.indices { values[index] = try number(texts[index]) { Double($0) } }
        try store(values, to: target, as: type)
      default:
        // Negative numbers wrap around, as they do between integers.
        let values = try x.host.scratch(x.count, of: Int64.self)
        for index in values.indices {
          values[index] = try number(texts[index]) { Int64($0) ?? UInt64($0).map { Int64(bitPattern: $0) } }
        }
        let isDone = values.withPointer {
          zs_cast(ElementType.int64.rawValue, type.rawValue, $0, target, values.count, 1)
        }
        guard isDone == 1 else { throw unsupported(type) }
      }
    })
}

private func number<Number>(_ text: zoo_string, _ read: (Substring) -> Number?) throws -> Number {
  let string = String(decoding: UnsafeRawBufferPointer(start: text.bytes, count: text.count), as: UTF8.self)
  let start = string.firstIndex { !$0.isWhitespace } ?? string.endIndex
  let end = string.lastIndex { !$0.isWhitespace }.map { string.index(after: $0) } ?? start
  guard let number = read(string[start..<end]) else {
    throw OperatorError("the text \(string.prefix(40)) is not a number of the type that is asked for")
  }
  return number
}

private func write(_ x: TensorView, to texts: UnsafeMutablePointer<zoo_string>, _ call: Call) throws {
  switch x.type {
  case .string: texts.update(from: x.pointer(as: zoo_string.self), count: x.count)
  case .uint64:
    let values = x.pointer(as: UInt64.self)
    for index in 0..<x.count { texts[index] = try call.string(Array("\(values[index])".utf8)) }
  case .bool, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .int4, .uint4:
    let values = try x.host.scratch(x.count, of: Int64.self)
    let isDone = values.withPointer { zs_cast(x.type.rawValue, ElementType.int64.rawValue, x.data, $0, x.count, 1) }
    guard x.count == 0 || isDone == 1 else { throw unsupported(x.type) }
    for index in values.indices { texts[index] = try call.string(Array("\(values[index])".utf8)) }
  default:
    let values = try x.doubles()
    for index in values.indices { texts[index] = try call.string(text(values[index])) }
  }
}

/// Eight digits, as ONNX Runtime has it.
private func text(_ number: Double) -> [UInt8] {
  if number.isNaN { return Array("NaN".utf8) }
  if number.isInfinite { return Array((number < 0 ? "-INF" : "INF").utf8) }
  var buffer = [CChar](repeating: 0, count: 32)
  let count = withVaList([number]) { vsnprintf(&buffer, buffer.count, "%.8g", $0) }
  // Whatever the process's locale has for a point.
  return buffer.prefix(Int(count)).map { $0 == CChar(44) ? 46 : UInt8(bitPattern: $0) }
}
