import Files
import Zip
import ZooCore
import TensorFiles

/// Writes tensors as `torch.save(state_dict, path)` does: a zip archive with the pickle of an ordered dictionary, and an
/// entry for the elements of each tensor.
struct StateDictionaryWriter {
  private let file: TensorFile

  init(_ file: TensorFile) { self.file = file }

  func write(to path: String) throws {
    let pickle = try pickle()
    var archive = try ZipWriter(path)
    func add(_ name: String, _ contents: [UInt8]) throws {
      try archive.add("archive/\(name)", byteCount: contents.count) { append in try contents.withUnsafeBytes(append) }
    }
    try add("data.pkl", pickle)
    try add("byteorder", Array("little".utf8))
    for (index, item) in file.tensors.enumerated() {
      do {
        try archive.add("archive/data/\(index)", byteCount: item.tensor.byteCount) {
          try item.tensor.readPieces($0)
        }
      } catch let error as ZooError {
        throw error.located("tensor \"\(item.name)\"")
      }
    }
    // Of PyTorch's file format, since 1.6.
    try add("version", Array("3\n".utf8))
    try archive.finish()
  }

  private func pickle() throws -> [UInt8] {
    var names: Set<[UInt8]> = []
    var pickle = PickleWriter()
    pickle.call("collections", "OrderedDict") { _ in }
    try pickle.entries { pickle in
      for (index, item) in file.tensors.enumerated() {
        let place = "tensor \"\(item.name)\""
        guard names.insert(Array(item.name.utf8)).inserted else {
          throw ZooError(.usage, "the name is taken", at: place, advice: "give each tensor a name of its own")
        }
        guard let kind = Kind(item.tensor.type) else {
          throw ZooError(
            .unsupported, "PyTorch has no type for \(item.tensor.type.name)", at: place,
            advice: "make it float32 first: --dtype fp32")
        }
        pickle.text(item.name)
        kind.write(item.tensor, key: String(index), to: &pickle)
      }
    }
    pickle.stop()
    return pickle.bytes
  }

  static func holds(_ type: ElementType) -> Bool { Kind(type) != nil }

  /// How PyTorch names the type of a tensor.
  private enum Kind {
    /// By the class of its storage.
    case storage(String)
    /// Types newer than those classes: a storage of bytes, and the type beside it.
    case bytes(dtype: String)

    init?(_ type: ElementType) {
      if let name = PickleGlobal.storageName(of: type) {
        self = .storage(name)
      } else if let name = PickleGlobal.typeName(of: type) {
        self = .bytes(dtype: name)
      } else {
        return nil
      }
    }

    func write(_ tensor: StoredTensor, key: String, to pickle: inout PickleWriter) {
      let (name, function): (String, String)
      switch self {
      case .storage: (name, function) = ("torch._utils", "_rebuild_tensor_v2")
      case .bytes: (name, function) = ("torch._utils", "_rebuild_tensor_v3")
      }
      pickle.call(name, function) { pickle in
        pickle.persistent { identifier in
          identifier.text("storage")
          switch self {
          case .storage(let name): identifier.global("torch", name)
          case .bytes: identifier.global("torch.storage", "UntypedStorage")
          }
          identifier.text(key)
          identifier.text("cpu")
          switch self {
          case .storage: identifier.integer(tensor.shape.reduce(1, *))
          case .bytes: identifier.integer(tensor.byteCount)
          }
        }
        // The first element, the shape and the strides; no gradient, and no hooks.
        pickle.integer(0)
        pickle.integers(tensor.shape)
        pickle.integers(Self.strides(of: tensor.shape))
        pickle.no()
        pickle.call("collections", "OrderedDict") { _ in }
        if case .bytes(let name) = self { pickle.global("torch", name) }
      }
    }

    private static func strides(of shape: [Int]) -> [Int] {
      var strides = shape
      var step = 1
      for axis in shape.indices.reversed() {
        strides[axis] = step
        step *= max(shape[axis], 1)
      }
      return strides
    }
  }
}
