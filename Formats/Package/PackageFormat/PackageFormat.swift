import Files
import ZooCore

/// The project's own file: one model with all that predicting with it needs (Docs/format.md).
///
///     let model = try PackageFormat.read("resnet20.zoo")
///     try PackageFormat.write(model, to: "copy.zoo")
package enum PackageFormat {
  /// The version that is written, and the newest that is read.
  package static let version = 1

  /// What file names end with, without the dot.
  package static let fileExtension = "zoo"

  /// How a tensor's elements are stored. Both are lossless.
  package enum Compression: Sendable {
    /// As they are, so that a reader maps them into memory without a copy.
    case none
    /// As planes of bytes, of which those that shrink are deflated.
    case planes
  }

  /// Whether a file that begins with `prefix` (10 bytes or more) is a package.
  package static func sniff(_ prefix: [UInt8]) -> Bool { prefix.starts(with: Layout.signature) }

  /// Whether the file at `path` is a package, by its first bytes.
  package static func sniff(_ path: String) -> Bool {
    (try? MappedFile.reading(path) { sniff(Array($0.bytes.prefix(Layout.signature.count))) }) ?? false
  }

  /// The model in the file at `path`. Its tensors stay in the file, which is mapped, until they are loaded.
  ///
  /// - Throws: `ZooError`: `notFound`, or `badData` for a file that is damaged, hostile, or written by a newer version.
  ///   Elements are checked when they are loaded.
  package static func read(_ path: String) throws -> ModelDefinition {
    try ZooError.locating(path) { try PackageReader(path).model }
  }

  /// Writes `model` beside `path` and renames the file when it is complete. The same model gives the same bytes.
  ///
  /// - Parameter verifies: Whether the file is read again and checked before it gets its name.
  ///
  /// Elements are read and written a few chunks at a time, so that a model may be larger than memory.
  ///
  /// - Throws: `ZooError`: `notFound` for a folder that can't be written to, `badData` for a model that no package can
  ///   hold (text with NUL, graphs nested too deep), and what the tensors' sources throw.
  package static func write(
    _ model: ModelDefinition, to path: String, compression: Compression = .planes, verifies: Bool = false
  ) throws {
    try ZooError.locating(path) {
      try PackageWriter(model, compression: compression).write(to: path, verifies: verifies)
    }
  }

  /// What the file at `path` is made of.
  ///
  /// - Throws: as `read` does.
  package static func summary(_ path: String) throws -> PackageSummary {
    try ZooError.locating(path) { try PackageReader(path).summary }
  }

  /// Checks every chunk of the file at `path` against its checksum.
  ///
  /// - Throws: `ZooError` (`badData`) that names the first damaged tensor and chunk, and what `read` throws.
  package static func verifyChecksums(_ path: String) throws {
    try ZooError.locating(path) { try PackageReader(path).verifyChecksums() }
  }
}
