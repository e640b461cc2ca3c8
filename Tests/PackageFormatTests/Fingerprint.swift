import ZooCore

/// All that a model says, as text that is equal for equal models: every stored property at any depth, floats by their
/// bits, tensors by their elements.
func fingerprint(_ value: Any) throws -> String {
  switch value {
  case let tensor as StoredTensor:
    let loaded = try tensor.load()
    let elements = loaded.strings.map { "\($0)" } ?? loaded.withUnsafeBytes { "\(Array($0).hashValue)/\($0.count)" }
    return "\(tensor.type) \(tensor.shape) \(elements)"
  case let number as Float: return "f\(number.bitPattern)"
  case let number as Double: return "d\(number.bitPattern)"
  case let text as String: return text.debugDescription
  case let bytes as [UInt8]: return "b\(bytes)"
  default: break
  }
  let mirror = Mirror(reflecting: value)
  guard !mirror.children.isEmpty else { return "\(value)" }
  let parts = try mirror.children.map { "\($0.label ?? "")=\(try fingerprint($0.value))" }
  return "\(mirror.subjectType)(\(parts.joined(separator: ",")))"
}
