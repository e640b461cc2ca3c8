import ZooCore

/// Finds the classes in the paths of files that lie as `CLASS/IMAGE`, perhaps inside other folders.
struct FolderLayout {
  /// How many outer folders hold nothing but one folder each.
  let outerFolders: Int
  let classes: Set<String>

  /// What torchvision's ImageFolder takes for an image, and other formats, so that they are refused, not overlooked.
  private static let extensions: Set<String> = [
    "jpg", "jpeg", "png", "webp", "bmp", "ppm", "pgm", "tif", "tiff", "gif", "avif", "heic",
  ]

  /// The layout of the files with these paths' components.
  ///
  /// - Throws: `ZooError` (`badData`) when there are no images or they lie in no class's folder.
  init(_ paths: [[Substring]]) throws {
    guard let first = paths.first, let depth = paths.map(\.count).min() else {
      throw ZooError(.badData, "there are no images", advice: "the layout is CLASS/IMAGE, with names such as cat/1.jpg")
    }
    var outer = 0
    while outer + 2 < depth, paths.allSatisfy({ $0[outer] == first[outer] }) { outer += 1 }
    guard outer + 2 <= depth else {
      let loose = paths.first { $0.count == depth }?.joined(separator: "/") ?? ""
      throw ZooError(.badData, "the image \(loose) lies in no class's folder", advice: "the layout is CLASS/IMAGE")
    }
    outerFolders = outer
    classes = Set(paths.map { String($0[outer]) })
  }

  /// The class of the file with these components.
  func className(_ components: [Substring]) -> String { String(components[outerFolders]) }

  /// The components of a file's path; `nil` for hidden files and those that are no images by their name.
  static func components(of path: String) -> [Substring]? {
    let components = path.split(separator: "/").filter { $0 != "." }
    guard let name = components.last, let dot = name.lastIndex(of: "."),
      extensions.contains(name[name.index(after: dot)...].lowercased()),
      !components.contains(where: { $0.hasPrefix(".") || $0 == "__MACOSX" })
    else { return nil }
    return components
  }
}
