import Files
import WeightBlocks
import ZooCore
import TensorFiles

/// Writes one file.
struct GGUFWriter {
  private static let versionKey = "general.quantization_version"
  private static let fileTypeKey = "general.file_type"
  /// ggml's dimensions, and bytes of a tensor's name.
  private static let greatestRank = 4
  private static let greatestName = 64

  private let tensors: [NamedTensor]
  private let types: [GGUFType]
  private var metadata: [Property]

  init(_ file: TensorFile, storage: GGUFType?) throws {
    if let storage { try GGUFFormat.check(storage) }
    var names: Set<[UInt8]> = []
    var types: [GGUFType] = []
    tensors = try file.tensors.map { item in
      do {
        guard names.insert(Array(item.name.utf8)).inserted else {
          throw ZooError(.usage, "the name is taken", advice: "give each tensor a name of its own")
        }
        guard item.name.utf8.count <= Self.greatestName else {
          throw ZooError(
            .usage, "GGUF's names have at most \(Self.greatestName) bytes", advice: "shorten the name by --rename")
        }
        guard item.tensor.shape.count <= Self.greatestRank else {
          throw ZooError(.unsupported, "GGUF has no tensors of \(item.tensor.shape.count) dimensions")
        }
        var item = item
        if let storage, let quantized = try GGUFFormat.quantized(item.tensor, as: storage) { item.tensor = quantized }
        guard let type = GGUFFormat.type(of: item.tensor) ?? GGUFType(item.tensor.type) else {
          throw ZooError(
            .unsupported, "GGUF has no type for \(item.tensor.type.name)",
            advice: "make it float32 first (--dtype fp32), or leave the tensor out (--exclude)")
        }
        types.append(type)
        return item
      } catch let error as ZooError {
        throw error.located("tensor \"\(item.name)\"")
      }
    }
    self.types = types
    metadata = file.metadata
    if storage != nil, types.contains(where: { $0.elementType == nil }),
      !metadata.contains(where: { $0.key == Self.versionKey })
    {
      // Of the layout of ggml's blocks; readers ask for it.
      metadata.append(Property(key: Self.versionKey, value: "uint32:2"))
    }
    if let number = storage?.fileType, let index = metadata.firstIndex(where: { $0.key == Self.fileTypeKey }) {
      metadata[index].value = "uint32:\(number)"
    }
  }

  func write(to path: String) throws {
    let alignment = try alignment()
    func padded(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }
    let output = try NewFile(path)
    try output.append(header(padded))
    for item in tensors {
      do {
        try output.skip(to: padded(output.count))
        try (item.tensor.blocks?.bytes ?? item.tensor).readPieces { try output.append($0) }
      } catch let error as ZooError {
        throw error.located("tensor \"\(item.name)\"")
      }
    }
    try output.skip(to: padded(output.count))
    try output.commit()
  }

  private func alignment() throws -> Int {
    guard let property = metadata.first(where: { $0.key == GGUFFormat.alignmentKey }) else {
      return GGUFFormat.usualAlignment
    }
    guard let value = GGUFValue.unsigned32(property.value), value & (value - 1) == 0, (1...1 << 20).contains(value)
    else { throw ZooError(.usage, "\(property.value) is no alignment", at: property.key) }
    return Int(value)
  }

  private func header(_ padded: (Int) -> Int) throws -> [UInt8] {
    var bytes = GGUFFormat.magic + GGUFValue.number(UInt32(3))
    bytes += GGUFValue.number(UInt64(tensors.count)) + GGUFValue.number(UInt64(metadata.count))
    var keys: Set<[UInt8]> = []
    for property in metadata {
      guard keys.insert(Array(property.key.utf8)).inserted else {
        throw ZooError(.usage, "two texts of the metadata have one name", at: property.key)
      }
      bytes += GGUFValue.string(Array(property.key.utf8)) + GGUFValue.bytes(property.value)
    }
    var offset = 0
    for (item, type) in zip(tensors, types) {
      guard let byteCount = type.byteCount(of: item.tensor.shape), byteCount < 1 << 60, offset < 1 << 61 else {
        throw ZooError(.usage, "the tensors are too large for one file", at: "tensor \"\(item.name)\"")
      }
      let shape = item.tensor.shape
      bytes += GGUFValue.string(Array(item.name.utf8)) + GGUFValue.number(UInt32(shape.count))
      for extent in shape.reversed() { bytes += GGUFValue.number(UInt64(extent)) }
      bytes += GGUFValue.number(type.rawValue) + GGUFValue.number(UInt64(offset))
      offset = padded(offset + byteCount)
    }
    return bytes
  }
}

extension GGUFType {
  /// llama.cpp's number for files that are mostly of this type (`llama_ftype`), of K types the smaller mixture.
  fileprivate var fileType: Int? {
    switch self {
    case .q4_0: 2
    case .q4_1: 3
    case .q8_0: 7
    case .q5_0: 8
    case .q5_1: 9
    case .q2_k: 10
    case .q3_k: 11
    case .q4_k: 14
    case .q5_k: 16
    case .q6_k: 18
    case .iq4_nl: 25
    case .iq4_xs: 30
    default: nil
    }
  }
}
