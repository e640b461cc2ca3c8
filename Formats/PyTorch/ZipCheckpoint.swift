import Files
import Zip
import ZooCore

/// The form of PyTorch 1.6 and later: an archive of `NAME/data.pkl`, `NAME/byteorder` and `NAME/data/KEY`.
enum ZipCheckpoint {
  static func sniff(_ beginning: UnsafeRawBufferPointer) -> Bool {
    guard ZipArchive.sniff(beginning), beginning.count >= 30 else { return false }
    let length = Int(UInt16(littleEndian: beginning.loadUnaligned(fromByteOffset: 26, as: UInt16.self)))
    let name = String(decoding: beginning.dropFirst(30).prefix(length), as: UTF8.self)
    return ["/data.pkl", "/version", "/byteorder", "/.format_version"].contains { name.hasSuffix($0) }
      || name.contains("/data/")
  }

  static func read(_ file: MappedFile, checksums: Bool) throws -> CheckpointContents {
    let archive = try ZipArchive(file)
    let pickles = archive.entries.map(\.name).filter { name in
      name.hasSuffix("/data.pkl") && name.utf8.filter { $0 == UInt8(ascii: "/") }.count == 1
    }
    guard let name = pickles.first, pickles.count == 1, let entry = archive[name] else {
      throw ZooError(
        .badData, "this zip archive is no PyTorch checkpoint: it holds \(pickles.count) files NAME/data.pkl, not one")
    }
    let folder = name.dropLast("data.pkl".count)
    if let order = archive["\(folder)byteorder"] {
      let text = try archive.contents(order, checksum: checksums)
      guard text.withBytes({ $0.elementsEqual("little".utf8) }) else {
        throw ZooError(
          .unsupported, "the checkpoint was written by a big-endian computer",
          advice: "load it with torch.load and save it again on a little-endian one")
      }
    }
    // PyTorch stores it as it is. Whoever zips it again does not get further than this; a bomb does.
    guard entry.byteCount <= max(1 << 20, entry.storedByteCount * 32) else {
      throw ZooError(
        .badData, "the pickle inflates from \(entry.storedByteCount) bytes to \(entry.byteCount)", at: name,
        advice: "no checkpoint shrinks like that; get the file from where it was made")
    }
    let memory = try archive.contents(entry, checksum: checksums)
    let pickle: Pickle
    do {
      pickle = try memory.withBytes { try Unpickler.read($0, storedByteCount: entry.storedByteCount, owner: memory) }
    } catch let error as ZooError {
      throw error.located(name)
    }
    var storages: [String: TensorMemory] = [:]
    for case .storage(let storage) in pickle.objects where storages[storage.key] == nil {
      // A missing one is an error only where a tensor needs it.
      guard let entry = archive["\(folder)data/\(storage.key)"] else { continue }
      storages[storage.key] = try archive.contents(entry, checksum: checksums)
    }
    return CheckpointContents(
      pickle: pickle, storages: storages, isProgram: archive["\(folder)constants.pkl"] != nil)
  }
}
