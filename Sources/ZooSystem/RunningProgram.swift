import CZooSystem
import Glibc
import ZooCore
import ZooPlatform

/// The program that this process runs.
package enum RunningProgram {
  /// The file's path, absolute and without symbolic links; `nil` where it can't be told.
  package static var path: String? { resolved("/proc/self/exe") ?? executed }

  /// As the system was given it, for where there is no /proc. A name without a slash would be looked for in whatever
  /// folder the user is in.
  private static var executed: String? {
    guard let name = zoo_executed_path().map({ String(cFileName: $0) }), name.contains("/") else { return nil }
    return resolved(name)
  }

  private static func resolved(_ path: String) -> String? {
    guard let found = realpath(path.fileName, nil) else { return nil }
    defer { free(found) }
    return String(cFileName: found)
  }
}
