import CZooPlugin
import ZooPlugin

extension ElementType {
  /// Bytes of one element in memory.
  ///
  /// - Throws: `OperatorError` for types of less than a byte.
  package var elementByteCount: Int {
    get throws {
      if self == .string { return MemoryLayout<zoo_string>.stride }
      guard bitWidth >= 8 else {
        throw OperatorError("elements of type \(name) are not supported here", kind: .unsupported)
      }
      return bitWidth / 8
    }
  }

  package var isFloat: Bool { [.float32, .float64, .float16, .bfloat16].contains(self) }

  /// The name people know the type by.
  package var name: String {
    let names = [
      "undefined", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16",
      "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16", "float8e4m3fn", "float8e4m3fnuz",
      "float8e5m2", "float8e5m2fnuz", "uint4", "int4", "float4e2m1", "float8e8m0", "uint2", "int2", "float6e2m3",
      "float6e3m2",
    ]
    return names.indices.contains(Int(rawValue)) ? names[Int(rawValue)] : "number \(rawValue)"
  }
}

/// The error for an element type that an operator does not serve.
package func unsupported(_ type: ElementType) -> OperatorError {
  OperatorError("elements of type \(type.name) are not supported", kind: .unsupported)
}
