import Files
import ZooCore
import ZooPlatform

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The files beside a model that hold its external tensors (ONNX, "External Tensor Data").
///
/// A model may name files in its own folder and below it, and nothing else: neither absolute paths nor `..` nor
/// symbolic links lead out. Where the model itself is a symbolic link, as in the cache of Hugging Face's hub, what it
/// leads to has such a folder, too.
final class ExternalFiles {
  /// Where the model is named, and where it is.
  private let folders: [String]
  private var opened: [ExactText: MappedFile] = [:]

  /// Files relative to the folder of the model at `path`.
  init(besideModel path: String) {
    func folder(of path: String) -> String { path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./" }
    folders = [folder(of: path)] + (resolvedPath(path).map { [folder(of: $0)] } ?? [])
  }

  /// The tensor of `byteCount` bytes that `entries` (TensorProto's `external_data`) refer to.
  ///
  /// - Throws: `ZooError`: `badData` for entries that make no sense or lead out of the folder or the file,
  ///   `notFound` where there is no such file.
  func tensor(_ entries: [Property], byteCount: Int) throws -> MappedTensor {
    var values: [String: String] = [:]
    for entry in entries { values[entry.key] = entry.value }
    guard let location = values["location"], !location.isEmpty else {
      throw ZooError(.badData, "the external data has no location")
    }
    let file = try open(location)
    let offset = try number("offset", values["offset"]) ?? 0
    let length = try number("length", values["length"]) ?? byteCount
    guard length == byteCount else {
      throw ZooError(.badData, "the tensor takes \(byteCount) bytes, its external data has \(length)", at: location)
    }
    guard offset <= file.bytes.count, length <= file.bytes.count - offset else {
      throw ZooError(
        .badData, "bytes \(offset) to \(offset)+\(length) lie beyond the file's end at \(file.bytes.count)",
        at: location, advice: "the file is cut off or belongs to another model")
    }
    return MappedTensor(file: file, range: offset..<offset + length)
  }

  private func number(_ key: String, _ text: String?) throws -> Int? {
    guard let text else { return nil }
    guard let number = Int(text), number >= 0 else {
      throw ZooError(.badData, "the external data's \(key) is no number of bytes: \"\(text)\"")
    }
    return number
  }

  private func open(_ location: String) throws -> MappedFile {
    if let file = opened[ExactText(location)] { return file }
    let advice = "external data must lie in the model's folder"
    guard !location.hasPrefix("/"), !location.utf8.contains(0),
      !location.split(separator: "/").contains("..")
    else { throw ZooError(.badData, "the external data's location leads out: \"\(location)\"", advice: advice) }
    guard let path = folders.lazy.compactMap({ resolvedPath($0 + location) }).first else {
      throw ZooError(.notFound, "the file of the external data is missing", at: folders[0] + location, advice: advice)
    }
    let homes = folders.compactMap { resolvedPath($0) }
    guard homes.contains(where: { path.hasPrefix($0.hasSuffix("/") ? $0 : $0 + "/") }) else {
      throw ZooError(
        .badData, "a symbolic link leads the external data out of the folder: \"\(location)\"", advice: advice)
    }
    let file = try MappedFile.reading(path) { $0 }
    opened[ExactText(location)] = file
    return file
  }
}

/// The path without symbolic links; `nil` where it does not exist.
private func resolvedPath(_ path: String) -> String? {
  guard let resolved = realpath(path.fileName, nil) else { return nil }
  defer { free(resolved) }
  return String(cFileName: resolved)
}
