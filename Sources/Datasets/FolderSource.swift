import ZooCore
import ZooImage
import ZooPlatform

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Images in folders, by class and then by name.
struct FolderSource: SampleSource {
  private let files: [(path: String, label: Int)]
  private let decoding: ImageDecoding

  var count: Int { files.count }

  /// Whether `path` is a folder.
  ///
  /// - Throws: `ZooError` (`notFound`) when there is nothing at all.
  static func isFolder(_ path: String) throws -> Bool {
    var status = stat()
    guard stat(path.fileName, &status) == 0 else {
      throw ZooError(.notFound, "no such file or folder", at: path)
    }
    return status.st_mode & S_IFMT == S_IFDIR
  }

  init(_ folder: String, classes: ClassNames, decoding: ImageDecoding) throws {
    var names: [String] = []
    var visited: Set<FolderIdentity> = []
    try Self.list(folder, below: "", into: &names, visited: &visited)
    let images = names.compactMap { name in FolderLayout.components(of: name).map { (name, $0) } }
    let layout = try FolderLayout(images.map(\.1))
    let indices = try classes.indices(of: layout.classes)
    files = images.map { ("\(folder)/\($0)", indices[layout.className($1)] ?? 0) }
    self.decoding = decoding
  }

  func forEach(every step: Int, _ body: (LabelledDataset.Sample) throws -> Void) throws {
    for index in stride(from: 0, to: files.count, by: step) {
      let (path, label) = files[index]
      try body(.init(name: path, label: label, content: .image(Image(contentsOf: path, decoding: decoding))))
    }
  }

  private struct FolderIdentity: Hashable {
    let device: UInt64
    let inode: UInt64
  }

  /// Appends the paths of all files below `folder`, sorted. Links are followed, but no folder is entered twice.
  private static func list(
    _ folder: String, below prefix: String, into names: inout [String], visited: inout Set<FolderIdentity>
  ) throws {
    guard let stream = opendir(folder.fileName) else {
      throw ZooError(.badData, "the folder can't be read: \(String(cString: strerror(errno)))", at: folder)
    }
    var entries: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if !name.hasPrefix(".") { entries.append(name) }
    }
    closedir(stream)
    for name in entries.sorted() {
      let path = "\(folder)/\(name)"
      var status = stat()
      guard stat(path.fileName, &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFDIR {
        let identity = FolderIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        // Deeper folders than this hold no classes.
        guard prefix.utf8.count < 1024, visited.insert(identity).inserted else { continue }
        try list(path, below: "\(prefix)\(name)/", into: &names, visited: &visited)
      } else if status.st_mode & S_IFMT == S_IFREG {
        names.append(prefix + name)
      }
    }
  }
}
