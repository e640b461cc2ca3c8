import Files
import ModelZoo

/// The file at `path`, or the images in the folder there, by name. A folder's other files and folders don't count.
///
/// - Throws: `ZooError` (`notFound`) for a folder without images.
func imageFiles(at path: String) throws -> [String] {
  guard FileKind(path: path) == .folder else { return [path] }
  let paths = try Folder.names(in: path).filter(isImageName).map { path.hasSuffix("/") ? path + $0 : "\(path)/\($0)" }
    .filter { FileKind(path: $0) != .folder }
  guard !paths.isEmpty else {
    throw ZooError(.notFound, "the folder holds no \(ImageFormat.names) files", at: path)
  }
  return paths
}

/// Whether a name ends as those of photographs do.
func isImageName(_ name: String) -> Bool {
  ImageFormat.fileEndings.contains { name.lowercased().hasSuffix(".\($0)") }
}
