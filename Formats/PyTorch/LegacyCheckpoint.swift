import Files
import Zip
import ZooCore

/// The form before PyTorch 1.6, and with `_use_new_zipfile_serialization=False`: five pickles one after the other
/// (magic number, protocol, system, contents, keys of the storages), then each storage's element count and elements.
enum LegacyCheckpoint {
  /// 0x1950a86a20f9469cfc6c.
  private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
  private static let magicDigits = "119547037146038801333356"

  /// Whether the magic number is in the first pickle, whose framing depends on the protocol.
  static func sniff(_ beginning: UnsafeRawBufferPointer) -> Bool {
    let head = beginning.prefix(40)
    return (0...max(0, head.count - magic.count)).contains { head.dropFirst($0).starts(with: magic) }
      || head.starts(with: "L\(magicDigits)".utf8)
  }

  static func read(_ file: MappedFile) throws -> CheckpointContents {
    var offset = 0
    func next() throws -> Pickle {
      let pickle = try Unpickler.read(file.bytes, at: offset, owner: file)
      offset = pickle.end
      return pickle
    }
    let number = try next()
    guard case .bigInteger(let range) = number.root,
      file.bytes[range].elementsEqual(magic) || file.bytes[range].elementsEqual(magicDigits.utf8)
    else { throw ZooError(.badData, "the magic number is not PyTorch's") }
    guard case .int(1001) = try next().root else {
      throw ZooError(.unsupported, "the checkpoint has another version than 1001, the only one there ever was")
    }
    try checkSystem(next())
    let pickle = try next()
    let keys = try next()
    guard case .object(let index) = keys.root, case .list(let items) = keys.objects[index] else {
      throw ZooError(.badData, "the list of storages is missing", at: "byte \(pickle.end)")
    }

    // Only the tensors' storages say how large an element is.
    var types: [String: TorchType] = [:]
    for case .storage(let storage) in pickle.objects {
      if let other = types.updateValue(storage.type, forKey: storage.key), other.byteWidth != storage.type.byteWidth {
        throw ZooError(.badData, "the storage \(storage.key) is both \(other.name) and \(storage.type.name)")
      }
    }
    var cursor = ByteCursor(file.bytes, at: offset)
    var storages: [String: TensorMemory] = [:]
    for item in items {
      let key: String
      switch item {
      case .text(let text): key = text
      case .int(let value): key = String(value)
      default: throw ZooError(.badData, "a storage has no name", at: "byte \(pickle.end)")
      }
      guard let type = types[key] else {
        throw ZooError(.badData, "the storage \(key) belongs to no tensor, so its size is unknown")
      }
      let place = cursor.offset
      let (byteCount, overflow) = Int(try cursor.integer(Int64.self)).multipliedReportingOverflow(by: type.byteWidth)
      guard !overflow else {
        throw ZooError(.badData, "the storage \(key) claims an impossible size", at: "byte \(place)")
      }
      let memory = try file.memory(in: cursor.take(byteCount))
      guard storages.updateValue(memory, forKey: key) == nil else {
        throw ZooError(.badData, "the storage \(key) is there twice", at: "byte \(place)")
      }
    }
    return CheckpointContents(pickle: pickle, storages: storages, isProgram: false)
  }

  private static func checkSystem(_ pickle: Pickle) throws {
    guard case .object(let index) = pickle.root, case .dictionary(let entries) = pickle.objects[index] else {
      throw ZooError(.badData, "the description of the system that wrote the checkpoint is missing")
    }
    for entry in entries {
      if case .text("little_endian") = entry.key, case .bool(false) = entry.value {
        throw ZooError(
          .unsupported, "the checkpoint was written by a big-endian computer",
          advice: "load it with torch.load and save it again on a little-endian one")
      }
    }
  }
}
