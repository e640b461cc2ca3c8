import ModelZoo

/// What `pack` and `convert` say at their end.
struct WrittenFile: Encodable {
  var model: String
  var path: String
  var bytes: Int
  var tensorBytes: Int
  var ratio: Double?

  enum CodingKeys: String, CodingKey {
    case model, path, bytes, ratio
    case tensorBytes = "tensor_bytes"
  }

  init(_ definition: ModelDefinition, _ path: String) throws {
    model = definition.metadata.name
    self.path = path
    bytes = try fileSize(path)
    tensorBytes = definition.graph.initializers.reduce(0) { $0 + $1.tensor.byteCount }
    ratio = tensorBytes > 0 ? Double(bytes) / Double(tensorBytes) : nil
  }

  func show(json: Bool) throws {
    if json { return try Console.printJSON(self) }
    let share = ratio.map { ", \(fixed($0 * 100, 1)) % of its weights" } ?? ""
    Console.print("\(path): \(byteText(bytes))\(share)")
  }
}
