import Files
import JSON
import ZooCore
import TensorFiles
import ZooPlatform

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes a folder as Hugging Face's libraries do: `model.safetensors`, or, where that would be larger than a shard may
/// be, `model-00001-of-00002.safetensors`, … and `model.safetensors.index.json`, which says what is where.
struct ShardedWriter {
  private static let wholeName = "model.safetensors"
  private static let indexName = "model.safetensors.index.json"
  /// More would be a mistake in the size that was asked for.
  private static let mostShards = 512

  private let shards: [TensorFile]

  /// - Throws: `ZooError` (`usage`) where there would be too many shards.
  init(_ file: TensorFile, shardSize: Int) throws {
    var shards: [[NamedTensor]] = [[]]
    var size = 0
    for item in file.tensors {
      let count = item.tensor.byteCount
      if size + count > shardSize, !shards[shards.count - 1].isEmpty {
        shards.append([])
        size = 0
      }
      shards[shards.count - 1].append(item)
      size += count
    }
    guard shards.count <= Self.mostShards else {
      throw ZooError(
        .usage, "\(shards.count) shards are more than \(Self.mostShards)", advice: "let a shard be larger")
    }
    self.shards = shards.map { TensorFile(tensors: $0, metadata: file.metadata) }
  }

  func write(toFolder folder: String) throws {
    guard mkdir(folder.fileName, 0o777) == 0 || errno == EEXIST else {
      throw ZooError(
        .notFound, "no folder can be made here: \(String(cString: strerror(errno)))", at: folder,
        advice: "choose a folder that exists and that you may write")
    }
    let names = shards.count == 1 ? [Self.wholeName] : shards.indices.map(shardName)
    // Tensors may come from files that are about to be replaced, so nothing is until all is written.
    var files = NewFiles()
    for (name, shard) in zip(names, shards) {
      try files.add(TensorFileWriter(shard).finished(for: "\(folder)/\(name)"))
    }
    if shards.count > 1 {
      let index = try NewFile("\(folder)/\(Self.indexName)")
      try index.append(Array(self.index(names).utf8))
      try files.add(index)
    }
    try files.commit()
    removeOthers(in: folder, but: names + (shards.count > 1 ? [Self.indexName] : []))
  }

  private func shardName(_ index: Int) -> String {
    func digits(_ number: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, 5 - text.count)) + text
    }
    return "model-\(digits(index + 1))-of-\(digits(shards.count)).safetensors"
  }

  private func index(_ names: [String]) -> String {
    let size = shards.reduce(0) { $1.tensors.reduce($0) { $0 + $1.tensor.byteCount } }
    let places = zip(names, shards).flatMap { name, shard in
      shard.tensors.map { "    \(JSON.quoted($0.name)): \(JSON.quoted(name))" }
    }
    return "{\n  \"metadata\": {\n    \"total_size\": \(size)\n  },\n  \"weight_map\": {\n"
      + places.joined(separator: ",\n") + "\n  }\n}\n"
  }

  /// Removes what a model that was here before was in: a reader would take it for this one's.
  private func removeOthers(in folder: String, but written: [String]) {
    guard let stream = opendir(folder.fileName) else { return }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      names.append(
        withUnsafePointer(to: &entry.pointee.d_name) {
          String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
        })
    }
    for name in names where !written.contains(name) {
      let isShard = name.hasPrefix("model-") && name.hasSuffix(".safetensors") && name.utf8.count == 32
      if isShard || name == Self.wholeName || name == Self.indexName { unlink("\(folder)/\(name)".fileName) }
    }
  }
}
