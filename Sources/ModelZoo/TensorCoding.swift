#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Its JSON: `{"type": "float32", "shape": [1, 10], "data": "…"}`, where `data` has the elements' bytes in memory order
/// (little-endian) in Base64; of strings `{"type": "string", "shape": [2], "strings": ["…", "…"]}`, each in Base64, too.
extension Tensor: Codable {
  private enum CodingKeys: String, CodingKey {
    case type, shape, data, strings
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(type.name, forKey: .type)
    try container.encode(shape, forKey: .shape)
    if let strings {
      try container.encode(strings.map { Data($0) }, forKey: .strings)
    } else {
      try container.encode(withUnsafeBytes { Data($0) }, forKey: .data)
    }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let name = try container.decode(String.self, forKey: .type)
    guard let type = ElementType.allCases.first(where: { $0.name == name }) else {
      throw DecodingError.dataCorruptedError(
        forKey: .type, in: container, debugDescription: "no type of elements: \(name)")
    }
    let shape = try container.decode([Int].self, forKey: .shape)
    if type == .string {
      try self.init(strings: container.decode([Data].self, forKey: .strings).map { Array($0) }, shape: shape)
      return
    }
    let data = try container.decode(Data.self, forKey: .data)
    guard try Tensor.byteCount(type: type, shape: shape) == data.count else {
      throw DecodingError.dataCorruptedError(
        forKey: .data, in: container, debugDescription: "\(data.count) bytes don't fill the shape \(shape)")
    }
    try self.init(type: type, shape: shape) { bytes in data.withUnsafeBytes { bytes.copyMemory(from: $0) } }
  }
}
