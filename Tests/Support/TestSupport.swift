import Foundation
import ZooCore

/// Runs `body` with a new folder that is removed afterwards.
package func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "zoo-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path)
}

package func bytes(of path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(filePath: path))) }

/// The error that `body` throws; `nil` when it does not.
package func error(_ body: () throws -> some Any) -> ZooError? {
  do {
    _ = try body()
    return nil
  } catch {
    return error as? ZooError
  }
}
