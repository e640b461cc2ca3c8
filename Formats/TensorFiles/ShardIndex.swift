import JSON
import ZooCore

/// The index of a model in several files, as Hugging Face's libraries write one: which file each tensor is in.
package struct ShardIndex {
  /// The files in the index's order, each with the names of its tensors.
  private var files: [(name: String, tensors: Set<[UInt8]>)] = []

  /// Whether `bytes`, a file, look like an index: like JSON.
  package static func sniff(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.first { $0 > 0x20 } == UInt8(ascii: "{")
  }

  /// - Throws: `ZooError` (`badData`) for something else than an index, and for one that leads out of its folder.
  package init(_ bytes: UnsafeRawBufferPointer) throws {
    var cursor = JSONCursor(bytes)
    var isIndex = false
    var seen: Set<[UInt8]> = []
    var places: [[UInt8]: Int] = [:]
    try cursor.object { name, cursor in
      guard name == "weight_map" else {
        _ = try cursor.value()
        return
      }
      isIndex = true
      try cursor.object { tensor, cursor in
        let file = try cursor.text()
        // A name that leads out of the index's folder could be any file of the machine.
        guard !file.isEmpty, !file.utf8.contains(UInt8(ascii: "/")), file != "..", !file.utf8.contains(0) else {
          throw ZooError(.badData, "\"\(file)\" is no name of a file beside the index", at: "weight_map")
        }
        guard seen.insert(Array(tensor.utf8)).inserted else {
          throw ZooError(.badData, "the tensor is listed twice", at: "tensor \"\(tensor)\"")
        }
        if let place = places[Array(file.utf8)] {
          files[place].tensors.insert(Array(tensor.utf8))
        } else {
          places[Array(file.utf8)] = files.count
          files.append((file, [Array(tensor.utf8)]))
        }
      }
    }
    try cursor.finish()
    guard isIndex else { throw ZooError(.badData, "no index of files with weights") }
  }

  /// The tensors of all files that the index at `path` lists, each of which `read` reads.
  package func read(besides path: String, _ read: (String) throws -> TensorFile) throws -> TensorFile {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let shards = try files.map { name, wanted in
      let place = folder + name
      var shard = try ZooError.locating(place) { try read(place) }
      let found = shard.tensors.filter { wanted.contains(Array($0.name.utf8)) }
      guard found.count == wanted.count else {
        throw ZooError(
          .badData, "the file lacks \(wanted.count - found.count) tensors that the index says are in it", at: place)
      }
      shard.tensors = found
      return shard
    }
    return TensorFile(joining: shards)
  }
}
