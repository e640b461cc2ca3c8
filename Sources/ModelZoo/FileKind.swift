import ZooCore
import ZooPlatform

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What lies at a path.
package enum FileKind: Sendable {
  case file
  case folder

  /// `nil` where nothing is, or nothing that may be looked at.
  package init?(path: String) {
    var status = stat()
    guard stat(path.fileName, &status) == 0 else { return nil }
    self = status.st_mode & S_IFMT == S_IFDIR ? .folder : .file
  }
}
