import ZooCore
import ZooPlatform

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Folders, whose names are bytes as those of files are.
package enum Folder {
  /// The names of what is in the folder, sorted; without those that begin with a dot, unless they are asked for.
  ///
  /// - Throws: `ZooError` where it can't be read.
  package static func names(in folder: String, hidden: Bool = false) throws -> [String] {
    guard let stream = opendir(folder.fileName) else { throw ZooError.ofSystem("the folder can't be read", folder) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(fileName: $0.prefix { $0 != 0 }) }
      guard name != ".", name != "..", hidden || !name.hasPrefix(".") else { continue }
      names.append(name)
    }
    return names.sorted()
  }

  /// Makes the folder and those above it where they are missing.
  ///
  /// - Throws: `ZooError` (`notFound`) where that can't be.
  package static func make(_ folder: String) throws {
    var status = stat()
    if stat(folder.fileName, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
    let path = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try make(String(path[..<slash])) }
    guard mkdir(folder.fileName, 0o777) == 0 || errno == EEXIST else {
      throw ZooError(.notFound, "the folder can't be made: \(String(cString: strerror(errno)))", at: folder)
    }
  }
}
